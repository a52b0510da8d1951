//===- MatrixMoves.cpp - ldmatrix and stmatrix ----------------------------===//
//
// PTX ISA 9.0, 9.7.14.5.15 and .16. A matrix has 8 rows of 8 elements of 16
// bits; each row's 16 bytes lie together. Lane l holds elements 2 (l mod 4) and
// the next of row l / 4, or, transposed, of column l / 4. Lanes 8 m to 8 m + 7
// give the addresses of the rows of the m-th of one, two or four matrices.
//
//===----------------------------------------------------------------------===//

#include "Instructions.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace mlir::gsa;

namespace {
/// How an access is one of matrices.
struct Matrices {
  bool transposed;
  /// Matrices an instruction; their words are adjacent registers.
  int64_t count;
  /// Bytes that each bit of the lane adds to the address it gives.
  SmallVector<int64_t> lanes;
};
} // namespace

/// What flipping bit `bit` of a register's number adds, if it is the same for
/// all registers that are multiples of `step`.
static std::optional<int64_t> addedBy(const SharedAccess &access, int64_t bit,
                                      int64_t step) {
  int64_t count = access.getCount();
  if (count % (2 * bit) != 0)
    return std::nullopt;
  int64_t added = access.getRegister(bit) ^ access.getRegister(0);
  for (int64_t i = 0; i < count; i += step)
    if (!(i & bit) &&
        (access.getRegister(i) ^ access.getRegister(i | bit)) != added)
      return std::nullopt;
  return added;
}

static std::optional<Matrices> matchMatrices(const SharedAccess &access) {
  constexpr int64_t rowBytes = 16;
  if (access.getElementBytes() != 2 || access.getLanes().size() != 5)
    return std::nullopt;
  std::optional<int64_t> pair = addedBy(access, 1, 1);
  if (!pair)
    return std::nullopt;
  ArrayRef<int64_t> lanes = access.getLanes();
  Matrices matrices;
  SmallVector<int64_t> columns = {*pair, lanes[0], lanes[1]};
  SmallVector<int64_t> rows(lanes.drop_front(2));
  const SmallVector<int64_t> together = {2, 4, 8};
  matrices.transposed = rows == together;
  if (matrices.transposed)
    std::swap(rows, columns);
  auto isRow = [&](int64_t bytes) { return bytes % rowBytes == 0; };
  if (columns != together || !llvm::all_of(rows, isRow) ||
      !llvm::all_of(access.getWarps(), isRow))
    return std::nullopt;
  for (int64_t i = 0; i < access.getCount(); i += 2)
    if (!isRow(access.getRegister(i)))
      return std::nullopt;
  matrices.lanes = rows;
  matrices.count = 1;
  for (int64_t bit = 2; bit <= 4; bit *= 2) {
    std::optional<int64_t> added = addedBy(access, bit, 2);
    if (!added)
      break;
    matrices.lanes.push_back(*added);
    matrices.count *= 2;
  }
  matrices.lanes.resize(5, 0);
  return matrices;
}

static NVVM::LdStMatrixShapeAttr shapeOf(OpBuilder &builder) {
  return NVVM::LdStMatrixShapeAttr::get(builder.getContext(), 8, 8);
}

static NVVM::MMALayout majorOf(const Matrices &matrices) {
  return matrices.transposed ? NVVM::MMALayout::col : NVVM::MMALayout::row;
}

SmallVector<Value> NVIDIADevice::emitMatrixLoad(OpBuilder &builder,
                                                Location loc,
                                                const SharedAccess &access,
                                                const Worker &worker,
                                                Value address) const {
  std::optional<Matrices> matrices = matchMatrices(access);
  if (!matrices)
    return {};
  SharedAddresses addresses(
      builder, loc, address,
      {{worker.lane, matrices->lanes}, {worker.warp, access.getWarps()}});
  Type word = builder.getI32Type(), result = word;
  if (matrices->count > 1)
    result = LLVM::LLVMStructType::getLiteral(
        builder.getContext(), SmallVector<Type>(matrices->count, word));
  SmallVector<Value> words;
  for (int64_t i = 0; i < access.getCount(); i += 2 * matrices->count) {
    Value loaded = NVVM::LdMatrixOp::create(
        builder, loc, result, addresses.getPointer(access.getRegister(i)),
        static_cast<uint32_t>(matrices->count), majorOf(*matrices),
        shapeOf(builder), NVVM::LdStMatrixEltType::B16);
    if (matrices->count == 1)
      words.push_back(loaded);
    else
      for (int64_t j = 0; j < matrices->count; ++j)
        words.push_back(LLVM::ExtractValueOp::create(builder, loc, loaded, j));
  }
  return words;
}

bool NVIDIADevice::emitMatrixStore(OpBuilder &builder, Location loc,
                                   const SharedAccess &access,
                                   const Worker &worker, Value address,
                                   ArrayRef<Value> words) const {
  std::optional<Matrices> matrices = matchMatrices(access);
  if (!storesMatrices || !matrices)
    return false;
  SharedAddresses addresses(
      builder, loc, address,
      {{worker.lane, matrices->lanes}, {worker.warp, access.getWarps()}});
  for (int64_t i = 0; i < access.getCount(); i += 2 * matrices->count)
    NVVM::StMatrixOp::create(
        builder, loc, addresses.getPointer(access.getRegister(i)),
        words.slice(i / 2, matrices->count), majorOf(*matrices),
        shapeOf(builder), NVVM::LdStMatrixEltType::B16);
  return true;
}
