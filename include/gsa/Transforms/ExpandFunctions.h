//===- ExpandFunctions.h - gsa functions as arith and math ------*- C++ -*-===//

#ifndef GSA_TRANSFORMS_EXPANDFUNCTIONS_H
#define GSA_TRANSFORMS_EXPANDFUNCTIONS_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::gsa {

/// Adds patterns that write `gsa.silu` and `gsa.log_sigmoid`, on scalars,
/// vectors and ranked tensors, with arith and math operations that neither
/// overflow nor cancel: every exponent is <= 0, -inf and +inf give the limits,
/// NaN stays NaN. Elements narrower than f32 are computed in f32. On tensors
/// with dynamic extents the constants need tensor operations.
void populateExpandFunctionsPatterns(RewritePatternSet &patterns);

} // namespace mlir::gsa

#endif // GSA_TRANSFORMS_EXPANDFUNCTIONS_H
