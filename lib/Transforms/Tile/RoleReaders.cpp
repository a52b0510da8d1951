//===- RoleReaders.cpp - Read what the producer puts ----------------------===//

#include "RoleSplitter.h"

using namespace mlir;
using namespace mlir::gsa;

using Part = RolePlan::Part;

static bool isTile(Value value) {
  return isa<RankedTensorType>(value.getType());
}

void RoleSplitter::emitConsumer(Block *block, unsigned role) {
  b.setInsertionPointToStart(block);
  bool isFirst = role == kConsumer;
  // Tiles that are variables and no memories are the gates' own.
  SmallVector<Value> variables, nextVariables, inits;
  for (auto [variable, next] :
       llvm::zip(getVariables(/*memories=*/false), getNext(/*memories=*/false)))
    if (!isTile(variable)) {
      variables.push_back(variable);
      nextVariables.push_back(next);
    }
  SmallVector<Value> scalars(plan.getReadScalars());

  Value zero = index(0);
  Window first = window(zero, 0);
  SmallVector<Value> variables0;
  for (auto [i, init] : llvm::enumerate(loop.getInits()))
    if (!plan.isMemory(i) && !isTile(init))
      variables0.push_back(first.get(init));
  mapAll(first, variables, variables0);
  if (isFirst)
    fetchForExchange(first);
  fetchAll(first, role);
  meet(role);
  SmallVector<Value> scalars0 = getAll(first, scalars);
  Window second = window(zero, 1), third = window(zero, 2);
  mapAll(second, variables, getAll(first, nextVariables));
  fetchAll(second, role);

  int64_t lead = getLead();
  tile::ExchangeOp exchange = plan.getExchange();
  auto emitReads = [&](Window &window, Window *before,
                       function_ref<void()> behindExchange) {
    for (Operation *op : plan.getOps(Part::Reads)) {
      if (isa<tile::LoadOp>(op) || plan.lags(op))
        continue;
      // The others have read the parts before, then.
      if (op == exchange && before)
        before->awaitSent(sentRing);
      window.clone(op);
      if (op == exchange)
        behindExchange();
    }
    if (hasReader())
      window.send(sentRing, static_cast<int64_t>(exchange.getBlocks()));
  };
  inits = {zero};
  llvm::append_range(inits, variables0);
  SmallVector<Value> scalars1;
  if (lead) {
    if (isFirst)
      emitReads(first, nullptr, [&] { fetchForExchange(second); });
    meet(role);
    scalars1 = getAll(second, scalars);
    llvm::append_range(inits, getAll(second, variables));
    mapAll(third, variables, getAll(second, nextVariables));
    fetchIf(third, role, [&](tile::LoadOp load) { return !plan.lags(load); });
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
  SmallVector<Value> ahead;
  if (lead)
    mapAll(lagging, variables, take(variables.size()));
  ahead = take(variables.size());
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
  if (isFirst) {
    emitReads(current, lead ? &lagging : nullptr, [&] {
      enterComing();
      fetchForExchange(coming);
    });
  } else {
    lagging.receive(sentRing);
    for (Operation *op : plan.getOps(Part::Reads))
      if (plan.lags(op) && !isa<tile::LoadOp>(op))
        lagging.clone(op);
  }
  meet(role);
  if (!exchange || !isFirst)
    enterComing();
  SmallVector<Value> comingScalars = getAll(coming, scalars);
  mapAll(later, variables, getAll(coming, nextVariables));
  fetchIf(later, role, [&](tile::LoadOp load) { return !plan.lags(load); });
  fetchIf(lead ? coming : later, role,
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
  if (hasReader() && !isFirst)
    window(copy.getResult(0), 0).receive(sentRing);
  land(role);
  tile::YieldOp::create(b);
}
