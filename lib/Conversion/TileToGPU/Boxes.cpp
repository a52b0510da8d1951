//===- Boxes.cpp - Copies of boxes of tensors to shared memory, and back --===//
//
// Where a device has an engine that copies a box of a tensor by itself, one
// thread of a role starts the copy of a whole tile. The engine knows the tensor
// from a map, which the runtime makes for the call (gsa_map); where it cannot,
// and where rows behind those that are there belong to others, lanes copy.
//
// The role's mailbox counts bytes: a round is what is started from one wait to
// the next, and only the thread that starts copies waits for them. Others see
// what was copied when they have met that thread behind its wait.
//
// A tile that has bytes of its own (kOwnAttr) the engine stores, if it is
// whole, and the role goes on. The thread that starts this waits before the
// tile is written again, and behind the loop, when others may have the bytes.
// Where roles share registers lanes store: there it was 3% slower
// (bench/NOTES.md).
//
//===----------------------------------------------------------------------===//

#include "Lowering.h"
#include "dialects/GSA/GSANames.h"
#include "dialects/Tile/TileNames.h"
#include "gsa/Conversion/SharedMemory.h"
#include "gsa/Layout/Places.h"
#include "gsa/kernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::gsa;
using namespace mlir::tile;

/// Bytes of a row of a panel, by which its place is swizzled; 0 if no engine
/// fills a place like that.
static int64_t swizzleOf(RankedTensorType tile) {
  if (tile.getRank() != 2 || tile.getDimSize(0) > GSA_MAX_BOX_EXTENT)
    return 0;
  int64_t bits = tile.getElementTypeBitWidth();
  if (bits != 16 && bits != 32)
    return 0;
  for (int64_t bytes : {128, 64, 32})
    if (tile.getDimSize(1) * bits % (8 * bytes) == 0 &&
        layoutOf(tile) == swizzled(tile.getShape(), bits, bytes))
      return bytes;
  return 0;
}

//===----------------------------------------------------------------------===//
// Maps
//===----------------------------------------------------------------------===//

/// Adds two arguments behind the kernel's tensors, if it has none yet: where
/// its maps lie, and the set of those that the runtime could make.
void TileLowering::addMapArguments() {
  if (maps)
    return;
  Location loc = kernel.getLoc();
  unsigned count = kernel.getNumArguments();
  Type types[] = {LLVM::LLVMPointerType::get(b.getContext()), b.getI64Type()};
  for (auto [i, type] : llvm::enumerate(types)) {
    // A new argument at the end of a function without results: legal always.
    LogicalResult added =
        kernel.insertArgument(count + i, type, DictionaryAttr(), loc);
    assert(succeeded(added));
    (void)added;
  }
  maps = kernel.getArgument(count);
  usableMaps = kernel.getArgument(count + 1);
}

/// The tile that a fetch copies.
static Slice sliceOf(FetchOp op) {
  auto ring = cast<RingType>(op.getRing().getType());
  return Slice(op, op.getSource(), cast<RankedTensorType>(ring.getVersion()));
}

std::optional<int64_t> TileLowering::findMap(FetchOp op) {
  return findMap(sliceOf(op));
}

std::optional<int64_t> TileLowering::findMap(StoreOp op) {
  auto convert = op.getValue().getDefiningOp<ConvertOp>();
  auto roles = op->getParentOfType<RolesOp>();
  if (!convert || !convert->hasAttr(kOwnAttr) || !isPlace(convert.getType()) ||
      roles->hasAttr(kRegistersAttr))
    return std::nullopt;
  return findMap(Slice(op, op.getTarget(), convert.getType()));
}

std::optional<int64_t> TileLowering::findMap(const Slice &slice) {
  int64_t swizzle = swizzleOf(slice.tile);
  auto argument = dyn_cast<BlockArgument>(Value(slice.memory));
  auto type = cast<MemRefType>(slice.memory.getType());
  int64_t rank = type.getRank();
  if (!target.getFacts().hasBoxCopies || !swizzle || !argument ||
      argument.getOwner() != &kernel.front() || rank < 2 ||
      rank > GSA_MAX_RANK || slice.step != 1 || slice.dims[1] != rank - 1 ||
      type.getStridesAndOffset().first.back() != 1)
    return std::nullopt;
  SmallVector<int64_t> box(rank, 1);
  box[slice.dims[0]] = slice.tile.getDimSize(0);
  box[rank - 1] = 8 * swizzle / slice.tile.getElementTypeBitWidth();
  Attribute map = b.getDictionaryAttr(
      {b.getNamedAttr("box", b.getDenseI64ArrayAttr(box)),
       b.getNamedAttr("swizzle", b.getI64IntegerAttr(swizzle)),
       b.getNamedAttr("tensor", b.getI64IntegerAttr(argument.getArgNumber()))});
  SmallVector<Attribute> all;
  if (auto known = kernel->getAttrOfType<ArrayAttr>(kMapsAttr))
    llvm::append_range(all, known);
  auto same = llvm::find(all, map);
  int64_t number = same - all.begin();
  if (same != all.end())
    return number;
  if (number == GSA_MAX_MAPS)
    return std::nullopt;
  addMapArguments();
  all.push_back(map);
  kernel->setAttr(kMapsAttr, b.getArrayAttr(all));
  return number;
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

bool TileLowering::storesBoxes(Region &region) {
  return region
      .walk([&](StoreOp op) {
        return findMap(op) ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

Value TileLowering::emitStarts() {
  Value thread = arith::OrIOp::create(b, role.worker.lane, role.worker.warp);
  return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, thread,
                               constant(0));
}

LogicalResult TileLowering::openBoxes(Region &region, int64_t number) {
  bool fetches = region
                     .walk([&](FetchOp op) {
                       return findMap(op) ? WalkResult::interrupt()
                                          : WalkResult::advance();
                     })
                     .wasInterrupted();
  role.storesBoxes = storesBoxes(region);
  if (!fetches)
    return success();
  FailureOr<Value> all = addressOf(role.roles, kMailboxAttr);
  if (failed(all))
    return failure();
  role.mailbox = *all;
  if (number)
    role.mailbox =
        arith::AddIOp::create(b, *all, constant(number * kMailboxBytes));
  auto branch = scf::IfOp::create(b, emitStarts(), /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  device.emitMailbox(b, b.getLoc(), role.mailbox, /*warps=*/1);
  return success();
}

namespace mlir::gsa {
/// A tile that the engine may copy: panels side by side, a box each, one behind
/// the other at `address`.
struct BoxCopy : PlaceCopy {
  int64_t map;

  int64_t getSwizzle() const { return swizzleOf(slice.tile); }
  int64_t getPanelBytes() const {
    return slice.tile.getDimSize(0) * getSwizzle();
  }
  int64_t countPanels() const {
    return slice.tile.getNumElements() * slice.tile.getElementTypeBitWidth() /
           8 / getPanelBytes();
  }
};
} // namespace mlir::gsa

/// Whether the runtime could make the maps of `copies`.
Value TileLowering::emitUsable(ArrayRef<BoxCopy> copies) {
  int64_t all = 0;
  for (const BoxCopy &copy : copies)
    all |= int64_t(1) << copy.map;
  Value mask = arith::ConstantIntOp::create(b, all, 64);
  return arith::CmpIOp::create(b, arith::CmpIPredicate::eq,
                               arith::AndIOp::create(b, usableMaps, mask),
                               mask);
}

/// Whether what the engine copies is the tiles, and whether there is anything
/// of them (null: yes). It is: maps are there, and rows that the tiles have not
/// are behind the tensors' last.
std::pair<Value, Value> TileLowering::emitFitBoxes(ArrayRef<BoxCopy> copies) {
  auto isAtLeast = [&](Value value, Value least) -> Value {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::sge, value, least);
  };
  Value usable = emitUsable(copies);
  const Slice &slice = copies.front().slice;
  if (!slice.rows)
    return {usable, Value()};
  int64_t dim = slice.dims[0];
  Value rows = get(slice.rows);
  Value one = arith::ConstantIndexOp::create(b, 1);
  Value size = arith::ConstantIndexOp::create(b, slice.tile.getDimSize(0));
  Value behind = arith::AddIOp::create(b, get(slice.indices[dim]), rows);
  Value ends;
  for (const BoxCopy &copy : copies) {
    Value end = isAtLeast(
        behind, memref::DimOp::create(b, get(copy.slice.memory), dim));
    ends = ends ? arith::AndIOp::create(b, ends, end).getResult() : end;
  }
  Value fits = arith::OrIOp::create(b, isAtLeast(rows, size), ends);
  return {arith::AndIOp::create(b, usable, fits), isAtLeast(rows, one)};
}

void TileLowering::forEachPanel(
    const BoxCopy &copy,
    function_ref<void(Value address, Value map, ValueRange corner)> visit) {
  auto offset = int32_t(copy.map * GSA_MAP_BYTES);
  Value map = LLVM::GEPOp::create(b, maps.getType(), b.getI8Type(), maps,
                                  ArrayRef<LLVM::GEPArg>(offset));
  SmallVector<Value> coordinates;
  for (Value index : copy.slice.indices)
    coordinates.push_back(
        arith::IndexCastOp::create(b, b.getI32Type(), get(index)));
  int64_t elementBytes = copy.slice.tile.getElementTypeBitWidth() / 8;
  for (int64_t i = 0, e = copy.countPanels(); i < e; ++i) {
    SmallVector<Value> corner = coordinates;
    Value address = copy.address;
    if (i) {
      corner.back() = arith::AddIOp::create(
          b, corner.back(), constant(i * copy.getSwizzle() / elementBytes));
      address =
          arith::AddIOp::create(b, address, constant(i * copy.getPanelBytes()));
    }
    visit(address, map, corner);
  }
}

void TileLowering::copyBoxes(ArrayRef<BoxCopy> copies) {
  auto branch = scf::IfOp::create(b, emitStarts(), /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  int64_t bytes = 0;
  for (const BoxCopy &copy : copies)
    bytes += copy.countPanels() * copy.getPanelBytes();
  device.emitExpectBoxes(b, b.getLoc(), role.mailbox, bytes);
  for (const BoxCopy &copy : copies)
    forEachPanel(copy, [&](Value to, Value map, ValueRange corner) {
      device.emitCopyBox(b, b.getLoc(), to, map, corner, role.mailbox);
    });
}

LogicalResult
TileLowering::storeBoxes(const PlaceCopy &tile, int64_t map,
                         function_ref<LogicalResult()> storeByLanes) {
  const Slice &slice = tile.slice;
  BoxCopy copy = {tile, map};
  // Rows behind those that there are may be another window's.
  Value fits = emitUsable(copy);
  if (slice.rows) {
    Value size = arith::ConstantIndexOp::create(b, slice.tile.getDimSize(0));
    Value isWhole = arith::CmpIOp::create(b, arith::CmpIPredicate::sge,
                                          get(slice.rows), size);
    fits = arith::AndIOp::create(b, fits, isWhole);
  }
  auto branch =
      scf::IfOp::create(b, TypeRange(), fits, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  auto starter = scf::IfOp::create(b, emitStarts(), /*withElseRegion=*/false);
  b.setInsertionPointToStart(starter.thenBlock());
  forEachPanel(copy, [&](Value from, Value at, ValueRange corner) {
    device.emitStoreBox(b, b.getLoc(), from, at, corner);
  });
  b.setInsertionPointToStart(branch.elseBlock());
  return storeByLanes();
}

void TileLowering::awaitStores() {
  if (!role.storesBoxes)
    return;
  auto starter = scf::IfOp::create(b, emitStarts(), /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(starter.thenBlock());
  device.emitAwaitStores(b, b.getLoc());
}

bool TileLowering::areTogether(FetchOp first, FetchOp second) {
  auto slotsOf = [](FetchOp op) {
    return cast<RingType>(op.getRing().getType()).getSlots();
  };
  bool areBoxes = findMap(first).has_value();
  if (areBoxes != findMap(second).has_value() || slotsOf(first) == 1 ||
      slotsOf(second) == 1)
    return false;
  // Rows of one length are wide pieces, or not, together.
  if (!areBoxes)
    return first.getSource().getType().getShape().back() ==
           second.getSource().getType().getShape().back();
  if (first.getRows() != second.getRows() ||
      first->hasAttr(kZerosAttr) != second->hasAttr(kZerosAttr))
    return false;
  Slice a = sliceOf(first), b = sliceOf(second);
  return a.dims[0] == b.dims[0] &&
         a.tile.getDimSize(0) == b.tile.getDimSize(0) &&
         a.indices[a.dims[0]] == b.indices[b.dims[0]];
}

LogicalResult TileLowering::lowerFetches(ArrayRef<FetchOp> ops) {
  SmallVector<PlaceCopy> byLanes;
  SmallVector<BoxCopy> copies;
  for (FetchOp op : ops) {
    auto ring = cast<RingType>(op.getRing().getType());
    if (ring.getSlots() == 1)
      emitRoleBarrier();
    Value slot = slotOf(op.getRing(), op.getIteration(), op.getAhead());
    byLanes.push_back({op, sliceOf(op), slot});
    if (std::optional<int64_t> map = findMap(op))
      copies.push_back({byLanes.back(), *map});
  }
  if (copies.empty())
    return copyToPlaces(byLanes);
  auto [fit, isThere] = emitFitBoxes(copies);
  OpBuilder::InsertionGuard guard(b);
  // Behind a segment's end nobody reads, as a rule.
  if (isThere && !ops.front()->hasAttr(kZerosAttr)) {
    auto some = scf::IfOp::create(b, isThere, /*withElseRegion=*/false);
    b.setInsertionPointToStart(some.thenBlock());
  }
  auto branch = scf::IfOp::create(b, TypeRange(), fit, /*withElseRegion=*/true);
  b.setInsertionPointToStart(branch.thenBlock());
  copyBoxes(copies);
  b.setInsertionPointToStart(branch.elseBlock());
  // One behind the other: addresses of all at once would take registers.
  for (const PlaceCopy &copy : byLanes)
    if (failed(copyToPlaces(copy, /*rolled=*/true)))
      return failure();
  // At once: to wait behind the branch would cost those who took the other one.
  device.emitWaitCopies(b, b.getLoc());
  if (role.readsAsync)
    device.emitMatrixFence(b, b.getLoc());
  return success();
}

LogicalResult TileLowering::lower(WaitFetchesOp op) {
  if (role.copies)
    device.emitWaitCopies(b, b.getLoc());
  if (role.mailbox)
    device.emitWaitBoxes(b, b.getLoc(), role.mailbox, emitStarts());
  if (op.getTogether())
    emitRoleBarrier();
  return success();
}
