//===- Pipelines.h - The ladder from a spec to bytes ------------*- C++ -*-===//

#ifndef GSA_PIPELINES_PIPELINES_H
#define GSA_PIPELINES_PIPELINES_H

#include "mlir/Pass/PassManager.h"

#include <optional>
#include <string>
#include <vector>

namespace mlir::gsa {

/// The rungs, first to last; DESIGN.md, section 4, says what each decides. The
/// last two are bytes, which `compile` makes, not a pass.
enum class Stage {
  Spec, ///< as the user wrote it
  GSA,
  Scheduled,
  Specialized,
  Chunked,
  Tile,  ///< devices; hosts stay at `chunked`
  Lanes, ///< `gpu` of devices, `vector` of hosts
  LLVM,
  ISA,
  Object
};

/// The stage of that name, as `--emit` takes it, or nothing. `gpu` and `vector`
/// name the same one.
std::optional<Stage> parseStage(StringRef name);
/// "spec, gsa, ..., object", for messages.
std::string stageNames();

/// What is compiled for if `--targets` is not given: every x86-64 machine.
inline constexpr llvm::StringLiteral kDefaultTarget = "x86-64";

/// Adds the passes after stage `from` up to `to`, at most `Stage::LLVM`, for a
/// root module. `targets` are as given to `--targets`.
void buildPipeline(OpPassManager &pm, Stage from, Stage to,
                   const std::vector<std::string> &targets);

/// Registers `--gsa-to-<stage>` with option `targets` for every stage that
/// passes make.
void registerPipelines();

} // namespace mlir::gsa

#endif // GSA_PIPELINES_PIPELINES_H
