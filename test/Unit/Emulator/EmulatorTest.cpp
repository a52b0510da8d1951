//===- EmulatorTest.cpp - What test/Emulator does with PTX ----------------===//

#include "gtest/gtest.h"

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

// cuda.h
extern "C" {
int cuInit(unsigned);
int cuDevicePrimaryCtxRetain(void **, int);
int cuCtxSetCurrent(void *);
int cuModuleLoadDataEx(void **, const void *, unsigned, int *, void **);
int cuModuleGetFunction(void **, void *, const char *);
int cuMemAlloc_v2(unsigned long long *, size_t);
int cuMemcpyHtoD_v2(unsigned long long, const void *, size_t);
int cuMemcpyDtoH_v2(void *, unsigned long long, size_t);
int cuLaunchKernel(void *, unsigned, unsigned, unsigned, unsigned, unsigned,
                   unsigned, unsigned, void *, void **, void **);
}

namespace {

constexpr int kNoBinary = 209, kInvalidPtx = 218, kLaunchFailed = 719;
constexpr size_t kWords = 64;

/// Races are looked for; a number that tests set would come too late.
const bool isReady = [] {
  setenv("GSA_EMULATOR_RACES", "1", 1);
  setenv("GSA_EMULATED_CHIP", "sm_90a", 1);
  return true;
}();

/// Loads a kernel of `body`, which has registers %p0-9, %h0-9, %r0-9, %d0-9
/// and, in %d0, the address of `words`; runs it on `threads` threads.
int run(const std::string &body, std::vector<uint32_t> &words,
        unsigned threads = 32) {
  std::string text = R"(
.version 8.0
.target sm_90a
.address_size 64
.extern .shared .align 1024 .b8 room[];
.visible .entry k(.param .u64 k_param_0)
.maxntid 1024
{
  .reg .pred %p<10>;
  .reg .b16 %h<10>;
  .reg .b32 %r<10>;
  .reg .b64 %d<10>;
  ld.param.b64 %d0, [k_param_0];
)" + body + "\n  ret;\n}\n";
  void *context, *module, *function;
  unsigned long long memory;
  words.resize(kWords);
  size_t bytes = kWords * sizeof(uint32_t);
  int result = cuInit(0);
  if (!result)
    result = cuDevicePrimaryCtxRetain(&context, 0);
  if (!result)
    result = cuCtxSetCurrent(context);
  if (!result)
    result = cuModuleLoadDataEx(&module, text.c_str(), 0, nullptr, nullptr);
  if (!result)
    result = cuModuleGetFunction(&function, module, "k");
  if (!result)
    result = cuMemAlloc_v2(&memory, bytes);
  if (!result)
    result = cuMemcpyHtoD_v2(memory, words.data(), bytes);
  void *parameters[] = {&memory};
  if (!result)
    result = cuLaunchKernel(function, 1, 1, 1, threads, 1, 1, 4096, nullptr,
                            parameters, nullptr);
  if (!result)
    result = cuMemcpyDtoH_v2(words.data(), memory, bytes);
  return result;
}

/// In a process of its own: who fails leaves the device unusable.
[[noreturn]] void runAndExit(const std::string &body, int wanted,
                             unsigned threads = 32) {
  std::vector<uint32_t> words;
  std::_Exit(run(body, words, threads) == wanted ? 0 : 1);
}
#define EXPECT_FAILURE(body, threads, result, text)                            \
  EXPECT_EXIT(runAndExit(body, result, threads), testing::ExitedWithCode(0),   \
              text)

uint32_t bits(float value) {
  uint32_t result;
  std::memcpy(&result, &value, sizeof(result));
  return result;
}

/// `instruction` sets %r4 from %r1, %r2 and %r3; all lanes execute it.
uint32_t compute(const std::string &instruction, uint32_t a, uint32_t b = 0,
                 uint32_t c = 0) {
  std::vector<uint32_t> words = {a, b, c};
  int result = run("ld.global.b32 %r1, [%d0]; ld.global.b32 %r2, [%d0+4];\n"
                   "ld.global.b32 %r3, [%d0+8];\n" +
                       instruction + "\nst.global.b32 [%d0+12], %r4;",
                   words);
  EXPECT_EQ(result, 0) << instruction;
  return words[3];
}

constexpr float kInfinity = std::numeric_limits<float>::infinity();
const float kNaN = std::nanf("");

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

TEST(Emulator, Integers) {
  EXPECT_EQ(compute("add.s32 %r4, %r1, %r2;", 0xffffffff, 3), 2u);
  EXPECT_EQ(compute("mul.hi.u32 %r4, %r1, %r2;", 0x80000000, 6), 3u);
  EXPECT_EQ(compute("mad.lo.s32 %r4, %r1, %r2, %r3;", 5, 7, 9), 44u);
  EXPECT_EQ(compute("min.s32 %r4, %r1, %r2;", 0xffffffff, 1), 0xffffffffu);
  EXPECT_EQ(compute("min.u32 %r4, %r1, %r2;", 0xffffffff, 1), 1u);
  EXPECT_EQ(compute("bfe.u32 %r4, %r1, 4, 8;", 0x12345678), 0x67u);
  EXPECT_EQ(compute("shl.b32 %r4, %r1, %r2;", 1, 31), 0x80000000u);
  EXPECT_EQ(compute("shl.b32 %r4, %r1, %r2;", 1, 32), 0u);
  EXPECT_EQ(compute("shr.s32 %r4, %r1, %r2;", 0x80000000, 99), 0xffffffffu);
  EXPECT_EQ(compute("shr.u32 %r4, %r1, %r2;", 0x80000000, 99), 0u);
  EXPECT_EQ(compute("prmt.b32 %r4, %r1, %r2, 0x5140;", 0x33221100, 0x77665544),
            0x55114400u);
  EXPECT_EQ(
      compute("mov.b32 {%h1, %h2}, %r1; mov.b32 %r4, {%h2, %h1};", 0x12345678),
      0x56781234u);
  EXPECT_EQ(compute("{ .reg .b32 %r1; mov.b32 %r1, 7; mov.b32 %r4, %r1; }", 1),
            7u);
}

TEST(Emulator, Floats) {
  uint32_t subnormal = 1;
  EXPECT_EQ(compute("add.rn.ftz.f32 %r4, %r1, %r2;", subnormal, subnormal), 0u);
  EXPECT_EQ(compute("fma.rn.ftz.f32 %r4, %r1, %r2, %r3;", bits(1 + 0x1p-12f),
                    bits(1 - 0x1p-12f), bits(-1)),
            bits(-0x1p-24f));
  EXPECT_EQ(compute("max.ftz.f32 %r4, %r1, %r2;", bits(kNaN), bits(2)),
            bits(2));
  EXPECT_TRUE(std::isnan([] {
    uint32_t word =
        compute("max.ftz.NaN.f32 %r4, %r1, %r2;", bits(kNaN), bits(2));
    float value;
    std::memcpy(&value, &word, sizeof(value));
    return value;
  }()));
  EXPECT_EQ(compute("ex2.approx.ftz.f32 %r4, %r1;", bits(-3)), bits(0.125f));
  EXPECT_EQ(compute("rcp.approx.ftz.f32 %r4, %r1;", bits(-kInfinity)),
            bits(-0.0f));
  auto compare = [](const char *relation, float a, float b) {
    return compute(std::string("setp.") + relation +
                       ".ftz.f32 %p1, %r1, %r2; selp.b32 %r4, 1, 0, %p1;",
                   bits(a), bits(b));
  };
  EXPECT_EQ(compare("lt", kNaN, 1), 0u);
  EXPECT_EQ(compare("ltu", kNaN, 1), 1u);
  EXPECT_EQ(compare("ne", kNaN, 1), 0u);
  EXPECT_EQ(compare("neu", kNaN, 1), 1u);
}

TEST(Emulator, Conversions) {
  // Ties go to the even one; the first operand is the upper half.
  EXPECT_EQ(compute("cvt.rn.bf16x2.f32 %r4, %r1, %r2;", 0x3f808000, 0x3f818000),
            0x3f803f82u);
  EXPECT_EQ(
      compute("cvt.rn.bf16x2.f32 %r4, %r1, %r2;", bits(kNaN), bits(kInfinity)),
      0x7fff7f80u);
  EXPECT_EQ(
      compute("cvt.rn.f16x2.f32 %r4, %r1, %r2;", bits(65536), bits(0x1p-24f)),
      0x7c000001u);
  EXPECT_EQ(compute("cvt.rn.f32.s32 %r4, %r1;", 0xfffffffe), bits(-2));
  EXPECT_EQ(
      compute("mov.b32 {%h1, %h2}, %r1; cvt.ftz.f32.f16 %r4, %h1;", 0x3c01),
      bits(1 + 0x1p-10f));
}

TEST(Emulator, Warps) {
  std::vector<uint32_t> words;
  ASSERT_EQ(run("mov.u32 %r1, %tid.x;\n"
                "shfl.sync.bfly.b32 %r2, %r1, 5, 31, -1;\n"
                "setp.gt.u32 %p1, %r1, 29;\n"
                "vote.sync.ballot.b32 %r3, %p1, -1;\n"
                "mul.wide.u32 %d1, %r1, 4;\n"
                "add.s64 %d2, %d0, %d1;\n"
                "st.global.b32 [%d2], %r2;\n"
                "st.global.b32 [%d2+128], %r3;",
                words),
            0);
  for (uint32_t lane = 0; lane < 32; ++lane) {
    EXPECT_EQ(words[lane], lane ^ 5);
    EXPECT_EQ(words[32 + lane], 0xc0000000u);
  }
}

//===----------------------------------------------------------------------===//
// What is refused
//===----------------------------------------------------------------------===//

TEST(Emulator, UnknownInstructions) {
  EXPECT_FAILURE("sad.s32 %r1, %r2, %r3, %r4;", 32, kInvalidPtx,
                 "line 14: instruction must be known to the emulator, got "
                 "'sad.s32' with 4 operands");
  EXPECT_FAILURE("add.sat.s32 %r1, %r2, %r3;", 32, kInvalidPtx,
                 "got 'add.sat.s32'");
  EXPECT_FAILURE("add.rz.f32 %r1, %r2, %r3;", 32, kInvalidPtx,
                 "got 'add.rz.f32'");
  EXPECT_FAILURE("mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%d1, %d2}, "
                 "{%d3}, {%d4}, {%d1, %d2};",
                 32, kInvalidPtx, "got 'mma.sync");
  EXPECT_FAILURE(".shared .b8 own[4];", 32, kInvalidPtx,
                 "directive must be known, got '.shared'");
  EXPECT_FAILURE("add.s32 %r1, %r2, %r77;", 32, kInvalidPtx,
                 "operand must be known, got '%r77'");
  EXPECT_FAILURE("bra nowhere;", 32, kInvalidPtx,
                 "label must stand in the kernel, got 'nowhere'");
}

TEST(Emulator, MachineCode) {
  auto load = [] {
    void *context, *module;
    cuInit(0);
    cuDevicePrimaryCtxRetain(&context, 0);
    cuCtxSetCurrent(context);
    std::_Exit(cuModuleLoadDataEx(&module, "\177ELF", 0, nullptr, nullptr) ==
                       kNoBinary
                   ? 0
                   : 1);
  };
  EXPECT_EXIT(load(), testing::ExitedWithCode(0),
              "image must be PTX, got machine code");
}

//===----------------------------------------------------------------------===//
// What is wrong
//===----------------------------------------------------------------------===//

TEST(Emulator, Addresses) {
  EXPECT_FAILURE("ld.global.b32 %r1, [%d0+256]; st.global.b32 [%d0], %r1;", 32,
                 kLaunchFailed,
                 "block 0, thread [0-9]+, line 14: touches 0x[0-9a-f]+, which "
                 "is not there");
  EXPECT_FAILURE("mov.b64 %d1, room; ld.shared.b32 %r1, [%d1+4096];", 32,
                 kLaunchFailed, "address must be of the block's shared memory");
  EXPECT_FAILURE("ld.global.v2.b32 {%r1, %r2}, [%d0+4];", 32, kLaunchFailed,
                 "address must be aligned to what is accessed");
}

TEST(Emulator, Meetings) {
  EXPECT_FAILURE("mov.u32 %r1, %tid.x; setp.eq.s32 %p1, %r1, 0;\n"
                 "@%p1 bra one;\n"
                 "shfl.sync.idx.b32 %r2, %r1, 0, 31, -1;\n"
                 "one: shfl.sync.idx.b32 %r2, %r1, 1, 31, -1;",
                 32, kLaunchFailed,
                 "must be executed by all lanes of the warp together");
  EXPECT_FAILURE("mov.u32 %r1, %tid.x; setp.lt.s32 %p1, %r1, 32;\n"
                 "@%p1 bar.sync 1, 64;",
                 64, kLaunchFailed,
                 "nobody can go on, and nothing is under way:\n"
                 ".*warp 0: 32 threads at line 15 .bar.sync.;\n"
                 ".*warp 1: 32 threads have ended");
  EXPECT_FAILURE("mov.b64 %d1, room;\n"
                 "cp.async.ca.shared.global [%d1], [%d0], 4;",
                 1, kLaunchFailed,
                 "copy must have landed before its thread ends");
}

/// Each thread stores %r1, of its own, where %d2 points in shared memory.
std::string store(const std::string &place, const std::string &rest) {
  return "mov.u32 %r1, %tid.x; mov.b64 %d1, room;\n" + place +
         "mul.wide.u32 %d2, %r2, 4; add.s64 %d2, %d2, %d1;\n"
         "st.shared.b32 [%d2], %r1;\n" +
         rest;
}

TEST(Emulator, Races) {
  std::vector<uint32_t> words;
  std::string own = "mov.b32 %r2, %r1;\n";
  std::string other = "xor.b32 %r3, %r1, 33; mul.wide.u32 %d3, %r3, 4;\n"
                      "add.s64 %d3, %d3, %d1; ld.shared.b32 %r4, [%d3];\n";
  // Threads of two warps tell each other; without the barrier they do not.
  EXPECT_EQ(run(store(own, "bar.sync 0;\n" + other), words, 64), 0);
  EXPECT_FAILURE(store(own, other), 64, kLaunchFailed,
                 "race: (reads what line [0-9]+ wrote, warp [01] of block 0, "
                 "lane [0-9]+|writes what warp [01] of block 0 reads), and "
                 "nothing orders the two");
  // Lanes of one warp need one, too.
  std::string near = other;
  near.replace(near.find("33"), 2, "1");
  EXPECT_EQ(run(store(own, "bar.warp.sync -1;\n" + near), words, 64), 0);
  EXPECT_FAILURE(store(own, near), 64, kLaunchFailed,
                 "race: (reads|writes) what");
}

TEST(Emulator, WaitsByParity) {
  // A mailbox orders what two warps tell each other if they wait for the phase
  // that they arrived in, and not if for the one before: that of 65 arrivals
  // is never over, and its wait returns at once.
  auto tell = [](const std::string &wait, const std::string &count = "64") {
    return store("mov.b32 %r2, %r1; add.s64 %d5, %d1, 2048;\n"
                 "setp.eq.s32 %p1, %r1, 0;\n"
                 "@%p1 mbarrier.init.shared::cta.b64 [%d5], " +
                     count +
                     ";\n"
                     "bar.sync 0;\n",
                 "mbarrier.arrive.release.cta.shared::cta.b64 %d4, [%d5];\n"
                 "again: mbarrier.try_wait" +
                     wait +
                     ";\n@!%p2 bra again;\n"
                     "xor.b32 %r3, %r1, 33; mul.wide.u32 %d3, %r3, 4;\n"
                     "add.s64 %d3, %d3, %d1; ld.shared.b32 %r4, [%d3];\n");
  };
  std::vector<uint32_t> words;
  for (const char *wait :
       {".acquire.cluster.shared::cta.b64 %p2, [%d5], %d4",
        ".parity.acquire.cluster.shared::cta.b64 %p2, [%d5], 0"})
    EXPECT_EQ(run(tell(wait), words, 64), 0) << wait;
  EXPECT_FAILURE(
      tell(".parity.acquire.cluster.shared::cta.b64 %p2, [%d5], 1", "65"), 64,
      kLaunchFailed, "race: (reads|writes) what");
}

TEST(Emulator, Writes) {
  std::string first = "and.b32 %r2, %r1, 31;\n";
  EXPECT_FAILURE(store(first, ""), 64, kLaunchFailed, "race: writes over what");
  // The same value is no quarrel.
  std::vector<uint32_t> words;
  EXPECT_EQ(run("mov.b64 %d1, room; mov.b32 %r1, 5;\n"
                "st.shared.b32 [%d1], %r1;",
                words, 64),
            0);
}

} // namespace
