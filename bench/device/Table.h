//===- Table.h - The kernels that a bundle was linked with ----------------===//

#ifndef GSA_BENCH_DEVICE_TABLE_H
#define GSA_BENCH_DEVICE_TABLE_H

#include "gsa/kernel.h"

namespace suite {

/// One function of a spec.
struct Entry {
  const char *name;
  const gsa_kernel *kernel; ///< null if it did not compile
  /// The recurrence in f64, as `compileOracle` makes it.
  void (*reference)(void **memrefs);
  const char *decays; ///< a '1' for each argument that is a log decay, else '0'
  const char *failure; ///< why there is no kernel; null if there is one
};

/// Written by bundle.py.
extern const Entry kEntries[];
extern const int kNumEntries;

} // namespace suite

#endif // GSA_BENCH_DEVICE_TABLE_H
