//===- FuseScans.cpp - One sweep for what walks one time axis -------------===//
//
// Fusion is the point of the compiler: what one sweep holds is read once and
// stays on chip. Nothing here knows a model; two memories of one layer meet
// because they walk the same tokens in the same direction.
//
//===----------------------------------------------------------------------===//

#include "dialects/GSA/GSA.h"
#include "gsa/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::gsa {
#define GEN_PASS_DEF_FUSESCANSPASS
#include "gsa/Transforms/Passes.h.inc"
} // namespace mlir::gsa

using namespace mlir;
using namespace mlir::gsa;

namespace {
/// What sweeps must agree on to be one.
struct Axis {
  Value offsets;
  bool reverse;
  int64_t heads;

  bool operator==(const Axis &other) const {
    return offsets == other.offsets && reverse == other.reverse &&
           heads == other.heads;
  }
};

/// The sweep of a value that belongs to none: it can be computed in any.
constexpr int kAnySweep = -1;

/// Plans and builds the sweeps of one function.
class SweepPlanner {
public:
  explicit SweepPlanner(func::FuncOp func) : func(func) {}

  void plan();
  void build();

private:
  Axis axisOf(Operation *op) const;
  /// The first sweep in which `value` can be used: by an op of the sweep that
  /// makes it, or, if it is known only at that sweep's end, by the next.
  int firstUse(Value value, const Axis *axis) const;
  int place(Operation *op, const Axis &axis);
  /// Ops of sweep `index` in program order, with all they need of no sweep.
  SetVector<Operation *> membersOf(int index);

  func::FuncOp func;
  SmallVector<Axis> axes;
  llvm::MapVector<Operation *, int> sweepOf;
};
} // namespace

static bool isOverTime(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getRank() >= 3;
}

/// Ops that sweeps compute; the rest of a function (sizes, scalars, tables of
/// one value a head) stays where it is.
static bool isSweepable(Operation *op) {
  if (isa<MemoryOp, ReadOp, FinalStateOp, SoftmaxOp, SoftmaxDecayOp>(op))
    return true;
  return (OpTrait::hasElementwiseMappableTraits(op) ||
          isa<tensor::SplatOp>(op)) &&
         llvm::all_of(op->getResultTypes(), isOverTime);
}

Axis SweepPlanner::axisOf(Operation *op) const {
  if (auto read = dyn_cast<ReadOp>(op))
    op = read.getMemory().getDefiningOp();
  if (auto state = dyn_cast<FinalStateOp>(op))
    op = state.getMemory().getDefiningOp();
  if (auto memory = dyn_cast<MemoryOp>(op))
    return {memory.getOffsets(), memory.getReverse(),
            memory.getType().getHeads()};
  auto decay = cast<SoftmaxDecayOp>(op);
  return {decay.getOffsets(), decay.getReverse(),
          cast<RankedTensorType>(decay.getLogits().getType()).getDimSize(2)};
}

int SweepPlanner::firstUse(Value value, const Axis *axis) const {
  Operation *def = value.getDefiningOp();
  const auto *found = def ? sweepOf.find(def) : sweepOf.end();
  if (found == sweepOf.end() || found->second == kAnySweep)
    return kAnySweep;
  bool onlyAtEnd =
      isa<FinalStateOp>(def) || (isa<SoftmaxDecayOp>(def) &&
                                 value == cast<SoftmaxDecayOp>(def).getFinal());
  bool otherAxis = axis && !(axes[found->second] == *axis);
  return found->second + (onlyAtEnd || otherAxis ? 1 : 0);
}

int SweepPlanner::place(Operation *op, const Axis &axis) {
  int first = 0;
  auto depend = [&](Operation *user) {
    for (Value operand : user->getOperands())
      if (!isa<MemoryType>(operand.getType()))
        first = std::max(first, firstUse(operand, &axis));
  };
  depend(op);
  // A memory is computed where it is read.
  for (Value operand : op->getOperands())
    if (auto memory = operand.getDefiningOp<MemoryOp>())
      depend(memory);
  for (int i = first, e = axes.size(); i < e; ++i)
    if (axes[i] == axis)
      return i;
  axes.push_back(axis);
  return axes.size() - 1;
}

void SweepPlanner::plan() {
  for (Operation &op : func.getBody().front().without_terminator()) {
    if (!isSweepable(&op))
      continue;
    if (isa<ReadOp, FinalStateOp, SoftmaxDecayOp>(op)) {
      sweepOf[&op] = place(&op, axisOf(&op));
      continue;
    }
    if (isa<MemoryOp>(op)) {
      sweepOf[&op] = kAnySweep;
      continue;
    }
    int last = kAnySweep;
    for (Value operand : op.getOperands())
      last = std::max(last, firstUse(operand, /*axis=*/nullptr));
    sweepOf[&op] = last;
  }
}

SetVector<Operation *> SweepPlanner::membersOf(int index) {
  DenseSet<Operation *> members;
  auto need = [&](Value value, auto &self) -> void {
    Operation *def = value.getDefiningOp();
    auto *found = def ? sweepOf.find(def) : sweepOf.end();
    if (found == sweepOf.end() || found->second != kAnySweep ||
        !members.insert(def).second)
      return;
    for (Value operand : def->getOperands())
      self(operand, self);
  };
  for (auto [op, sweep] : sweepOf)
    if (sweep == index) {
      members.insert(op);
      for (Value operand : op->getOperands())
        need(operand, need);
    }
  // Results that no memory has a part in are made by the first sweep.
  if (index == 0)
    for (Value value : func.getBody().front().getTerminator()->getOperands())
      need(value, need);
  SetVector<Operation *> ordered;
  for (auto [op, sweep] : sweepOf)
    if (members.contains(op))
      ordered.insert(op);
  return ordered;
}

void SweepPlanner::build() {
  Operation *terminator = func.getBody().front().getTerminator();
  OpBuilder builder(terminator);
  if (axes.empty() && !sweepOf.empty())
    axes.push_back({Value(), false, 0});

  // Values that leave the sweep that made them, by their original.
  DenseMap<Value, Value> handedOut;
  SmallVector<SetVector<Operation *>> members;
  for (int index = 0, e = axes.size(); index < e; ++index)
    members.push_back(membersOf(index));
  for (int index = 0, e = axes.size(); index < e; ++index) {
    SmallVector<Value> results;
    for (Operation *op : members[index])
      for (Value result : op->getResults())
        if (!isa<MemoryType>(result.getType()) && !handedOut.count(result) &&
            llvm::any_of(result.getUsers(), [&](Operation *user) {
              if (!sweepOf.contains(user))
                return true;
              // What belongs to no sweep is computed again.
              return sweepOf.lookup(op) != kAnySweep &&
                     llvm::any_of(ArrayRef(members).drop_front(index + 1),
                                  [&](const SetVector<Operation *> &later) {
                                    return later.contains(user);
                                  });
            }))
          results.push_back(result);

    SmallVector<Type> types(ValueRange(results).getTypes());
    auto sweep =
        SweepOp::create(builder, func.getLoc(), types, axes[index].reverse);
    OpBuilder inner(builder.getContext());
    inner.setInsertionPointToStart(&sweep.getBody().emplaceBlock());
    IRMapping mapping;
    for (auto [from, to] : handedOut)
      mapping.map(from, to);
    for (Operation *op : members[index])
      inner.clone(*op, mapping);
    SmallVector<Value> yielded;
    for (Value result : results)
      yielded.push_back(mapping.lookup(result));
    YieldOp::create(inner, func.getLoc(), yielded);
    for (auto [from, to] : llvm::zip(results, sweep.getResults()))
      handedOut[from] = to;
  }

  for (OpOperand &operand : terminator->getOpOperands())
    if (Value to = handedOut.lookup(operand.get()))
      operand.set(to);
  for (auto [op, sweep] : llvm::reverse(sweepOf))
    op->erase();
}

namespace {
struct FuseScansPass : gsa::impl::FuseScansPassBase<FuseScansPass> {
  void runOnOperation() override {
    SweepPlanner planner(getOperation());
    planner.plan();
    planner.build();
  }
};
} // namespace
