//===- Check.cpp - Whether a result is right ------------------------------===//

#include "Check.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace mlir::gsa;
using namespace mlir::gsa::run;

double run::errorBound(int32_t dtype) {
  switch (dtype) {
  case GSA_BF16:
    return 3e-3;
  case GSA_F16:
    return 1e-3;
  default:
    return 1e-4;
  }
}

double Difference::error() const {
  if (!(squares > 0))
    return 0;
  return norm > 0 ? std::sqrt(squares / norm)
                  : std::numeric_limits<double>::infinity();
}

void Difference::merge(const Difference &other) {
  squares += other.squares;
  norm += other.norm;
  largest = std::max(largest, other.largest);
  if (broken.empty())
    broken = other.broken;
}

namespace {
/// Numbers the heads of sequences that a tensor's elements belong to.
class Units {
public:
  Units(const int64_t *extents, const Sequences &sequences, const Shape &shape)
      : sequences(sequences), shape(shape),
        isTime(shape.size() >= 3 && extents[0] != GSA_EXTENT_SEQUENCES) {}

  int64_t count() const {
    return sequences.extents.sequences * (shape.size() > 1 ? heads() : 1);
  }
  /// Of the element with that row-major number.
  int64_t of(int64_t element) const {
    if (shape.size() < 2)
      return 0;
    int64_t size = 1;
    for (size_t i = isTime ? 3 : 2; i < shape.size(); ++i)
      size *= shape[i];
    element /= size;
    int64_t head = element % heads();
    element /= heads();
    return sequence(element) * heads() + head;
  }

private:
  int64_t heads() const { return shape[isTime ? 2 : 1]; }
  int64_t sequence(int64_t place) const {
    if (!isTime)
      return place;
    int64_t token = place % shape[1];
    if (sequences.offsets.empty())
      return place / shape[1];
    // The last that begins at the token or before it: empty ones have none.
    auto after = std::upper_bound(sequences.offsets.begin(),
                                  sequences.offsets.end(), double(token));
    return after - sequences.offsets.begin() - 1;
  }

  const Sequences &sequences;
  const Shape &shape;
  bool isTime; ///< and not a state, whose first dimension is N
};
} // namespace

Difference run::compare(const int64_t *extents, const Sequences &sequences,
                        const Values &output, const Values &reference) {
  Difference result;
  Units units(extents, sequences, reference.shape);
  std::vector<bool> hasNaN(units.count() + 1);
  auto count = int64_t(reference.data.size());
  for (int64_t i = 0; i < count; ++i)
    if (std::isnan(reference.data[i]))
      hasNaN[units.of(i)] = true;

  for (int64_t i = 0; i < count; ++i) {
    double out = output.data[i], ref = reference.data[i];
    auto breaks = [&](const std::string &law) {
      result.broken = "element " + std::to_string(i) + " must be " + law +
                      ", got " + std::to_string(out);
      return result;
    };
    if (std::isnan(ref)) {
      if (!std::isnan(out))
        return breaks("NaN");
      continue;
    }
    if (hasNaN[units.of(i)])
      continue;
    if (std::isnan(out))
      return breaks("no NaN where its head of its sequence has none");
    if (std::isinf(ref)) {
      if (out != ref)
        return breaks(std::to_string(ref));
      continue;
    }
    double difference = std::abs(out - ref);
    result.largest = std::max(result.largest, difference);
    result.squares += difference * difference;
    result.norm += ref * ref;
  }
  return result;
}
