//===- Functions.cpp - Elementary functions as arithmetic -----------------===//
//
// Polynomials were fitted to least relative error (Lawson's algorithm) on the
// reduced ranges. Exponentials below 2^-125 may be zero; the limits at 0 and
// infinity are exact, and NaN stays NaN.
//
//===----------------------------------------------------------------------===//

#include "FloatBuilder.h"

using namespace mlir;
using namespace mlir::gsa;

constexpr float kLog2E = 1.44269504f;
/// log(2) in two parts; products of the first with exponents are exact.
constexpr float kLn2High = 0.693359375f;
constexpr float kLn2Low = -2.12194440e-4f;
constexpr float kLog10E = 0.434294482f;
/// log10(2) in two parts; products of the first with exponents are exact.
constexpr float kLog10Of2High = 0.301025390625f;
constexpr float kLog10Of2Low = 4.60503898e-6f;

/// 2^x = 2^n 2^f, n the nearest integer, |f| <= 1/2.
Value gsa::emitExp2(FloatBuilder &b, Value x) {
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

Value gsa::emitExp(FloatBuilder &b, Value x) {
  auto [em1, half] = reduceExponential(b, x);
  return b.mul(b.add(b.mul(em1, b.f32(2.0)), b.f32(2.0)), half);
}

Value gsa::emitExpM1(FloatBuilder &b, Value x) {
  auto [em1, half] = reduceExponential(b, x);
  Value result = b.add(b.mul(em1, half), b.sub(half, b.f32(0.5)));
  return b.add(result, result);
}

/// The product is rounded, so the error grows with |x|: 1e-7 |x|.
Value gsa::emitDeviceExp(FloatBuilder &b, Value x) {
  return math::Exp2Op::create(b, b.mul(x, b.f32(kLog2E)));
}

/// A polynomial near 0, where e^x - 1 cancels.
Value gsa::emitDeviceExpM1(FloatBuilder &b, Value x) {
  Value q = b.polynomial(x, {0.499999834293862, 0.166661353113809,
                             0.041668971035295835, 0.008402392762705525,
                             0.0013875750995626934});
  Value near = b.add(b.mul(b.mul(x, x), q), x);
  Value far = b.sub(emitDeviceExp(b, x), b.f32(1.0));
  return b.select(b.compare(arith::CmpFPredicate::OLT, b.abs(x), 0.5), near,
                  far);
}

/// The same to 2^-15, far below what factors of 16 bits are rounded by.
Value gsa::emitDeviceCoarseExpM1(FloatBuilder &b, Value x) {
  Value square = b.mul(x, x);
  Value near = b.add(b.mul(square, b.f32(0.5)), x);
  Value far = b.sub(emitDeviceExp(b, x), b.f32(1.0));
  return b.select(b.compare(arith::CmpFPredicate::OLT, square, 0x1p-14), near,
                  far);
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

Value gsa::emitLog(FloatBuilder &b, Value x) {
  auto [e, high, low] = reduceLogarithm(b, x);
  low = b.add(low, b.mul(e, b.f32(kLn2Low)));
  return limitLogarithm(b, x,
                        b.add(b.mul(e, b.f32(kLn2High)), b.add(high, low)));
}

/// Where e is not 0, e + log2(m) is at least 1/2: nothing cancels.
Value gsa::emitLog2(FloatBuilder &b, Value x) {
  auto [e, high, low] = reduceLogarithm(b, x);
  return limitLogarithm(b, x, b.add(e, b.mul(b.add(high, low), b.f32(kLog2E))));
}

Value gsa::emitLog10(FloatBuilder &b, Value x) {
  auto [e, high, low] = reduceLogarithm(b, x);
  Value fraction = b.mul(b.add(high, low), b.f32(kLog10E));
  fraction = b.add(fraction, b.mul(e, b.f32(kLog10Of2Low)));
  return limitLogarithm(b, x, b.add(b.mul(e, b.f32(kLog10Of2High)), fraction));
}

/// log(1 + x), with what 1 + x loses of x put back: log(y) + (x - (y - 1)) / y.
static Value expandLog1p(FloatBuilder &b, Value x, bool device) {
  // No contraction here: the difference is the rounding error of the sum.
  Value one = b.f32(1.0);
  Value y = arith::AddFOp::create(b, x, one);
  Value lost = arith::SubFOp::create(b, x, arith::SubFOp::create(b, y, one));
  Value correction = device ? b.mul(lost, b.reciprocal(y))
                            : arith::DivFOp::create(b, lost, y).getResult();
  Value result = b.add(emitLog(b, y), correction);
  // At -1 and infinity the correction is no number.
  Value infinite = b.compare(arith::CmpFPredicate::OEQ, x,
                             std::numeric_limits<double>::infinity());
  Value minusOne = b.compare(arith::CmpFPredicate::OEQ, x, -1.0);
  Value plain =
      b.select(infinite, x, b.f32(-std::numeric_limits<double>::infinity()));
  return b.select(arith::OrIOp::create(b, infinite, minusOne), plain, result);
}

Value gsa::emitLog1p(FloatBuilder &b, Value x) {
  return expandLog1p(b, x, /*device=*/false);
}
Value gsa::emitDeviceLog1p(FloatBuilder &b, Value x) {
  return expandLog1p(b, x, /*device=*/true);
}

/// tanh(|x|) = m / (m + 2), m = e^(2 |x|) - 1; from 10 on it is 1.
static Value tanhArgument(FloatBuilder &b, Value x) {
  return b.clamp(b.mul(b.abs(x), b.f32(2.0)), 0.0, 20.0);
}
Value gsa::emitTanh(FloatBuilder &b, Value x) {
  Value em1 = emitExpM1(b, tanhArgument(b, x));
  Value result = arith::DivFOp::create(b, em1, b.add(em1, b.f32(2.0)));
  return b.withSign(b.abs(result), x);
}
Value gsa::emitDeviceTanh(FloatBuilder &b, Value x) {
  Value em1 = emitDeviceExpM1(b, tanhArgument(b, x));
  Value result = b.mul(em1, b.reciprocal(b.add(em1, b.f32(2.0))));
  return b.withSign(b.abs(result), x);
}

/// Odd powers below 1; from there 1 - e^-q(|x|), which loses nothing as erfc is
/// small: an error of q counts times erfc. From 3.95 on it is 1.
static Value expandErf(FloatBuilder &b, Value x,
                       Value (*exp)(FloatBuilder &, Value)) {
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
  q = b.sub(b.f32(1.0), exp(b, q));
  return b.withSign(
      b.select(b.compare(arith::CmpFPredicate::OGT, magnitude, 1.0), q, p), x);
}

Value gsa::emitErf(FloatBuilder &b, Value x) {
  return expandErf(b, x, emitExp);
}
Value gsa::emitDeviceErf(FloatBuilder &b, Value x) {
  return expandErf(b, x, emitDeviceExp);
}

Value gsa::emitRsqrt(FloatBuilder &b, Value x) {
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

Value gsa::emitTrunc(FloatBuilder &b, Value x) {
  // Conversions of what i32 does not hold have no result.
  Value magnitude = b.abs(x);
  Value small = b.compare(arith::CmpFPredicate::OLT, magnitude, 0x1p23);
  magnitude = b.select(small, magnitude, b.f32(0.0));
  Value integer = arith::FPToSIOp::create(b, b.integers(), magnitude);
  return keepIntegers(b, x, arith::SIToFPOp::create(b, x.getType(), integer));
}

Value gsa::emitFloor(FloatBuilder &b, Value x) {
  Value t = emitTrunc(b, x);
  return b.select(b.compare(arith::CmpFPredicate::OGT, t, x),
                  b.sub(t, b.f32(1.0)), t);
}

Value gsa::emitCeil(FloatBuilder &b, Value x) {
  Value t = emitTrunc(b, x);
  // Between -1 and 0 `t` is -0 already.
  return b.select(b.compare(arith::CmpFPredicate::OLT, t, x),
                  b.add(t, b.f32(1.0)), t);
}

/// Half away from 0.
Value gsa::emitRound(FloatBuilder &b, Value x) {
  Value t = emitTrunc(b, x);
  Value far = b.compare(arith::CmpFPredicate::OGE, b.abs(b.sub(x, t)), 0.5);
  return b.select(far, b.add(t, b.withSign(b.f32(1.0), x)), t);
}

/// Half to even, as sums are rounded: a number from 2^23 on has no fraction.
Value gsa::emitRoundEven(FloatBuilder &b, Value x) {
  Value bound = b.f32(0x1p23);
  Value sum = arith::AddFOp::create(b, b.abs(x), bound);
  return keepIntegers(b, x, arith::SubFOp::create(b, sum, bound));
}

//===----------------------------------------------------------------------===//
// Several operands
//===----------------------------------------------------------------------===//

Value gsa::emitCopySign(FloatBuilder &b, Value x, Value y) {
  return b.withSign(b.abs(x), y);
}

/// The operand that is a number, if one is.
Value gsa::emitMaxNum(FloatBuilder &b, Value x, Value y) {
  Value larger = b.select(b.compare(arith::CmpFPredicate::OGT, x, y), x, y);
  return b.select(b.compare(arith::CmpFPredicate::UNO, y, y), x, larger);
}

Value gsa::emitMinNum(FloatBuilder &b, Value x, Value y) {
  Value smaller = b.select(b.compare(arith::CmpFPredicate::OLT, x, y), x, y);
  return b.select(b.compare(arith::CmpFPredicate::UNO, y, y), x, smaller);
}

/// Fused where the processor fuses: a library would do it elsewhere.
Value gsa::emitFma(FloatBuilder &b, Value x, Value y, Value z) {
  return b.add(b.mul(x, y), z);
}
