//===- CheckSeparation.cpp - No version is read too early or too late -----===//
//
// Rings are written and read by roles that run side by side and meet at block
// barriers only. Number the stretches between barriers: an *epoch*. What begins
// in a later epoch than something ended in is behind it, for all roles. The
// *separation law*, for each version of a ring:
//
//   1. it is written before it is read:       write.end   < read.begin
//   2. it is read before its slot is reused:  read.end    < write'.begin
//   3. it is written before its slot is reused: write.end < write'.begin
//
// Equal epochs are enough in one role where each lane reads what it wrote
// itself, in program order, or where the role meets in between, as it does
// before it fetches into a ring of one slot. An access that runs on (a fetch,
// the factors of a running product) ends where its role waits for it.
//
// Messages between blocks are behind no barrier; laws 4 to 7 are theirs
// (SeparationMessages.cpp).
//
// The loop is periodic, so a few of its iterations, played through together
// with what stands before and behind it, show all pairs that can occur.
//
//===----------------------------------------------------------------------===//

#include "Separation.h"
#include "gsa/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

namespace mlir::gsa {
#define GEN_PASS_DEF_CHECKSEPARATIONPASS
#include "gsa/Transforms/Passes.h.inc"
} // namespace mlir::gsa

using namespace mlir;
using namespace mlir::gsa;

namespace {

/// Plays one role through.
class RolePlayer {
public:
  RolePlayer(Region &region, unsigned role, int64_t iterations,
             llvm::MapVector<Value, std::vector<Event>> &events,
             SmallVector<Message> &messages)
      : region(region), role(role), iterations(iterations), events(events),
        messages(messages) {}

  LogicalResult run() {
    if (failed(play(region.front())))
      return failure();
    if (!fetches.empty())
      return events[fetches.front().first][fetches.front().second]
          .op->emitOpError("a fetch must be waited for in its role, got none");
    return success();
  }

private:
  using Place = std::pair<Value, size_t>; ///< an event: its ring and number

  LogicalResult play(Block &block);
  LogicalResult playLoop(scf::WhileOp loop);
  /// The number that `value` is, now.
  FailureOr<int64_t> evaluate(Operation *op, Value value);
  LogicalResult add(Operation *op, Value ring, Value iteration, int64_t ahead,
                    bool isWrite, Attribute layout);
  template <typename Op> LogicalResult addMessage(Op op) {
    FailureOr<int64_t> number = evaluate(op, op.getIteration());
    if (succeeded(number))
      messages.push_back({op, role, order, epoch, op.getRing(),
                          *number + static_cast<int64_t>(op.getAhead())});
    return number;
  }
  /// All uses of a place, and the products that read it, have passed.
  void touch(Operation *op);

  Region &region;
  unsigned role;
  int64_t iterations;
  llvm::MapVector<Value, std::vector<Event>> &events;
  SmallVector<Message> &messages;

  int64_t epoch = 0, order = 0;
  int64_t met = 0; ///< `order` of the last meeting of the role alone
  DenseMap<Value, int64_t> counters; ///< loop variables that count
  SmallVector<Place> fetches;        ///< not waited for
  /// Reads by place that an op extends: the value -> the reads it stands for.
  DenseMap<Value, SmallVector<Place>> reads;
};

} // namespace

FailureOr<int64_t> RolePlayer::evaluate(Operation *op, Value value) {
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return constant.getSExtValue();
  auto found = counters.find(value);
  if (found != counters.end())
    return found->second;
  return op->emitOpError("a version must be counted by its loop or be "
                         "constant, got something else");
}

LogicalResult RolePlayer::add(Operation *op, Value ring, Value iteration,
                              int64_t ahead, bool isWrite, Attribute layout) {
  FailureOr<int64_t> number = evaluate(op, iteration);
  if (failed(number))
    return failure();
  events[ring].push_back(
      {op, role, order, isWrite, *number + ahead, epoch, epoch, layout, order});
  return success();
}

/// Whether `op` is a product that is waited for, by itself or by one that adds
/// to it.
static bool runsOn(Operation *op) {
  return isa<tile::MmaOp>(op) &&
         llvm::any_of(op->getUsers(), [](Operation *user) {
           return isa<tile::WaitOp>(user) || runsOn(user);
         });
}

/// Extends what `op` reads in place, and lets its results stand for the same if
/// they are the place still, or sums that run.
void RolePlayer::touch(Operation *op) {
  SmallVector<Place> touched;
  for (Value operand : op->getOperands()) {
    auto found = reads.find(operand);
    if (found != reads.end())
      llvm::append_range(touched, found->second);
  }
  for (auto [ring, number] : touched) {
    events[ring][number].end = epoch;
    events[ring][number].endOrder = order;
  }
  if (touched.empty())
    return;
  if (isa<tile::TransposeOp>(op) || runsOn(op))
    reads[op->getResult(0)] = touched;
}

LogicalResult RolePlayer::play(Block &block) {
  for (Operation &op : block) {
    ++order;
    if (isa<tile::BarrierOp>(op)) {
      ++epoch;
    } else if (auto wait = dyn_cast<tile::WaitFetchesOp>(op)) {
      if (wait.getTogether())
        met = order;
      for (auto [ring, number] : fetches) {
        events[ring][number].end = epoch;
        events[ring][number].endOrder = order;
      }
      fetches.clear();
    } else if (auto put = dyn_cast<tile::PutOp>(op)) {
      auto type = dyn_cast<RankedTensorType>(put.getValue().getType());
      if (failed(add(&op, put.getRing(), put.getIteration(), put.getAhead(),
                     true, type ? type.getEncoding() : Attribute())))
        return failure();
    } else if (auto fetch = dyn_cast<tile::FetchOp>(op)) {
      if (failed(add(&op, fetch.getRing(), fetch.getIteration(),
                     fetch.getAhead(), true, {})))
        return failure();
      Event &event = events[fetch.getRing()].back();
      if (cast<tile::RingType>(fetch.getRing().getType()).getSlots() == 1)
        event.met = order;
      fetches.push_back({fetch.getRing(), events[fetch.getRing()].size() - 1});
    } else if (auto get = dyn_cast<tile::GetOp>(op)) {
      auto type = dyn_cast<RankedTensorType>(get.getValue().getType());
      if (failed(add(&op, get.getRing(), get.getIteration(), get.getAhead(),
                     false, type ? type.getEncoding() : Attribute())))
        return failure();
      events[get.getRing()].back().met = met;
      reads[get.getValue()] = {
          {get.getRing(), events[get.getRing()].size() - 1}};
    } else if (auto send = dyn_cast<tile::SendOp>(op)) {
      touch(&op);
      if (failed(addMessage(send)))
        return failure();
    } else if (auto send = dyn_cast<tile::SendPartsOp>(op)) {
      touch(&op);
      if (failed(addMessage(send)))
        return failure();
    } else if (auto receive = dyn_cast<tile::ReceiveOp>(op)) {
      if (failed(addMessage(receive)))
        return failure();
    } else if (auto receive = dyn_cast<tile::ReceiveSumsOp>(op)) {
      if (failed(addMessage(receive)))
        return failure();
    } else if (auto loop = dyn_cast<scf::WhileOp>(op)) {
      if (failed(playLoop(loop)))
        return failure();
    } else {
      op.walk([&](Operation *inner) { touch(inner); });
    }
  }
  return success();
}

LogicalResult RolePlayer::playLoop(scf::WhileOp loop) {
  // Variables that count from a constant by one.
  SmallVector<std::pair<Value, int64_t>> counting;
  for (auto [argument, init, next] :
       llvm::zip(loop.getAfterArguments(), loop.getInits(),
                 loop.getYieldOp().getOperands())) {
    APInt start;
    auto step = next.getDefiningOp<arith::AddIOp>();
    if (step && step.getLhs() == argument &&
        matchPattern(step.getRhs(), m_One()) &&
        matchPattern(init, m_ConstantInt(&start)))
      counting.push_back({argument, start.getSExtValue()});
  }
  for (int64_t i = 0; i < iterations; ++i) {
    for (auto [argument, start] : counting)
      counters[argument] = start + i;
    if (failed(play(*loop.getAfterBody())))
      return failure();
  }
  for (auto [argument, start] : counting)
    counters[loop.getResult(cast<BlockArgument>(argument).getArgNumber())] =
        start + iterations;
  return success();
}

//===----------------------------------------------------------------------===//
// The law
//===----------------------------------------------------------------------===//

/// Whether `second` is behind `first` for every lane that touches both.
static bool isBehind(const Event &first, const Event &second) {
  if (first.end < second.begin)
    return true;
  if (first.end != second.begin || first.role != second.role)
    return false;
  if (first.endOrder <= second.met)
    return true;
  return first.order < second.order && first.layout &&
         first.layout == second.layout;
}

static InFlightDiagnostic report(const Event &first, const Event &second,
                                 StringRef law) {
  auto name = [](const Event &event) { return event.op->getName(); };
  InFlightDiagnostic diagnostic =
      second.op->emitOpError()
      << law << ", got " << name(first) << " of version " << first.version
      << " in epochs " << first.begin << " to " << first.end << " and "
      << name(second) << " of version " << second.version << " in epochs "
      << second.begin << " to " << second.end;
  diagnostic.attachNote(first.op->getLoc()) << "the other access";
  return diagnostic;
}

static LogicalResult checkRing(int64_t slots, ArrayRef<Event> events) {
  for (const Event &event : events) {
    if (!event.isWrite) {
      bool isWritten = false;
      for (const Event &write : events) {
        if (!write.isWrite || write.version != event.version)
          continue;
        isWritten = true;
        // In place: what was fetched is read and written again.
        if (!isBehind(write, event) &&
            (isa<tile::FetchOp>(write.op) || !isBehind(event, write)))
          return report(write, event,
                        "a version must be written before it is read");
      }
      if (!isWritten)
        return event.op->emitOpError("a version must be written before it is "
                                     "read, got no write of version ")
               << event.version;
    }
    for (const Event &later : events)
      if (later.isWrite && later.version > event.version &&
          (later.version - event.version) % slots == 0 &&
          !isBehind(event, later))
        return report(event, later,
                      event.isWrite
                          ? "a slot must be written before it is reused"
                          : "a slot must be read before it is reused");
  }
  return success();
}

namespace {
struct CheckSeparationPass
    : gsa::impl::CheckSeparationPassBase<CheckSeparationPass> {
  void runOnOperation() override {
    WalkResult result = getOperation().walk(
        [](tile::RolesOp roles) -> WalkResult { return check(roles); });
    if (result.wasInterrupted())
      return signalPassFailure();
    markAllAnalysesPreserved();
  }

  /// The role that `op` is in.
  static Region *getRole(Operation *op) {
    Region *role = op->getParentRegion();
    while (!isa<tile::RolesOp>(role->getParentOp()))
      role = role->getParentRegion();
    return role;
  }

  static LogicalResult checkExchanged(tile::ExchangeOp exchange) {
    WalkResult answered = getRole(exchange)->walk([](Operation *op) {
      return isa<tile::GatherOp>(op) ? WalkResult::interrupt()
                                     : WalkResult::advance();
    });
    if (answered.wasInterrupted())
      return success();
    return exchange.emitOpError(
        "what becomes of sums must be gathered, so that other blocks know that "
        "their parts were read, got no tile.gather");
  }

  static LogicalResult check(tile::RolesOp roles) {
    WalkResult exchanged =
        roles.walk([](tile::ExchangeOp exchange) -> WalkResult {
          return checkExchanged(exchange);
        });
    if (exchanged.wasInterrupted())
      return failure();
    int64_t slots = 1;
    roles->getParentOp()->walk([&](tile::RingOp ring) {
      slots = std::max(
          slots, cast<tile::RingType>(ring.getRing().getType()).getSlots());
    });
    // Distances between accesses of one slot are at most `slots` iterations,
    // and nothing reaches further ahead than that.
    int64_t iterations = 2 * slots + 2;
    llvm::MapVector<Value, std::vector<Event>> events;
    SmallVector<Message> messages;
    for (auto [i, role] : llvm::enumerate(roles.getRoles()))
      if (failed(RolePlayer(role, i, iterations, events, messages).run()))
        return failure();
    for (tile::RingOp ring : roles->getBlock()->getOps<tile::RingOp>())
      if (failed(checkTurns(
              llvm::filter_to_vector(messages, [&](const Message &message) {
                return message.ring == ring.getRing();
              }))))
        return failure();
    for (const Message &message : messages)
      if ((isa<tile::SendPartsOp>(message.op) &&
           failed(checkAnswer(message, messages))) ||
          (isa<tile::SendOp>(message.op) &&
           failed(checkSource(message, messages))))
        return failure();
    for (auto [i, role] : llvm::enumerate(roles.getRoles())) {
      if (i == 0 && roles.getRoles().size() == 1)
        break;
      bool meets =
          role.walk([](tile::BarrierOp) { return WalkResult::interrupt(); })
              .wasInterrupted();
      for (auto &[ring, accesses] : events)
        if (!meets && failed(findEpochs(i, messages, accesses)))
          return failure();
    }
    for (auto &[ring, accesses] : events)
      if (failed(checkRing(cast<tile::RingType>(ring.getType()).getSlots(),
                           accesses)))
        return failure();
    return success();
  }
};
} // namespace
