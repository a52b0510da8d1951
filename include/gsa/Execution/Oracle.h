//===- Oracle.h - A spec's plain recurrence, in f64, run here ---*- C++ -*-===//

#ifndef GSA_EXECUTION_ORACLE_H
#define GSA_EXECUTION_ORACLE_H

#include "gsa/runtime.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
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

/// The oracle as an object for a program without LLVM: for each function of
/// `spec`, which it consumes, `void <name>_reference(void **memrefs)`, which
/// takes the pointers that `Oracle::run` describes: each to {allocated,
/// aligned, offset, sizes..., strides...} of one tensor. It needs the C
/// library, and a processor of `cpu`, a name of LLVM's for x86-64 or a level of
/// it.
FailureOr<SmallVector<char, 0>> compileOracle(OwningOpRef<ModuleOp> spec,
                                              StringRef cpu);

/// For each argument of a spec whether it is a log decay as it stands, which
/// must not be positive, and not logits of one.
std::vector<bool> findDecays(func::FuncOp spec);

} // namespace mlir::gsa

#endif // GSA_EXECUTION_ORACLE_H
