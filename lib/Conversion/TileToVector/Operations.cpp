//===- Operations.cpp - Loads, stores, scans and reductions ---------------===//

#include "Lowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::tile;

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// Bytes that a prefetch brings.
constexpr int64_t kCacheLine = 64;

namespace {
/// The part of a memref that a tile covers.
class Window {
public:
  Window(ImplicitLocOpBuilder &b, Value memory, ValueRange indices, Value rows,
         ArrayRef<int64_t> dims, int64_t step, RankedTensorType tile)
      : b(b), memory(memory), type(cast<MemRefType>(memory.getType())),
        indices(indices), dims(dims), step(step), tile(tile), rows(rows) {}

  /// Whether the tile's last dimension runs along the memory's: its elements
  /// lie side by side.
  bool isContiguous() const { return dims.back() == type.getRank() - 1; }

  /// Rows that are inside.
  Value getRows() const {
    if (rows)
      return rows;
    return arith::ConstantIndexOp::create(
        b, std::min(tile.getDimSize(0), type.getDimSize(dims[0])));
  }

  SmallVector<Value> at(Value row, Value column) const {
    SmallVector<Value> result(indices);
    if (row) {
      Value by = row;
      if (step < 0)
        by =
            arith::SubIOp::create(b, arith::ConstantIndexOp::create(b, 0), row);
      result[dims.front()] = arith::AddIOp::create(b, result[dims.front()], by);
    }
    if (column)
      result[dims.back()] =
          arith::AddIOp::create(b, result[dims.back()], column);
    return result;
  }

  /// How many of `width` columns from `column` on are inside: all (the mask is
  /// null), none (false), or those of the mask.
  bool columnMask(int64_t column, int64_t width, Value &mask) const {
    int64_t size = type.getShape().back();
    auto maskType = VectorType::get({width}, b.getI1Type());
    std::optional<int64_t> base = getConstantIntValue(indices.back());
    mask = Value();
    if (!base) {
      Value left = arith::SubIOp::create(
          b, arith::ConstantIndexOp::create(b, size - column), indices.back());
      mask = vector::CreateMaskOp::create(b, maskType, left);
      return true;
    }
    int64_t left = size - *base - column;
    if (left <= 0)
      return false;
    if (left < width)
      mask =
          vector::ConstantMaskOp::create(b, maskType, ArrayRef<int64_t>{left});
    return true;
  }

  Value load(ValueRange position, int64_t width, Value mask) const {
    auto vector = VectorType::get({width}, type.getElementType());
    if (!mask)
      return vector::LoadOp::create(b, vector, memory, position);
    Value zero =
        arith::ConstantOp::create(b, cast<TypedAttr>(b.getZeroAttr(vector)));
    return vector::MaskedLoadOp::create(b, vector, memory, position, mask,
                                        zero);
  }

  void store(ValueRange position, Value vector, Value mask) const {
    if (mask)
      vector::MaskedStoreOp::create(b, memory, position, mask, vector);
    else
      vector::StoreOp::create(b, vector, memory, position);
  }

  /// Asks for the row that the next window will want where this one wants
  /// `row`. Rows of a head lie far apart, so no hardware guesses them. Behind
  /// the last window nothing is there; a prefetch does not mind.
  void prefetchNext(Value row, bool isWrite) const {
    if (!rows)
      return;
    Value next = arith::AddIOp::create(
        b, row, arith::ConstantIndexOp::create(b, tile.getDimSize(0)));
    int64_t line = kCacheLine * 8 / type.getElementTypeBitWidth();
    int64_t columns = std::min(tile.getShape().back(), type.getShape().back());
    for (int64_t column = 0; column < columns; column += line)
      memref::PrefetchOp::create(
          b, memory, at(next, arith::ConstantIndexOp::create(b, column)),
          isWrite, /*localityHint=*/2, /*isDataCache=*/true);
  }

private:
  ImplicitLocOpBuilder &b;
  Value memory;
  MemRefType type;
  SmallVector<Value> indices;
  SmallVector<int64_t> dims;
  int64_t step;
  RankedTensorType tile;
  Value rows;
};
} // namespace

void TileLowering::lowerLoad(LoadOp op) {
  RankedTensorType type = tileType(op.getResult());
  Window window(b, op.getSource(), op.getIndices(), op.getRows(), op.getDims(),
                op.getStep(), type);
  Value buffer = bufferOf(op.getResult(), Form());
  bool matrix = type.getRank() == 2;
  int64_t columns = type.getShape().back(), width = widthFor(columns);
  auto zeros = [&](int64_t size) -> Value {
    auto vector = VectorType::get({size}, type.getElementType());
    return arith::ConstantOp::create(b, cast<TypedAttr>(b.getZeroAttr(vector)));
  };

  auto loadRow = [&](Value row, bool inside) {
    for (int64_t column = 0; column < columns; column += width) {
      Value at = arith::ConstantIndexOp::create(b, column), mask;
      Value vector = inside && window.columnMask(column, width, mask)
                         ? window.load(window.at(row, at), width, mask)
                         : zeros(width);
      vector::StoreOp::create(b, vector, buffer,
                              matrix ? ValueRange{row, at} : ValueRange{at});
    }
  };
  if (!matrix && window.isContiguous())
    return loadRow(Value(), true);

  Value rows = window.getRows();
  auto loadRows = [&](Value from, Value to, bool inside) {
    auto loop =
        scf::ForOp::create(b, from, to, arith::ConstantIndexOp::create(b, 1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(loop.getBody()->getTerminator());
    Value row = loop.getInductionVar();
    if (matrix) {
      loadRow(row, inside);
      if (inside)
        window.prefetchNext(row, /*isWrite=*/false);
      return;
    }
    Value vector =
        inside ? window.load(window.at(row, Value()), 1, Value()) : zeros(1);
    vector::StoreOp::create(b, vector, buffer, row);
  };
  loadRows(arith::ConstantIndexOp::create(b, 0), rows, true);
  loadRows(rows, arith::ConstantIndexOp::create(b, type.getDimSize(0)), false);
}

void TileLowering::lowerStore(StoreOp op) {
  RankedTensorType type = tileType(op.getValue());
  Window window(b, op.getTarget(), op.getIndices(), op.getRows(), op.getDims(),
                op.getStep(), type);
  bool matrix = type.getRank() == 2;
  int64_t columns = type.getShape().back(), width = widthFor(columns);
  auto storeRow = [&](Value row) {
    for (int64_t column = 0; column < columns; column += width) {
      Value at = arith::ConstantIndexOp::create(b, column), mask;
      if (!window.columnMask(column, width, mask))
        continue;
      Evaluator evaluator(*this, {Lanes::Columns, row, at, width});
      window.store(window.at(row, at), evaluator.get(op.getValue()), mask);
    }
  };
  if (!matrix && window.isContiguous())
    return storeRow(Value());
  forRange(window.getRows(), [&](Value row) {
    if (matrix) {
      window.prefetchNext(row, /*isWrite=*/true);
      return storeRow(row);
    }
    Evaluator evaluator(*this, {Lanes::Columns, Value(), row, 1});
    window.store(window.at(row, Value()), evaluator.get(op.getValue()),
                 Value());
  });
}

//===----------------------------------------------------------------------===//
// Scans and reductions
//===----------------------------------------------------------------------===//

/// A loop from 0 to `extent` in steps of `step` that carries `init`.
static Value accumulate(ImplicitLocOpBuilder &b, int64_t extent, int64_t step,
                        Value init,
                        llvm::function_ref<Value(Value, Value)> body) {
  Value zero = arith::ConstantIndexOp::create(b, 0);
  if (extent <= step)
    return body(zero, init);
  auto loop =
      scf::ForOp::create(b, zero, arith::ConstantIndexOp::create(b, extent),
                         arith::ConstantIndexOp::create(b, step), init);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(loop.getBody());
  scf::YieldOp::create(b,
                       body(loop.getInductionVar(), loop.getRegionIterArg(0)));
  return loop.getResult(0);
}

static Value splatConstant(ImplicitLocOpBuilder &b, VectorType type,
                           double value) {
  Type element = type.getElementType();
  Attribute attr;
  if (isa<FloatType>(element))
    attr = b.getFloatAttr(element, value);
  else
    attr =
        b.getIntegerAttr(element, value == 0.0 ? APInt(32, 0)
                                  : value < 0  ? APInt::getSignedMinValue(32)
                                               : APInt::getSignedMaxValue(32));
  return arith::ConstantOp::create(b, DenseElementsAttr::get(type, attr));
}

/// log(exp(x) + exp(y)) without overflow; -inf is exp's zero.
static Value logAddExp(ImplicitLocOpBuilder &b, Value x, Value y) {
  Value high = arith::MaximumFOp::create(b, x, y);
  Value gap = arith::NegFOp::create(
      b, math::AbsFOp::create(b, arith::SubFOp::create(b, x, y)));
  Value sum = arith::AddFOp::create(
      b, high, math::Log1pOp::create(b, math::ExpOp::create(b, gap)));
  Value infinity = splatConstant(b, cast<VectorType>(x.getType()),
                                 std::numeric_limits<double>::infinity());
  // -inf - -inf is no number, and neither is inf - inf.
  Value infinite = arith::CmpFOp::create(
      b, arith::CmpFPredicate::OEQ, math::AbsFOp::create(b, high), infinity);
  return arith::SelectOp::create(b, infinite, high, sum);
}

void TileLowering::lowerScan(ScanOp op) {
  RankedTensorType type = tileType(op.getOperand());
  bool matrix = type.getRank() == 2;
  int64_t rows = type.getDimSize(0);
  int64_t columns = matrix ? type.getDimSize(1) : 1;
  int64_t width = widthFor(columns);
  auto vector = VectorType::get({width}, type.getElementType());
  bool add = op.getKind() == ScanKind::Add;
  Value init = splatConstant(
      b, vector, add ? 0.0 : -std::numeric_limits<double>::infinity());
  auto store = [&](Value value, Value sum, ValueRange at) {
    if (analysis.isStored(value))
      vector::StoreOp::create(b, sum, bufferOf(value, Form()), at);
  };
  forRange(columns, width, [&](Value column) {
    Value total = accumulate(b, rows, 1, init, [&](Value row, Value sum) {
      SmallVector<Value> at = {row};
      if (matrix)
        at.push_back(column);
      Point point = matrix ? Point{Lanes::Columns, row, column, width}
                           : Point{Lanes::Columns, Value(), row, width};
      store(op.getExclusive(), sum, at);
      Value x = Evaluator(*this, point).get(op.getOperand());
      sum = add ? arith::AddFOp::create(b, sum, x).getResult()
                : logAddExp(b, sum, x);
      store(op.getInclusive(), sum, at);
      return sum;
    });
    if (matrix)
      store(op.getTotal(), total, column);
  });
}

void TileLowering::lowerReduce(ReduceOp op) {
  RankedTensorType type = tileType(op.getOperand());
  Type element = type.getElementType();
  bool isFloat = isa<FloatType>(element);
  Lanes lanes = analysis.lanesOf(op.getOperand());
  int64_t across = extentAcross(type, lanes);
  int64_t along = extentAlong(type, lanes);
  int64_t width = widthFor(along), count = along;
  auto vector = VectorType::get({width}, element);

  double neutral = 0.0;
  auto kind = vector::CombiningKind::ADD;
  if (op.getKind() == ReduceKind::Max) {
    neutral = -std::numeric_limits<double>::infinity();
    kind = isFloat ? vector::CombiningKind::MAXIMUMF
                   : vector::CombiningKind::MAXSI;
  } else if (op.getKind() == ReduceKind::Min) {
    neutral = std::numeric_limits<double>::infinity();
    kind = isFloat ? vector::CombiningKind::MINIMUMF
                   : vector::CombiningKind::MINSI;
  }
  auto combine = [&](Value x, Value y) {
    return vector::makeArithReduction(b, b.getLoc(), kind, x, y);
  };
  // Lanes may be added in any order, the same one every time.
  auto flatten = [&](Value x) -> Value {
    return vector::ReductionOp::create(b, kind, x,
                                       isFloat ? arith::FastMathFlags::reassoc
                                               : arith::FastMathFlags::none);
  };
  auto at = [&](Value major, Value minor) {
    Point point{lanes, type.getRank() == 2 ? major : Value(), minor, width};
    return Evaluator(*this, point).get(op.getOperand());
  };
  Value init = splatConstant(b, vector, neutral);
  auto alongLanes = [&](Value major, Value sum) {
    return accumulate(b, count, width, sum, [&](Value minor, Value partial) {
      return combine(partial, at(major, minor));
    });
  };

  if (static_cast<int64_t>(op.getDims().size()) == type.getRank()) {
    Value sum = accumulate(b, across, 1, init, alongLanes);
    op.getResult().replaceAllUsesWith(flatten(sum));
    return;
  }
  Value result = bufferOf(op.getResult(), Form());
  bool overLanes = (op.getDims().front() == 1) == (lanes == Lanes::Columns);
  if (overLanes) {
    forRange(across, 1, [&](Value major) {
      memref::StoreOp::create(b, flatten(alongLanes(major, init)), result,
                              major);
    });
    return;
  }
  forRange(along, width, [&](Value minor) {
    Value sum = accumulate(b, across, 1, init, [&](Value major, Value partial) {
      return combine(partial, at(major, minor));
    });
    vector::StoreOp::create(b, sum, result, minor);
  });
}
