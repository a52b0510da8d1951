//===- retention.cpp - A generated kernel in a C++ program ----------------===//
//
// Runs a RetNet layer (examples/specs/retnet.mlir) in bf16 on seeded input,
// once for each thread count, and compares it with the plain recurrence in
// double. Exits with 0 if they agree and every thread count gives the same
// bits.
//
//===----------------------------------------------------------------------===//

#include "retention.h"

#include "gsa/gsa.hpp"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <random>
#include <vector>

constexpr int batch = 1, tokens = 45, heads = 8, keySize = 256, valueSize = 512;
constexpr double scale = 0.0625;

/// To nearest, ties to even; no NaN here.
static gsa::BF16 round(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return {uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}

static float widen(gsa::BF16 value) {
  uint32_t bits = uint32_t(value.bits) << 16;
  float result;
  std::memcpy(&result, &bits, sizeof result);
  return result;
}

static std::vector<gsa::BF16> random(size_t count, std::mt19937 &generator) {
  std::vector<gsa::BF16> values(count);
  for (gsa::BF16 &value : values)
    value = round(float(int32_t(generator())) / 2147483648.0f);
  return values;
}

/// S_t = exp(g) S_{t-1} + k_t v_t^T, o_t = scale S_t^T q_t, for each head.
static std::vector<double> retention(const std::vector<gsa::BF16> &q,
                                     const std::vector<gsa::BF16> &k,
                                     const std::vector<gsa::BF16> &v) {
  std::vector<double> o(size_t(batch) * tokens * heads * valueSize);
  for (int h = 0; h < heads; ++h) {
    double decay = 1.0 - std::exp2(-5.0 - h);
    std::vector<double> state(size_t(keySize) * valueSize, 0.0);
    for (int t = 0; t < tokens; ++t) {
      const gsa::BF16 *qt = &q[(size_t(t) * heads + h) * keySize];
      const gsa::BF16 *kt = &k[(size_t(t) * heads + h) * keySize];
      const gsa::BF16 *vt = &v[(size_t(t) * heads + h) * valueSize];
      double *ot = &o[(size_t(t) * heads + h) * valueSize];
      for (int i = 0; i < keySize; ++i)
        for (int j = 0; j < valueSize; ++j) {
          double &element = state[size_t(i) * valueSize + j];
          element = decay * element + double(widen(kt[i])) * widen(vt[j]);
          ot[j] += scale * element * widen(qt[i]);
        }
    }
  }
  return o;
}

int main() {
  std::mt19937 generator(1);
  std::vector<gsa::BF16> q =
      random(size_t(batch) * tokens * heads * keySize, generator);
  std::vector<gsa::BF16> k =
      random(size_t(batch) * tokens * heads * keySize, generator);
  std::vector<gsa::BF16> v =
      random(size_t(batch) * tokens * heads * valueSize, generator);
  std::vector<gsa::BF16> o(size_t(batch) * tokens * heads * valueSize), first;

  retnet_params params = retnet_params_init();
  params.q = gsa::tensor(q.data(), {batch, tokens, heads, keySize});
  params.k = gsa::tensor(k.data(), {batch, tokens, heads, keySize});
  params.v = gsa::tensor(v.data(), {batch, tokens, heads, valueSize});
  params.o = gsa::tensor(o.data(), {batch, tokens, heads, valueSize});

  gsa::Workspace workspace;
  for (int threads : {1, 2, 3}) {
    params.header.threads = threads;
    if (gsa_status status = gsa::launch(retnet_kernel, params, workspace)) {
      std::fprintf(stderr, "%s: %s\n", gsa_status_name(status),
                   gsa_error_detail());
      return 1;
    }
    if (first.empty())
      first = o;
    if (std::memcmp(first.data(), o.data(), o.size() * sizeof o[0]) != 0) {
      std::fprintf(stderr, "%d threads must give the bits of one\n", threads);
      return 1;
    }
  }

  double reference = 0.0, difference = 0.0;
  std::vector<double> expected = retention(q, k, v);
  for (size_t i = 0; i < o.size(); ++i) {
    double missed = widen(o[i]) - expected[i];
    reference += expected[i] * expected[i];
    difference += missed * missed;
  }
  double error = std::sqrt(difference / reference);
  std::printf("relative error %.1e\n", error);
  // Written so that NaN fails. Rounding outputs alone costs 1.7e-3.
  return error <= 4e-3 ? 0 : 1;
}
