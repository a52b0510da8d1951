//===- FeaturesTest.cpp - From processor words to features ----------------===//

#include "cpu/Features.h"

#include "gtest/gtest.h"

using namespace gsa::runtime;

// Words of an Intel Sapphire Rapids: every leaf that matters, all state saved.
static constexpr ProcessorWords full = {0x7ffefbff, 0xf1bf2fbb, 0x00001c30,
                                        0x00000121, 0x000602e7};
static constexpr uint64_t all =
    GSA_HOST_AVX2 | GSA_HOST_AVX512 | GSA_HOST_AVX512BF16;

TEST(Features, Full) { EXPECT_EQ(featuresOf(full), all); }

TEST(Features, NothingKnown) { EXPECT_EQ(featuresOf({}), 0u); }

TEST(Features, OperatingSystemSavesNoZmm) {
  ProcessorWords words = full;
  for (uint64_t missing : {0x20u, 0x40u, 0x80u}) {
    words.xcr0 = full.xcr0 & ~missing;
    EXPECT_EQ(featuresOf(words), uint64_t(GSA_HOST_AVX2));
  }
}

TEST(Features, OperatingSystemSavesNoYmm) {
  ProcessorWords words = full;
  words.xcr0 &= ~uint64_t(4);
  EXPECT_EQ(featuresOf(words), 0u);
}

TEST(Features, EveryBitOfALevelIsNeeded) {
  for (int bit : {12, 22, 27, 28, 29}) {
    ProcessorWords words = full;
    words.leaf1Ecx &= ~(1u << bit);
    EXPECT_EQ(featuresOf(words), 0u) << bit;
  }
  for (int bit : {3, 5, 8}) {
    ProcessorWords words = full;
    words.leaf7Ebx &= ~(1u << bit);
    EXPECT_EQ(featuresOf(words), 0u) << bit;
  }
  ProcessorWords words = full;
  words.extended1Ecx = 0;
  EXPECT_EQ(featuresOf(words), 0u);
  for (int bit : {16, 17, 28, 30, 31}) {
    words = full;
    words.leaf7Ebx &= ~(1u << bit);
    EXPECT_EQ(featuresOf(words), uint64_t(GSA_HOST_AVX2)) << bit;
  }
  words = full;
  words.leaf7Sub1Eax = 0;
  EXPECT_EQ(featuresOf(words), uint64_t(GSA_HOST_AVX2 | GSA_HOST_AVX512));
}

// The compiler's run-time library asks the processor in its own way.
TEST(Features, HostAgreesWithTheCompilersLibrary) {
#if defined(__x86_64__)
  uint64_t host = hostFeatures();
  EXPECT_EQ(host, hostFeatures());
  bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
            __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  bool v4 = v3 && __builtin_cpu_supports("avx512f") &&
            __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512cd") &&
            __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512vl");
  EXPECT_EQ(bool(host & GSA_HOST_AVX2), v3);
  EXPECT_EQ(bool(host & GSA_HOST_AVX512), v4);
  EXPECT_EQ(bool(host & GSA_HOST_AVX512BF16),
            v4 && __builtin_cpu_supports("avx512bf16"));
#else
  EXPECT_EQ(hostFeatures(), 0u);
#endif
}

TEST(Features, Words) {
  Text text = {};
  appendFeatures(text, GSA_HOST_AVX512);
  EXPECT_STREQ(text.buffer, "lacks AVX512");
  text = {};
  appendFeatures(text, all | uint64_t(1) << 40);
  EXPECT_STREQ(text.buffer, "lacks AVX2, AVX512, AVX512BF16, unknown features "
                            "0x10000000000");
}
