//===- Work.h - What a kernel has to compute --------------------*- C++ -*-===//

#ifndef GSA_ANALYSIS_WORK_H
#define GSA_ANALYSIS_WORK_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::gsa {

/// The products of a kernel at the `chunked` stage. A multiplication and an
/// addition are two flops.
struct Work {
  int64_t windowFlops = 0; ///< of one window, in one block
  int64_t otherFlops = 0;  ///< outside the loop over windows, in one block
  int64_t blocks = 1;      ///< blocks that share a sequence
  int64_t chunk = 1;       ///< most tokens of a window

  /// Flops of a call with `batch` sequences of `time` tokens, if no window
  /// ends early. For packed sequences, `time` tokens are in one batch, and
  /// sequences whose length is no multiple of the chunk add a window each.
  double getFlops(int64_t batch, int64_t time) const;
};

/// The work of `kernel`: its `tile.mma` operations, each as often as the loops
/// of static length around it run. Fails, with an error, if a product is in a
/// loop of another kind, besides the one over windows. Bounds of the loop over
/// blocks that are not static, of sequences and of segments, count as one.
FailureOr<Work> countWork(func::FuncOp kernel);

} // namespace mlir::gsa

#endif // GSA_ANALYSIS_WORK_H
