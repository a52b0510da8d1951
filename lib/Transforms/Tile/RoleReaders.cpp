//===- RoleReaders.cpp - Read what the producer puts ----------------------===//

#include "RoleSplitter.h"

using namespace mlir;
using namespace mlir::gsa;

using Part = RolePlan::Part;

static bool isTile(Value value) {
  return isa<RankedTensorType>(value.getType());
}

std::pair<SmallVector<Value>, SmallVector<Value>>
RoleSplitter::getCounters() const {
  // Tiles that are variables and no memories are the gates' own.
  SmallVector<Value> variables, nextVariables;
  for (auto [variable, next] :
       llvm::zip(getVariables(/*memories=*/false), getNext(/*memories=*/false)))
    if (!isTile(variable)) {
      variables.push_back(variable);
      nextVariables.push_back(next);
    }
  return {std::move(variables), std::move(nextVariables)};
}

SmallVector<Value> RoleSplitter::getInitialCounters(Window &window) const {
  SmallVector<Value> initial;
  for (auto [i, init] : llvm::enumerate(loop.getInits()))
    if (!plan.isMemory(i) && !isTile(init))
      initial.push_back(window.get(init));
  return initial;
}

void RoleSplitter::emitConsumer(Block *block) {
  b.setInsertionPointToStart(block);
  SmallVector<Value> variables, nextVariables;
  std::tie(variables, nextVariables) = getCounters();
  SmallVector<Value> scalars(plan.getReadScalars());

  Value zero = index(0);
  Window first = window(zero, 0);
  SmallVector<Value> variables0 = getInitialCounters(first);
  mapAll(first, variables, variables0);
  fetchForExchange(first);
  fetchAll(first, kConsumer);
  meet(kConsumer);
  SmallVector<Value> scalars0 = getAll(first, scalars);
  Window second = window(zero, 1), third = window(zero, 2);
  mapAll(second, variables, getAll(first, nextVariables));
  fetchAll(second, kConsumer);

  int64_t lead = getLead();
  tile::ExchangeOp exchange = plan.getExchange();
  auto getReads = [&](bool lagging) {
    return llvm::filter_to_vector(plan.getOps(Part::Reads), [&](Operation *op) {
      return !isa<tile::LoadOp, tile::ExchangeOp>(op) && !plan.isWeighing(op) &&
             plan.lags(op) == lagging;
    });
  };
  auto emitAll = [](Window &window, ArrayRef<Operation *> ops) {
    llvm::for_each(ops, [&](Operation *op) { window.clone(op); });
  };
  SmallVector<Value> inits = {zero}, scalars1;
  llvm::append_range(inits, variables0);
  if (lead) {
    emitAll(first, getReads(/*lagging=*/false));
    first.sendParts(partsRing);
    fetchForExchange(second);
    meet(kConsumer);
    scalars1 = getAll(second, scalars);
    llvm::append_range(inits, getAll(second, variables));
    mapAll(third, variables, getAll(second, nextVariables));
    fetchIf(third, kConsumer,
            [&](tile::LoadOp load) { return !plan.lags(load); });
  }
  llvm::append_range(inits, scalars0);
  llvm::append_range(inits, scalars1);
  scf::WhileOp copy = openLoop(inits, variables);
  ValueRange rest = copy.getAfterArguments();
  auto take = [&](size_t count) {
    ValueRange taken = rest.take_front(count);
    rest = rest.drop_front(count);
    return taken;
  };
  Value iteration = take(1).front();
  Window lagging = window(iteration, 0), current = window(iteration, lead),
         coming = window(iteration, lead + 1),
         later = window(iteration, lead + 2);
  if (lead)
    mapAll(lagging, variables, take(variables.size()));
  SmallVector<Value> ahead = take(variables.size());
  mapAll(current, variables, ahead);
  if (lead)
    mapAll(lagging, scalars, take(scalars.size()));
  SmallVector<Value> currentScalars = take(scalars.size());
  mapAll(current, scalars, currentScalars);

  SmallVector<Value> comingVariables;
  auto enterComing = [&] {
    comingVariables = getAll(current, nextVariables);
    mapAll(coming, variables, comingVariables);
  };
  if (lead) {
    emitAll(current, getReads(/*lagging=*/false));
    // All blocks have read the parts before, then.
    lagging.receive(sentRing);
    current.sendParts(partsRing);
    enterComing();
    fetchForExchange(coming);
    emitAll(lagging, getReads(/*lagging=*/true));
  } else {
    for (Operation *op : plan.getOps(Part::Reads)) {
      if (isa<tile::LoadOp>(op))
        continue;
      current.clone(op);
      if (op == exchange) {
        enterComing();
        fetchForExchange(coming);
      }
    }
  }
  meet(kConsumer);
  if (!exchange)
    enterComing();
  SmallVector<Value> comingScalars = getAll(coming, scalars);
  mapAll(later, variables, getAll(coming, nextVariables));
  fetchIf(later, kConsumer,
          [&](tile::LoadOp load) { return !plan.lags(load); });
  fetchIf(lead ? coming : later, kConsumer,
          [&](tile::LoadOp load) { return plan.lags(load); });
  SmallVector<Value> yielded = {next(iteration)};
  if (lead)
    llvm::append_range(yielded, ahead);
  llvm::append_range(yielded, comingVariables);
  if (lead)
    llvm::append_range(yielded, currentScalars);
  llvm::append_range(yielded, comingScalars);
  scf::YieldOp::create(b, yielded);
  b.setInsertionPointToEnd(block);
  // What was made of no rows, behind the last window.
  if (lead)
    window(copy.getResult(0), 0).receive(sentRing);
  land(kConsumer);
  tile::YieldOp::create(b);
}

/// What it gets of a window's rings it gets behind the receipt of that window's
/// sums, when all that the window needs is known to be there.
void RoleSplitter::emitWeigher(Block *block) {
  b.setInsertionPointToStart(block);
  SmallVector<Value> variables, nextVariables;
  std::tie(variables, nextVariables) = getCounters();
  auto emitWindow = [&](Window &window) {
    window.receiveSums(partsRing);
    SmallVector<Value> coming = getAll(window, nextVariables);
    for (Operation *op : plan.getOps(Part::Reads))
      if (plan.isWeighing(op) && !isa<tile::LoadOp>(op))
        window.clone(op);
    window.send(sentRing);
    return coming;
  };
  Value zero = index(0);
  Window first = window(zero, 0);
  SmallVector<Value> inits = {zero}, variables0 = getInitialCounters(first);
  mapAll(first, variables, variables0);
  llvm::append_range(inits, variables0);
  llvm::append_range(inits, emitWindow(first));
  scf::WhileOp copy = openLoop(inits, variables);
  Value iteration = copy.getAfterArguments().front();
  ValueRange ahead = copy.getAfterArguments().take_back(variables.size());
  Window current = window(iteration, 1);
  mapAll(current, variables, ahead);
  SmallVector<Value> coming = emitWindow(current);
  SmallVector<Value> yielded = {next(iteration)};
  llvm::append_range(yielded, ahead);
  llvm::append_range(yielded, coming);
  scf::YieldOp::create(b, yielded);
  b.setInsertionPointToEnd(block);
  tile::YieldOp::create(b);
}
