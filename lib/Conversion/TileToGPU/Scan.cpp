//===- Scan.cpp - Running sums --------------------------------------------===//
//
// A dimension's coordinate is spread over bits of registers, lanes and warps.
// From its lowest bit up, blocks of elements become running sums of their own;
// each level then combines the blocks that differ in its bits.
//
// exp2 of running sums needs one exponential a block of registers, and one of
// each operand, which is a factor from one sum to the next and often needed
// anyway. Exponentials are a quarter as fast as products or less.
//
//===----------------------------------------------------------------------===//

#include "Lowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <limits>
#include <map>

using namespace mlir;
using namespace mlir::gsa;
using namespace mlir::tile;

namespace {
/// Neighbouring bits of a coordinate that one kind of position has.
struct Level {
  Layout::Input input;
  int64_t mask = 0;              ///< of the coordinate
  SmallVector<int64_t> position; ///< bits of the lane or warp, lowest first
};

/// A register's element: sums of its block up to it, and of the whole block.
struct Running {
  Coordinates others; ///< its coordinates in other dimensions
  int64_t at;         ///< its coordinate in this one, but for lane, warp
  Value inclusive;
  Value exclusive; ///< null for the first
  Value total;
};
} // namespace

static Value combine(ImplicitLocOpBuilder &b, ScanKind kind, Value x, Value y) {
  if (kind == ScanKind::Add)
    return arith::AddFOp::create(b, x, y);
  auto type = cast<FloatType>(x.getType());
  Value high = arith::MaximumFOp::create(b, x, y);
  Value gap = arith::NegFOp::create(
      b, math::AbsFOp::create(b, arith::SubFOp::create(b, x, y)));
  Value sum = arith::AddFOp::create(
      b, high, math::Log1pOp::create(b, math::ExpOp::create(b, gap)));
  Value infinity = arith::ConstantOp::create(
      b, b.getFloatAttr(type, std::numeric_limits<double>::infinity()));
  // -inf - -inf is no number, and neither is inf - inf.
  Value infinite = arith::CmpFOp::create(
      b, arith::CmpFPredicate::OEQ, math::AbsFOp::create(b, high), infinity);
  return arith::SelectOp::create(b, infinite, high, sum);
}

/// The levels of a dimension, lowest first; none if a lane or warp mixes it
/// with others.
static std::optional<SmallVector<Level>> findLevels(const Layout &layout,
                                                    int64_t dim) {
  int64_t size = 1;
  while (size < layout.getShape()[dim])
    size *= 2;
  SmallVector<Level> levels;
  for (int64_t bit = 1; bit < size; bit *= 2) {
    Layout::Input input = Layout::Input::Register;
    int64_t position = -1;
    for (Layout::Input where : {Layout::Input::Lane, Layout::Input::Warp})
      for (auto [i, base] : llvm::enumerate(layout.getBases(where))) {
        if (!(base[dim] & bit))
          continue;
        Coordinates alone(layout.getRank(), 0);
        alone[dim] = bit;
        if (base != alone || position >= 0)
          return std::nullopt;
        input = where;
        position = i;
      }
    if (levels.empty() || levels.back().input != input)
      levels.push_back({input, 0, {}});
    levels.back().mask |= bit;
    if (position >= 0)
      levels.back().position.push_back(position);
  }
  return levels;
}

/// Puts `before`, if any, in front of all sums of a register's block.
static void prepend(ImplicitLocOpBuilder &b, ScanKind kind, Running &running,
                    Value before) {
  if (!before)
    return;
  running.inclusive = combine(b, kind, before, running.inclusive);
  running.exclusive =
      running.exclusive ? combine(b, kind, before, running.exclusive) : before;
}

/// Combines blocks of registers that differ in the level's bits.
static void scanRegisters(ImplicitLocOpBuilder &b, ScanKind kind,
                          const Level &level,
                          MutableArrayRef<Running> elements) {
  // Rows of blocks; in each, blocks by coordinate.
  int64_t below = (level.mask & -level.mask) - 1;
  using Row = std::map<int64_t, SmallVector<Running *>>;
  std::map<std::pair<Coordinates, int64_t>, Row> rows;
  for (Running &element : elements)
    rows[{element.others, element.at & ~(level.mask | below)}]
        [element.at & level.mask]
            .push_back(&element);
  for (auto &[key, row] : rows) {
    Value before;
    for (auto &[at, block] : row) {
      Value total = block.front()->total;
      for (Running *element : block)
        prepend(b, kind, *element, before);
      before = before ? combine(b, kind, before, total) : total;
    }
    for (auto &[at, block] : row)
      for (Running *element : block)
        element->total = before;
  }
}

LogicalResult TileLowering::lower(ScanOp op) {
  const Layout &layout = layoutOf(op.getOperand());
  int64_t dim = op.getDim();
  ScanKind kind = op.getKind();
  std::optional<SmallVector<Level>> levels = findLevels(layout, dim);
  if (!levels)
    return op.emitOpError("must scan along a dimension that lanes and warps do "
                          "not mix with others, got ")
           << op.getOperand().getType();
  Type type =
      cast<RankedTensorType>(op.getOperand().getType()).getElementType();
  Value neutral = arith::ConstantOp::create(
      b, b.getFloatAttr(type, kind == ScanKind::Add
                                  ? 0.0
                                  : -std::numeric_limits<double>::infinity()));

  SmallVector<Running> elements;
  for (auto [i, value] : llvm::enumerate(unpack(get(op.getOperand())))) {
    Coordinates at = layout.apply(i, 0, 0);
    int64_t own = at[dim];
    at.erase(at.begin() + dim);
    elements.push_back({at, own, value, Value(), value});
  }
  for (const Level &level : *levels) {
    if (level.input == Layout::Input::Register) {
      scanRegisters(b, kind, level, elements);
      continue;
    }
    // Between lanes or warps: what blocks before this one's sum up to, and all.
    SmallVector<Value> totals;
    for (Running &element : elements)
      if (!llvm::is_contained(totals, element.total))
        totals.push_back(element.total);
    SmallVector<Value> before(totals.size(), neutral), all = totals;
    if (level.input == Layout::Input::Lane) {
      for (int64_t bit : level.position) {
        int64_t mask = int64_t(1) << bit;
        Value isUpper = arith::CmpIOp::create(
            b, arith::CmpIPredicate::ne,
            arith::AndIOp::create(b, role.worker.lane, constant(mask)),
            constant(0));
        for (auto [first, total] : llvm::zip_equal(before, all)) {
          Value other = device.emitShuffle(b, b.getLoc(), total, mask);
          Value both =
              first == neutral ? other : combine(b, kind, other, first);
          first = arith::SelectOp::create(b, isUpper, both, first);
          total = combine(b, kind, total, other);
        }
      }
    } else {
      FailureOr<SmallVector<SmallVector<Value>>> gathered =
          gatherWarps(op, totals, level.position);
      if (failed(gathered))
        return failure();
      SmallVector<int64_t> digits(
          64 - llvm::countl_zero(uint64_t(
                   role.party.threads / target.getFacts().warpLanes - 1)),
          0);
      for (auto [i, bit] : llvm::enumerate(level.position))
        digits[bit] = int64_t(1) << i;
      Value mine = emitBits(b, b.getLoc(), role.worker.warp, digits);
      for (size_t i = 0; i < totals.size(); ++i) {
        Value sum = (*gathered)[0][i];
        for (size_t warp = 1; warp < gathered->size(); ++warp) {
          Value isMine = arith::CmpIOp::create(b, arith::CmpIPredicate::eq,
                                               mine, constant(warp));
          before[i] = arith::SelectOp::create(b, isMine, sum, before[i]);
          sum = combine(b, kind, sum, (*gathered)[warp][i]);
        }
        all[i] = sum;
      }
    }
    for (Running &element : elements) {
      size_t i = llvm::find(totals, element.total) - totals.begin();
      prepend(b, kind, element, before[i]);
      element.total = all[i];
    }
  }

  SmallVector<Value> inclusive, exclusive, total;
  for (Running &element : elements) {
    inclusive.push_back(element.inclusive);
    exclusive.push_back(element.exclusive ? element.exclusive : neutral);
  }
  Layout dropped = layout.drop(dim);
  for (int64_t i = 0; i < dropped.getNumRegisters(); ++i) {
    Coordinates at = dropped.apply(i, 0, 0);
    for (Running &element : elements)
      if (element.others == at) {
        total.push_back(element.total);
        break;
      }
  }
  if (static_cast<int64_t>(total.size()) != dropped.getNumRegisters())
    return op.emitOpError("must leave totals that the lane holds, got ")
           << op.getOperand().getType();
  for (auto [result, values] : {std::pair(op.getInclusive(), inclusive),
                                std::pair(op.getExclusive(), exclusive)}) {
    if (layoutOf(result) != layout)
      return op.emitOpError("must give running sums as its operand lies, got ")
             << result.getType();
    set(result, pack(values));
  }
  FailureOr<Value> sums =
      renumber(op, pack(total), dropped, layoutOf(op.getTotal()));
  if (failed(sums))
    return failure();
  set(op.getTotal(), *sums);
  return success();
}

Value TileLowering::lowerExpOfSums(Operation *op) {
  auto exp = dyn_cast<math::Exp2Op>(op);
  if (!exp ||
      !bitEnumContainsAll(exp.getFastmath(), arith::FastMathFlags::reassoc))
    return {};
  // Of sums, less what is the same for all of them, or of all that negated.
  Value sums = exp.getOperand();
  auto negation = sums.getDefiningOp<arith::NegFOp>();
  if (negation)
    sums = negation.getOperand();
  BroadcastOp reference;
  if (auto difference = sums.getDefiningOp<arith::SubFOp>()) {
    sums = difference.getLhs();
    reference = difference.getRhs().getDefiningOp<BroadcastOp>();
    if (!reference)
      return {};
  }
  auto scan = sums.getDefiningOp<ScanOp>();
  if (!scan || scan.getKind() != ScanKind::Add || sums != scan.getInclusive() ||
      (reference && reference.getDim() != scan.getDim()))
    return {};
  const Layout &layout = layoutOf(sums);
  int64_t dim = scan.getDim();
  std::optional<SmallVector<Level>> levels = findLevels(layout, dim);
  if (!levels || levels->empty() ||
      levels->front().input != Layout::Input::Register)
    return {};

  // Neighbours that a lane holds, by what is the same for them.
  int64_t low = levels->front().mask;
  using Neighbours = std::map<int64_t, SmallVector<int64_t>>;
  std::map<std::pair<Coordinates, int64_t>, Neighbours> runs;
  for (int64_t i = 0; i < layout.getNumRegisters(); ++i) {
    Coordinates at = layout.apply(i, 0, 0);
    int64_t own = at[dim];
    at.erase(at.begin() + dim);
    runs[{at, own & ~low}][own & low].push_back(i);
  }
  Value steps = get(scan.getOperand());
  SmallVector<Value> ratios =
      unpack(math::Exp2Op::create(b, steps).getResult());
  SmallVector<Value> exponents = unpack(get(exp.getOperand()));
  SmallVector<Value> results(exponents.size());
  auto extend = [&](ArrayRef<int64_t> registers, Value before, Value ratio) {
    Value result = before
                       ? arith::MulFOp::create(b, before, ratio).getResult()
                       : math::Exp2Op::create(b, exponents[registers.front()]);
    for (int64_t i : registers)
      results[i] = result;
    return result;
  };
  for (auto &[key, run] : runs) {
    Value before, ratio;
    if (!negation) {
      for (auto &[at, registers] : run)
        before = extend(registers, before, ratios[registers.front()]);
      continue;
    }
    for (auto &[at, registers] : llvm::reverse(run)) {
      before = extend(registers, before, ratio);
      ratio = ratios[registers.front()];
    }
  }
  return pack(results);
}
