//===- RolePlan.cpp - What of a body belongs to which role ----------------===//

#include "RolePlan.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace mlir::gsa;

static bool isTile(Value value) {
  return isa<RankedTensorType>(value.getType());
}

SetVector<Value> gsa::getUses(Operation *op) {
  SetVector<Value> uses;
  uses.insert(op->getOperands().begin(), op->getOperands().end());
  getUsedValuesDefinedAbove(op->getRegions(), uses);
  return uses;
}

/// Bytes of a tile in memory.
static int64_t bytesOf(Value tile) {
  auto type = cast<RankedTensorType>(tile.getType());
  return type.getNumElements() * type.getElementTypeBitWidth() / 8;
}

/// `result` += all that `seeds` in the body depend on, without loop variables.
static void addBackwardSlice(Block &body, ArrayRef<Value> seeds,
                             DenseSet<Operation *> &result) {
  SmallVector<Value> work(seeds);
  while (!work.empty()) {
    Operation *op = work.pop_back_val().getDefiningOp();
    op = op ? body.findAncestorOpInBlock(*op) : nullptr;
    if (!op || !result.insert(op).second)
      continue;
    llvm::append_range(work, getUses(op));
  }
}

/// All ops of the body that depend on `seeds`.
static DenseSet<Operation *> getForwardSlice(Block &body,
                                             ArrayRef<Value> seeds) {
  DenseSet<Operation *> result;
  DenseSet<Value> reached(seeds.begin(), seeds.end());
  for (Operation &op : body) {
    bool uses = llvm::any_of(getUses(&op),
                             [&](Value use) { return reached.contains(use); });
    if (!uses)
      continue;
    result.insert(&op);
    reached.insert(op.result_begin(), op.result_end());
  }
  return result;
}

bool RolePlan::isShared(Value value) const {
  Operation *op = value.getDefiningOp();
  if (!op || !getBody().findAncestorOpInBlock(*op))
    return false;
  return isIn(op, Part::Shared);
}

DenseSet<Operation *> RolePlan::getScans() const {
  DenseSet<Operation *> scans;
  for (Operation *op : getOps(Part::Gates))
    if (isa<tile::ScanOp>(op))
      addBackwardSlice(getBody(), llvm::to_vector_of<Value>(op->getResults()),
                       scans);
  return scans;
}

LogicalResult RolePlan::findMemories() {
  Block &body = getBody();
  scf::YieldOp yield = loop.getYieldOp();
  if (loop.getConditionOp().getArgs() != loop.getBeforeArguments() ||
      loop.getBeforeArguments().size() != loop.getAfterArguments().size())
    return loop.emitOpError("a loop over windows must pass its variables on "
                            "unchanged to be split into roles");
  for (auto [i, argument] : llvm::enumerate(loop.getAfterArguments())) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type || type.getRank() != 2)
      continue;
    DenseSet<Operation *> back;
    addBackwardSlice(body, yield.getOperand(i), back);
    DenseSet<Operation *> cycle;
    for (Operation *op : getForwardSlice(body, {argument}))
      if (back.contains(op))
        cycle.insert(op);
    if (llvm::none_of(cycle, llvm::IsaPred<tile::MmaOp>))
      continue;
    memories.insert(i);
    for (Operation *op : cycle)
      parts[op] = Part::Update;
  }
  if (memories.empty())
    return loop.emitOpError("a loop over windows must update a memory by a "
                            "product to be split into roles, got none");
  return success();
}

void RolePlan::findParts() {
  Block &body = getBody();
  // Scalars, coordinates, and what moves nothing.
  auto isSharedOp = [&](Operation &op) {
    if (!isPure(&op) || op.getNumRegions() || op.getNumResults() != 1 ||
        isIn(&op, Part::Update))
      return false;
    if (isa<tile::BroadcastOp, tile::TransposeOp, tile::IotaOp, tensor::SplatOp,
            arith::ConstantOp>(op))
      return true;
    bool onTiles = isTile(op.getResult(0));
    return llvm::all_of(op.getOperands(), [&](Value operand) {
      if (!isTile(operand))
        return true;
      // Tiles that follow from coordinates alone.
      Operation *maker = operand.getDefiningOp();
      if (!onTiles || !maker)
        return false;
      if (isIn(maker, Part::Shared))
        return !isa<tile::BroadcastOp, tile::TransposeOp>(maker) ||
               llvm::none_of(maker->getOperands(), isTile);
      return !body.findAncestorOpInBlock(*maker) &&
             isa<arith::ConstantOp, tile::IotaOp, arith::CmpIOp>(maker);
    });
  };
  for (Operation &op : body.without_terminator())
    if (isSharedOp(op))
      parts[&op] = Part::Shared;

  DenseSet<Operation *> needed;
  addBackwardSlice(body, llvm::to_vector(loop.getYieldOp().getOperands()),
                   needed);
  for (Operation &op : body.without_terminator())
    if (!parts.count(&op))
      parts[&op] = needed.contains(&op) ? Part::Gates : Part::Reads;
  SmallVector<Value> variables;
  for (auto [i, argument] : llvm::enumerate(loop.getAfterArguments()))
    if (isMemory(i))
      variables.push_back(argument);
  fromMemory = getForwardSlice(body, variables);
}

/// An elementwise op of the reads that takes only what the gates or memories
/// give joins the gates, if then no more bytes cross.
void RolePlan::joinGates() {
  // What a tile is made of when sharing is looked through.
  auto isGiven = [&](Value value, auto &self) -> bool {
    Operation *op = value.getDefiningOp();
    if (!isTile(value))
      return true;
    if (!op)
      return true; // A memory, or another variable.
    if (!getBody().findAncestorOpInBlock(*op) || isIn(op, Part::Gates))
      return true;
    return isIn(op, Part::Shared) &&
           llvm::all_of(op->getOperands(),
                        [&](Value operand) { return self(operand, self); });
  };
  for (Operation &op : getBody().without_terminator()) {
    if (!isIn(&op, Part::Reads) || op.getNumResults() != 1 ||
        !OpTrait::hasElementwiseMappableTraits(&op))
      continue;
    int64_t in = 0;
    bool given = true;
    for (Value operand : op.getOperands()) {
      if (isTile(operand) && !isShared(operand))
        in += bytesOf(operand);
      given &= isGiven(operand, isGiven);
    }
    // What is loaded by the gates is loaded for them: no read joins for it.
    bool fromLoad = llvm::any_of(op.getOperands(), [](Value operand) {
      return operand.getDefiningOp<tile::LoadOp>() != nullptr;
    });
    if (given && !fromLoad && in >= bytesOf(op.getResult(0)))
      parts[&op] = Part::Gates;
  }
}

void RolePlan::findCrossings() {
  Block &body = getBody();
  DenseSet<Operation *> seen;
  // What an op of `part` takes, with sharing looked through.
  auto cross = [&](Value value, Part part, auto &self) -> void {
    Operation *op = value.getDefiningOp();
    auto variable = dyn_cast<BlockArgument>(value);
    if (variable && variable.getOwner() == &body && isTile(value) &&
        part == Part::Reads)
      tiles.insert(value);
    if (!op || op->getBlock() != &body)
      return;
    if (isIn(op, Part::Shared)) {
      for (Value operand : op->getOperands())
        self(operand, part, self);
      return;
    }
    if (auto load = dyn_cast<tile::LoadOp>(op)) {
      if (part == Part::Gates) {
        if (!llvm::is_contained(gateLoads, load))
          gateLoads.push_back(load);
      } else {
        fetches.insert(load);
      }
      return;
    }
    if (part == Part::Gates || !isIn(op, Part::Gates))
      return;
    (isTile(value) ? tiles : scalars).insert(value);
    if (part == Part::Reads && !isTile(value))
      readScalars.insert(value);
  };
  for (Operation &op : body.without_terminator()) {
    Part part = parts.lookup(&op);
    if (part == Part::Shared || isa<tile::LoadOp>(op))
      continue;
    for (Value use : getUses(&op))
      cross(use, part, cross);
  }
  // What makes the next window's place known crosses too.
  for (auto [i, next] : llvm::enumerate(loop.getYieldOp().getOperands()))
    if (!isTile(next))
      cross(next, Part::Reads, cross);
}

void RolePlan::findExchange() {
  for (Operation *op : getOps(Part::Reads))
    if ((exchange = dyn_cast<tile::ExchangeOp>(op)))
      break;
  if (!exchange)
    return;
  DenseSet<Operation *> before;
  addBackwardSlice(getBody(), {exchange.getOperand()}, before);
  auto isBefore = [&](Value value, auto &self) -> bool {
    return llvm::all_of(value.getUsers(), [&](Operation *user) {
      user = getBody().findAncestorOpInBlock(*user);
      if (!isIn(user, Part::Shared))
        return before.contains(user);
      return self(user->getResult(0), self);
    });
  };
  for (tile::LoadOp load : fetches)
    if (isBefore(load.getResult(), isBefore))
      forExchange.insert(load);
}

SmallVector<Operation *> RolePlan::getUsers(Value value) const {
  SmallVector<Operation *> users;
  for (Operation *user : value.getUsers()) {
    user = getBody().findAncestorOpInBlock(*user);
    if (!user || user == getBody().getTerminator())
      continue;
    if (isIn(user, Part::Shared))
      llvm::append_range(users, getUsers(user->getResult(0)));
    else
      users.push_back(user);
  }
  return users;
}

Value RolePlan::getMapped(tile::LoadOp load) const {
  Value tile = load.getResult();
  while (!tiles.contains(tile)) {
    if (!tile.hasOneUse())
      return {};
    Operation *user = *tile.user_begin();
    if (user->getNumOperands() != 1 || user->getNumResults() != 1 ||
        !OpTrait::hasElementwiseMappableTraits(user))
      return {};
    tile = user->getResult(0);
  }
  return tile.getType() == load.getType() ? tile : Value();
}

bool RolePlan::needsZeros(tile::LoadOp load) const {
  bool isUsed = false;
  for (auto [i, result] : llvm::enumerate(loop.getResults()))
    isUsed |= isMemory(i) && !memoryLags(i) && !result.use_empty();
  return hasWeigher() && isUsed &&
         llvm::any_of(getUsers(load.getResult()), [&](Operation *user) {
           return isIn(user, Part::Update) && !lags(user);
         });
}

bool RolePlan::isReadLate(Value value) const {
  return llvm::any_of(getUsers(value),
                      [&](Operation *user) { return lags(user); });
}

bool RolePlan::isWeighed(Value value) const {
  return llvm::any_of(getUsers(value),
                      [&](Operation *user) { return isWeighing(user); });
}

bool RolePlan::outlivesWindow(Value value) const {
  return isReadLate(value) &&
         !llvm::all_of(getUsers(value),
                       [&](Operation *user) { return lags(user); });
}

LogicalResult RolePlan::findLag() {
  Block &body = getBody();
  SmallVector<Operation *> reads =
      llvm::filter_to_vector(getOps(Part::Reads), [](Operation *op) {
        return !isa<tile::LoadOp>(op);
      });
  if (int64_t count = llvm::count_if(reads, llvm::IsaPred<tile::ExchangeOp>);
      count != 1)
    return loop.emitOpError("a loop over windows must have one tile.exchange "
                            "to have a weigher, got ")
           << count;
  DenseSet<Operation *> before;
  addBackwardSlice(body, {exchange.getResult()}, before);
  auto *product = llvm::find_if(reads, [&](Operation *op) {
    return isa<tile::MmaOp>(op) && !before.contains(op);
  });
  for (Operation *op : llvm::make_range(product, reads.end()))
    if (!before.contains(op))
      late.insert(op);
  for (Operation *op : llvm::make_range(reads.begin(), product))
    if (!before.contains(op))
      weighing.insert(op);

  // What goes from one of the three parts of the reads to another.
  SetVector<Value> crossing;
  for (Operation *op : reads)
    for (Value result : op->getResults())
      for (Operation *user : getUsers(result))
        if (result != exchange.getResult() &&
            (lags(op) != lags(user) || isWeighing(op) != isWeighing(user)))
          crossing.insert(result);
  if (crossing.size() != 1 || !isTile(crossing.front()) ||
      !isWeighing(crossing.front().getDefiningOp()))
    return loop.emitOpError("a loop over windows must have one tile that "
                            "products take of what stands behind its "
                            "tile.exchange to have a weigher, got ")
           << crossing.size() << " values";
  sent = crossing.front();

  // Memories that only late reads use, and what is made of them.
  for (auto [i, argument] : llvm::enumerate(loop.getAfterArguments())) {
    if (!isMemory(i))
      continue;
    DenseSet<Operation *> from = getForwardSlice(body, {argument});
    if (llvm::any_of(from, [&](Operation *op) {
          return isIn(op, Part::Reads) && !late.contains(op);
        }))
      continue;
    lateMemories.insert(i);
    for (Operation *op : from)
      if (isIn(op, Part::Update) || isIn(op, Part::Gates))
        late.insert(op);
  }
  for (tile::LoadOp load : fetches)
    if (llvm::all_of(getUsers(load.getResult()),
                     [&](Operation *user) { return late.contains(user); }))
      late.insert(load);

  // Other memories' updates run a window earlier.
  for (auto [i, argument] : llvm::enumerate(loop.getAfterArguments()))
    if (isMemory(i) && !memoryLags(i))
      for (Operation *op : getForwardSlice(body, {argument}))
        if (lags(op) && !isIn(op, Part::Reads))
          return op->emitOpError("must not be needed a window later, behind a "
                                 "tile.exchange, with a weigher");
  return success();
}

LogicalResult RolePlan::run() {
  if (failed(findMemories()))
    return failure();
  findParts();
  joinGates();
  findCrossings();
  findExchange();
  // A stage without reads has nothing to share.
  if (weighs && !getOps(Part::Reads).empty() && failed(findLag()))
    return failure();
  for (Value tile : tiles)
    if (auto variable = dyn_cast<BlockArgument>(tile))
      if (!isMemory(variable.getArgNumber()))
        return loop.emitOpError("a loop over windows must read no variable but "
                                "memories to be split into roles, got one of ")
               << tile.getType();
  // Without reads the consumer fetches at most.
  SmallVector<Operation *> reads = getOps(Part::Reads);
  if (reads.empty() || llvm::any_of(reads, [](Operation *op) {
        return isa<tile::StoreOp>(op) || op->getNumRegions();
      }))
    return success();
  return loop.emitOpError("a loop over windows must store what it reads to be "
                          "split into roles, got no store");
}

SmallVector<Operation *> RolePlan::getOps(Part part) const {
  SmallVector<Operation *> ops;
  for (Operation &op : getBody().without_terminator())
    if (isIn(&op, part))
      ops.push_back(&op);
  return ops;
}
