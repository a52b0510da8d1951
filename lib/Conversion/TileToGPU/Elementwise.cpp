//===- Elementwise.cpp - What a lane computes alone -----------------------===//

#include "Lowering.h"
#include "dialects/Tile/TileNames.h"
#include "gsa/Layout/Move.h"
#include "gsa/Target/SharedAccess.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

#include <map>

using namespace mlir;
using namespace mlir::gsa;
using namespace mlir::tile;

LogicalResult TileLowering::lowerConstant(Operation *op) {
  DenseElementsAttr elements;
  if (!matchPattern(op, m_Constant(&elements)) || !elements.isSplat())
    return op->emitOpError("must be one value everywhere, got several");
  auto type = cast<VectorType>(convert(op->getResult(0).getType()));
  Attribute value =
      DenseElementsAttr::get(type, elements.getSplatValue<Attribute>());
  set(op->getResult(0),
      arith::ConstantOp::create(b, type, cast<TypedAttr>(value)));
  return success();
}

LogicalResult TileLowering::lowerElementwise(Operation *op) {
  const Layout &layout = layoutOf(op->getResult(0));
  for (Type type : op->getOperandTypes())
    if (isTile(type) && (layoutOf(type) != layout || layout.isPlace()))
      return op->emitOpError("must have tiles in registers of one layout, got ")
             << type;
  if (Value compared = lowerRampComparison(op)) {
    set(op->getResult(0), compared);
    return success();
  }
  if (Value factors = lowerExpOfSums(op)) {
    set(op->getResult(0), factors);
    return success();
  }
  if (auto truncation = dyn_cast<arith::TruncFOp>(op);
      truncation && getElementTypeOrSelf(truncation.getIn()).isF32()) {
    if (Value masked = lowerMaskedTruncation(truncation)) {
      set(op->getResult(0), masked);
      return success();
    }
    set(op->getResult(0),
        device.emitTruncation(b, b.getLoc(), get(truncation.getIn()),
                              getElementTypeOrSelf(truncation.getType())));
    return success();
  }
  Operation *lowered = b.clone(*op, map);
  for (auto [result, now] :
       llvm::zip_equal(op->getResults(), lowered->getResults())) {
    now.setType(convert(result.getType()));
    set(result, now);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Coordinates
//===----------------------------------------------------------------------===//

static SmallVector<int64_t> along(ArrayRef<Coordinates> bases, int64_t dim) {
  return llvm::map_to_vector(
      bases, [&](const Coordinates &base) { return base[dim]; });
}

LogicalResult TileLowering::lower(IotaOp op) {
  const Layout &layout = layoutOf(op.getResult());
  int64_t dim = op.getDim();
  auto lane = along(layout.getBases(Layout::Input::Lane), dim);
  auto warp = along(layout.getBases(Layout::Input::Warp), dim);
  int64_t own = 0, registers = 0;
  for (int64_t bits : llvm::concat<int64_t>(lane, warp))
    own |= bits;
  Ramp ramp;
  for (int64_t i = 0; i < layout.getNumRegisters(); ++i) {
    ramp.offsets.push_back(layout.apply(i, 0, 0)[dim]);
    registers |= ramp.offsets.back();
  }
  if (own & registers)
    return op.emitOpError("must have registers and lanes that differ in other "
                          "bits of the coordinate, got ")
           << op.getResult().getType();
  // Masks are made where they are used: kept from loop to loop, they would take
  // a register an element.
  Value from = device.emitOpaque(b, b.getLoc(), role.worker.lane);
  ramp.base = arith::AddIOp::create(
      b, emitBits(b, b.getLoc(), from, lane),
      emitBits(b, b.getLoc(), workerOf(layout).warp, warp));
  auto type = cast<VectorType>(convert(op.getResult().getType()));
  auto offsets = llvm::map_to_vector(
      ramp.offsets, [](int64_t offset) { return int32_t(offset); });
  Value constants = arith::ConstantOp::create(
      b, DenseElementsAttr::get(type, ArrayRef<int32_t>(offsets)));
  set(op.getResult(),
      arith::AddIOp::create(b, splat(type, ramp.base), constants));
  ramps[op.getResult()] = std::move(ramp);
  return success();
}

std::optional<TileLowering::RampComparison>
TileLowering::findRampComparison(arith::CmpIOp compare) {
  // i + c < j + d as i - j < d - c: one comparison with a constant an element.
  // Coordinates and rows are far from overflow.
  auto type = dyn_cast<VectorType>(convert(compare.getLhs().getType()));
  if (!type || !type.getElementType().isInteger(32))
    return std::nullopt;
  Value bases[2];
  SmallVector<int64_t> offsets[2];
  bool hasRamp = false;
  for (auto [i, operand] : llvm::enumerate(compare->getOperands())) {
    auto ramp = ramps.find(operand);
    DenseElementsAttr elements;
    if (ramp != ramps.end()) {
      bases[i] = ramp->second.base;
      offsets[i] = ramp->second.offsets;
      hasRamp = true;
    } else if (auto splatOp = operand.getDefiningOp<tensor::SplatOp>()) {
      bases[i] = get(splatOp.getInput());
      offsets[i].assign(type.getNumElements(), 0);
    } else if (matchPattern(operand, m_Constant(&elements)) &&
               elements.isSplat()) {
      offsets[i].assign(type.getNumElements(),
                        elements.getSplatValue<APInt>().getSExtValue());
    } else {
      return std::nullopt;
    }
  }
  bool isSigned = compare.getPredicate() < arith::CmpIPredicate::ult;
  if (!hasRamp || !isSigned)
    return std::nullopt;
  Value difference = bases[0] ? bases[0] : constant(0);
  if (bases[1])
    difference = arith::SubIOp::create(b, difference, bases[1]);
  SmallVector<int32_t> limits;
  for (auto [left, right] : llvm::zip_equal(offsets[0], offsets[1]))
    limits.push_back(static_cast<int32_t>(right - left));
  return RampComparison{difference, std::move(limits)};
}

Value TileLowering::lowerRampComparison(Operation *op) {
  auto compare = dyn_cast<arith::CmpIOp>(op);
  if (!compare)
    return {};
  std::optional<RampComparison> ramps = findRampComparison(compare);
  if (!ramps)
    return {};
  auto type = cast<VectorType>(convert(compare.getLhs().getType()));
  Value constants = arith::ConstantOp::create(
      b, DenseElementsAttr::get(type, ArrayRef<int32_t>(ramps->limits)));
  return arith::CmpIOp::create(b, compare.getPredicate(),
                               splat(type, ramps->difference), constants);
}

Value TileLowering::lowerMaskedTruncation(arith::TruncFOp op) {
  // Predicates are few and words half as many as elements: masks of the words
  // are made while the products that they mask are waited for.
  auto type = cast<VectorType>(convert(op.getType()));
  auto select = op.getIn().getDefiningOp<arith::SelectOp>();
  auto compare = select ? select.getCondition().getDefiningOp<arith::CmpIOp>()
                        : arith::CmpIOp();
  DenseElementsAttr other;
  if (!compare || compare.getPredicate() != arith::CmpIPredicate::sge ||
      type.getElementTypeBitWidth() != 16 || type.getNumElements() % 2 ||
      !matchPattern(select.getFalseValue(), m_Constant(&other)) ||
      !other.isSplat() || !other.getSplatValue<APFloat>().isPosZero())
    return {};
  // Sums that nobody waited for are there at once: then it is only more work.
  if (select.getTrueValue().getDefiningOp<MmaOp>())
    return {};
  std::optional<RampComparison> ramps = findRampComparison(compare);
  if (!ramps)
    return {};
  for (size_t i = 0; i < ramps->limits.size(); i += 2)
    if (ramps->limits[i + 1] != ramps->limits[i] + 1)
      return {};
  // Coordinates of the tile, and differences of these.
  if (llvm::any_of(cast<RankedTensorType>(op.getType()).getShape(),
                   [](int64_t size) { return size > Device::kMostOrdered; }))
    return {};

  // A word's elements are kept where the difference is at least its limit, and
  // above it.
  SmallVector<int32_t> limits;
  for (size_t i = 0; i < ramps->limits.size(); i += 2)
    limits.push_back(ramps->limits[i]);
  SmallVector<int32_t> distinct(limits);
  llvm::sort(distinct);
  distinct.erase(llvm::unique(distinct), distinct.end());
  // Where roles share registers, comparisons are the slower way, by 1%
  // (bench/NOTES.md).
  bool sharesRegisters = role.roles->hasAttr(kRegistersAttr);
  SmallVector<Value> masks =
      sharesRegisters
          ? device.Device::emitOrderMasks(b, b.getLoc(), ramps->difference,
                                          distinct)
          : device.emitOrderMasks(b, b.getLoc(), ramps->difference, distinct);
  auto words = llvm::map_to_vector(limits, [&](int32_t limit) {
    return masks[llvm::lower_bound(distinct, limit) - distinct.begin()];
  });
  Value rounded = device.emitTruncation(
      b, b.getLoc(), get(select.getTrueValue()), type.getElementType());
  for (auto [mask, word] :
       llvm::zip_equal(words, unpackWords(b, b.getLoc(), rounded)))
    mask = arith::AndIOp::create(b, word, mask);
  return packWords(b, b.getLoc(), words, type);
}

//===----------------------------------------------------------------------===//
// The same elements under other names
//===----------------------------------------------------------------------===//

FailureOr<Value> TileLowering::renumber(Operation *op, Value vector,
                                        const Layout &from, const Layout &to) {
  if (from == to)
    return vector;
  if (move(from, to) != MoveKind::Registers)
    return op->emitOpError("must have layouts that hold the same in each lane, "
                           "got ")
           << op->getOperand(0).getType() << " and "
           << op->getResult(0).getType();
  return permute(vector, registerMap(from, to));
}

LogicalResult TileLowering::lower(BroadcastOp op) {
  const Layout &layout = layoutOf(op.getResult());
  Layout dropped = layout.drop(op.getDim());
  FailureOr<Value> operand =
      renumber(op, get(op.getOperand()), layoutOf(op.getOperand()), dropped);
  if (failed(operand))
    return failure();
  // Each register's element, in whichever register of the lane it is.
  SmallVector<int64_t> numbers;
  for (int64_t i = 0; i < layout.getNumRegisters(); ++i) {
    Coordinates at = layout.apply(i, 0, 0);
    at.erase(at.begin() + op.getDim());
    int64_t found = -1;
    for (int64_t j = 0; j < dropped.getNumRegisters() && found < 0; ++j)
      if (dropped.apply(j, 0, 0) == at)
        found = j;
    if (found < 0)
      return op.emitOpError("must repeat elements that the lane holds, got ")
             << op.getOperand().getType();
    numbers.push_back(found);
  }
  set(op.getResult(), permute(*operand, numbers));
  return success();
}

LogicalResult TileLowering::lower(TransposeOp op) {
  Layout turned = layoutOf(op.getOperand()).transpose();
  const Layout &layout = layoutOf(op.getResult());
  if (layout.isPlace()) {
    if (layout != turned)
      return op.emitOpError("must be the place that its operand is, got ")
             << op.getResult().getType();
    set(op.getResult(), get(op.getOperand()));
    return success();
  }
  FailureOr<Value> vector = renumber(op, get(op.getOperand()), turned, layout);
  if (failed(vector))
    return failure();
  set(op.getResult(), *vector);
  return success();
}
