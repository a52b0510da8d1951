//===- GSACanonicalization.cpp - Folds that are right for every input -----===//

#include "dialects/GSA/GSA.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::gsa;

static bool isZero(Value decay) {
  DenseElementsAttr dense;
  if (matchPattern(decay, m_Constant(&dense)))
    return dense.isSplat() && dense.getSplatValue<APFloat>().isZero();
  auto splat = decay.getDefiningOp<tensor::SplatOp>();
  return splat && matchPattern(splat.getInput(), m_AnyZeroFloat());
}

/// A decay of zero is none. The write must not be tied to it: a tied write
/// takes its number of rows from the decay.
template <typename Op>
static LogicalResult dropZeroDecay(Op op, PatternRewriter &rewriter) {
  if (op.isTied() || !op.getDecay() || !isZero(op.getDecay()))
    return failure();
  rewriter.modifyOpInPlace(op, [&] { op.getDecayMutable().clear(); });
  return success();
}

LogicalResult MemoryOp::canonicalize(MemoryOp op, PatternRewriter &rewriter) {
  return dropZeroDecay(op, rewriter);
}

LogicalResult SlotAttentionOp::canonicalize(SlotAttentionOp op,
                                            PatternRewriter &rewriter) {
  return dropZeroDecay(op, rewriter);
}
