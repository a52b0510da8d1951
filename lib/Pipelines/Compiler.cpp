//===- Compiler.cpp - A spec to an object in memory -----------------------===//

#include "gsa/Compiler.h"
#include "dialects/GSA/GSA.h"
#include "dialects/Tile/Tile.h"

#include "mlir/InitAllDialects.h"

using namespace mlir;
using namespace mlir::gsa;

void gsa::registerCompilerDialects(DialectRegistry &registry) {
  registerAllDialects(registry);
  registry.insert<GSADialect, tile::TileDialect>();
}

static LogicalResult lower(ModuleOp module, Stage to,
                           const CompileOptions &options) {
  PassManager pm(module.getContext());
  pm.enableVerifier(options.verifyEach);
  buildPipeline(pm, options.from, to, options.targets);
  return pm.run(module);
}

FailureOr<CompiledObject> gsa::compile(ModuleOp module,
                                       const CompileOptions &options) {
  if (failed(lower(module, Stage::LLVM, options)))
    return failure();
  FailureOr<Package> result = package(module, PackageForm::Object);
  if (failed(result))
    return failure();
  std::string header = writeHeader(result->kernels);
  return CompiledObject{std::move(result->kernels), std::move(result->code),
                        std::move(header)};
}

FailureOr<std::string> gsa::emitStage(ModuleOp module, Stage stage,
                                      const CompileOptions &options) {
  if (failed(lower(module, std::min(stage, Stage::LLVM), options)))
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
