//===- Features.cpp - What the host's processor can do --------------------===//
//
// Bits are those of the Intel SDM, volume 2A, CPUID, and volume 1, 13.3 (XCR0).
//
//===----------------------------------------------------------------------===//

#include "Features.h"

#include <cinttypes>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace gsa::runtime {

static constexpr uint32_t bit(int index) { return uint32_t(1) << index; }

static constexpr uint32_t leaf1V3 = bit(12) /*FMA*/ | bit(22) /*MOVBE*/ |
                                    bit(27) /*OSXSAVE*/ | bit(28) /*AVX*/ |
                                    bit(29) /*F16C*/;
static constexpr uint32_t leaf7V3 =
    bit(3) /*BMI1*/ | bit(5) /*AVX2*/ | bit(8) /*BMI2*/;
static constexpr uint32_t extended1V3 = bit(5) /*LZCNT*/;
static constexpr uint32_t leaf7V4 = bit(16) /*F*/ | bit(17) /*DQ*/ |
                                    bit(28) /*CD*/ | bit(30) /*BW*/ |
                                    bit(31) /*VL*/;
static constexpr uint32_t leaf7Sub1Bf16 = bit(5);
static constexpr uint64_t xcr0Ymm = 0x6;  // xmm, upper ymm
static constexpr uint64_t xcr0Zmm = 0xe6; // and masks, upper zmm, high zmm

template <typename T> static bool hasAll(T word, T bits) {
  return (word & bits) == bits;
}

uint64_t featuresOf(const ProcessorWords &words) {
  // Each level includes the one before it.
  uint64_t features = 0;
  if (!hasAll(words.leaf1Ecx, leaf1V3) || !hasAll(words.leaf7Ebx, leaf7V3) ||
      !hasAll(words.extended1Ecx, extended1V3) || !hasAll(words.xcr0, xcr0Ymm))
    return features;
  features |= GSA_HOST_AVX2;
  if (!hasAll(words.leaf7Ebx, leaf7V4) || !hasAll(words.xcr0, xcr0Zmm))
    return features;
  features |= GSA_HOST_AVX512;
  if (hasAll(words.leaf7Sub1Eax, leaf7Sub1Bf16))
    features |= GSA_HOST_AVX512BF16;
  return features;
}

#if defined(__x86_64__)
static uint64_t readXcr0() {
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t(high) << 32 | low;
}

static ProcessorWords readProcessor() {
  ProcessorWords words = {};
  uint32_t eax, ebx, ecx, edx;
  // __get_cpuid* answer 0 for a leaf that the processor does not have.
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx))
    words.leaf1Ecx = ecx;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) {
    words.leaf7Ebx = ebx;
    uint32_t subleaves = eax;
    if (subleaves >= 1 && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx))
      words.leaf7Sub1Eax = eax;
  }
  if (__get_cpuid(0x80000001, &eax, &ebx, &ecx, &edx))
    words.extended1Ecx = ecx;
  if (words.leaf1Ecx & bit(27)) // else xgetbv is an illegal instruction
    words.xcr0 = readXcr0();
  return words;
}
#else
// No feature has a meaning elsewhere.
static ProcessorWords readProcessor() { return {}; }
#endif

uint64_t hostFeatures() {
  // A hypervisor traps cpuid, which costs microseconds, so ask once. Threads
  // that ask at the same time find the same answer.
  static constexpr uint64_t asked = uint64_t(1) << 63;
  static uint64_t cache;
  uint64_t features = __atomic_load_n(&cache, __ATOMIC_RELAXED);
  if (!features) {
    features = featuresOf(readProcessor()) | asked;
    __atomic_store_n(&cache, features, __ATOMIC_RELAXED);
  }
  return features & ~asked;
}

void appendFeatures(Text &text, uint64_t lacking) {
  static constexpr struct {
    uint64_t feature;
    const char *name;
  } names[] = {{GSA_HOST_AVX2, "AVX2"},
               {GSA_HOST_AVX512, "AVX512"},
               {GSA_HOST_AVX512BF16, "AVX512BF16"}};
  const char *separator = "lacks ";
  for (const auto &entry : names) {
    if (!(lacking & entry.feature))
      continue;
    text.append("%s%s", separator, entry.name);
    separator = ", ";
    lacking &= ~entry.feature;
  }
  if (lacking)
    text.append("%sunknown features 0x%" PRIx64, separator, lacking);
}

} // namespace gsa::runtime
