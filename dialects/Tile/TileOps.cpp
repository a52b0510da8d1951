//===- TileOps.cpp - Verifiers of the tile ops ----------------------------===//

#include "dialects/Tile/Tile.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::tile;

#define GET_OP_CLASSES
#include "dialects/Tile/TileOps.cpp.inc"

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// Laws that loads and stores share: one index a memory dimension, one memory
/// dimension a tile dimension, increasing, equal element types, steps of one.
static LogicalResult verifyAccess(Operation *op, MemRefType memory,
                                  RankedTensorType tile, size_t numIndices,
                                  ArrayRef<int64_t> dims, int64_t step) {
  if (static_cast<int64_t>(numIndices) != memory.getRank())
    return op->emitOpError("must have one index for each of the memory's ")
           << memory.getRank() << " dimensions, got " << numIndices;
  if (static_cast<int64_t>(dims.size()) != tile.getRank())
    return op->emitOpError("must name one memory dimension for each of the "
                           "tile's ")
           << tile.getRank() << " dimensions, got " << dims.size();
  for (auto [i, dim] : llvm::enumerate(dims))
    if (dim < 0 || dim >= memory.getRank() || (i && dim <= dims[i - 1]))
      return op->emitOpError("must name memory dimensions in increasing order "
                             "below ")
             << memory.getRank() << ", got " << dim << " at " << i;
  if (memory.getElementType() != tile.getElementType())
    return op->emitOpError("must keep the memory's element type ")
           << memory.getElementType() << ", got " << tile.getElementType();
  if (step != 1 && step != -1)
    return op->emitOpError("must step by 1 or -1, got ") << step;
  return success();
}

LogicalResult LoadOp::verify() {
  return verifyAccess(*this, cast<MemRefType>(getSource().getType()),
                      typeOf(getResult()), getIndices().size(), getDims(),
                      getStep());
}

LogicalResult StoreOp::verify() {
  return verifyAccess(*this, cast<MemRefType>(getTarget().getType()),
                      typeOf(getValue()), getIndices().size(), getDims(),
                      getStep());
}

LogicalResult MmaOp::verify() {
  RankedTensorType a = typeOf(getA()), b = typeOf(getB()), c = typeOf(getAcc());
  if (a.getElementType() != b.getElementType())
    return emitOpError("must have factors of one element type, got ")
           << a.getElementType() << " and " << b.getElementType();
  if (!c.getElementType().isF32())
    return emitOpError("must accumulate in f32, got ") << c.getElementType();
  if (a.getDimSize(1) != b.getDimSize(0) || a.getDimSize(0) != c.getDimSize(0) ||
      b.getDimSize(1) != c.getDimSize(1))
    return emitOpError("must multiply MxK by KxN into MxN, got ")
           << a << ", " << b << ", " << c;
  return success();
}

/// The type of `tile` without dimension `dim`.
static RankedTensorType drop(RankedTensorType tile, int64_t dim) {
  SmallVector<int64_t> shape(tile.getShape());
  shape.erase(shape.begin() + dim);
  return RankedTensorType::get(shape, tile.getElementType());
}

static LogicalResult verifyDim(Operation *op, int64_t dim, int64_t rank) {
  if (dim >= 0 && dim < rank)
    return success();
  return op->emitOpError("must name a dimension below ")
         << rank << ", got " << dim;
}

LogicalResult ScanOp::verify() {
  RankedTensorType type = typeOf(getOperand());
  if (failed(verifyDim(*this, getDim(), type.getRank())))
    return failure();
  if (typeOf(getInclusive()) != type || typeOf(getExclusive()) != type)
    return emitOpError("must give running sums of type ")
           << type << ", got " << getInclusive().getType() << " and "
           << getExclusive().getType();
  if (typeOf(getTotal()) != drop(type, getDim()))
    return emitOpError("must give a total of type ")
           << drop(type, getDim()) << ", got " << getTotal().getType();
  return success();
}

LogicalResult ReduceOp::verify() {
  RankedTensorType type = typeOf(getOperand());
  SmallVector<int64_t> dims(getDims());
  llvm::sort(dims, std::greater<>());
  Type expected = type;
  for (auto [i, dim] : llvm::enumerate(dims)) {
    if (failed(verifyDim(*this, dim, type.getRank())))
      return failure();
    if (i && dims[i - 1] == dim)
      return emitOpError("must name each dimension once, got ")
             << dim << " twice";
    expected = drop(cast<RankedTensorType>(expected), dim);
  }
  if (static_cast<int64_t>(dims.size()) == type.getRank())
    expected = type.getElementType();
  if (getResult().getType() != expected)
    return emitOpError("must give ")
           << expected << ", got " << getResult().getType();
  return success();
}

LogicalResult BroadcastOp::verify() {
  RankedTensorType type = typeOf(getResult());
  if (failed(verifyDim(*this, getDim(), type.getRank())))
    return failure();
  if (drop(type, getDim()) != typeOf(getOperand()))
    return emitOpError("must repeat a tile of type ")
           << drop(type, getDim()) << ", got " << getOperand().getType();
  return success();
}

LogicalResult TransposeOp::verify() {
  RankedTensorType from = typeOf(getOperand()), to = typeOf(getResult());
  if (from.getElementType() == to.getElementType() &&
      from.getDimSize(0) == to.getDimSize(1) &&
      from.getDimSize(1) == to.getDimSize(0))
    return success();
  return emitOpError("must swap the dimensions of ") << from << ", got " << to;
}

LogicalResult IotaOp::verify() {
  RankedTensorType type = typeOf(getResult());
  if (!type.getElementType().isInteger(32))
    return emitOpError("must give i32 coordinates, got ")
           << type.getElementType();
  return verifyDim(*this, getDim(), type.getRank());
}
