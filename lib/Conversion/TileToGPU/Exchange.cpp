//===- Exchange.cpp - Messages between the blocks of a cluster ------------===//
//
// An exchange and the gathers of what is made of its sums are one handshake:
//
//   exchange  each lane sends the parts of rows that block r answers for to
//             block r, which has room for those of each block
//   wait      each lane reads the parts of what it holds of its block's rows,
//             and adds them up in the order of blocks
//   gather    each lane sends what was made of them to every block, which has
//             room for all rows
//   wait      each lane reads what it holds of all rows
//
// A room has one slot, without any other handshake. Take two rounds of one
// exchange and its gather, block a and block i.
//
//   Parts. A warp of block a sends parts of the second round to block i when it
//   has got all that was gathered in the first. All warps of block i sent some
//   of that, behind their loads of the first round's parts. Rows. A warp of
//   block i sends rows of the second round to block a when it has got all parts
//   of the second round. All warps of block a sent some, or met those that did,
//   behind their loads of what the first round gathered: they are done with it,
//   and with whatever else they used a gather's room for before the exchange.
//
// From role to role it is the same: one role sends parts and receives rows
// (send_parts, receive), another one receives sums and sends rows
// (receive_sums, send).
//
//   Parts. With n slots parts of version v + n are sent by a role that has
//   received all rows of version v: all warps of the other role, in all blocks,
//   have sent some of them, behind their loads of the parts of v.
//   Rows. They go to a slot each, in turn. With n slots version v is received
//   before a barrier of block i behind which it sends the parts that version
//   v + n is made of, and block a sends rows of that when it has these parts.
//
// A mailbox counts one round at a time: nothing of the second arrives before
// all warps have got the first, or have at least told how much of it they
// expect, by the same arguments. Each warp expects its share.
//
//===----------------------------------------------------------------------===//

#include "Lowering.h"
#include "dialects/GSA/GSANames.h"
#include "gsa/Conversion/SharedMemory.h"
#include "gsa/Layout/Cluster.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <set>

using namespace mlir;
using namespace mlir::gsa;
using namespace mlir::tile;

//===----------------------------------------------------------------------===//
// Messages
//===----------------------------------------------------------------------===//

/// One message, as the lane that runs the code takes part in it.
class TileLowering::Message {
public:
  /// `held`: how lanes of one block hold the tile; `shared`: of all of them.
  Message(TileLowering &lowering, Operation *op, const Layout &held,
          const Layout &place, Type element, Value room, Value mailbox,
          int64_t blocks)
      : lowering(lowering), b(lowering.b), op(op), element(element), held(held),
        place(place), room(room), mailbox(mailbox), blocks(blocks) {
    runElements = 1;
    for (int64_t size : place.getBlock())
      runElements *= size;
    runElements /= blocks;
    elementBytes = element.getIntOrFloatBitWidth() / 8;
  }

  /// Sends each element to the block whose rows it is of.
  LogicalResult sendParts(Value vector);
  /// Whether each warp holds parts of every block's rows.
  FailureOr<bool> allWarpsReachAll() const;
  /// The sums of what was sent, as `shared` has them.
  FailureOr<Value> addParts(const Layout &shared);
  /// Sends what this block has, as `shared` says, to all blocks.
  LogicalResult sendRows(Value vector, const Layout &shared);
  FailureOr<Value> readRows();

  /// Waits until all lanes of the cluster have sent this block what they hold
  /// for it: `elements` of them for each lane of the role. `number`, i32, is
  /// that of the round, or null if nobody counts.
  void receive(int64_t elements, Value number = {});

private:
  FailureOr<Composed> compose(const Layout &layout) const;
  /// Without what tells blocks apart.
  Composed inRun(Composed offsets) const;
  int64_t runMask() const { return (blocks - 1) * runElements; }
  /// Which block the element at `offset` of the place goes to.
  int64_t blockOf(int64_t offset) const {
    return (offset & runMask()) / runElements;
  }
  /// Sends the registers of an access for which `isSent` holds.
  LogicalResult send(Value vector, const SharedAccess &access,
                     const Worker &worker, Value address, Value peer,
                     function_ref<bool(int64_t)> isSent);

  TileLowering &lowering;
  ImplicitLocOpBuilder &b;
  Operation *op;
  Type element;
  Layout held, place;
  Value room, mailbox;
  int64_t blocks;
  int64_t runElements; ///< from a run of rows to the next
  int64_t elementBytes;
};

FailureOr<Composed> TileLowering::Message::compose(const Layout &layout) const {
  std::optional<Composed> offsets = gsa::compose(place, layout);
  if (!offsets)
    return op->emitOpError("must have a room whose block holds what lanes and "
                           "warps span");
  return *offsets;
}

Composed TileLowering::Message::inRun(Composed offsets) const {
  for (SmallVector<int64_t> *part :
       {&offsets.reg, &offsets.lane, &offsets.warp})
    for (int64_t &offset : *part)
      offset &= ~runMask();
  return offsets;
}

LogicalResult TileLowering::Message::send(Value vector,
                                          const SharedAccess &access,
                                          const Worker &worker, Value address,
                                          Value peer,
                                          function_ref<bool(int64_t)> isSent) {
  constexpr int64_t widest = 16, wordBytes = 4;
  const Device &device = lowering.device;
  SmallVector<int64_t> members = access.getMembers(widest);
  auto count = static_cast<int64_t>(members.size());
  if (count * elementBytes < wordBytes ||
      (elementBytes < wordBytes && members[1] != 1))
    return op->emitOpError("must send words of ")
           << wordBytes << " bytes that a lane holds, got "
           << op->getOperand(0).getType();
  SmallVector<Value> words = unpackWords(b, b.getLoc(), vector);
  int64_t perWord = wordBytes / elementBytes;
  Value box = device.emitPeerAddress(b, b.getLoc(), mailbox, peer);
  SharedAddresses addresses(
      b, b.getLoc(), device.emitPeerAddress(b, b.getLoc(), address, peer),
      {{worker.lane, access.getLanes()}, {worker.warp, access.getWarps()}});
  for (int64_t i = 0; i < access.getCount(); ++i) {
    if ((i & members.back()) || !isSent(i))
      continue;
    SmallVector<Value> sent;
    for (int64_t j = 0; j < count; j += perWord) {
      Value word = words[(i + members[j]) / perWord];
      if (!word.getType().isInteger())
        word = arith::BitcastOp::create(b, b.getI32Type(), word);
      sent.push_back(word);
    }
    device.emitSend(b, b.getLoc(), addresses.getAddress(access.getRegister(i)),
                    box, sent);
  }
  return success();
}

LogicalResult TileLowering::Message::sendParts(Value vector) {
  FailureOr<Composed> offsets = compose(held);
  if (failed(offsets))
    return failure();
  // Which block: by lane and warp, and by register.
  auto bits = [&](ArrayRef<int64_t> from) {
    return llvm::map_to_vector(from,
                               [&](int64_t offset) { return blockOf(offset); });
  };
  const Worker &worker = lowering.role.worker;
  Value own = arith::XOrIOp::create(
      b, emitBits(b, b.getLoc(), worker.lane, bits(offsets->lane)),
      emitBits(b, b.getLoc(), worker.warp, bits(offsets->warp)));
  Value rank = lowering.device.emitClusterRank(b, b.getLoc());
  Value address = arith::AddIOp::create(
      b, room,
      arith::MulIOp::create(b, rank,
                            lowering.constant(runElements * elementBytes)));
  SharedAccess access(inRun(*offsets), elementBytes);
  std::set<int64_t> peers;
  for (int64_t offset : offsets->reg)
    peers.insert(blockOf(offset));
  for (int64_t peer : peers) {
    Value to = own;
    if (peer)
      to = arith::XOrIOp::create(b, own, lowering.constant(peer));
    if (failed(send(vector, access, worker, address, to, [&](int64_t i) {
          return blockOf(offsets->reg[i]) == peer;
        })))
      return failure();
  }
  return success();
}

FailureOr<bool> TileLowering::Message::allWarpsReachAll() const {
  FailureOr<Composed> offsets = compose(held);
  if (failed(offsets))
    return failure();
  int64_t reached = 0;
  for (ArrayRef<int64_t> part :
       {ArrayRef<int64_t>(offsets->reg), ArrayRef<int64_t>(offsets->lane)})
    for (int64_t offset : part)
      reached |= blockOf(offset);
  return reached == blocks - 1;
}

FailureOr<Value> TileLowering::Message::addParts(const Layout &shared) {
  FailureOr<Composed> offsets = compose(shared);
  if (failed(offsets))
    return failure();
  SharedAccess access(inRun(*offsets), elementBytes);
  // The rank's bits are none of the run's.
  Worker worker = lowering.workerOf(shared);
  Value sum;
  for (int64_t block = 0; block < blocks; ++block) {
    Value address = arith::AddIOp::create(
        b, room, lowering.constant(block * runElements * elementBytes));
    Value part = emitSharedLoad(b, b.getLoc(), lowering.device, access, worker,
                                address, element);
    sum = sum ? arith::AddFOp::create(b, sum, part) : part;
  }
  return sum;
}

LogicalResult TileLowering::Message::sendRows(Value vector,
                                              const Layout &shared) {
  FailureOr<Composed> offsets = compose(shared);
  if (failed(offsets))
    return failure();
  SharedAccess access(*offsets, elementBytes);
  Worker worker = lowering.workerOf(shared);
  for (int64_t block = 0; block < blocks; ++block)
    if (failed(send(vector, access, worker, room, lowering.constant(block),
                    [](int64_t) { return true; })))
      return failure();
  return success();
}

FailureOr<Value> TileLowering::Message::readRows() {
  FailureOr<Composed> offsets = compose(held);
  if (failed(offsets))
    return failure();
  return emitSharedLoad(b, b.getLoc(), lowering.device,
                        SharedAccess(*offsets, elementBytes),
                        lowering.role.worker, room, element);
}

void TileLowering::Message::receive(int64_t elements, Value number) {
  const Worker &worker = lowering.role.worker;
  int64_t bytes =
      elements * lowering.target.getFacts().warpLanes * elementBytes;
  Value isFirst = arith::CmpIOp::create(b, arith::CmpIPredicate::eq,
                                        worker.lane, lowering.constant(0));
  if (number)
    return lowering.device.emitReceiveRound(b, b.getLoc(), mailbox, bytes,
                                            isFirst, number);
  Value round =
      lowering.device.emitExpect(b, b.getLoc(), mailbox, bytes, isFirst);
  lowering.device.emitReceive(b, b.getLoc(), mailbox, round);
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

FailureOr<TileLowering::Message> TileLowering::messageOf(Operation *op) {
  FailureOr<Value> room = addressOf(op, kOffsetAttr);
  FailureOr<Value> mailbox = addressOf(op, kMailboxAttr);
  if (failed(room) || failed(mailbox))
    return failure();
  auto tile = cast<RankedTensorType>(op->getOperand(0).getType());
  Value ofAll = isa<ExchangeOp>(op) ? op->getResult(0) : op->getOperand(0);
  int64_t warps = countWarps();
  if (layoutOf(ofAll).isPlace() ||
      layoutOf(ofAll).getNumWarps() != warps * getMessageBlocks(op))
    return op->emitOpError("must share rows among ")
           << getMessageBlocks(op) << " times " << warps << " warps, got "
           << ofAll.getType();
  const Layout &held =
      layoutOf(isa<ExchangeOp>(op) ? op->getOperand(0) : op->getResult(0));
  int64_t blocks = getMessageBlocks(op);
  return Message(
      *this, op, held,
      getRoom(held, tile.getElementType().getIntOrFloatBitWidth(), blocks),
      tile.getElementType(), *room, *mailbox, blocks);
}

/// What each lane of a role is sent: all blocks send their own rows to all, or
/// to each its part.
static int64_t countReceived(Operation *op) {
  int64_t held = layoutOf(op->getOperand(0)).getNumRegisters();
  return isa<ExchangeOp>(op) ? held : held * getMessageBlocks(op);
}

LogicalResult TileLowering::lower(ExchangeOp op) {
  FailureOr<Message> message = messageOf(op);
  if (failed(message))
    return failure();
  FailureOr<bool> reachAll = message->allWarpsReachAll();
  if (failed(reachAll))
    return failure();
  Value parts = get(op.getOperand());
  // Who gets parts of the others must know of this warp, too.
  if (!*reachAll)
    emitRoleBarrier();
  if (failed(message->sendParts(parts)))
    return failure();
  messages.insert(op);
  return success();
}

LogicalResult TileLowering::lower(GatherOp op) {
  FailureOr<Message> message = messageOf(op);
  if (failed(message) || failed(message->sendRows(get(op.getOperand()),
                                                  layoutOf(op.getOperand()))))
    return failure();
  messages.insert(op);
  return success();
}

LogicalResult TileLowering::lowerWait(Operation *op, Value result) {
  if (!messages.erase(op))
    return op->emitOpError("must be waited for once, got a second tile.wait");
  FailureOr<Message> message = messageOf(op);
  if (failed(message))
    return failure();
  bool isExchange = isa<ExchangeOp>(op);
  message->receive(countReceived(op));
  FailureOr<Value> vector =
      isExchange ? message->addParts(layoutOf(result)) : message->readRows();
  if (failed(vector))
    return failure();
  set(result, *vector);
  return success();
}

//===----------------------------------------------------------------------===//
// From role to role
//===----------------------------------------------------------------------===//

template <typename Op>
FailureOr<TileLowering::Message>
TileLowering::messageOf(Op op, const Layout &held, int64_t blocks) {
  Value ring = op.getRing();
  FailureOr<Value> mailbox = addressOf(ring.getDefiningOp(), kMailboxAttr);
  if (failed(mailbox))
    return failure();
  Type version = cast<RingType>(ring.getType()).getVersion();
  return Message(*this, op, held, layoutOf(version),
                 cast<RankedTensorType>(version).getElementType(),
                 slotOf(ring, op.getIteration(), op.getAhead()), *mailbox,
                 blocks);
}

/// Versions are received in turn, so a version's number is its round's.
template <typename Op> Value TileLowering::roundOf(Op op) {
  Value number =
      arith::IndexCastOp::create(b, b.getI32Type(), get(op.getIteration()));
  if (!op.getAhead())
    return number;
  return arith::AddIOp::create(b, number, constant(op.getAhead()));
}

LogicalResult TileLowering::lower(SendPartsOp op) {
  FailureOr<Message> message = messageOf(op, layoutOf(op.getOperand()),
                                         static_cast<int64_t>(op.getBlocks()));
  if (failed(message))
    return failure();
  return message->sendParts(get(op.getOperand()));
}

LogicalResult TileLowering::lower(ReceiveSumsOp op) {
  auto [send, sender] = findSender<SendPartsOp>(op.getRing(), role.roles);
  if (!send)
    return op->emitOpError("must add up what another role sends, got none");
  const Layout &held = layoutOf(send.getOperand());
  FailureOr<Message> message =
      messageOf(op, held, static_cast<int64_t>(send.getBlocks()));
  if (failed(message))
    return failure();
  message->receive(held.getNumRegisters() * role.roles.getWarps()[sender] /
                       countWarps(),
                   roundOf(op));
  FailureOr<Value> sums = message->addParts(layoutOf(op.getResult()));
  if (failed(sums))
    return failure();
  set(op.getResult(), *sums);
  return success();
}

LogicalResult TileLowering::lower(SendOp op) {
  Layout held = layoutOf(op.getOperand());
  auto blocks = static_cast<int64_t>(op.getBlocks());
  if (held.isPlace() || held.getNumWarps() != countWarps() * blocks)
    return op->emitOpError("must share rows among ")
           << blocks << " times " << countWarps() << " warps, got "
           << op.getOperand().getType();
  FailureOr<Message> message = messageOf(op, held, blocks);
  if (failed(message))
    return failure();
  return message->sendRows(get(op.getOperand()), held);
}

LogicalResult TileLowering::lower(ReceiveOp op) {
  auto [send, sender] = findSender<SendOp>(op.getRing(), role.roles);
  if (!send)
    return op->emitOpError("must read what another role sends, got none");
  auto blocks = static_cast<int64_t>(send.getBlocks());
  FailureOr<Message> message = messageOf(op, layoutOf(op.getResult()), blocks);
  if (failed(message))
    return failure();
  message->receive(layoutOf(send.getOperand()).getNumRegisters() * blocks *
                       role.roles.getWarps()[sender] / countWarps(),
                   roundOf(op));
  FailureOr<Value> rows = message->readRows();
  if (failed(rows))
    return failure();
  set(op.getResult(), *rows);
  return success();
}
