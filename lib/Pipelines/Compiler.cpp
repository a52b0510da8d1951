//===- Compiler.cpp - A spec to an object in memory -----------------------===//

#include "gsa/Compiler.h"
#include "dialects/GSA/GSA.h"
#include "dialects/GSA/GSANames.h"
#include "dialects/Tile/Tile.h"

#include "mlir/InitAllDialects.h"

using namespace mlir;
using namespace mlir::gsa;

void gsa::registerCompilerDialects(DialectRegistry &registry) {
  registerAllDialects(registry);
  registry.insert<GSADialect, tile::TileDialect>();
}

static LogicalResult lower(ModuleOp module, Stage from, Stage to,
                           const CompileOptions &options) {
  PassManager pm(module.getContext());
  pm.enableVerifier(options.verifyEach);
  buildPipeline(pm, from, to, options.targets);
  return pm.run(module);
}

/// The work of every kernel of a module at the `chunked` stage.
static FailureOr<std::vector<KernelWork>> countWorks(ModuleOp module) {
  std::vector<KernelWork> works;
  for (auto nested : module.getOps<ModuleOp>())
    for (auto kernel : nested.getOps<func::FuncOp>()) {
      if (!kernel->hasAttr(kKernelAttr))
        continue;
      FailureOr<const Target *> target = getTarget(nested);
      FailureOr<Work> work = countWork(kernel);
      if (failed(target) || failed(work))
        return failure();
      works.push_back({kernel.getSymName().str(), *target, *work});
    }
  return works;
}

FailureOr<CompiledObject> gsa::compile(ModuleOp module,
                                       const CompileOptions &options) {
  std::vector<KernelWork> works;
  Stage at = options.from;
  if (options.countWork && at <= Stage::Chunked) {
    if (failed(lower(module, at, Stage::Chunked, options)))
      return failure();
    FailureOr<std::vector<KernelWork>> counted = countWorks(module);
    if (failed(counted))
      return failure();
    works = std::move(*counted);
    at = Stage::Chunked;
  }
  if (failed(lower(module, at, Stage::LLVM, options)))
    return failure();
  FailureOr<Package> result = package(module, PackageForm::Object);
  if (failed(result))
    return failure();
  std::string header = writeHeader(result->kernels);
  return CompiledObject{std::move(result->kernels), std::move(result->code),
                        std::move(header), std::move(works)};
}

FailureOr<std::string> gsa::emitStage(ModuleOp module, Stage stage,
                                      const CompileOptions &options) {
  if (failed(
          lower(module, options.from, std::min(stage, Stage::LLVM), options)))
    return failure();
  if (stage == Stage::ISA) {
    FailureOr<Package> result = package(module, PackageForm::Assembly);
    if (failed(result))
      return failure();
    return std::string(result->code.begin(), result->code.end());
  }
  std::string text;
  llvm::raw_string_ostream stream(text);
  module->print(stream);
  stream << "\n";
  return text;
}
