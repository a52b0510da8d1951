//===- Passes.h - Passes from one dialect to another ---------------------===//

#ifndef GSA_CONVERSION_PASSES_H
#define GSA_CONVERSION_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Pass/Pass.h"

namespace mlir::gsa {
#define GEN_PASS_DECL
#include "gsa/Conversion/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "gsa/Conversion/Passes.h.inc"
} // namespace mlir::gsa

#endif // GSA_CONVERSION_PASSES_H
