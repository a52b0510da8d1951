//===- Exchange.cpp - Sums over the blocks of a cluster -------------------===//
//
// Lanes of the same number, in warps of the same number, of n blocks add up
// what they hold, register by register, so layouts do not matter. Of n parts of
// its registers, a lane
//
//   sends part i to block i, which has room for one part of each block; here
//   the role may do something else; waits for the parts of its own number, adds
//   them up in the order of blocks; sends the sum to every block, which has
//   room for one sum of each block; waits for the sums, which are the result.
//
// One handshake an exchange, without any other: the rooms need no second slot.
// Take two exchanges of one op in a row, and warps of number w throughout.
//
//   Parts. A lane of block a sends part i of the second exchange to block i
//   when its warp has got all sums of the first. Those of block i's warp were
//   sent behind the sums' loads, so its lanes have read what lay in the room.
//   Sums. Block i's warp sends sums of the second exchange when it has got the
//   parts of all lanes of block a's warp. Each lane sends its parts behind its
//   loads of the first exchange's sums.
//   Before the first sums arrive, the role of block a meets: other ops, which
//   share the room with sums, are done with it in all warps.
//
// A mailbox counts one round an exchange: nothing of the second arrives before
// the first ends, by the same two arguments.
//
//===----------------------------------------------------------------------===//

#include "Lowering.h"
#include "dialects/GSA/GSANames.h"
#include "gsa/Conversion/SharedMemory.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::gsa;
using namespace mlir::tile;

static SmallVector<ExchangeOp> findExchanges(RolesOp roles) {
  SmallVector<ExchangeOp> exchanges;
  roles.walk([&](ExchangeOp op) { exchanges.push_back(op); });
  return exchanges;
}

LogicalResult TileLowering::openCluster(RolesOp roles, Value thread) {
  SmallVector<ExchangeOp> exchanges = findExchanges(roles);
  if (exchanges.empty())
    return success();
  auto cluster = kernel->getAttrOfType<IntegerAttr>(kClusterAttr);
  Value isFirst =
      arith::CmpIOp::create(b, arith::CmpIPredicate::eq, thread, constant(0));
  auto branch = scf::IfOp::create(b, isFirst, /*withElseRegion=*/false);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    for (ExchangeOp op : exchanges) {
      int64_t blocks = cluster ? cluster.getInt() : 1;
      if (static_cast<int64_t>(op.getBlocks()) != blocks)
        return op.emitOpError("must be over the ")
               << blocks << " blocks of its kernel's cluster, got "
               << op.getBlocks();
      int64_t role = 0;
      while (!roles.getRoles()[role].isAncestor(op->getParentRegion()))
        ++role;
      int64_t warps = roles.getWarps()[role];
      FailureOr<Value> room = addressOf(op, kOffsetAttr);
      if (failed(room))
        return failure();
      ExchangeForm form(op, warps, target.getFacts().warpLanes);
      for (int64_t i = 0; i < 2 * warps; ++i)
        device.emitMailbox(
            b, op.getLoc(),
            arith::AddIOp::create(
                b, *room,
                constant(form.boxBytes + i * ExchangeForm::kMailboxBytes)));
    }
  }
  device.emitClusterBarrier(b, b.getLoc());
  return success();
}

void TileLowering::closeCluster(RolesOp roles) {
  // A block's last sums may still be on their way to others.
  if (!findExchanges(roles).empty())
    device.emitClusterBarrier(b, b.getLoc());
}

/// One exchange, as the lane that runs the code takes part in it.
class TileLowering::Exchange {
public:
  Exchange(TileLowering &lowering, ExchangeOp op, Value parts, Value sums);

  const ExchangeForm &getForm() const { return form; }
  int64_t getBlocks() const { return blocks; }
  Value getPartsBox() const { return partsBox; }
  Value getSumsBox() const { return sumsBox; }
  /// Bytes that arrive at one of a warp's mailboxes in a round.
  int64_t getRoundBytes() const {
    return blocks * lanes * form.words * wordBytes;
  }

  void sendPart(int64_t block, ArrayRef<Value> part) {
    send(block, partsHere, partsBox, part);
  }
  void sendSum(int64_t block, ArrayRef<Value> sum) {
    send(block, sumsHere, sumsBox, sum);
  }
  SmallVector<Value> readPart(int64_t block) { return read(block, partsHere); }
  SmallVector<Value> readSum(int64_t block) { return read(block, sumsHere); }

private:
  static constexpr int64_t wordBytes = 4;

  Value add(Value address, int64_t bytes) {
    return arith::AddIOp::create(b, address, lowering.constant(bytes));
  }
  void send(int64_t block, Value room, Value box, ArrayRef<Value> elements);
  SmallVector<Value> read(int64_t block, Value room);

  TileLowering &lowering;
  ImplicitLocOpBuilder &b;
  int64_t lanes, blocks;
  ExchangeForm form;
  int64_t rowBytes;          ///< from words that are sent together to the next
  Value partsHere, sumsHere; ///< where this lane's words lie in block 0's
  Value partsBox, sumsBox, slot; ///< its warp's mailboxes; its block's offset
};

TileLowering::Exchange::Exchange(TileLowering &lowering, ExchangeOp op,
                                 Value parts, Value sums)
    : lowering(lowering), b(lowering.b),
      lanes(lowering.target.getFacts().warpLanes), blocks(op.getBlocks()),
      form(op, lowering.role.party.threads / lanes, lanes) {
  const Worker &worker = lowering.role.worker;
  auto times = [&](Value x, int64_t y) -> Value {
    return arith::MulIOp::create(b, x, lowering.constant(y));
  };
  Value thread =
      arith::AddIOp::create(b, times(worker.warp, lanes), worker.lane);
  Value mine = times(thread, form.width * wordBytes);
  rowBytes = lowering.role.party.threads * form.width * wordBytes;
  partsHere = arith::AddIOp::create(b, parts, mine);
  sumsHere = arith::AddIOp::create(b, sums, mine);
  Value boxes = times(worker.warp, 2 * ExchangeForm::kMailboxBytes);
  partsBox =
      add(arith::AddIOp::create(b, parts, boxes).getResult(), form.boxBytes);
  sumsBox = add(partsBox, ExchangeForm::kMailboxBytes);
  slot = times(lowering.device.emitClusterRank(b, b.getLoc()), form.blockBytes);
}

void TileLowering::Exchange::send(int64_t block, Value room, Value box,
                                  ArrayRef<Value> elements) {
  const Device &device = lowering.device;
  Value peer = lowering.constant(block);
  Value to = device.emitPeerAddress(b, b.getLoc(),
                                    arith::AddIOp::create(b, room, slot), peer);
  Value toBox = device.emitPeerAddress(b, b.getLoc(), box, peer);
  for (int64_t i = 0; i < form.words; i += form.width) {
    SmallVector<Value> words;
    for (Value element : elements.slice(i, form.width))
      words.push_back(arith::BitcastOp::create(b, b.getI32Type(), element));
    device.emitSend(b, b.getLoc(), add(to, i / form.width * rowBytes), toBox,
                    words);
  }
}

SmallVector<Value> TileLowering::Exchange::read(int64_t block, Value room) {
  SmallVector<Value> elements;
  auto pointer = LLVM::LLVMPointerType::get(b.getContext(), kSharedSpace);
  auto words = VectorType::get({form.width}, b.getF32Type());
  for (int64_t i = 0; i < form.words; i += form.width) {
    Value address =
        add(room, block * form.blockBytes + i / form.width * rowBytes);
    Value row = LLVM::LoadOp::create(
        b, words, LLVM::IntToPtrOp::create(b, pointer, address),
        form.width * wordBytes);
    llvm::append_range(elements, lowering.unpack(row));
  }
  return elements;
}

LogicalResult TileLowering::lower(ExchangeOp op) {
  FailureOr<Value> parts = addressOf(op, kOffsetAttr);
  FailureOr<Value> sums = addressOf(op, kScratchAttr);
  if (failed(parts) || failed(sums))
    return failure();
  Exchange exchange(*this, op, *parts, *sums);
  const ExchangeForm &form = exchange.getForm();
  SmallVector<Value> own = unpack(get(op.getOperand()));
  Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0.0f));
  own.resize(exchange.getBlocks() * form.words, zero);

  emitRoleBarrier();
  Value isFirst = arith::CmpIOp::create(b, arith::CmpIPredicate::eq,
                                        role.worker.lane, constant(0));
  auto expect = [&](Value box) {
    return device.emitExpect(b, b.getLoc(), box, exchange.getRoundBytes(),
                             isFirst);
  };
  exchanges[op] = {expect(exchange.getPartsBox()),
                   expect(exchange.getSumsBox())};
  for (int64_t block = 0; block < exchange.getBlocks(); ++block)
    exchange.sendPart(block,
                      ArrayRef(own).slice(block * form.words, form.words));
  return success();
}

LogicalResult TileLowering::lowerWait(ExchangeOp op, Value result) {
  auto begun = exchanges.find(op);
  if (begun == exchanges.end())
    return op.emitOpError("must be waited for once, got a second tile.wait");
  RunningExchange rounds = begun->second;
  exchanges.erase(begun);
  Exchange exchange(*this, op, *addressOf(op, kOffsetAttr),
                    *addressOf(op, kScratchAttr));
  device.emitReceive(b, b.getLoc(), exchange.getPartsBox(), rounds.partsRound);
  SmallVector<Value> total = exchange.readPart(0);
  for (int64_t block = 1; block < exchange.getBlocks(); ++block)
    for (auto [sum, part] : llvm::zip_equal(total, exchange.readPart(block)))
      sum = arith::AddFOp::create(b, sum, part);
  for (int64_t block = 0; block < exchange.getBlocks(); ++block)
    exchange.sendSum(block, total);
  device.emitReceive(b, b.getLoc(), exchange.getSumsBox(), rounds.sumsRound);
  SmallVector<Value> all;
  for (int64_t block = 0; block < exchange.getBlocks(); ++block)
    llvm::append_range(all, exchange.readSum(block));
  all.resize(cast<VectorType>(convert(result.getType())).getNumElements());
  set(result, pack(all));
  return success();
}
