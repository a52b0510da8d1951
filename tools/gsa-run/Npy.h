//===- Npy.h - NumPy's files ------------------------------------*- C++ -*-===//

#ifndef GSA_TOOLS_RUN_NPY_H
#define GSA_TOOLS_RUN_NPY_H

#include <cstdint>
#include <string>
#include <vector>

namespace mlir::gsa::run {

/// An array as a file holds it: row-major, of this machine's byte order.
struct NpyArray {
  std::string dtype; ///< NumPy's name, "<f4"
  std::vector<int64_t> shape;
  std::vector<char> data;
};

/// Reads `path`. False with `message`, which says what a file must be and what
/// this one is.
bool readNpy(const std::string &path, NpyArray &array, std::string &message);

/// The bytes of a file of `array`.
std::string writeNpy(const NpyArray &array);

} // namespace mlir::gsa::run

#endif // GSA_TOOLS_RUN_NPY_H
