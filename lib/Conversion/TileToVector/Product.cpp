//===- Product.cpp - Matrix products from registers -----------------------===//

#include "Lowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::tile;

/// Steps of the summed dimension in a loop's body.
constexpr int64_t kStepsUnrolled = 4;

namespace {
/// The block of the result that accumulators hold at a time.
struct RegisterBlock {
  int64_t rows, vectors;
};
} // namespace

/// Picks the block with the fewest loads for each product that leaves registers
/// for the factors. Both extents are divided without rest.
static RegisterBlock chooseBlock(int64_t rows, int64_t vectors,
                                 const gsa::HostFacts &facts) {
  int64_t most = facts.vectorRegisters * 3 / 4;
  RegisterBlock best{1, 1};
  double bestLoads = 2.0;
  for (int64_t r = 1; r <= rows && r <= most; ++r)
    for (int64_t v = 1; v <= vectors && r * v <= most; ++v) {
      if (rows % r || vectors % v || r * v + v + 1 > facts.vectorRegisters)
        continue;
      double loads = double(r + v) / double(r * v);
      if (loads < bestLoads) {
        bestLoads = loads;
        best = {r, v};
      }
    }
  return best;
}

void TileLowering::lowerProduct(MmaOp op) {
  const ProductPlan &plan = analysis.planOf(op);
  Value out = plan.epilogue ? plan.epilogue : Value(op.getResult());
  Lanes lanes = plan.flipped ? Lanes::Rows : Lanes::Columns;
  int64_t rows = extentAcross(tileType(op.getResult()), lanes);
  int64_t columns = extentAlong(tileType(op.getResult()), lanes);
  int64_t depth = tileType(op.getA()).getDimSize(1);
  Type element = tileType(op.getA()).getElementType();
  bool paired = element.getIntOrFloatBitWidth() == 16;
  int64_t step = paired ? 2 : 1;

  // The factor whose elements the lanes take, and the one that all share.
  Form vectorForm{lanes, paired}, scalarForm{lanes, false};
  Value vectorBase = FormAnalysis::throughTransposes(
      plan.flipped ? op.getA() : op.getB(), vectorForm);
  Value scalarBase = FormAnalysis::throughTransposes(
      plan.flipped ? op.getB() : op.getA(), scalarForm);
  Value vectors = bufferOf(vectorBase, vectorForm);
  bool swapped = !analysis.hasForm(scalarBase, scalarForm);
  if (swapped)
    scalarForm = {other(scalarForm.lanes), paired};
  Value scalars = bufferOf(scalarBase, scalarForm);

  // An accumulator that nobody else needs is updated where it lies, unless a
  // loop around this product alone starts from it each time.
  Value acc = op.getAcc();
  bool fresh = matchPattern(acc, m_AnyZeroFloat());
  if (!plan.epilogue && !destinations.count(out) && analysis.isStored(acc) &&
      acc.hasOneUse() && acc.getDefiningOp<MmaOp>() &&
      acc.getDefiningOp()->getBlock() == op->getBlock() &&
      analysis.lanesOf(acc) == lanes)
    buffers[{out, Form{lanes, false}.index()}] = bufferOf(acc, {lanes, false});
  Value result = bufferOf(out, {lanes, false});

  int64_t width = widthFor(columns);
  RegisterBlock block = chooseBlock(rows, columns / width, facts);
  auto type = VectorType::get({width}, b.getF32Type());
  auto factorType = VectorType::get({width * step}, element);
  auto at = [&](Value base, int64_t by) -> Value {
    return by ? arith::AddIOp::create(b, base,
                                      arith::ConstantIndexOp::create(b, by))
                    .getResult()
              : base;
  };
  auto times = [&](Value base, int64_t by) -> Value {
    return by == 1 ? base
                   : arith::MulIOp::create(
                         b, base, arith::ConstantIndexOp::create(b, by))
                         .getResult();
  };

  // A scalar (pair) of row `row` at `k`, in every lane.
  auto loadScalar = [&](Value row, Value k) -> Value {
    if (!paired) {
      Value scalar = memref::LoadOp::create(
          b, scalars, swapped ? ValueRange{k, row} : ValueRange{row, k});
      return vector::BroadcastOp::create(b, type, scalar);
    }
    SmallVector<Value, 2> indices = {row, k};
    if (swapped)
      indices = {
          arith::DivUIOp::create(b, k, arith::ConstantIndexOp::create(b, 2)),
          times(row, 2)};
    Value pair = vector::LoadOp::create(b, VectorType::get({2}, element),
                                        scalars, indices);
    pair = vector::BitCastOp::create(b, VectorType::get({1}, b.getI32Type()),
                                     pair);
    Value unit = vector::ExtractOp::create(b, pair, int64_t(0));
    Value all = vector::BroadcastOp::create(
        b, VectorType::get({width}, b.getI32Type()), unit);
    return vector::BitCastOp::create(b, factorType, all);
  };
  auto accumulate = [&](Value sum, Value scalar, Value vector) -> Value {
    if (paired)
      return target.emitPairDot(b, b.getLoc(), sum, scalar, vector);
    if (facts.hasFMA)
      return vector::FMAOp::create(b, scalar, vector, sum);
    return arith::AddFOp::create(b, sum,
                                 arith::MulFOp::create(b, scalar, vector));
  };
  auto multiply = [&](Value row, Value column, Value k,
                      MutableArrayRef<Value> sums) {
    SmallVector<Value> loaded;
    Value first =
        paired
            ? arith::DivUIOp::create(b, k, arith::ConstantIndexOp::create(b, 2))
                  .getResult()
            : k;
    for (int64_t v = 0; v < block.vectors; ++v)
      loaded.push_back(vector::LoadOp::create(
          b, factorType, vectors,
          ValueRange{first, times(at(column, v * width), step)}));
    for (int64_t r = 0; r < block.rows; ++r) {
      Value scalar = loadScalar(at(row, r), k);
      for (int64_t v = 0; v < block.vectors; ++v) {
        Value &sum = sums[r * block.vectors + v];
        sum = accumulate(sum, scalar, loaded[v]);
      }
    }
  };

  forRange(columns, block.vectors * width, [&](Value column) {
    forRange(rows, block.rows, [&](Value row) {
      SmallVector<Evaluator> points;
      SmallVector<Value> sums;
      for (int64_t r = 0; r < block.rows; ++r)
        for (int64_t v = 0; v < block.vectors; ++v) {
          points.emplace_back(
              *this, Point{lanes, at(row, r), at(column, v * width), width});
          sums.push_back(fresh ? arith::ConstantOp::create(
                                     b, cast<TypedAttr>(b.getZeroAttr(type)))
                                     .getResult()
                               : points.back().get(acc));
        }

      int64_t unroll = std::min(kStepsUnrolled * step, depth);
      while (depth % unroll)
        unroll -= step;
      if (unroll == depth) {
        for (int64_t u = 0; u < depth; u += step)
          multiply(row, column, arith::ConstantIndexOp::create(b, u), sums);
      } else {
        auto loop =
            scf::ForOp::create(b, arith::ConstantIndexOp::create(b, 0),
                               arith::ConstantIndexOp::create(b, depth),
                               arith::ConstantIndexOp::create(b, unroll), sums);
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToEnd(loop.getBody());
        SmallVector<Value> carried(loop.getRegionIterArgs());
        for (int64_t u = 0; u < unroll; u += step)
          multiply(row, column, at(loop.getInductionVar(), u), carried);
        scf::YieldOp::create(b, carried);
        sums.assign(loop.getResults().begin(), loop.getResults().end());
      }

      for (int64_t r = 0; r < block.rows; ++r)
        for (int64_t v = 0; v < block.vectors; ++v) {
          Value vector = sums[r * block.vectors + v];
          if (plan.epilogue) {
            Evaluator &point = points[r * block.vectors + v];
            point.define(op.getResult(), vector);
            vector = point.compute(plan.epilogue);
          }
          vector::StoreOp::create(
              b, vector, result, ValueRange{at(row, r), at(column, v * width)});
        }
    });
  });
}
