//===- TileOps.cpp - Generated classes of the tile ops --------------------===//

#include "dialects/Tile/Tile.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::tile;

#define GET_OP_CLASSES
#include "dialects/Tile/TileOps.cpp.inc"
