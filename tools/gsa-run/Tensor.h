//===- Tensor.h - Tensors in memory, of any element type and layout -------===//

#ifndef GSA_TOOLS_RUN_TENSOR_H
#define GSA_TOOLS_RUN_TENSOR_H

#include "gsa/runtime.h"

#include "mlir/Support/LLVM.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mlir::gsa::run {

/// An error whose text is `message`.
llvm::Error fail(const llvm::Twine &message);

/// A tensor's numbers in row-major order, wide enough for any element type.
struct Values {
  SmallVector<int64_t, 4> shape;
  std::vector<double> data;
};

int64_t countElements(ArrayRef<int64_t> shape);
/// "[2, 300, 8, 128]".
std::string printShape(ArrayRef<int64_t> shape);
StringRef dtypeName(int32_t dtype);
int64_t dtypeBytes(int32_t dtype);

/// `value` in a float type, to nearest even; NaN becomes a quiet one.
uint64_t encode(double value, int32_t dtype);
/// What an element's bits mean.
double decode(uint64_t bits, int32_t dtype);

/// How a tensor lies in memory.
enum class Layout {
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
  static llvm::Expected<Tensor> create(ArrayRef<int64_t> shape, int32_t dtype,
                                       Layout layout);
  Tensor(Tensor &&other);
  Tensor &operator=(Tensor &&) = delete;
  ~Tensor();

  const gsa_tensor &get() const { return tensor; }
  ArrayRef<int64_t> shape() const {
    return {tensor.shape, size_t(tensor.rank)};
  }

  /// Writes `values`, rounded. They have the tensor's shape.
  void store(const Values &values);
  /// Reads all elements.
  Values load() const;
  /// The elements' bytes, row-major.
  std::vector<char> bytes() const;
  /// Makes all elements' bytes ones again.
  void clear();
  /// Whether the bytes around the elements are as they were made. Always true
  /// for `Layout::Huge`, where looking would touch them.
  bool gapsAreUntouched() const;

private:
  Tensor() = default;
  /// Calls `row` with the address of each row and its number.
  void forEachRow(llvm::function_ref<void(char *, int64_t)> row) const;

  gsa_tensor tensor = {};
  Layout layout = Layout::Dense;
  char *memory = nullptr;
  size_t size = 0;
};

} // namespace mlir::gsa::run

#endif // GSA_TOOLS_RUN_TENSOR_H
