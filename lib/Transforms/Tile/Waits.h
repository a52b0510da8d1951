//===- Waits.h - When a role waits for its running products -----*- C++ -*-===//

#ifndef GSA_LIB_TRANSFORMS_TILE_WAITS_H
#define GSA_LIB_TRANSFORMS_TILE_WAITS_H

#include "dialects/Tile/Tile.h"

namespace mlir::gsa {

/// Reorders a block so that what needs a running product or exchange comes
/// behind all that needs none: they are begun as early as they can be, and
/// waited for as late. Otherwise the order is kept; so is that of all that
/// writes.
void delayWaits(Block &block, function_ref<bool(tile::MmaOp)> isAsync);

/// Puts a `tile.wait` before the first use of running sums, of products or
/// exchanges, by anything but a product that adds to them.
void insertWaits(Region &role, function_ref<bool(tile::MmaOp)> isAsync);

} // namespace mlir::gsa

#endif // GSA_LIB_TRANSFORMS_TILE_WAITS_H
