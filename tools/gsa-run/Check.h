//===- Check.h - Whether a result is right ----------------------*- C++ -*-===//

#ifndef GSA_TOOLS_RUN_CHECK_H
#define GSA_TOOLS_RUN_CHECK_H

#include "Tensor.h"

#include "gsa/Target/Package.h"

namespace mlir::gsa::run {

/// How far an output is from what it should be.
struct Difference {
  double error = 0;   ///< ||out - ref|| / ||ref||; infinite if ref is 0 and out
                      ///< is not
  double largest = 0; ///< of |out - ref|
  /// Why no error can be told; empty if all is well.
  std::string broken;
};

/// The extents and offsets that tell which sequence an element belongs to.
struct Sequences {
  gsa_extents extents;
  ArrayRef<double> offsets; ///< empty without packed sequences
};

/// Compares an output with the oracle's. The unit of what may go wrong is one
/// head of one sequence: where the oracle has a NaN the output must have one,
/// and the rest of that unit does not count; where it has none, neither may the
/// output, and infinities must be the same.
Difference compare(const PackagedArgument &argument, const Sequences &sequences,
                   const Values &output, const Values &reference);

/// The error that DESIGN.md, section 3, allows whatever rounding costs.
double errorBound(int32_t dtype);

} // namespace mlir::gsa::run

#endif // GSA_TOOLS_RUN_CHECK_H
