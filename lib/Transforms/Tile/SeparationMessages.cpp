//===- SeparationMessages.cpp - Which message is behind which -------------===//
//
// What becomes of an exchange's sums is gathered, which tells other blocks that
// their parts were read. From role to role (`tile.send_parts`, `tile.send`)
// nothing is behind a barrier, but the one follows from the other:
//
//   4. versions are sent by one role and received by another, once, in turn
//   5. what receives sums sends rows of that version before it receives the
//      next, and rows are sent of nothing else: so the rows that have arrived
//      tell which parts were read
//   6. parts are sent behind the receipt, by the same role, of the rows that
//      were made of what was in the slot
//   7. rows are received an epoch before the parts are sent of what is sent to
//      their slot next; or in the same, if each warp sends the parts of just
//      the rows that it has received
//
// A role that never meets is between the sending of the parts whose sums it has
// last received, and the receipt of the rows that it sends next: these are the
// epochs in which it reads.
//
// What follows from these for shared memory is argued in the lowering
// (TileToGPU/Exchange.cpp).
//
//===----------------------------------------------------------------------===//

#include "Separation.h"

#include <set>

using namespace mlir;
using namespace mlir::gsa;

/// Whether warps have the same rows of what is received and of what is sent.
static bool haveSameRows(const Message &rows, const Message &parts) {
  auto rowsOf = [](Type tile) {
    std::vector<std::set<int64_t>> rows;
    auto attr = dyn_cast_or_null<tile::LayoutAttr>(
        cast<RankedTensorType>(tile).getEncoding());
    if (!attr || attr.getLayout().isPlace())
      return rows;
    const Layout &layout = attr.getLayout();
    rows.resize(layout.getNumWarps());
    for (auto [warp, own] : llvm::enumerate(rows))
      for (int64_t lane = 0; lane < layout.getNumLanes(); ++lane)
        for (int64_t i = 0; i < layout.getNumRegisters(); ++i)
          own.insert(layout.apply(i, lane, static_cast<int64_t>(warp)).front());
    return rows;
  };
  auto received = rowsOf(cast<tile::ReceiveOp>(rows.op).getResult().getType());
  return !received.empty() &&
         received ==
             rowsOf(cast<tile::SendPartsOp>(parts.op).getOperand().getType());
}

static bool isSend(const Message &message) {
  return isa<tile::SendOp, tile::SendPartsOp>(message.op);
}
static const Message *findMessage(ArrayRef<Message> messages,
                                  function_ref<bool(const Message &)> test) {
  const auto *found = llvm::find_if(messages, test);
  return found == messages.end() ? nullptr : found;
}

LogicalResult gsa::checkTurns(ArrayRef<Message> messages) {
  SmallVector<Message> sent, received;
  auto isOfParts = [](const Message &message) {
    return isa<tile::SendPartsOp, tile::ReceiveSumsOp>(message.op);
  };
  for (const Message &message : messages) {
    if (isOfParts(message) != isOfParts(messages.front()))
      return message.op->emitOpError("parts must be received as sums and rows "
                                     "as rows, got ")
             << messages.front().op->getName() << " for the same ring";
    SmallVector<Message> &rounds = isSend(message) ? sent : received;
    rounds.push_back(message);
    auto turn = static_cast<int64_t>(rounds.size()) - 1;
    if (message.version != turn || message.role != rounds.front().role)
      return message.op->emitOpError(
                 "versions must be sent by one role, and received by one, in "
                 "turn, got version ")
             << message.version << " for " << turn;
  }
  if (sent.size() == received.size())
    return success();
  return (sent.empty() ? received : sent)
             .front()
             .op->emitOpError("all that is sent must be received, got ")
         << received.size() << " of " << sent.size() << " versions";
}

LogicalResult gsa::checkAnswer(const Message &parts,
                               ArrayRef<Message> messages) {
  auto slotsOf = [](const Message &message) {
    return cast<tile::RingType>(message.ring.getType()).getSlots();
  };
  const Message *sums = findMessage(messages, [&](const Message &other) {
    return isa<tile::ReceiveSumsOp>(other.op) && other.ring == parts.ring &&
           other.version == parts.version;
  });
  const Message *rows = findMessage(messages, [&](const Message &other) {
    return sums->isBefore(other) &&
           isa<tile::SendOp, tile::ReceiveSumsOp>(other.op);
  });
  if (!rows || !isa<tile::SendOp>(rows->op) || rows->version != parts.version)
    return sums->op->emitOpError("rows must be sent of sums before the next "
                                 "are received, got none of version ")
           << parts.version;
  auto received = [&](int64_t version) {
    return findMessage(messages, [&](const Message &other) {
      return isa<tile::ReceiveOp>(other.op) && other.ring == rows->ring &&
             other.version == version;
    });
  };
  int64_t before = parts.version - slotsOf(parts);
  if (before >= 0 && !received(before)->isBefore(parts))
    return parts.op->emitOpError("all blocks must have read the parts before, "
                                 "got no tile.receive of version ")
           << before << " before version " << parts.version << " is sent";
  before = parts.version - slotsOf(*rows);
  if (before < 0)
    return success();
  const Message *last = received(before);
  if (last->epoch < parts.epoch ||
      (last->isBefore(parts) && haveSameRows(*last, parts)))
    return success();
  return parts.op->emitOpError("a slot must be received an epoch before parts "
                               "of what is sent to it next, got version ")
         << before << " in epoch " << last->epoch
         << " and the parts of version " << parts.version << " in epoch "
         << parts.epoch;
}

LogicalResult gsa::checkSource(const Message &rows,
                               ArrayRef<Message> messages) {
  const Message *source = nullptr;
  for (const Message &other : messages)
    if (other.isBefore(rows) &&
        isa<tile::SendOp, tile::ReceiveSumsOp>(other.op))
      source = &other;
  if (source && isa<tile::ReceiveSumsOp>(source->op) &&
      source->version == rows.version)
    return success();
  return rows.op->emitOpError("rows must be sent of sums of their own, got no "
                              "tile.receive_sums for version ")
         << rows.version;
}

LogicalResult gsa::findEpochs(unsigned role, ArrayRef<Message> messages,
                              MutableArrayRef<Event> accesses) {
  auto pair = [&](const Message &message) {
    return findMessage(messages, [&](const Message &other) {
      return other.ring == message.ring && other.version == message.version &&
             isSend(other) != isSend(message);
    });
  };
  for (Event &event : accesses) {
    if (event.role != role)
      continue;
    const Message *last = nullptr, *next = nullptr;
    for (const Message &message : messages) {
      if (message.role != role)
        continue;
      if (!isSend(message) && message.order < event.order)
        last = &message;
      if (isSend(message) && message.order > event.endOrder && !next)
        next = &message;
    }
    if (!last || !next || event.isWrite)
      return event.op->emitOpError(
          "a role that never meets must only read rings, between what it "
          "receives and what it sends");
    event.begin = pair(*last)->epoch;
    event.end = pair(*next)->epoch;
  }
  return success();
}
