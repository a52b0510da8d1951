//===- Roads.h - Two pipelines, one for each kind of target -----*- C++ -*-===//

#ifndef GSA_LIB_PIPELINES_ROADS_H
#define GSA_LIB_PIPELINES_ROADS_H

#include "mlir/Pass/PassManager.h"

namespace mlir::gsa {

/// Adds, for every nested module of the root module that `pm` is for, the
/// passes of `buildHost` or those of `buildDevice`, by the module's target.
void addRoads(OpPassManager &pm,
              llvm::function_ref<void(OpPassManager &)> buildHost,
              llvm::function_ref<void(OpPassManager &)> buildDevice);

} // namespace mlir::gsa

#endif // GSA_LIB_PIPELINES_ROADS_H
