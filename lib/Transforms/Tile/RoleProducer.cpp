//===- RoleProducer.cpp - Carries the memories, and computes gates --------===//

#include "RoleSplitter.h"

using namespace mlir;
using namespace mlir::gsa;

using Part = RolePlan::Part;

/// The producer's values of a window and the next ones, from iteration to
/// iteration.
struct RoleSplitter::Carried {
  SmallVector<Value> lateVariables, variables, nextVariables;
  SmallVector<Value> lateScalars, scalars;
  SmallVector<Value> memories, nextLoads;

  SmallVector<SmallVector<Value> *> all() {
    return {&lateVariables, &variables, &nextVariables, &lateScalars,
            &scalars,       &memories,  &nextLoads};
  }
};

/// Emits one iteration: `late` lags, unless it is null, and `early` does not;
/// gates are those of `coming`. All know what they have of `carried`, which
/// becomes what the next iteration has.
void RoleSplitter::emitIteration(Window *late, Window &early, Window &coming,
                                 Window &later, Carried &carried) {
  SmallVector<Value> variables = getVariables(/*memories=*/false);
  SmallVector<Value> scalars(plan.getCrossingScalars());

  // Products run on while the gates are computed.
  SmallVector<std::pair<Operation *, Window *>> behind;
  DenseSet<Operation *> waits;
  auto begin = [&](bool lagging, Window &window) {
    for (Operation *op : plan.getOps(Part::Update)) {
      if (plan.lags(op) != lagging)
        continue;
      bool waiting = llvm::any_of(getUses(op), [&](Value use) {
        Operation *maker = use.getDefiningOp();
        return maker && (isa<tile::MmaOp>(maker) || waits.contains(maker)) &&
               !(isa<tile::MmaOp>(op) && use == op->getOperand(2) &&
                 !waits.contains(maker));
      });
      if (waiting) {
        waits.insert(op);
        behind.push_back({op, &window});
      } else {
        window.clone(op);
      }
    }
  };
  // Scans first, whose lanes meet: what lanes read of shared memory queues
  // behind what running products read of it.
  DenseSet<Operation *> scans;
  if (isAsync)
    scans = plan.getScans();
  emitGates(coming, [&](Operation *op) {
    return !plan.dependsOnMemory(op) && scans.contains(op);
  });
  if (late)
    begin(/*lagging=*/true, *late);
  begin(/*lagging=*/false, early);
  emitGates(coming, [&](Operation *op) {
    return !plan.dependsOnMemory(op) && !scans.contains(op);
  });
  carried.lateScalars = carried.scalars;
  carried.scalars = getAll(coming, scalars);
  carried.lateVariables = carried.variables;
  carried.variables = carried.nextVariables;
  carried.nextVariables = getAll(coming, getNext(/*memories=*/false));
  mapAll(later, variables, carried.nextVariables);
  carried.nextLoads = loadGates(later);
  for (auto [op, window] : behind)
    window->clone(op);

  // Each memory is now that of one window later.
  int64_t memory = 0;
  for (auto [i, argument] : llvm::enumerate(loop.getAfterArguments())) {
    if (!plan.isMemory(i))
      continue;
    Value &value = carried.memories[memory++];
    bool lagging = plan.memoryLags(i);
    if (lagging && !late)
      continue;
    value = (lagging ? *late : early).get(loop.getYieldOp().getOperand(i));
    Window &next = lagging ? early : coming;
    next.map(argument, value);
    next.put(argument);
  }
  emitGates(coming, [&](Operation *op) {
    return plan.dependsOnMemory(op) && !plan.lags(op);
  });
  if (late)
    emitGates(early, [&](Operation *op) {
      return plan.dependsOnMemory(op) && plan.lags(op);
    });
  meet(kProducer);
  fetchIf(later, kProducer,
          [&](tile::LoadOp load) { return !plan.lags(load); });
  if (late)
    fetchIf(coming, kProducer,
            [&](tile::LoadOp load) { return plan.lags(load); });
}

void RoleSplitter::emitProducer(Block *role) {
  b.setInsertionPointToStart(role);
  SmallVector<Value> variables = getVariables(/*memories=*/false);
  SmallVector<Value> memories = getVariables(/*memories=*/true);
  SmallVector<Value> scalars(plan.getCrossingScalars());
  SmallVector<Value> loaded(llvm::map_range(
      getGateLoads(), [](tile::LoadOp load) { return load.getResult(); }));

  // Window 0, and the loads of window 1.
  Value zero = index(0);
  Carried carried;
  Window first = window(zero, 0), second = window(zero, 1),
         third = window(zero, 2);
  carried.variables = getInitial(first, /*memories=*/false);
  mapAll(first, variables, carried.variables);
  // Gates first, which all wait for; but where they map what is fetched, they
  // need that as well.
  if (!inPlace.empty())
    fetchAll(first, kProducer);
  mapAll(first, loaded, loadGates(first));
  if (inPlace.empty())
    fetchAll(first, kProducer);
  emitGates(first, [&](Operation *op) { return !plan.dependsOnMemory(op); });
  carried.scalars = getAll(first, scalars);
  carried.nextVariables = getAll(first, getNext(/*memories=*/false));
  mapAll(second, variables, carried.nextVariables);
  carried.nextLoads = loadGates(second);
  awaitStages();
  carried.memories = getInitial(first, /*memories=*/true);
  mapAll(first, memories, carried.memories);
  llvm::for_each(memories, [&](Value memory) { first.put(memory); });
  emitGates(first, [&](Operation *op) { return plan.dependsOnMemory(op); });
  meet(kProducer);
  fetchAll(second, kProducer);
  if (getLead()) {
    // What crossed is read from its rings, as in the loop.
    Window early = window(zero, 0);
    mapAll(early, variables, carried.variables);
    mapAll(early, scalars, carried.scalars);
    mapAll(early, memories, carried.memories);
    mapAll(second, loaded, carried.nextLoads);
    emitIteration(/*late=*/nullptr, early, second, third, carried);
  }

  SmallVector<Value> inits = {zero};
  if (!getLead()) {
    carried.lateVariables.clear();
    carried.lateScalars.clear();
  }
  for (SmallVector<Value> *values : carried.all())
    llvm::append_range(inits, *values);
  scf::WhileOp copy = openLoop(inits, variables);
  ValueRange rest = copy.getAfterArguments();
  Value iteration = rest.front();
  rest = rest.drop_front();
  for (SmallVector<Value> *values : carried.all()) {
    *values = rest.take_front(values->size());
    rest = rest.drop_front(values->size());
  }
  int64_t lead = getLead();
  Window lagging = window(iteration, 0), current = window(iteration, lead),
         coming = window(iteration, lead + 1),
         later = window(iteration, lead + 2);
  if (lead) {
    mapAll(lagging, variables, carried.lateVariables);
    mapAll(lagging, scalars, carried.lateScalars);
    mapAll(lagging, memories, carried.memories);
  }
  mapAll(current, variables, carried.variables);
  mapAll(current, scalars, carried.scalars);
  mapAll(current, memories, carried.memories);
  mapAll(coming, variables, carried.nextVariables);
  mapAll(coming, loaded, carried.nextLoads);
  emitIteration(lead ? &lagging : nullptr, current, coming, later, carried);
  if (!lead) {
    carried.lateVariables.clear();
    carried.lateScalars.clear();
  }
  SmallVector<Value> yielded = {next(iteration)};
  for (SmallVector<Value> *values : carried.all())
    llvm::append_range(yielded, *values);
  scf::YieldOp::create(b, yielded);

  // What stands behind the loop sees its variables as they were left.
  b.setInsertionPointToEnd(role);
  land(kProducer);
  Window last = window(copy.getResult(0), 0);
  size_t plain = 1, memory = 1 + (2 + lead) * variables.size() +
                             (1 + lead) * scalars.size();
  for (auto [i, result] : llvm::enumerate(loop.getResults()))
    last.map(result, copy.getResult(plan.isMemory(i) ? memory++ : plain++));
  for (Operation *op = loop->getNextNode();
       op && !op->hasTrait<OpTrait::IsTerminator>(); op = op->getNextNode())
    if (!isa<tile::RolesOp>(op) && !isPure(op))
      last.clone(op);
  tile::YieldOp::create(b);
}
