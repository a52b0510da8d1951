//===- Pipelines.cpp - What follows what ----------------------------------===//

#include "gsa/Pipelines/Pipelines.h"
#include "FitSchedule.h"
#include "Roads.h"
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

/// Devices: layouts, atoms, staging, roles.
static void buildTile(OpPassManager &machine) {
  machine.addNestedPass<func::FuncOp>(createSplitRolesPass());
  machine.addPass(createCSEPass());
  machine.addNestedPass<func::FuncOp>(createAssignLayoutsPass());
  machine.addPass(createCSEPass());
  machine.addNestedPass<func::FuncOp>(createShareRegistersPass());
}

/// Whether a schedule fits is asked without this: code that breaks the law is a
/// defect of these passes, and no schedule to pass over.
static void buildCheckedTile(OpPassManager &machine) {
  buildTile(machine);
  machine.addNestedPass<func::FuncOp>(createCheckSeparationPass());
}

/// One loop over windows for each sweep.
static void buildChunked(OpPassManager &machine) {
  machine.addNestedPass<func::FuncOp>(createFuseScansPass());
  machine.addPass(createCutStagesPass());
  machine.addNestedPass<func::FuncOp>(createChunkMemoryPass());
  simplify(machine);
  machine.addPass(createLoopInvariantCodeMotionPass());
}

/// Devices: as far as it takes to know what a block needs.
static void buildTrial(OpPassManager &machine) {
  buildChunked(machine);
  buildTile(machine);
  machine.addNestedPass<func::FuncOp>(createCheckRegistersPass());
  machine.addNestedPass<func::FuncOp>(createAllocateSharedPass());
}

/// Devices: per-lane vectors and instructions.
static void buildGPU(OpPassManager &machine) {
  machine.addNestedPass<func::FuncOp>(createAllocateSharedPass());
  machine.addPass(createConvertTileToGPUPass());
  machine.addPass(createExpandFunctionsPass());
  machine.addPass(createApproximateMathPass({/*device=*/true}));
  simplify(machine);
}

/// Hosts: vectors over scratch memory.
static void buildVector(OpPassManager &machine) {
  machine.addNestedPass<func::FuncOp>(createConvertTileToVectorPass());
  machine.addPass(createExpandFunctionsPass());
  machine.addPass(createApproximateMathPass());
  simplify(machine);
  machine.addPass(createLoopInvariantCodeMotionPass());
}

/// Dialect by dialect, structured control flow to calls.
static void buildDialects(OpPassManager &machine, bool x86Vector) {
  machine.addPass(createSCFToControlFlowPass());
  ConvertVectorToLLVMPassOptions vectors;
  vectors.x86Vector = x86Vector;
  machine.addPass(createConvertVectorToLLVMPass(vectors));
  machine.addPass(createConvertMathToLLVMPass());
  machine.addPass(createFinalizeMemRefToLLVMConversionPass());
  machine.addPass(createConvertIndexToLLVMPass());
  machine.addPass(createArithToLLVMConversionPass());
  machine.addPass(createUBToLLVMConversionPass());
  machine.addPass(createConvertControlFlowToLLVMPass());
  machine.addPass(createConvertFuncToLLVMPass());
  machine.addPass(createReconcileUnrealizedCastsPass());
}

/// Devices: what is left at the `gpu` stage, to the LLVM dialect. Nothing is
/// moved out of loops here: what a lane holds across them was decided before.
static void buildDeviceLLVM(OpPassManager &machine) {
  // Few devices compute with these types, and none with all of them.
  machine.addNestedPass<func::FuncOp>(
      arith::createArithEmulateUnsupportedFloats(
          {/*sourceTypeStrs=*/{"bf16", "f16"}, /*targetTypeStr=*/"f32"}));
  machine.addPass(createOutlineBlocksPass());
  machine.addPass(createConvertVectorToSCFPass(
      VectorTransferToSCFOptions().enableFullUnroll()));
  machine.addPass(memref::createExpandStridedMetadataPass());
  machine.addPass(createLowerAffinePass());
  simplify(machine);
  buildDialects(machine, /*x86Vector=*/false);
  machine.addNestedPass<LLVM::LLVMFuncOp>(createMarkKernelsPass());
  simplify(machine);
}

/// Hosts: what is left at the `vector` stage, to the LLVM dialect.
static void buildHostLLVM(OpPassManager &machine) {
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
  buildDialects(machine, /*x86Vector=*/true);
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
  if (climbs(Stage::Specialized)) {
    pm.addPass(createSpecializePass({llvm::to_vector(targets)}));
    pm.addPass(createFitSchedulePass(buildTrial));
  }
  if (climbs(Stage::Chunked))
    buildChunked(pm.nest<ModuleOp>());
  if (climbs(Stage::Tile))
    addRoads(pm, [](OpPassManager &) {}, buildCheckedTile);
  if (climbs(Stage::Lanes))
    addRoads(pm, buildVector, buildGPU);
  if (climbs(Stage::LLVM))
    addRoads(pm, buildHostLLVM, buildDeviceLLVM);
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

namespace {
struct StageName {
  StringLiteral name;
  Stage stage;
};
} // namespace

/// In order; a rung may have a name for each road.
static constexpr StageName kStageNames[] = {
    {"spec", Stage::Spec},           {"gsa", Stage::GSA},
    {"scheduled", Stage::Scheduled}, {"specialized", Stage::Specialized},
    {"chunked", Stage::Chunked},     {"tile", Stage::Tile},
    {"gpu", Stage::Lanes},           {"vector", Stage::Lanes},
    {"llvm", Stage::LLVM},           {"isa", Stage::ISA},
    {"object", Stage::Object},
};

std::optional<Stage> gsa::parseStage(StringRef name) {
  for (const StageName &each : kStageNames)
    if (each.name == name)
      return each.stage;
  return std::nullopt;
}

std::string gsa::stageNames() {
  return llvm::join(llvm::map_range(kStageNames,
                                    [](const StageName &each) -> StringRef {
                                      return each.name;
                                    }),
                    ", ");
}

namespace {
struct PipelineOptions : PassPipelineOptions<PipelineOptions> {
  ListOption<std::string> targets{
      *this, "targets", llvm::cl::desc("machines to compile for"),
      llvm::cl::list_init<std::string>({kDefaultTarget.str()})};
};
} // namespace

void gsa::registerPipelines() {
  for (const StageName &each : kStageNames) {
    Stage stage = each.stage;
    if (stage < Stage::GSA || stage > Stage::LLVM)
      continue;
    PassPipelineRegistration<PipelineOptions>(
        ("gsa-to-" + each.name).str(),
        ("From a spec to the stage `" + each.name + "`").str(),
        [stage](OpPassManager &pm, const PipelineOptions &options) {
          buildPipeline(pm, Stage::Spec, stage,
                        std::vector<std::string>(options.targets.begin(),
                                                 options.targets.end()));
        });
  }
}
