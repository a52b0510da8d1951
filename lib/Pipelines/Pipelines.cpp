//===- Pipelines.cpp - What follows what ----------------------------------===//

#include "gsa/Pipelines/Pipelines.h"
#include "gsa/Conversion/Passes.h"
#include "gsa/Transforms/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::gsa;

//===----------------------------------------------------------------------===//
// The ladder
//===----------------------------------------------------------------------===//

static void simplify(OpPassManager &pm) {
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

/// What is left at the `vector` stage, to the LLVM dialect.
static void buildLLVM(OpPassManager &machine) {
  machine.addPass(createOutlineBlocksPass());
  OpPassManager &func = machine.nest<func::FuncOp>();
  // Arithmetic that no processor has.
  func.addPass(arith::createArithEmulateUnsupportedFloats(
      {/*sourceTypeStrs=*/{"bf16", "f16"}, /*targetTypeStr=*/"f32"}));
  func.addPass(math::createMathExtendToSupportedTypes());
  func.addPass(createExpandBF16Pass());
  // Shapes of the machine's vectors.
  machine.addPass(createConvertVectorToSCFPass(
      VectorTransferToSCFOptions().enableFullUnroll()));
  simplify(machine);
  machine.addPass(createLoopInvariantCodeMotionPass());
  // Addresses.
  machine.addPass(memref::createExpandStridedMetadataPass());
  machine.addPass(createLowerAffinePass());
  simplify(machine);
  // Dialect by dialect.
  machine.addPass(createSCFToControlFlowPass());
  ConvertVectorToLLVMPassOptions vectors;
  vectors.x86Vector = true;
  machine.addPass(createConvertVectorToLLVMPass(vectors));
  machine.addPass(createConvertMathToLLVMPass());
  machine.addPass(createFinalizeMemRefToLLVMConversionPass());
  machine.addPass(createConvertIndexToLLVMPass());
  machine.addPass(createArithToLLVMConversionPass());
  machine.addPass(createUBToLLVMConversionPass());
  machine.addPass(createConvertControlFlowToLLVMPass());
  machine.addPass(createConvertFuncToLLVMPass());
  machine.addPass(createReconcileUnrealizedCastsPass());
  machine.addNestedPass<LLVM::LLVMFuncOp>(createBF16AsIntegersPass());
  simplify(machine);
}

void gsa::buildPipeline(OpPassManager &pm, Stage from, Stage to,
                        const std::vector<std::string> &targets) {
  auto climbs = [&](Stage stage) { return from < stage && stage <= to; };

  // Whatever rung a text comes in at.
  if (from < Stage::Chunked && from < to)
    (from < Stage::Specialized ? pm : pm.nest<ModuleOp>())
        .addNestedPass<func::FuncOp>(createCheckSpecPass());
  if (climbs(Stage::GSA)) {
    OpPassManager &func = pm.nest<func::FuncOp>();
    func.addPass(createDecomposePass());
    simplify(func);
  }
  if (climbs(Stage::Scheduled))
    pm.addNestedPass<func::FuncOp>(createSchedulePass());
  if (climbs(Stage::Specialized))
    pm.addPass(createSpecializePass({llvm::to_vector(targets)}));
  if (climbs(Stage::Chunked)) {
    OpPassManager &machine = pm.nest<ModuleOp>();
    machine.addNestedPass<func::FuncOp>(createFuseScansPass());
    machine.addNestedPass<func::FuncOp>(createChunkMemoryPass());
    simplify(machine);
    machine.addPass(createLoopInvariantCodeMotionPass());
  }
  if (climbs(Stage::Vector)) {
    OpPassManager &machine = pm.nest<ModuleOp>();
    machine.addNestedPass<func::FuncOp>(createConvertTileToVectorPass());
    machine.addPass(createExpandFunctionsPass());
    machine.addPass(createApproximateMathPass());
    simplify(machine);
    machine.addPass(createLoopInvariantCodeMotionPass());
  }
  if (climbs(Stage::LLVM))
    buildLLVM(pm.nest<ModuleOp>());
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

static constexpr StringLiteral kStageNames[] = {
    "spec",   "gsa",  "scheduled", "specialized", "chunked",
    "vector", "llvm", "isa",       "object"};

StringRef gsa::stageName(Stage stage) { return kStageNames[int(stage)]; }

std::optional<Stage> gsa::parseStage(StringRef name) {
  const auto *found = llvm::find(kStageNames, name);
  if (found == std::end(kStageNames))
    return std::nullopt;
  return Stage(found - std::begin(kStageNames));
}

std::string gsa::stageNames() {
  return llvm::join(ArrayRef(kStageNames), ", ");
}

namespace {
struct PipelineOptions : PassPipelineOptions<PipelineOptions> {
  ListOption<std::string> targets{
      *this, "targets", llvm::cl::desc("machines to compile for"),
      llvm::cl::list_init<std::string>({kDefaultTarget.str()})};
};
} // namespace

void gsa::registerPipelines() {
  for (int stage = int(Stage::GSA); stage <= int(Stage::LLVM); ++stage) {
    std::string name = kStageNames[stage].str();
    PassPipelineRegistration<PipelineOptions>(
        "gsa-to-" + name, "From a spec to the stage `" + name + "`",
        [stage](OpPassManager &pm, const PipelineOptions &options) {
          buildPipeline(pm, Stage::Spec, Stage(stage),
                        std::vector<std::string>(options.targets.begin(),
                                                 options.targets.end()));
        });
  }
}
