//===- Check.h - Whether a result is right ----------------------*- C++ -*-===//

#ifndef GSA_TOOLS_RUN_CHECK_H
#define GSA_TOOLS_RUN_CHECK_H

#include "Tensor.h"

namespace mlir::gsa::run {

/// How far an output is from what it should be.
struct Difference {
  double squares = 0; ///< sum of (out - ref)^2
  double norm = 0;    ///< sum of ref^2
  double largest = 0; ///< of |out - ref|
  /// Why no error can be told; empty if all is well.
  std::string broken;

  /// ||out - ref|| / ||ref||; infinite if ref is 0 and out is not.
  double error() const;
  /// With that of another part of the same output.
  void merge(const Difference &other);
};

/// The extents and offsets that tell which sequence an element belongs to.
struct Sequences {
  gsa_extents extents;
  std::vector<double> offsets; ///< empty without packed sequences
};

/// Compares an output, whose argument's shape is `extents` (static or
/// gsa_extent), with the oracle's. The unit of what may go wrong is one
/// head of one sequence: where the oracle has a NaN the output must have one,
/// and the rest of that unit does not count; where it has none, neither may the
/// output, and infinities must be the same.
Difference compare(const int64_t *extents, const Sequences &sequences,
                   const Values &output, const Values &reference);

/// The error that DESIGN.md, section 3, allows whatever rounding costs.
double errorBound(int32_t dtype);

} // namespace mlir::gsa::run

#endif // GSA_TOOLS_RUN_CHECK_H
