//===- FloatBuilder.h - f32 arithmetic, and functions of it -----*- C++ -*-===//

#ifndef LIB_TRANSFORMS_FLOATBUILDER_H
#define LIB_TRANSFORMS_FLOATBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::gsa {

/// 1.5 * 2^23: a number this large has no fraction bits, so adding it rounds.
constexpr float kRounding = 12582912.0f;
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
  /// 1 / x, which the machine's own instruction may make.
  Value reciprocal(Value x) {
    return arith::DivFOp::create(*this, f32(1.0), x,
                                 arith::FastMathFlagsAttr::get(
                                     getContext(), arith::FastMathFlags::arcp));
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

//===----------------------------------------------------------------------===//
// Functions (Functions.cpp): relative errors below 3e-7
//===----------------------------------------------------------------------===//

Value emitExp2(FloatBuilder &b, Value x);
Value emitExp(FloatBuilder &b, Value x);
Value emitExpM1(FloatBuilder &b, Value x);
Value emitLog(FloatBuilder &b, Value x);
Value emitLog2(FloatBuilder &b, Value x);
Value emitLog10(FloatBuilder &b, Value x);
Value emitLog1p(FloatBuilder &b, Value x);
Value emitTanh(FloatBuilder &b, Value x);
Value emitErf(FloatBuilder &b, Value x);
Value emitRsqrt(FloatBuilder &b, Value x);

// Rounding: exact.
Value emitTrunc(FloatBuilder &b, Value x);
Value emitFloor(FloatBuilder &b, Value x);
Value emitCeil(FloatBuilder &b, Value x);
Value emitRound(FloatBuilder &b, Value x);
Value emitRoundEven(FloatBuilder &b, Value x);
Value emitCopySign(FloatBuilder &b, Value x, Value y);
Value emitMaxNum(FloatBuilder &b, Value x, Value y);
Value emitMinNum(FloatBuilder &b, Value x, Value y);
Value emitFma(FloatBuilder &b, Value x, Value y, Value z);

// The same for devices, on top of their own exp2.
Value emitDeviceExp(FloatBuilder &b, Value x);
Value emitDeviceExpM1(FloatBuilder &b, Value x);
Value emitDeviceCoarseExpM1(FloatBuilder &b, Value x);
Value emitDeviceLog1p(FloatBuilder &b, Value x);
Value emitDeviceTanh(FloatBuilder &b, Value x);
Value emitDeviceErf(FloatBuilder &b, Value x);

} // namespace mlir::gsa

#endif // LIB_TRANSFORMS_FLOATBUILDER_H
