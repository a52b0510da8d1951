//===- ApproximateMath.cpp - Functions as arithmetic ----------------------===//
//
// Kernels call no library: one element at a time is too slow, and results would
// depend on the system's.
//
// Elements narrower than f32 are widened here, not later with other arithmetic:
// rounding the steps of an approximation to them would lose what it gains.
//
//===----------------------------------------------------------------------===//

#include "FloatBuilder.h"
#include "gsa/Transforms/Passes.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::gsa {
#define GEN_PASS_DEF_APPROXIMATEMATHPASS
#include "gsa/Transforms/Passes.h.inc"
} // namespace mlir::gsa

using namespace mlir;
using namespace mlir::gsa;

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

static Value apply(Value (*function)(FloatBuilder &, Value), FloatBuilder &b,
                   ArrayRef<Value> x) {
  return function(b, x[0]);
}
static Value apply(Value (*function)(FloatBuilder &, Value, Value),
                   FloatBuilder &b, ArrayRef<Value> x) {
  return function(b, x[0], x[1]);
}
static Value apply(Value (*function)(FloatBuilder &, Value, Value, Value),
                   FloatBuilder &b, ArrayRef<Value> x) {
  return function(b, x[0], x[1], x[2]);
}

namespace {
/// Replaces one operation by what `function` computes in f32.
template <typename Op, auto function>
struct Approximate : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    Type type = op.getType(), element = getElementTypeOrSelf(type);
    if (!element.isF32() && !element.isF16() && !element.isBF16())
      return rewriter.notifyMatchFailure(op, "not f32 or narrower");
    if (isa<TensorType>(type))
      return rewriter.notifyMatchFailure(op, "tensors are for later");
    Type wide = rewriter.getF32Type();
    if (auto shaped = dyn_cast<ShapedType>(type))
      wide = shaped.clone(wide);

    FloatBuilder b(op.getLoc(), rewriter, wide);
    SmallVector<Value> operands(op->getOperands());
    if (wide != type)
      for (Value &operand : operands)
        operand = arith::ExtFOp::create(b, wide, operand);
    Value result = apply(function, b, operands);
    if (wide != type)
      result = arith::TruncFOp::create(b, type, result);
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// What may be approximate because it is rounded to 16 bits.
struct CoarseExpM1 final : Approximate<math::ExpM1Op, emitDeviceCoarseExpM1> {
  explicit CoarseExpM1(MLIRContext *context) : Approximate(context, 2) {}

  LogicalResult matchAndRewrite(math::ExpM1Op op,
                                PatternRewriter &rewriter) const override {
    if (!bitEnumContainsAll(op.getFastmath(), arith::FastMathFlags::afn))
      return rewriter.notifyMatchFailure(op, "must be exact");
    return Approximate::matchAndRewrite(op, rewriter);
  }
};

/// Computes in f32 what devices have an instruction for.
template <typename Op> struct Widen : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    Type type = op.getType(), element = getElementTypeOrSelf(type);
    if (!element.isF16() && !element.isBF16())
      return rewriter.notifyMatchFailure(op, "not narrower than f32");
    if (isa<TensorType>(type))
      return rewriter.notifyMatchFailure(op, "tensors are for later");
    Type wide = rewriter.getF32Type();
    if (auto shaped = dyn_cast<ShapedType>(type))
      wide = shaped.clone(wide);
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(
          arith::ExtFOp::create(rewriter, op.getLoc(), wide, operand));
    Value result = Op::create(rewriter, op.getLoc(), TypeRange{wide}, operands);
    rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, type, result);
    return success();
  }
};

struct ApproximateMathPass
    : gsa::impl::ApproximateMathPassBase<ApproximateMathPass> {
  using ApproximateMathPassBase::ApproximateMathPassBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateShared(patterns);
    if (device)
      populateDevice(patterns);
    else
      populateHost(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))) ||
        failed(checkRest()))
      signalPassFailure();
  }

private:
  static void populateShared(RewritePatternSet &patterns) {
    patterns.add<Approximate<math::LogOp, emitLog>,
                 Approximate<math::Log2Op, emitLog2>,
                 Approximate<math::Log10Op, emitLog10>,
                 Approximate<math::RoundOp, emitRound>>(patterns.getContext());
  }

  static void populateHost(RewritePatternSet &patterns) {
    patterns.add<
        Approximate<math::Exp2Op, emitExp2>, Approximate<math::ExpOp, emitExp>,
        Approximate<math::ExpM1Op, emitExpM1>,
        Approximate<math::Log1pOp, emitLog1p>,
        Approximate<math::TanhOp, emitTanh>, Approximate<math::ErfOp, emitErf>,
        Approximate<math::RsqrtOp, emitRsqrt>,
        Approximate<math::TruncOp, emitTrunc>,
        Approximate<math::FloorOp, emitFloor>,
        Approximate<math::CeilOp, emitCeil>,
        Approximate<math::RoundEvenOp, emitRoundEven>,
        Approximate<math::CopySignOp, emitCopySign>,
        Approximate<arith::MaxNumFOp, emitMaxNum>,
        Approximate<arith::MinNumFOp, emitMinNum>,
        Approximate<math::FmaOp, emitFma>>(patterns.getContext());
  }

  static void populateDevice(RewritePatternSet &patterns) {
    patterns.add<Approximate<math::ExpOp, emitDeviceExp>,
                 Approximate<math::ExpM1Op, emitDeviceExpM1>, CoarseExpM1,
                 Approximate<math::Log1pOp, emitDeviceLog1p>,
                 Approximate<math::TanhOp, emitDeviceTanh>,
                 Approximate<math::ErfOp, emitDeviceErf>, Widen<math::Exp2Op>,
                 Widen<math::RsqrtOp>, Widen<math::SqrtOp>,
                 Widen<math::TruncOp>, Widen<math::FloorOp>,
                 Widen<math::CeilOp>, Widen<math::RoundEvenOp>,
                 Widen<math::CopySignOp>, Widen<math::FmaOp>,
                 Widen<arith::MaxNumFOp>, Widen<arith::MinNumFOp>>(
        patterns.getContext());
  }

  /// What is left must be something that processors do.
  LogicalResult checkRest() {
    WalkResult rest = getOperation()->walk([&](Operation *op) {
      if (!isa_and_present<math::MathDialect>(op->getDialect()) &&
          !isa<arith::RemFOp>(op))
        return WalkResult::advance();
      if (isa<math::AbsFOp, math::SqrtOp, math::IsFiniteOp, math::IsNaNOp,
              math::AbsIOp, math::CountLeadingZerosOp,
              math::CountTrailingZerosOp, math::CtPopOp>(op) ||
          isa<TensorType>(op->getResult(0).getType()))
        return WalkResult::advance();
      if (device && getElementTypeOrSelf(op->getResult(0)).isF32() &&
          isa<math::Exp2Op, math::RsqrtOp, math::TruncOp, math::FloorOp,
              math::CeilOp, math::RoundEvenOp, math::CopySignOp, math::FmaOp>(
              op))
        return WalkResult::advance();
      op->emitError(
          "a function in a kernel must be of f32, f16 or bf16 and "
          "one of absf, ceil, copysign, erf, exp, exp2, "
          "expm1, floor, fma, isfinite, isnan, log, log10, log1p, "
          "log2, round, roundeven, rsqrt, sqrt, tanh and trunc, got '")
          << op->getName() << "' of "
          << getElementTypeOrSelf(op->getOperand(0).getType());
      return WalkResult::interrupt();
    });
    return failure(rest.wasInterrupted());
  }
};
} // namespace
