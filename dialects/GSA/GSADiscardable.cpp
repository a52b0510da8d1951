//===- GSADiscardable.cpp - Verifier of gsa.* attributes on other ops -----===//
//
// These attributes come from the spec's text and end up in a C header or choose
// a schedule: a mistake in one must not pass unseen.
//
//===----------------------------------------------------------------------===//

#include "dialects/BrokenLaw.h"
#include "dialects/GSA/GSA.h"
#include "dialects/GSA/GSANames.h"

#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::gsa;

static bool isIdentifier(StringRef name) {
  return !name.empty() && !llvm::isDigit(name.front()) &&
         llvm::all_of(name,
                      [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

LogicalResult GSADialect::verifyOperationAttribute(Operation *op,
                                                   NamedAttribute attribute) {
  StringRef name = attribute.getName();
  Attribute value = attribute.getValue();
  if (name == kKernelAttr && !isa<UnitAttr>(value))
    return brokenLaw(op, "dialect-4",
                     "gsa.kernel must be a unit attribute, got ", value);
  if (name == kScheduleAttr && !isa<ScheduleAttr>(value))
    return brokenLaw(op, "dialect-5",
                     "gsa.schedule must be a #gsa.schedule, got ", value);
  if (name == kTargetAttr && !isa<TargetAttr>(value))
    return brokenLaw(op, "dialect-6", "gsa.target must be a #gsa.target, got ",
                     value);
  if (name == kStageAttr) {
    auto stage = dyn_cast<StringAttr>(value);
    if (!stage || (stage != "states" && stage != "fold" && stage != "reads" &&
                   stage != "outputs"))
      return brokenLaw(op, "dialect-7",
                       "gsa.stage must be \"states\", \"fold\", \"reads\" or "
                       "\"outputs\", got ",
                       value);
  }
  return success();
}

/// `index` counts the function's arguments, then its results.
static LogicalResult verifyName(FunctionOpInterface function, unsigned index,
                                Attribute value) {
  auto name = dyn_cast<StringAttr>(value);
  if (!name || !isIdentifier(name))
    return brokenLaw(function, "dialect-1",
                     "gsa.name must be a string that is a C identifier, got ",
                     value);
  unsigned numArguments = function.getNumArguments();
  for (unsigned i = 0; i < index; ++i) {
    Attribute other = i < numArguments
                          ? function.getArgAttr(i, kNameAttr)
                          : function.getResultAttr(i - numArguments, kNameAttr);
    if (other == name)
      return brokenLaw(function, "dialect-2",
                       "gsa.name must differ between arguments and results, "
                       "got ",
                       value, " twice");
  }
  return success();
}

LogicalResult GSADialect::verifyRegionArgAttribute(Operation *op, unsigned,
                                                   unsigned index,
                                                   NamedAttribute attribute) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  Attribute value = attribute.getValue();
  if (function && attribute.getName() == kNameAttr)
    return verifyName(function, index, value);
  if (attribute.getName() == kKindAttr) {
    auto kind = dyn_cast<StringAttr>(value);
    if (!kind ||
        (kind != "input" && kind != "output" && kind != "offsets" &&
         kind != "workspace" && kind != "token_workspace" && kind != "scratch"))
      return brokenLaw(op, "dialect-3",
                       "gsa.kind must be \"input\", \"output\", \"offsets\", "
                       "\"workspace\", \"token_workspace\" or \"scratch\", "
                       "got ",
                       value);
  }
  return success();
}

LogicalResult
GSADialect::verifyRegionResultAttribute(Operation *op, unsigned, unsigned index,
                                        NamedAttribute attribute) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (function && attribute.getName() == kNameAttr)
    return verifyName(function, function.getNumArguments() + index,
                      attribute.getValue());
  return success();
}
