//===- CudaLaunchTest.cpp - What reaches the driver -----------------------===//

#include "CudaFixture.h"
#include "gsa/gsa.hpp"

#include <set>

using namespace gsa::test;

TEST_F(Cuda, OneStage) {
  DeviceProblem problem(3, 5);
  problem.stages[0].threads = 288;
  problem.stages[0].shared_bytes = 100000;
  void *stream = fake.createStream(context);
  ASSERT_EQ(problem.launch(stream), GSA_SUCCESS) << gsa_error_detail();
  ASSERT_EQ(fake.launches.size(), 1u);
  const FakeDriver::Launch &launch = fake.launches[0];
  EXPECT_EQ(launch.function, "sum");
  EXPECT_EQ(launch.context, context);
  EXPECT_EQ(launch.stream, stream);
  EXPECT_EQ(launch.grid, 12u);
  EXPECT_EQ(launch.threads, 288u);
  EXPECT_EQ(launch.shared, 100000u);
  EXPECT_EQ(launch.cluster, 1u);
  EXPECT_FALSE(launch.overlap);
  EXPECT_FALSE(launch.extended);
  EXPECT_EQ(blocksRun, 0);
}

TEST_F(Cuda, ParameterBlock) {
  DeviceProblem problem(3, 5);
  std::vector<float> q(problem.q.size() + 3 * 7);
  problem[Q].data = q.data();
  problem[Q].stride[0] += 7;
  ASSERT_EQ(problem.launch(), GSA_SUCCESS) << gsa_error_detail();
  ASSERT_EQ(fake.launches.size(), 1u);
  const std::vector<char> &block = fake.launches[0].parameter;
  ASSERT_EQ(block.size(), 4u * 80);
  EXPECT_EQ(std::memcmp(block.data(), problem.params.tensors, 4 * 80), 0);

  // Where a field is, as code reads it.
  int64_t shape, stride;
  std::memcpy(&shape, block.data() + 80 * Q + 8 + 8 * 1, 8);
  std::memcpy(&stride, block.data() + 80 * Q + 40, 8);
  EXPECT_EQ(shape, 5);
  EXPECT_EQ(stride, 5 * heads * size + 7);
}

/// The tensor at `index` of a launch's parameter block.
static gsa_tensor tensorAt(const FakeDriver::Launch &launch, size_t index) {
  gsa_tensor tensor;
  std::memcpy(&tensor, launch.parameter.data() + index * sizeof(tensor),
              sizeof(tensor));
  return tensor;
}

TEST_F(Cuda, WorkspaceTensors) {
  DeviceProblem problem(3, 5);
  problem.useWorkspaces(2);
  fake.parameterBytes = blockBytes + 2 * sizeof(gsa_tensor);
  // One segment has no cuts.
  problem.giveWorkspace(1216);
  ASSERT_EQ(problem.launch(), GSA_SUCCESS) << gsa_error_detail();
  const FakeDriver::Launch &whole = fake.launches.back();
  ASSERT_EQ(whole.parameter.size(), 6u * 80);
  EXPECT_EQ(std::memcmp(whole.parameter.data(), problem.params.tensors, 4 * 80),
            0);
  EXPECT_EQ(tensorAt(whole, 4).data, problem.memory.get());
  EXPECT_EQ(tensorAt(whole, 4).shape[0], 3);
  EXPECT_EQ(tensorAt(whole, 5).data, nullptr);
  EXPECT_EQ(tensorAt(whole, 5).shape[0], 0);

  // 8 processors: 2 cuts of all but one sequence.
  fake.devices[0].processors = 8;
  DeviceProblem cutting(3, 5);
  cutting.useWorkspaces(2);
  cutting.images[0].segments = [](const gsa_extents *extents,
                                  int64_t processors, int64_t resident,
                                  int64_t *whole) -> int64_t {
    EXPECT_EQ(extents->segments, 1);
    EXPECT_EQ(extents->whole, 3);
    EXPECT_EQ(resident, processors);
    *whole = 1;
    return processors / 4 + 1;
  };
  size_t bytes = 0;
  ASSERT_EQ(cutting.workspaceSize(bytes), GSA_SUCCESS);
  EXPECT_EQ(bytes, 1216u + 256); // 2 * 2 * 5 * 3 floats, rounded up
  cutting.giveWorkspace(1216);
  expectLaunchRefused(cutting, GSA_ERROR_WORKSPACE,
                      "params->workspace_size must be at least 1472, got 1216");
  cutting.giveWorkspace(bytes);
  ASSERT_EQ(cutting.launch(), GSA_SUCCESS) << gsa_error_detail();
  gsa_tensor cut = tensorAt(fake.launches.back(), 5);
  EXPECT_EQ(cut.data, static_cast<char *>(cutting.memory.get()) + 1216);
  EXPECT_EQ(cut.shape[0], 2);
  EXPECT_EQ(cut.shape[1], 2);
  EXPECT_EQ(cut.stride[0], 30);
  EXPECT_EQ(cut.stride[3], 1);
  EXPECT_EQ(cut.dtype, GSA_F32);
}

TEST_F(Cuda, BlocksThatRunAtTheSameTime) {
  // Known to the driver of loaded code, and asked once.
  static int64_t resident;
  auto ask = [&](int32_t cluster, bool preloaded) {
    DeviceProblem problem(4, 5);
    problem.stages = {stage("fold"), stage("sum")};
    problem.stages[1].cluster = cluster;
    problem.stages[1].shared_bytes = 100000;
    problem.use();
    problem.images[0].segments = [](const gsa_extents *, int64_t processors,
                                    int64_t blocks, int64_t *) -> int64_t {
      EXPECT_EQ(processors, 132);
      resident = blocks;
      return 1;
    };
    // Images are told apart by their addresses, which an earlier one had.
    fake.setCurrent(fake.createContext(0));
    fake.loads.clear();
    fake.calls.clear();
    if (preloaded) {
      EXPECT_EQ(gsa_preload(&problem.kernel, nullptr), GSA_SUCCESS);
    }
    size_t bytes;
    EXPECT_EQ(problem.workspaceSize(bytes), GSA_SUCCESS) << gsa_error_detail();
    int64_t asked = resident;
    resident = 0;
    EXPECT_EQ(problem.launch(), GSA_SUCCESS) << gsa_error_detail();
    EXPECT_EQ(resident, asked);
    EXPECT_EQ(fake.loads.size(), 1u);
    EXPECT_EQ(calls("cuOccupancyMaxActiveBlocksPerMultiprocessor") +
                  calls("cuOccupancyMaxActiveClusters"),
              1);
    return resident;
  };
  EXPECT_EQ(ask(1, true), 132);
  fake.devices[0].blocks = 2;
  EXPECT_EQ(ask(1, false), 264);
  EXPECT_EQ(ask(4, false), 120);
  fake.devices[0].clusters = 0; // the launch would say why
  EXPECT_EQ(ask(16, true), 16);

  fake.setCurrent(fake.createContext(0));
  DeviceProblem problem(4, 5);
  problem.images[0].segments = [](const gsa_extents *, int64_t, int64_t,
                                  int64_t *) -> int64_t { return 1; };
  fake.failures["cuOccupancyMaxActiveBlocksPerMultiprocessor"] = 1;
  expectRefused(problem, GSA_ERROR_DRIVER,
                "cuOccupancyMaxActiveBlocksPerMultiprocessor must succeed for "
                "image 'gpu' of kernel 'sum', got CUDA_ERROR_INVALID_VALUE (in "
                "words) for 'sum'");
  EXPECT_GT(fake.unloads, 0);
}

TEST_F(Cuda, Maps) {
  const gsa_map maps[] = {{Q, 32, {1, 2, 1, 8}}, {O, 128, {1, 4, 1, 8}}};
  DeviceProblem problem(3, 5);
  problem.stages[0].maps = maps;
  problem.stages[0].num_maps = 2;
  fake.secondParameterBytes = 2 * GSA_MAP_BYTES;
  ASSERT_EQ(problem.launch(), GSA_SUCCESS) << gsa_error_detail();
  ASSERT_EQ(fake.maps.size(), 2u);
  const FakeDriver::Map &q = fake.maps[0];
  EXPECT_EQ(q.type, 7); // CU_TENSOR_MAP_DATA_TYPE_FLOAT32
  EXPECT_EQ(q.data, problem[Q].data);
  EXPECT_EQ(q.extents, (std::vector<unsigned long long>{8, 4, 5, 3}));
  EXPECT_EQ(q.strides, (std::vector<unsigned long long>{32, 128, 640}));
  EXPECT_EQ(q.box, (std::vector<unsigned>{8, 1, 2, 1}));
  EXPECT_EQ(q.steps, (std::vector<unsigned>{1, 1, 1, 1}));
  EXPECT_EQ(q.interleave, 0);
  EXPECT_EQ(q.swizzle, 1); // CU_TENSOR_MAP_SWIZZLE_32B
  EXPECT_EQ(q.fill, 0);
  EXPECT_EQ(fake.maps[1].swizzle, 3); // CU_TENSOR_MAP_SWIZZLE_128B
  EXPECT_EQ(fake.launches[0].usable, 3);
  EXPECT_EQ(fake.launches[0].maps.front(), 1);
  EXPECT_EQ(fake.launches[0].maps.back(), 2);

  // An address or a stride that the engine does not take leaves that map out.
  problem[Q].stride[0] += 1;
  ASSERT_EQ(problem.launch(), GSA_SUCCESS) << gsa_error_detail();
  EXPECT_EQ(fake.launches[1].usable, 2);
  EXPECT_EQ(fake.launches[1].maps.front(), 0);
  EXPECT_EQ(fake.launches[1].maps.back(), 3);
  problem[Q].stride[0] -= 1;

  // So does a driver that refuses, and one whose stride is no one's.
  fake.failures["cuTensorMapEncodeTiled"] = 1;
  DeviceProblem other(1, 1);
  other.stages[0].maps = maps;
  other.stages[0].num_maps = 2;
  ASSERT_EQ(other.launch(), GSA_SUCCESS) << gsa_error_detail();
  EXPECT_EQ(fake.launches[2].usable, 0);
  fake.failures.clear();
  DeviceProblem one(1, 4);
  one.stages[0].maps = maps;
  one.stages[0].num_maps = 1;
  fake.secondParameterBytes = GSA_MAP_BYTES;
  one.use();
  one[Q].stride[0] = 3;
  ASSERT_EQ(one.launch(), GSA_SUCCESS) << gsa_error_detail();
  EXPECT_EQ(fake.launches[3].usable, 1);
  EXPECT_EQ(fake.maps.back().strides.back(), 16u);
}

TEST_F(Cuda, Workspace) {
  DeviceProblem problem(3, 5);
  problem.useWorkspaces(1);
  fake.parameterBytes = blockBytes + 1 * sizeof(gsa_tensor);
  size_t bytes = 0;
  ASSERT_EQ(problem.workspaceSize(bytes), GSA_SUCCESS);
  EXPECT_EQ(bytes, 1216u);
  expectLaunchRefused(problem, GSA_ERROR_WORKSPACE,
                      "params->workspace must point to 1216 bytes, got null");
  problem.giveWorkspace(2048);
  problem.params.head.workspace_size = 1215;
  expectLaunchRefused(problem, GSA_ERROR_WORKSPACE,
                      "params->workspace_size must be at least 1216, got 1215");
  gsa_argument large = workspaces[0];
  large.shape[1] = GSA_MAX_EXTENT;
  problem.images[0].workspaces = &large;
  EXPECT_EQ(problem.workspaceSize(bytes), GSA_ERROR_INVALID_SHAPE);
  EXPECT_STREQ(gsa_error_detail(),
               "workspaces of image 'gpu' of kernel 'sum' must be at most "
               "1099511627776 bytes, got more with 'sums'");
  EXPECT_EQ(fake.launches.size(), 0u);
}

TEST_F(Cuda, OffsetsAreNotRead) {
  // A table that a host image refuses, at an address that nothing is at.
  Problem problem(std::vector<int32_t>{0, 2, 3});
  std::vector<gsa_stage> stages = {stage("sum")};
  problem.images = {deviceImage("gpu", 1, 90, GSA_ARCH_EXACT, stages)};
  problem.describe();
  problem[Offsets].data = reinterpret_cast<void *>(uintptr_t(4096));
  fake.parameterBytes = 5 * 80;
  ASSERT_EQ(problem.launch(), GSA_SUCCESS) << gsa_error_detail();
  EXPECT_EQ(fake.launches.size(), 1u);
  EXPECT_EQ(fake.launches[0].grid, 2 * heads);
}

//===----------------------------------------------------------------------===//
// Stages
//===----------------------------------------------------------------------===//

static int64_t none(const gsa_extents *) { return 0; }

TEST_F(Cuda, StagesInTheirOrder) {
  DeviceProblem problem(3, 5);
  problem.stages = {stage("sum"), stage("fold"), stage("sum")};
  problem.stages[1].threads = 64;
  problem.use();
  ASSERT_EQ(problem.launch(), GSA_SUCCESS) << gsa_error_detail();
  ASSERT_EQ(fake.launches.size(), 3u);
  EXPECT_EQ(fake.launches[0].function, "sum");
  EXPECT_EQ(fake.launches[1].function, "fold");
  EXPECT_EQ(fake.launches[1].threads, 64u);
  EXPECT_EQ(fake.launches[2].function, "sum");
  EXPECT_EQ(fake.launches[0].parameter, fake.launches[2].parameter);
}

TEST_F(Cuda, NoBlocksNoLaunch) {
  DeviceProblem problem(3, 5);
  problem.stages = {stage("sum"), stage("fold")};
  problem.stages[0].grid = none;
  problem.use();
  ASSERT_EQ(problem.launch(), GSA_SUCCESS) << gsa_error_detail();
  ASSERT_EQ(fake.launches.size(), 1u);
  EXPECT_EQ(fake.launches[0].function, "fold");

  DeviceProblem empty(0, 5);
  for (int argument : {Q, S0, O, ST})
    empty[argument].data = nullptr;
  fake.launches.clear();
  fake.loads.clear();
  ASSERT_EQ(empty.launch(), GSA_SUCCESS) << gsa_error_detail();
  EXPECT_EQ(fake.launches.size(), 0u);
  EXPECT_EQ(fake.loads.size(), 0u);
}

TEST_F(Cuda, Clusters) {
  DeviceProblem problem(4, 5);
  problem.stages[0].cluster = 4;
  ASSERT_EQ(problem.launch(), GSA_SUCCESS) << gsa_error_detail();
  EXPECT_EQ(fake.launches[0].cluster, 4u);
  EXPECT_EQ(fake.launches[0].grid, 16u);
  EXPECT_TRUE(fake.launches[0].extended);
  EXPECT_EQ(fake.bigClusters.size(), 0u);

  DeviceProblem big(4, 5);
  big.stages[0].cluster = 16;
  ASSERT_EQ(big.launch(), GSA_SUCCESS) << gsa_error_detail();
  EXPECT_EQ(fake.launches[1].cluster, 16u);
  EXPECT_EQ(fake.bigClusters["sum"], 1);

  DeviceProblem uneven(3, 5);
  uneven.stages[0].cluster = 8;
  expectRefused(uneven, GSA_ERROR_ABI,
                "grid of 'sum' of image 'gpu' of kernel 'sum' must be a "
                "multiple of 8 and not negative, got 12");
}

TEST_F(Cuda, Overlap) {
  DeviceProblem problem(4, 5);
  problem.stages = {stage("sum"), stage("fold"), stage("sum")};
  problem.stages[1].flags = problem.stages[2].flags = GSA_STAGE_OVERLAP;
  problem.stages[2].cluster = 2;
  problem.use();
  auto overlaps = [&] {
    fake.launches.clear();
    EXPECT_EQ(problem.launch(), GSA_SUCCESS) << gsa_error_detail();
    std::vector<bool> found;
    for (const FakeDriver::Launch &launch : fake.launches)
      found.push_back(launch.overlap);
    return found;
  };
  EXPECT_EQ(overlaps(), (std::vector<bool>{false, true, true}));
  EXPECT_EQ(fake.launches[2].cluster, 2u);
  // The caller's work before the call is no stage.
  problem.stages[0].grid = none;
  EXPECT_EQ(overlaps(), (std::vector<bool>{false, true}));

  // No device before 9.0 has it.
  fake.devices[0].arch = 80;
  DeviceProblem before(4, 5);
  before.stages = {stage("sum"), stage("fold")};
  before.stages[1].flags = GSA_STAGE_OVERLAP;
  before.use(80, GSA_ARCH_FAMILY);
  fake.launches.clear();
  ASSERT_EQ(before.launch(), GSA_SUCCESS) << gsa_error_detail();
  ASSERT_EQ(fake.launches.size(), 2u);
  EXPECT_FALSE(fake.launches[1].extended);
}

TEST_F(Cuda, Time) {
  DeviceProblem problem(1, 1);
  for (int argument : {Q, O}) {
    problem[argument].shape[1] = int64_t(1) << 31;
    problem[argument].data = reinterpret_cast<void *>(
        static_cast<uintptr_t>(argument + 1) << 44); // apart
  }
  expectRefused(problem, GSA_ERROR_INVALID_SHAPE,
                "time of image 'gpu' of kernel 'sum' must be at most "
                "2147483647, got 2147483648");
  for (int argument : {Q, O})
    problem[argument].shape[1] = 0x7fffffff;
  ASSERT_EQ(problem.launch(), GSA_SUCCESS) << gsa_error_detail();
}

TEST_F(Cuda, Grids) {
  DeviceProblem problem(3, 5);
  auto refuse = [&](gsa_grid grid, gsa_status status, const char *detail) {
    problem.stages[0].grid = grid;
    expectRefused(problem, status, detail);
  };
  refuse([](const gsa_extents *) -> int64_t { return -4; }, GSA_ERROR_ABI,
         "grid of 'sum' of image 'gpu' of kernel 'sum' must be a multiple of 1 "
         "and not negative, got -4");
  refuse([](const gsa_extents *) { return int64_t(1) << 31; },
         GSA_ERROR_INVALID_SHAPE,
         "blocks of 'sum' of image 'gpu' of kernel 'sum' must be at most "
         "2147483647, got 2147483648");
  problem.stages[0].grid = [](const gsa_extents *) -> int64_t {
    return 0x7fffffff;
  };
  ASSERT_EQ(problem.launch(), GSA_SUCCESS) << gsa_error_detail();
  EXPECT_EQ(fake.launches[0].grid, 0x7fffffffu);
}

//===----------------------------------------------------------------------===//
// Helpers
//===----------------------------------------------------------------------===//

namespace {
struct SumParams {
  gsa_params head;
  gsa_tensor q, s0, o, sT;
};
} // namespace

TEST_F(Cuda, HelpersWithAWorkspaceOfTheDevice) {
  DeviceProblem problem(2, 3);
  problem.useWorkspaces(1);
  fake.parameterBytes = blockBytes + 1 * sizeof(gsa_tensor);
  SumParams params = {};
  params.head.size = sizeof(params);
  params.q = problem[Q];
  params.s0 = problem[S0];
  params.o = problem[O];
  params.sT = problem[ST];
  ASSERT_EQ(gsa::preload(problem.kernel, params), GSA_SUCCESS);
  EXPECT_EQ(fake.loads.size(), 1u);

  // Memory of the host is not handed to a device.
  gsa::Workspace onHost;
  EXPECT_EQ(gsa::launch(problem.kernel, params, onHost), GSA_ERROR_WORKSPACE);
  EXPECT_STREQ(gsa_error_detail(),
               "params->workspace must point to 832 bytes, got null");
  EXPECT_EQ(onHost.size(), 0u);

  static std::multiset<void *> buffers;
  gsa::Memory memory = gsa::hostMemory();
  memory.onDevice = true;
  memory.allocate = [](size_t bytes, void *user) {
    *static_cast<size_t *>(user) += bytes;
    return *buffers.insert(gsa::hostMemory().allocate(bytes, nullptr));
  };
  memory.release = [](void *buffer, void *) {
    buffers.erase(buffer);
    gsa::hostMemory().release(buffer, nullptr);
  };
  size_t allocated = 0;
  memory.user = &allocated;
  {
    gsa::Workspace workspace(memory);
    for (int round = 0; round < 2; ++round) {
      ASSERT_EQ(gsa::launch(problem.kernel, params, workspace), GSA_SUCCESS)
          << gsa_error_detail();
      EXPECT_EQ(allocated, 832u);
    }
    EXPECT_EQ(buffers.count(workspace.data()), 1u);
    void *used;
    std::memcpy(&used, fake.launches[0].parameter.data() + 4 * 80, 8);
    EXPECT_EQ(used, workspace.data());
  }
  EXPECT_TRUE(buffers.empty());
}
