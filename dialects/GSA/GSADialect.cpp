//===- GSADialect.cpp - Types, attributes and registration ----------------===//

#include "dialects/GSA/GSA.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::gsa;

#include "dialects/GSA/GSADialect.cpp.inc"
#include "dialects/GSA/GSAEnums.cpp.inc"

//===----------------------------------------------------------------------===//
// Parsing and printing
//===----------------------------------------------------------------------===//

/// `8x64x128`.
static ParseResult parseExtents(AsmParser &parser, int64_t &heads,
                                int64_t &rows, int64_t &columns) {
  SmallVector<int64_t> extents;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseDimensionList(extents, /*allowDynamic=*/false,
                                /*withTrailingX=*/false))
    return failure();
  if (extents.size() != 3)
    return parser.emitError(loc, "a memory's type must be <heads x rows x "
                                 "columns>, got ")
           << extents.size() << " extents";
  heads = extents[0];
  rows = extents[1];
  columns = extents[2];
  return success();
}

static void printExtents(AsmPrinter &printer, int64_t heads, int64_t rows,
                         int64_t columns) {
  printer << heads << 'x' << rows << 'x' << columns;
}

static ParseResult parseScheduleKind(AsmParser &parser, ScheduleKind &kind) {
  StringRef word;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseKeyword(&word))
    return failure();
  std::optional<ScheduleKind> found = symbolizeScheduleKind(word);
  if (!found)
    return parser.emitError(loc, "a schedule's kind must be 'fused', 'plain', "
                                 "'segmented' or 'staged', got '")
           << word << "'";
  kind = *found;
  return success();
}

static void printScheduleKind(AsmPrinter &printer, ScheduleKind kind) {
  printer << stringifyScheduleKind(kind);
}

/// A number of tokens, or `auto`, which is 0.
static ParseResult parseChunk(AsmParser &parser, int64_t &chunk) {
  chunk = 0;
  if (succeeded(parser.parseOptionalKeyword("auto")))
    return success();
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseInteger(chunk))
    return failure();
  if (!chunk)
    return parser.emitError(loc, "a schedule's chunk must be a power of two "
                                 "from 2 to 256, got 0 [schedule-1]");
  return success();
}

/// `16, slices = 4, cluster = 4, readers = 2, segments = 2, whole = 3`: all but
/// the first may be left out.
static ParseResult parseChunkAndCuts(AsmParser &parser, int64_t &chunk,
                                     int64_t &slices, int64_t &segments,
                                     int64_t &cluster, int64_t &readers,
                                     int64_t &whole) {
  slices = cluster = readers = 1;
  segments = whole = 0;
  if (parseChunk(parser, chunk))
    return failure();
  // Each at most once, in this order.
  int64_t next = 0;
  while (succeeded(parser.parseOptionalComma())) {
    SMLoc loc = parser.getCurrentLocation();
    StringRef word;
    if (parser.parseKeyword(&word) || parser.parseEqual())
      return failure();
    std::pair<StringLiteral, int64_t *> cuts[] = {{"slices", &slices},
                                                  {"cluster", &cluster},
                                                  {"readers", &readers},
                                                  {"segments", &segments},
                                                  {"whole", &whole}};
    auto *found =
        llvm::find_if(ArrayRef(cuts).drop_front(next),
                      [&](const auto &cut) { return cut.first == word; });
    if (found == std::end(cuts))
      return parser.emitError(loc, "a schedule's parts must be slices, "
                                   "cluster, readers, segments and whole, in "
                                   "this order, got '")
             << word << "'";
    next = found - cuts + 1;
    loc = parser.getCurrentLocation();
    if (parser.parseInteger(*found->second))
      return failure();
    if (word == "segments" && !segments)
      return parser.emitError(loc, "a schedule's segments must be 1 to 1024, "
                                   "got 0 [schedule-3]");
  }
  return success();
}

static void printChunkAndCuts(AsmPrinter &printer, int64_t chunk,
                              int64_t slices, int64_t segments, int64_t cluster,
                              int64_t readers, int64_t whole) {
  if (chunk)
    printer << chunk;
  else
    printer << "auto";
  if (slices != 1)
    printer << ", slices = " << slices;
  if (cluster != 1)
    printer << ", cluster = " << cluster;
  if (readers != 1)
    printer << ", readers = " << readers;
  if (segments)
    printer << ", segments = " << segments;
  if (whole)
    printer << ", whole = " << whole;
}

#define GET_ATTRDEF_CLASSES
#include "dialects/GSA/GSAAttributes.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/GSA/GSATypes.cpp.inc"

//===----------------------------------------------------------------------===//
// Verifiers
//===----------------------------------------------------------------------===//

LogicalResult
MemoryType::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                   int64_t heads, int64_t rows, int64_t columns) {
  if (heads > 0 && rows > 0 && columns > 0)
    return success();
  return emitError() << "a memory's heads, rows and columns must be positive, "
                        "got "
                     << heads << 'x' << rows << 'x' << columns
                     << " [memory_type-1]";
}

LogicalResult
ScheduleAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                     ScheduleKind kind, int64_t chunk, int64_t slices,
                     int64_t segments, int64_t cluster, int64_t readers,
                     int64_t whole) {
  if (chunk && (chunk < 2 || chunk > 256 || !llvm::isPowerOf2_64(chunk)))
    return emitError() << "a schedule's chunk must be a power of two from 2 to "
                          "256, got "
                       << chunk << " [schedule-1]";
  if (slices < 1)
    return emitError() << "a schedule's slices must be positive, got " << slices
                       << " [schedule-2]";
  if (segments < 0 || segments > 1024)
    return emitError() << "a schedule's segments must be 1 to 1024, got "
                       << segments << " [schedule-3]";
  if (segments && kind != ScheduleKind::Segmented)
    return emitError() << "a schedule's segments must be of 'segmented', got '"
                       << stringifyScheduleKind(kind) << "' [schedule-3]";
  if (cluster != 1 && cluster != slices)
    return emitError() << "a schedule's cluster must be 1 or its " << slices
                       << " slices, got " << cluster << " [schedule-4]";
  if (whole < 0)
    return emitError() << "a schedule's whole must not be negative, got "
                       << whole << " [schedule-5]";
  if (whole && !segments)
    return emitError() << "a schedule's whole must be beside segments, got "
                       << whole << " without [schedule-5]";
  if (readers != 1 && readers != 2)
    return emitError() << "a schedule's readers must be 1 or 2, got " << readers
                       << " [schedule-6]";
  if (readers == 2 && (cluster == 1 || kind == ScheduleKind::Plain))
    return emitError() << "a schedule's two readers must be in a cluster and "
                          "not of 'plain', got a cluster of "
                       << cluster << " and '" << stringifyScheduleKind(kind)
                       << "' [schedule-6]";
  if (cluster != 1 && kind == ScheduleKind::Staged)
    return emitError() << "a schedule's cluster must be 1 of 'staged', got "
                       << cluster << " [schedule-7]";
  return success();
}

void GSADialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/GSA/GSAAttributes.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/GSA/GSATypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/GSA/GSAOps.cpp.inc"
      >();
}
