//===- Recurrence.cpp - The recurrence as one would write it by hand ------===//
//
// Compiled once for each of the functions in Recurrence.h: RECURRENCE is its
// name and REAL what it computes in. The extents are constants so that the C++
// compiler has all it could wish for.
//
//===----------------------------------------------------------------------===//

#include "Recurrence.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>

namespace {

using Real = REAL;
constexpr int M = bench::slots;

template <int D>
void walk(const bench::LayerView &layer, int head, Real *__restrict o) {
  alignas(64) Real keys[M][D] = {};
  alignas(64) Real values[M][D] = {};
  const Real scale = 1 / std::sqrt(Real(D));

  for (int t = 0; t < layer.time; ++t) {
    const size_t row = size_t(t) * bench::heads + head;
    const float *__restrict q = layer.q + row * D;
    const float *__restrict k = layer.k + row * D;
    const float *__restrict v = layer.v + row * D;
    const float *__restrict g = layer.g + row * M;

    Real decay[M], write[M], weight[M];
    for (int m = 0; m < M; ++m) {
      decay[m] = std::exp(Real(g[m]));
      write[m] = 1 - decay[m];
    }

    for (int m = 0; m < M; ++m) {
      Real dot = 0;
      for (int d = 0; d < D; ++d) {
        keys[m][d] = decay[m] * keys[m][d] + write[m] * k[d];
        dot += keys[m][d] * q[d];
      }
      weight[m] = scale * dot;
    }

    const Real largest = *std::max_element(weight, weight + M);
    Real total = 0;
    for (int m = 0; m < M; ++m) {
      weight[m] = std::exp(weight[m] - largest);
      total += weight[m];
    }

    alignas(64) Real sum[D] = {};
    for (int m = 0; m < M; ++m)
      for (int d = 0; d < D; ++d) {
        values[m][d] = decay[m] * values[m][d] + write[m] * v[d];
        sum[d] += weight[m] * values[m][d];
      }
    for (int d = 0; d < D; ++d)
      o[row * D + d] = sum[d] / total;
  }
}

} // namespace

void bench::RECURRENCE(const LayerView &layer, Real *o) {
  for (int head = 0; head < heads; ++head)
    switch (layer.size) {
    case 128:
      walk<128>(layer, head, o);
      break;
    case 512:
      walk<512>(layer, head, o);
      break;
    default:
      std::abort(); // no such layer in this benchmark
    }
}
