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

/// What loops said of themselves, which the conversions have carried along on
/// branches, as the dialect's own attribute, the one that is translated.
static void keepAnnotations(LLVM::LLVMFuncOp entry) {
  entry.walk([](Operation *op) {
    auto annotation =
        op->getAttrOfType<LLVM::LoopAnnotationAttr>("llvm.loop_annotation");
    if (!annotation)
      return;
    op->removeAttr("llvm.loop_annotation");
    if (auto branch = dyn_cast<LLVM::BrOp>(op))
      branch.setLoopAnnotationAttr(annotation);
    else if (auto branch = dyn_cast<LLVM::CondBrOp>(op))
      branch.setLoopAnnotationAttr(annotation);
  });
}

namespace {
struct MarkKernelsPass : gsa::impl::MarkKernelsPassBase<MarkKernelsPass> {
  void getDependentDialects(DialectRegistry &registry) const override {
    registerDeviceDialects(registry);
  }

  void runOnOperation() override {
    LLVM::LLVMFuncOp entry = getOperation();
    if (!entry->hasAttr(kKernelAttr))
      return;
    keepAnnotations(entry);
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
    // The parameters of gsa_stage.
    auto maps = entry->getAttrOfType<ArrayAttr>(kMapsAttr);
    int64_t tensorBytes = arguments.size() * sizeof(gsa_tensor);
    int64_t mapBytes = maps ? maps.size() * GSA_MAP_BYTES : 0;
    (*target)->markKernel(entry,
                          {threads.getInt(), cluster ? cluster.getInt() : 1,
                           tensorBytes, mapBytes});
  }
};
} // namespace
