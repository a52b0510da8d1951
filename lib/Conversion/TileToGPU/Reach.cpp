//===- Reach.cpp - The elements of a slice as a lane reaches them ---------===//

#include "Reach.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::gsa;
using namespace mlir::tile;

/// The most that an index can be which is a constant, or a block's number times
/// one.
static std::optional<int64_t> getMost(Value index) {
  APInt constant;
  if (matchPattern(index, m_ConstantInt(&constant)))
    return constant.getSExtValue();
  if (auto argument = dyn_cast<BlockArgument>(index)) {
    auto blocks = dyn_cast<scf::ForallOp>(argument.getOwner()->getParentOp());
    if (!blocks)
      return {};
    std::optional<int64_t> count = getConstantIntValue(
        blocks.getMixedUpperBound()[argument.getArgNumber()]);
    if (count && blocks.isNormalized())
      return *count - 1;
    return {};
  }
  auto product = index.getDefiningOp<arith::MulIOp>();
  if (!product)
    return {};
  std::optional<int64_t> a = getMost(product.getLhs()),
                         b = getMost(product.getRhs());
  if (a && b && *a >= 0 && *b >= 0)
    return *a * *b;
  return {};
}

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
      std::optional<int64_t> most = getMost(slice.indices[dim]);
      if (most && !type.isDynamicDim(dim) && slice.step > 0 &&
          *most + size <= type.getDimSize(dim)) {
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
// Lanes
//===----------------------------------------------------------------------===//

SmallVector<Digits> gsa::digitsOf(const Layout &layout, const Worker &worker) {
  auto bases = [&](Layout::Input input) {
    return SmallVector<Coordinates>(layout.getBases(input));
  };
  return {{worker.lane, bases(Layout::Input::Lane)},
          {worker.warp, bases(Layout::Input::Warp)}};
}

SmallVector<int64_t> gsa::membersAlongLast(const Layout &layout,
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

Layout gsa::layoutToCopy(ArrayRef<int64_t> shape, int64_t together,
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
