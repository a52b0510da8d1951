//===- SharedMemory.cpp - Rings, places, and changes of layout ------------===//

#include "gsa/Conversion/SharedMemory.h"
#include "Lowering.h"
#include "gsa/Layout/Move.h"
#include "gsa/Layout/Places.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::gsa;
using namespace mlir::tile;

static int64_t bytesOf(Type element) {
  return llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
}

//===----------------------------------------------------------------------===//
// Addresses
//===----------------------------------------------------------------------===//

FailureOr<Value> TileLowering::addressOf(Operation *op, StringRef attribute) {
  auto offset = op->getAttrOfType<IntegerAttr>(attribute);
  if (!offset)
    return op->emitOpError("must have shared memory as ")
           << attribute << ", got none";
  if (offset.getInt() == 0)
    return shared;
  Value address = arith::AddIOp::create(b, shared, constant(offset.getInt()));
  return address;
}

/// An iteration's number modulo `slots`, known to be the same in all lanes:
/// addresses that follow from it take no registers of the lanes.
Value TileLowering::versionOf(Value iteration, int64_t slots) {
  Value &version = versions[{iteration, slots}];
  if (version)
    return version;
  OpBuilder::InsertionGuard guard(b);
  Value number = get(iteration);
  bool isVariable = isa<BlockArgument>(number);
  if (isVariable)
    b.setInsertionPointToStart(number.getParentBlock());
  else if (Operation *op = number.getDefiningOp())
    b.setInsertionPointAfter(op);
  version = arith::RemUIOp::create(b, number,
                                   arith::ConstantIndexOp::create(b, slots));
  version = arith::IndexCastOp::create(b, b.getI32Type(), version);
  if (isVariable)
    version = device.emitUniform(b, b.getLoc(), version, slots);
  return version;
}

Value TileLowering::slotOf(Value ring, Value iteration, int64_t ahead) {
  auto type = cast<RingType>(ring.getType());
  int64_t slots = type.getSlots();
  if (slots == 1)
    return get(ring);
  // What is ahead counts modulo the slots, and so is never negative.
  ahead = ((ahead % slots) + slots) % slots;
  Value slot = versionOf(iteration, slots);
  if (ahead) {
    slot = arith::AddIOp::create(b, slot, constant(ahead));
    slot = arith::RemUIOp::create(b, slot, constant(slots));
  }
  Value offset = arith::MulIOp::create(b, slot, constant(getSlotBytes(ring)));
  return arith::AddIOp::create(b, get(ring), offset);
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

FailureOr<Value> TileLowering::loadPlace(Operation *op, Value address,
                                         const Layout &place,
                                         const Layout &layout, Type element) {
  std::optional<Composed> offsets = compose(place, layout);
  if (!offsets)
    return op->emitOpError("must have a place whose block holds what lanes and "
                           "warps span");
  return emitSharedLoad(b, b.getLoc(), device,
                        SharedAccess(*offsets, bytesOf(element)),
                        workerOf(layout), address, element);
}

LogicalResult TileLowering::storePlace(Operation *op, Value vector,
                                       Value address, const Layout &place,
                                       const Layout &layout) {
  std::optional<Composed> offsets = compose(place, layout);
  if (!offsets)
    return op->emitOpError("must have a place whose block holds what lanes and "
                           "warps span");
  Type element = cast<VectorType>(vector.getType()).getElementType();
  emitSharedStore(b, b.getLoc(), device,
                  SharedAccess(*offsets, bytesOf(element)), workerOf(layout),
                  address, vector);
  return success();
}

LogicalResult TileLowering::storeRun(Operation *op, Value vector, Value address,
                                     const Layout &place, const Layout &layout,
                                     int64_t blocks) {
  // Which run, by lane and warp: the highest bits of the offset.
  std::optional<Composed> offsets = compose(place, layout);
  int64_t run = place.getNumElements() / blocks;
  auto runOf = [&](int64_t offset) { return offset / run; };
  if (!offsets ||
      llvm::any_of(offsets->reg, [&](int64_t reg) { return runOf(reg) != 0; }))
    return op->emitOpError(
        "must put rows that each lane has of one block only");
  auto bits = [&](ArrayRef<int64_t> from) {
    return llvm::map_to_vector(from, runOf);
  };
  Value own = arith::XOrIOp::create(
      b, emitBits(b, b.getLoc(), role.worker.lane, bits(offsets->lane)),
      emitBits(b, b.getLoc(), role.worker.warp, bits(offsets->warp)));
  Value isOwn = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, own,
                                      device.emitClusterRank(b, b.getLoc()));
  for (SmallVector<int64_t> *part : {&offsets->lane, &offsets->warp})
    for (int64_t &offset : *part)
      offset %= run;
  Type element = cast<VectorType>(vector.getType()).getElementType();
  auto branch = scf::IfOp::create(b, isOwn, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  emitSharedStore(b, b.getLoc(), device,
                  SharedAccess(*offsets, bytesOf(element)), role.worker,
                  address, vector);
  return success();
}

//===----------------------------------------------------------------------===//
// Rings
//===----------------------------------------------------------------------===//

static Value pointerTo(ImplicitLocOpBuilder &b, Value address) {
  auto type = LLVM::LLVMPointerType::get(b.getContext(), kSharedSpace);
  return LLVM::IntToPtrOp::create(b, type, address);
}

LogicalResult TileLowering::lower(PutOp op) {
  Type type = op.getValue().getType();
  Value slot = slotOf(op.getRing(), op.getIteration(), op.getAhead());
  Value value = get(op.getValue());
  if (isTile(type)) {
    if (isPlace(type))
      return op.emitOpError("must put a tile in registers, got ") << type;
    auto ring = cast<RingType>(op.getRing().getType());
    Layout place = layoutOf(ring.getVersion());
    if (int64_t blocks = getSharers(op.getRing()); blocks > 1)
      return storeRun(op, value, slot, place, layoutOf(type), blocks);
    return storePlace(op, value, slot, place, layoutOf(type));
  }
  // All lanes have the scalar, and write it: a branch would cost more.
  if (type.isIndex())
    value = arith::IndexCastOp::create(b, b.getI64Type(), value);
  LLVM::StoreOp::create(b, value, pointerTo(b, slot), bytesOf(value.getType()));
  return success();
}

LogicalResult TileLowering::lower(GetOp op) {
  Type type = op.getValue().getType();
  Value slot = slotOf(op.getRing(), op.getIteration(), op.getAhead());
  auto ring = cast<RingType>(op.getRing().getType());
  if (isPlace(type)) {
    if (ring.getVersion() != type)
      return op.emitOpError("must get a place as the ring has it, got ")
             << type;
    set(op.getValue(), slot);
    return success();
  }
  if (isTile(type)) {
    // A run of rows begins where those of earlier blocks would.
    int64_t blocks = getSharers(op.getRing());
    if (blocks > 1 &&
        layoutOf(type).getNumWarps() !=
            blocks * role.party.threads / target.getFacts().warpLanes)
      return op.emitOpError("must get this block's rows of what ")
             << blocks << " share, got " << type;
    if (blocks > 1)
      slot = arith::SubIOp::create(
          b, slot,
          arith::MulIOp::create(
              b, device.emitClusterRank(b, b.getLoc()),
              constant(getSharedBytes(ring.getVersion()) / blocks)));
    FailureOr<Value> vector =
        loadPlace(op, slot, layoutOf(ring.getVersion()), layoutOf(type),
                  cast<RankedTensorType>(type).getElementType());
    if (failed(vector))
      return failure();
    set(op.getValue(), *vector);
    return success();
  }
  Type stored = type.isIndex() ? b.getI64Type() : type;
  Value value =
      LLVM::LoadOp::create(b, stored, pointerTo(b, slot), bytesOf(stored));
  if (type.isIndex())
    value = arith::IndexCastOp::create(b, type, value);
  set(op.getValue(), value);
  return success();
}

//===----------------------------------------------------------------------===//
// Changes of layout
//===----------------------------------------------------------------------===//

LogicalResult TileLowering::lower(ConvertOp op) {
  Type fromType = op.getOperand().getType(), toType = op.getResult().getType();
  const Layout &from = layoutOf(fromType), &to = layoutOf(toType);
  Type element = cast<RankedTensorType>(toType).getElementType();
  Value operand = get(op.getOperand());
  if (from == to) {
    set(op.getResult(), operand);
    return success();
  }
  if (!from.isPlace() && !to.isPlace()) {
    MoveKind kind = move(from, to);
    if (kind == MoveKind::Registers) {
      set(op.getResult(), permute(operand, registerMap(from, to)));
      return success();
    }
    // Through scratch memory, which others may still be reading.
    FailureOr<Value> scratch = addressOf(op, kScratchAttr);
    if (failed(scratch))
      return failure();
    Layout place = rowMajor(from.getShape());
    if (!op->hasAttr(kOwnAttr))
      meetToWrite();
    if (failed(storePlace(op, operand, *scratch, place, from)))
      return failure();
    emitRoleBarrier();
    FailureOr<Value> vector = loadPlace(op, *scratch, place, to, element);
    if (failed(vector))
      return failure();
    set(op.getResult(), *vector);
    return success();
  }
  if (from.isPlace() && !to.isPlace()) {
    FailureOr<Value> vector = loadPlace(op, operand, from, to, element);
    if (failed(vector))
      return failure();
    set(op.getResult(), *vector);
    return success();
  }
  if (from.isPlace())
    return op.emitOpError("must have registers on one side, got ")
           << fromType << " and " << toType;
  FailureOr<Value> address = addressOf(op, kOffsetAttr);
  if (failed(address))
    return failure();
  // Behind those who read what the place held before, before those who read it.
  bool isStored = llvm::any_of(op->getUsers(), [&](Operation *user) {
    auto store = dyn_cast<StoreOp>(user);
    return store && findMap(store);
  });
  if (isStored || !op->hasAttr(kOwnAttr))
    meetToWrite();
  if (failed(storePlace(op, operand, *address, to, from)))
    return failure();
  if (isStored)
    device.emitMatrixFence(b, b.getLoc());
  emitRoleBarrier(op.getResult());
  set(op.getResult(), *address);
  return success();
}
