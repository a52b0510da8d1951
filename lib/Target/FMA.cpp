//===- FMA.cpp - Products without matrix instructions ---------------------===//

#include "FMA.h"
#include "gsa/Layout/Places.h"
#include "gsa/Target/Device.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::gsa;

constexpr int64_t kBytes = 4;

bool FMAAtom::multiplies(Type factor) const { return factor.isF32(); }

//===----------------------------------------------------------------------===//
// Who holds what
//===----------------------------------------------------------------------===//

/// The largest power of two that divides `size` and is at most `limit`.
static int64_t powerIn(int64_t size, int64_t limit) {
  return std::min(size & -size, limit);
}

std::optional<Layout> FMAAtom::getSums(const ProductShape &shape) const {
  if (!multiplies(shape.factor))
    return std::nullopt;
  // Warps along rows; a lane's columns side by side, so that B is read in wide
  // accesses; lanes along columns, then rows. Of small tiles a lane has fewer
  // columns; where there are more lanes or warps than sums, several hold, and
  // compute, the same.
  int64_t warpRows = powerIn(shape.m, shape.warps);
  int64_t warpColumns = powerIn(shape.n, shape.warps / warpRows);
  constexpr int64_t together = 4, laneColumnsMost = 8;
  int64_t n = shape.n / warpColumns, m = shape.m / warpRows;
  int64_t columns = powerIn(n, together), laneColumns, laneRows;
  for (;; columns /= 2) {
    laneColumns = powerIn(n / columns, laneColumnsMost);
    laneRows = powerIn(m, lanes / laneColumns);
    if (laneRows * laneColumns == lanes || columns == 1)
      break;
  }
  SmallVector<Coordinates> reg, lane;
  for (int64_t bit = 1; bit < columns; bit *= 2)
    reg.push_back({0, bit});
  for (int64_t bit = 1; bit < laneColumns; bit *= 2)
    lane.push_back({0, bit * columns});
  for (int64_t bit = 1; bit < laneRows; bit *= 2)
    lane.push_back({bit, 0});
  lane.resize(llvm::Log2_64(lanes), {0, 0});
  Layout block = Layout::registers({laneRows, columns * laneColumns}, reg, lane,
                                   ArrayRef<Coordinates>());
  return Layout::tile(block, {shape.m, shape.n}, {warpRows, warpColumns})
      .replicateWarps(1, shape.warps / (warpRows * warpColumns));
}

std::vector<Layout> FMAAtom::getPlaces(Factor factor, const ProductShape &shape,
                                       unsigned contiguous) const {
  SmallVector<int64_t> size = {shape.m, shape.k};
  if (factor == Factor::B)
    size = {shape.k, shape.n};
  if (contiguous == 1)
    return {rowMajor(size)};
  std::swap(size[0], size[1]);
  return {rowMajor(size).transpose()};
}

bool FMAAtom::accepts(Factor factor, const ProductShape &shape,
                      const Layout &place) const {
  // Blocks that repeat along the sums' dimension would add where lanes XOR.
  unsigned across = factor == Factor::A ? 0 : 1;
  return getSums(shape).has_value() && place.getRepeat()[across] == 1;
}

//===----------------------------------------------------------------------===//
// The product
//===----------------------------------------------------------------------===//

namespace {
/// One factor, read step by step along K.
class Reader {
public:
  /// `across` is the dimension of the sums that the factor has too, `own` what
  /// each register of the sums has there.
  Reader(OpBuilder &builder, Location loc, const Worker &worker,
         const FactorValue &factor, const Layout &sums, unsigned across)
      : builder(builder), loc(loc), worker(worker), factor(factor),
        across(across) {
    for (Layout::Input input : {Layout::Input::Lane, Layout::Input::Warp})
      for (const Coordinates &base : sums.getBases(input))
        (input == Layout::Input::Lane ? lanes : warps)
            .push_back(offsetOf(base[across], 0));
    for (int64_t i = 0; i < sums.getNumRegisters(); ++i) {
      int64_t at = sums.apply(i, 0, 0)[across];
      if (!llvm::is_contained(coordinates, at))
        coordinates.push_back(at);
      slots.push_back(llvm::find(coordinates, at) - coordinates.begin());
    }
  }

  /// Bytes from the place's start to an element.
  int64_t offsetOf(int64_t at, int64_t depth) const {
    Coordinates coordinates = {at, depth};
    if (across == 1)
      std::swap(coordinates[0], coordinates[1]);
    return factor.layout.getOffset(coordinates) * kBytes;
  }

  /// The factor's elements for all registers of the sums at `depth`, i32, plus
  /// `constant`; bits that they have in common are none.
  void load(Value depth, ArrayRef<int64_t> depthBits, int64_t constant) {
    SharedAddresses addresses(
        builder, loc, factor.value,
        {{worker.lane, lanes}, {worker.warp, warps}, {depth, depthBits}});
    values.clear();
    int64_t base = offsetOf(0, constant);
    for (int64_t at : coordinates)
      values.push_back(LLVM::LoadOp::create(
          builder, loc, builder.getF32Type(),
          addresses.getPointer(offsetOf(at, 0) ^ base), kBytes));
  }

  Value get(int64_t reg) const { return values[slots[reg]]; }

private:
  OpBuilder &builder;
  Location loc;
  const Worker &worker;
  const FactorValue &factor;
  unsigned across;
  SmallVector<int64_t> lanes, warps, coordinates, slots;
  SmallVector<Value> values;
};
} // namespace

Value FMAAtom::emitProduct(OpBuilder &builder, Location loc,
                           const ProductShape &shape, const Worker &worker,
                           const FactorValue &a, const FactorValue &b,
                           Value acc) const {
  Layout sums = *getSums(shape);
  auto type = VectorType::get({sums.getNumRegisters()}, builder.getF32Type());
  if (!acc)
    acc = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type));
  // A few steps at a time, so that loads run ahead; blocks of K that repeat one
  // after the other.
  int64_t block = shape.k & -shape.k;
  int64_t unroll = std::min<int64_t>(block, 4);
  auto i32 = [&](int64_t value) -> Value {
    return arith::ConstantIntOp::create(builder, loc, value, 32);
  };
  for (int64_t start = 0; start < shape.k; start += block) {
    auto loop =
        scf::ForOp::create(builder, loc, i32(0), i32(block), i32(unroll), acc);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    Reader aReader(builder, loc, worker, a, sums, 0);
    Reader bReader(builder, loc, worker, b, sums, 1);
    SmallVector<int64_t> aBits, bBits;
    for (int64_t bit = 1; bit < block; bit *= 2) {
      aBits.push_back(aReader.offsetOf(0, bit));
      bBits.push_back(bReader.offsetOf(0, bit));
    }
    Value vector = loop.getRegionIterArgs().front();
    SmallVector<Value> elements;
    for (int64_t i = 0; i < type.getNumElements(); ++i)
      elements.push_back(vector::ExtractOp::create(builder, loc, vector, i));
    for (int64_t step = 0; step < unroll; ++step) {
      aReader.load(loop.getInductionVar(), aBits, start + step);
      bReader.load(loop.getInductionVar(), bBits, start + step);
      for (auto [i, element] : llvm::enumerate(elements))
        element = math::FmaOp::create(builder, loc, aReader.get(i),
                                      bReader.get(i), element);
    }
    Value next = vector::FromElementsOp::create(builder, loc, type, elements);
    scf::YieldOp::create(builder, loc, next);
    acc = loop.getResult(0);
  }
  return acc;
}
