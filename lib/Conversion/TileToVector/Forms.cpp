//===- Forms.cpp - How tiles lie in a core's memory -----------------------===//

#include "Forms.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::tile;

/// An inline value that is computed more than once must cost less than this, in
/// additions; behind it, a load and a store are cheaper.
constexpr int kSharedCost = 4;
constexpr int kFunctionCost = 8;

bool FormAnalysis::isInline(Operation *op) {
  return op && (isa<TransposeOp, BroadcastOp, IotaOp, tensor::SplatOp>(op) ||
                OpTrait::hasElementwiseMappableTraits(op) ||
                matchPattern(op, m_Constant()));
}

Value FormAnalysis::throughTransposes(Value value, Form &form) {
  while (auto transpose = value.getDefiningOp<TransposeOp>()) {
    value = transpose.getOperand();
    form = transposed(form);
  }
  return value;
}

/// What never needs scratch: it costs nothing to make, or cannot be stored.
static bool isFree(Value value) {
  Operation *op = value.getDefiningOp();
  return (op && (isa<IotaOp, tensor::SplatOp, TransposeOp, BroadcastOp>(op) ||
                 matchPattern(op, m_Constant()))) ||
         tileType(value).getElementType().isInteger(1);
}

/// An elementwise operation between tiles of one shape.
static bool isElementwise(Operation *op, RankedTensorType type) {
  return OpTrait::hasElementwiseMappableTraits(op) &&
         op->getNumResults() == 1 && isTile(op->getResult(0).getType()) &&
         tileType(op->getResult(0)).getShape() == type.getShape();
}

static bool isConstant(Value value) {
  return matchPattern(value, m_Constant());
}

Lanes FormAnalysis::lanesOf(Value value) const {
  if (auto found = carryLanes.find(value); found != carryLanes.end())
    return found->second;
  Operation *op = value.getDefiningOp();
  if (auto mma = dyn_cast_or_null<MmaOp>(op))
    if (auto plan = plans.find(mma); plan != plans.end())
      return plan->second.flipped ? Lanes::Rows : Lanes::Columns;
  if (!isInline(op) || isa<BroadcastOp, IotaOp, tensor::SplatOp>(op))
    return Lanes::Columns;
  if (auto transpose = dyn_cast<TransposeOp>(op))
    return other(lanesOf(transpose.getOperand()));
  for (Value operand : op->getOperands())
    if (isTile(operand.getType()) && tileType(operand).getRank() == 2 &&
        (!isFree(operand) || operand.getDefiningOp<TransposeOp>()))
      return lanesOf(operand);
  return Lanes::Columns;
}

/// A carried memory lies as the products that read it want their lanes. The
/// product that updates it follows, for it can run either way.
void FormAnalysis::chooseCarryLanes(Block &block) {
  auto wanted = [](Value value, Lanes lanes,
                   auto &self) -> std::optional<Lanes> {
    for (OpOperand &use : value.getUses()) {
      Operation *user = use.getOwner();
      if (isa<MmaOp>(user) && use.getOperandNumber() == 1)
        return lanes;
      if (!isInline(user) || isa<BroadcastOp>(user))
        continue;
      Lanes through = isa<TransposeOp>(user) ? other(lanes) : lanes;
      if (std::optional<Lanes> found = self(user->getResult(0), through, self))
        return found;
    }
    return std::nullopt;
  };
  block.walk([&](scf::WhileOp loop) {
    for (auto [i, carry] : llvm::enumerate(loop.getAfterArguments())) {
      if (!isTile(carry.getType()))
        continue;
      Lanes lanes =
          tileType(carry).getRank() == 2
              ? wanted(carry, Lanes::Columns, wanted).value_or(Lanes::Columns)
              : Lanes::Columns;
      carryLanes[carry] = carryLanes[loop.getBeforeArguments()[i]] =
          carryLanes[loop.getResult(i)] = lanes;
    }
  });
}

void FormAnalysis::planProducts(Block &block) {
  block.walk([&](MmaOp op) {
    ProductPlan &plan = plans[op];
    plan.flipped =
        !isConstant(op.getAcc()) && lanesOf(op.getAcc()) == Lanes::Rows;

    // Elementwise operations that follow at once run on the accumulators.
    Value last = op.getResult();
    auto next = [&]() -> Operation * {
      if (!last.hasOneUse())
        return nullptr;
      Operation *user = *last.getUsers().begin();
      bool follows = user->getBlock() == op->getBlock() &&
                     isElementwise(user, tileType(last)) &&
                     !tileType(user->getResult(0)).getElementType().isInteger();
      return follows ? user : nullptr;
    };
    while (Operation *user = next())
      last = user->getResult(0);
    bool onlyStreamed =
        last.hasOneUse() && isa<StoreOp, ReduceOp, ScanOp>(*last.user_begin());
    if (last == op.getResult() || onlyStreamed || epilogues.count(last))
      return;
    plan.epilogue = last;
    epilogues[last] = op;
  });
}

/// What computing `value` at a use costs.
int FormAnalysis::costOf(Value value) const {
  Operation *op = value.getDefiningOp();
  if (!isInline(op) || stored.contains(value))
    return 0;
  int cost = 1;
  if (isa<arith::DivFOp>(op) || (OpTrait::hasElementwiseMappableTraits(op) &&
                                 !isa<arith::ArithDialect>(op->getDialect())))
    cost = kFunctionCost;
  for (Value operand : op->getOperands())
    if (isTile(operand.getType()))
      cost += costOf(operand);
  return cost;
}

void FormAnalysis::findStored(Block &block) {
  auto store = [&](Value value) {
    if (!isTile(value.getType()))
      return;
    Form form;
    value = throughTransposes(value, form);
    stored.insert(value);
  };
  block.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (auto mma = dyn_cast<MmaOp>(op)) {
      store(mma.getA());
      store(mma.getB());
      if (!planOf(mma).epilogue)
        store(mma.getResult());
      return;
    }
    if (auto loop = dyn_cast<scf::WhileOp>(op)) {
      for (ValueRange carries : {ValueRange(loop.getResults()),
                                 ValueRange(loop.getBeforeArguments()),
                                 ValueRange(loop.getAfterArguments())})
        for (Value carry : carries)
          store(carry);
      return;
    }
    for (Value result : op->getResults()) {
      if (!isTile(result.getType()) || result.use_empty())
        continue;
      if (!isInline(op) || epilogues.count(result)) {
        store(result);
        continue;
      }
      if (isFree(result))
        continue;
      bool repeated = llvm::any_of(result.getUsers(), [](Operation *user) {
        return isa<BroadcastOp>(user);
      });
      bool carried = llvm::any_of(result.getUsers(), [](Operation *user) {
        return user->hasTrait<OpTrait::IsTerminator>();
      });
      if (repeated || carried ||
          (!result.hasOneUse() && costOf(result) >= kSharedCost))
        store(result);
    }
  });
}

void FormAnalysis::demand(Value value, Form form) {
  assert(stored.contains(value) && "only what is stored has forms");
  Form first{lanesOf(value), false};
  unsigned wanted = 1u << form.index();
  // Other lanes are copied from the first; what is not computed elementwise is
  // made in the first form too.
  if (form.lanes != first.lanes || !isInline(value.getDefiningOp()) ||
      epilogues.count(value))
    wanted |= 1u << first.index();
  forms[value] |= wanted;
  if (isInline(value.getDefiningOp()) && expanded.insert(value).second)
    readOperands(value.getDefiningOp(), first.lanes);
}

void FormAnalysis::read(Value value, Lanes lanes) {
  if (tileType(value).getRank() != 2)
    lanes = Lanes::Columns;
  if (stored.contains(value))
    return demand(value, {lanes, false});
  if (Operation *op = value.getDefiningOp())
    readOperands(op, lanes);
}

void FormAnalysis::readOperands(Operation *op, Lanes lanes) {
  if (isa<TransposeOp>(op))
    lanes = other(lanes);
  if (!isInline(op))
    return; // The product of an epilogue, which reads for itself.
  for (Value operand : op->getOperands())
    if (isTile(operand.getType()))
      read(operand, lanes);
}

void FormAnalysis::findForms(Block &block) {
  SmallVector<std::pair<Value, Form>> scalarFactors;
  block.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (auto mma = dyn_cast<MmaOp>(op)) {
      bool flipped = planOf(mma).flipped;
      bool paired = tileType(mma.getA()).getElementTypeBitWidth() == 16;
      Form form{flipped ? Lanes::Rows : Lanes::Columns, paired};
      Value base = throughTransposes(flipped ? mma.getA() : mma.getB(), form);
      demand(base, form);
      Form other{flipped ? Lanes::Rows : Lanes::Columns, false};
      base = throughTransposes(flipped ? mma.getB() : mma.getA(), other);
      scalarFactors.push_back({base, other});
      read(mma.getAcc(), lanesOf(mma.getResult()));
      if (!planOf(mma).epilogue && !mma.use_empty())
        demand(mma.getResult(), {lanesOf(mma.getResult()), false});
      return;
    }
    if (auto reduce = dyn_cast<ReduceOp>(op))
      read(reduce.getOperand(), lanesOf(reduce.getOperand()));
    else if (isa<ScanOp, StoreOp>(op))
      read(op->getOperand(0), Lanes::Columns);
    if (isa<scf::YieldOp, scf::ConditionOp, scf::WhileOp>(op))
      for (auto [i, operand] : llvm::enumerate(op->getOperands())) {
        if (!isTile(operand.getType()))
          continue;
        auto branch = dyn_cast<scf::IfOp>(op->getParentOp());
        if (branch && isa<scf::YieldOp>(op)) {
          read(operand, lanesOf(branch.getResult(i)));
          continue;
        }
        auto loop = dyn_cast<scf::WhileOp>(op);
        if (!loop)
          loop = cast<scf::WhileOp>(op->getParentOp());
        unsigned carry = isa<scf::ConditionOp>(op) ? i - 1 : i;
        read(operand, carryLanes.lookup(loop.getResult(carry)));
      }
    for (Value result : op->getResults())
      if (stored.contains(result) && !isInline(op))
        demand(result, {lanesOf(result), false});
    if (auto loop = dyn_cast<scf::WhileOp>(op))
      for (Value carry : loop.getAfterArguments())
        if (isTile(carry.getType()))
          demand(carry, {lanesOf(carry), false});
  });
  // The scalar factor takes what is there; of pairs, both orders will do.
  for (auto [value, form] : scalarFactors) {
    bool paired = tileType(value).getElementTypeBitWidth() == 16;
    Form alike = form;
    Form swapped{other(form.lanes), paired};
    if (hasForm(value, alike) || hasForm(value, swapped))
      continue;
    demand(value, lanesOf(value) == alike.lanes ? alike : swapped);
  }
}

void FormAnalysis::run(Block &block) {
  chooseCarryLanes(block);
  planProducts(block);
  findStored(block);
  findForms(block);
}
