//===- ApproximateMath.cpp - Exponentials and logarithms as arithmetic ----===//
//
// Kernels call no library: one element at a time is too slow, and results would
// depend on the system's. Relative errors are below 3e-7. Polynomials were
// fitted to least relative error (Lawson's algorithm) on the reduced ranges.
// Exponentials below 2^-125 may be zero; the limits at 0 and infinity are
// exact, and NaN stays NaN.
//
//===----------------------------------------------------------------------===//

#include "gsa/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::gsa {
#define GEN_PASS_DEF_APPROXIMATEMATHPASS
#include "gsa/Transforms/Passes.h.inc"
} // namespace mlir::gsa

using namespace mlir;

/// 1.5 * 2^23: a number this large has no fraction bits, so adding it rounds.
constexpr float kRounding = 12582912.0f;
constexpr float kLog2E = 1.44269504f;
/// log(2) in two parts; products of the first with exponents are exact.
constexpr float kLn2High = 0.693359375f;
constexpr float kLn2Low = -2.12194440e-4f;

namespace {
/// f32 arithmetic on scalars or vectors of one shape.
class FloatBuilder : public ImplicitLocOpBuilder {
public:
  FloatBuilder(Operation *op, PatternRewriter &rewriter)
      : ImplicitLocOpBuilder(op->getLoc(), rewriter),
        type(op->getResult(0).getType()),
        flags(arith::FastMathFlagsAttr::get(getContext(),
                                            arith::FastMathFlags::contract)) {}

  Value f32(double value) { return constant(type, getF32FloatAttr(value)); }
  Value i32(int32_t value) {
    return constant(integers(), getI32IntegerAttr(value));
  }
  Value add(Value x, Value y) {
    return arith::AddFOp::create(*this, x, y, flags);
  }
  Value sub(Value x, Value y) {
    return arith::SubFOp::create(*this, x, y, flags);
  }
  Value mul(Value x, Value y) {
    return arith::MulFOp::create(*this, x, y, flags);
  }
  Value addi(Value x, Value y) { return arith::AddIOp::create(*this, x, y); }
  Value subi(Value x, Value y) { return arith::SubIOp::create(*this, x, y); }
  Value select(Value condition, Value x, Value y) {
    return arith::SelectOp::create(*this, condition, x, y);
  }
  Value compare(arith::CmpFPredicate predicate, Value x, double bound) {
    return arith::CmpFOp::create(*this, predicate, x, f32(bound));
  }
  Value bits(Value x) { return arith::BitcastOp::create(*this, integers(), x); }
  Value number(Value bits) {
    return arith::BitcastOp::create(*this, type, bits);
  }
  /// Within bounds; NaN is within any.
  Value clamp(Value x, double low, double high) {
    x = select(compare(arith::CmpFPredicate::OLT, x, low), f32(low), x);
    return select(compare(arith::CmpFPredicate::OGT, x, high), f32(high), x);
  }
  /// Horner's scheme, the constant coefficient first.
  Value polynomial(Value x, ArrayRef<double> coefficients) {
    Value sum = f32(coefficients.back());
    for (double coefficient : llvm::reverse(coefficients.drop_back()))
      sum = add(mul(sum, x), f32(coefficient));
    return sum;
  }
  /// The nearest integer n to x, as a number, and 2^(n - 1): 2^128 is none, but
  /// numbers close to it are. n is -126 to 128; 2^-127 comes out as 0.
  std::pair<Value, Value> roundAndHalfPower(Value x) {
    Value rounding = f32(kRounding);
    Value shifted = arith::AddFOp::create(*this, x, rounding);
    Value rounded = arith::SubFOp::create(*this, shifted, rounding);
    Value exponent = subi(bits(shifted), bits(rounding));
    Value half =
        number(arith::ShLIOp::create(*this, addi(exponent, i32(126)), i32(23)));
    return {rounded, half};
  }

private:
  Type integers() {
    if (auto vector = dyn_cast<VectorType>(type))
      return vector.clone(getI32Type());
    return getI32Type();
  }
  Value constant(Type type, TypedAttr value) {
    if (auto vector = dyn_cast<VectorType>(type))
      value = DenseElementsAttr::get(vector, value);
    return arith::ConstantOp::create(*this, value);
  }

  Type type;
  arith::FastMathFlagsAttr flags;
};
} // namespace

/// 2^x = 2^n 2^f, n the nearest integer, |f| <= 1/2.
static Value emitExp2(FloatBuilder &b, Value x) {
  x = b.clamp(x, -126.0, 128.0);
  auto [n, half] = b.roundAndHalfPower(x);
  Value f = b.sub(x, n);
  // Twice (2^f - 1) / f.
  Value q = b.polynomial(f, {1.3862943760580402, 0.4804530216842195,
                             0.11100714210367096, 0.019236061542568228,
                             0.0026781734042252286, 0.0003093946992824687});
  return b.mul(b.add(b.mul(q, f), b.f32(2.0)), half);
}

/// e^f - 1 and 2^(n - 1) with x = n log(2) + f, |f| <= log(2) / 2.
static std::pair<Value, Value> reduceExponential(FloatBuilder &b, Value x) {
  x = b.clamp(x, -87.336548, 89.0);
  auto [n, half] = b.roundAndHalfPower(b.mul(x, b.f32(kLog2E)));
  Value f =
      b.sub(b.sub(x, b.mul(n, b.f32(kLn2High))), b.mul(n, b.f32(kLn2Low)));
  Value q = b.polynomial(f, {0.5000000026950394, 0.16666576969420452,
                             0.041666375132973055, 0.008363181338680074,
                             0.0013941124080379744});
  return {b.add(b.mul(b.mul(f, f), q), f), half};
}

static Value emitExp(FloatBuilder &b, Value x) {
  auto [em1, half] = reduceExponential(b, x);
  return b.mul(b.add(b.mul(em1, b.f32(2.0)), b.f32(2.0)), half);
}

static Value emitExpM1(FloatBuilder &b, Value x) {
  auto [em1, half] = reduceExponential(b, x);
  Value result = b.add(b.mul(em1, half), b.sub(half, b.f32(0.5)));
  return b.add(result, result);
}

/// log(x) = e log(2) + log(m), m in [sqrt(1/2), sqrt(2)].
static Value emitLog(FloatBuilder &b, Value x) {
  using Predicate = arith::CmpFPredicate;
  // Subnormal numbers are scaled into the normal ones.
  Value tiny = b.compare(Predicate::OLT, x, 0x1p-126);
  Value scaled = b.select(tiny, b.mul(x, b.f32(0x1p23)), x);
  // Taking sqrt(1/2) off the bits makes the exponent field round as wanted.
  Value half = b.i32(0x3f3504f3);
  Value shifted = b.subi(b.bits(scaled), half);
  Value exponent = arith::ShRSIOp::create(b, shifted, b.i32(23));
  Value mantissa =
      b.addi(arith::AndIOp::create(b, shifted, b.i32(0x007fffff)), half);
  Value f = b.sub(b.number(mantissa), b.f32(1.0));
  Value e = arith::SIToFPOp::create(b, x.getType(), exponent);
  e = b.sub(e, b.select(tiny, b.f32(23.0), b.f32(0.0)));

  Value q = b.polynomial(f, {0.33333316784115313, -0.25000796571137984,
                             0.20002282550738937, -0.16624969623640123,
                             0.14181419456970767, -0.13125297017492207,
                             0.1287920574064372, -0.07865451803929055});
  Value square = b.mul(f, f);
  Value tail = b.sub(b.mul(b.mul(square, f), q), b.mul(square, b.f32(0.5)));
  tail = b.add(tail, b.mul(e, b.f32(kLn2Low)));
  Value result = b.add(b.mul(e, b.f32(kLn2High)), b.add(f, tail));

  double infinity = std::numeric_limits<double>::infinity();
  result = b.select(b.compare(Predicate::OEQ, x, infinity), x, result);
  result =
      b.select(b.compare(Predicate::OEQ, x, 0.0), b.f32(-infinity), result);
  return b.select(b.compare(Predicate::UGE, x, 0.0),
                  b.select(b.compare(Predicate::UNO, x, 0.0), x, result),
                  b.f32(std::numeric_limits<double>::quiet_NaN()));
}

/// log(1 + x), with what 1 + x loses of x put back: log(y) + (x - (y - 1)) / y.
static Value emitLog1p(FloatBuilder &b, Value x) {
  // No contraction here: the difference is the rounding error of the sum.
  Value one = b.f32(1.0);
  Value y = arith::AddFOp::create(b, x, one);
  Value lost = arith::SubFOp::create(b, x, arith::SubFOp::create(b, y, one));
  Value result = b.add(emitLog(b, y), arith::DivFOp::create(b, lost, y));
  // At -1 and infinity the correction is no number.
  Value infinite = b.compare(arith::CmpFPredicate::OEQ, x,
                             std::numeric_limits<double>::infinity());
  Value minusOne = b.compare(arith::CmpFPredicate::OEQ, x, -1.0);
  Value plain =
      b.select(infinite, x, b.f32(-std::numeric_limits<double>::infinity()));
  return b.select(arith::OrIOp::create(b, infinite, minusOne), plain, result);
}

namespace {
template <typename Op, Value (*function)(FloatBuilder &, Value)>
struct Approximate : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF32() ||
        isa<TensorType>(op.getType()))
      return rewriter.notifyMatchFailure(op, "not f32");
    FloatBuilder builder(op, rewriter);
    rewriter.replaceOp(op, function(builder, op.getOperand()));
    return success();
  }
};

struct ApproximateMathPass
    : gsa::impl::ApproximateMathPassBase<ApproximateMathPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    MLIRContext *context = &getContext();
    patterns.add<Approximate<math::Exp2Op, emitExp2>>(context);
    patterns.add<Approximate<math::ExpOp, emitExp>>(context);
    patterns.add<Approximate<math::ExpM1Op, emitExpM1>>(context);
    patterns.add<Approximate<math::LogOp, emitLog>>(context);
    patterns.add<Approximate<math::Log1pOp, emitLog1p>>(context);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
