//===- Peak.cpp - How fast a core multiplies and adds ---------------------===//
//
// More independent accumulators than any core has multiply-adds in flight (two
// a cycle, four or five cycles each), few enough to leave registers for the
// operands. The empty asm statements hide values from the optimizer.
//
//===----------------------------------------------------------------------===//

#include "Peak.h"

#include <immintrin.h>

namespace {

constexpr int rounds = 1 << 20;
constexpr int wideChains = 20, chains = 12, narrowChains = 10;

__attribute__((target("avx512f"))) void runAVX512() {
  __m512 x = _mm512_set1_ps(0.5f), y = _mm512_set1_ps(1.0f);
  __m512 sums[wideChains];
  for (__m512 &sum : sums)
    sum = y;
  asm volatile("" : "+v"(x), "+v"(y));
  for (int i = 0; i < rounds; ++i)
#pragma GCC unroll 32
    for (int c = 0; c < wideChains; ++c)
      sums[c] = _mm512_fmadd_ps(sums[c], x, y);
#pragma GCC unroll 32
  for (int c = 0; c < wideChains; ++c)
    asm volatile("" : : "v"(sums[c]));
}

__attribute__((target("avx2,fma"))) void runAVX2() {
  __m256 x = _mm256_set1_ps(0.5f), y = _mm256_set1_ps(1.0f);
  __m256 sums[chains];
  for (__m256 &sum : sums)
    sum = y;
  asm volatile("" : "+x"(x), "+x"(y));
  for (int i = 0; i < rounds; ++i)
#pragma GCC unroll 32
    for (int c = 0; c < chains; ++c)
      sums[c] = _mm256_fmadd_ps(sums[c], x, y);
#pragma GCC unroll 32
  for (int c = 0; c < chains; ++c)
    asm volatile("" : : "x"(sums[c]));
}

void runSSE() {
  __m128 x = _mm_set1_ps(0.5f), y = _mm_set1_ps(1.0f);
  __m128 sums[narrowChains];
  for (__m128 &sum : sums)
    sum = y;
  asm volatile("" : "+x"(x), "+x"(y));
  for (int i = 0; i < rounds; ++i)
#pragma GCC unroll 32
    for (int c = 0; c < narrowChains; ++c)
      sums[c] = _mm_add_ps(_mm_mul_ps(sums[c], x), y);
#pragma GCC unroll 32
  for (int c = 0; c < narrowChains; ++c)
    asm volatile("" : : "x"(sums[c]));
}

constexpr double flops(int lanes, int chains) {
  return 2.0 * rounds * lanes * chains;
}

} // namespace

bench::Peak bench::findPeak() {
  if (__builtin_cpu_supports("avx512f"))
    return {"AVX-512", flops(16, wideChains), runAVX512};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return {"AVX2", flops(8, chains), runAVX2};
  return {"SSE2, multiply and add", flops(4, narrowChains), runSSE};
}
