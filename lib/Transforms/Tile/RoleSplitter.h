//===- RoleSplitter.h - Makes the roles of a loop's plan --------*- C++ -*-===//
//
// SplitRoles.cpp says what each role does when.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_LIB_TRANSFORMS_TILE_ROLESPLITTER_H
#define GSA_LIB_TRANSFORMS_TILE_ROLESPLITTER_H

#include "RolePlan.h"
#include "gsa/Target/DeviceTarget.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::gsa {

/// Numbers of the roles.
inline constexpr unsigned kConsumer = 0, kProducer = 1, kWeigher = 2;

/// Versions of what crosses: one is read while the next is written.
inline constexpr int64_t kSlots = 2;

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
  /// To and from `ring`, this window's version of what blocks add up.
  void sendParts(Value ring);
  void receiveSums(Value ring);
  /// To and from `ring`, this window's version of what is made of that.
  void send(Value ring);
  void receive(Value ring);

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
  RoleSplitter(const RolePlan &plan, std::array<int64_t, 3> warps,
               const DeviceFacts &facts, bool isAsync)
      : plan(plan), warps(warps), facts(facts), isAsync(isAsync),
        loop(plan.getLoop()), b(loop.getLoc(), loop.getContext()) {}
  void run();

private:
  void makeRings();
  /// Whether the producer has more lanes than `tile` has accesses.
  bool isHeldTwice(Value tile) const;
  /// Of what crosses: what lags needs no slot more for those who lag. The
  /// weigher is done with a window when what it sent is received, which may be
  /// late in the next one.
  int64_t getSlots(Value tile) const {
    Operation *maker = tile.getDefiningOp();
    bool lags = maker
                    ? plan.lags(maker)
                    : plan.memoryLags(cast<BlockArgument>(tile).getArgNumber());
    return kSlots + ((!lags && plan.isReadLate(tile)) || plan.isWeighed(tile));
  }
  bool hasWeigher() const { return plan.hasWeigher(); }
  /// Windows that gates are ahead of what lags, less one.
  int64_t getLead() const { return hasWeigher(); }
  void emitProducer(Block *role);
  struct Carried;
  void emitIteration(Window *late, Window &early, Window &coming, Window &later,
                     Carried &carried);
  void emitConsumer(Block *block);
  void emitWeigher(Block *block);
  void emitGates(Window &window, function_ref<bool(Operation *)> which) {
    for (Operation *op : plan.getOps(RolePlan::Part::Gates))
      if (!isa<tile::LoadOp>(op) && which(op)) {
        landMapped(window, op);
        window.clone(op);
        window.putResults(op);
      }
  }
  /// Gate loads but those that are fetched to where they are mapped to.
  SmallVector<tile::LoadOp> getGateLoads() const {
    return llvm::filter_to_vector(plan.getGateLoads(), [&](tile::LoadOp load) {
      return !inPlace.contains(load);
    });
  }
  SmallVector<Value> loadGates(Window &window) {
    return llvm::map_to_vector(
        getGateLoads(), [&](tile::LoadOp load) { return window.load(load); });
  }
  /// Before the first op of a window that takes what is mapped in place.
  void landMapped(Window &window, Operation *op);

  Window window(Value iteration, int64_t ahead) {
    return Window(b, plan, rings, iteration, ahead);
  }
  /// Variables that are no memories, and their values.
  SmallVector<Value> getVariables(bool memories) const;
  /// Of these, those that are no tiles, with their next values; and what they
  /// are at first.
  std::pair<SmallVector<Value>, SmallVector<Value>> getCounters() const;
  SmallVector<Value> getInitialCounters(Window &window) const;
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
  bool reads() const { return !plan.getOps(RolePlan::Part::Reads).empty(); }
  /// The consumer fetches for both: the producer's registers are full, and
  /// copies would lengthen its chain. Unless the consumer's own is the longer
  /// one (bench/NOTES.md): it exchanges with other blocks, or it reads two
  /// memories. One that reads nothing is there for its lanes, where no engine
  /// copies.
  bool fetches(unsigned role) const {
    bool byProducer = plan.getExchange() ||
                      (reads() ? plan.getMemoryCount() > 1 : !consumes());
    return byProducer == (role == kProducer);
  }
  bool consumes() const {
    return reads() || (!facts.hasBoxCopies && !plan.getFetches().empty() &&
                       hasRoomForConsumer());
  }
  /// Whether the producer's lanes have registers for their work on what they
  /// carry from window to window, beside a consumer that reads nothing.
  bool hasRoomForConsumer() const;
  void fetchAll(Window &window, unsigned role) {
    fetchIf(window, role, [](tile::LoadOp) { return true; });
  }
  void fetchIf(Window &window, unsigned role,
               function_ref<bool(tile::LoadOp)> which) {
    for (tile::LoadOp load : plan.getFetches())
      if (fetches(role) && !plan.isForExchange(load) && which(load))
        window.fetch(load);
    for (tile::LoadOp load : plan.getGateLoads())
      if (role == kProducer && inPlace.contains(load) && which(load))
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
    if (role != kProducer || !landed)
      land(role);
    landed = false;
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
  std::array<int64_t, 3> warps; ///< of consumer, producer and weigher
  const DeviceFacts &facts;
  bool isAsync; ///< products run on while their role goes on
  mutable scf::WhileOp loop;
  ImplicitLocOpBuilder b;
  llvm::MapVector<Value, Value> rings; ///< what crosses or is fetched -> ring
  DenseSet<Operation *>
      inPlace; ///< gate loads fetched to where they are mapped
  /// The producer's fetches have landed, as it needs them before it meets.
  bool landed = false;
  /// Of the exchange's parts and of `plan.getSent()`; null without a weigher.
  Value partsRing, sentRing;
};

} // namespace mlir::gsa

#endif // GSA_LIB_TRANSFORMS_TILE_ROLESPLITTER_H
