//===- Compiler.h - A spec to an object in memory ---------------*- C++ -*-===//
//
// What gsa-compile and gsa-run share. Errors are diagnostics of the MLIR
// context.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_COMPILER_H
#define GSA_COMPILER_H

#include "gsa/Analysis/Work.h"
#include "gsa/Pipelines/Pipelines.h"
#include "gsa/Target/Package.h"

#include "mlir/IR/DialectRegistry.h"

namespace mlir::gsa {

struct CompileOptions {
  /// As given to `--targets`; see `lookupTarget`.
  std::vector<std::string> targets;
  /// What stage the input is at.
  Stage from = Stage::Spec;
  /// Whether to verify the IR after each pass.
  bool verifyEach = false;
  /// Whether to fill `CompiledObject::works`.
  bool countWork = false;
};

/// What a kernel has to compute on one target, as the `chunked` stage says.
struct KernelWork {
  std::string kernel;
  const Target *target;
  Work work;
};

/// An object and how to call it.
struct CompiledObject {
  std::vector<PackagedKernel> kernels;
  SmallVector<char, 0> object; ///< ELF, relocatable; see `Package::code`
  std::string header;          ///< C99 and C++
  /// With `CompileOptions::countWork`, unless the input was at a later stage
  /// than `chunked`.
  std::vector<KernelWork> works;
};

/// The dialects that specs and all stages are made of.
void registerCompilerDialects(DialectRegistry &registry);

/// Compiles `module`, which it consumes.
FailureOr<CompiledObject> compile(ModuleOp module,
                                  const CompileOptions &options);

/// The text of `module` at `stage`, which is not `Stage::Object`; consumes it.
FailureOr<std::string> emitStage(ModuleOp module, Stage stage,
                                 const CompileOptions &options);

} // namespace mlir::gsa

#endif // GSA_COMPILER_H
