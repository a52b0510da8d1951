//===- TileStaging.cpp - The numbered constraints of staging --------------===//
//
// Numbers and laws are those of TileStaging.td and TileTypes.td.
//
//===----------------------------------------------------------------------===//

#include "TileAccess.h"
#include "dialects/BrokenLaw.h"
#include "dialects/Tile/Tile.h"

#include "mlir/Interfaces/LoopLikeInterface.h"

using namespace mlir;
using namespace mlir::tile;
using mlir::gsa::brokenLaw;

LogicalResult RingType::verify(function_ref<InFlightDiagnostic()> emitError,
                               int64_t slots, Type version) {
  if (slots < 1)
    return emitError() << "slots must be positive, got " << slots
                       << " [ringtype-1]";
  auto tile = dyn_cast<RankedTensorType>(version);
  bool isTile = tile && tile.hasStaticShape();
  if (!isTile && !version.isIntOrIndexOrFloat())
    return emitError() << "a version must be a tile of static shape, an index, "
                          "an integer or a float, got "
                       << version << " [ringtype-2]";
  return success();
}

//===----------------------------------------------------------------------===//
// Roles
//===----------------------------------------------------------------------===//

/// Barriers of a role, in order: a number for each stretch outside of loops,
/// and one for each loop that has any.
static SmallVector<int64_t> countBarriers(Region &role) {
  SmallVector<int64_t> counts = {0};
  for (Operation &op : role.front()) {
    if (isa<BarrierOp>(op)) {
      ++counts.back();
      continue;
    }
    int64_t inside = 0;
    op.walk([&](BarrierOp) { ++inside; });
    if (inside)
      counts.append({inside, 0});
  }
  return counts;
}

static std::string join(ArrayRef<int64_t> counts) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::interleave(counts, stream, ", ");
  return text;
}

LogicalResult RolesOp::verify() {
  if (getWarps().size() != getRoles().size())
    return brokenLaw(*this, "roles-1",
                     "must have a number of warps for each "
                     "of its ",
                     getRoles().size(), " regions, got ", getWarps().size());
  for (int64_t warps : getWarps())
    if (warps < 1)
      return brokenLaw(*this, "roles-2",
                       "must give each role at least one warp, got ", warps);
  if ((*this)->getParentOfType<RolesOp>())
    return brokenLaw(*this, "roles-3",
                     "must not stand in a role, got roles in roles");
  for (Region &role : getRoles()) {
    WalkResult result = role.walk([&](Operation *op) -> WalkResult {
      for (Value operand : op->getOperands())
        if (isa<RankedTensorType>(operand.getType()) &&
            !role.isAncestor(operand.getParentRegion()))
          return brokenLaw(op, "roles-4",
                           "must use tiles of its own role, got one made "
                           "outside of type ",
                           operand.getType());
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return failure();
  }
  SmallVector<int64_t> first;
  size_t meets = 0;
  for (auto [i, role] : llvm::enumerate(getRoles())) {
    SmallVector<int64_t> counts = countBarriers(role);
    if (counts == ArrayRef<int64_t>(0))
      continue;
    if (first.empty()) {
      first = counts;
      meets = i;
    } else if (counts != first)
      return brokenLaw(*this, "roles-5", "must have as many barriers in role ",
                       i, " as in role ", meets, " (", join(first), "), got ",
                       join(counts));
  }
  return success();
}

LogicalResult BarrierOp::verify() {
  Operation *parent = (*this)->getParentOp();
  while (isa_and_present<LoopLikeOpInterface>(parent))
    parent = parent->getParentOp();
  if (isa_and_present<RolesOp>(parent))
    return success();
  return brokenLaw(*this, "barrier-1",
                   "must stand in a role, outside of branches, got a place in ",
                   parent ? parent->getName().getStringRef() : "nothing");
}

//===----------------------------------------------------------------------===//
// Rings
//===----------------------------------------------------------------------===//

LogicalResult RingOp::verify() {
  if ((*this)->getParentOfType<RolesOp>())
    return brokenLaw(*this, "ring-1",
                     "must stand outside of roles, got one in a role");
  return success();
}

/// Whether `value` may be a version of `ring`: layouts may differ.
static bool isVersion(Type value, RingType ring) {
  auto tile = dyn_cast<RankedTensorType>(value);
  auto version = dyn_cast<RankedTensorType>(ring.getVersion());
  if (!tile || !version)
    return value == ring.getVersion();
  return withoutLayout(tile) == withoutLayout(version);
}

LogicalResult PutOp::verify() {
  auto ring = cast<RingType>(getRing().getType());
  if (!isVersion(getValue().getType(), ring))
    return brokenLaw(*this, "put-1", "must write a version of type ",
                     ring.getVersion(), ", got ", getValue().getType());
  return success();
}

LogicalResult GetOp::verify() {
  auto ring = cast<RingType>(getRing().getType());
  if (!isVersion(getValue().getType(), ring))
    return brokenLaw(*this, "get-1", "must read a version of type ",
                     ring.getVersion(), ", got ", getValue().getType());
  return success();
}

LogicalResult FetchOp::verify() {
  auto ring = cast<RingType>(getRing().getType());
  auto version = dyn_cast<RankedTensorType>(ring.getVersion());
  if (!version)
    return brokenLaw(*this, "fetch-6", "must fill a ring of tiles, got ", ring);
  return verifyAccess(*this,
                      {"fetch-1", "fetch-2", "fetch-3", "fetch-4", "fetch-5"},
                      cast<MemRefType>(getSource().getType()), version,
                      getIndices().size(), getDims(), getStep());
}

//===----------------------------------------------------------------------===//
// Waiting, and moving
//===----------------------------------------------------------------------===//

LogicalResult WaitOp::verify() {
  Value product = getProduct();
  auto result = dyn_cast<OpResult>(product);
  bool carried = !result || isa<LoopLikeOpInterface>(result.getOwner());
  if (carried || isa<MmaOp, ExchangeOp, GatherOp>(result.getOwner()))
    return success();
  return brokenLaw(*this, "wait-1",
                   "must wait for a product, an exchange, a gather or what a "
                   "loop carries, got the result of ",
                   result.getOwner()->getName());
}

LogicalResult ConvertOp::verify() {
  if (withoutLayout(cast<RankedTensorType>(getOperand().getType())) !=
      withoutLayout(cast<RankedTensorType>(getResult().getType())))
    return brokenLaw(*this, "convert-1", "must keep the shape and elements of ",
                     getOperand().getType(), ", got ", getResult().getType());
  return success();
}

OpFoldResult ConvertOp::fold(FoldAdaptor) {
  if (getOperand().getType() == getResult().getType())
    return getOperand();
  if (auto inner = getOperand().getDefiningOp<ConvertOp>())
    if (inner.getOperand().getType() == getResult().getType())
      return inner.getOperand();
  return {};
}
