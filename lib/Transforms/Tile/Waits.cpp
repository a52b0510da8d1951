//===- Waits.cpp - When a role waits for its running products -------------===//

#include "Waits.h"
#include "RolePlan.h"

using namespace mlir;
using namespace mlir::gsa;

namespace {
/// Gives the ops of a block a new order, one at a time.
class Delayer {
public:
  Delayer(Block &block, function_ref<bool(tile::MmaOp)> isAsync)
      : block(block), isAsync(isAsync) {}

  void run() {
    SmallVector<Operation *> program;
    for (Operation &op : block.without_terminator())
      program.push_back(&op);
    for (Operation *op : program) {
      // Other roles, and other blocks, count on what came before.
      auto fetches = dyn_cast<tile::WaitFetchesOp>(op);
      if (isa<tile::BarrierOp, tile::ReceiveOp>(op) ||
          (fetches && !fetches.getTogether()))
        emitAll();
      offer(op);
      // And others wait for this.
      if (isa<tile::SendPartsOp>(op))
        emitAll();
    }
    emitAll();
  }

private:
  /// Sums that run and that `op` cannot take while they do.
  SmallVector<Value> findNeeded(Operation *op) const {
    SmallVector<Value> needed;
    auto mma = dyn_cast<tile::MmaOp>(op);
    bool addsOn = mma && isAsync(mma);
    for (Value use : getUses(op))
      if (llvm::is_contained(running, use) &&
          !(addsOn && use == mma.getAcc() && use != mma.getA() &&
            use != mma.getB()))
        needed.push_back(use);
    return needed;
  }
  static bool writes(Operation *op) {
    return op->getNumRegions() || hasEffect<MemoryEffects::Write>(op);
  }

  /// Emits `op`, or delays it.
  void offer(Operation *op) {
    bool late =
        !findNeeded(op).empty() || llvm::any_of(getUses(op), [&](Value use) {
          return delayedValues.contains(use);
        });
    if (late || (writes(op) && llvm::any_of(delayed, writes))) {
      delayed.push_back(op);
      delayedValues.insert(op->result_begin(), op->result_end());
      return;
    }
    emit(op);
  }
  void emit(Operation *op) {
    op->moveBefore(block.getTerminator());
    if (auto mma = dyn_cast<tile::MmaOp>(op);
        (mma && isAsync(mma)) || tile::isMessage(op))
      running.push_back(op->getResult(0));
  }
  /// Waits for what the first delayed op needs, until none is left.
  void emitAll() {
    while (!delayed.empty()) {
      SmallVector<Operation *> rest = std::move(delayed);
      delayed.clear();
      delayedValues.clear();
      Operation *first = rest.front();
      // Products end in the order in which they began.
      for (Value sum : findNeeded(first)) {
        auto *found = llvm::find(running, sum);
        if (found != running.end())
          running.erase(running.begin(), std::next(found));
      }
      emit(first);
      for (Operation *op : ArrayRef(rest).drop_front())
        offer(op);
    }
  }

  Block &block;
  function_ref<bool(tile::MmaOp)> isAsync;
  SmallVector<Value> running; ///< sums, in the order they were begun
  SmallVector<Operation *> delayed;
  DenseSet<Value> delayedValues;
};
} // namespace

void gsa::delayWaits(Block &block, function_ref<bool(tile::MmaOp)> isAsync) {
  if (llvm::any_of(block.getOps<tile::MmaOp>(), isAsync) ||
      !block.getOps<tile::ExchangeOp>().empty())
    Delayer(block, isAsync).run();
}

void gsa::insertWaits(Region &role, function_ref<bool(tile::MmaOp)> isAsync) {
  SmallVector<Operation *> running;
  role.walk([&](Operation *op) {
    auto mma = dyn_cast<tile::MmaOp>(op);
    if ((mma && isAsync(mma)) || tile::isMessage(op))
      running.push_back(op);
  });
  for (Operation *op : running) {
    Value sums = op->getResult(0);
    auto addsOn = [&](OpOperand &use) {
      auto next = dyn_cast<tile::MmaOp>(use.getOwner());
      return isa<tile::MmaOp>(op) && next && use.getOperandNumber() == 2 &&
             op->hasOneUse() && next->getBlock() == op->getBlock() &&
             isAsync(next);
    };
    Operation *first = nullptr;
    for (OpOperand &use : op->getUses()) {
      if (addsOn(use))
        continue;
      Operation *user = op->getBlock()->findAncestorOpInBlock(*use.getOwner());
      if (!first || user->isBeforeInBlock(first))
        first = user;
    }
    // What nobody needs, all blocks leave out: a wait without uses would go.
    if (!first && tile::isMessage(op))
      op->erase();
    if (!first)
      continue;
    // Other roles write what the product reads once they have met; and other
    // blocks send rows again once they have parts.
    for (Operation *at = op->getNextNode(); at && at != first;
         at = at->getNextNode())
      if (isa<tile::BarrierOp>(at) ||
          (isa<tile::GatherOp>(op) && isa<tile::ExchangeOp>(at))) {
        first = at;
        break;
      }
    OpBuilder builder(first);
    auto wait = tile::WaitOp::create(builder, op->getLoc(), sums);
    sums.replaceAllUsesExcept(wait.getResult(), wait);
  }
}
