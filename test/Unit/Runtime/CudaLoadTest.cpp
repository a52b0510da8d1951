//===- CudaLoadTest.cpp - Images that are loaded, and drivers that fail ---===//

#include "CudaFixture.h"

#include <set>
#include <thread>

using namespace gsa::test;

TEST_F(Cuda, LoadedOnceForAContext) {
  DeviceProblem problem(1, 3);
  for (int round = 0; round < 5; ++round)
    ASSERT_EQ(problem.launch(), GSA_SUCCESS) << gsa_error_detail();
  EXPECT_EQ(fake.loads.size(), 1u);
  EXPECT_EQ(fake.loads[0].context, context);
  EXPECT_EQ(fake.loads[0].code, binary);
  EXPECT_EQ(calls("cuModuleGetFunction"), 1);
  EXPECT_EQ(calls("cuFuncLoad"), 1);
  EXPECT_EQ(fake.launches.size(), 5u);

  void *other = fake.createContext(0);
  fake.setCurrent(other);
  ASSERT_EQ(problem.launch(), GSA_SUCCESS) << gsa_error_detail();
  ASSERT_EQ(fake.loads.size(), 2u);
  EXPECT_EQ(fake.loads[1].context, other);
}

TEST_F(Cuda, LoadedOnceByManyThreadsOnManyDevices) {
  fake.devices.assign(4, {});
  std::vector<void *> contexts;
  for (int device = 0; device < 4; ++device)
    contexts.push_back(fake.createContext(device));
  // Two images, each of all threads.
  DeviceProblem problem(1, 3), other(1, 3);
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  for (int i = 0; i < 16; ++i)
    threads.emplace_back([&, i] {
      fake.setCurrent(contexts[i % 4]);
      for (int round = 0; round < 20; ++round) {
        failures += problem.launch() != GSA_SUCCESS;
        failures += other.launch() != GSA_SUCCESS;
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(fake.loads.size(), 8u);
  EXPECT_EQ(fake.launches.size(), 16u * 20 * 2);
  std::map<void *, int> loads, launches;
  for (const FakeDriver::Load &load : fake.loads)
    ++loads[load.context];
  for (const FakeDriver::Launch &launch : fake.launches)
    ++launches[launch.context];
  for (void *each : contexts) {
    EXPECT_EQ(loads[each], 2);
    EXPECT_EQ(launches[each], 4 * 20 * 2);
  }
}

TEST_F(Cuda, ManyImages) {
  // More than there are lists, so that some share one.
  DeviceProblem problem(1, 3);
  problem.images.resize(1000, problem.images[0]);
  std::vector<std::string> chips;
  for (int i = 0; i < 1000; ++i)
    chips.push_back(std::to_string(i));
  for (int i = 0; i < 1000; ++i) {
    problem.images[i].chip = chips[i].c_str();
    problem.images[i].code_size = sizeof(binary) - 1;
  }
  problem.describe();
  // The fake sleeps while it loads, so not all of them.
  for (int round = 0; round < 2; ++round)
    for (int i = 0; i < 1000; i += 20) {
      problem.params.head.chip = chips[i].c_str();
      ASSERT_EQ(problem.launch(), GSA_SUCCESS) << gsa_error_detail();
    }
  EXPECT_EQ(fake.loads.size(), 50u);
}

TEST_F(Cuda, AContextAtTheAddressOfADestroyedOne) {
  DeviceProblem problem(1, 3);
  ASSERT_EQ(problem.launch(), GSA_SUCCESS) << gsa_error_detail();
  fake.destroyContext(context);
  void *next = fake.createContext(0);
  ASSERT_EQ(next, context);
  fake.setCurrent(next);
  ASSERT_EQ(problem.launch(), GSA_SUCCESS) << gsa_error_detail();
  EXPECT_EQ(fake.loads.size(), 2u);
}

TEST_F(Cuda, LimitsOfAFunctionAreThoseOfAllItsStages) {
  DeviceProblem problem(4, 3);
  problem.stages = {stage("sum"), stage("fold"), stage("sum")};
  problem.stages[0].shared_bytes = 200000;
  problem.stages[2].shared_bytes = 90000;
  problem.use();
  ASSERT_EQ(problem.launch(), GSA_SUCCESS) << gsa_error_detail();
  EXPECT_EQ(fake.sharedLimit, (std::map<std::string, int>{{"sum", 200000}}));
  EXPECT_EQ(fake.launches[0].shared, 200000u);
  EXPECT_EQ(fake.launches[1].shared, 0u);
  EXPECT_EQ(fake.launches[2].shared, 90000u);
}

//===----------------------------------------------------------------------===//
// Preload and capture
//===----------------------------------------------------------------------===//

/// What a launch may call: nothing of it waits, allocates, or spoils a capture.
static const std::set<std::string> launchCalls = {
    "cuCtxGetCurrent", "cuStreamGetCtx",   "cuCtxGetDevice",
    "cuCtxGetId",      "cuCtxPushCurrent", "cuCtxPopCurrent",
    "cuLaunchKernel",  "cuLaunchKernelEx", "cuDeviceGetAttribute"};

TEST_F(Cuda, AfterPreloadALaunchOnlyLaunches) {
  DeviceProblem problem(4, 3);
  problem.stages = {stage("sum"), stage("fold")};
  problem.stages[1].cluster = 2;
  problem.stages[1].flags = GSA_STAGE_OVERLAP;
  problem.use();
  ASSERT_EQ(gsa_preload(&problem.kernel, &problem.params.head), GSA_SUCCESS);
  ASSERT_EQ(gsa_preload(&problem.kernel, nullptr), GSA_SUCCESS);
  EXPECT_EQ(fake.loads.size(), 1u);
  EXPECT_EQ(fake.launches.size(), 0u);

  fake.calls.clear();
  fake.capturing = true;
  void *other = fake.createStream(context);
  fake.setCurrent(fake.createContext(0)); // it is not the stream's
  ASSERT_EQ(problem.launch(other), GSA_SUCCESS) << gsa_error_detail();
  EXPECT_TRUE(fake.capturing);
  EXPECT_EQ(fake.launches.size(), 2u);
  for (const std::string &call : fake.calls)
    EXPECT_EQ(launchCalls.count(call), 1u) << call;
}

TEST_F(Cuda, AFirstLaunchDoesNotSpoilACapture) {
  DeviceProblem problem(1, 3);
  fake.capturing = true;
  ASSERT_EQ(problem.launch(), GSA_SUCCESS) << gsa_error_detail();
  EXPECT_TRUE(fake.capturing);
  EXPECT_EQ(fake.loads.size(), 1u);
  EXPECT_EQ(calls("cuThreadExchangeStreamCaptureMode"), 2);
}

TEST_F(Cuda, PreloadChoosesAsALaunch) {
  DeviceProblem problem(1, 3);
  problem.images = {deviceImage("a", 1, 90, GSA_ARCH_EXACT, problem.stages),
                    deviceImage("b", 2, 90, GSA_ARCH_AT_LEAST, problem.stages),
                    hostImage("host", 0, denseEntry)};
  problem.describe();
  problem.params.head.chip = "a";
  ASSERT_EQ(gsa_preload(&problem.kernel, &problem.params.head), GSA_SUCCESS);
  ASSERT_EQ(gsa_preload(&problem.kernel, nullptr), GSA_SUCCESS);
  ASSERT_EQ(fake.loads.size(), 2u);
  EXPECT_EQ(fake.loads[0].code, binary);
  EXPECT_EQ(fake.loads[1].code, text);

  problem.params.head.chip = "host";
  EXPECT_EQ(gsa_preload(&problem.kernel, &problem.params.head), GSA_SUCCESS);
  problem.params.head.chip = "c";
  EXPECT_EQ(gsa_preload(&problem.kernel, &problem.params.head),
            GSA_ERROR_NO_IMAGE);
  problem.params.head.size = 1;
  EXPECT_EQ(gsa_preload(&problem.kernel, &problem.params.head),
            GSA_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(gsa_preload(nullptr, nullptr), GSA_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(fake.loads.size(), 2u);
}

//===----------------------------------------------------------------------===//
// Failures
//===----------------------------------------------------------------------===//

static std::string launchDetail(DeviceProblem &problem) {
  gsa_status status = problem.launch();
  if (status == GSA_SUCCESS)
    return "launched";
  return std::string(gsa_status_name(status)) + ": " + gsa_error_detail();
}

TEST_F(Cuda, ACallOfTheDriverThatFails) {
  const char *of = " must succeed for image 'gpu' of kernel 'sum', got "
                   "CUDA_ERROR_INVALID_VALUE (in words)";
  for (std::string call :
       {"cuModuleLoadDataEx", "cuModuleGetFunction", "cuFuncSetAttribute",
        "cuFuncLoad", "cuLaunchKernel", "cuCtxGetId"}) {
    // The image may be where the last one was, which is loaded by now.
    fake.setCurrent(fake.createContext(0));
    DeviceProblem problem(1, 3);
    problem.stages[0].shared_bytes = 1024;
    fake.failures = {{call, 1}};
    fake.calls.clear();
    fake.loads.clear();
    fake.unloads = 0;
    std::string expected = "GSA_ERROR_DRIVER: " + call + of;
    if (call.substr(0, 6) == "cuFunc" || call == "cuModuleGetFunction")
      expected += " for 'sum'";
    if (call == "cuLaunchKernel")
      expected += " for 'sum' with 4 blocks of 128 threads";
    EXPECT_EQ(launchDetail(problem), expected);
    // What was loaded in vain is not kept, and the next call tries again.
    bool launched = call == "cuLaunchKernel";
    EXPECT_EQ(fake.unloads, launched ? 0 : int(fake.loads.size())) << call;
    fake.failures.clear();
    EXPECT_EQ(launchDetail(problem), "launched");
  }
}

TEST_F(Cuda, APlaceThatCannotBeFound) {
  DeviceProblem problem(1, 3);
  for (std::string call :
       {"cuCtxGetCurrent", "cuCtxGetDevice", "cuDeviceGetAttribute"}) {
    fake.failures = {{call, 1}};
    EXPECT_EQ(problem.chosen(),
              "GSA_ERROR_DRIVER: kernel 'sum' must have an image that runs "
              "here, got gpu (" +
                  call +
                  " must succeed, got CUDA_ERROR_INVALID_VALUE (in words))");
  }
  fake.failures = {{"cuStreamGetCtx", 12345}};
  EXPECT_EQ(problem.launch(fake.createStream(context)), GSA_ERROR_DRIVER);
  EXPECT_STREQ(gsa_error_detail(),
               "kernel 'sum' must have an image that runs here, got gpu "
               "(cuStreamGetCtx must succeed, got error 12345)");
  // Where the host may run it, it does.
  problem.images.push_back(hostImage("host", 0, denseEntry));
  problem.describe();
  problem.params.head.backends = 1 << GSA_BACKEND_CPU | 1 << GSA_BACKEND_CUDA;
  fake.failures = {{"cuCtxGetCurrent", 1}};
  EXPECT_EQ(problem.chosen(), "host");
}

TEST_F(Cuda, CodeThatTheDriverCannotCompile) {
  static const char broken[] = "broken sum";
  DeviceProblem problem(1, 3);
  problem.use(80, GSA_ARCH_AT_LEAST);
  problem.images[0].code = broken;
  problem.images[0].code_size = sizeof(broken);
  EXPECT_EQ(launchDetail(problem),
            "GSA_ERROR_DRIVER: cuModuleLoadDataEx must succeed for image 'gpu' "
            "of kernel 'sum', got CUDA_ERROR_INVALID_PTX (in words): line 1; "
            "error: no such thing line 2; fatal");
}

TEST_F(Cuda, CodeThatIsNotWhatItsDescriptionSays) {
  DeviceProblem problem(1, 3);
  problem.use(80, GSA_ARCH_AT_LEAST);
  problem.images[0].code_size -= 1; // without its zero
  EXPECT_EQ(launchDetail(problem),
            "GSA_ERROR_ABI: code of image 'gpu' of kernel 'sum' must be an ELF "
            "file or end with a zero, got neither");

  problem.stages = {stage("sum"), stage("product")};
  problem.use();
  EXPECT_EQ(launchDetail(problem),
            "GSA_ERROR_DRIVER: cuModuleGetFunction must succeed for image "
            "'gpu' of kernel 'sum', got CUDA_ERROR_NOT_FOUND (in words) for "
            "'product'");

  problem.stages = {stage("sum")};
  problem.use();
  fake.parameterBytes = blockBytes + 80;
  EXPECT_EQ(launchDetail(problem),
            "GSA_ERROR_ABI: parameter 0 of 'sum' of image 'gpu' of kernel "
            "'sum' must have 320 bytes (0: not be there), got 400");
  fake.parameterBytes = blockBytes;
  fake.secondParameterBytes = 8;
  EXPECT_EQ(launchDetail(problem),
            "GSA_ERROR_ABI: parameter 1 of 'sum' of image 'gpu' of kernel "
            "'sum' must have 0 bytes (0: not be there), got 8");
  const gsa_map map = {Q, 32, {1, 1, 1, 8}};
  problem.stages[0].maps = &map;
  problem.stages[0].num_maps = 1;
  EXPECT_EQ(launchDetail(problem),
            "GSA_ERROR_ABI: parameter 1 of 'sum' of image 'gpu' of kernel "
            "'sum' must have 128 bytes (0: not be there), got 8");
  fake.secondParameterBytes = 0;
  EXPECT_EQ(launchDetail(problem),
            "GSA_ERROR_ABI: parameter 1 of 'sum' of image 'gpu' of kernel "
            "'sum' must have 128 bytes (0: not be there), got 0");
  EXPECT_EQ(fake.launches.size(), 0u);
}

//===----------------------------------------------------------------------===//
// Drivers that are not there
//===----------------------------------------------------------------------===//

/// What CudaProbe prints with this environment and these arguments.
static std::string probe(const std::string &environment,
                         const std::string &arguments) {
  std::string command = "env -u GSA_CUDA_DRIVER " + environment +
                        " \"" GSA_CUDA_PROBE "\" " + arguments;
  FILE *pipe = popen(command.c_str(), "r");
  if (!pipe)
    return "not started";
  std::string output;
  for (int c; (c = std::fgetc(pipe)) != EOF;)
    output += static_cast<char>(c);
  return pclose(pipe) == 0 ? output : "failed: " + output;
}

static const std::string named = "GSA_CUDA_DRIVER=\"" GSA_FAKE_DRIVER "\" ";
static const std::string old = "GSA_CUDA_DRIVER=\"" GSA_FAKE_OLD_DRIVER "\" ";
static const std::string noImage =
    "kernel 'sum' must have an image that runs here, got gpu ";
static const std::string notHost = ", host (not of params->backends)\n";

TEST(CudaDriver, FoundWhereTheLoaderLooks) {
  EXPECT_EQ(probe("LD_LIBRARY_PATH=\"" GSA_FAKE_FOLDER "\"", "plain 0"),
            "backend 1\n");
  EXPECT_EQ(probe("LD_LIBRARY_PATH=\"" GSA_FAKE_FOLDER "\" GSA_CUDA_DRIVER=",
                  "plain 0"),
            "backend 1\n");
}

TEST(CudaDriver, NotThere) {
  std::string environment = "GSA_CUDA_DRIVER=/no/libcuda.so.1";
  EXPECT_EQ(probe(environment, "plain 0"),
            "GSA_ERROR_NO_DEVICE: " + noImage +
                "(CUDA driver must be found, got: /no/libcuda.so.1: cannot "
                "open shared object file: No such file or directory)" +
                notHost);
  EXPECT_EQ(probe(environment, "plain 3"), "backend 0\n");
}

TEST(CudaDriver, OfSomethingElse) {
  EXPECT_EQ(probe("GSA_CUDA_DRIVER=libm.so.6", "plain 0"),
            "GSA_ERROR_NO_DEVICE: " + noImage +
                "(CUDA driver must have cuInit, got 'libm.so.6' without it)" +
                notHost);
}

TEST(CudaDriver, DoesNotStart) {
  EXPECT_EQ(probe(named + "GSA_FAKE_INIT=34", "plain 0"),
            "GSA_ERROR_NO_DEVICE: " + noImage +
                "(CUDA driver must start, got CUDA_ERROR_STUB_LIBRARY (the "
                "toolkit's library to link with, not a driver))" +
                notHost);
  EXPECT_EQ(probe(named + "GSA_FAKE_INIT=100", "plain 0"),
            "GSA_ERROR_NO_DEVICE: " + noImage +
                "(CUDA driver must start, got CUDA_ERROR_NO_DEVICE (in "
                "words))" +
                notHost);
  EXPECT_EQ(probe(named + "GSA_FAKE_INIT=100", "plain 3"), "backend 0\n");
}

TEST(CudaDriver, BeforeCuda118) {
  EXPECT_EQ(probe(old, "plain 0"), "backend 1\n");
  EXPECT_EQ(probe(old, "overlap 0"), "backend 1\n");
  EXPECT_EQ(probe(old, "cluster 0"),
            "GSA_ERROR_NO_IMAGE: " + noImage +
                "(needs clusters, which the driver knows from CUDA 11.8 on)" +
                notHost);
}
