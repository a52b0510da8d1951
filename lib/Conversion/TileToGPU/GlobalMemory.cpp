//===- GlobalMemory.cpp - Loads and stores of tiles -----------------------===//
//
// Registers whose elements lie side by side move together if addresses allow;
// that is known when the kernel runs, the same for all lanes. Otherwise
// elements move one by one.
//
//===----------------------------------------------------------------------===//

#include "Reach.h"
#include "gsa/Conversion/SharedMemory.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::gsa;
using namespace mlir::tile;

//===----------------------------------------------------------------------===//
// Registers that move together
//===----------------------------------------------------------------------===//

/// Whether coordinates of registers, lanes and warps have no bit in common, so
/// that they add.
static bool areDigits(const Layout &layout) {
  for (int64_t dim = 0; dim < layout.getRank(); ++dim) {
    int64_t taken = 0;
    for (Layout::Input input :
         {Layout::Input::Register, Layout::Input::Lane, Layout::Input::Warp})
      for (const Coordinates &base : layout.getBases(input)) {
        if (taken & base[dim])
          return false;
        taken |= base[dim];
      }
  }
  return true;
}

namespace {
/// Registers as they move: units of 32 bits, or elements that are smaller.
struct Units {
  Units(ImplicitLocOpBuilder &b, int64_t registers, int64_t elementBytes,
        ArrayRef<int64_t> members)
      : elements(members.size() > 1 && elementBytes < 4 ? 4 / elementBytes : 1),
        count(registers / elements),
        type(b.getIntegerType(8 * elementBytes * elements)) {}

  int64_t elements; ///< of a unit
  int64_t count;
  Type type;
};
} // namespace

static Value loadRegisters(ImplicitLocOpBuilder &b, const Device &device,
                           const Reach &reach, const Layout &layout,
                           VectorType type, ArrayRef<int64_t> members) {
  Units units(b, type.getNumElements(), reach.getElementBytes(), members);
  int64_t bytes = members.size() * reach.getElementBytes();
  SmallVector<Value> values(units.count);
  for (int64_t i = 0; i < type.getNumElements(); ++i) {
    if (i & members.back())
      continue;
    Coordinates at = layout.apply(i, 0, 0);
    Value loaded = device.emitLoad(b, b.getLoc(), reach.getPointer(at), bytes,
                                   reach.getPresent(at));
    for (size_t j = 0; j < members.size(); j += units.elements) {
      Value unit = loaded;
      if (isa<VectorType>(loaded.getType()))
        unit =
            vector::ExtractOp::create(b, loaded, int64_t(j) / units.elements);
      values[(i + members[j]) / units.elements] = unit;
    }
  }
  auto flat = VectorType::get({units.count}, units.type);
  Value vector = vector::FromElementsOp::create(b, flat, values);
  return vector::BitCastOp::create(b, type, vector);
}

static void storeRegisters(ImplicitLocOpBuilder &b, const Device &device,
                           const Reach &reach, const Layout &layout,
                           Value vector, Value mine,
                           ArrayRef<int64_t> members) {
  auto type = cast<VectorType>(vector.getType());
  Units units(b, type.getNumElements(), reach.getElementBytes(), members);
  Value flat = vector::BitCastOp::create(
      b, VectorType::get({units.count}, units.type), vector);
  for (int64_t i = 0; i < type.getNumElements(); ++i) {
    if (i & members.back())
      continue;
    Coordinates at = layout.apply(i, 0, 0);
    SmallVector<Value> values;
    for (size_t j = 0; j < members.size(); j += units.elements)
      values.push_back(vector::ExtractOp::create(
          b, flat, (i + members[j]) / units.elements));
    Value value = values.front();
    if (values.size() > 1)
      value = vector::FromElementsOp::create(
          b, VectorType::get({int64_t(values.size())}, units.type), values);
    Value present = reach.getPresent(at);
    if (mine)
      present =
          present ? arith::AndIOp::create(b, present, mine).getResult() : mine;
    device.emitStore(b, b.getLoc(), value, reach.getPointer(at), present);
  }
}

/// Runs `body` with registers that move together where addresses allow, else
/// with each for itself.
static Value withMembers(ImplicitLocOpBuilder &b, const Reach &reach,
                         ArrayRef<int64_t> members, Type type,
                         function_ref<Value(ArrayRef<int64_t> members)> body) {
  if (!reach.follows() || members.size() == 1)
    return body({0});
  Value fits = reach.emitFits(members.size(), /*whole=*/true);
  SmallVector<Type> types;
  if (type)
    types.push_back(type);
  auto branch = scf::IfOp::create(b, types, fits, /*withElseRegion=*/true);
  for (bool wide : {true, false}) {
    OpBuilder::InsertionGuard guard(b);
    Block &block = wide ? *branch.thenBlock() : *branch.elseBlock();
    if (type)
      b.setInsertionPointToEnd(&block);
    else
      b.setInsertionPoint(block.getTerminator());
    Value value = body(wide ? members : ArrayRef<int64_t>{0});
    if (type)
      scf::YieldOp::create(b, value);
  }
  return type ? branch.getResult(0) : Value();
}

Value gsa::loadTile(ImplicitLocOpBuilder &b, const Device &device,
                    const Reach &reach, const Layout &layout, VectorType type) {
  return withMembers(
      b, reach, membersAlongLast(layout, reach.getElementBytes()), type,
      [&](ArrayRef<int64_t> together) {
        return loadRegisters(b, device, reach, layout, type, together);
      });
}

//===----------------------------------------------------------------------===//
// Tiles in registers
//===----------------------------------------------------------------------===//

Value gsa::emitIsFirst(ImplicitLocOpBuilder &b, const Layout &layout,
                       const Worker &worker) {
  Value first;
  for (auto [number, input] : {std::pair(worker.lane, Layout::Input::Lane),
                               std::pair(worker.warp, Layout::Input::Warp)}) {
    int64_t copies = 0;
    for (auto [i, base] : llvm::enumerate(layout.getBases(input)))
      if (llvm::all_of(base, [](int64_t bit) { return bit == 0; }))
        copies |= int64_t(1) << i;
    if (!copies)
      continue;
    auto i32 = [&](int64_t value) {
      return arith::ConstantIntOp::create(b, value, 32);
    };
    Value isZero = arith::CmpIOp::create(
        b, arith::CmpIPredicate::eq,
        arith::AndIOp::create(b, number, i32(copies)), i32(0));
    first =
        first ? arith::AndIOp::create(b, first, isZero).getResult() : isZero;
  }
  return first;
}

static LogicalResult checkDigits(Operation *op, const Layout &layout) {
  if (areDigits(layout))
    return success();
  return op->emitOpError(
      "must have a layout in which coordinates of registers, "
      "lanes and warps add");
}

LogicalResult TileLowering::lower(LoadOp op) {
  auto tile = cast<RankedTensorType>(op.getResult().getType());
  Slice slice(op, op.getSource(), tile);
  if (isPlace(tile)) {
    FailureOr<Value> address = addressOf(op, kOffsetAttr);
    if (failed(address))
      return failure();
    // Behind those who read what the place held before.
    meetToWrite();
    if (failed(copyToPlaces(PlaceCopy{op, slice, *address})))
      return failure();
    device.emitWaitCopies(b, b.getLoc());
    emitRoleBarrier(op.getResult());
    set(op.getResult(), *address);
    return success();
  }
  const Layout &layout = layoutOf(tile);
  if (failed(checkDigits(op, layout)))
    return failure();
  Reach reach(b, slice, [&](Value value) { return get(value); });
  reach.setDigits(digitsOf(layout, workerOf(layout)));
  auto type = cast<VectorType>(convert(tile));
  set(op.getResult(), loadTile(b, device, reach, layout, type));
  return success();
}

LogicalResult TileLowering::lower(StoreOp op) {
  // Once a window, behind all else that has addresses.
  if (role.zero)
    forgetWorker(role.zero);
  Slice slice(op, op.getTarget(),
              cast<RankedTensorType>(op.getValue().getType()));
  auto storeByLanes = [&] { return storeTile(op, slice); };
  if (std::optional<int64_t> map = findMap(op))
    return storeBoxes({op, slice, get(op.getValue())}, *map, storeByLanes);
  return storeByLanes();
}

LogicalResult TileLowering::storeTile(StoreOp op, const Slice &slice) {
  RankedTensorType tile = slice.tile;
  Reach reach(b, slice, [&](Value value) { return get(value); });
  Layout layout = layoutOf(tile);
  Value vector = get(op.getValue());
  if (layout.isPlace()) {
    Layout lanes =
        layoutToCopy(tile.getShape(), kWidest / reach.getElementBytes(),
                     target.getFacts().warpLanes,
                     role.party.threads / target.getFacts().warpLanes);
    FailureOr<Value> loaded =
        loadPlace(op, vector, layout, lanes, tile.getElementType());
    if (failed(loaded))
      return failure();
    vector = *loaded;
    layout = lanes;
  }
  if (failed(checkDigits(op, layout)))
    return failure();
  reach.setDigits(digitsOf(layout, workerOf(layout)));
  Value mine = emitIsFirst(b, layout, role.worker);
  auto members = membersAlongLast(layout, reach.getElementBytes());
  withMembers(b, reach, members, Type(), [&](ArrayRef<int64_t> together) {
    storeRegisters(b, device, reach, layout, vector, mine, together);
    return Value();
  });
  return success();
}
