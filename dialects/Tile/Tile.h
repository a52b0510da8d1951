//===- Tile.h - The tile dialect ------------------------------------------===//
//
// Tiles that one block holds in an iteration of the chunk loop. See TileOps.td.
//
//===----------------------------------------------------------------------===//

#ifndef DIALECTS_TILE_TILE_H
#define DIALECTS_TILE_TILE_H

#include "gsa/Layout/Layout.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/TensorEncoding.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/Tile/TileDialect.h.inc"
#include "dialects/Tile/TileEnums.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/Tile/TileTypes.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Tile/TileAttributes.h.inc"

#define GET_OP_CLASSES
#include "dialects/Tile/TileOps.h.inc"

namespace mlir::tile {

/// Whether `op` begins what other blocks of the cluster end: an exchange or a
/// gather.
inline bool isMessage(Operation *op) { return isa<ExchangeOp, GatherOp>(op); }
/// The blocks that a message is between.
inline int64_t getMessageBlocks(Operation *op) {
  if (auto exchange = dyn_cast<ExchangeOp>(op))
    return static_cast<int64_t>(exchange.getBlocks());
  return static_cast<int64_t>(cast<GatherOp>(op).getBlocks());
}

} // namespace mlir::tile

#endif // DIALECTS_TILE_TILE_H
