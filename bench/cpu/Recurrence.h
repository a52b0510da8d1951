//===- Recurrence.h - The recurrence as one would write it by hand --------===//
//
// Gated slot attention, one token at a time, each state row touched once a
// token. What kernels have to beat, and in f64 what they are checked by.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_BENCH_CPU_RECURRENCE_H
#define GSA_BENCH_CPU_RECURRENCE_H

namespace bench {

/// Heads and slots of every layer here, as in gsa.mlir.in. Head sizes are 128
/// or 512.
inline constexpr int heads = 4, slots = 64;

/// q, k, v: [time, heads, size]; g: [time, heads, slots].
struct LayerView {
  int time;
  int size;
  const float *q, *k, *v, *g;
};

/// All write o: [time, heads, size]. Built from one source: with -O3
/// -march=native, with -ffast-math besides, and in double precision.
void recurrence(const LayerView &layer, float *o);
void recurrenceFastMath(const LayerView &layer, float *o);
void recurrenceF64(const LayerView &layer, double *o);

} // namespace bench

#endif // GSA_BENCH_CPU_RECURRENCE_H
