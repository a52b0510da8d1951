//===- Target.cpp - The list of targets -----------------------------------===//

#include "gsa/Target/Target.h"
#include "CPU/CPU.h"
#include "dialects/GSA/GSA.h"
#include "dialects/GSA/GSANames.h"

#include "mlir/IR/Operation.h"

using namespace mlir;
using namespace mlir::gsa;

Target::~Target() = default;

ArrayRef<const Target *> gsa::getTargets() { return getCPUTargets(); }

const Target *gsa::lookupTarget(StringRef name) {
  for (const Target *target : getTargets())
    if (target->getName() == name)
      return target;
  return nullptr;
}

/// "a target must be one of ..." with what was found.
static InFlightDiagnostic
unknownTarget(StringRef name,
              llvm::function_ref<InFlightDiagnostic()> emitError) {
  InFlightDiagnostic diagnostic = emitError();
  diagnostic << "a target must be one of ";
  llvm::interleaveComma(getTargets(), diagnostic, [&](const Target *target) {
    diagnostic << target->getName();
  });
  return std::move(diagnostic << ", got '" << name << "'");
}

FailureOr<SmallVector<const Target *>>
gsa::expandTargets(ArrayRef<std::string> names, bool computesBF16,
                   llvm::function_ref<InFlightDiagnostic()> emitError) {
  SmallVector<const Target *> targets;
  auto add = [&](const Target *target) {
    if (target && !llvm::is_contained(targets, target))
      targets.push_back(target);
  };
  for (StringRef name : names) {
    const Target *target = lookupTarget(name);
    if (!target)
      return unknownTarget(name, emitError);
    add(target);
    if (computesBF16)
      add(target->getBF16Variant());
  }
  if (targets.empty())
    return emitError() << "the list of targets must have an entry, got none";
  return targets;
}

FailureOr<const Target *> gsa::getTarget(Operation *op) {
  for (Operation *at = op; at; at = at->getParentOp()) {
    auto attr = at->getAttrOfType<TargetAttr>(kTargetAttr);
    if (!attr)
      continue;
    StringRef name = attr.getName().getValue();
    if (const Target *target = lookupTarget(name))
      return target;
    return unknownTarget(name, [&] { return at->emitError(); });
  }
  return op->emitError()
         << "a kernel must be in a module with gsa.target, got none";
}
