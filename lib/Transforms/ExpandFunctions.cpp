//===- ExpandFunctions.cpp - gsa functions as arith and math --------------===//
//
// The textbook forms overflow (exp of a large argument) or cancel (log of a
// number near one). These take exp of -|x| only.
//
//===----------------------------------------------------------------------===//

#include "gsa/Transforms/ExpandFunctions.h"
#include "dialects/GSA/GSA.h"
#include "gsa/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace mlir::gsa {
#define GEN_PASS_DEF_EXPANDFUNCTIONSPASS
#include "gsa/Transforms/Passes.h.inc"
} // namespace mlir::gsa

using namespace mlir;
using namespace mlir::gsa;

/// `value` in the type of `like`, whatever its shape.
static Value constantLike(ImplicitLocOpBuilder &b, Value like,
                          const APFloat &value) {
  Type element = getElementTypeOrSelf(like);
  auto scalar = FloatAttr::get(element, value);
  auto shaped = dyn_cast<ShapedType>(like.getType());
  if (!shaped)
    return arith::ConstantOp::create(b, scalar);
  if (shaped.hasStaticShape())
    return arith::ConstantOp::create(b, DenseElementsAttr::get(shaped, scalar));
  SmallVector<Value> extents;
  for (int64_t i = 0; i < shaped.getRank(); ++i)
    if (shaped.isDynamicDim(i))
      extents.push_back(tensor::DimOp::create(b, like, i));
  return tensor::SplatOp::create(
      b, cast<RankedTensorType>(shaped),
      arith::ConstantOp::create(b, scalar).getResult(), extents);
}

static Value constantLike(ImplicitLocOpBuilder &b, Value like, double value) {
  APFloat number(value);
  bool losesInfo;
  number.convert(
      cast<FloatType>(getElementTypeOrSelf(like)).getFloatSemantics(),
      APFloat::rmNearestTiesToEven, &losesInfo);
  return constantLike(b, like, number);
}

/// exp(-|x|), between 0 and 1.
static Value expOfNegatedAbs(ImplicitLocOpBuilder &b, Value x) {
  return math::ExpOp::create(
      b, arith::NegFOp::create(b, math::AbsFOp::create(b, x)));
}

/// x / (1 + exp(-x)); the exponential may be infinite, and the quotient 0. x is
/// kept finite from below, where the limit is -0: -inf * 0 is NaN.
static Value expandSilu(ImplicitLocOpBuilder &b, Value x) {
  Value one = constantLike(b, x, 1.0);
  Value e = math::ExpOp::create(b, arith::NegFOp::create(b, x));
  Value sigmoid =
      arith::DivFOp::create(b, one, arith::AddFOp::create(b, one, e));
  const llvm::fltSemantics &semantics =
      cast<FloatType>(getElementTypeOrSelf(x)).getFloatSemantics();
  Value lowest =
      constantLike(b, x, APFloat::getLargest(semantics, /*Negative=*/true));
  return arith::MulFOp::create(b, arith::MaximumFOp::create(b, x, lowest),
                               sigmoid);
}

/// log(1 + e) for e from 0 to 1. In f32 a polynomial is enough, fitted to least
/// relative error (Lawson's algorithm): 1.6e-7 with roundings. The general
/// function takes a logarithm apart, and puts back what 1 + e loses.
static Value log1pOfUnit(ImplicitLocOpBuilder &b, Value e) {
  if (!getElementTypeOrSelf(e).isF32())
    return math::Log1pOp::create(b, e);
  constexpr double coefficients[] = {
      0.9999999403953552,  -0.4999949336051941, 0.3331909775733948,
      -0.2484298199415207, 0.19106006622314453, -0.13663244247436523,
      0.07822594046592712, -0.0295052323490381, 0.005232692696154118};
  auto flags = arith::FastMathFlagsAttr::get(b.getContext(),
                                             arith::FastMathFlags::contract);
  Value sum = constantLike(b, e, coefficients[std::size(coefficients) - 1]);
  for (double coefficient : llvm::reverse(ArrayRef(coefficients).drop_back())) {
    Value product = arith::MulFOp::create(b, sum, e, flags);
    sum = arith::AddFOp::create(b, product, constantLike(b, e, coefficient),
                                flags);
  }
  return arith::MulFOp::create(b, sum, e, flags);
}

/// min(x, 0) - log1p(exp(-|x|)).
static Value expandLogSigmoid(ImplicitLocOpBuilder &b, Value x) {
  Value rest = log1pOfUnit(b, expOfNegatedAbs(b, x));
  Value low = arith::MinimumFOp::create(b, x, constantLike(b, x, 0.0));
  return arith::SubFOp::create(b, low, rest);
}

namespace {
/// Expands one function, in f32 if its elements are narrower.
template <typename Op, Value (*expand)(ImplicitLocOpBuilder &, Value)>
struct ExpandFunction : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    Type type = op.getType();
    if (isa<UnrankedTensorType>(type))
      return rewriter.notifyMatchFailure(op, "operand must be ranked");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value x = op.getOperand();
    bool narrow = getElementTypeOrSelf(type).getIntOrFloatBitWidth() < 32;
    if (narrow) {
      Type wide = b.getF32Type();
      if (auto shaped = dyn_cast<ShapedType>(type))
        wide = shaped.clone(wide);
      x = arith::ExtFOp::create(b, wide, x);
    }
    Value result = expand(b, x);
    if (narrow)
      result = arith::TruncFOp::create(b, type, result);
    rewriter.replaceOp(op, result);
    return success();
  }
};

struct ExpandFunctionsPass
    : gsa::impl::ExpandFunctionsPassBase<ExpandFunctionsPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateExpandFunctionsPatterns(patterns);
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace

void gsa::populateExpandFunctionsPatterns(RewritePatternSet &patterns) {
  patterns.add<ExpandFunction<SiluOp, expandSilu>,
               ExpandFunction<LogSigmoidOp, expandLogSigmoid>>(
      patterns.getContext());
}
