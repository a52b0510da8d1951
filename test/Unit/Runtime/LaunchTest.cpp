//===- LaunchTest.cpp - Running blocks, alone and on many threads ---------===//

#include "TestKernel.h"

#include <chrono>
#include <omp.h>
#include <set>
#include <thread>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

using namespace gsa::test;

/// The same sum, straight from the formula, for tokens [begin, end).
static void reference(const Problem &problem, int64_t sequence, int64_t batch,
                      int64_t time, int64_t begin, int64_t end,
                      std::vector<float> &o, std::vector<float> &sT) {
  for (int64_t lane = 0; lane < heads * size; ++lane) {
    float state = problem.s0[sequence * heads * size + lane];
    for (int64_t t = begin; t < end; ++t) {
      size_t at = (batch * time + t) * heads * size + lane;
      state = state / 2 + problem.q[at];
      o[at] = state;
    }
    sT[sequence * heads * size + lane] = state;
  }
}

static void expectRight(const Problem &problem, int64_t batch, int64_t time) {
  std::vector<float> o(problem.o.size()), sT(problem.sT.size());
  for (int64_t b = 0; b < batch; ++b)
    reference(problem, b, b, time, 0, time, o, sT);
  EXPECT_EQ(problem.o, o);
  EXPECT_EQ(problem.sT, sT);
}

TEST(Launch, Query) {
  Problem problem(3, 5);
  gsa_query_result result = {};
  result.size = sizeof(result);
  ASSERT_EQ(gsa_query(&problem.kernel, &problem.params.head, &result),
            GSA_SUCCESS);
  EXPECT_EQ(result.size, sizeof(result));
  EXPECT_STREQ(result.chip, "host");
  EXPECT_STREQ(result.schedule, "step");
  EXPECT_EQ(result.backend, GSA_BACKEND_CPU);
  EXPECT_EQ(result.threads, 1);
  EXPECT_EQ(result.blocks, 12);
  EXPECT_EQ(result.workspace_size, 64u);
}

TEST(Launch, QueryOfThreads) {
  Problem problem(3, 5);
  auto ask = [&](int32_t threads) {
    problem.params.head.threads = threads;
    gsa_query_result result = {};
    result.size = sizeof(result);
    EXPECT_EQ(gsa_query(&problem.kernel, &problem.params.head, &result),
              GSA_SUCCESS);
    EXPECT_EQ(result.workspace_size, size_t(result.threads) * 64);
    return result.threads;
  };
  EXPECT_EQ(ask(1), 1);
  EXPECT_EQ(ask(5), 5);
  EXPECT_EQ(ask(1024), 12); // no more than blocks
  EXPECT_EQ(ask(0), std::min(omp_get_num_procs(), 12));
}

TEST(Launch, ScratchIsRoundedUp) {
  Problem problem(3, 5);
  problem.params.head.threads = 3;
  for (auto [scratch, slice] :
       {std::pair<int64_t, size_t>{0, 0}, {1, 64}, {64, 64}, {65, 128}}) {
    problem.images[0].scratch = scratch;
    size_t bytes = 0;
    ASSERT_EQ(problem.workspaceSize(bytes), GSA_SUCCESS);
    EXPECT_EQ(bytes, 3 * slice);
  }
}

TEST(Launch, WithoutScratchNoWorkspace) {
  static std::atomic<int> strays;
  strays = 0;
  Problem problem(2, 3);
  problem.images[0].scratch = 0;
  stageOf(problem.images[0]).entry = [](const gsa_tensor *, int64_t,
                                        void *scratch) {
    strays += scratch != nullptr;
  };
  ASSERT_EQ(problem.launch(), GSA_SUCCESS) << gsa_error_detail();
  problem.giveWorkspace(64);
  ASSERT_EQ(problem.launch(), GSA_SUCCESS) << gsa_error_detail();
  EXPECT_EQ(strays, 0);
}

TEST(Launch, Alone) {
  Problem problem(3, 5);
  problem.run();
  expectRight(problem, 3, 5);
}

TEST(Launch, EveryThreadCountGivesTheSameBits) {
  GSA_SKIP_TEAMS_UNDER_TSAN();
  for (int32_t threads : {1, 2, 3, 8, 64, 0}) {
    Problem problem(7, 33);
    problem.params.head.threads = threads;
    for (int round = 0; round < 20; ++round) {
      std::fill(problem.o.begin(), problem.o.end(), -7.f);
      std::fill(problem.sT.begin(), problem.sT.end(), -7.f);
      problem.run();
      expectRight(problem, 7, 33);
    }
  }
}

TEST(Launch, EveryBlockRunsOnce) {
  GSA_SKIP_TEAMS_UNDER_TSAN();
  static std::atomic<int> runs[28];
  for (int32_t threads : {1, 2, 8}) {
    for (auto &count : runs)
      count = 0;
    Problem problem(7, 3);
    problem.params.head.threads = threads;
    stageOf(problem.images[0]).entry = [](const gsa_tensor *, int64_t block,
                                          void *) { ++runs[block]; };
    problem.run();
    for (auto &count : runs)
      EXPECT_EQ(count, 1);
  }
}

TEST(Launch, StagesSeeWhatWasBefore) {
  GSA_SKIP_TEAMS_UNDER_TSAN();
  // Two cuts of the last two of three sequences: the first stage numbers them,
  // the second, of as many blocks as there are segments, adds them up.
  static const gsa_argument cuts[] = {
      {"cuts",
       {GSA_EXTENT_CUTS, GSA_EXTENT_CUT_SEQUENCES},
       2,
       GSA_F32,
       GSA_WORKSPACE,
       0}};
  static std::atomic<int> sums;
  const gsa_stage stages[] = {
      {"number",
       [](const gsa_extents *extents) {
         return (extents->segments - 1) * (extents->sequences - extents->whole);
       },
       [](const gsa_tensor *tensors, int64_t block, void *) {
         static_cast<float *>(tensors[4].data)[block] = float(block) + 1;
       },
       0, 0, 0, 0},
      {"none", [](const gsa_extents *) -> int64_t { return 0; },
       [](const gsa_tensor *, int64_t, void *) { sums = -1000; }, 0, 0, 0, 0},
      {"add", [](const gsa_extents *extents) { return extents->segments; },
       [](const gsa_tensor *tensors, int64_t, void *scratch) {
         const gsa_tensor &cut = tensors[4];
         EXPECT_EQ(cut.shape[0] * cut.stride[0], 4);
         float *numbers = static_cast<float *>(cut.data);
         // Scratch lies behind the workspaces.
         EXPECT_GE(scratch, static_cast<void *>(numbers + 4));
         for (int i = 0; i < 4; ++i)
           sums += int(numbers[i]);
       },
       0, 0, 0, 0}};
  for (int32_t threads : {1, 8}) {
    sums = 0;
    Problem problem(3, 3);
    gsa_image &image = problem.images[0];
    image.stages = stages;
    image.num_stages = 3;
    image.workspaces = cuts;
    image.num_workspaces = 1;
    image.segments = [](const gsa_extents *extents, int64_t processors,
                        int64_t resident, int64_t *whole) {
      EXPECT_EQ(extents->segments, 1);
      EXPECT_EQ(extents->whole, 3);
      *whole = resident;
      return processors + 2;
    };
    problem.params.head.threads = threads;
    problem.run();
    EXPECT_EQ(sums, 3 * 10);
  }
}

TEST(Launch, NoTime) {
  Problem problem(3, 0);
  problem[Q].data = problem[O].data = nullptr;
  problem.run();
  EXPECT_EQ(problem.sT, problem.s0);
}

TEST(Launch, NoBatch) {
  Problem problem(0, 5);
  for (int argument : {Q, S0, O, ST})
    problem[argument].data = nullptr;
  blocksRun = 0;
  size_t bytes = 1;
  ASSERT_EQ(problem.workspaceSize(bytes), GSA_SUCCESS) << gsa_error_detail();
  EXPECT_EQ(bytes, 0u);
  ASSERT_EQ(problem.launch(), GSA_SUCCESS) << gsa_error_detail();
  EXPECT_EQ(blocksRun, 0);
}

TEST(Launch, Strided) {
  Problem problem(2, 5);
  Problem dense(2, 5);
  dense.run();
  // Heads before time, and a gap behind every head.
  std::vector<float> q(2 * heads * 5 * (size + 3), -9), o(q.size(), -9);
  int64_t stride[] = {heads * 5 * (size + 3), size + 3, 5 * (size + 3), 1};
  auto at = [&](int64_t b, int64_t t, int64_t h, int64_t d) {
    return b * stride[0] + t * stride[1] + h * stride[2] + d;
  };
  auto eachElement = [&](auto function) {
    for (int64_t b = 0; b < 2; ++b)
      for (int64_t t = 0; t < 5; ++t)
        for (int64_t h = 0; h < heads; ++h)
          for (int64_t d = 0; d < size; ++d)
            function(at(b, t, h, d), ((b * 5 + t) * heads + h) * size + d);
  };
  eachElement([&](int64_t to, int64_t from) { q[to] = problem.q[from]; });
  problem[Q].data = q.data();
  problem[O].data = o.data();
  for (int argument : {Q, O})
    std::copy(stride, stride + 4, problem[argument].stride);
  problem.run();
  size_t gaps = std::count(o.begin(), o.end(), -9.f);
  EXPECT_EQ(gaps, o.size() - dense.o.size());
  eachElement(
      [&](int64_t from, int64_t to) { EXPECT_EQ(o[from], dense.o[to]); });
}

TEST(Launch, RepeatedInput) {
  Problem problem(3, 5);
  problem[S0].stride[0] = 0; // all sequences start from the first one's state
  for (size_t i = heads * size; i < problem.s0.size(); ++i)
    problem.s0[i] = problem.s0[i % (heads * size)];
  std::vector<float> first(problem.s0.begin(),
                           problem.s0.begin() + heads * size);
  problem[S0].data = first.data();
  problem.run();
  expectRight(problem, 3, 5);
}

template <typename T> class LaunchPacked : public testing::Test {};
using OffsetTypes = testing::Types<int32_t, int64_t>;
TYPED_TEST_SUITE(LaunchPacked, OffsetTypes);

TYPED_TEST(LaunchPacked, EmptyAndShortSequences) {
  std::vector<TypeParam> table = {0, 0, 1, 1, 6, 13, 13};
  for (int32_t threads : {1, 4}) {
    if (threads > 1 && GSA_TEST_UNDER_TSAN)
      continue;
    Problem problem(table);
    problem.params.head.threads = threads;
    problem.run();
    std::vector<float> o(problem.o.size()), sT(problem.sT.size());
    for (size_t n = 0; n + 1 < table.size(); ++n)
      reference(problem, n, 0, 13, table[n], table[n + 1], o, sT);
    EXPECT_EQ(problem.o, o);
    EXPECT_EQ(problem.sT, sT);
  }
}

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

static std::atomic<int> waiting;
static std::atomic<bool> met;
static void *slices[2];

/// Two blocks that end only when both have begun.
static void meet(const gsa_tensor *, int64_t block, void *scratch) {
  slices[block] = scratch;
  ++waiting;
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (waiting < 2)
    if (std::chrono::steady_clock::now() > end)
      return;
    else
      std::this_thread::yield();
  met = true;
}

TEST(Launch, TwoWorkersRunAtTheSameTimeInTheirOwnScratch) {
  GSA_SKIP_TEAMS_UNDER_TSAN();
  waiting = 0;
  met = false;
  Problem problem(1, 3);
  problem.params.head.threads = 2;
  stageOf(problem.images[0]).grid = [](const gsa_extents *) -> int64_t {
    return 2;
  };
  problem.images[0].scratch = 65;
  stageOf(problem.images[0]).entry = meet;
  problem.run();
  EXPECT_TRUE(met);
  char *low = static_cast<char *>(std::min(slices[0], slices[1]));
  char *high = static_cast<char *>(std::max(slices[0], slices[1]));
  EXPECT_EQ(low, problem.memory.get());
  EXPECT_EQ(high - low, 128);
}

static std::thread::id caller;
static std::atomic<int> strangers, levels;

/// Notes a block that runs in another thread or inside a parallel region.
static void watch(const gsa_tensor *, int64_t, void *) {
  strangers += std::this_thread::get_id() != caller;
  levels += omp_get_level();
}

TEST(Launch, OneWorkerIsTheCallerWithoutOpenMP) {
  caller = std::this_thread::get_id();
  strangers = levels = 0;
  Problem problem(7, 3);
  stageOf(problem.images[0]).entry = watch;
  problem.run();
  EXPECT_EQ(strangers, 0);
  EXPECT_EQ(levels, 0);

  // One block needs no team either.
  stageOf(problem.images[0]).grid = [](const gsa_extents *) -> int64_t {
    return 1;
  };
  problem.params.head.threads = 8;
  problem.run();
  EXPECT_EQ(strangers, 0);
  EXPECT_EQ(levels, 0);
}

static thread_local int mine;
static std::atomic<int> total;

TEST(Launch, InsideAParallelRegionTheCallerIsAlone) {
  GSA_SKIP_TEAMS_UNDER_TSAN();
  total = 0;
  std::atomic<int> wrong{0};
#pragma omp parallel num_threads(2)
  {
    Problem problem(7, 3);
    stageOf(problem.images[0]).entry = [](const gsa_tensor *, int64_t, void *) {
      ++mine;
      ++total;
    };
    problem.params.head.threads = 4;
    mine = 0;
    gsa_query_result result = {};
    result.size = sizeof(result);
    wrong += gsa_query(&problem.kernel, &problem.params.head, &result) !=
             GSA_SUCCESS;
    wrong += result.threads != 1;
    wrong += result.workspace_size != 64;
    problem.run();
    wrong += mine != 28; // all of this thread's blocks, by this thread
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(total, 56);
}

TEST(Launch, ManyCallersAtOnce) {
  int32_t threads = GSA_TEST_UNDER_TSAN ? 1 : 2;
  auto call = [threads] {
    for (int round = 0; round < 50; ++round) {
      Problem problem(5, 9);
      problem.params.head.threads = threads;
      problem.run();
      expectRight(problem, 5, 9);
      // Each has its own words for its own mistakes.
      int64_t wrong = 100 + round;
      problem[Q].shape[3] = wrong;
      EXPECT_EQ(problem.launch(), GSA_ERROR_INVALID_SHAPE);
      EXPECT_EQ(gsa_error_detail(),
                "extent 3 of 'q' must be 8, got " + std::to_string(wrong));
    }
  };
  std::thread a(call), b(call), c(call);
  call();
  a.join();
  b.join();
  c.join();
}

#if defined(__x86_64__)
static std::atomic<unsigned> environments;

TEST(Launch, BlocksRunInTheDefaultFloatingPointEnvironment) {
  unsigned own = _mm_getcsr();
  // Flush to zero, subnormals are zero, toward zero, division by zero traps.
  unsigned odd = 0xfdc0 & ~_MM_MASK_DIV_ZERO;
  for (int32_t threads : {1, 4}) {
    if (threads > 1 && GSA_TEST_UNDER_TSAN)
      continue;
    environments = 0;
    Problem problem(7, 3);
    stageOf(problem.images[0]).entry = [](const gsa_tensor *, int64_t, void *) {
      environments |= _mm_getcsr() & ~_MM_EXCEPT_MASK;
      volatile float zero = 0;
      volatile float infinity = 1 / zero;
      (void)infinity;
    };
    problem.params.head.threads = threads;
    problem.giveWorkspace(4 * 64);
    _mm_setcsr(odd);
    gsa_status status = problem.launch();
    unsigned after = _mm_getcsr();
    _mm_setcsr(own);
    EXPECT_EQ(status, GSA_SUCCESS);
    EXPECT_EQ(environments, unsigned(_MM_MASK_MASK));
    EXPECT_EQ(after, odd);
  }
}
#endif
