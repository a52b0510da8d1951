//===- CudaSelectTest.cpp - Which device image runs, and where ------------===//

#include "CudaFixture.h"

using namespace gsa::test;

TEST_F(Cuda, MachineCodeOfTheChipThenOfItsFamilyThenText) {
  DeviceProblem problem(1, 3);
  // Ranked as kernel.h asks the compiler to.
  problem.images = {
      deviceImage("text80", 80, 80, GSA_ARCH_AT_LEAST, problem.stages),
      deviceImage("80", 180, 80, GSA_ARCH_FAMILY, problem.stages),
      deviceImage("86", 186, 86, GSA_ARCH_FAMILY, problem.stages),
      deviceImage("90a", 190, 90, GSA_ARCH_EXACT, problem.stages),
      deviceImage("text90a", 90, 90, GSA_ARCH_EXACT, problem.stages),
      hostImage("host", 0, denseEntry)};
  problem.describe();
  const std::pair<int, const char *> expected[] = {
      {80, "80"},  {86, "86"},      {87, "86"},      {89, "86"},
      {90, "90a"}, {100, "text80"}, {103, "text80"}, {120, "text80"}};
  for (auto [arch, chip] : expected) {
    fake.devices[0].arch = arch;
    EXPECT_EQ(problem.chosen(), chip) << arch;
  }
  fake.devices[0].arch = 75;
  EXPECT_EQ(
      problem.chosen(),
      "GSA_ERROR_NO_IMAGE: kernel 'sum' must have an image that runs here, "
      "got text80 (needs compute capability 8.0 or later, device 0 has 7.5), "
      "80 (needs compute capability 8.0 or later of its major version, device "
      "0 has 7.5), 86 (needs compute capability 8.6 or later of its major "
      "version, device 0 has 7.5), 90a, text90a (needs compute capability 9.0, "
      "device 0 has 7.5), host (not of params->backends)");
}

TEST_F(Cuda, ExactTextIsForItsChipOnly) {
  DeviceProblem problem(1, 3);
  problem.images = {
      deviceImage("text90a", 90, 90, GSA_ARCH_EXACT, problem.stages)};
  problem.describe();
  EXPECT_EQ(problem.chosen(), "text90a");
  fake.devices[0].arch = 100;
  EXPECT_EQ(problem.chosen(),
            "GSA_ERROR_NO_IMAGE: kernel 'sum' must have an image that runs "
            "here, got text90a (needs compute capability 9.0, device 0 has "
            "10.0)");
}

TEST_F(Cuda, SharedMemoryOfTheDevice) {
  DeviceProblem problem(1, 3);
  problem.stages[0].shared_bytes = 101377;
  problem.use(80, GSA_ARCH_FAMILY);
  fake.devices[0] = {80, 166912};
  EXPECT_EQ(problem.chosen(), "gpu");
  fake.devices[0] = {86, 101376};
  EXPECT_EQ(problem.chosen(),
            "GSA_ERROR_NO_IMAGE: kernel 'sum' must have an image that runs "
            "here, got gpu (needs 101377 bytes of shared memory a block, "
            "device 0 has 101376)");
}

TEST_F(Cuda, TheHostOnlyWhenAsked) {
  DeviceProblem problem(1, 3);
  problem.images.push_back(hostImage("host", 0, denseEntry));
  problem.describe();
  constexpr int32_t host = 1 << GSA_BACKEND_CPU, cuda = 1 << GSA_BACKEND_CUDA;
  gsa_params &head = problem.params.head;

  EXPECT_EQ(problem.chosen(), "gpu");
  head.backends = host | cuda;
  EXPECT_EQ(problem.chosen(), "gpu");
  fake.devices[0].arch = 80;
  EXPECT_EQ(problem.chosen(), "host");
  head.backends = cuda;
  EXPECT_EQ(problem.chosen(),
            "GSA_ERROR_NO_IMAGE: kernel 'sum' must have an image that runs "
            "here, got gpu (needs compute capability 9.0, device 0 has 8.0), "
            "host (not of params->backends)");
  head.backends = 0;
  EXPECT_EQ(problem.chosen().substr(0, 19), "GSA_ERROR_NO_IMAGE:");
  head.chip = "host";
  EXPECT_EQ(problem.chosen(), "host");
  head.backends = cuda;
  EXPECT_EQ(problem.chosen(),
            "GSA_ERROR_NO_IMAGE: params->chip must name an image of kernel "
            "'sum' that runs here, got 'host' of gpu (needs compute capability "
            "9.0, device 0 has 8.0), host (not of params->backends)");

  // The driver of a backend that is not asked for is left alone.
  head.chip = nullptr;
  head.backends = host;
  fake.calls.clear();
  EXPECT_EQ(problem.chosen(), "host");
  EXPECT_EQ(fake.calls, std::vector<std::string>());
}

TEST_F(Cuda, QueryAnswersTheLargestStage) {
  DeviceProblem problem(3, 5);
  problem.stages = {stage("sum"), stage("fold"), stage("sum")};
  problem.stages[1].grid = [](const gsa_extents *extents) {
    return extents->time * 100;
  };
  problem.stages[1].threads = 384;
  problem.use();
  problem.useWorkspaces(1);
  gsa_query_result result = {};
  result.size = sizeof(result);
  ASSERT_EQ(gsa_query(&problem.kernel, &problem.params.head, &result),
            GSA_SUCCESS);
  EXPECT_STREQ(result.chip, "gpu");
  EXPECT_STREQ(result.schedule, "fused");
  EXPECT_EQ(result.backend, GSA_BACKEND_CUDA);
  EXPECT_EQ(result.blocks, 500);
  EXPECT_EQ(result.threads, 384);
  EXPECT_EQ(result.workspace_size, 1216u); // 3 * 100 floats, rounded up
  // A question loads nothing.
  EXPECT_EQ(fake.loads.size(), 0u);
  EXPECT_EQ(calls("cuDevicePrimaryCtxRetain"), 0);
}

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

TEST_F(Cuda, TheCurrentContextDecides) {
  fake.devices = {{90, 232448}, {80, 166912}};
  DeviceProblem problem(1, 3);
  problem.images = {deviceImage("80", 1, 80, GSA_ARCH_FAMILY, problem.stages),
                    deviceImage("90a", 2, 90, GSA_ARCH_EXACT, problem.stages)};
  problem.describe();
  EXPECT_EQ(problem.chosen(), "90a");
  fake.setCurrent(fake.createContext(1));
  EXPECT_EQ(problem.chosen(), "80");
  fake.setCurrent(nullptr); // device 0
  EXPECT_EQ(problem.chosen(), "90a");
}

TEST_F(Cuda, TheStreamDecidesOverTheCurrentContext) {
  fake.devices = {{90, 232448}, {80, 166912}};
  void *other = fake.createContext(1);
  void *stream = fake.createStream(other);
  DeviceProblem problem(1, 3);
  problem.stages = {stage("fold")};
  problem.images = {deviceImage("80", 1, 80, GSA_ARCH_FAMILY, problem.stages),
                    deviceImage("90a", 2, 90, GSA_ARCH_EXACT, problem.stages)};
  problem.describe();
  ASSERT_EQ(problem.launch(stream), GSA_SUCCESS) << gsa_error_detail();
  ASSERT_EQ(fake.loads.size(), 1u);
  EXPECT_EQ(fake.loads[0].context, other);
  EXPECT_EQ(fake.loads[0].code, problem.images[0].code);
  ASSERT_EQ(fake.launches.size(), 1u);
  EXPECT_EQ(fake.launches[0].stream, stream);
  EXPECT_EQ(fake.current(), context) << "what was current is so again";
}

TEST_F(Cuda, SpecialStreamsAreOfTheCurrentContext) {
  DeviceProblem problem(1, 3);
  for (uintptr_t special : {0, 1, 2}) {
    void *stream = reinterpret_cast<void *>(special);
    ASSERT_EQ(problem.launch(stream), GSA_SUCCESS) << gsa_error_detail();
    EXPECT_EQ(fake.launches.back().stream, stream);
    EXPECT_EQ(fake.launches.back().context, context);
  }
  EXPECT_EQ(fake.loads.size(), 1u);
}

TEST_F(Cuda, WithoutAContextDeviceZero) {
  // The runtime keeps the context, and this image in it, for good.
  static DeviceProblem &problem = *new DeviceProblem(1, 3);
  fake.setCurrent(nullptr);
  for (int round = 0; round < 3; ++round) {
    ASSERT_EQ(problem.launch(), GSA_SUCCESS) << gsa_error_detail();
    EXPECT_EQ(fake.current(), nullptr) << "nothing is left behind";
  }
  EXPECT_EQ(fake.primaries, 1);
  EXPECT_EQ(fake.loads.size(), 1u);
  EXPECT_EQ(fake.launches.size(), 3u);
  EXPECT_NE(fake.launches[0].context, context);
}
