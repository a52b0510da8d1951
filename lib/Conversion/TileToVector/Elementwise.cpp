//===- Elementwise.cpp - Elementwise tiles, vector by vector --------------===//

#include "Lowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::tile;

/// Vectors that a loop's body computes side by side.
constexpr int64_t kUnroll = 4;

//===----------------------------------------------------------------------===//
// One vector
//===----------------------------------------------------------------------===//

static VectorType vectorType(const Point &point, Type element) {
  return VectorType::get({point.width}, element);
}

Value Evaluator::get(Value value, Lanes lanes) {
  if (Value vector = known.lookup({value, unsigned(lanes)}))
    return vector;
  if (!lowering.analysis.isStored(value))
    return compute(value, lanes);
  RankedTensorType type = tileType(value);
  Value vector;
  if (type.getRank() == 2) {
    // Lanes here are those of `value`: a transpose on the way has turned them.
    Value buffer = lowering.bufferOf(value, {lanes, false});
    vector =
        vector::LoadOp::create(b, vectorType(point, type.getElementType()),
                               buffer, ValueRange{point.major, point.minor});
  } else {
    vector = getVector(value, /*alongLanes=*/true);
  }
  known[{value, unsigned(lanes)}] = vector;
  return vector;
}

/// A rank 1 tile's elements along the lanes, or the one at the major
/// coordinate in all of them.
Value Evaluator::getVector(Value value, bool alongLanes) {
  Type element = tileType(value).getElementType();
  VectorType type = vectorType(point, element);
  if (lowering.analysis.isStored(value)) {
    Value buffer = lowering.bufferOf(value, Form());
    if (alongLanes)
      return vector::LoadOp::create(b, type, buffer, point.minor);
    Value scalar = memref::LoadOp::create(b, buffer, point.major);
    return vector::BroadcastOp::create(b, type, scalar);
  }
  Evaluator inner(lowering, {Lanes::Columns, Value(),
                             alongLanes ? point.minor : point.major,
                             alongLanes ? point.width : 1});
  Value vector = inner.compute(value);
  if (alongLanes)
    return vector;
  Value scalar = vector::ExtractOp::create(b, vector, int64_t(0));
  return vector::BroadcastOp::create(b, type, scalar);
}

Value Evaluator::compute(Value value, Lanes lanes) {
  if (Value vector = known.lookup({value, unsigned(lanes)}))
    return vector;
  Operation *op = value.getDefiningOp();
  RankedTensorType tile = tileType(value);
  VectorType type = vectorType(point, tile.getElementType());
  Value result;
  if (auto transpose = dyn_cast<TransposeOp>(op)) {
    result = get(transpose.getOperand(), other(lanes));
  } else if (auto broadcast = dyn_cast<BroadcastOp>(op)) {
    // The operand has the dimension that was not added.
    bool hasColumns = broadcast.getDim() == 0;
    result = getVector(broadcast.getOperand(),
                       hasColumns == (lanes == Lanes::Columns));
  } else if (auto iota = dyn_cast<IotaOp>(op)) {
    bool alongLanes = tile.getRank() == 1 ||
                      (iota.getDim() == 1) == (lanes == Lanes::Columns);
    Value first = arith::IndexCastOp::create(
        b, b.getI32Type(), alongLanes ? point.minor : point.major);
    result = vector::BroadcastOp::create(b, type, first);
    if (alongLanes) {
      auto steps = llvm::to_vector(llvm::seq<int32_t>(0, point.width));
      Value step = arith::ConstantOp::create(
          b, DenseElementsAttr::get(type, ArrayRef<int32_t>(steps)));
      result = arith::AddIOp::create(b, result, step);
    }
  } else if (auto splat = dyn_cast<tensor::SplatOp>(op)) {
    result = vector::BroadcastOp::create(b, type, splat.getInput());
  } else if (DenseElementsAttr elements;
             matchPattern(op, m_Constant(&elements))) {
    assert(elements.isSplat() && "tiles of several constants do not occur");
    result = arith::ConstantOp::create(
        b, DenseElementsAttr::get(type, elements.getSplatValue<Attribute>()));
  } else {
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(isTile(operand.getType()) ? get(operand, lanes)
                                                   : operand);
    OperationState state(op->getLoc(), op->getName(), operands, type,
                         op->getAttrs());
    result = static_cast<OpBuilder &>(b).create(state)->getResult(0);
  }
  known[{value, unsigned(lanes)}] = result;
  return result;
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

int64_t TileLowering::widthFor(int64_t extent) const {
  return std::min(facts.vectorLanes, extent);
}

int64_t TileLowering::extentAlong(RankedTensorType type, Lanes lanes) {
  if (type.getRank() != 2)
    return type.getRank() ? type.getDimSize(0) : 1;
  return type.getDimSize(lanes == Lanes::Columns ? 1 : 0);
}

int64_t TileLowering::extentAcross(RankedTensorType type, Lanes lanes) {
  return type.getRank() == 2 ? extentAlong(type, other(lanes)) : 1;
}

void TileLowering::forRange(int64_t extent, int64_t step,
                            llvm::function_ref<void(Value)> body) {
  Value zero = arith::ConstantIndexOp::create(b, 0);
  if (extent <= step)
    return body(zero);
  Value end = arith::ConstantIndexOp::create(b, extent);
  Value by = arith::ConstantIndexOp::create(b, step);
  auto loop = scf::ForOp::create(b, zero, end, by);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(loop.getBody()->getTerminator());
  body(loop.getInductionVar());
}

void TileLowering::forRange(Value end, llvm::function_ref<void(Value)> body) {
  auto loop = scf::ForOp::create(b, arith::ConstantIndexOp::create(b, 0), end,
                                 arith::ConstantIndexOp::create(b, 1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(loop.getBody()->getTerminator());
  body(loop.getInductionVar());
}

void TileLowering::forPoints(RankedTensorType type, Lanes lanes,
                             llvm::function_ref<void(const Point &)> body) {
  int64_t across = extentAcross(type, lanes);
  int64_t along = extentAlong(type, lanes);
  int64_t width = widthFor(along);
  int64_t unroll = std::min(kUnroll, along / width);
  while (along % (width * unroll))
    --unroll;
  forRange(across, 1, [&](Value major) {
    forRange(along, width * unroll, [&](Value minor) {
      for (int64_t i = 0; i < unroll; ++i) {
        Value at = minor;
        if (i)
          at = arith::AddIOp::create(
              b, minor, arith::ConstantIndexOp::create(b, i * width));
        body({lanes, type.getRank() == 2 ? major : Value(), at, width});
      }
    });
  });
}

static void storeAt(ImplicitLocOpBuilder &b, Value vector, Value buffer,
                    const Point &point) {
  SmallVector<Value> indices;
  if (point.major)
    indices.push_back(point.major);
  indices.push_back(point.minor);
  vector::StoreOp::create(b, vector, buffer, indices);
}

void TileLowering::fill(Value buffer, Value value, Lanes lanes) {
  forPoints(tileType(value), lanes, [&](const Point &point) {
    Evaluator evaluator(*this, point);
    storeAt(b, evaluator.get(value), buffer, point);
  });
}

//===----------------------------------------------------------------------===//
// Forms
//===----------------------------------------------------------------------===//

void TileLowering::materialize(Value value) {
  Lanes lanes = analysis.lanesOf(value);
  if (MmaOp product = analysis.productOf(value)) {
    lowerProduct(product);
  } else if (analysis.hasForm(value, {lanes, false})) {
    Value buffer = bufferOf(value, {lanes, false});
    forPoints(tileType(value), lanes, [&](const Point &point) {
      Evaluator evaluator(*this, point);
      storeAt(b, evaluator.compute(value), buffer, point);
    });
  }
  makeOtherForms(value);
}

void TileLowering::makeOtherForms(Value value) {
  Lanes first = analysis.lanesOf(value);
  if (analysis.hasForm(value, {first, true}))
    makePairs(value, first);
  for (bool paired : {false, true})
    if (Form form{other(first), paired}; analysis.hasForm(value, form))
      copyTransposed(value, form);
}

/// Interleaves neighbouring rows (columns), of the first form if it is there.
void TileLowering::makePairs(Value value, Lanes lanes) {
  int64_t across = extentAcross(tileType(value), lanes);
  int64_t along = extentAlong(tileType(value), lanes);
  int64_t width = widthFor(along);
  Value buffer = bufferOf(value, {lanes, true});
  bool stored = analysis.hasForm(value, {lanes, false});
  SmallVector<int64_t> interleaved;
  for (int64_t i = 0; i < width; ++i)
    interleaved.append({i, i + width});
  Value two = arith::ConstantIndexOp::create(b, 2);
  Value one = arith::ConstantIndexOp::create(b, 1);
  forRange(across / 2, 1, [&](Value pair) {
    Value even = arith::MulIOp::create(b, pair, two);
    Value odd = arith::AddIOp::create(b, even, one);
    forRange(along, width, [&](Value minor) {
      auto row = [&](Value major) {
        Evaluator evaluator(*this, {lanes, major, minor, width});
        return stored ? evaluator.get(value) : evaluator.compute(value);
      };
      Value first = row(even), second = row(odd);
      Value both = vector::ShuffleOp::create(b, first, second, interleaved);
      vector::StoreOp::create(
          b, both, buffer,
          ValueRange{pair, arith::MulIOp::create(b, minor, two)});
    });
  });
}

/// Transposes a square of vectors in log2(n) rounds of pairwise exchanges.
static void transposeSquare(ImplicitLocOpBuilder &b,
                            MutableArrayRef<Value> rows) {
  int64_t size = rows.size();
  for (int64_t step = 1; step < size; step *= 2) {
    SmallVector<int64_t> low, high;
    for (int64_t lane = 0; lane < size; ++lane) {
      bool upper = lane & step;
      low.push_back(upper ? size + lane - step : lane);
      high.push_back(upper ? size + lane : lane + step);
    }
    for (int64_t i = 0; i < size; ++i) {
      if (i & step)
        continue;
      Value a = rows[i], c = rows[i + step];
      rows[i] = vector::ShuffleOp::create(b, a, c, low);
      rows[i + step] = vector::ShuffleOp::create(b, a, c, high);
    }
  }
}

/// Copies the first form to one with other lanes. What moves is 32 bits wide:
/// an f32, or a pair that stays together.
void TileLowering::copyTransposed(Value value, Form to) {
  RankedTensorType type = tileType(value);
  Lanes lanes = other(to.lanes);
  Value from = bufferOf(value, {lanes, false}), buffer = bufferOf(value, to);
  int64_t across = extentAcross(type, lanes);
  int64_t along = extentAlong(type, lanes);
  Type element = type.getElementType();
  int64_t unit = to.paired ? 2 : 1;
  if (!to.paired && type.getElementTypeBitWidth() != 32) {
    forRange(across, 1, [&](Value i) {
      forRange(along, 1, [&](Value j) {
        Value scalar = memref::LoadOp::create(b, from, ValueRange{i, j});
        memref::StoreOp::create(b, scalar, buffer, ValueRange{j, i});
      });
    });
    return;
  }
  int64_t size = std::min({facts.vectorLanes, across, along / unit});
  auto vector = VectorType::get({size * unit}, element);
  auto units = VectorType::get({size}, b.getI32Type());
  auto offset = [&](Value base, int64_t by) -> Value {
    return by ? arith::AddIOp::create(b, base,
                                      arith::ConstantIndexOp::create(b, by))
                    .getResult()
              : base;
  };
  Value two = arith::ConstantIndexOp::create(b, unit);
  forRange(across, size, [&](Value major) {
    forRange(along / unit, size, [&](Value minor) {
      SmallVector<Value> rows;
      Value column = arith::MulIOp::create(b, minor, two);
      for (int64_t i = 0; i < size; ++i) {
        Value row = vector::LoadOp::create(
            b, vector, from, ValueRange{offset(major, i), column});
        rows.push_back(to.paired ? vector::BitCastOp::create(b, units, row)
                                 : row);
      }
      transposeSquare(b, rows);
      column = arith::MulIOp::create(b, major, two);
      for (int64_t i = 0; i < size; ++i) {
        Value row = rows[i];
        if (to.paired)
          row = vector::BitCastOp::create(b, vector, row);
        vector::StoreOp::create(b, row, buffer,
                                ValueRange{offset(minor, i), column});
      }
    });
  });
}
