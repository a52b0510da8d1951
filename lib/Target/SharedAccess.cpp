//===- SharedAccess.cpp - Registers against a place -----------------------===//

#include "gsa/Target/SharedAccess.h"
#include "gsa/Target/Device.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

#include <map>

using namespace mlir;
using namespace mlir::gsa;

static Value constant(OpBuilder &builder, Location loc, int64_t value) {
  return arith::ConstantIntOp::create(builder, loc, value, 32);
}

/// `emitBits`, null for zero.
static Value emitBitsOrNull(OpBuilder &builder, Location loc, Value value,
                            ArrayRef<int64_t> bases) {
  // Bits that move equally far move together.
  std::map<int64_t, int64_t> masks;
  for (auto [bit, base] : llvm::enumerate(bases))
    for (int64_t rest = base; rest; rest &= rest - 1)
      masks[llvm::countr_zero(uint64_t(rest)) - int64_t(bit)] |= int64_t(1)
                                                                 << bit;
  Value result;
  for (auto [shift, mask] : masks) {
    Value part = value;
    if (mask != (int64_t(1) << bases.size()) - 1)
      part = arith::AndIOp::create(builder, loc, part,
                                   constant(builder, loc, mask));
    if (shift > 0)
      part = arith::ShLIOp::create(builder, loc, part,
                                   constant(builder, loc, shift));
    else if (shift < 0)
      part = arith::ShRUIOp::create(builder, loc, part,
                                    constant(builder, loc, -shift));
    result = result ? arith::XOrIOp::create(builder, loc, result, part) : part;
  }
  return result;
}

Value gsa::emitBits(OpBuilder &builder, Location loc, Value value,
                    ArrayRef<int64_t> bases) {
  Value result = emitBitsOrNull(builder, loc, value, bases);
  return result ? result : constant(builder, loc, 0);
}

//===----------------------------------------------------------------------===//
// Offsets
//===----------------------------------------------------------------------===//

SharedAccess::SharedAccess(const Composed &offsets, int64_t elementBytes,
                           int64_t first, int64_t count)
    : elementBytes(elementBytes) {
  if (count < 0)
    count = static_cast<int64_t>(offsets.reg.size()) - first;
  auto scale = [&](ArrayRef<int64_t> elements, SmallVector<int64_t> &bytes) {
    for (int64_t element : elements)
      bytes.push_back(element * elementBytes);
  };
  scale(ArrayRef(offsets.reg).slice(first, count), registers);
  scale(offsets.lane, lanes);
  scale(offsets.warp, warps);
}

SmallVector<int64_t> SharedAccess::getMembers(int64_t bytes) const {
  SmallVector<int64_t> members = {0};
  int64_t count = getCount(), taken = 0;
  for (int64_t unit = elementBytes; 2 * unit <= bytes; unit *= 2) {
    auto isFree = [&](int64_t offset) { return (offset & unit) == 0; };
    if (!llvm::all_of(lanes, isFree) || !llvm::all_of(warps, isFree))
      break;
    // Whether a bit of the register's number adds one unit, for all of them.
    auto addsUnit = [&](int64_t bit) {
      for (int64_t i = 0; i < count; ++i)
        if (!(i & (bit | taken)) && (!isFree(registers[i]) ||
                                     registers[i | bit] != registers[i] + unit))
          return false;
      return true;
    };
    int64_t bit = 1;
    while (count % (2 * bit) == 0 && ((bit & taken) || !addsUnit(bit)))
      bit *= 2;
    if (count % (2 * bit) != 0)
      break;
    taken |= bit;
    for (size_t i = 0, e = members.size(); i < e; ++i)
      members.push_back(members[i] | bit);
  }
  return members;
}

//===----------------------------------------------------------------------===//
// Addresses
//===----------------------------------------------------------------------===//

SharedAddresses::SharedAddresses(OpBuilder &builder, Location loc,
                                 Value address, ArrayRef<AddressTerm> terms)
    : builder(builder), loc(loc), address(address) {
  for (const AddressTerm &term : terms) {
    for (int64_t bit : term.bits)
      ownMask |= bit;
    if (Value mine = emitBitsOrNull(builder, loc, term.number, term.bits))
      own = own ? arith::XOrIOp::create(builder, loc, own, mine) : mine;
  }
}

std::pair<Value, int64_t> SharedAddresses::split(int64_t bytes) {
  int64_t shared = bytes & ownMask, rest = bytes & ~ownMask;
  for (auto [key, base] : bases)
    if (key == shared)
      return {base, rest};
  // What the terms cannot have set is added for nothing by the instruction.
  Value base = address;
  if (own) {
    Value mine = own;
    if (shared)
      mine = arith::XOrIOp::create(builder, loc, mine,
                                   constant(builder, loc, shared));
    base = arith::AddIOp::create(builder, loc, address, mine);
  }
  bases.push_back({shared, base});
  return {base, rest};
}

Value SharedAddresses::getPointer(int64_t bytes) {
  auto [base, rest] = split(bytes);
  auto type = LLVM::LLVMPointerType::get(builder.getContext(), kSharedSpace);
  Value pointer = LLVM::IntToPtrOp::create(builder, loc, type, base);
  if (!rest)
    return pointer;
  return LLVM::GEPOp::create(
      builder, loc, type, builder.getI8Type(), pointer,
      ArrayRef<LLVM::GEPArg>(static_cast<int32_t>(rest)));
}

Value SharedAddresses::getAddress(int64_t bytes) {
  auto [base, rest] = split(bytes);
  if (!rest)
    return base;
  return arith::AddIOp::create(builder, loc, base,
                               constant(builder, loc, rest));
}

//===----------------------------------------------------------------------===//
// Words
//===----------------------------------------------------------------------===//

SmallVector<Value> gsa::unpackWords(OpBuilder &builder, Location loc,
                                    Value vector) {
  auto type = cast<VectorType>(vector.getType());
  int64_t count = type.getNumElements();
  unsigned width = type.getElementTypeBitWidth();
  if (width == 16 && count % 2 == 0) {
    auto words = VectorType::get({count / 2}, builder.getI32Type());
    vector = vector::BitCastOp::create(builder, loc, words, vector);
  } else if (width != 32) {
    return {};
  }
  SmallVector<Value> words;
  for (int64_t i = 0, e = count * width / 32; i < e; ++i)
    words.push_back(vector::ExtractOp::create(builder, loc, vector, i));
  return words;
}

Value gsa::packWords(OpBuilder &builder, Location loc, ArrayRef<Value> words,
                     VectorType type) {
  auto count = static_cast<int64_t>(words.size());
  auto packed = VectorType::get({count}, words.front().getType());
  Value vector = vector::FromElementsOp::create(builder, loc, packed, words);
  if (packed != type)
    vector = vector::BitCastOp::create(builder, loc, type, vector);
  return vector;
}

//===----------------------------------------------------------------------===//
// Loads and stores
//===----------------------------------------------------------------------===//

/// Bits of the members of an access.
static int64_t maskOf(ArrayRef<int64_t> members) { return members.back(); }

/// Whether two elements of a word are registers 2i and 2i + 1.
static bool keepsWords(ArrayRef<int64_t> members) {
  return members.size() > 1 && members[1] == 1;
}

Value gsa::emitSharedLoad(OpBuilder &builder, Location loc,
                          const Device &device, const SharedAccess &access,
                          const Worker &worker, Value address, Type element) {
  auto type = VectorType::get({access.getCount()}, element);
  bool isHalf = element.getIntOrFloatBitWidth() == 16;
  if (isHalf) {
    SmallVector<Value> words =
        device.emitMatrixLoad(builder, loc, access, worker, address);
    if (!words.empty())
      return packWords(builder, loc, words, type);
  }
  constexpr int64_t widest = 16;
  SmallVector<int64_t> members = access.getMembers(widest);
  SharedAddresses addresses(
      builder, loc, address,
      {{worker.lane, access.getLanes()}, {worker.warp, access.getWarps()}});
  bool asWords = isHalf && keepsWords(members);
  Type unit = asWords ? builder.getI32Type() : element;
  int64_t perUnit = asWords ? 2 : 1;
  auto size = static_cast<int64_t>(members.size());
  SmallVector<Value> units(access.getCount() / perUnit);
  for (int64_t i = 0; i < access.getCount(); ++i) {
    if (i & maskOf(members))
      continue;
    Value pointer = addresses.getPointer(access.getRegister(i));
    auto width = VectorType::get({size / perUnit}, unit);
    Value loaded = LLVM::LoadOp::create(
        builder, loc, size == perUnit ? unit : Type(width), pointer,
        /*alignment=*/size * access.getElementBytes());
    for (int64_t j = 0; j < size; j += perUnit)
      units[(i + members[j]) / perUnit] =
          size == perUnit ? loaded
                          : Value(vector::ExtractOp::create(
                                builder, loc, loaded, j / perUnit));
  }
  return packWords(builder, loc, units, type);
}

void gsa::emitSharedStore(OpBuilder &builder, Location loc,
                          const Device &device, const SharedAccess &access,
                          const Worker &worker, Value address, Value vector) {
  Type element = cast<VectorType>(vector.getType()).getElementType();
  bool isHalf = element.getIntOrFloatBitWidth() == 16;
  SmallVector<Value> words;
  if (isHalf) {
    words = unpackWords(builder, loc, vector);
    if (!words.empty() &&
        device.emitMatrixStore(builder, loc, access, worker, address, words))
      return;
  }
  constexpr int64_t widest = 16;
  SmallVector<int64_t> members = access.getMembers(widest);
  SharedAddresses addresses(
      builder, loc, address,
      {{worker.lane, access.getLanes()}, {worker.warp, access.getWarps()}});
  bool asWords = isHalf && keepsWords(members);
  Type unit = asWords ? builder.getI32Type() : element;
  int64_t perUnit = asWords ? 2 : 1;
  auto size = static_cast<int64_t>(members.size());
  for (int64_t i = 0; i < access.getCount(); ++i) {
    if (i & maskOf(members))
      continue;
    SmallVector<Value> units;
    for (int64_t j = 0; j < size; j += perUnit)
      units.push_back(asWords ? words[(i + members[j]) / 2]
                              : Value(vector::ExtractOp::create(
                                    builder, loc, vector, i + members[j])));
    Value stored = units.front();
    if (units.size() > 1)
      stored = vector::FromElementsOp::create(
          builder, loc,
          VectorType::get({static_cast<int64_t>(units.size())}, unit), units);
    LLVM::StoreOp::create(builder, loc, stored,
                          addresses.getPointer(access.getRegister(i)),
                          /*alignment=*/size * access.getElementBytes());
  }
}
