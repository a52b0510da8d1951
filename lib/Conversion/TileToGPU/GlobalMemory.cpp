//===- GlobalMemory.cpp - Loads, stores and copies of tiles ---------------===//
//
// Registers whose elements lie side by side move together if addresses allow;
// that is known when the kernel runs, the same for all lanes. Otherwise
// elements move one by one.
//
//===----------------------------------------------------------------------===//

#include "Lowering.h"
#include "gsa/Conversion/SharedMemory.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::gsa;
using namespace mlir::tile;

/// Most bytes that one lane moves at once.
constexpr int64_t kWidest = 16;

//===----------------------------------------------------------------------===//
// Where a tile lies in memory
//===----------------------------------------------------------------------===//

namespace {
/// A number that adds coordinates, bit by bit: lane, warp, a loop's index.
struct Digits {
  Value number;
  SmallVector<Coordinates> bases;
};

/// The elements of a slice as one lane reaches them.
class Reach {
public:
  Reach(ImplicitLocOpBuilder &b, const Slice &slice,
        function_ref<Value(Value)> get);

  /// Sets what the lane's own coordinates are.
  void setDigits(ArrayRef<Digits> digits);

  /// Whether elements from coordinates that are multiples of `count` on can
  /// move `count` at a time, of which all or none are there if they are to be
  /// `whole`. Null if that is always so.
  Value emitFits(int64_t count, bool whole) const;
  /// The pointer to an element whose coordinates are the lane's plus `at`.
  Value getPointer(ArrayRef<int64_t> at) const;
  /// Whether that element is there; null if all are.
  Value getPresent(ArrayRef<int64_t> at) const;
  /// How many of `count` elements from that one on are there, i32; null for
  /// all.
  Value getPresentCount(ArrayRef<int64_t> at, int64_t count) const;

  int64_t getElementBytes() const { return elementBytes; }
  bool follows() const { return isContiguous; }

private:
  Value i32(int64_t value) const {
    return arith::ConstantIntOp::create(b, value, 32);
  }
  Value i64(int64_t value) const {
    return arith::ConstantIntOp::create(b, value, 64);
  }
  /// The lane's coordinate plus a constant.
  Value coordinate(int64_t dim, int64_t at) const;
  /// Whether the lane's coordinate plus a constant is below the limit.
  Value isInside(int64_t dim, int64_t at) const;

  ImplicitLocOpBuilder &b;
  int64_t rank, elementBytes;
  Value start;                ///< i64, the slice's first element
  SmallVector<Value> strides; ///< i64 bytes along each tile dimension
  SmallVector<Value> limits;  ///< i32 coordinates that are there; null for all
  SmallVector<Value> own;     ///< i32, the lane's coordinates; null for zero
  Value ownStart;             ///< i64, the element at the lane's coordinates
  Value alignment;            ///< i64, bits that rows' addresses may have
  bool isContiguous;          ///< the last dimension follows the memory's
};
} // namespace

Reach::Reach(ImplicitLocOpBuilder &b, const Slice &slice,
             function_ref<Value(Value)> get)
    : b(b), rank(slice.tile.getRank()),
      elementBytes(slice.tile.getElementTypeBitWidth() / 8), own(rank),
      isContiguous(false) {
  Value memory = get(slice.memory);
  auto type = cast<MemRefType>(memory.getType());
  auto metadata = memref::ExtractStridedMetadataOp::create(b, memory);
  auto toI64 = [&](Value index) -> Value {
    return arith::IndexCastOp::create(b, b.getI64Type(), index);
  };
  Value pointer = memref::ExtractAlignedPointerAsIndexOp::create(b, memory);
  auto [staticStrides, staticOffset] = type.getStridesAndOffset();
  Value offset = metadata.getOffset();
  SmallVector<Value> byteStrides;
  int64_t last = slice.dims.back();
  isContiguous = staticStrides[last] == 1 && (rank > 1 || slice.step > 0);
  start = toI64(pointer);
  Value elements = toI64(offset);
  if (staticOffset == 0)
    elements = i64(0);
  for (auto [dim, index] : llvm::enumerate(slice.indices)) {
    Value stride =
        staticStrides[dim] == 1 ? i64(1) : toI64(metadata.getStrides()[dim]);
    byteStrides.push_back(arith::MulIOp::create(b, stride, i64(elementBytes)));
    Value at = toI64(get(index));
    elements = arith::AddIOp::create(b, elements,
                                     arith::MulIOp::create(b, at, stride));
  }
  start = arith::AddIOp::create(
      b, start, arith::MulIOp::create(b, elements, i64(elementBytes)));

  alignment = start;
  for (auto [i, dim] : llvm::enumerate(slice.dims)) {
    Value stride = byteStrides[dim];
    if (i == 0 && slice.step < 0)
      stride = arith::SubIOp::create(b, i64(0), stride);
    strides.push_back(stride);
    if (dim != last)
      alignment = arith::OrIOp::create(b, alignment, stride);
    // How far the tile is there.
    int64_t size = slice.tile.getDimSize(i);
    Value left;
    if (i == 0 && slice.rows) {
      left = toI64(get(slice.rows));
    } else {
      APInt first;
      bool isKnown = matchPattern(slice.indices[dim], m_ConstantInt(&first)) &&
                     !type.isDynamicDim(dim) && slice.step > 0;
      if (isKnown && first.getSExtValue() + size <= type.getDimSize(dim)) {
        limits.push_back(Value());
        continue;
      }
      Value at = toI64(get(slice.indices[dim]));
      left = i == 0 && slice.step < 0
                 ? Value(arith::AddIOp::create(b, at, i64(1)))
                 : Value(arith::SubIOp::create(
                       b, toI64(metadata.getSizes()[dim]), at));
    }
    left = arith::MinSIOp::create(b, left, i64(size));
    left = arith::MaxSIOp::create(b, left, i64(0));
    limits.push_back(arith::TruncIOp::create(b, b.getI32Type(), left));
  }
  ownStart = start;
}

void Reach::setDigits(ArrayRef<Digits> digits) {
  ownStart = start;
  for (int64_t dim = 0; dim < rank; ++dim) {
    own[dim] = Value();
    for (const Digits &digit : digits) {
      auto bits = llvm::map_to_vector(
          digit.bases, [&](const Coordinates &base) { return base[dim]; });
      if (llvm::all_of(bits, [](int64_t bit) { return bit == 0; }))
        continue;
      Value part = emitBits(b, b.getLoc(), digit.number, bits);
      own[dim] = own[dim] ? arith::AddIOp::create(b, own[dim], part).getResult()
                          : part;
    }
    if (!own[dim])
      continue;
    Value wide = arith::ExtUIOp::create(b, b.getI64Type(), own[dim]);
    ownStart = arith::AddIOp::create(
        b, ownStart, arith::MulIOp::create(b, wide, strides[dim]));
  }
}

Value Reach::emitFits(int64_t count, bool whole) const {
  if (count == 1)
    return {};
  Value low =
      arith::AndIOp::create(b, alignment, i64(count * elementBytes - 1));
  if (Value limit = limits[rank - 1]; limit && whole) {
    Value odd = arith::AndIOp::create(b, limit, i32(count - 1));
    low = arith::OrIOp::create(b, low,
                               arith::ExtUIOp::create(b, b.getI64Type(), odd));
  }
  return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, low, i64(0));
}

Value Reach::coordinate(int64_t dim, int64_t at) const {
  if (!own[dim])
    return i32(at);
  if (!at)
    return own[dim];
  return arith::AddIOp::create(b, own[dim], i32(at));
}

Value Reach::getPointer(ArrayRef<int64_t> at) const {
  Value address = ownStart;
  for (int64_t dim = 0; dim < rank; ++dim)
    if (at[dim])
      address = arith::AddIOp::create(
          b, address, arith::MulIOp::create(b, strides[dim], i64(at[dim])));
  auto type = LLVM::LLVMPointerType::get(b.getContext(), kGlobalSpace);
  return LLVM::IntToPtrOp::create(b, type, address);
}

/// Against a constant, so that elements take no sums of their own.
Value Reach::isInside(int64_t dim, int64_t at) const {
  Value left = limits[dim];
  if (own[dim])
    left = arith::SubIOp::create(b, left, own[dim]);
  return arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, left, i32(at));
}

Value Reach::getPresent(ArrayRef<int64_t> at) const {
  Value present;
  for (int64_t dim = 0; dim < rank; ++dim) {
    if (!limits[dim])
      continue;
    Value inside = isInside(dim, at[dim]);
    present = present ? arith::AndIOp::create(b, present, inside).getResult()
                      : inside;
  }
  return present;
}

Value Reach::getPresentCount(ArrayRef<int64_t> at, int64_t count) const {
  Value left;
  if (limits[rank - 1]) {
    left = arith::SubIOp::create(b, limits[rank - 1],
                                 coordinate(rank - 1, at[rank - 1]));
    left = arith::MinSIOp::create(b, left, i32(count));
    left = arith::MaxSIOp::create(b, left, i32(0));
  }
  if (rank > 1 && limits[0]) {
    Value inside = isInside(0, at[0]);
    left = arith::SelectOp::create(b, inside, left ? left : i32(count), i32(0));
  }
  return left;
}

//===----------------------------------------------------------------------===//
// Registers that move together
//===----------------------------------------------------------------------===//

/// The digits of a layout's lanes and warps.
static SmallVector<Digits> digitsOf(const Layout &layout,
                                    const Worker &worker) {
  auto bases = [&](Layout::Input input) {
    return SmallVector<Coordinates>(layout.getBases(input));
  };
  return {{worker.lane, bases(Layout::Input::Lane)},
          {worker.warp, bases(Layout::Input::Warp)}};
}

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

/// Registers that lie side by side along the last dimension: see
/// SharedAccess::getMembers.
static SmallVector<int64_t> membersAlongLast(const Layout &layout,
                                             int64_t elementBytes) {
  // Other coordinates far above, so that nothing follows on along them.
  auto flatten = [](ArrayRef<int64_t> at) {
    constexpr int64_t far = int64_t(1) << 20;
    int64_t offset = 0;
    for (int64_t coordinate : at)
      offset = offset * far + coordinate;
    return offset;
  };
  Composed flat;
  for (int64_t i = 0; i < layout.getNumRegisters(); ++i)
    flat.reg.push_back(flatten(layout.apply(i, 0, 0)));
  for (const Coordinates &base : layout.getBases(Layout::Input::Lane))
    flat.lane.push_back(flatten(base));
  for (const Coordinates &base : layout.getBases(Layout::Input::Warp))
    flat.warp.push_back(flatten(base));
  SmallVector<int64_t> members =
      SharedAccess(flat, elementBytes).getMembers(kWidest);
  // Halves of a word move together if they are halves of a register.
  if (elementBytes < 4 && members.size() > 1 && members[1] != 1)
    return {0};
  return members;
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

/// Registers of a tile as a role's lanes copy it: `together` elements along the
/// last dimension each, rows after rows.
static Layout layoutToCopy(ArrayRef<int64_t> shape, int64_t together,
                           int64_t lanes, int64_t warps) {
  int64_t rank = shape.size();
  SmallVector<int64_t> block, repeat;
  for (int64_t size : shape) {
    block.push_back(size & -size);
    repeat.push_back(size / block.back());
  }
  SmallVector<Coordinates> bits;
  for (int64_t dim = rank - 1; dim >= 0; --dim)
    for (int64_t bit = 1; bit < block[dim]; bit *= 2) {
      bits.push_back(Coordinates(rank, 0));
      bits.back()[dim] = bit;
    }
  SmallVector<Coordinates> reg, lane, warp;
  ArrayRef<Coordinates> rest = bits;
  auto take = [&](int64_t count, SmallVector<Coordinates> &to) {
    for (int64_t i = 1; i < count; i *= 2) {
      if (rest.empty()) {
        to.push_back(Coordinates(rank, 0));
        continue;
      }
      to.push_back(rest.front());
      rest = rest.drop_front();
    }
  };
  take(std::min(together, block.back()), reg);
  take(lanes, lane);
  take(warps, warp);
  llvm::append_range(reg, rest);
  return Layout::registers(shape, reg, lane, warp, repeat);
}

//===----------------------------------------------------------------------===//
// Tiles in registers
//===----------------------------------------------------------------------===//

/// Whether this lane is the one that writes, of those that hold the same; null
/// if all hold different elements.
static Value emitIsFirst(ImplicitLocOpBuilder &b, const Layout &layout,
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
    emitRoleBarrier();
    if (failed(copyToPlace(op, slice, *address)))
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
  reach.setDigits(digitsOf(layout, role.worker));
  auto type = cast<VectorType>(convert(tile));
  auto members = membersAlongLast(layout, reach.getElementBytes());
  set(op.getResult(),
      withMembers(b, reach, members, type, [&](ArrayRef<int64_t> together) {
        return loadRegisters(b, device, reach, layout, type, together);
      }));
  return success();
}

LogicalResult TileLowering::lower(StoreOp op) {
  auto tile = cast<RankedTensorType>(op.getValue().getType());
  Slice slice(op, op.getTarget(), tile);
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
  reach.setDigits(digitsOf(layout, role.worker));
  Value mine = emitIsFirst(b, layout, role.worker);
  auto members = membersAlongLast(layout, reach.getElementBytes());
  withMembers(b, reach, members, Type(), [&](ArrayRef<int64_t> together) {
    storeRegisters(b, device, reach, layout, vector, mine, together);
    return Value();
  });
  return success();
}

//===----------------------------------------------------------------------===//
// Copies to shared memory
//===----------------------------------------------------------------------===//

LogicalResult TileLowering::lower(FetchOp op) {
  auto ring = cast<RingType>(op.getRing().getType());
  Slice slice(op, op.getSource(), cast<RankedTensorType>(ring.getVersion()));
  if (ring.getSlots() == 1)
    emitRoleBarrier();
  return copyToPlace(op, slice,
                     slotOf(op.getRing(), op.getIteration(), op.getAhead()));
}

LogicalResult TileLowering::copyToPlace(Operation *op, const Slice &slice,
                                        Value address) {
  const Layout &place = layoutOf(slice.tile);
  ArrayRef<int64_t> shape = slice.tile.getShape();
  int64_t lanes = target.getFacts().warpLanes;
  int64_t warps = role.party.threads / lanes;
  Reach reach(b, slice, [&](Value value) { return get(value); });
  int64_t elementBytes = reach.getElementBytes();
  auto broken = [&] {
    return op->emitOpError("must fill a place whose block holds what lanes and "
                           "warps span");
  };

  // Each element for itself, in a loop: this is slow whatever one does.
  auto copyElements = [&]() -> LogicalResult {
    Layout layout = layoutToCopy(shape, 1, lanes, warps);
    std::optional<Composed> offsets = compose(place, layout);
    if (!offsets)
      return broken();
    SharedAccess access(*offsets, elementBytes);
    ArrayRef<Coordinates> bases = layout.getBases(Layout::Input::Register);
    int64_t perBlock = int64_t(1) << bases.size();
    auto loop =
        scf::ForOp::create(b, constant(0), constant(perBlock), constant(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(loop.getBody()->getTerminator());
    SmallVector<Digits> digits = digitsOf(layout, role.worker);
    digits.push_back({loop.getInductionVar(), SmallVector<Coordinates>(bases)});
    reach.setDigits(digits);
    SmallVector<int64_t> bits;
    for (size_t i = 0; i < bases.size(); ++i)
      bits.push_back(access.getRegister(int64_t(1) << i));
    SharedAddresses addresses(b, b.getLoc(), address,
                              {{role.worker.lane, access.getLanes()},
                               {role.worker.warp, access.getWarps()},
                               {loop.getInductionVar(), bits}});
    for (int64_t i = 0; i < layout.getNumRegisters(); i += perBlock) {
      Coordinates at = layout.apply(i, 0, 0);
      Value loaded = device.emitLoad(b, b.getLoc(), reach.getPointer(at),
                                     elementBytes, reach.getPresent(at));
      LLVM::StoreOp::create(
          b, loaded, addresses.getPointer(access.getRegister(i)), elementBytes);
    }
    return success();
  };

  int64_t together = kWidest / elementBytes;
  Layout layout = layoutToCopy(shape, together, lanes, warps);
  std::optional<Composed> offsets = compose(place, layout);
  if (!offsets)
    return broken();
  SharedAccess access(*offsets, elementBytes);
  SmallVector<int64_t> members = access.getMembers(kWidest);
  bool isWide = static_cast<int64_t>(members.size()) == together &&
                members.back() == together - 1;
  if (!reach.follows() || !isWide)
    return copyElements();
  if (device.getCopyBytes() != kWidest) {
    // Through registers.
    reach.setDigits(digitsOf(layout, role.worker));
    auto type = VectorType::get({layout.getNumRegisters()},
                                slice.tile.getElementType());
    Value vector = withMembers(b, reach, membersAlongLast(layout, elementBytes),
                               type, [&](ArrayRef<int64_t> moved) {
                                 return loadRegisters(b, device, reach, layout,
                                                      type, moved);
                               });
    emitSharedStore(b, b.getLoc(), device, access, role.worker, address,
                    vector);
    return success();
  }

  auto branch = scf::IfOp::create(b, TypeRange(),
                                  reach.emitFits(together, /*whole=*/false),
                                  /*withElseRegion=*/true);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    reach.setDigits(digitsOf(layout, role.worker));
    SharedAddresses addresses(b, b.getLoc(), address,
                              {{role.worker.lane, access.getLanes()},
                               {role.worker.warp, access.getWarps()}});
    for (int64_t i = 0; i < layout.getNumRegisters(); i += together) {
      Coordinates at = layout.apply(i, 0, 0);
      Value present = reach.getPresentCount(at, together);
      if (present)
        present = arith::MulIOp::create(b, present, constant(elementBytes));
      device.emitCopy(b, b.getLoc(),
                      addresses.getAddress(access.getRegister(i)),
                      reach.getPointer(at), kWidest, present);
    }
  }
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.elseBlock());
  return copyElements();
}
