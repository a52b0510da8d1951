//===- Places.h - The usual arrangements of a tile in memory --------------===//

#ifndef GSA_LAYOUT_PLACES_H
#define GSA_LAYOUT_PLACES_H

#include "gsa/Layout/Layout.h"

namespace mlir::gsa {

/// Without gaps, the last coordinate fastest. Where a size but the first is no
/// power of two, this holds within panels of the largest power of two that
/// divides it; panels follow each other.
Layout rowMajor(ArrayRef<int64_t> shape);

/// A matrix in panels of `swizzleBytes` (32, 64 or 128) a row, rows without
/// gaps, panels behind each other. Within a panel, chunks of 16 bytes are
/// permuted so that a column of chunks meets all banks: address bits 4.. are
/// XORed with as many bits from 7 on. For 128 bytes that is chunk ^ row mod 8;
/// for 64 chunk ^ (row / 2) mod 4; for 32 chunk ^ (row / 4) mod 2. elementBits
/// is 8 to 128, a power of two; columns are a multiple of a panel's. Of the n
/// bits that are XORed, the first meets bit `rotation`, below n, of those from
/// bit 4 on, and so on in turn: engines and matrix instructions know 0 only.
Layout swizzled(ArrayRef<int64_t> shape, int64_t elementBits,
                int64_t swizzleBytes, unsigned rotation = 0);

} // namespace mlir::gsa

#endif // GSA_LAYOUT_PLACES_H
