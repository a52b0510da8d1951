//===- WarpAtom.cpp - Products of fragments in registers ------------------===//

#include "WarpAtom.h"
#include "gsa/Layout/Places.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/ErrorHandling.h"

using namespace mlir;
using namespace mlir::gsa;

//===----------------------------------------------------------------------===//
// Who holds what
//===----------------------------------------------------------------------===//

/// Blocks of a factor, MxK or KxN, as the warps of a grid have them.
static Layout tileFactor(Factor factor, const Fragments &fragments,
                         const ProductShape &shape, const WarpGrid &grid) {
  if (factor == Factor::A)
    return Layout::tile(fragments.a, {shape.m, shape.k}, {grid.rows, 1})
        .replicateWarps(1, grid.columns * grid.copies);
  return Layout::tile(fragments.b, {shape.k, shape.n}, {1, grid.columns})
      .replicateWarps(grid.rows, grid.copies);
}

bool FragmentAtom::multiplies(Type factor) const {
  return factor.isBF16() || factor.isF16();
}

std::optional<Layout> FragmentAtom::getSums(const ProductShape &shape) const {
  std::optional<WarpGrid> grid = getGrid(shape);
  if (!grid)
    return std::nullopt;
  return Layout::tile(fragments.sums, {shape.m, shape.n},
                      {grid->rows, grid->columns})
      .replicateWarps(1, grid->copies);
}

std::optional<Layout>
FragmentAtom::getRegisters(Factor factor, const ProductShape &shape) const {
  std::optional<WarpGrid> grid = getGrid(shape);
  if (!grid)
    return std::nullopt;
  return tileFactor(factor, fragments, shape, *grid);
}

std::optional<WarpGrid> WarpAtom::getGrid(const ProductShape &shape) const {
  ArrayRef<int64_t> block = fragments.sums.getShape();
  int64_t depth = fragments.a.getShape()[1];
  if (shape.m % block[0] || shape.n % block[1] || shape.k % depth ||
      !multiplies(shape.factor))
    return std::nullopt;
  // As many warps as there are blocks.
  auto divide = [](int64_t blocks, int64_t warps) {
    int64_t parts = 1;
    while (parts < warps && blocks % (2 * parts) == 0)
      parts *= 2;
    return parts;
  };
  auto gridOf = [&](int64_t rows) {
    int64_t columns = divide(shape.n / block[1], shape.warps / rows);
    return WarpGrid{rows, columns, shape.warps / (rows * columns)};
  };
  WarpGrid best = gridOf(divide(shape.m / block[0], shape.warps));
  if (shape.wholeRows)
    return best;
  // Warps below each other read the same columns of the second factor, those
  // beside each other the same rows of the first. Of equals, those that read
  // more of the first, which another product may have, too, unless that takes
  // lanes too many registers.
  constexpr int64_t mostWords = 32;
  int64_t lanes = fragments.sums.getNumLanes();
  auto reads = [&](const WarpGrid &grid) {
    return shape.m * grid.columns + shape.n * grid.rows;
  };
  for (int64_t rows = best.rows / 2; rows > 0; rows /= 2) {
    WarpGrid grid = gridOf(rows);
    bool isBetter = reads(grid) < reads(best) ||
                    (reads(grid) == reads(best) &&
                     shape.m / rows * shape.k / lanes / 2 <= mostWords);
    if (grid.copies <= best.copies && isBetter)
      best = grid;
  }
  return best;
}

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

std::optional<Layout> gsa::getSwizzled(ArrayRef<int64_t> shape,
                                       unsigned contiguous) {
  constexpr int64_t bits = 16;
  SmallVector<int64_t> rowsFirst(shape);
  if (contiguous == 0)
    std::swap(rowsFirst[0], rowsFirst[1]);
  for (int64_t bytes : {128, 64, 32})
    if (rowsFirst[1] * bits / 8 % bytes == 0 && rowsFirst[0] % 8 == 0) {
      Layout layout = swizzled(rowsFirst, bits, bytes);
      return contiguous == 0 ? layout.transpose() : layout;
    }
  return std::nullopt;
}

static SmallVector<int64_t, 2> shapeOf(Factor factor,
                                       const ProductShape &shape) {
  if (factor == Factor::A)
    return {shape.m, shape.k};
  return {shape.k, shape.n};
}

std::vector<Layout> WarpAtom::getPlaces(Factor factor,
                                        const ProductShape &shape,
                                        unsigned contiguous) const {
  if (!getGrid(shape))
    return {};
  std::vector<Layout> places;
  if (auto place = getSwizzled(shapeOf(factor, shape), contiguous))
    places.push_back(*place);
  return places;
}

bool WarpAtom::accepts(Factor factor, const ProductShape &shape,
                       const Layout &place) const {
  std::optional<Layout> registers = getRegisters(factor, shape);
  return registers && compose(place, *registers).has_value();
}

//===----------------------------------------------------------------------===//
// The product
//===----------------------------------------------------------------------===//

/// The register of lane 0 of warp 0 that has an element.
static int64_t registerOf(const Layout &layout, int64_t row, int64_t column) {
  for (const Holder &holder : layout.preimage({row, column}))
    if (holder.lane == 0 && holder.warp == 0)
      return holder.reg;
  llvm_unreachable("a block's corner is lane 0's");
}

namespace {
/// A factor's words, two elements each, block by block: from registers, or read
/// from shared memory when they are asked for.
class Words {
public:
  Words(OpBuilder &builder, Location loc, const Device &device,
        const Worker &worker, const FactorValue &factor,
        const Layout &registers)
      : builder(builder), loc(loc), device(device), worker(worker),
        factor(factor), registers(registers) {
    if (factor.layout.isPlace())
      offsets = compose(factor.layout, registers);
    else
      words = unpackWords(builder, loc, factor.value);
  }

  int64_t registerAt(int64_t row, int64_t column) const {
    return registerOf(registers, row, column);
  }

  /// The words of `count` registers from `first` on.
  SmallVector<Value> get(int64_t first, int64_t count) {
    if (!offsets) {
      ArrayRef<Value> part = ArrayRef(words).slice(first / 2, count / 2);
      return SmallVector<Value>(part);
    }
    // Any type of 16 bits will do: words are moved.
    Value vector = emitSharedLoad(builder, loc, device,
                                  SharedAccess(*offsets, 2, first, count),
                                  worker, factor.value, builder.getI16Type());
    return unpackWords(builder, loc, vector);
  }

private:
  OpBuilder &builder;
  Location loc;
  const Device &device;
  const Worker &worker;
  const FactorValue &factor;
  const Layout &registers;
  std::optional<Composed> offsets;
  SmallVector<Value> words;
};
} // namespace

Value WarpAtom::emitProduct(OpBuilder &builder, Location loc,
                            const ProductShape &shape, const Worker &worker,
                            const FactorValue &a, const FactorValue &b,
                            Value acc) const {
  WarpGrid grid = *getGrid(shape);
  Layout sumsLayout = *getSums(shape);
  bool isRead = a.layout.isPlace() && b.layout.isPlace();
  Fragments step = isRead ? getRead(shape) : fragments;
  Layout aRegisters = tileFactor(Factor::A, step, shape, grid);
  Layout bRegisters = tileFactor(Factor::B, step, shape, grid);
  auto type =
      VectorType::get({sumsLayout.getNumRegisters()}, builder.getF32Type());
  SmallVector<Value> sums;
  if (acc)
    sums = unpackWords(builder, loc, acc);
  else
    sums.assign(
        type.getNumElements(),
        arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(0.0)));
  Words aWords(builder, loc, device, worker, a, aRegisters);
  Words bWords(builder, loc, device, worker, b, bRegisters);

  // Blocks of one warp lie this far apart.
  int64_t rowStep = step.sums.getShape()[0] * grid.rows;
  int64_t columnStep = step.sums.getShape()[1] * grid.columns;
  int64_t aCount = step.a.getNumRegisters(), bCount = step.b.getNumRegisters();
  int64_t sumCount = step.sums.getNumRegisters();
  for (int64_t k = 0; k < shape.k; k += step.a.getShape()[1]) {
    SmallVector<SmallVector<Value>> aBlocks;
    for (int64_t i = 0; i < shape.m; i += rowStep)
      aBlocks.push_back(aWords.get(aWords.registerAt(i, k), aCount));
    for (int64_t j = 0; j < shape.n;) {
      // Two blocks of columns at a time, if their registers are adjacent.
      int64_t first = bWords.registerAt(k, j), blocks = 1;
      if (j + columnStep < shape.n &&
          bWords.registerAt(k, j + columnStep) == first + bCount)
        blocks = 2;
      SmallVector<Value> bBlocks = bWords.get(first, blocks * bCount);
      for (int64_t block = 0; block < blocks; ++block, j += columnStep)
        for (auto [i, aBlock] : llvm::enumerate(aBlocks)) {
          int64_t at = registerOf(sumsLayout, i * rowStep, j);
          emitStep(builder, loc, shape.factor, aBlock,
                   ArrayRef(bBlocks).slice(block * bCount / 2, bCount / 2),
                   MutableArrayRef(sums).slice(at, sumCount));
        }
    }
  }
  return packWords(builder, loc, sums, type);
}
