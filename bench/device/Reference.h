//===- Reference.h - What a kernel's outputs should be, in f64 ------------===//

#ifndef GSA_BENCH_DEVICE_REFERENCE_H
#define GSA_BENCH_DEVICE_REFERENCE_H

#include "Call.h"
#include "Check.h"

namespace suite {

/// The recurrence in f64 on a call's inputs. Batches know nothing of each
/// other, so each is a slice that runs alone; packed sequences are one slice.
class Reference {
public:
  explicit Reference(const Arguments &arguments);

  /// Outputs from the inputs as kernels get them, kept.
  void run();

  /// How far `arguments`' outputs, which hold a kernel's, are from it.
  std::vector<mlir::gsa::run::Difference> compare() const;
  /// How far outputs are that are right but for rounding inputs and outputs,
  /// which takes the recurrence once more.
  std::vector<mlir::gsa::run::Difference> rounding() const;

private:
  /// Outputs of one slice.
  std::vector<mlir::gsa::run::Values> runSlice(int64_t slice, bool exact) const;
  mlir::gsa::run::Sequences sequences(int64_t slice) const;
  /// The rows of argument `i` that a slice has.
  void rows(int32_t i, int64_t slice, int64_t &first, int64_t &count) const;
  std::vector<mlir::gsa::run::Difference>
  merge(std::vector<std::vector<mlir::gsa::run::Difference>> parts) const;

  const Arguments &arguments;
  int32_t firstOutput = 0;
  int64_t slices = 1;
  std::vector<std::vector<mlir::gsa::run::Values>> outputs; ///< of each slice
};

} // namespace suite

#endif // GSA_BENCH_DEVICE_REFERENCE_H
