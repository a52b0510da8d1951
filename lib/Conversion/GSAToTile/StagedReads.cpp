//===- StagedReads.cpp - Reads that are a launch of their own -------------===//

#include "StagedReads.h"

using namespace mlir;
using namespace mlir::gsa;

/// Query or key/value heads of what is read.
static int64_t headsOf(ReadOp read) {
  return cast<RankedTensorType>(read.getResult().getType()).getDimSize(2);
}

StagedReads::StagedReads(const SweepPlan &plan, Kernel &kernel) {
  constexpr int64_t dynamic = ShapedType::kDynamic;
  for (ReadOp read : plan.stagedReads)
    tensors[read] =
        kernel.addWorkspace("read" + Twine(tensors.size()),
                            {dynamic, dynamic, plan.parts * headsOf(read),
                             SweepPlan::sizeOf(read.getResult())},
                            /*ofTokens=*/true);
}

SmallVector<Value> StagedReads::indicesOf(const Window &window, ReadOp read,
                                          Value slice) const {
  TileBuilder &b = window.b;
  Value head = window.plan.isPerQuery(read.getResult()) ? window.query
                                                        : window.block.head;
  Value row = arith::AddIOp::create(
      b, arith::MulIOp::create(b, slice, b.index(headsOf(read))), head);
  return {window.block.batch, window.token, row, b.index(0)};
}

void StagedReads::store(const Window &window, ReadOp read, Value part) const {
  TileBuilder &b = window.b;
  tile::StoreOp::create(b, part, tensors.lookup(read),
                        indicesOf(window, read, window.block.slice),
                        window.length, ArrayRef<int64_t>{1, 3},
                        window.plan.getSweep().getReverse() ? -1 : 1);
}

Value StagedReads::load(const Window &window, ReadOp read) const {
  TileBuilder &b = window.b;
  const SweepPlan &plan = window.plan;
  auto type = RankedTensorType::get(
      {plan.chunk,
       plan.paddedColumns(SweepPlan::sizeOf(read.getResult()), false)},
      b.getF32Type());
  // Loads first, which sink to where they are added: the other way round, sums
  // would sink below all loads.
  SmallVector<Value> parts;
  for (int64_t slice = 0; slice < plan.parts; ++slice)
    parts.push_back(tile::LoadOp::create(
        b, type, tensors.lookup(read), indicesOf(window, read, b.index(slice)),
        window.available, ArrayRef<int64_t>{1, 3},
        plan.getSweep().getReverse() ? -1 : 1));
  Value sum = parts.front();
  for (Value part : ArrayRef(parts).drop_front())
    sum = b.add(sum, part);
  return sum;
}
