//===- KernelSignature.h - How a spec's tensors reach a kernel ------------===//

#ifndef GSA_CONVERSION_KERNELSIGNATURE_H
#define GSA_CONVERSION_KERNELSIGNATURE_H

#include "dialects/GSA/GSANames.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::gsa {

/// A function that became a kernel. Each tensor argument is a strided memref of
/// the same shape, its last stride 1; each result is one more argument.
struct Kernel {
  func::FuncOp func;
  SmallVector<Value> inputs;    ///< one a spec argument, in order
  SmallVector<Value> outputs;   ///< one a spec result, in order
  std::unique_ptr<Region> spec; ///< what the function's body was

  /// Adds a dense tensor of f32 in the workspace, behind all arguments: over
  /// cuts ([cuts, R, ..], see Segments.h) or, if `ofTokens`, [B, T, ..].
  Value addWorkspace(const Twine &name, ArrayRef<int64_t> shape, bool ofTokens);
};

/// Turns `func` into a kernel with an empty body (entry block and return).
/// Float results get elements of type `outputElement` if it is given.
/// Arguments are named by `gsa.name` of the spec's arguments and results, else
/// `arg<i>`, and `out` or `out<i>`; `gsa.kind` is "input", "offsets" (integer
/// elements) or "output". The caller fills the body. Fails with an error on
/// `func`, which is unchanged then, if an argument or result is not a ranked
/// tensor or names clash.
FailureOr<Kernel> createKernel(func::FuncOp func, Type outputElement = {});

} // namespace mlir::gsa

#endif // GSA_CONVERSION_KERNELSIGNATURE_H
