//===- Layer.cpp - Inputs of a layer, and runs of its kernel --------------===//

#include "Layer.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>

using namespace bench;

namespace {

/// To nearest, ties to even; no NaN here.
gsa::BF16 round(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return {uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}

float widen(gsa::BF16 value) {
  uint32_t bits = uint32_t(value.bits) << 16;
  float result;
  std::memcpy(&result, &bits, sizeof result);
  return result;
}

std::vector<gsa::BF16> roundAll(std::vector<float> &values) {
  std::vector<gsa::BF16> rounded;
  rounded.reserve(values.size());
  for (float &value : values) {
    rounded.push_back(round(value));
    value = widen(rounded.back());
  }
  return rounded;
}

double logSigmoid(double x) {
  return std::fmin(x, 0) - std::log1p(std::exp(-std::fabs(x)));
}

[[noreturn]] void fail(const char *what, gsa_status status) {
  std::fprintf(stderr, "bench-cpu: %s: %s: %s\n", what, gsa_status_name(status),
               gsa_error_detail());
  std::exit(1);
}

} // namespace

Layer::Layer(const gsa_kernel &kernel, gsa_dtype dtype, int time, int size,
             double gate, const char *chip)
    : kernel(kernel), dtype(dtype), time(time), size(size) {
  std::mt19937_64 generator(1);
  std::normal_distribution<double> normal;
  auto fill = [&](std::vector<float> &values, int last) {
    values.resize(size_t(time) * heads * last);
    for (float &value : values)
      value = float(normal(generator));
  };
  fill(q, size);
  fill(k, size);
  fill(v, size);
  fill(g, slots);
  for (float &decay : g)
    decay = float(logSigmoid(decay) / gate);

  if (dtype == GSA_BF16) {
    q16 = roundAll(q);
    k16 = roundAll(k);
    v16 = roundAll(v);
  }
  const size_t element = dtype == GSA_BF16 ? sizeof(gsa::BF16) : sizeof(float);
  o.resize(q.size() * element);

  auto tensor = [&](void *data, gsa_dtype type, int last) {
    const int64_t shape[] = {1, time, heads, last};
    return gsa_dense(data, type, 4, shape);
  };
  auto input = [&](std::vector<float> &wide, std::vector<gsa::BF16> &narrow) {
    void *data = wide.data();
    if (dtype == GSA_BF16)
      data = narrow.data();
    return tensor(data, dtype, size);
  };
  params.header.size = sizeof params;
  params.header.chip = chip;
  params.q = input(q, q16);
  params.k = input(k, k16);
  params.v = input(v, v16);
  params.g = tensor(g.data(), GSA_F32, slots);
  params.o = tensor(o.data(), dtype, size);
}

double Layer::flops() const { return 8.0 * slots * size * time * heads; }

LayerView Layer::view() const {
  return {time, size, q.data(), k.data(), v.data(), g.data()};
}

void Layer::run(int threads) {
  params.header.threads = threads;
  if (gsa_status status = gsa::launch(kernel, params, workspace))
    fail(kernel.name, status);
}

double Layer::error(const std::vector<float> &found) {
  if (exact.empty()) {
    exact.resize(q.size());
    recurrenceF64(view(), exact.data());
  }
  double missed = 0, all = 0;
  for (size_t i = 0; i < exact.size(); ++i) {
    missed += (found[i] - exact[i]) * (found[i] - exact[i]);
    all += exact[i] * exact[i];
  }
  return std::sqrt(missed / all);
}

double Layer::error() {
  std::vector<float> found(q.size());
  if (dtype == GSA_BF16)
    for (size_t i = 0; i < found.size(); ++i) {
      gsa::BF16 element;
      std::memcpy(&element, o.data() + i * sizeof element, sizeof element);
      found[i] = widen(element);
    }
  else
    std::memcpy(found.data(), o.data(), o.size());
  return error(found);
}

// bf16 outputs alone round by up to 2^-9, 1.7e-3 on average; the law allows
// twice what rounding costs.
double Layer::bound() const { return dtype == GSA_BF16 ? 3.4e-3 : 1e-4; }

std::string Layer::image() {
  params.header.threads = 1;
  gsa_query_result result;
  if (gsa_status status = gsa::query(kernel, params, result))
    fail(kernel.name, status);
  return std::string(result.chip) + " " + result.schedule;
}
