//===- ApproximateMath.cpp - Functions as arithmetic ----------------------===//
//
// Kernels call no library: one element at a time is too slow, and results would
// depend on the system's. Relative errors are below 3e-7. Polynomials were
// fitted to least relative error (Lawson's algorithm) on the reduced ranges.
// Exponentials below 2^-125 may be zero; the limits at 0 and infinity are
// exact, and NaN stays NaN.
//
// Elements narrower than f32 are widened here, not later with other arithmetic:
// rounding the steps of an approximation to them would lose what it gains.
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
constexpr float kLog10E = 0.434294482f;
/// log10(2) in two parts; products of the first with exponents are exact.
constexpr float kLog10Of2High = 0.301025390625f;
constexpr float kLog10Of2Low = 4.60503898e-6f;

namespace {
/// f32 arithmetic on scalars or vectors of one shape.
class FloatBuilder : public ImplicitLocOpBuilder {
public:
  FloatBuilder(Location loc, PatternRewriter &rewriter, Type type)
      : ImplicitLocOpBuilder(loc, rewriter), type(type),
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
  Value compare(arith::CmpFPredicate predicate, Value x, Value y) {
    return arith::CmpFOp::create(*this, predicate, x, y);
  }
  Value compare(arith::CmpFPredicate predicate, Value x, double bound) {
    return compare(predicate, x, f32(bound));
  }
  Value bits(Value x) { return arith::BitcastOp::create(*this, integers(), x); }
  Value number(Value bits) {
    return arith::BitcastOp::create(*this, type, bits);
  }
  Value abs(Value x) {
    return number(arith::AndIOp::create(*this, bits(x), i32(~kSignBit)));
  }
  /// `magnitude`, which has no sign, with that of x.
  Value withSign(Value magnitude, Value x) {
    Value sign = arith::AndIOp::create(*this, bits(x), i32(kSignBit));
    return number(arith::OrIOp::create(*this, bits(magnitude), sign));
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

  Type integers() {
    if (auto vector = dyn_cast<VectorType>(type))
      return vector.clone(getI32Type());
    return getI32Type();
  }

private:
  static constexpr int32_t kSignBit = std::numeric_limits<int32_t>::min();

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

/// Where 2^x is an instruction.
static Value emitExpByExp2(FloatBuilder &b, Value x) {
  return math::Exp2Op::create(b, b.mul(x, b.f32(kLog2E)));
}
static Value emitNativeExp2(FloatBuilder &b, Value x) {
  return math::Exp2Op::create(b, x);
}

static Value emitExpM1(FloatBuilder &b, Value x) {
  auto [em1, half] = reduceExponential(b, x);
  Value result = b.add(b.mul(em1, half), b.sub(half, b.f32(0.5)));
  return b.add(result, result);
}

/// log(x) = e log(2) + log(m), m in [sqrt(1/2), sqrt(2)], and log(m) is the sum
/// of m - 1, which is exact, and a smaller part.
namespace {
struct Logarithm {
  Value exponent, high, low;
};
} // namespace

static Logarithm reduceLogarithm(FloatBuilder &b, Value x) {
  // Subnormal numbers are scaled into the normal ones.
  Value tiny = b.compare(arith::CmpFPredicate::OLT, x, 0x1p-126);
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
  return {e, f, tail};
}

/// What any logarithm of x is where it is not `result`: at and below 0, at
/// infinity, and of NaN.
static Value limitLogarithm(FloatBuilder &b, Value x, Value result) {
  using Predicate = arith::CmpFPredicate;
  double infinity = std::numeric_limits<double>::infinity();
  result = b.select(b.compare(Predicate::OEQ, x, infinity), x, result);
  result =
      b.select(b.compare(Predicate::OEQ, x, 0.0), b.f32(-infinity), result);
  return b.select(b.compare(Predicate::UGE, x, 0.0),
                  b.select(b.compare(Predicate::UNO, x, 0.0), x, result),
                  b.f32(std::numeric_limits<double>::quiet_NaN()));
}

static Value emitLog(FloatBuilder &b, Value x) {
  auto [e, high, low] = reduceLogarithm(b, x);
  low = b.add(low, b.mul(e, b.f32(kLn2Low)));
  return limitLogarithm(b, x,
                        b.add(b.mul(e, b.f32(kLn2High)), b.add(high, low)));
}

/// Where e is not 0, e + log2(m) is at least 1/2: nothing cancels.
static Value emitLog2(FloatBuilder &b, Value x) {
  auto [e, high, low] = reduceLogarithm(b, x);
  return limitLogarithm(b, x, b.add(e, b.mul(b.add(high, low), b.f32(kLog2E))));
}

static Value emitLog10(FloatBuilder &b, Value x) {
  auto [e, high, low] = reduceLogarithm(b, x);
  Value fraction = b.mul(b.add(high, low), b.f32(kLog10E));
  fraction = b.add(fraction, b.mul(e, b.f32(kLog10Of2Low)));
  return limitLogarithm(b, x, b.add(b.mul(e, b.f32(kLog10Of2High)), fraction));
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

/// tanh(|x|) = m / (m + 2), m = e^(2 |x|) - 1; from 10 on it is 1.
static Value emitTanh(FloatBuilder &b, Value x) {
  Value twice = b.clamp(b.mul(b.abs(x), b.f32(2.0)), 0.0, 20.0);
  Value em1 = emitExpM1(b, twice);
  Value result = arith::DivFOp::create(b, em1, b.add(em1, b.f32(2.0)));
  return b.withSign(b.abs(result), x);
}

/// Odd powers below 1; from there 1 - e^-q(|x|), which loses nothing as erfc is
/// small: an error of q counts times erfc. From 3.95 on it is 1.
static Value emitErf(FloatBuilder &b, Value x) {
  Value magnitude = b.abs(x);
  Value near = b.clamp(magnitude, 0.0, 1.0);
  Value p = b.polynomial(b.mul(near, near),
                         {0.12837916572750235, -0.37612625826342416,
                          0.11283585164758636, -0.026853812467227817,
                          0.005188328540234072, -0.0008010200227052677,
                          7.853880996254448e-05});
  p = b.add(b.mul(near, p), near);
  Value far = b.clamp(magnitude, 1.0, 3.95);
  Value q = b.polynomial(far, {-0.00034152074497842866, -1.1270891991371903,
                               -0.6381448183351976, -0.10310676673507807,
                               0.021838069632432067, -0.002947659658015467,
                               0.00018637932464682372});
  q = b.sub(b.f32(1.0), emitExp(b, q));
  return b.withSign(
      b.select(b.compare(arith::CmpFPredicate::OGT, magnitude, 1.0), q, p), x);
}

static Value emitRsqrt(FloatBuilder &b, Value x) {
  return arith::DivFOp::create(b, b.f32(1.0), math::SqrtOp::create(b, x));
}

//===----------------------------------------------------------------------===//
// Rounding: exact, and not every processor has instructions
//===----------------------------------------------------------------------===//

/// `rounded`, which is x made an integer by magnitude, unless x has no fraction
/// bits: from 2^23 on, at infinity, or as NaN.
static Value keepIntegers(FloatBuilder &b, Value x, Value rounded) {
  Value small = b.compare(arith::CmpFPredicate::OLT, b.abs(x), 0x1p23);
  return b.select(small, b.withSign(rounded, x), x);
}

static Value emitTrunc(FloatBuilder &b, Value x) {
  // Conversions of what i32 does not hold have no result.
  Value magnitude = b.abs(x);
  Value small = b.compare(arith::CmpFPredicate::OLT, magnitude, 0x1p23);
  magnitude = b.select(small, magnitude, b.f32(0.0));
  Value integer = arith::FPToSIOp::create(b, b.integers(), magnitude);
  return keepIntegers(b, x, arith::SIToFPOp::create(b, x.getType(), integer));
}

static Value emitFloor(FloatBuilder &b, Value x) {
  Value t = emitTrunc(b, x);
  return b.select(b.compare(arith::CmpFPredicate::OGT, t, x),
                  b.sub(t, b.f32(1.0)), t);
}

static Value emitCeil(FloatBuilder &b, Value x) {
  Value t = emitTrunc(b, x);
  // Between -1 and 0 `t` is -0 already.
  return b.select(b.compare(arith::CmpFPredicate::OLT, t, x),
                  b.add(t, b.f32(1.0)), t);
}

/// Half away from 0.
static Value emitRound(FloatBuilder &b, Value x) {
  Value t = emitTrunc(b, x);
  Value far = b.compare(arith::CmpFPredicate::OGE, b.abs(b.sub(x, t)), 0.5);
  return b.select(far, b.add(t, b.withSign(b.f32(1.0), x)), t);
}

/// Half to even, as sums are rounded: a number from 2^23 on has no fraction.
static Value emitRoundEven(FloatBuilder &b, Value x) {
  Value bound = b.f32(0x1p23);
  Value sum = arith::AddFOp::create(b, b.abs(x), bound);
  return keepIntegers(b, x, arith::SubFOp::create(b, sum, bound));
}

//===----------------------------------------------------------------------===//
// Several operands
//===----------------------------------------------------------------------===//

static Value emitCopySign(FloatBuilder &b, Value x, Value y) {
  return b.withSign(b.abs(x), y);
}

/// The operand that is a number, if one is.
static Value emitMaxNum(FloatBuilder &b, Value x, Value y) {
  Value larger = b.select(b.compare(arith::CmpFPredicate::OGT, x, y), x, y);
  return b.select(b.compare(arith::CmpFPredicate::UNO, y, y), x, larger);
}

static Value emitMinNum(FloatBuilder &b, Value x, Value y) {
  Value smaller = b.select(b.compare(arith::CmpFPredicate::OLT, x, y), x, y);
  return b.select(b.compare(arith::CmpFPredicate::UNO, y, y), x, smaller);
}

/// Fused where the processor fuses: a library would do it elsewhere.
static Value emitFma(FloatBuilder &b, Value x, Value y, Value z) {
  return b.add(b.mul(x, y), z);
}

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

/// Elements narrower than f32 only.
struct WidenExp2 : Approximate<math::Exp2Op, emitNativeExp2> {
  using Approximate::Approximate;

  LogicalResult matchAndRewrite(math::Exp2Op op,
                                PatternRewriter &rewriter) const override {
    if (getElementTypeOrSelf(op.getType()).isF32())
      return rewriter.notifyMatchFailure(op, "an instruction");
    return Approximate::matchAndRewrite(op, rewriter);
  }
};

struct ApproximateMathPass
    : gsa::impl::ApproximateMathPassBase<ApproximateMathPass> {
  using ApproximateMathPassBase::ApproximateMathPassBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<
        Approximate<math::ExpM1Op, emitExpM1>,
        Approximate<math::LogOp, emitLog>, Approximate<math::Log2Op, emitLog2>,
        Approximate<math::Log10Op, emitLog10>,
        Approximate<math::Log1pOp, emitLog1p>,
        Approximate<math::TanhOp, emitTanh>, Approximate<math::ErfOp, emitErf>,
        Approximate<math::RsqrtOp, emitRsqrt>,
        Approximate<math::TruncOp, emitTrunc>,
        Approximate<math::FloorOp, emitFloor>,
        Approximate<math::CeilOp, emitCeil>,
        Approximate<math::RoundOp, emitRound>,
        Approximate<math::RoundEvenOp, emitRoundEven>,
        Approximate<math::CopySignOp, emitCopySign>,
        Approximate<arith::MaxNumFOp, emitMaxNum>,
        Approximate<arith::MinNumFOp, emitMinNum>,
        Approximate<math::FmaOp, emitFma>>(&getContext());
    if (nativeExp2)
      patterns.add<WidenExp2, Approximate<math::ExpOp, emitExpByExp2>>(
          &getContext());
    else
      patterns.add<Approximate<math::Exp2Op, emitExp2>,
                   Approximate<math::ExpOp, emitExp>>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))) ||
        failed(checkRest()))
      signalPassFailure();
  }

private:
  /// What is left must be something that processors do.
  LogicalResult checkRest() {
    WalkResult rest = getOperation()->walk([&](Operation *op) {
      if (!isa_and_present<math::MathDialect>(op->getDialect()) &&
          !isa<arith::RemFOp>(op))
        return WalkResult::advance();
      if (isa<math::AbsFOp, math::SqrtOp, math::IsFiniteOp, math::IsNaNOp,
              math::AbsIOp, math::CountLeadingZerosOp,
              math::CountTrailingZerosOp, math::CtPopOp>(op) ||
          (nativeExp2 && isa<math::Exp2Op>(op)) ||
          isa<TensorType>(op->getResult(0).getType()))
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
