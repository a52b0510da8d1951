//===- Peak.h - How fast a core multiplies and adds -----------------------===//

#ifndef GSA_BENCH_CPU_PEAK_H
#define GSA_BENCH_CPU_PEAK_H

namespace bench {

/// A loop of f32 multiply-adds on registers only, with the widest vectors that
/// this machine has.
struct Peak {
  const char *vectors;
  double flops; ///< of one `run`
  void (*run)();
};

Peak findPeak();

} // namespace bench

#endif // GSA_BENCH_CPU_PEAK_H
