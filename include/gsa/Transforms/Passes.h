//===- Passes.h - Passes within a dialect ---------------------------------===//

#ifndef GSA_TRANSFORMS_PASSES_H
#define GSA_TRANSFORMS_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::gsa {
#define GEN_PASS_DECL
#include "gsa/Transforms/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "gsa/Transforms/Passes.h.inc"
} // namespace mlir::gsa

#endif // GSA_TRANSFORMS_PASSES_H
