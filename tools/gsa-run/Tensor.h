//===- Tensor.h - Tensors in memory, of any element type and layout -------===//
//
// Free of LLVM, as Check.h and Random.h are: programs that run where there is
// none share them.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_TOOLS_RUN_TENSOR_H
#define GSA_TOOLS_RUN_TENSOR_H

#include "gsa/runtime.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace mlir::gsa::run {

/// The extents of a tensor.
using Shape = std::vector<int64_t>;

/// A tensor's numbers in row-major order, wide enough for any element type.
struct Values {
  Shape shape;
  std::vector<double> data;
};

int64_t countElements(const Shape &shape);
/// "[2, 300, 8, 128]".
std::string printShape(const Shape &shape);
/// `argument`, static extents or gsa_extent, in a call with `extents`.
Shape shapeOf(const int64_t *argument, int32_t rank,
              const gsa_extents &extents);

/// `value` in a float type, to nearest even; NaN becomes a quiet one.
uint64_t encode(double value, int32_t dtype);
/// What an element's bits mean.
double decode(uint64_t bits, int32_t dtype);

/// How a tensor lies in memory.
enum class Storage {
  Dense,   ///< row-major
  Strided, ///< heads outside of batch and time, gaps between rows and between
           ///< those, aligned to the element and no more
  Huge     ///< the first dimension of more than one element steps over more
           ///< than 2^31 elements, which take no memory until they are touched
};

/// A tensor with memory of its own. All bytes are ones at first: NaN in every
/// float type.
class Tensor {
public:
  /// None if it does not fit into memory.
  static std::optional<Tensor> create(const Shape &shape, int32_t dtype,
                                      Storage storage);
  Tensor(Tensor &&other);
  Tensor &operator=(Tensor &&) = delete;
  ~Tensor();

  const gsa_tensor &get() const { return tensor; }
  Shape shape() const { return {tensor.shape, tensor.shape + tensor.rank}; }

  /// Elements of a row, which is what the last dimension steps over.
  int64_t rowSize() const;
  /// How many rows there are; they are numbered row-major.
  int64_t countRows() const;

  /// Writes `values`, rounded. They have the tensor's shape.
  void store(const Values &values);
  /// Writes `rows` rows from number `first` on.
  void store(const double *values, int64_t first, int64_t rows);
  /// Reads all elements.
  Values load() const;
  /// Reads `rows` rows from number `first` on.
  void load(double *values, int64_t first, int64_t rows) const;
  /// The elements' bytes, row-major.
  std::vector<char> bytes() const;
  /// Makes all elements' bytes ones again.
  void clear();
  /// Whether the bytes around the elements are as they were made. Always true
  /// for `Storage::Huge`, where looking would touch them.
  bool gapsAreUntouched() const;

  /// All of its bytes, with the gaps: where they begin and how many they are.
  char *block() const { return memory; }
  size_t blockSize() const { return size; }
  /// Calls `piece` with addresses and sizes of ranges of the block that hold
  /// all elements, and little else for `Storage::Huge`.
  void forEachPiece(const std::function<void(char *, size_t)> &piece) const;

private:
  Tensor() = default;
  /// Calls `row` with the address of rows `first` to `first + rows - 1` and
  /// their numbers.
  void forEachRow(int64_t first, int64_t rows,
                  const std::function<void(char *, int64_t)> &row) const;

  gsa_tensor tensor = {};
  Storage storage = Storage::Dense;
  char *memory = nullptr;
  size_t size = 0;
};

} // namespace mlir::gsa::run

#endif // GSA_TOOLS_RUN_TENSOR_H
