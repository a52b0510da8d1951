//===- TileVerifiers.cpp - The numbered constraints of the tile ops -------===//
//
// Numbers and laws are those of the ops' documentation in TileOps.td.
//
//===----------------------------------------------------------------------===//

#include "TileAccess.h"
#include "dialects/BrokenLaw.h"
#include "dialects/Tile/Tile.h"

#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/LoopLikeInterface.h"

using namespace mlir;
using namespace mlir::tile;
using mlir::gsa::brokenLaw;

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// The type of `tile` without dimension `dim`.
static RankedTensorType drop(RankedTensorType tile, int64_t dim) {
  SmallVector<int64_t> shape(tile.getShape());
  shape.erase(shape.begin() + dim);
  Attribute layout = tile.getEncoding();
  if (auto known = dyn_cast_or_null<LayoutAttr>(layout))
    layout = LayoutAttr::get(tile.getContext(), known.getLayout().drop(dim));
  return RankedTensorType::get(shape, tile.getElementType(), layout);
}

/// The type of `tile` with its dimensions swapped.
static RankedTensorType transpose(RankedTensorType tile) {
  Attribute layout = tile.getEncoding();
  if (auto known = dyn_cast_or_null<LayoutAttr>(layout))
    layout = LayoutAttr::get(tile.getContext(), known.getLayout().transpose());
  return RankedTensorType::get({tile.getDimSize(1), tile.getDimSize(0)},
                               tile.getElementType(), layout);
}

static LogicalResult verifyDim(Operation *op, StringRef number, int64_t dim,
                               int64_t rank) {
  if (dim >= 0 && dim < rank)
    return success();
  return brokenLaw(op, number, "must name a dimension below ", rank, ", got ",
                   dim);
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

LogicalResult tile::verifyAccess(Operation *op, const AccessLaws &laws,
                                 MemRefType memory, RankedTensorType tile,
                                 size_t numIndices, ArrayRef<int64_t> dims,
                                 int64_t step) {
  int64_t rank = memory.getRank();
  if (static_cast<int64_t>(numIndices) != rank)
    return brokenLaw(op, laws.indices,
                     "must have one index for each of the memory's ", rank,
                     " dimensions, got ", numIndices);
  if (static_cast<int64_t>(dims.size()) != tile.getRank())
    return brokenLaw(op, laws.rank,
                     "must name one memory dimension for each of the tile's ",
                     tile.getRank(), " dimensions, got ", dims.size());
  for (auto [i, dim] : llvm::enumerate(dims))
    if (dim < 0 || dim >= rank || (i && dim <= dims[i - 1]))
      return brokenLaw(op, laws.order,
                       "must name memory dimensions in increasing order below ",
                       rank, ", got ", dim, " at ", i);
  if (memory.getElementType() != tile.getElementType())
    return brokenLaw(op, laws.element, "must keep the memory's element type ",
                     memory.getElementType(), ", got ", tile.getElementType());
  if (step != 1 && step != -1)
    return brokenLaw(op, laws.step, "must step by 1 or -1, got ", step);
  return success();
}

LogicalResult LoadOp::verify() {
  return verifyAccess(*this, {"load-1", "load-2", "load-3", "load-4", "load-5"},
                      cast<MemRefType>(getSource().getType()),
                      typeOf(getResult()), getIndices().size(), getDims(),
                      getStep());
}

LogicalResult StoreOp::verify() {
  return verifyAccess(
      *this, {"store-1", "store-2", "store-3", "store-4", "store-5"},
      cast<MemRefType>(getTarget().getType()), typeOf(getValue()),
      getIndices().size(), getDims(), getStep());
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

LogicalResult MmaOp::verify() {
  RankedTensorType a = typeOf(getA()), b = typeOf(getB()), c = typeOf(getAcc());
  if (a.getElementType() != b.getElementType())
    return brokenLaw(*this, "mma-1",
                     "must have factors of one element type, got ",
                     a.getElementType(), " and ", b.getElementType());
  if (!c.getElementType().isF32())
    return brokenLaw(*this, "mma-2", "must accumulate in f32, got ",
                     c.getElementType());
  if (a.getDimSize(1) != b.getDimSize(0) ||
      a.getDimSize(0) != c.getDimSize(0) || b.getDimSize(1) != c.getDimSize(1))
    return brokenLaw(*this, "mma-3", "must multiply MxK by KxN into MxN, got ",
                     a, ", ", b, ", ", c);
  return success();
}

LogicalResult ScanOp::verify() {
  RankedTensorType type = typeOf(getOperand());
  if (failed(verifyDim(*this, "scan-1", getDim(), type.getRank())))
    return failure();
  if (typeOf(getInclusive()) != type || typeOf(getExclusive()) != type)
    return brokenLaw(*this, "scan-2", "must give running sums of type ", type,
                     ", got ", getInclusive().getType(), " and ",
                     getExclusive().getType());
  if (typeOf(getTotal()) != drop(type, getDim()))
    return brokenLaw(*this, "scan-3", "must give a total of type ",
                     drop(type, getDim()), ", got ", getTotal().getType());
  return success();
}

LogicalResult ReduceOp::verify() {
  RankedTensorType type = typeOf(getOperand());
  SmallVector<int64_t> dims(getDims());
  llvm::sort(dims, std::greater<>());
  RankedTensorType rest = type;
  for (auto [i, dim] : llvm::enumerate(dims)) {
    if (failed(verifyDim(*this, "reduce-1", dim, type.getRank())))
      return failure();
    if (i && dims[i - 1] == dim)
      return brokenLaw(*this, "reduce-2", "must name each dimension once, got ",
                       dim, " twice");
    rest = drop(rest, dim);
  }
  Type expected = rest.getRank() ? Type(rest) : type.getElementType();
  if (getResult().getType() != expected)
    return brokenLaw(*this, "reduce-3", "must give ", expected, ", got ",
                     getResult().getType());
  return success();
}

LogicalResult BroadcastOp::verify() {
  RankedTensorType type = typeOf(getResult());
  if (failed(verifyDim(*this, "broadcast-1", getDim(), type.getRank())))
    return failure();
  if (drop(type, getDim()) != typeOf(getOperand()))
    return brokenLaw(*this, "broadcast-2", "must repeat a tile of type ",
                     drop(type, getDim()), ", got ", getOperand().getType());
  return success();
}

LogicalResult TransposeOp::verify() {
  RankedTensorType from = typeOf(getOperand()), to = typeOf(getResult());
  if (transpose(from) == to)
    return success();
  return brokenLaw(*this, "transpose-1", "must swap the dimensions of ", from,
                   ", got ", to);
}

LogicalResult IotaOp::verify() {
  RankedTensorType type = typeOf(getResult());
  if (!type.getElementType().isInteger(32))
    return brokenLaw(*this, "iota-1", "must give i32 coordinates, got ",
                     type.getElementType());
  return verifyDim(*this, "iota-2", getDim(), type.getRank());
}

//===----------------------------------------------------------------------===//
// Between blocks
//===----------------------------------------------------------------------===//

/// All blocks come by, and the tile stays what it is; numbers of laws: kept, at
/// least two blocks, outside of branches.
template <typename Op>
static LogicalResult verifyMessage(Op op, RankedTensorType to,
                                   std::array<StringRef, 3> laws) {
  RankedTensorType from = typeOf(op.getOperand());
  if (withoutLayout(from) != withoutLayout(to))
    return brokenLaw(op, laws[0], "must keep the shape and elements of ", from,
                     ", got ", to);
  if (op.getBlocks() < 2)
    return brokenLaw(op, laws[1], "must have two blocks or more, got ",
                     op.getBlocks());
  for (Operation *at = op->getParentOp(); at; at = at->getParentOp())
    if (isa<RegionBranchOpInterface>(at) && !isa<LoopLikeOpInterface>(at))
      return brokenLaw(op, laws[2],
                       "must stand outside of branches, got one in ",
                       at->getName());
  return success();
}

LogicalResult ExchangeOp::verify() {
  if (!typeOf(getOperand()).getElementType().isF32())
    return brokenLaw(*this, "exchange-1", "must add up f32, got ",
                     typeOf(getOperand()).getElementType());
  return verifyMessage(*this, typeOf(getResult()),
                       {"exchange-4", "exchange-2", "exchange-3"});
}

LogicalResult GatherOp::verify() {
  return verifyMessage(*this, typeOf(getResult()),
                       {"gather-1", "gather-2", "gather-3"});
}

/// The tile that a ring has versions of; null if they are scalars.
static RankedTensorType getVersion(Value ring) {
  return dyn_cast<RankedTensorType>(
      cast<RingType>(ring.getType()).getVersion());
}

LogicalResult SendOp::verify() {
  RankedTensorType version = getVersion(getRing());
  if (!version)
    return brokenLaw(*this, "send-1", "must fill a ring of tiles, got ",
                     getRing().getType());
  return verifyMessage(*this, version, {"send-1", "send-2", "send-3"});
}

template <typename Op>
static LogicalResult verifyReceipt(Op op, StringRef law) {
  RankedTensorType version = getVersion(op.getRing());
  RankedTensorType result = withoutLayout(typeOf(op.getResult()));
  if (version && withoutLayout(version) == result)
    return success();
  return brokenLaw(op, law, "must read a ring of ", result, ", got ",
                   op.getRing().getType());
}

LogicalResult ReceiveOp::verify() { return verifyReceipt(*this, "receive-1"); }

LogicalResult SendPartsOp::verify() {
  RankedTensorType version = getVersion(getRing());
  if (!version || !typeOf(getOperand()).getElementType().isF32())
    return brokenLaw(*this, "send_parts-1",
                     "must send f32 to a ring of tiles, got ",
                     getOperand().getType(), " to ", getRing().getType());
  return verifyMessage(*this, version,
                       {"send_parts-1", "send_parts-2", "send_parts-3"});
}

LogicalResult ReceiveSumsOp::verify() {
  return verifyReceipt(*this, "receive_sums-1");
}
