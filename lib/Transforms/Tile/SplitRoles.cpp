//===- SplitRoles.cpp - A block's warps share the work by roles -----------===//
//
// The loop over windows becomes two loops that run side by side. Window i:
//
//   producer   update(i), gates(i + 1)     carries the memories
//   consumer   reads(i), and fetches for both
//
// Gates run a window ahead (the loop is rotated), so that the consumer always
// has everything of its window, and loads two ahead, since the gates of window
// i + 1 tell where window i + 2 begins. Behind the last window gates run once
// more on no rows: loads give zeros there, and nobody reads the result.
//
// Tiles cross in rings of two slots; one barrier ends each iteration.
//
//===----------------------------------------------------------------------===//

#include "RolePlan.h"
#include "dialects/GSA/GSA.h"
#include "dialects/GSA/GSANames.h"
#include "gsa/Target/DeviceTarget.h"
#include "gsa/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::gsa {
#define GEN_PASS_DEF_SPLITROLESPASS
#include "gsa/Transforms/Passes.h.inc"
} // namespace mlir::gsa

using namespace mlir;
using namespace mlir::gsa;

/// Numbers of the roles.
constexpr unsigned kConsumer = 0, kProducer = 1;

/// Versions of what crosses: one is read while the next is written.
constexpr int64_t kSlots = 2;
/// Warps of a producer whose consumer reads nothing: its chain is all there is.
constexpr int64_t kWarpsAlone = 8;

static bool isTile(Value value) {
  return isa<RankedTensorType>(value.getType());
}

namespace {
using Part = RolePlan::Part;

/// One window of one role, while its ops are being made at the builder's
/// insertion point. Finds what values of the original body are in this window.
class Window {
public:
  Window(ImplicitLocOpBuilder &b, const RolePlan &plan,
         const llvm::MapVector<Value, Value> &rings, Value iteration,
         int64_t ahead)
      : b(b), plan(plan), rings(rings), iteration(iteration), ahead(ahead) {}

  void map(Value original, Value here) { values.map(original, here); }
  /// The value in this window: known, made anew, or read from its ring.
  Value get(Value original);
  /// Copies an op of the body, with its regions.
  void clone(Operation *op);
  /// Writes a value, or the results of an op, to the rings they cross in.
  void putResults(Operation *op) {
    for (Value result : op->getResults())
      put(result);
  }
  void put(Value original);
  void fetch(tile::LoadOp load);
  Value load(tile::LoadOp load);

private:
  ImplicitLocOpBuilder &b;
  const RolePlan &plan;
  const llvm::MapVector<Value, Value> &rings;
  Value iteration;
  int64_t ahead;
  IRMapping values;
};

class RoleSplitter {
public:
  RoleSplitter(const RolePlan &plan, std::array<int64_t, 2> warps,
               bool hasBoxCopies)
      : plan(plan), warps(warps), hasBoxCopies(hasBoxCopies),
        loop(plan.getLoop()), b(loop.getLoc(), loop.getContext()) {}
  void run();

private:
  void makeRings();
  void emitProducer(Block *role);
  void emitConsumer(Block *role);

  Window window(Value iteration, int64_t ahead) {
    return Window(b, plan, rings, iteration, ahead);
  }
  /// Variables that are no memories, and their values.
  SmallVector<Value> getVariables(bool memories) const;
  SmallVector<Value> getNext(bool memories) const;
  static void mapAll(Window &window, ArrayRef<Value> from, ValueRange to) {
    for (auto [original, here] : llvm::zip_equal(from, to))
      window.map(original, here);
  }
  static SmallVector<Value> getAll(Window &window, ArrayRef<Value> values) {
    return llvm::map_to_vector(values,
                               [&](Value value) { return window.get(value); });
  }
  /// What the window's variables are before the loop.
  SmallVector<Value> getInitial(Window &window, bool memories);
  scf::WhileOp openLoop(ArrayRef<Value> inits, ArrayRef<Value> variables);
  /// The consumer fetches for both, even where it has nothing to read: the
  /// producer's registers are full, and copies would lengthen its chain. Unless
  /// the consumer's own is the longer one (bench/NOTES.md): it exchanges with
  /// other blocks, or it reads two memories and an engine copies, which takes
  /// no registers.
  bool fetches(unsigned role) const {
    bool byProducer =
        plan.getExchange() || (hasBoxCopies && plan.getMemoryCount() > 1 &&
                               !plan.getOps(Part::Reads).empty());
    return byProducer == (role == kProducer);
  }
  void fetchAll(Window &window, unsigned role) {
    for (tile::LoadOp load : plan.getFetches())
      if (fetches(role) && !plan.isForExchange(load))
        window.fetch(load);
  }
  /// What an exchange gives way to is the consumer's.
  void fetchForExchange(Window &window) {
    for (tile::LoadOp load : plan.getFetches())
      if (plan.isForExchange(load))
        window.fetch(load);
  }
  void land(unsigned role) {
    if (fetches(role) || (role == kConsumer && plan.getExchange()))
      tile::WaitFetchesOp::create(b);
  }
  void meet(unsigned role) {
    land(role);
    tile::BarrierOp::create(b);
  }
  /// Only memories come from other stages: nobody else waits for them.
  void awaitStages() {
    for (auto await : llvm::make_early_inc_range(
             loop->getBlock()->getOps<tile::AwaitStagesOp>())) {
      b.clone(*await);
      await.erase();
    }
  }
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  Value next(Value iteration) {
    return arith::AddIOp::create(b, iteration, index(1));
  }

  const RolePlan &plan;
  std::array<int64_t, 2> warps; ///< of consumer and producer
  bool hasBoxCopies;
  mutable scf::WhileOp loop;
  ImplicitLocOpBuilder b;
  llvm::MapVector<Value, Value> rings; ///< what crosses or is fetched -> ring
};
} // namespace

//===----------------------------------------------------------------------===//
// A window
//===----------------------------------------------------------------------===//

Value Window::get(Value original) {
  if (Value known = values.lookupOrNull(original))
    return known;
  Operation *op = original.getDefiningOp();
  if (Value ring = rings.lookup(original)) {
    Value value = tile::GetOp::create(b, original.getType(), ring, iteration,
                                      b.getI64IntegerAttr(ahead));
    // Each use reads for itself: as a factor in place, or into registers.
    if (!isTile(original))
      values.map(original, value);
    return value;
  }
  bool inBody = op && plan.getBody().findAncestorOpInBlock(*op);
  // Outside of the loop scalars are everybody's, and tiles are made anew.
  if (!op || (!inBody && !isTile(original)))
    return original;
  assert((!inBody || plan.isShared(original)) && "made too late for its use");
  clone(op);
  return values.lookup(original);
}

void Window::clone(Operation *op) {
  // Uses in regions are mapped as the regions are copied.
  IRMapping local = values;
  for (Value use : getUses(op))
    local.map(use, get(use));
  Operation *copy = b.clone(*op, local);
  for (auto [original, here] : llvm::zip(op->getResults(), copy->getResults()))
    values.map(original, here);
}

void Window::put(Value original) {
  if (Value ring = rings.lookup(original))
    tile::PutOp::create(b, values.lookup(original), ring, iteration,
                        b.getI64IntegerAttr(ahead));
}

void Window::fetch(tile::LoadOp load) {
  SmallVector<Value> indices;
  for (Value i : load.getIndices())
    indices.push_back(get(i));
  Value rows = load.getRows() ? get(load.getRows()) : Value();
  tile::FetchOp::create(b, get(load.getSource()), indices, rows,
                        rings.lookup(load.getResult()), iteration,
                        b.getI64IntegerAttr(ahead), load.getDimsAttr(),
                        load.getStepAttr());
}

Value Window::load(tile::LoadOp load) {
  IRMapping local;
  for (Value operand : load->getOperands())
    local.map(operand, get(operand));
  return b.clone(*load, local)->getResult(0);
}

//===----------------------------------------------------------------------===//
// Both roles
//===----------------------------------------------------------------------===//

SmallVector<Value> RoleSplitter::getVariables(bool memories) const {
  SmallVector<Value> variables;
  for (auto [i, variable] : llvm::enumerate(loop.getAfterArguments()))
    if (plan.isMemory(i) == memories)
      variables.push_back(variable);
  return variables;
}

SmallVector<Value> RoleSplitter::getNext(bool memories) const {
  SmallVector<Value> next;
  for (auto [i, value] : llvm::enumerate(loop.getYieldOp().getOperands()))
    if (plan.isMemory(i) == memories)
      next.push_back(value);
  return next;
}

SmallVector<Value> RoleSplitter::getInitial(Window &window, bool memories) {
  SmallVector<Value> initial;
  for (auto [i, init] : llvm::enumerate(loop.getInits()))
    if (plan.isMemory(i) == memories)
      initial.push_back(window.get(init));
  return initial;
}

void RoleSplitter::makeRings() {
  auto add = [&](Value value, int64_t slots = kSlots) {
    if (!rings.count(value))
      rings[value] = tile::RingOp::create(
          b, tile::RingType::get(b.getContext(), slots, value.getType()));
  };
  for (tile::LoadOp load : plan.getFetches())
    add(load.getResult(), plan.isForExchange(load) ? 1 : kSlots);
  for (Value tile : plan.getCrossingTiles())
    add(tile);
  for (Value scalar : plan.getReadScalars())
    add(scalar);
}

/// `scf.while` over `inits`: the iteration's number, `variables` of the
/// original loop, and others. Its condition is the original one on these
/// variables; leaves the builder in its body.
scf::WhileOp RoleSplitter::openLoop(ArrayRef<Value> inits,
                                    ArrayRef<Value> variables) {
  SmallVector<Type> types(ValueRange(inits).getTypes());
  SmallVector<Location> locs(inits.size(), b.getLoc());
  auto copy = scf::WhileOp::create(b, types, inits);
  Block *before = b.createBlock(&copy.getBefore(), {}, types, locs);
  IRMapping mapping;
  for (auto [i, variable] : llvm::enumerate(variables))
    mapping.map(
        loop.getBeforeArguments()[cast<BlockArgument>(variable).getArgNumber()],
        before->getArgument(1 + i));
  for (Operation &op : loop.getBeforeBody()->without_terminator())
    b.clone(op, mapping);
  scf::ConditionOp::create(
      b, mapping.lookupOrDefault(loop.getConditionOp().getCondition()),
      before->getArguments());
  b.createBlock(&copy.getAfter(), {}, types, locs);
  return copy;
}

//===----------------------------------------------------------------------===//
// The producer
//===----------------------------------------------------------------------===//

void RoleSplitter::emitProducer(Block *role) {
  b.setInsertionPointToStart(role);
  SmallVector<Value> variables = getVariables(/*memories=*/false);
  SmallVector<Value> memories = getVariables(/*memories=*/true);
  SmallVector<Value> nextVariables = getNext(/*memories=*/false);
  SmallVector<Value> nextMemories = getNext(/*memories=*/true);
  SmallVector<Value> scalars(plan.getCrossingScalars());
  SmallVector<Operation *> gates = plan.getOps(Part::Gates);
  SmallVector<Operation *> update = plan.getOps(Part::Update);
  ArrayRef<tile::LoadOp> loads = plan.getGateLoads();
  auto emitGates = [&](Window &window, bool ofMemories) {
    for (Operation *op : gates)
      if (!isa<tile::LoadOp>(op) && plan.dependsOnMemory(op) == ofMemories) {
        window.clone(op);
        window.putResults(op);
      }
  };
  auto loadAll = [&](Window &window) {
    return llvm::map_to_vector(
        loads, [&](tile::LoadOp load) { return window.load(load); });
  };
  SmallVector<Value> loaded(llvm::map_range(
      loads, [](tile::LoadOp load) { return load.getResult(); }));

  // Window 0, and the loads of window 1.
  Value zero = index(0);
  Window first = window(zero, 0);
  SmallVector<Value> variables0 = getInitial(first, /*memories=*/false);
  mapAll(first, variables, variables0);
  fetchAll(first, kProducer);
  mapAll(first, loaded, loadAll(first));
  emitGates(first, /*ofMemories=*/false);
  SmallVector<Value> scalars0 = getAll(first, scalars);
  SmallVector<Value> variables1 = getAll(first, nextVariables);
  Window second = window(zero, 1);
  mapAll(second, variables, variables1);
  SmallVector<Value> loads1 = loadAll(second);
  awaitStages();
  SmallVector<Value> memories0 = getInitial(first, /*memories=*/true);
  mapAll(first, memories, memories0);
  llvm::for_each(memories, [&](Value memory) { first.put(memory); });
  emitGates(first, /*ofMemories=*/true);
  meet(kProducer);
  fetchAll(second, kProducer);

  // iteration | variables of this window and the next | scalars of this one |
  // memories | loads of the next
  SmallVector<Value> inits = {zero};
  llvm::append_range(inits, variables0);
  llvm::append_range(inits, variables1);
  llvm::append_range(inits, scalars0);
  llvm::append_range(inits, memories0);
  llvm::append_range(inits, loads1);
  scf::WhileOp copy = openLoop(inits, variables);
  ValueRange rest = copy.getAfterArguments();
  auto take = [&](size_t count) {
    ValueRange taken = rest.take_front(count);
    rest = rest.drop_front(count);
    return taken;
  };
  Value iteration = take(1).front();
  ValueRange here = take(variables.size()), there = take(variables.size());
  Window current = window(iteration, 0), coming = window(iteration, 1),
         later = window(iteration, 2);
  mapAll(current, variables, here);
  mapAll(current, scalars, take(scalars.size()));
  mapAll(current, memories, take(memories.size()));
  mapAll(coming, variables, there);
  mapAll(coming, loaded, take(loaded.size()));

  // Products run on while the gates are computed.
  SmallVector<Operation *> behind;
  DenseSet<Operation *> waits;
  for (Operation *op : update) {
    bool late = llvm::any_of(getUses(op), [&](Value use) {
      Operation *maker = use.getDefiningOp();
      return maker && (isa<tile::MmaOp>(maker) || waits.contains(maker)) &&
             !(isa<tile::MmaOp>(op) && use == op->getOperand(2) &&
               !waits.contains(maker));
    });
    if (late) {
      waits.insert(op);
      behind.push_back(op);
    } else {
      current.clone(op);
    }
  }
  emitGates(coming, /*ofMemories=*/false);
  SmallVector<Value> comingScalars = getAll(coming, scalars);
  SmallVector<Value> laterVariables = getAll(coming, nextVariables);
  mapAll(later, variables, laterVariables);
  SmallVector<Value> laterLoads = loadAll(later);
  for (Operation *op : behind)
    current.clone(op);
  SmallVector<Value> comingMemories = getAll(current, nextMemories);
  mapAll(coming, memories, comingMemories);
  llvm::for_each(memories, [&](Value memory) { coming.put(memory); });
  emitGates(coming, /*ofMemories=*/true);
  meet(kProducer);
  fetchAll(later, kProducer);
  SmallVector<Value> yielded = {next(iteration)};
  llvm::append_range(yielded, there);
  llvm::append_range(yielded, laterVariables);
  llvm::append_range(yielded, comingScalars);
  llvm::append_range(yielded, comingMemories);
  llvm::append_range(yielded, laterLoads);
  scf::YieldOp::create(b, yielded);

  // What stands behind the loop sees its variables as they were left.
  b.setInsertionPointToEnd(role);
  land(kProducer);
  Window last = window(copy.getResult(0), 0);
  size_t plain = 1, memory = 1 + 2 * variables.size() + scalars.size();
  for (auto [i, result] : llvm::enumerate(loop.getResults()))
    last.map(result, copy.getResult(plan.isMemory(i) ? memory++ : plain++));
  for (Operation *op = loop->getNextNode();
       op && !op->hasTrait<OpTrait::IsTerminator>(); op = op->getNextNode())
    if (!isa<tile::RolesOp>(op) && !isPure(op))
      last.clone(op);
  tile::YieldOp::create(b);
}

//===----------------------------------------------------------------------===//
// The consumer
//===----------------------------------------------------------------------===//

void RoleSplitter::emitConsumer(Block *role) {
  b.setInsertionPointToStart(role);
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
  fetchForExchange(first);
  fetchAll(first, kConsumer);
  meet(kConsumer);
  SmallVector<Value> scalars0 = getAll(first, scalars);
  Window second = window(zero, 1);
  mapAll(second, variables, getAll(first, nextVariables));
  fetchAll(second, kConsumer);

  inits = {zero};
  llvm::append_range(inits, variables0);
  llvm::append_range(inits, scalars0);
  scf::WhileOp copy = openLoop(inits, variables);
  ValueRange arguments = copy.getAfterArguments();
  Value iteration = arguments.front();
  Window current = window(iteration, 0), coming = window(iteration, 1),
         later = window(iteration, 2);
  mapAll(current, variables, arguments.slice(1, variables.size()));
  mapAll(current, scalars, arguments.drop_front(1 + variables.size()));
  SmallVector<Value> comingVariables;
  auto enterComing = [&] {
    comingVariables = getAll(current, nextVariables);
    mapAll(coming, variables, comingVariables);
  };
  for (Operation *op : plan.getOps(Part::Reads)) {
    if (isa<tile::LoadOp>(op))
      continue;
    current.clone(op);
    if (op == plan.getExchange()) {
      enterComing();
      fetchForExchange(coming);
    }
  }
  meet(kConsumer);
  if (!plan.getExchange())
    enterComing();
  SmallVector<Value> comingScalars = getAll(coming, scalars);
  mapAll(later, variables, getAll(coming, nextVariables));
  fetchAll(later, kConsumer);
  SmallVector<Value> yielded = {next(iteration)};
  llvm::append_range(yielded, comingVariables);
  llvm::append_range(yielded, comingScalars);
  scf::YieldOp::create(b, yielded);
  b.setInsertionPointToEnd(role);
  land(kConsumer);
  tile::YieldOp::create(b);
}

void RoleSplitter::run() {
  // Scalars behind the loop that know nothing of it are everybody's.
  for (Operation *op = loop->getNextNode(), *next; op; op = next) {
    next = op->getNextNode();
    bool early = isPure(op) && !op->hasTrait<OpTrait::IsTerminator>() &&
                 llvm::none_of(op->getResults(), isTile) &&
                 llvm::all_of(op->getOperands(), [&](Value operand) {
                   Operation *maker = operand.getDefiningOp();
                   return !maker || maker->getBlock() != loop->getBlock() ||
                          maker->isBeforeInBlock(loop);
                 });
    if (early)
      op->moveBefore(loop);
  }
  b.setInsertionPoint(loop);
  makeRings();
  bool reads = !plan.getOps(Part::Reads).empty();
  bool consumes = reads || !plan.getFetches().empty();
  if (!reads)
    warps[kProducer] = kWarpsAlone;
  auto own = ArrayRef<int64_t>(warps).drop_front(!consumes);
  auto roles = tile::RolesOp::create(b, own, /*rolesCount=*/own.size());
  for (Region &region : roles.getRoles())
    region.emplaceBlock();
  if (consumes)
    emitConsumer(&roles.getRoles().front().front());
  emitProducer(&roles.getRoles().back().front());
  // What stood behind the loop moved into the producer.
  SmallVector<Operation *> dead;
  for (Operation *op = roles->getNextNode();
       op && !op->hasTrait<OpTrait::IsTerminator>(); op = op->getNextNode())
    dead.push_back(op);
  for (Operation *op : llvm::reverse(dead))
    op->erase();
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
struct SplitRolesPass : gsa::impl::SplitRolesPassBase<SplitRolesPass> {
  void runOnOperation() override {
    func::FuncOp kernel = getOperation();
    if (!kernel->hasAttr(kKernelAttr))
      return;
    FailureOr<const DeviceTarget *> target = getDeviceTarget(kernel);
    auto schedule = kernel->getAttrOfType<ScheduleAttr>(kScheduleAttr);
    if (failed(target))
      return signalPassFailure();
    if (!schedule) {
      kernel.emitError("a kernel must have a schedule to be split into roles, "
                       "got none");
      return signalPassFailure();
    }
    bool together = schedule.getKind() == ScheduleKind::Plain ||
                    !(*target)->getFacts().hasRoles;
    WalkResult result = kernel.walk([&](scf::ForallOp blocks) -> WalkResult {
      // What folds memories has no products.
      bool multiplies =
          kernel->walk([](tile::MmaOp) { return WalkResult::interrupt(); })
              .wasInterrupted();
      if (together || !multiplies) {
        keepTogether(blocks, warpsTogether((*target)->getFacts()));
        return WalkResult::advance();
      }
      auto loops = llvm::to_vector(blocks.getBody()->getOps<scf::WhileOp>());
      if (loops.size() != 1)
        return blocks.emitOpError("a block must have one loop over windows to "
                                  "be split into roles, got ")
               << loops.size();
      RolePlan plan(loops.front());
      if (failed(plan.run()))
        return failure();
      // A group of warps reads, and one carries each memory: the registers of
      // one hold all gates and one memory, as a rule. Where products are a
      // warp's, more warps read more factors for the same sums.
      constexpr int64_t group = 4, most = 2;
      bool multiplyTogether =
          llvm::any_of((*target)->getAtoms(),
                       [](const MatrixAtom *atom) { return atom->isAsync(); });
      int64_t memories =
          multiplyTogether ? std::min<int64_t>(plan.getMemoryCount(), most) : 1;
      RoleSplitter(plan, {group, group * memories},
                   (*target)->getFacts().hasBoxCopies)
          .run();
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    // Roles have tiles of their own.
    SmallVector<Operation *> outside;
    kernel.walk([&](Operation *op) {
      if (llvm::any_of(op->getResults(), [](Value v) { return isTile(v); }) &&
          !op->getParentOfType<tile::RolesOp>())
        outside.push_back(op);
    });
    for (Operation *op : llvm::reverse(outside))
      if (isOpTriviallyDead(op))
        op->erase();
  }

  /// As many warps as leave each lane registers for its part of a head's
  /// memories, of sums and of factors.
  static int64_t warpsTogether(const DeviceFacts &facts) {
    constexpr int64_t enough = 192;
    return int64_t(1) << llvm::Log2_64(facts.registers /
                                       (facts.warpLanes * enough));
  }

  /// One role has everything.
  static void keepTogether(scf::ForallOp blocks, int64_t warps) {
    Block *body = blocks.getBody();
    OpBuilder builder(body, body->begin());
    auto roles = tile::RolesOp::create(builder, blocks.getLoc(),
                                       ArrayRef<int64_t>{warps},
                                       /*rolesCount=*/1);
    Block *role = &roles.getRoles().front().emplaceBlock();
    role->getOperations().splice(role->end(), body->getOperations(),
                                 std::next(roles->getIterator()),
                                 body->getTerminator()->getIterator());
    // Tiles that loops were freed of come back in.
    builder.setInsertionPointToEnd(role);
    tile::YieldOp::create(builder, blocks.getLoc());
    bringIn(roles.getRoles().front());
  }

  /// Copies what makes a tile outside of the role into it.
  static void bringIn(Region &role) {
    IRMapping copies;
    OpBuilder builder(role.getContext());
    builder.setInsertionPointToStart(&role.front());
    auto bring = [&](Value value, auto &self) -> Value {
      if (Value known = copies.lookupOrNull(value))
        return known;
      Operation *op = value.getDefiningOp();
      if (!isTile(value) || !op || role.isAncestor(op->getParentRegion()))
        return value;
      for (Value operand : op->getOperands())
        copies.map(operand, self(operand, self));
      builder.clone(*op, copies);
      return copies.lookup(value);
    };
    SmallVector<Operation *> program;
    role.walk([&](Operation *op) { program.push_back(op); });
    for (Operation *op : program)
      for (OpOperand &operand : op->getOpOperands())
        operand.set(bring(operand.get(), bring));
  }
};
} // namespace
