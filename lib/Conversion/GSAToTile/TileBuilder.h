//===- TileBuilder.h - Arithmetic on tiles and scalars ----------*- C++ -*-===//

#ifndef LIB_CONVERSION_GSATOTILE_TILEBUILDER_H
#define LIB_CONVERSION_GSATOTILE_TILEBUILDER_H

#include "dialects/Tile/Tile.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"

namespace mlir::gsa {

/// Short names for what the chunked forms are made of.
class TileBuilder : public ImplicitLocOpBuilder {
public:
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;

  static RankedTensorType typeOf(Value tile) {
    return cast<RankedTensorType>(tile.getType());
  }

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(*this, value);
  }
  Value f32(double value) {
    return arith::ConstantOp::create(*this, getF32FloatAttr(value));
  }
  /// `value` everywhere, as a scalar or a tile like `like`.
  Value constantLike(Value like, double value) {
    Type element = getElementTypeOrSelf(like.getType());
    TypedAttr attr = isa<FloatType>(element)
                         ? TypedAttr(getFloatAttr(element, value))
                         : TypedAttr(getIntegerAttr(element, int64_t(value)));
    if (auto type = dyn_cast<RankedTensorType>(like.getType()))
      attr = DenseElementsAttr::get(type, attr);
    return arith::ConstantOp::create(*this, attr);
  }
  Value zeros(ArrayRef<int64_t> shape, Type element) {
    auto type = RankedTensorType::get(shape, element);
    return arith::ConstantOp::create(*this, cast<TypedAttr>(getZeroAttr(type)));
  }
  Value splat(Value scalar, RankedTensorType like) {
    return tensor::SplatOp::create(*this, scalar, like.clone(scalar.getType()));
  }

  // A product and the sum behind it may be rounded once: where there is an
  // instruction for both it is faster and no less exact. Reassociation, which
  // could lose small gates in large sums, is not allowed.
  Value add(Value a, Value b) {
    return arith::AddFOp::create(*this, a, b, contract());
  }
  Value sub(Value a, Value b) {
    return arith::SubFOp::create(*this, a, b, contract());
  }
  Value mul(Value a, Value b) {
    return arith::MulFOp::create(*this, a, b, contract());
  }
  Value neg(Value a) { return arith::NegFOp::create(*this, a); }
  /// 1 / a, which `approximate` lets the machine's own instruction make.
  Value reciprocal(Value a, bool approximate) {
    auto flags = arith::FastMathFlagsAttr::get(
        getContext(),
        approximate ? arith::FastMathFlags::arcp : arith::FastMathFlags::none);
    return arith::DivFOp::create(*this, constantLike(a, 1.0), a, flags);
  }
  /// exp(a) - 1, which `coarse` lets devices compute to 2^-15.
  Value expm1(Value a, bool coarse) {
    auto flags = arith::FastMathFlagsAttr::get(
        getContext(),
        coarse ? arith::FastMathFlags::afn : arith::FastMathFlags::none);
    return math::ExpM1Op::create(*this, a, flags);
  }
  Value exp2(Value a) { return math::Exp2Op::create(*this, a); }
  /// exp2(a) of running sums, or of their negation, which devices may make of
  /// neighbouring tokens' by products: where one token's is infinite, others'
  /// may be wrong.
  Value exp2OfSums(Value a) {
    return math::Exp2Op::create(
        *this, a,
        arith::FastMathFlagsAttr::get(getContext(),
                                      arith::FastMathFlags::reassoc));
  }
  Value select(Value condition, Value yes, Value no) {
    return arith::SelectOp::create(*this, condition, yes, no);
  }
  /// `x` times a constant; nothing for 1.
  Value scaled(Value x, double factor) {
    return factor == 1.0 ? x : mul(x, constantLike(x, factor));
  }

  /// `x` in elements of `element`.
  Value convertTo(Value x, Type element) {
    Type from = getElementTypeOrSelf(x.getType());
    if (from == element)
      return x;
    Type to = element;
    if (auto tile = dyn_cast<RankedTensorType>(x.getType()))
      to = tile.clone(element);
    // bf16 and f16 hold different numbers: the way between them is f32.
    if (from.getIntOrFloatBitWidth() == element.getIntOrFloatBitWidth())
      return convertTo(convertTo(x, getF32Type()), element);
    if (from.getIntOrFloatBitWidth() < element.getIntOrFloatBitWidth())
      return arith::ExtFOp::create(*this, to, x);
    return arith::TruncFOp::create(*this, to, x);
  }
  Value extended(Value x) { return convertTo(x, getF32Type()); }

  Value iota(RankedTensorType like, int64_t dim) {
    return tile::IotaOp::create(*this, like.clone(getI32Type()), dim);
  }
  /// Repeats a vector to the shape of `like`, along the new dimension `dim`.
  Value broadcast(Value vector, int64_t dim, RankedTensorType like) {
    auto type = like.clone(typeOf(vector).getElementType());
    return tile::BroadcastOp::create(*this, type, vector, dim);
  }
  Value transpose(Value matrix) {
    RankedTensorType type = typeOf(matrix);
    auto to = RankedTensorType::get({type.getDimSize(1), type.getDimSize(0)},
                                    type.getElementType());
    return tile::TransposeOp::create(*this, to, matrix);
  }
  Value mma(Value a, Value b, Value acc = {}) {
    if (!acc)
      acc = zeros({typeOf(a).getDimSize(0), typeOf(b).getDimSize(1)},
                  getF32Type());
    return tile::MmaOp::create(*this, a, b, acc);
  }
  Value reduce(tile::ReduceKind kind, Value x, ArrayRef<int64_t> dims) {
    RankedTensorType type = typeOf(x);
    SmallVector<int64_t> shape;
    for (int64_t i = 0; i < type.getRank(); ++i)
      if (!llvm::is_contained(dims, i))
        shape.push_back(type.getDimSize(i));
    Type to = type.getElementType();
    if (!shape.empty())
      to = RankedTensorType::get(shape, to);
    return tile::ReduceOp::create(*this, to, kind, x, dims);
  }
  /// Running sums along the tokens.
  tile::ScanOp scan(tile::ScanKind kind, Value x) {
    RankedTensorType type = typeOf(x);
    auto total = RankedTensorType::get(type.getShape().drop_front(),
                                       type.getElementType());
    return tile::ScanOp::create(*this, type, type, total, kind, x, 0);
  }

  /// Coordinates along `dim` below `bound`, an index or a constant.
  Value below(RankedTensorType like, int64_t dim, OpFoldResult bound) {
    Value coordinate = iota(like, dim), limit;
    if (auto value = dyn_cast<Value>(bound))
      limit =
          splat(arith::IndexCastOp::create(*this, getI32Type(), value), like);
    else
      limit = constantLike(coordinate, *getConstantIntValue(bound));
    return arith::CmpIOp::create(*this, arith::CmpIPredicate::slt, coordinate,
                                 limit);
  }

private:
  arith::FastMathFlagsAttr contract() {
    return arith::FastMathFlagsAttr::get(getContext(),
                                         arith::FastMathFlags::contract);
  }
};

} // namespace mlir::gsa

#endif // LIB_CONVERSION_GSATOTILE_TILEBUILDER_H
