//===- MatrixMoves.cpp - Halves of words between neighbouring lanes -------===//
//
// Where lanes, and not a lane's registers, lie side by side in shared memory,
// each would move 16 bits at a time. Instead a lane moves a word, its own and
// its neighbour's element: even lanes of one register, odd lanes of the next.
// Lanes 2i and 2i + 1 then exchange what is the other's, a 2x2 transposition.
//
//===----------------------------------------------------------------------===//

#include "Instructions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/ROCDLDialect.h"

using namespace mlir;
using namespace mlir::gsa;

/// What each bit of the lane adds to the address of a lane's words; none if
/// neighbouring lanes do not lie side by side.
static std::optional<SmallVector<int64_t>>
matchNeighbours(const SharedAccess &access) {
  constexpr int64_t half = 2, word = 4;
  ArrayRef<int64_t> lanes = access.getLanes();
  auto isWord = [&](int64_t bytes) { return bytes % word == 0; };
  if (access.getElementBytes() != half || access.getCount() % 2 ||
      lanes.empty() || lanes[0] != half ||
      !llvm::all_of(lanes.drop_front(), isWord) ||
      !llvm::all_of(access.getWarps(), isWord))
    return std::nullopt;
  int64_t next = access.getRegister(0) ^ access.getRegister(1);
  for (int64_t i = 0; i < access.getCount(); i += 2)
    if (!isWord(access.getRegister(i)) || !isWord(next) ||
        (access.getRegister(i) ^ access.getRegister(i + 1)) != next)
      return std::nullopt;
  SmallVector<int64_t> bits(lanes);
  bits[0] = next;
  return bits;
}

/// What the neighbour has in `word`.
static Value swapNeighbours(OpBuilder &builder, Location loc, Value word) {
  // Lanes of a quad read 1, 0, 3, 2.
  constexpr uint32_t permutation = 0b10'11'00'01, allRows = 0xf, allBanks = 0xf;
  return ROCDL::DPPUpdateOp::create(builder, loc, word.getType(), word, word,
                                    permutation, allRows, allBanks,
                                    /*boundCtrl=*/true);
}

/// The words of lanes 2i and 2i + 1, transposed as a matrix of halves. It is
/// its own inverse.
static Value exchangeHalves(OpBuilder &builder, Location loc,
                            const Worker &worker, Value word) {
  auto i32 = [&](int64_t number) -> Value {
    return arith::ConstantIntOp::create(builder, loc, number, 32);
  };
  // v_perm_b32: bytes 0 to 3 are the second operand's, 4 to 7 the first's.
  constexpr int64_t bothLow = 0x05040100, bothHigh = 0x03020706;
  Value odd = arith::AndIOp::create(builder, loc, worker.lane, i32(1));
  Value isOdd = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne,
                                      odd, i32(0));
  Value halves =
      arith::SelectOp::create(builder, loc, isOdd, i32(bothHigh), i32(bothLow));
  Value other = swapNeighbours(builder, loc, word);
  return LLVM::CallIntrinsicOp::create(
             builder, loc, word.getType(),
             builder.getStringAttr("llvm.amdgcn.perm"),
             ValueRange{other, word, halves})
      .getResult(0);
}

SmallVector<Value> AMDDevice::emitMatrixLoad(OpBuilder &builder, Location loc,
                                             const SharedAccess &access,
                                             const Worker &worker,
                                             Value address) const {
  std::optional<SmallVector<int64_t>> bits = matchNeighbours(access);
  if (!bits)
    return {};
  SharedAddresses addresses(
      builder, loc, address,
      {{worker.lane, *bits}, {worker.warp, access.getWarps()}});
  SmallVector<Value> words;
  for (int64_t i = 0; i < access.getCount(); i += 2) {
    Value word = LLVM::LoadOp::create(
        builder, loc, builder.getI32Type(),
        addresses.getPointer(access.getRegister(i)), /*alignment=*/4);
    words.push_back(exchangeHalves(builder, loc, worker, word));
  }
  return words;
}

bool AMDDevice::emitMatrixStore(OpBuilder &builder, Location loc,
                                const SharedAccess &access,
                                const Worker &worker, Value address,
                                ArrayRef<Value> words) const {
  std::optional<SmallVector<int64_t>> bits = matchNeighbours(access);
  if (!bits)
    return false;
  SharedAddresses addresses(
      builder, loc, address,
      {{worker.lane, *bits}, {worker.warp, access.getWarps()}});
  for (auto [i, word] : llvm::enumerate(words))
    LLVM::StoreOp::create(
        builder, loc, exchangeHalves(builder, loc, worker, word),
        addresses.getPointer(access.getRegister(2 * static_cast<int64_t>(i))),
        /*alignment=*/4);
  return true;
}
