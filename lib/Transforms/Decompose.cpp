//===- Decompose.cpp - Compositions become memories and reads -------------===//

#include "dialects/GSA/GSA.h"
#include "gsa/Transforms/Passes.h"

#include "mlir/IR/PatternMatch.h"

namespace mlir::gsa {
#define GEN_PASS_DEF_DECOMPOSEPASS
#include "gsa/Transforms/Passes.h.inc"
} // namespace mlir::gsa

using namespace mlir;
using namespace mlir::gsa;

/// `o = V^T softmax(scale * K q)` with two memories that share writes and decay
/// (arXiv 2409.07146, section 3). Logits and probabilities stay in f32.
static void decompose(SlotAttentionOp op, IRRewriter &rewriter) {
  rewriter.setInsertionPoint(op);
  Location loc = op.getLoc();
  auto keys = cast<RankedTensorType>(op.getKeys().getType());
  auto values = cast<RankedTensorType>(op.getValues().getType());
  auto queries = cast<RankedTensorType>(op.getQueries().getType());
  int64_t slots = op.getSlots();

  auto memory = [&](Value columns, RankedTensorType type, Value initial) {
    auto memoryType = MemoryType::get(op.getContext(), type.getDimSize(2),
                                      slots, type.getDimSize(3));
    return MemoryOp::create(rewriter, loc, memoryType, op.getWrites(), columns,
                            op.getDecay(), initial, op.getOffsets(),
                            op.getReverse());
  };
  Value keyMemory = memory(op.getKeys(), keys, op.getInitialKeys());
  Value valueMemory = memory(op.getValues(), values, op.getInitialValues());

  auto logitsType =
      RankedTensorType::get({queries.getDimSize(0), queries.getDimSize(1),
                             queries.getDimSize(2), slots},
                            rewriter.getF32Type());
  Value logits = ReadOp::create(rewriter, loc, logitsType, Side::Columns,
                                keyMemory, op.getQueries(), op.getScale());
  Value weights = SoftmaxOp::create(rewriter, loc, logits);
  Value result = ReadOp::create(rewriter, loc, op.getResult().getType(),
                                Side::Rows, valueMemory, weights, APFloat(1.0));

  rewriter.replaceAllUsesWith(op.getResult(), result);
  if (Value final = op.getFinalKeys())
    rewriter.replaceAllUsesWith(
        final, FinalStateOp::create(rewriter, loc, final.getType(), keyMemory));
  if (Value final = op.getFinalValues())
    rewriter.replaceAllUsesWith(
        final,
        FinalStateOp::create(rewriter, loc, final.getType(), valueMemory));
  rewriter.eraseOp(op);
}

namespace {
struct DecomposePass : gsa::impl::DecomposePassBase<DecomposePass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    getOperation().walk([&](SlotAttentionOp op) { decompose(op, rewriter); });
  }
};
} // namespace
