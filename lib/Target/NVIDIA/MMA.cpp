//===- MMA.cpp - mma.sync -------------------------------------------------===//
//
// PTX ISA 9.0, 9.7.14.5.8 (m16n8k16): figures of the fragments, and the
// instruction.
//
//===----------------------------------------------------------------------===//

#include "Fragments.h"
#include "Products.h"
#include "gsa/Layout/Places.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::gsa;
using namespace mlir::gsa::nvidia;

//===----------------------------------------------------------------------===//
// Who holds what
//===----------------------------------------------------------------------===//

namespace {
constexpr int64_t kRows = 16, kColumns = 8, kDepth = 16;
} // namespace

bool WarpAtom::multiplies(Type factor) const {
  return factor.isBF16() || factor.isF16();
}

std::optional<Layout> WarpAtom::getSums(const ProductShape &shape) const {
  std::optional<WarpGrid> grid = getGrid(shape);
  if (!grid)
    return std::nullopt;
  return Layout::tile(getM16N8K16().sums, {shape.m, shape.n},
                      {grid->rows, grid->columns});
}

std::optional<Layout> WarpAtom::getRegisters(Factor factor,
                                             const ProductShape &shape) const {
  std::optional<WarpGrid> grid = getGrid(shape);
  if (!grid)
    return std::nullopt;
  if (factor == Factor::A)
    return Layout::tile(getM16N8K16().a, {shape.m, shape.k}, {grid->rows, 1})
        .replicateWarps(1, grid->columns);
  return Layout::tile(getM16N8K16().b, {shape.k, shape.n}, {1, grid->columns})
      .replicateWarps(grid->rows, 1);
}

std::optional<WarpGrid> MMAAtom::getGrid(const ProductShape &shape) const {
  if (shape.m % kRows || shape.n % kColumns || shape.k % kDepth ||
      !multiplies(shape.factor))
    return std::nullopt;
  // As many warps as there are blocks of rows, then of columns.
  auto divide = [](int64_t blocks, int64_t warps) {
    int64_t part = 1;
    while (part < warps && blocks % (2 * part) == 0)
      part *= 2;
    return part;
  };
  int64_t rows = divide(shape.m / kRows, shape.warps);
  int64_t columns = shape.warps / rows;
  if (shape.n / kColumns % columns)
    return std::nullopt;
  return WarpGrid{rows, columns};
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

std::vector<Layout> MMAAtom::getPlaces(Factor factor, const ProductShape &shape,
                                       unsigned contiguous) const {
  if (!getGrid(shape))
    return {};
  std::vector<Layout> places;
  if (auto place = getSwizzled(shapeOf(factor, shape), contiguous))
    places.push_back(*place);
  return places;
}

bool MMAAtom::accepts(Factor factor, const ProductShape &shape,
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
  llvm_unreachable("an atom's corner is lane 0's");
}

namespace {
/// A factor's words, two elements each, block by block: from registers, or read
/// from shared memory when they are asked for.
class Words {
public:
  Words(OpBuilder &builder, Location loc, const NVIDIADevice &device,
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
  const NVIDIADevice &device;
  const Worker &worker;
  const FactorValue &factor;
  const Layout &registers;
  std::optional<Composed> offsets;
  SmallVector<Value> words;
};
} // namespace

static void emitMMA(OpBuilder &builder, Location loc, StringRef type,
                    ArrayRef<Value> a, ArrayRef<Value> b,
                    MutableArrayRef<Value> sums) {
  Assembly assembly;
  assembly.hasSideEffects = assembly.touchesMemory = false;
  SmallVector<std::string> d, aNames, bNames;
  for (Value sum : sums)
    d.push_back(assembly.addResult(sum.getType(), "=f"));
  for (Value word : a)
    aNames.push_back(assembly.addOperand(word, "r"));
  for (Value word : b)
    bNames.push_back(assembly.addOperand(word, "r"));
  for (auto [i, sum] : llvm::enumerate(sums))
    assembly.addOperand(sum, std::to_string(i));
  auto list = [](ArrayRef<std::string> names) {
    return "{" + llvm::join(names, ", ") + "}";
  };
  assembly.text = ("mma.sync.aligned.m16n8k16.row.col.f32." + type + "." +
                   type + ".f32 " + list(d) + ", " + list(aNames) + ", " +
                   list(bNames) + ", " + list(d) + ";")
                      .str();
  for (auto [sum, result] : llvm::zip_equal(sums, assembly.emit(builder, loc)))
    sum = result;
}

Value MMAAtom::emitProduct(OpBuilder &builder, Location loc,
                           const ProductShape &shape, const Worker &worker,
                           const FactorValue &a, const FactorValue &b,
                           Value acc) const {
  WarpGrid grid = *getGrid(shape);
  Layout sumsLayout = *getSums(shape);
  Layout aRegisters = *getRegisters(Factor::A, shape);
  Layout bRegisters = *getRegisters(Factor::B, shape);
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
  StringRef name = shape.factor.isBF16() ? "bf16" : "f16";

  // Blocks of one warp lie this far apart.
  int64_t rowStep = kRows * grid.rows, columnStep = kColumns * grid.columns;
  constexpr int64_t aCount = 8, bCount = 4, sumCount = 4;
  for (int64_t k = 0; k < shape.k; k += kDepth) {
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
          emitMMA(builder, loc, name, aBlock,
                  ArrayRef(bBlocks).slice(block * bCount / 2, bCount / 2),
                  MutableArrayRef(sums).slice(at, sumCount));
        }
    }
  }
  return packWords(builder, loc, sums, type);
}
