//===- Places.cpp - The usual arrangements of a tile in memory ------------===//

#include "gsa/Layout/Places.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::gsa;

Layout gsa::rowMajor(ArrayRef<int64_t> shape) {
  Layout::Bases offset;
  SmallVector<int64_t> repeat;
  for (int64_t size : shape)
    repeat.push_back(size / (size & -size));
  for (int64_t dim = shape.size() - 1; dim >= 0; --dim)
    for (int64_t size = 1; size < shape[dim] / repeat[dim]; size *= 2) {
      offset.emplace_back(shape.size(), 0);
      offset.back()[dim] = size;
    }
  return Layout::place(shape, offset, repeat);
}

Layout gsa::swizzled(ArrayRef<int64_t> shape, int64_t elementBits,
                     int64_t swizzleBytes, unsigned rotation) {
  constexpr int64_t chunkBytes = 16;
  // Address bits from here on permute the chunks: rows of 8 x 16 bytes.
  constexpr int64_t permutingBytes = 128;
  assert(shape.size() == 2 && "a matrix");
  assert((swizzleBytes == 32 || swizzleBytes == 64 || swizzleBytes == 128) &&
         "swizzles of 32, 64 or 128 bytes");
  assert(elementBits >= 8 && elementBits <= 8 * chunkBytes &&
         llvm::isPowerOf2_64(elementBits) && "whole elements a chunk");
  int64_t bytes = elementBits / 8;
  int64_t panel = swizzleBytes / bytes;
  assert(shape[1] % panel == 0 && "whole panels");
  int64_t rows = shape[0] & -shape[0];

  Layout::Bases offset;
  for (int64_t column = 1; column < panel; column *= 2)
    offset.push_back({0, column});
  unsigned permuted = llvm::Log2_64(swizzleBytes / chunkBytes);
  assert(rotation < permuted && "one of the bits");
  for (int64_t row = 1; row < rows; row *= 2) {
    int64_t chunk = row * swizzleBytes / permutingBytes;
    bool permutes = chunk > 0 && chunk * chunkBytes < swizzleBytes;
    if (permutes)
      chunk = int64_t(1) << (llvm::Log2_64(chunk) + rotation) % permuted;
    offset.push_back({row, permutes ? chunk * chunkBytes / bytes : 0});
  }
  return Layout::place(shape, offset, {shape[0] / rows, shape[1] / panel});
}
