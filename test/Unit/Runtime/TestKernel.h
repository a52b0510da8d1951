//===- TestKernel.h - A kernel written by hand, and a call of it *- C++ -*-===//
//
// The kernel is a decaying sum with the argument kinds that compiled ones have:
//
//   S_t = S_{t-1} / 2 + q_t,  o_t = S_t      q, o [B, T, H, D]  s0, sT [N, H,
//   D]
//
// one block for each sequence and head. Its states live in the scratch, which
// it fills with NaN first, so a slice that two workers share shows.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_TEST_UNIT_RUNTIME_TESTKERNEL_H
#define GSA_TEST_UNIT_RUNTIME_TESTKERNEL_H

#include "gsa/runtime.h"

#include "gtest/gtest.h"

#include <atomic>
#include <cstring>
#include <deque>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <vector>

namespace gsa::test {

constexpr int64_t heads = 4;
constexpr int64_t size = 8;

/// Indices of the arguments.
enum { Q, S0, O, ST, Offsets };

/// What a generated params struct looks like.
struct Params {
  gsa_params head;
  gsa_tensor tensors[5];
};

inline std::atomic<int> blocksRun{0};

inline void decayingSum(const gsa_tensor *tensors, int64_t sequence,
                        int64_t head, int64_t batch, int64_t begin, int64_t end,
                        void *scratch) {
  ++blocksRun;
  const gsa_tensor &q = tensors[Q], &s0 = tensors[S0];
  const gsa_tensor &o = tensors[O], &sT = tensors[ST];
  auto at = [](const gsa_tensor &t, int64_t i, int64_t j, int64_t k) {
    return static_cast<float *>(t.data) + i * t.stride[0] + j * t.stride[1] +
           (t.rank == 4 ? k * t.stride[2] : 0);
  };
  float *state = static_cast<float *>(scratch);
  for (int64_t d = 0; d < size; ++d)
    state[d] = std::numeric_limits<float>::quiet_NaN();
  std::memcpy(state, at(s0, sequence, head, 0), size * sizeof(float));
  for (int64_t t = begin; t < end; ++t)
    for (int64_t d = 0; d < size; ++d) {
      state[d] = state[d] / 2 + at(q, batch, t, head)[d];
      at(o, batch, t, head)[d] = state[d];
    }
  std::memcpy(at(sT, sequence, head, 0), state, size * sizeof(float));
}

inline void denseEntry(const gsa_tensor *tensors, int64_t block,
                       void *scratch) {
  int64_t sequence = block / heads;
  decayingSum(tensors, sequence, block % heads, sequence, 0,
              tensors[Q].shape[1], scratch);
}

template <typename T>
void packedEntry(const gsa_tensor *tensors, int64_t block, void *scratch) {
  int64_t sequence = block / heads;
  const T *offsets = static_cast<const T *>(tensors[Offsets].data);
  decayingSum(tensors, sequence, block % heads, 0, offsets[sequence],
              offsets[sequence + 1], scratch);
}

inline int64_t grid(const gsa_extents *extents) {
  return extents->sequences * heads;
}

inline gsa_image hostImage(const char *chip, int32_t rank,
                           gsa_host_entry entry) {
  gsa_image image = {};
  image.chip = chip;
  image.backend = GSA_BACKEND_CPU;
  image.rank = rank;
  // Stages live as long as the process: a test that runs a stage changes its
  // own. Threads of a test make images at the same time.
  static std::mutex mutex;
  static std::deque<gsa_stage> stages;
  std::lock_guard<std::mutex> lock(mutex);
  stages.push_back({"sum", grid, entry, 0, 0, 0, 0});
  image.stages = &stages.back();
  image.num_stages = 1;
  image.scratch = size * int64_t(sizeof(float));
  image.schedule = "step";
  return image;
}

/// The only stage of an image for the host.
inline gsa_stage &stageOf(gsa_image &image) {
  return const_cast<gsa_stage &>(*image.stages);
}

struct AlignedDelete {
  void operator()(void *memory) const {
    ::operator delete(memory, std::align_val_t(GSA_WORKSPACE_ALIGNMENT));
  }
};

/// A kernel, memory for its arguments, and params that pass every check.
struct Problem {
  std::vector<gsa_argument> arguments;
  std::vector<gsa_image> images;
  std::vector<float> q, s0, o, sT;
  std::vector<int32_t> offsets32;
  std::vector<int64_t> offsets64;
  std::unique_ptr<void, AlignedDelete> memory; ///< of the workspace
  gsa_kernel kernel = {};
  Params params = {};

  /// Sequences of the same length.
  Problem(int64_t batch, int64_t time) : Problem(batch, time, batch) {
    images = {hostImage("host", 1, denseEntry)};
    describe();
  }

  /// Packed sequences; T is an offset type.
  template <typename T> explicit Problem(const std::vector<T> &table);

  Problem(const Problem &) = delete;
  Problem &operator=(const Problem &) = delete;

  /// Makes the kernel refer to the lists, after they changed.
  void describe() {
    kernel.abi_version = GSA_ABI_VERSION;
    kernel.role = GSA_ROLE_FORWARD;
    kernel.name = "sum";
    kernel.num_arguments = static_cast<int32_t>(arguments.size());
    kernel.num_images = static_cast<int32_t>(images.size());
    kernel.arguments = arguments.data();
    kernel.images = images.data();
    params.head.size =
        sizeof(gsa_params) + arguments.size() * sizeof(gsa_tensor);
  }

  /// A workspace of exactly `bytes`, so that a sanitizer sees more being used.
  void giveWorkspace(size_t bytes) {
    memory.reset(
        ::operator new(bytes, std::align_val_t(GSA_WORKSPACE_ALIGNMENT)));
    params.head.workspace = memory.get();
    params.head.workspace_size = bytes;
  }

  gsa_status workspaceSize(size_t &bytes) {
    return gsa_workspace_size(&kernel, &params.head, &bytes);
  }
  gsa_status launch(gsa_stream stream = nullptr) {
    return gsa_launch(&kernel, &params.head, stream);
  }

  /// Launches with the workspace that the runtime asks for.
  void run() {
    size_t bytes = 0;
    ASSERT_EQ(workspaceSize(bytes), GSA_SUCCESS) << gsa_error_detail();
    giveWorkspace(bytes);
    ASSERT_EQ(launch(), GSA_SUCCESS) << gsa_error_detail();
  }

  gsa_tensor &operator[](int argument) { return params.tensors[argument]; }

private:
  Problem(int64_t batch, int64_t time, int64_t sequences) {
    constexpr int64_t B = GSA_EXTENT_BATCH, T = GSA_EXTENT_TIME,
                      N = GSA_EXTENT_SEQUENCES;
    arguments = {
        {"q", {B, T, heads, size}, 4, GSA_F32, GSA_INPUT, 0},
        {"s0", {N, heads, size, 0}, 3, GSA_F32, GSA_INPUT, 0},
        {"o", {B, T, heads, size}, 4, GSA_F32, GSA_OUTPUT, 0},
        {"sT", {N, heads, size, 0}, 3, GSA_F32, GSA_OUTPUT, 0},
    };
    q.resize(batch * time * heads * size);
    s0.resize(sequences * heads * size);
    o.assign(q.size(), -7);
    sT.assign(s0.size(), -7);
    for (size_t i = 0; i < q.size(); ++i)
      q[i] = static_cast<float>(i * 2654435761u % 1000) / 999 - 0.3f;
    for (size_t i = 0; i < s0.size(); ++i)
      s0[i] = static_cast<float>(i * 40503u % 100) / 99;
    int64_t tokens[] = {batch, time, heads, size};
    int64_t states[] = {sequences, heads, size};
    params.tensors[Q] = gsa_dense(q.data(), GSA_F32, 4, tokens);
    params.tensors[S0] = gsa_dense(s0.data(), GSA_F32, 3, states);
    params.tensors[O] = gsa_dense(o.data(), GSA_F32, 4, tokens);
    params.tensors[ST] = gsa_dense(sT.data(), GSA_F32, 3, states);
    params.head.threads = 1;
  }

  std::vector<int32_t> &tableOf(int32_t) { return offsets32; }
  std::vector<int64_t> &tableOf(int64_t) { return offsets64; }
};

template <typename T>
Problem::Problem(const std::vector<T> &table)
    : Problem(1, table.back(), static_cast<int64_t>(table.size()) - 1) {
  gsa_dtype dtype = sizeof(T) == 4 ? GSA_I32 : GSA_I64;
  arguments.push_back(
      {"offsets", {GSA_EXTENT_OFFSETS}, 1, dtype, GSA_OFFSETS, 0});
  images = {hostImage("host", 1, packedEntry<T>)};
  std::vector<T> &mine = tableOf(T());
  mine = table;
  int64_t entries = static_cast<int64_t>(table.size());
  params.tensors[Offsets] = gsa_dense(mine.data(), dtype, 1, &entries);
  describe();
}

/// Every call refuses the problem in the same words, and touches nothing.
inline void expectRefused(Problem &problem, gsa_status status,
                          const std::string &detail) {
  std::vector<float> o = problem.o, sT = problem.sT;
  blocksRun = 0;

  gsa_query_result result;
  std::memset(&result, 0x5a, sizeof(result));
  result.size = sizeof(result);
  gsa_query_result before = result;
  EXPECT_EQ(gsa_query(&problem.kernel, &problem.params.head, &result), status);
  EXPECT_EQ(gsa_error_detail(), detail);
  EXPECT_EQ(std::memcmp(&result, &before, sizeof(result)), 0);

  size_t bytes = 12345;
  EXPECT_EQ(problem.workspaceSize(bytes), status);
  EXPECT_EQ(gsa_error_detail(), detail);
  EXPECT_EQ(bytes, 12345u);

  problem.giveWorkspace(1 << 16);
  EXPECT_EQ(problem.launch(), status);
  EXPECT_EQ(gsa_error_detail(), detail);
  EXPECT_EQ(blocksRun, 0);
  EXPECT_EQ(problem.o, o);
  EXPECT_EQ(problem.sT, sT);
}

/// A launch refuses the problem, and touches nothing.
inline void expectLaunchRefused(Problem &problem, gsa_status status,
                                const std::string &detail,
                                gsa_stream stream = nullptr) {
  std::vector<float> o = problem.o, sT = problem.sT;
  blocksRun = 0;
  EXPECT_EQ(problem.launch(stream), status);
  EXPECT_EQ(gsa_error_detail(), detail);
  EXPECT_EQ(blocksRun, 0);
  EXPECT_EQ(problem.o, o);
  EXPECT_EQ(problem.sT, sT);
}

/// ThreadSanitizer does not see the locks of an OpenMP library that was not
/// built with it, and takes every team for a race.
#if defined(__SANITIZE_THREAD__)
#define GSA_TEST_UNDER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define GSA_TEST_UNDER_TSAN 1
#endif
#endif
#ifndef GSA_TEST_UNDER_TSAN
#define GSA_TEST_UNDER_TSAN 0
#endif
#define GSA_SKIP_TEAMS_UNDER_TSAN()                                            \
  if (GSA_TEST_UNDER_TSAN)                                                     \
  GTEST_SKIP() << "the OpenMP library is not built with ThreadSanitizer"

} // namespace gsa::test

#endif // GSA_TEST_UNIT_RUNTIME_TESTKERNEL_H
