//===- TileDiscardable.cpp - Verifier of tile.* attributes of ops ---------===//
//
// One pass decides what they say and a later one takes it on trust: registers
// that roles exchange, bytes that a ring needs.
//
//===----------------------------------------------------------------------===//

#include "dialects/BrokenLaw.h"
#include "dialects/Tile/Tile.h"
#include "dialects/Tile/TileNames.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::tile;
using mlir::gsa::brokenLaw;

LogicalResult TileDialect::verifyOperationAttribute(Operation *op,
                                                    NamedAttribute attribute) {
  StringRef name = attribute.getName();
  Attribute value = attribute.getValue();
  if (name == kRegistersAttr) {
    auto roles = dyn_cast<RolesOp>(op);
    auto own = dyn_cast<DenseI64ArrayAttr>(value);
    if (!roles || !own ||
        own.size() != static_cast<int64_t>(roles.getRoles().size()) ||
        llvm::any_of(own.asArrayRef(), [](int64_t count) { return count < 1; }))
      return brokenLaw(op, "dialect-1",
                       "tile.registers must be a positive i64 for each role of "
                       "a tile.roles, got ",
                       value);
  }
  if (name == kScarceAttr && !(isa<scf::WhileOp>(op) && isa<UnitAttr>(value)))
    return brokenLaw(op, "dialect-4",
                     "tile.scarce must be a unit attribute of an scf.while, "
                     "got ",
                     value);
  if (name == kZerosAttr && !(isa<FetchOp>(op) && isa<UnitAttr>(value)))
    return brokenLaw(op, "dialect-2",
                     "tile.zeros must be a unit attribute of a tile.fetch, "
                     "got ",
                     value);
  if (name == kSharedByAttr) {
    auto blocks = dyn_cast<IntegerAttr>(value);
    if (!isa<RingOp>(op) || !blocks || !blocks.getType().isInteger(64) ||
        blocks.getInt() < 2)
      return brokenLaw(
          op, "dialect-3",
          "tile.shared_by must be an i64 from 2 on of a tile.ring, "
          "got ",
          value);
  }
  return success();
}
