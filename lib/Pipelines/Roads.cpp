//===- Roads.cpp - Two pipelines, one for each kind of target -------------===//

#include "Roads.h"
#include "gsa/Target/Target.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace mlir::gsa;

namespace {
/// Runs one of two pipelines. It has no text form: whoever writes a pipeline by
/// hand knows what the module is for.
class TakeRoad : public PassWrapper<TakeRoad, OperationPass<ModuleOp>> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TakeRoad)

  TakeRoad()
      : host(ModuleOp::getOperationName()),
        device(ModuleOp::getOperationName()) {}

  StringRef getName() const override { return "TakeRoad"; }

  void getDependentDialects(DialectRegistry &registry) const override {
    host.getDependentDialects(registry);
    device.getDependentDialects(registry);
  }

  void runOnOperation() override {
    FailureOr<const Target *> target = getTarget(getOperation());
    if (failed(target))
      return signalPassFailure();
    OpPassManager &road =
        (*target)->getKind() == Target::Kind::Host ? host : device;
    if (failed(runPipeline(road, getOperation())))
      signalPassFailure();
  }

  OpPassManager host, device;
};
} // namespace

void gsa::addRoads(OpPassManager &pm,
                   llvm::function_ref<void(OpPassManager &)> buildHost,
                   llvm::function_ref<void(OpPassManager &)> buildDevice) {
  auto pass = std::make_unique<TakeRoad>();
  buildHost(pass->host);
  buildDevice(pass->device);
  pm.addNestedPass<ModuleOp>(std::move(pass));
}
