//===- Tiles.cpp - A window of the sweep's values -------------------------===//

#include "Window.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::gsa;

Value Tiles::tileOf(Value value, bool sliced) {
  if (Value tile = tiles[sliced].lookup(value))
    return tile;
  // What a head's queries share is made once, before the loop over them.
  OpBuilder::InsertionGuard guard(b);
  if (!plan.isPerQuery(value))
    window.leaveGroup();
  Value tile = makeTile(value, sliced);
  tiles[sliced][value] = tile;
  return tile;
}

Value Tiles::makeTile(Value value, bool sliced) {
  if (Value outer = window.block.outer.lookup(value)) {
    if (isa<MemRefType>(outer.getType()))
      return loadTile(value, sliced);
    return outer; // A scalar.
  }
  // Messages of later stages point at the spec's line.
  Operation *op = value.getDefiningOp();
  Location outer = b.getLoc();
  b.setLoc(op->getLoc());
  Value tile;
  if (auto read = dyn_cast<ReadOp>(op))
    tile = memories.read(read);
  else if (auto softmax = dyn_cast<SoftmaxOp>(op))
    tile = makeSoftmax(softmax, sliced);
  else if (auto decay = dyn_cast<SoftmaxDecayOp>(op))
    tile = makeSoftmaxDecay(decay);
  else
    tile = makeElementwise(op, value, sliced);
  b.setLoc(outer);
  return tile;
}

Value Tiles::loadTile(Value value, bool sliced) {
  auto type = cast<RankedTensorType>(value.getType());
  Value source = window.block.outer.lookup(value);
  if (type.getRank() == 1) // [H]: one value for the head.
    return memref::LoadOp::create(b, source, window.block.head);
  SmallVector<Value> indices = {window.block.batch, window.token,
                                plan.isPerQuery(value) ? window.query
                                                       : window.block.head};
  SmallVector<int64_t> dims = {1}, shape = {plan.chunk};
  if (type.getRank() == 4) {
    indices.push_back(window.block.firstColumn(b, plan, value, sliced));
    dims.push_back(3);
    shape.push_back(plan.paddedColumns(SweepPlan::sizeOf(value), sliced));
  }
  return tile::LoadOp::create(
      b, RankedTensorType::get(shape, type.getElementType()), source, indices,
      window.available, dims, plan.getSweep().getReverse() ? -1 : 1);
}

Value Tiles::makeElementwise(Operation *op, Value result, bool sliced) {
  auto type = dyn_cast<RankedTensorType>(result.getType());
  Type to = result.getType();
  if (type && type.getRank() == 1)
    to = type.getElementType();
  else if (type && type.getRank() == 3)
    to = RankedTensorType::get({plan.chunk}, type.getElementType());
  else if (type)
    to = RankedTensorType::get(
        {plan.chunk, plan.paddedColumns(type.getShape().back(), sliced)},
        type.getElementType());

  if (auto splat = dyn_cast<tensor::SplatOp>(op))
    return tensor::SplatOp::create(b, tileOf(splat.getInput(), false),
                                   cast<RankedTensorType>(to));
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    auto elements = dyn_cast<DenseElementsAttr>(constant.getValue());
    if (!elements)
      return arith::ConstantOp::create(b, constant.getValue());
    if (auto tile = dyn_cast<RankedTensorType>(to))
      return arith::ConstantOp::create(
          b, DenseElementsAttr::get(tile, elements.getSplatValue<Attribute>()));
    if (elements.isSplat())
      return arith::ConstantOp::create(
          b, cast<TypedAttr>(elements.getSplatValue<Attribute>()));
    // A table of one value a head.
    auto vector = VectorType::get(type.getShape(), type.getElementType());
    Value table =
        arith::ConstantOp::create(b, cast<TypedAttr>(elements.reshape(vector)));
    return vector::ExtractOp::create(b, table, OpFoldResult(window.block.head));
  }
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(tileOf(operand, sliced));
  OperationState state(b.getLoc(), op->getName(), operands, to, op->getAttrs());
  return static_cast<OpBuilder &>(b).create(state)->getResult(0);
}

Tiles::Weights Tiles::weightsOf(SoftmaxOp op, bool sliced) {
  Value x = b.extended(tileOf(op.getOperand(), sliced));
  RankedTensorType type = TileBuilder::typeOf(x);
  int64_t size = SweepPlan::sizeOf(op.getOperand());
  if (size < type.getDimSize(1)) {
    Value inside = b.below(type, 1, b.getIndexAttr(size));
    Value none = b.constantLike(x, -std::numeric_limits<double>::infinity());
    x = b.select(inside, x, none);
  }
  Value largest = b.reduce(tile::ReduceKind::Max, x, 1);
  // One multiplication and subtraction an element, which contract. Rounding
  // the row's maximum times log2(e) changes all weights alike.
  Value offset = b.broadcast(b.scaled(largest, kLog2E), 1, type);
  Value weights = b.exp2(b.sub(b.scaled(x, kLog2E), offset));
  Value sum = b.reduce(tile::ReduceKind::Add, weights, 1);
  return {weights, b.reciprocal(sum, plan.isDevice)};
}

Value Tiles::makeSoftmax(SoftmaxOp op, bool sliced) {
  auto [weights, reciprocal] = weightsOf(op, sliced);
  RankedTensorType type = TileBuilder::typeOf(weights);
  Value result = b.mul(weights, b.broadcast(reciprocal, 1, type));
  return b.convertTo(result, getElementTypeOrSelf(op.getResult().getType()));
}

/// z_t = logaddexp(z_{t-1}, x_t), decay_t = z_{t-1} - z_t. The difference is
/// taken as log_sigmoid(z_{t-1} - x_t), which cancels nothing.
Value Tiles::makeSoftmaxDecay(SoftmaxDecayOp op) {
  Value x = b.extended(tileOf(op.getLogits(), false));
  RankedTensorType type = TileBuilder::typeOf(x);
  Value carry = b.broadcast(window.carries.lookup(op), 0, type);
  Value ninf = b.constantLike(x, -std::numeric_limits<double>::infinity());

  tile::ScanOp scan = b.scan(tile::ScanKind::LogAddExp, x);
  // The carry joins behind the scan: logaddexp is associative.
  auto join = [&](Value z) {
    Value high = arith::MaximumFOp::create(b, z, carry);
    Value gap = b.neg(math::AbsFOp::create(b, b.sub(z, carry)));
    Value sum =
        b.add(high, math::Log1pOp::create(b, math::ExpOp::create(b, gap)));
    // -inf - -inf is NaN, and inf + log1p(0) inf: nothing, or all, so far.
    Value infinite =
        arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ,
                              math::AbsFOp::create(b, high), b.neg(ninf));
    return b.select(infinite, high, sum);
  };
  Value before = join(scan.getExclusive()), after = join(scan.getInclusive());
  Value decay = LogSigmoidOp::create(b, b.sub(before, x));
  Value nothing =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, after, ninf);
  decay = b.select(nothing, b.constantLike(x, 0.0), decay);

  normalisers[op] = after;
  return b.convertTo(decay, getElementTypeOrSelf(op.getDecay().getType()));
}

/// Whether padding, which loads make zero, is still zero in `value`.
bool Tiles::keepsZero(Value value) const {
  if (window.block.outer.count(value))
    return true;
  Operation *op = value.getDefiningOp();
  return isa<arith::ExtFOp, arith::TruncFOp, arith::NegFOp, SiluOp>(op) &&
         keepsZero(op->getOperand(0));
}

Value Tiles::zeroPadded(Value tile, Value value, bool tokens, bool sliced) {
  if (keepsZero(value))
    return tile;
  RankedTensorType type = TileBuilder::typeOf(tile);
  Value zero = b.constantLike(tile, 0.0);
  if (tokens)
    tile = b.select(b.below(type, 0, window.available), tile, zero);
  int64_t size = SweepPlan::sizeOf(value);
  int64_t columns = type.getDimSize(type.getRank() - 1);
  if (type.getRank() != 2 || size == columns * (sliced ? plan.slices : 1))
    return tile;
  OpFoldResult bound = b.getIndexAttr(size);
  if (sliced) // Negative for slices that are all padding.
    bound =
        arith::SubIOp::create(b, b.index(size),
                              window.block.firstColumn(b, plan, value, sliced))
            .getResult();
  return b.select(b.below(type, 1, bound), tile, zero);
}

/// z never falls, so the last of the window is its largest.
Value Tiles::nextOf(SoftmaxDecayOp op) {
  tileOf(op.getDecay(), false);
  Value z = normalisers.lookup(op);
  Value none = b.constantLike(z, -std::numeric_limits<double>::infinity());
  Value live = b.below(TileBuilder::typeOf(z), 0, window.length);
  return b.reduce(tile::ReduceKind::Max, b.select(live, z, none), 0);
}
