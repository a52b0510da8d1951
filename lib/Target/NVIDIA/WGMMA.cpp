//===- WGMMA.cpp - wgmma.mma_async ----------------------------------------===//
//
// PTX ISA 9.0, 9.7.15.5. Four warps multiply 64 rows by up to 256 columns, 16
// deep; factors in shared memory are told by matrix descriptors (9.7.15.5.1.2).
// A product is one group of instructions: torn apart, code that moves between
// them would make the assembler wait for each.
//
//===----------------------------------------------------------------------===//

#include "Fragments.h"
#include "Products.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::gsa;
using namespace mlir::gsa::nvidia;

namespace {
constexpr int64_t kRows = 64, kDepth = 16, kGroupWarps = 4;
constexpr int64_t kBlockColumns = 8, kMaxColumns = 256;
constexpr int64_t kElementBytes = 2;
} // namespace

//===----------------------------------------------------------------------===//
// Who holds what
//===----------------------------------------------------------------------===//

WGMMAAtom::WGMMAAtom() : FragmentAtom("wgmma.m64k16", getM16N8K16()) {}

std::optional<WarpGrid> WGMMAAtom::getGrid(const ProductShape &shape) const {
  if (shape.m % kRows || shape.n % kBlockColumns || shape.k % kDepth ||
      shape.warps % kGroupWarps || !multiplies(shape.factor))
    return std::nullopt;
  int64_t groups = shape.warps / kGroupWarps, down = 1;
  while (down < groups && shape.m / kRows % (2 * down) == 0)
    down *= 2;
  int64_t across = groups / down;
  int64_t columns = shape.n / across;
  if (shape.n / kBlockColumns % across || columns > kMaxColumns ||
      (across > 1 && !llvm::isPowerOf2_64(columns)))
    return std::nullopt;
  return WarpGrid{down * kGroupWarps, across};
}

std::optional<Layout> WGMMAAtom::getSums(const ProductShape &shape) const {
  std::optional<WarpGrid> grid = getGrid(shape);
  if (!grid)
    return std::nullopt;
  // A group has all columns of an instruction.
  return Layout::tile(getGroupSums(shape.n / grid->columns), {shape.m, shape.n},
                      {grid->rows / kGroupWarps, grid->columns});
}

std::optional<Layout> WGMMAAtom::getRegisters(Factor factor,
                                              const ProductShape &shape) const {
  if (factor == Factor::B)
    return std::nullopt;
  return FragmentAtom::getRegisters(factor, shape);
}

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

namespace {
/// How the unit walks through a factor in shared memory.
struct Descriptor {
  /// Which dimension of the factor has unit stride: K, or that of the sums.
  bool isKMajor;
  int64_t swizzle; ///< bytes of a row of a panel: 128, 64 or 32
  int64_t panel;   ///< bytes of a panel
  /// Everything but the address.
  uint64_t constant() const {
    // Between panels, which the unit needs if they follow along the sums'
    // dimension; between groups of eight rows; the swizzle's code.
    uint64_t leading = panel / 16, stride = 8 * swizzle / 16;
    uint64_t code = swizzle == 128 ? 1 : swizzle == 64 ? 2 : 3;
    return leading << 16 | stride << 32 | code << 62;
  }
  /// Bytes from the tile's first element to that `depth` along K and `at` along
  /// the sums' dimension, multiples of what one instruction takes.
  int64_t offsetOf(int64_t depth, int64_t at) const {
    int64_t along = isKMajor ? depth : at, down = isKMajor ? at : depth;
    int64_t bytes = along * kElementBytes;
    return bytes / swizzle * panel + bytes % swizzle + down * swizzle;
  }
};
} // namespace

/// The factor as the unit can read it; none if it cannot.
static std::optional<Descriptor>
describe(Factor factor, const ProductShape &shape, const Layout &place) {
  SmallVector<int64_t, 2> size;
  if (factor == Factor::A)
    size = {shape.m, shape.k};
  else
    size = {shape.k, shape.n};
  for (unsigned contiguous : {0, 1}) {
    std::optional<Layout> swizzled = getSwizzled(size, contiguous);
    if (!swizzled || *swizzled != place)
      continue;
    Descriptor descriptor;
    descriptor.isKMajor = (factor == Factor::A) == (contiguous == 1);
    int64_t rowBytes = size[contiguous] * kElementBytes;
    descriptor.swizzle = 128;
    while (rowBytes % descriptor.swizzle)
      descriptor.swizzle /= 2;
    descriptor.panel = size[1 - contiguous] * descriptor.swizzle;
    // The address has 18 bits, strides as many.
    if (descriptor.panel >= int64_t(1) << 18)
      return std::nullopt;
    return descriptor;
  }
  return std::nullopt;
}

bool WGMMAAtom::accepts(Factor factor, const ProductShape &shape,
                        const Layout &place) const {
  std::optional<WarpGrid> grid = getGrid(shape);
  if (!grid)
    return false;
  std::optional<Descriptor> descriptor = describe(factor, shape, place);
  if (!descriptor)
    return false;
  // Blocks of warps along a factor's contiguous dimension start at panels.
  int64_t part = factor == Factor::A ? kRows : shape.n / grid->columns;
  int64_t parts = factor == Factor::A ? shape.m / part : grid->columns;
  return descriptor->isKMajor || parts == 1 ||
         part * kElementBytes % descriptor->swizzle == 0;
}

std::vector<Layout> WGMMAAtom::getPlaces(Factor factor,
                                         const ProductShape &shape,
                                         unsigned contiguous) const {
  SmallVector<int64_t, 2> size;
  if (factor == Factor::A)
    size = {shape.m, shape.k};
  else
    size = {shape.k, shape.n};
  std::optional<Layout> place = getSwizzled(size, contiguous);
  if (!place || !accepts(factor, shape, *place))
    return {};
  return {*place};
}

//===----------------------------------------------------------------------===//
// The product
//===----------------------------------------------------------------------===//

static Value constant(OpBuilder &builder, Location loc, int64_t value) {
  return arith::ConstantIntOp::create(builder, loc, value, 32);
}

/// The descriptor of a factor at `address` (i32).
static Value emitDescriptor(OpBuilder &builder, Location loc, Value address,
                            const Descriptor &descriptor) {
  Value units =
      arith::ShRUIOp::create(builder, loc, address, constant(builder, loc, 4));
  units = arith::AndIOp::create(builder, loc, units,
                                constant(builder, loc, (1 << 14) - 1));
  Value low = arith::ExtUIOp::create(builder, loc, builder.getI64Type(), units);
  Value rest = arith::ConstantIntOp::create(
      builder, loc, static_cast<int64_t>(descriptor.constant()), 64);
  return arith::OrIOp::create(builder, loc, low, rest);
}

/// `address` plus `bytes` times a warp group's number.
static Value addGroups(OpBuilder &builder, Location loc, Value address,
                       Value group, int64_t bytes) {
  Value offset =
      arith::MulIOp::create(builder, loc, group, constant(builder, loc, bytes));
  return arith::AddIOp::create(builder, loc, address, offset);
}

Value WGMMAAtom::emitProduct(OpBuilder &builder, Location loc,
                             const ProductShape &shape, const Worker &worker,
                             const FactorValue &a, const FactorValue &b,
                             Value acc) const {
  WarpGrid grid = *getGrid(shape);
  int64_t down = grid.rows / kGroupWarps, columns = shape.n / grid.columns;
  Layout sumsLayout = *getSums(shape);
  auto type =
      VectorType::get({sumsLayout.getNumRegisters()}, builder.getF32Type());
  Descriptor bDescriptor = *describe(Factor::B, shape, b.layout);
  std::optional<Descriptor> aDescriptor;
  if (a.layout.isPlace())
    aDescriptor = describe(Factor::A, shape, a.layout);

  // Where this group's part starts; groups lie down first.
  Value aAddress = aDescriptor ? a.value : Value(), bAddress = b.value;
  if (down * grid.columns > 1) {
    Value group = arith::ShRUIOp::create(builder, loc, worker.warp,
                                         constant(builder, loc, 2));
    Value row = arith::AndIOp::create(builder, loc, group,
                                      constant(builder, loc, down - 1));
    Value column = arith::DivUIOp::create(builder, loc, group,
                                          constant(builder, loc, down));
    if (aDescriptor && down > 1)
      aAddress = addGroups(builder, loc, aAddress, row,
                           aDescriptor->offsetOf(0, kRows));
    if (grid.columns > 1)
      bAddress = addGroups(builder, loc, bAddress, column,
                           bDescriptor.offsetOf(0, columns));
  }

  Assembly assembly;
  SmallVector<std::string> sums, words;
  for (int64_t i = 0; i < type.getNumElements(); ++i)
    sums.push_back(assembly.addResult(type.getElementType(), "=f"));
  if (acc)
    for (auto [i, sum] : llvm::enumerate(unpackWords(builder, loc, acc)))
      assembly.addOperand(sum, std::to_string(i));
  std::string aName;
  if (aDescriptor)
    aName = assembly.addOperand(
        emitDescriptor(builder, loc, aAddress, *aDescriptor), "l");
  else
    for (Value word : unpackWords(builder, loc, a.value))
      words.push_back(assembly.addOperand(word, "r"));
  std::string bName = assembly.addOperand(
      emitDescriptor(builder, loc, bAddress, bDescriptor), "l");

  StringRef element = shape.factor.isBF16() ? "bf16" : "f16";
  auto braces = [](ArrayRef<std::string> names) {
    return "{" + llvm::join(names, ", ") + "}";
  };
  auto registerAt = [](const Layout &layout, int64_t row, int64_t column) {
    for (const Holder &holder : layout.preimage({row, column}))
      if (holder.lane == 0 && holder.warp == 0)
        return holder.reg;
    llvm_unreachable("a block's corner is lane 0's");
  };
  std::string &text = assembly.text;
  text = "{\n\t.reg .pred fresh;\n\t.reg .b64 a, b;\n\t"
         "setp.ne.b32 fresh, 0, 0;\n\t"
         "wgmma.fence.sync.aligned;\n\t";
  for (int64_t i = 0; i < shape.m; i += kRows * down) {
    SmallVector<std::string> block;
    for (int64_t j = 0; j < columns; j += kBlockColumns)
      llvm::append_range(block,
                         ArrayRef(sums).slice(registerAt(sumsLayout, i, j), 4));
    std::string d = braces(block);
    for (int64_t k = 0; k < shape.k; k += kDepth) {
      std::string factorA = "a";
      if (aDescriptor) {
        text += "add.s64 a, " + aName + ", " +
                std::to_string(aDescriptor->offsetOf(k, i) / 16) + ";\n\t";
      } else {
        int64_t word = registerAt(a.layout, i, k) / 2;
        factorA = braces(ArrayRef(words).slice(word, 4));
      }
      text += "add.s64 b, " + bName + ", " +
              std::to_string(bDescriptor.offsetOf(k, 0) / 16) + ";\n\t";
      text +=
          ("wgmma.mma_async.sync.aligned.m64n" + Twine(columns) + "k16.f32." +
           element + "." + element + " " + d + ", " + factorA + ", b, ")
              .str();
      text += acc || k ? "1" : "fresh";
      text += ", 1, 1";
      if (aDescriptor)
        text += aDescriptor->isKMajor ? ", 0" : ", 1";
      text += bDescriptor.isKMajor ? ", 0;\n\t" : ", 1;\n\t";
    }
  }
  text += "wgmma.commit_group.sync.aligned;\n\t}";
  return packWords(builder, loc, assembly.emit(builder, loc), type);
}
