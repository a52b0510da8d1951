//===- MarkKernels.cpp - Entries that a driver can launch -----------------===//

#include "dialects/GSA/GSANames.h"
#include "gsa/Conversion/Passes.h"
#include "gsa/Target/DeviceTarget.h"
#include "gsa/kernel.h"

namespace mlir::gsa {
#define GEN_PASS_DEF_MARKKERNELSPASS
#include "gsa/Conversion/Passes.h.inc"
} // namespace mlir::gsa

using namespace mlir;
using namespace mlir::gsa;

namespace {
struct MarkKernelsPass : gsa::impl::MarkKernelsPassBase<MarkKernelsPass> {
  void getDependentDialects(DialectRegistry &registry) const override {
    registerDeviceDialects(registry);
  }

  void runOnOperation() override {
    LLVM::LLVMFuncOp entry = getOperation();
    if (!entry->hasAttr(kKernelAttr))
      return;
    auto arguments = entry->getAttrOfType<ArrayAttr>("gsa.arguments");
    auto threads = entry->getAttrOfType<IntegerAttr>(kThreadsAttr);
    if (!arguments || !threads) {
      entry.emitOpError() << "must have gsa.arguments and " << kThreadsAttr;
      return signalPassFailure();
    }
    FailureOr<const DeviceTarget *> target = getDeviceTarget(entry);
    if (failed(target))
      return signalPassFailure();
    auto cluster = entry->getAttrOfType<IntegerAttr>(kClusterAttr);
    // The parameter of gsa_stage.
    int64_t bytes = arguments.size() * sizeof(gsa_tensor);
    (*target)->markKernel(
        entry, {threads.getInt(), cluster ? cluster.getInt() : 1, bytes});
  }
};
} // namespace
