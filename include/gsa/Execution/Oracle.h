//===- Oracle.h - A spec's plain recurrence, in f64, run here ---*- C++ -*-===//

#ifndef GSA_EXECUTION_ORACLE_H
#define GSA_EXECUTION_ORACLE_H

#include "gsa/runtime.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

#include <memory>

namespace mlir {
class ExecutionEngine;
} // namespace mlir

namespace mlir::gsa {

/// What kernels are compared with: `--convert-gsa-to-loops=f64` of a spec,
/// compiled for this machine without any of the passes that make kernels.
class Oracle {
public:
  /// Compiles all functions of `spec`, which it consumes. Errors are
  /// diagnostics of the context, which must outlive the oracle.
  static FailureOr<std::unique_ptr<Oracle>> create(OwningOpRef<ModuleOp> spec);
  ~Oracle();

  /// Runs `function` on tensors in the order of its kernel's arguments, with
  /// the kernel's shapes. All floats are f64, of inputs too: values that a
  /// narrower type cannot hold show what rounding them would have cost.
  llvm::Error run(StringRef function, ArrayRef<gsa_tensor> tensors) const;

private:
  Oracle(OwningOpRef<ModuleOp> module, std::unique_ptr<ExecutionEngine> engine);

  OwningOpRef<ModuleOp> module;
  std::unique_ptr<ExecutionEngine> engine;
};

} // namespace mlir::gsa

#endif // GSA_EXECUTION_ORACLE_H
