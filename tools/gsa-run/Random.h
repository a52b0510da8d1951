//===- Random.h - Numbers that are the same everywhere ----------*- C++ -*-===//
//
// Counters through splitmix64, and integer sums for normal numbers: the bits
// depend on no library.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_TOOLS_RUN_RANDOM_H
#define GSA_TOOLS_RUN_RANDOM_H

#include <cstdint>
#include <string_view>

namespace mlir::gsa::run {

/// A sequence of numbers that `seed` and `name` decide.
class Random {
public:
  Random(uint64_t seed, std::string_view name) : state(mix(seed)) {
    for (unsigned char c : name)
      state = mix(state ^ c);
  }

  /// Uniform.
  uint64_t next() { return mix(state += kStep); }

  /// Passes over `count` normal numbers.
  void skipNormal(uint64_t count) { state += kDraws * count * kStep; }

  /// Close to normal, of mean 0 and variance 1: the sum of 12 uniform numbers
  /// of 21 bits, which no number of more than 6 comes out of.
  double normal() {
    int64_t sum = 0;
    for (uint64_t i = 0; i < kDraws; ++i) {
      uint64_t bits = next();
      for (int j = 0; j < 3; ++j, bits >>= 21)
        sum += int64_t(bits & 0x1fffff);
    }
    return double(2 * sum - 12 * int64_t(0x1fffff)) / double(1 << 22);
  }

private:
  static constexpr uint64_t kStep = 0x9e3779b97f4a7c15;
  static constexpr uint64_t kDraws = 4; ///< that make a normal number

  static uint64_t mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }

  uint64_t state;
};

} // namespace mlir::gsa::run

#endif // GSA_TOOLS_RUN_RANDOM_H
