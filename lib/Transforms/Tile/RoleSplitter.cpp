//===- RoleSplitter.cpp - What all roles of a loop share ------------------===//

#include "RoleSplitter.h"
#include "dialects/Tile/TileNames.h"
#include "gsa/Conversion/SharedMemory.h"

using namespace mlir;
using namespace mlir::gsa;

/// Warps of a producer whose consumer reads nothing: its chain is all there is.
constexpr int64_t kWarpsAlone = 8;
/// What its lanes need beside what they carry. With 80 of 170 carried they
/// spilled, with 72 they did not (bench/NOTES.md).
constexpr int64_t kWorkRegisters = 96;

/// What a lane reads or writes at once, at most.
constexpr int64_t kAccessBytes = 16;

static bool isTile(Value value) {
  return isa<RankedTensorType>(value.getType());
}

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
  auto fetch = tile::FetchOp::create(b, get(load.getSource()), indices, rows,
                                     rings.lookup(load.getResult()), iteration,
                                     b.getI64IntegerAttr(ahead),
                                     load.getDimsAttr(), load.getStepAttr());
  if (plan.needsZeros(load))
    fetch->setAttr(tile::kZerosAttr, b.getUnitAttr());
}

void Window::sendParts(Value ring) {
  tile::ExchangeOp exchange = plan.getExchange();
  tile::SendPartsOp::create(b, get(exchange.getOperand()), ring, iteration,
                            ahead, exchange.getBlocks());
}

void Window::receiveSums(Value ring) {
  Value sums = plan.getExchange().getResult();
  map(sums,
      tile::ReceiveSumsOp::create(b, sums.getType(), ring, iteration, ahead));
}

void Window::send(Value ring) {
  tile::SendOp::create(b, get(plan.getSent()), ring, iteration, ahead,
                       plan.getExchange().getBlocks());
}

void Window::receive(Value ring) {
  map(plan.getSent(), tile::ReceiveOp::create(b, plan.getSent().getType(), ring,
                                              iteration, ahead));
}

Value Window::load(tile::LoadOp load) {
  IRMapping local;
  for (Value operand : load->getOperands())
    local.map(operand, get(operand));
  return b.clone(*load, local)->getResult(0);
}

//===----------------------------------------------------------------------===//
// All roles
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

bool RoleSplitter::isHeldTwice(Value tile) const {
  auto type = cast<RankedTensorType>(tile.getType());
  return type.getNumElements() * type.getElementTypeBitWidth() <
         warps[kProducer] * facts.warpLanes * 8 * kAccessBytes;
}

bool RoleSplitter::hasRoomForConsumer() const {
  int64_t bits = 0;
  auto carry = [&](Value value) {
    if (auto tile = dyn_cast<RankedTensorType>(value.getType()))
      bits += tile.getNumElements() * tile.getElementTypeBitWidth();
  };
  llvm::for_each(getVariables(/*memories=*/true), carry);
  for (tile::LoadOp load : getGateLoads())
    carry(load.getResult());
  int64_t lanes = kWarpsAlone * facts.warpLanes;
  int64_t all = lanes + warps[kConsumer] * facts.warpLanes;
  return bits / (32 * lanes) + kWorkRegisters <= facts.registers / all;
}

void RoleSplitter::makeRings() {
  auto add = [&](Value value, int64_t slots = kSlots) {
    if (!rings.count(value))
      rings[value] = tile::RingOp::create(
          b, tile::RingType::get(b.getContext(), slots, value.getType()));
  };
  for (tile::LoadOp load : plan.getFetches())
    add(load.getResult(), plan.isForExchange(load)
                              ? 1
                              : kSlots + plan.outlivesWindow(load.getResult()));
  for (Value tile : plan.getCrossingTiles())
    add(tile, getSlots(tile));
  for (Value scalar : plan.getReadScalars())
    add(scalar, kSlots + hasWeigher());
  // An engine puts tiles where they are mapped, without registers. It takes the
  // producer half a window to ask for what it fetched.
  if (facts.hasBoxCopies && fetches(kProducer))
    for (tile::LoadOp load : plan.getGateLoads()) {
      // What others need as it is has a ring of its own.
      Value mapped = plan.getMapped(load);
      // Lanes that hold an element twice would map it twice.
      if (!mapped || rings.count(load.getResult()) || isHeldTwice(mapped))
        continue;
      rings[load.getResult()] = rings.lookup(mapped);
      inPlace.insert(load);
    }
  if (!hasWeigher())
    return;
  auto ring = [&](Value version) -> Value {
    return tile::RingOp::create(
        b, tile::RingType::get(b.getContext(), 1, version.getType()));
  };
  partsRing = ring(plan.getExchange().getOperand());
  sentRing = ring(plan.getSent());
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

void RoleSplitter::landMapped(Window &window, Operation *op) {
  if (landed || llvm::none_of(getUses(op), [&](Value use) {
        Operation *maker = use.getDefiningOp();
        return maker && inPlace.contains(maker);
      }))
    return;
  tile::WaitFetchesOp::create(b, /*together=*/true);
  landed = true;
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
  if (!reads())
    warps[kProducer] = kWarpsAlone;
  SmallVector<int64_t> own;
  if (consumes())
    own.push_back(warps[kConsumer]);
  if (hasWeigher())
    own.push_back(warps[kWeigher]);
  own.push_back(warps[kProducer]);
  auto roles = tile::RolesOp::create(b, own, /*rolesCount=*/own.size());
  for (Region &region : roles.getRoles())
    region.emplaceBlock();
  if (consumes())
    emitConsumer(&roles.getRoles().front().front());
  if (hasWeigher())
    emitWeigher(&roles.getRoles()[1].front());
  emitProducer(&roles.getRoles().back().front());
  // What stood behind the loop moved into the producer.
  SmallVector<Operation *> dead;
  for (Operation *op = roles->getNextNode();
       op && !op->hasTrait<OpTrait::IsTerminator>(); op = op->getNextNode())
    dead.push_back(op);
  for (Operation *op : llvm::reverse(dead))
    op->erase();
}
