//===- Reduce.cpp - Reductions, and exchanges between warps ---------------===//

#include "Lowering.h"
#include "gsa/Conversion/SharedMemory.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <map>

using namespace mlir;
using namespace mlir::gsa;
using namespace mlir::tile;

//===----------------------------------------------------------------------===//
// Between warps
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<SmallVector<Value>>>
TileLowering::gatherWarps(Operation *op, ArrayRef<Value> values,
                          ArrayRef<int64_t> bits) {
  constexpr int64_t bytes = 4;
  for (Value value : values)
    if (value.getType().getIntOrFloatBitWidth() != 8 * bytes)
      return op->emitOpError("must exchange 32 bits between warps, got ")
             << value.getType();
  FailureOr<Value> scratch = addressOf(op, kScratchAttr);
  if (failed(scratch))
    return failure();
  int64_t lanes = target.getFacts().warpLanes, count = values.size();
  int64_t row = lanes * bytes, stride = row * count;
  auto pointer = LLVM::LLVMPointerType::get(b.getContext(), kSharedSpace);
  auto rowOf = [&](Value warp) -> Value {
    return arith::AddIOp::create(
        b, *scratch, arith::MulIOp::create(b, warp, constant(stride)));
  };
  // A lane's values lie in pairs, which are moved at once, and one that is
  // left.
  auto at = [&](Value start, int64_t offset, int64_t first) -> Value {
    int64_t together = std::min<int64_t>(2, count - first);
    Value lane =
        arith::MulIOp::create(b, role.worker.lane, constant(bytes * together));
    Value address = arith::AddIOp::create(b, start, lane);
    return LLVM::GEPOp::create(
        b, pointer, b.getI8Type(),
        LLVM::IntToPtrOp::create(b, pointer, address),
        ArrayRef<LLVM::GEPArg>(int32_t(offset + first * row)));
  };
  auto pair = [](Value value) { return VectorType::get(2, value.getType()); };

  if (!hasOwnScratch(op))
    meetToWrite();
  Value mine = rowOf(role.worker.warp);
  for (int64_t i = 0; i + 1 < count; i += 2)
    LLVM::StoreOp::create(
        b,
        vector::FromElementsOp::create(b, pair(values[i]), values.slice(i, 2)),
        at(mine, 0, i), 2 * bytes);
  if (count % 2)
    LLVM::StoreOp::create(b, values.back(), at(mine, 0, count - 1), bytes);
  emitRoleBarrier();

  // Warps that differ in these bits, the first of them varying fastest.
  int64_t mask = 0;
  for (int64_t bit : bits)
    mask |= int64_t(1) << bit;
  int64_t warps = role.party.threads / lanes;
  Value others = *scratch;
  if (mask != warps - 1)
    others = rowOf(arith::AndIOp::create(b, role.worker.warp,
                                         constant((warps - 1) & ~mask)));
  SmallVector<SmallVector<Value>> gathered;
  for (int64_t i = 0; i < int64_t(1) << bits.size(); ++i) {
    int64_t warp = 0;
    for (auto [j, bit] : llvm::enumerate(bits))
      if (i >> j & 1)
        warp |= int64_t(1) << bit;
    SmallVector<Value> theirs;
    for (int64_t j = 0; j + 1 < count; j += 2)
      llvm::append_range(theirs, unpack(LLVM::LoadOp::create(
                                     b, pair(values[j]),
                                     at(others, warp * stride, j), 2 * bytes)));
    if (count % 2)
      theirs.push_back(
          LLVM::LoadOp::create(b, values.back().getType(),
                               at(others, warp * stride, count - 1), bytes));
    gathered.push_back(std::move(theirs));
  }
  return gathered;
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

static Value combine(ImplicitLocOpBuilder &b, ReduceKind kind, Value x,
                     Value y) {
  bool isFloat = isa<FloatType>(x.getType());
  switch (kind) {
  case ReduceKind::Add:
    return isFloat ? arith::AddFOp::create(b, x, y).getResult()
                   : arith::AddIOp::create(b, x, y).getResult();
  case ReduceKind::Max:
    return isFloat ? arith::MaximumFOp::create(b, x, y).getResult()
                   : arith::MaxSIOp::create(b, x, y).getResult();
  case ReduceKind::Min:
    return isFloat ? arith::MinimumFOp::create(b, x, y).getResult()
                   : arith::MinSIOp::create(b, x, y).getResult();
  }
  llvm_unreachable("all kinds are covered");
}

/// Combines values in pairs, pairs of pairs, ..
static Value combineAll(ImplicitLocOpBuilder &b, ReduceKind kind,
                        SmallVector<Value> values) {
  while (values.size() > 1) {
    SmallVector<Value> halves;
    for (size_t i = 0; i + 1 < values.size(); i += 2)
      halves.push_back(combine(b, kind, values[i], values[i + 1]));
    if (values.size() % 2)
      halves.push_back(values.back());
    values = std::move(halves);
  }
  return values.front();
}

/// Whether all that is asked of a minimum is if it is at least something: then
/// lanes compare their own, and vote.
static bool isOnlyBounded(Value minimum) {
  return minimum.getType().isF32() &&
         llvm::all_of(minimum.getUses(), [](OpOperand &use) {
           auto compare = dyn_cast<arith::CmpFOp>(use.getOwner());
           return compare && use.getOperandNumber() == 0 &&
                  compare.getPredicate() == arith::CmpFPredicate::OGE;
         });
}

LogicalResult TileLowering::lower(arith::CmpFOp op) {
  if (isTile(op.getLhs().getType()))
    return lowerElementwise(op);
  Operation *lowered = b.clone(*op, map);
  if (laneMinima.contains(op.getLhs()))
    set(op.getResult(), device.emitAll(b, b.getLoc(), lowered->getResult(0)));
  return success();
}

LogicalResult TileLowering::lower(ReduceOp op) {
  const Layout &layout = layoutOf(op.getOperand());
  SmallVector<int64_t> dims(op.getDims());
  llvm::sort(dims, std::greater<>());
  auto keep = [&](Coordinates at) {
    for (int64_t dim : dims)
      at.erase(at.begin() + dim);
    return at;
  };
  auto bitsOf = [&](Layout::Input input) -> FailureOr<SmallVector<int64_t>> {
    SmallVector<int64_t> bits;
    for (auto [i, base] : llvm::enumerate(layout.getBases(input))) {
      bool isReduced =
          llvm::any_of(dims, [&, &base = base](int64_t d) { return base[d]; });
      if (!isReduced)
        continue;
      if (llvm::any_of(keep(base), [](int64_t at) { return at != 0; }))
        return op.emitOpError("must reduce along dimensions that lanes and "
                              "warps do not mix with others, got ")
               << op.getOperand().getType();
      bits.push_back(i);
    }
    return bits;
  };
  FailureOr<SmallVector<int64_t>> lanes = bitsOf(Layout::Input::Lane);
  FailureOr<SmallVector<int64_t>> warps = bitsOf(Layout::Input::Warp);
  if (failed(lanes) || failed(warps))
    return failure();

  // In a lane: registers of equal other coordinates.
  std::map<Coordinates, SmallVector<Value>> groups;
  SmallVector<Value> elements = unpack(get(op.getOperand()));
  for (auto [i, element] : llvm::enumerate(elements)) {
    Coordinates at = keep(layout.apply(i, 0, 0));
    groups[at].push_back(element);
  }
  SmallVector<Coordinates> keys;
  SmallVector<Value> values;
  for (auto &[key, group] : groups) {
    keys.push_back(key);
    values.push_back(combineAll(b, op.getKind(), group));
  }
  if (device.hasVotes() && op.getKind() == ReduceKind::Min && warps->empty() &&
      isOnlyBounded(op.getResult())) {
    laneMinima.insert(op.getResult());
    set(op.getResult(), values.front());
    return success();
  }
  // In a warp.
  for (int64_t bit : *lanes)
    for (Value &value : values)
      value =
          combine(b, op.getKind(), value,
                  device.emitShuffle(b, b.getLoc(), value, int64_t(1) << bit));
  // In a role.
  if (!warps->empty()) {
    FailureOr<SmallVector<SmallVector<Value>>> gathered =
        gatherWarps(op, values, *warps);
    if (failed(gathered))
      return failure();
    for (auto [i, value] : llvm::enumerate(values)) {
      SmallVector<Value> all;
      for (const SmallVector<Value> &row : *gathered)
        all.push_back(row[i]);
      value = combineAll(b, op.getKind(), all);
    }
  }

  if (!isTile(op.getResult().getType())) {
    set(op.getResult(), values.front());
    return success();
  }
  Layout dropped = layout;
  for (int64_t dim : dims)
    dropped = dropped.drop(dim);
  SmallVector<Value> result;
  for (int64_t i = 0; i < dropped.getNumRegisters(); ++i) {
    Coordinates at = dropped.apply(i, 0, 0);
    const auto *found = llvm::find(keys, at);
    if (found == keys.end())
      return op.emitOpError("must leave elements that the lane holds, got ")
             << op.getOperand().getType();
    result.push_back(values[found - keys.begin()]);
  }
  FailureOr<Value> vector =
      renumber(op, pack(result), dropped, layoutOf(op.getResult()));
  if (failed(vector))
    return failure();
  set(op.getResult(), *vector);
  return success();
}
