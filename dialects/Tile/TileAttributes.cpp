//===- TileAttributes.cpp - Text and laws of the tile attributes ----------===//

#include "dialects/Tile/Tile.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::tile;
using mlir::gsa::Coordinates;
using mlir::gsa::Layout;

#define GET_ATTRDEF_CLASSES
#include "dialects/Tile/TileAttributes.cpp.inc"

void TileDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Tile/TileAttributes.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// Laws
//===----------------------------------------------------------------------===//

namespace {
/// What is written of a layout.
struct Text {
  SmallVector<int64_t> shape, repeat, order;
  Layout::Bases reg, lane, warp, offset;
  bool place = false;
};
} // namespace

/// Reports the first law that the text breaks.
static LogicalResult verify(const Text &text,
                            function_ref<InFlightDiagnostic()> emitError) {
  auto broken = [&](StringRef number, auto &&...parts) -> LogicalResult {
    InFlightDiagnostic diagnostic = emitError() << "a layout must ";
    (diagnostic << ... << parts);
    return diagnostic << " [" << number << "]";
  };
  int64_t rank = text.shape.size();
  SmallVector<int64_t> block;
  for (int64_t size : text.shape)
    if (size <= 0)
      return broken("layout-1", "have positive sizes, got ", size);
  if (!text.repeat.empty() && static_cast<int64_t>(text.repeat.size()) != rank)
    return broken("layout-2", "repeat along each of ", rank,
                  " dimensions, got ", text.repeat.size());
  int64_t bits = 0;
  for (auto [dim, size] : llvm::enumerate(text.shape)) {
    int64_t times = text.repeat.empty() ? 1 : text.repeat[dim];
    if (times <= 0 || size % times || !llvm::isPowerOf2_64(size / times))
      return broken("layout-2", "repeat a power of two, got size ", size,
                    " and repeat ", times);
    block.push_back(size / times);
    bits += llvm::Log2_64(size / times);
  }
  Layout::Bases all;
  for (const Layout::Bases *bases :
       {&text.reg, &text.lane, &text.warp, &text.offset})
    for (const Coordinates &basis : *bases) {
      bool inside = basis.size() == text.shape.size();
      for (size_t dim = 0; inside && dim < basis.size(); ++dim)
        inside = basis[dim] >= 0 && basis[dim] < block[dim];
      if (!inside)
        return broken("layout-3", "have bases inside [", ArrayRef(block),
                      "], got [", ArrayRef(basis), "]");
      all.push_back(basis);
    }
  int64_t reached = gsa::getRank(all);
  if (reached != bits)
    return broken("layout-4", "reach 2^", bits, " elements of [",
                  ArrayRef(block), "], got 2^", reached);
  if (text.place && static_cast<int64_t>(all.size()) != bits)
    return broken("layout-5", "hold each element once in a place, got ",
                  all.size(), " bits for 2^", bits, " elements");
  SmallVector<int64_t> sorted(text.order);
  llvm::sort(sorted);
  if (!sorted.empty() && !llvm::equal(sorted, llvm::seq<int64_t>(0, rank)))
    return broken("layout-6", "order ", rank, " dimensions, got [",
                  ArrayRef(text.order), "]");
  return success();
}

LogicalResult
LayoutAttr::verifyEncoding(ArrayRef<int64_t> shape, Type,
                           function_ref<InFlightDiagnostic()> emitError) const {
  if (shape == getLayout().getShape())
    return success();
  return emitError() << "a tensor must have its layout's shape ["
                     << getLayout().getShape() << "], got [" << shape
                     << "] [layout-7]";
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

static ParseResult parseNumbers(AsmParser &parser,
                                SmallVectorImpl<int64_t> &numbers) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] {
    return parser.parseInteger(numbers.emplace_back());
  });
}

static ParseResult parseBases(AsmParser &parser, Layout::Bases &bases) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] {
    return parseNumbers(parser, bases.emplace_back());
  });
}

Attribute LayoutAttr::parse(AsmParser &parser, Type) {
  Text text;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parseNumbers(parser, text.shape))
    return {};
  llvm::StringSet<> seen;
  while (succeeded(parser.parseOptionalComma())) {
    StringRef name;
    SMLoc at = parser.getCurrentLocation();
    if (parser.parseKeyword(&name) || parser.parseEqual())
      return {};
    if (!seen.insert(name).second) {
      parser.emitError(at, "a layout must have each part once, got '")
          << name << "' twice";
      return {};
    }
    Layout::Bases *bases = llvm::StringSwitch<Layout::Bases *>(name)
                               .Case("reg", &text.reg)
                               .Case("lane", &text.lane)
                               .Case("warp", &text.warp)
                               .Case("offset", &text.offset)
                               .Default(nullptr);
    if (bases              ? parseBases(parser, *bases)
        : name == "repeat" ? parseNumbers(parser, text.repeat)
        : name == "order"
            ? parseNumbers(parser, text.order)
            : parser.emitError(at, "a layout's part must be reg, lane, warp, "
                                   "offset, repeat or order, got '")
                  << name << "'")
      return {};
  }
  text.place = seen.contains("offset");
  bool registers =
      seen.contains("reg") || seen.contains("lane") || seen.contains("warp");
  if (text.place == registers) {
    parser.emitError(loc, "a layout must have either offset or reg, lane and "
                          "warp, got ")
        << (text.place ? "both" : "neither");
    return {};
  }
  if (parser.parseGreater() ||
      failed(verify(text, [&] { return parser.emitError(loc); })))
    return {};
  return get(
      parser.getContext(),
      text.place
          ? Layout::place(text.shape, text.offset, text.repeat, text.order)
          : Layout::registers(text.shape, text.reg, text.lane, text.warp,
                              text.repeat, text.order));
}

void LayoutAttr::print(AsmPrinter &printer) const {
  printer << '<';
  getLayout().print(printer.getStream());
  printer << '>';
}
