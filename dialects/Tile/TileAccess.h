//===- TileAccess.h - What verifiers of tile ops share ----------*- C++ -*-===//

#ifndef DIALECTS_TILE_TILEACCESS_H
#define DIALECTS_TILE_TILEACCESS_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"

namespace mlir::tile {

/// The shape and elements of a tile, whoever holds it.
inline RankedTensorType withoutLayout(RankedTensorType tile) {
  return RankedTensorType::get(tile.getShape(), tile.getElementType());
}

/// The numbers of the laws that ops which reach memory share.
struct AccessLaws {
  StringRef indices, rank, order, element, step;
};

/// The laws of `laws` for an access of `tile` to `memory`.
LogicalResult verifyAccess(Operation *op, const AccessLaws &laws,
                           MemRefType memory, RankedTensorType tile,
                           size_t numIndices, ArrayRef<int64_t> dims,
                           int64_t step);

} // namespace mlir::tile

#endif // DIALECTS_TILE_TILEACCESS_H
