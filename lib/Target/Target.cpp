//===- Target.cpp - The list of targets -----------------------------------===//

#include "gsa/Target/Target.h"
#include "AMD/AMD.h"
#include "CPU/CPU.h"
#include "NVIDIA/NVIDIA.h"
#include "dialects/GSA/GSA.h"
#include "dialects/GSA/GSANames.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"

using namespace mlir;
using namespace mlir::gsa;

Target::~Target() = default;

bool HostTarget::multiplies(Type element) const {
  return element.isF32() || (element.isBF16() && facts.hasBF16Dot);
}

bool DeviceTarget::multiplies(Type element) const {
  return element.isBF16() || element.isF16();
}

ArrayRef<const Target *> gsa::getTargets() {
  static const SmallVector<const Target *> targets = [] {
    SmallVector<const Target *> all;
    llvm::append_range(all, getCPUTargets());
    llvm::append_range(all, getNVIDIATargets());
    llvm::append_range(all, getAMDTargets());
    return all;
  }();
  return targets;
}

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
    if (auto *host = dyn_cast<HostTarget>(target); host && computesBF16)
      add(host->getBF16Variant());
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

FailureOr<const HostTarget *> gsa::getHostTarget(Operation *op) {
  FailureOr<const Target *> target = getTarget(op);
  if (failed(target))
    return failure();
  if (auto *host = dyn_cast<HostTarget>(*target))
    return host;
  return op->emitError() << "a kernel at this stage must be for a host, got '"
                         << (*target)->getName() << "'";
}

FailureOr<const DeviceTarget *> gsa::getDeviceTarget(Operation *op) {
  FailureOr<const Target *> target = getTarget(op);
  if (failed(target))
    return failure();
  if (auto *device = dyn_cast<DeviceTarget>(*target))
    return device;
  return op->emitError() << "a kernel at this stage must be for a device, got '"
                         << (*target)->getName() << "'";
}

void gsa::registerDeviceDialects(DialectRegistry &registry) {
  registry.insert<LLVM::LLVMDialect>();
  for (const Target *target : getTargets())
    if (auto *device = dyn_cast<DeviceTarget>(target))
      device->registerDialects(registry);
}
