//===- CheckTest.cpp - Each law, and the words when it is broken ----------===//

#include "DeviceKernel.h"

using namespace gsa::test;

//===----------------------------------------------------------------------===//
// Null pointers and the head of the params
//===----------------------------------------------------------------------===//

TEST(Check, NullKernel) {
  Problem problem(1, 3);
  gsa_query_result result = {};
  result.size = sizeof(result);
  size_t bytes = 0;
  const char *detail = "kernel must point to a gsa_kernel, got null";
  EXPECT_EQ(gsa_query(nullptr, &problem.params.head, &result),
            GSA_ERROR_INVALID_ARGUMENT);
  EXPECT_STREQ(gsa_error_detail(), detail);
  EXPECT_EQ(gsa_workspace_size(nullptr, &problem.params.head, &bytes),
            GSA_ERROR_INVALID_ARGUMENT);
  EXPECT_STREQ(gsa_error_detail(), detail);
  EXPECT_EQ(gsa_launch(nullptr, &problem.params.head, nullptr),
            GSA_ERROR_INVALID_ARGUMENT);
  EXPECT_STREQ(gsa_error_detail(), detail);
}

TEST(Check, NullParams) {
  Problem problem(1, 3);
  gsa_query_result result = {};
  result.size = sizeof(result);
  size_t bytes = 0;
  const char *detail =
      "params must point to the params struct of kernel 'sum', got null";
  EXPECT_EQ(gsa_query(&problem.kernel, nullptr, &result),
            GSA_ERROR_INVALID_ARGUMENT);
  EXPECT_STREQ(gsa_error_detail(), detail);
  EXPECT_EQ(gsa_workspace_size(&problem.kernel, nullptr, &bytes),
            GSA_ERROR_INVALID_ARGUMENT);
  EXPECT_STREQ(gsa_error_detail(), detail);
  EXPECT_EQ(gsa_launch(&problem.kernel, nullptr, nullptr),
            GSA_ERROR_INVALID_ARGUMENT);
  EXPECT_STREQ(gsa_error_detail(), detail);
}

TEST(Check, NullResults) {
  Problem problem(1, 3);
  EXPECT_EQ(gsa_query(&problem.kernel, &problem.params.head, nullptr),
            GSA_ERROR_INVALID_ARGUMENT);
  EXPECT_STREQ(gsa_error_detail(),
               "result must point to a gsa_query_result, got null");
  EXPECT_EQ(gsa_workspace_size(&problem.kernel, &problem.params.head, nullptr),
            GSA_ERROR_INVALID_ARGUMENT);
  EXPECT_STREQ(gsa_error_detail(), "bytes must point to a size_t, got null");
}

TEST(Check, ResultSize) {
  Problem problem(1, 3);
  gsa_query_result result = {};
  result.size = 8;
  EXPECT_EQ(gsa_query(&problem.kernel, &problem.params.head, &result),
            GSA_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(gsa_error_detail(), "result->size must be " +
                                    std::to_string(sizeof(result)) + ", got 8");
  EXPECT_EQ(result.chip, nullptr);
}

TEST(Check, ParamsSize) {
  Problem problem(1, 3);
  problem.params.head.size -= 1;
  expectRefused(problem, GSA_ERROR_INVALID_ARGUMENT,
                "params->size must be 360 (gsa_params and 4 tensors), got 359");
}

TEST(Check, Threads) {
  Problem problem(1, 3);
  problem.params.head.threads = -1;
  expectRefused(problem, GSA_ERROR_INVALID_ARGUMENT,
                "params->threads must be 0 to 1024, got -1");
  problem.params.head.threads = 1025;
  expectRefused(problem, GSA_ERROR_INVALID_ARGUMENT,
                "params->threads must be 0 to 1024, got 1025");
}

TEST(Check, Backends) {
  Problem problem(1, 3);
  problem.params.head.backends = 8;
  expectRefused(problem, GSA_ERROR_INVALID_ARGUMENT,
                "params->backends must be a set of 1 << gsa_backend, 0 to 7, "
                "got 8");
  problem.params.head.backends = -1;
  expectRefused(problem, GSA_ERROR_INVALID_ARGUMENT,
                "params->backends must be a set of 1 << gsa_backend, 0 to 7, "
                "got -1");
}

//===----------------------------------------------------------------------===//
// The kernel's description
//===----------------------------------------------------------------------===//

TEST(Check, AbiVersion) {
  Problem problem(1, 3);
  problem.kernel.abi_version = GSA_ABI_VERSION - 1;
  // Of another version nothing else may be read.
  problem.kernel.name = nullptr;
  expectRefused(problem, GSA_ERROR_ABI,
                "kernel must have ABI version 4 as this runtime, got 3");
}

TEST(Check, KernelParts) {
  Problem problem(1, 3);
  problem.kernel.name = nullptr;
  expectRefused(problem, GSA_ERROR_ABI, "kernel must have a name, got null");
  problem.describe();
  problem.kernel.arguments = nullptr;
  expectRefused(problem, GSA_ERROR_ABI,
                "kernel 'sum' must have a list of arguments, got null of 4");
  problem.describe();
  problem.kernel.num_arguments = -1;
  expectRefused(problem, GSA_ERROR_ABI,
                "kernel 'sum' must have a list of arguments, got one of -1");
  problem.describe();
  problem.kernel.images = nullptr;
  expectRefused(problem, GSA_ERROR_ABI,
                "kernel 'sum' must have a list of images, got null of 1");
  problem.describe();
  problem.kernel.num_images = -2;
  expectRefused(problem, GSA_ERROR_ABI,
                "kernel 'sum' must have a list of images, got one of -2");
}

TEST(Check, ArgumentParts) {
  auto refuse = [](auto change, const char *detail) {
    Problem problem(1, 3);
    change(problem.arguments[1]);
    expectRefused(problem, GSA_ERROR_ABI, detail);
  };
  refuse([](gsa_argument &a) { a.name = nullptr; },
         "argument 1 of kernel 'sum' must have a name, got null");
  refuse([](gsa_argument &a) { a.rank = 5; },
         "rank of 's0' in the description of kernel 'sum' must be 0 to 4, got "
         "5");
  refuse([](gsa_argument &a) { a.rank = -1; },
         "rank of 's0' in the description of kernel 'sum' must be 0 to 4, got "
         "-1");
  refuse([](gsa_argument &a) { a.dtype = 9; },
         "type of 's0' in the description of kernel 'sum' must be a gsa_dtype, "
         "got 9");
  refuse([](gsa_argument &a) { a.kind = 3; },
         "kind of 's0' in the description of kernel 'sum' must be a "
         "gsa_argument_kind, got 3");
  refuse([](gsa_argument &a) { a.shape[2] = GSA_EXTENT_CUTS; },
         "extent 2 of 's0' in the description of kernel 'sum' must be a "
         "gsa_extent or 0 to 1099511627776, got -5");
  refuse([](gsa_argument &a) { a.shape[2] = -7; },
         "extent 2 of 's0' in the description of kernel 'sum' must be a "
         "gsa_extent or 0 to 1099511627776, got -7");
  refuse([](gsa_argument &a) { a.kind = GSA_OFFSETS; },
         "offsets 's0' in the description of kernel 'sum' must be a vector of "
         "N + 1 i32 or i64, got rank 3 of f32");
}

/// A gsa_segments.
template <int64_t segments, int64_t wholes>
static int64_t answer(const gsa_extents *, int64_t, int64_t, int64_t *whole) {
  *whole = wholes;
  return segments;
}

TEST(Check, ImageParts) {
  auto refuse = [](auto change, const char *detail) {
    Problem problem(1, 3);
    change(problem.images[0]);
    expectRefused(problem, GSA_ERROR_ABI, detail);
  };
  refuse([](gsa_image &i) { i.chip = nullptr; },
         "image 0 of kernel 'sum' must have a chip, got null");
  refuse([](gsa_image &i) { i.schedule = nullptr; },
         "image 0 of kernel 'sum' must have a schedule, got null");
  refuse([](gsa_image &i) { stageOf(i).grid = nullptr; },
         "stage 0 of image 'host' of kernel 'sum' must have a grid, got null");
  refuse([](gsa_image &i) { stageOf(i).entry = nullptr; },
         "'sum' of image 'host' of kernel 'sum' must have an entry, got null");
  refuse([](gsa_image &i) { i.num_stages = 0; },
         "image 'host' of kernel 'sum' must have a list of stages, got one of "
         "0");
  refuse([](gsa_image &i) { i.num_workspaces = 1; },
         "image 'host' of kernel 'sum' must have a list of workspaces, got "
         "null of 1");
  refuse(
      [](gsa_image &i) {
        i.workspaces = workspaces;
        i.num_workspaces = 48;
      },
      "kernel 'sum' with image 'host' must have at most 51 arguments and "
      "workspaces, got 4 and 48");
  static gsa_argument wrong = workspaces[0];
  wrong.kind = GSA_INPUT;
  refuse(
      [](gsa_image &i) {
        i.workspaces = &wrong;
        i.num_workspaces = 1;
      },
      "kind of 'sums' in the description of kernel 'sum' must be a "
      "gsa_argument_kind, got 0");
  for (int64_t segments : {0, 1025})
    refuse(
        [&](gsa_image &i) {
          i.segments = segments ? answer<1025, 0> : answer<0, 0>;
        },
        segments ? "segments of image 'host' of kernel 'sum' must be 1 to "
                   "1024, got 1025"
                 : "segments of image 'host' of kernel 'sum' must be 1 to "
                   "1024, got 0");
  refuse([](gsa_image &i) { i.segments = answer<2, -1>; },
         "whole sequences of image 'host' of kernel 'sum' must be 0 to 1, got "
         "-1");
  refuse([](gsa_image &i) { i.segments = answer<2, 2>; },
         "whole sequences of image 'host' of kernel 'sum' must be 0 to 1, got "
         "2");
  refuse([](gsa_image &i) { i.scratch = -1; },
         "scratch of image 'host' of kernel 'sum' must be 0 to 1099511627776 "
         "bytes, got -1");
  refuse([](gsa_image &i) { i.scratch = INT64_MAX; },
         "scratch of image 'host' of kernel 'sum' must be 0 to 1099511627776 "
         "bytes, got 9223372036854775807");
  refuse(
      [](gsa_image &i) {
        stageOf(i).grid = [](const gsa_extents *) -> int64_t { return -3; };
      },
      "grid of 'sum' of image 'host' of kernel 'sum' must not be negative, got "
      "-3");
}

TEST(Check, DeviceImageParts) {
  auto refuse = [](auto change, const char *detail) {
    DeviceProblem problem(1, 3);
    change(problem.images[0]);
    expectRefused(problem, GSA_ERROR_ABI, detail);
    EXPECT_EQ(gsa_preload(&problem.kernel, nullptr), GSA_ERROR_ABI);
  };
  refuse([](gsa_image &i) { i.code = nullptr; },
         "image 'gpu' of kernel 'sum' must have code, got null");
  refuse([](gsa_image &i) { i.code_size = 0; },
         "image 'gpu' of kernel 'sum' must have code, got 0 bytes");
  refuse([](gsa_image &i) { i.stages = nullptr; },
         "image 'gpu' of kernel 'sum' must have a list of stages, got null of "
         "1");
  refuse([](gsa_image &i) { i.num_stages = 0; },
         "image 'gpu' of kernel 'sum' must have a list of stages, got one of "
         "0");
  refuse([](gsa_image &i) { i.arch = 0; },
         "image 'gpu' of kernel 'sum' must say with an arch and a "
         "gsa_arch_match where it runs, got 0 and 1");
  for (int32_t match : {0, 4})
    refuse([&](gsa_image &i) { i.match = match; },
           match ? "image 'gpu' of kernel 'sum' must say with an arch and a "
                   "gsa_arch_match where it runs, got 90 and 4"
                 : "image 'gpu' of kernel 'sum' must say with an arch and a "
                   "gsa_arch_match where it runs, got 90 and 0");

  DeviceProblem problem(1, 3);
  std::vector<gsa_argument> many(GSA_MAX_TENSORS + 1, problem.arguments[0]);
  problem.kernel.arguments = many.data();
  problem.kernel.num_arguments = GSA_MAX_TENSORS + 1;
  expectRefused(problem, GSA_ERROR_ABI,
                "kernel 'sum' with image 'gpu' must have at most 51 arguments "
                "and workspaces, got 52 and 0");
}

TEST(Check, Stages) {
  auto refuse = [](auto change, const std::string &detail) {
    DeviceProblem problem(1, 3);
    problem.stages = {stage("sum"), stage("fold")};
    problem.use();
    change(problem.stages);
    expectRefused(problem, GSA_ERROR_ABI, detail);
  };
  using Stages = std::vector<gsa_stage>;
  refuse([](Stages &s) { s[1].symbol = nullptr; },
         "stage 1 of image 'gpu' of kernel 'sum' must have a symbol, got null");
  refuse([](Stages &s) { s[1].grid = nullptr; },
         "stage 1 of image 'gpu' of kernel 'sum' must have a grid, got null");
  refuse([](Stages &s) { s[0].threads = 0; },
         "threads of 'sum' of image 'gpu' of kernel 'sum' must be 1 to 1024, "
         "got 0");
  refuse([](Stages &s) { s[0].threads = 1025; },
         "threads of 'sum' of image 'gpu' of kernel 'sum' must be 1 to 1024, "
         "got 1025");
  refuse([](Stages &s) { s[1].shared_bytes = -1; },
         "shared bytes of 'fold' of image 'gpu' of kernel 'sum' must be 0 to "
         "2147483647, got -1");
  refuse([](Stages &s) { s[1].cluster = 0; },
         "cluster of 'fold' of image 'gpu' of kernel 'sum' must be 1 to 16, "
         "got 0");
  refuse([](Stages &s) { s[1].cluster = 17; },
         "cluster of 'fold' of image 'gpu' of kernel 'sum' must be 1 to 16, "
         "got 17");
  refuse([](Stages &s) { s[0].flags = GSA_STAGE_OVERLAP; },
         "flags of 'sum' of image 'gpu' of kernel 'sum' must be 0 to 0, got 1");
  refuse([](Stages &s) { s[1].flags = 2; },
         "flags of 'fold' of image 'gpu' of kernel 'sum' must be 0 to 1, got "
         "2");
  refuse([](Stages &s) { s[0].num_maps = 17; },
         "number of maps of 'sum' of image 'gpu' of kernel 'sum' must be 0 to "
         "16, got 17");
  refuse([](Stages &s) { s[0].num_maps = 1; },
         "'sum' of image 'gpu' of kernel 'sum' must have a list of maps, got "
         "null of 1");
  const auto refuseMap = [&](gsa_map map, const std::string &law) {
    refuse(
        [&](Stages &s) {
          s[0].maps = &map;
          s[0].num_maps = 1;
        },
        law);
  };
  const std::string where =
      " of a map of 'sum' of image 'gpu' of kernel 'sum' must be ";
  refuseMap({4, 32, {1, 1, 1, 1}},
            "tensor" + where + "one of the stage's, got 4");
  refuseMap({Q, 16, {1, 1, 1, 1}}, "swizzle" + where + "32, 64 or 128, got 16");
  refuseMap({Q, 32, {1, 257, 1, 1}},
            "box" + where + "1 to 256 along each dimension, got 257");
  refuseMap({Q, 32, {0, 1, 1, 1}},
            "box" + where + "1 to 256 along each dimension, got 0");
}

//===----------------------------------------------------------------------===//
// Types and shapes
//===----------------------------------------------------------------------===//

TEST(Check, Dtype) {
  Problem problem(1, 3);
  problem[Q].dtype = GSA_BF16;
  expectRefused(problem, GSA_ERROR_INVALID_DTYPE,
                "type of 'q' must be f32, got bf16");
  problem[Q].dtype = 77;
  expectRefused(problem, GSA_ERROR_INVALID_DTYPE,
                "type of 'q' must be f32, got 77, not a gsa_dtype");
}

TEST(Check, Rank) {
  Problem problem(1, 3);
  for (int32_t rank : {3, 5, -1, INT32_MIN, INT32_MAX}) {
    problem[Q].rank = rank;
    expectRefused(problem, GSA_ERROR_INVALID_SHAPE,
                  "rank of 'q' must be 4, got " + std::to_string(rank));
  }
}

TEST(Check, StaticExtents) {
  Problem problem(1, 3);
  for (int64_t extent : {int64_t(7), int64_t(-1), INT64_MIN, INT64_MAX}) {
    problem[O].shape[3] = extent;
    expectRefused(problem, GSA_ERROR_INVALID_SHAPE,
                  "extent 3 of 'o' must be 8, got " + std::to_string(extent));
  }
}

TEST(Check, DynamicExtents) {
  Problem problem(1, 3);
  for (int64_t extent :
       {int64_t(-1), INT64_MIN, INT64_MAX, (int64_t(1) << 40) + 1}) {
    problem[Q].shape[1] = extent;
    expectRefused(problem, GSA_ERROR_INVALID_SHAPE,
                  "extent 1 of 'q' must be 0 to 1099511627776, got " +
                      std::to_string(extent));
  }
}

TEST(Check, TimesAgree) {
  Problem problem(2, 3);
  problem[O].shape[1] = 2;
  expectRefused(problem, GSA_ERROR_INVALID_SHAPE,
                "time of 'o' must be 3 as in 'q', got 2");
}

TEST(Check, BatchesAgree) {
  Problem problem(2, 3);
  problem[O].shape[0] = 1;
  expectRefused(problem, GSA_ERROR_INVALID_SHAPE,
                "batch of 'o' must be 2 as in 'q', got 1");
}

TEST(Check, SequencesAgree) {
  Problem problem(2, 3);
  problem[ST].shape[0] = 1;
  expectRefused(problem, GSA_ERROR_INVALID_SHAPE,
                "sequences of 'sT' must be 2 as in 's0', got 1");
}

TEST(Check, SequencesAreTheBatchWithoutOffsets) {
  Problem problem(2, 3);
  problem[S0].shape[0] = problem[ST].shape[0] = 1;
  expectRefused(problem, GSA_ERROR_INVALID_SHAPE,
                "sequences of 's0' must be 2 as the batch of 'q', got 1");
}

TEST(Check, SequencesAreTheOffsetsLessOne) {
  Problem problem(std::vector<int32_t>{0, 2, 3});
  problem[Offsets].shape[0] = 2;
  expectRefused(problem, GSA_ERROR_INVALID_SHAPE,
                "sequences of 'offsets' must be 2 as in 's0', got 1");
  problem[Offsets].shape[0] = 0;
  expectRefused(problem, GSA_ERROR_INVALID_SHAPE,
                "extent 0 of 'offsets' must be 1 to 1099511627777, got 0");
}

TEST(Check, BatchIsOneWithOffsets) {
  Problem problem(std::vector<int64_t>{0, 2, 3});
  problem[Q].shape[0] = problem[O].shape[0] = 0;
  expectRefused(problem, GSA_ERROR_INVALID_SHAPE,
                "batch of 'q' must be 1 with offsets 'offsets', got 0");
}

TEST(Check, TooManyElements) {
  Problem problem(2, 3);
  problem[Q].shape[0] = problem[Q].shape[1] = int64_t(1) << 40;
  problem[Q].stride[0] = problem[Q].stride[1] = 0;
  expectRefused(
      problem, GSA_ERROR_INVALID_SHAPE,
      "elements of 'q' must fill less than 2^63 bytes, got shape "
      "[1099511627776, 1099511627776, 4, 8] and strides [0, 0, 8, 1]");
}

// A tensor too large for any machine has a plan all the same: nothing wraps.
TEST(Check, HugeExtentsAreCountedExactly) {
  int64_t huge = int64_t(1) << 40;
  Problem problem(1, 1);
  int64_t tokens[] = {1, huge, heads, size};
  for (int argument : {Q, O})
    problem[argument] = gsa_dense(nullptr, GSA_F32, 4, tokens);
  problem[Q].data = reinterpret_cast<void *>(uintptr_t(1) << 48);
  problem[O].data = reinterpret_cast<void *>(uintptr_t(1) << 49);
  gsa_query_result result = {};
  result.size = sizeof(result);
  EXPECT_EQ(gsa_query(&problem.kernel, &problem.params.head, &result),
            GSA_SUCCESS)
      << gsa_error_detail();
  EXPECT_EQ(result.blocks, heads);

  // As many sequences: more blocks than an int has.
  int64_t batches[] = {huge, 1, heads, size};
  int64_t states[] = {huge, heads, size};
  for (int argument : {Q, O})
    problem[argument] = gsa_dense(nullptr, GSA_F32, 4, batches);
  for (int argument : {S0, ST})
    problem[argument] = gsa_dense(nullptr, GSA_F32, 3, states);
  for (int argument : {Q, S0, O, ST})
    problem[argument].data =
        reinterpret_cast<void *>(uintptr_t(argument + 1) << 48);
  problem.params.head.threads = 1024;
  EXPECT_EQ(gsa_query(&problem.kernel, &problem.params.head, &result),
            GSA_SUCCESS)
      << gsa_error_detail();
  EXPECT_EQ(result.blocks, huge * heads);
  EXPECT_EQ(result.threads, 1024);
  EXPECT_EQ(result.workspace_size, 1024u * 64);
}

//===----------------------------------------------------------------------===//
// Strides and addresses
//===----------------------------------------------------------------------===//

TEST(Check, LastStride) {
  Problem problem(2, 3);
  for (int64_t stride : {2, 0, -1}) {
    problem[Q].stride[3] = stride;
    expectRefused(problem, GSA_ERROR_INVALID_STRIDE,
                  "last stride of 'q' must be 1, got " +
                      std::to_string(stride));
  }
}

TEST(Check, NegativeStride) {
  Problem problem(2, 3);
  problem[Q].stride[1] = -32;
  expectRefused(problem, GSA_ERROR_INVALID_STRIDE,
                "stride 1 of 'q' must not be negative, got -32");
  problem[Q].stride[1] = INT64_MIN;
  expectRefused(
      problem, GSA_ERROR_INVALID_STRIDE,
      "stride 1 of 'q' must not be negative, got -9223372036854775808");
}

TEST(Check, SpanTooLong) {
  Problem problem(2, 3);
  problem[Q].stride[0] = INT64_MAX;
  expectRefused(problem, GSA_ERROR_INVALID_STRIDE,
                "'q' must span less than 2^63 bytes, got shape [2, 3, 4, 8] "
                "and strides [9223372036854775807, 32, 8, 1]");
}

TEST(Check, OutputElementsShareNoAddress) {
  Problem problem(2, 3);
  problem[O].stride[1] = 0;
  expectRefused(problem, GSA_ERROR_INVALID_STRIDE,
                "strides of output 'o' must each step over all smaller ones, "
                "got shape [2, 3, 4, 8] and strides [96, 0, 8, 1]");
  problem[O].stride[1] = 31;
  expectRefused(problem, GSA_ERROR_INVALID_STRIDE,
                "strides of output 'o' must each step over all smaller ones, "
                "got shape [2, 3, 4, 8] and strides [96, 31, 8, 1]");
}

TEST(Check, StridesThatAreNeverStepped) {
  Problem problem(1, 1);
  problem[Q].stride[0] = -1;
  problem[O].stride[0] = INT64_MIN;
  problem[O].stride[1] = 0;
  problem.run();
}

TEST(Check, NullData) {
  Problem problem(2, 3);
  problem[S0].data = nullptr;
  expectRefused(problem, GSA_ERROR_INVALID_ARGUMENT,
                "data of 's0' must point to 256 bytes, got null");
  Problem packed(std::vector<int32_t>{0, 2, 3});
  packed[Offsets].data = nullptr;
  expectRefused(packed, GSA_ERROR_INVALID_ARGUMENT,
                "data of 'offsets' must point to 12 bytes, got null");
}

TEST(Check, MisalignedData) {
  Problem problem(2, 3);
  problem[Q].data = reinterpret_cast<char *>(problem.q.data()) + 2;
  expectRefused(problem, GSA_ERROR_INVALID_ARGUMENT,
                "data of 'q' must be aligned to 4 bytes, got an address 2 past "
                "a multiple");
}

TEST(Check, DataPastTheAddressSpace) {
  Problem problem(2, 3);
  problem[Q].data = reinterpret_cast<void *>(UINTPTR_MAX - 7);
  expectRefused(problem, GSA_ERROR_INVALID_ARGUMENT,
                "data of 'q' must lie in the address space, got 768 bytes at "
                "an address 7 below its end");
}

TEST(Check, OutputOverlapsInput) {
  Problem problem(2, 3);
  problem[O].data = problem.q.data();
  expectRefused(problem, GSA_ERROR_INVALID_ARGUMENT,
                "output 'o' must not overlap 'q', got 768 bytes in both");
  // By the last element only.
  std::vector<float> both(2 * problem.q.size() - 1);
  problem[Q].data = both.data();
  problem[O].data = both.data() + problem.q.size() - 1;
  expectRefused(problem, GSA_ERROR_INVALID_ARGUMENT,
                "output 'o' must not overlap 'q', got 4 bytes in both");
}

TEST(Check, OutputOverlapsOutput) {
  Problem problem(2, 3);
  problem[ST].data = problem.o.data();
  expectRefused(problem, GSA_ERROR_INVALID_ARGUMENT,
                "output 'sT' must not overlap 'o', got 256 bytes in both");
}

TEST(Check, OutputOverlapsOffsets) {
  Problem problem(std::vector<int32_t>{0, 2, 3});
  std::memcpy(problem.o.data(), problem.offsets32.data(), 12);
  problem[Offsets].data = problem.o.data();
  expectRefused(problem, GSA_ERROR_INVALID_ARGUMENT,
                "output 'o' must not overlap 'offsets', got 12 bytes in both");
}

TEST(Check, InputsMayOverlapAndNeighboursTouch) {
  Problem problem(2, 3);
  problem[S0].data = problem.q.data();
  std::vector<float> both(problem.o.size() + problem.sT.size());
  problem[O].data = both.data();
  problem[ST].data = both.data() + problem.o.size();
  problem.run();
}

TEST(Check, EmptyTensorsOverlapNothing) {
  Problem problem(2, 0);
  problem[Q].data = problem.sT.data() + 3;
  problem[O].data = problem.sT.data() + 3;
  problem.run();
  EXPECT_EQ(problem.sT, problem.s0);
}

//===----------------------------------------------------------------------===//
// Offsets
//===----------------------------------------------------------------------===//

template <typename T> class CheckOffsets : public testing::Test {};
using OffsetTypes = testing::Types<int32_t, int64_t>;
TYPED_TEST_SUITE(CheckOffsets, OffsetTypes);

template <typename T>
static void refuseTable(std::vector<T> table, const char *detail) {
  // Built from a good table of the same length, then made bad.
  std::vector<T> good(table.size(), 5);
  good[0] = 0;
  Problem problem(good);
  problem[Offsets].data = table.data();
  expectRefused(problem, GSA_ERROR_INVALID_OFFSETS, detail);
}

TYPED_TEST(CheckOffsets, First) {
  refuseTable<TypeParam>({1, 2, 5}, "entry 0 of 'offsets' must be 0, got 1");
  refuseTable<TypeParam>({-1, 2, 5}, "entry 0 of 'offsets' must be 0, got -1");
}

TYPED_TEST(CheckOffsets, Last) {
  refuseTable<TypeParam>(
      {0, 2, 4}, "entry 2, the last, of 'offsets' must be the time, 5, got 4");
  refuseTable<TypeParam>(
      {0, 2, 6}, "entry 2, the last, of 'offsets' must be the time, 5, got 6");
}

TYPED_TEST(CheckOffsets, Decreasing) {
  refuseTable<TypeParam>({0, 4, 3, 5},
                         "entry 2 of 'offsets' must be at least 4, the one "
                         "before it, got 3");
  refuseTable<TypeParam>({0, 7, 5},
                         "entry 2 of 'offsets' must be at least 7, the one "
                         "before it, got 5");
  refuseTable<TypeParam>({0, std::numeric_limits<TypeParam>::min(), 5},
                         sizeof(TypeParam) == 4
                             ? "entry 1 of 'offsets' must be at least 0, the "
                               "one before it, got -2147483648"
                             : "entry 1 of 'offsets' must be at least 0, the "
                               "one before it, got -9223372036854775808");
}

TYPED_TEST(CheckOffsets, Stride) {
  Problem problem(std::vector<TypeParam>{0, 2, 3});
  problem[Offsets].stride[0] = 2;
  expectRefused(problem, GSA_ERROR_INVALID_STRIDE,
                "last stride of 'offsets' must be 1, got 2");
}

TYPED_TEST(CheckOffsets, NoSequences) {
  Problem problem(std::vector<TypeParam>{0});
  problem.run();
}

TYPED_TEST(CheckOffsets, TokensOfNoSequence) {
  Problem problem(std::vector<TypeParam>{0, 0});
  int64_t tokens[] = {1, 2, heads, size};
  std::vector<float> q(2 * heads * size), o(q.size());
  problem[Q] = gsa_dense(q.data(), GSA_F32, 4, tokens);
  problem[O] = gsa_dense(o.data(), GSA_F32, 4, tokens);
  expectRefused(problem, GSA_ERROR_INVALID_OFFSETS,
                "entry 1, the last, of 'offsets' must be the time, 2, got 0");
}

//===----------------------------------------------------------------------===//
// Workspace and stream
//===----------------------------------------------------------------------===//

TEST(Check, Workspace) {
  Problem problem(2, 3);
  problem.params.head.workspace_size = 64;
  expectLaunchRefused(problem, GSA_ERROR_WORKSPACE,
                      "params->workspace must point to 64 bytes, got null");
  problem.giveWorkspace(128);
  problem.params.head.workspace_size = 63;
  expectLaunchRefused(problem, GSA_ERROR_WORKSPACE,
                      "params->workspace_size must be at least 64, got 63");
  problem.params.head.workspace_size = 64;
  problem.params.head.workspace = static_cast<char *>(problem.memory.get()) + 8;
  expectLaunchRefused(problem, GSA_ERROR_WORKSPACE,
                      "params->workspace must be aligned to 64 bytes, got an "
                      "address 8 past a multiple");
  problem.params.head.threads = 2;
  problem.params.head.workspace = problem.memory.get();
  expectLaunchRefused(problem, GSA_ERROR_WORKSPACE,
                      "params->workspace_size must be at least 128, got 64");
}

TEST(Check, WorkspacePastTheAddressSpace) {
  Problem problem(2, 3);
  problem.images[0].scratch = 4096;
  problem.params.head.workspace = reinterpret_cast<void *>(~uintptr_t(63));
  problem.params.head.workspace_size = 1 << 20;
  expectLaunchRefused(problem, GSA_ERROR_WORKSPACE,
                      "params->workspace must lie in the address space, got "
                      "4096 bytes at an address 63 below its end");
}

TEST(Check, WorkspaceOverlapsTensor) {
  Problem problem(2, 3);
  problem.giveWorkspace(1024);
  problem[Q].data = static_cast<char *>(problem.memory.get()) + 60;
  expectLaunchRefused(
      problem, GSA_ERROR_WORKSPACE,
      "params->workspace must not overlap 'q', got 4 bytes in both");
  // Behind what the launch uses is not in it.
  problem[Q].data = static_cast<char *>(problem.memory.get()) + 64;
  EXPECT_EQ(problem.launch(), GSA_SUCCESS) << gsa_error_detail();
}

TEST(Check, StreamOfAHostImage) {
  Problem problem(2, 3);
  problem.giveWorkspace(64);
  int stream;
  expectLaunchRefused(problem, GSA_ERROR_INVALID_ARGUMENT,
                      "stream must be null for image 'host', which runs on the "
                      "host, got an address",
                      &stream);
}
