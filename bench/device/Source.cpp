//===- Source.cpp - The numbers that a kernel is run on -------------------===//

#include "Source.h"
#include "Random.h"

#include <algorithm>
#include <cmath>

using namespace suite;
using namespace mlir::gsa::run;

bool Source::create(const Case &one, const Entry &entry, int32_t argument,
                    const gsa_extents &extents, Source &source,
                    std::string &message) {
  const gsa_argument &description = entry.kernel->arguments[argument];
  source = {};
  source.one = &one;
  source.name = description.name;
  source.shape = shapeOf(description.shape, description.rank, extents);
  source.decay = description.kind == GSA_INPUT && entry.decays[argument] == '1';
  if (description.kind == GSA_OFFSETS) {
    source.offsets.push_back(0);
    for (int64_t n = 0; n < extents.sequences; ++n)
      source.offsets.push_back(
          one.lengths.empty()
              ? double(extents.time * (n + 1) / extents.sequences)
              : source.offsets.back() + double(one.lengths[n]));
  }
  for (const Case::Set &set : one.sets) {
    if (set.name != source.name)
      continue;
    bool fits = set.index.size() == source.shape.size();
    int64_t place = 0;
    for (size_t i = 0; fits && i < source.shape.size(); ++i) {
      fits = set.index[i] < source.shape[i];
      place = place * source.shape[i] + set.index[i];
    }
    if (!fits) {
      message = "--set must name an element, got '" + set.name + "' of shape " +
                printShape(source.shape);
      return false;
    }
    source.sets.emplace_back(place, set.value);
  }
  return true;
}

static double logSigmoid(double x) {
  return std::min(x, 0.0) - std::log1p(std::exp(-std::abs(x)));
}

void Source::fill(double *values, int64_t first, int64_t count) const {
  if (!offsets.empty()) {
    std::copy_n(offsets.begin() + first, count, values);
    return;
  }
  Random random(one->seed, name);
  random.skipNormal(uint64_t(first));
  // Gates come by turns, in time and along a row.
  Shape index(shape.size());
  int64_t rest = first;
  for (size_t d = shape.size(); d-- > 0 && count > 0;) {
    index[d] = rest % shape[d];
    rest /= shape[d];
  }
  for (int64_t i = 0; i < count; ++i) {
    double value = random.normal();
    if (decay) {
      value = logSigmoid(value) / one->gateDivisor;
      if (!one->gates.empty()) {
        int64_t turn = 0;
        for (int64_t each : index)
          turn += each;
        value = one->gates[size_t(turn) % one->gates.size()].value_or(value);
        for (size_t d = index.size(); d-- > 0;) {
          if (++index[d] < shape[d])
            break;
          index[d] = 0;
        }
      }
    } else if (one->silu) {
      value = value / (1 + std::exp(-value));
    }
    values[i] = value;
  }
  for (auto [place, value] : sets)
    if (place >= first && place < first + count)
      values[place - first] = value;
}
