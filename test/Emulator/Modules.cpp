//===- Modules.cpp - Modules, functions and launches ----------------------===//

#include "Driver.h"
#include "Operations.h"
#include "Races.h"

#include <algorithm>
#include <cstring>
#include <thread>

using namespace emulator;
using namespace emulator::driver;

namespace {

int run(const Function &function, Launch launch,
        std::shared_ptr<std::vector<unsigned char>> parameters) {
  CHECK_STATE;
  Machine &all = machine();
  std::string error;
  launch.code = function.program->code(*function.kernel, error);
  if (!launch.code) {
    complain("kernel '" + function.kernel->name +
             "' must compile, got: " + error);
    return LaunchFailed;
  }
  uint64_t at = reinterpret_cast<uint64_t>(parameters->data());
  launch.parameters = reinterpret_cast<unsigned char *>((at + 127) / 128 * 128);
  launch.seed = all.seed * 1000003 + all.launches++;
  launch.checkRaces = racesAreChecked();
  unsigned blocks = launch.grid[0] * launch.grid[1] * launch.grid[2];
  unsigned gangs = blocks / launch.cluster;
  unsigned workers =
      std::max<uint64_t>(1, std::min<uint64_t>(all.threads, gangs));
  std::atomic<unsigned> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  auto work = [&] {
    std::unique_ptr<Ground> ground = all.takeGround();
    for (unsigned i; !failed && (i = next++) < gangs;) {
      std::string message;
      if (runGang(launch, i * launch.cluster, *ground, message))
        continue;
      std::lock_guard<std::mutex> lock(mutex);
      if (!failed.exchange(true))
        error = message;
    }
    all.giveGround(std::move(ground));
  };
  std::vector<std::thread> others;
  for (unsigned i = 1; i < workers; ++i)
    others.emplace_back(work);
  work();
  for (std::thread &each : others)
    each.join();
  if (!failed)
    return Success;
  all.isBroken = true;
  complain(error);
  return LaunchFailed;
}

int launchKernel(const LaunchConfig &config, void *handle, void **parameters,
                 void **extra) {
  CHECK_STATE;
  auto &function = *static_cast<Function *>(handle);
  const Kernel &kernel = *function.kernel;
  if (extra || (!kernel.parameters.empty() && !parameters))
    return InvalidValue;
  Launch launch;
  launch.name = kernel.name;
  uint64_t blocks = 1, threads = 1;
  for (unsigned i = 0; i < 3; ++i) {
    launch.grid[i] = config.grid[i];
    launch.block[i] = config.block[i];
    blocks *= config.grid[i];
    threads *= config.block[i];
  }
  for (unsigned i = 0; i < config.numAttributes; ++i) {
    const LaunchAttribute &attribute = config.attributes[i];
    if (attribute.id == ClusterDimension)
      launch.cluster =
          attribute.cluster[0] * attribute.cluster[1] * attribute.cluster[2];
    else if (attribute.id != ProgrammaticSerialization)
      return InvalidValue;
  }
  if (kernel.cluster && kernel.cluster != launch.cluster) {
    complain("kernel '" + kernel.name + "' must be launched with clusters of " +
             std::to_string(kernel.cluster) + ", got " +
             std::to_string(launch.cluster));
    return InvalidValue;
  }
  launch.sharedBytes = config.sharedBytes;
  if (!blocks || blocks > 0x7fffffff || !threads ||
      threads > kernel.maxThreads || !launch.cluster ||
      launch.cluster > (function.bigClusters ? 16 : 8) ||
      config.grid[0] % launch.cluster ||
      config.sharedBytes > function.sharedLimit)
    return InvalidValue;
  auto copies = std::make_shared<std::vector<unsigned char>>(
      kernel.parameterBytes() + 256);
  uint64_t at = reinterpret_cast<uint64_t>(copies->data());
  auto *first = reinterpret_cast<unsigned char *>((at + 127) / 128 * 128);
  for (size_t i = 0; i < kernel.parameters.size(); ++i)
    std::memcpy(first + kernel.parameters[i].offset, parameters[i],
                kernel.parameters[i].bytes);
  return enqueue(config.stream, [&function, launch, copies] {
    return run(function, launch, copies);
  });
}

} // namespace

//===----------------------------------------------------------------------===//
// Modules and functions
//===----------------------------------------------------------------------===//

DRIVER cuModuleLoadDataEx(void **module, const void *code, unsigned numOptions,
                          int *options, void **values) {
  CHECK_STATE;
  if (contexts.empty())
    return InvalidContext;
  const char *text = static_cast<const char *>(code);
  if (std::strncmp(text, "\177ELF", 4) == 0) {
    complain("image must be PTX, got machine code");
    return NoBinaryForGpu;
  }
  std::string message;
  auto loaded = std::make_unique<LoadedModule>();
  loaded->program = Program::create(text, message);
  if (loaded->program) {
    const std::string &target = loaded->program->module().target;
    // What is made for sm_90a runs there alone; else what is older runs, too.
    int wanted = std::atoi(target.c_str() + std::min<size_t>(3, target.size()));
    bool isExact = !target.empty() && target.back() == 'a';
    if (isExact ? target != machine().chip : wanted > machine().arch) {
      message = "target must be of " + machine().chip + ", got " + target;
      loaded->program.reset();
    }
  }
  if (!loaded->program) {
    complain("PTX must be loaded, got: " + message);
    for (unsigned i = 0; i < numOptions; ++i)
      if (options[i] == 5 && i + 1 < numOptions && options[i + 1] == 6)
        std::snprintf(static_cast<char *>(values[i]),
                      reinterpret_cast<size_t>(values[i + 1]), "%s",
                      message.c_str());
    return InvalidPtx;
  }
  *module = loaded.release();
  return Success;
}

DRIVER cuModuleUnload(void *module) {
  delete static_cast<LoadedModule *>(module);
  return Success;
}

DRIVER cuModuleGetFunction(void **function, void *module, const char *name) {
  CHECK_STATE;
  auto &loaded = *static_cast<LoadedModule *>(module);
  for (auto &each : loaded.functions)
    if (each->kernel->name == name) {
      *function = each.get();
      return Success;
    }
  for (const Kernel &kernel : loaded.program->module().kernels)
    if (kernel.name == name) {
      loaded.functions.push_back(
          std::make_unique<Function>(Function{loaded.program.get(), &kernel}));
      *function = loaded.functions.back().get();
      return Success;
    }
  return NotFound;
}

DRIVER cuFuncGetAttribute(int *value, int attribute, void *handle) {
  CHECK_STATE;
  auto &function = *static_cast<Function *>(handle);
  if (attribute == MaxDynamicShared)
    *value = static_cast<int>(function.sharedLimit);
  else if (attribute == NonPortableCluster)
    *value = function.bigClusters;
  else
    return InvalidValue;
  return Success;
}

DRIVER cuFuncSetAttribute(void *handle, int attribute, int value) {
  CHECK_STATE;
  auto &function = *static_cast<Function *>(handle);
  if (attribute == MaxDynamicShared && value >= 0 &&
      value <= machine().maxShared())
    function.sharedLimit = static_cast<unsigned>(value);
  else if (attribute == NonPortableCluster)
    function.bigClusters = value != 0;
  else
    return InvalidValue;
  return Success;
}

DRIVER cuFuncGetParamInfo(void *handle, size_t index, size_t *offset,
                          size_t *size) {
  CHECK_STATE;
  const Kernel &kernel = *static_cast<Function *>(handle)->kernel;
  if (index >= kernel.parameters.size())
    return InvalidValue;
  *offset = kernel.parameters[index].offset;
  *size = kernel.parameters[index].bytes;
  return Success;
}

DRIVER cuFuncLoad(void *handle) {
  CHECK_STATE;
  (void)handle; // instructions were checked by cuModuleLoadDataEx
  return Success;
}

/// As far as threads and shared memory limit them: registers are the real
/// assembler's business.
DRIVER cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, void *,
                                                   int threads, size_t shared) {
  CHECK_STATE;
  size_t total = static_cast<size_t>(machine().maxShared()) + 1024;
  *blocks = static_cast<int>(
      std::min<size_t>(2048 / static_cast<size_t>(threads),
                       std::min<size_t>(32, total / (shared + 1024))));
  return Success;
}

DRIVER cuOccupancyMaxActiveClusters(int *clusters, void *function,
                                    const LaunchConfig *config) {
  int blocks = 0;
  int threads =
      static_cast<int>(config->block[0] * config->block[1] * config->block[2]);
  if (int result = cuOccupancyMaxActiveBlocksPerMultiprocessor(
          &blocks, function, threads, config->sharedBytes))
    return result;
  unsigned size = 1;
  for (unsigned i = 0; i < config->numAttributes; ++i)
    if (config->attributes[i].id == ClusterDimension)
      size = config->attributes[i].cluster[0];
  *clusters =
      static_cast<int>(machine().processors) * blocks / static_cast<int>(size);
  return Success;
}

DRIVER cuLaunchKernel(void *function, unsigned gridX, unsigned gridY,
                      unsigned gridZ, unsigned blockX, unsigned blockY,
                      unsigned blockZ, unsigned sharedBytes, void *stream,
                      void **parameters, void **extra) {
  LaunchConfig config = {{gridX, gridY, gridZ},
                         {blockX, blockY, blockZ},
                         sharedBytes,
                         stream,
                         nullptr,
                         0};
  return launchKernel(config, function, parameters, extra);
}

DRIVER cuLaunchKernelEx(const LaunchConfig *config, void *function,
                        void **parameters, void **extra) {
  return launchKernel(*config, function, parameters, extra);
}

DRIVER cuTensorMapEncodeTiled(void *to, int type, uint32_t rank, void *data,
                              const uint64_t *extents, const uint64_t *strides,
                              const uint32_t *box, const uint32_t *steps,
                              int interleave, int swizzle, int, int fill) {
  CHECK_STATE;
  // Driver API reference, 6.30: what a map must be. Types: f16, f32, bf16.
  if (machine().arch < 90 || interleave || fill || swizzle < 0 || swizzle > 3 ||
      rank < 1 || rank > 5 || (type != 6 && type != 7 && type != 9) ||
      reinterpret_cast<uint64_t>(to) % 64)
    return InvalidValue;
  TensorMap map = {};
  map.magic = TensorMap::kMagic;
  map.data = reinterpret_cast<uint64_t>(data);
  map.rank = static_cast<uint8_t>(rank);
  map.elementBytes = type == 7 ? 4 : 2;
  map.swizzle = static_cast<uint8_t>(swizzle);
  uint64_t rowBytes = uint64_t(box[0]) * map.elementBytes;
  if (map.data % 16 || rowBytes % 16 ||
      (swizzle && rowBytes > (16u << swizzle)))
    return InvalidValue;
  for (uint32_t i = 0; i < rank; ++i) {
    if (!extents[i] || extents[i] > uint64_t(1) << 32 || !box[i] ||
        box[i] > 256 || steps[i] != 1)
      return InvalidValue;
    map.extents[i] = extents[i];
    map.box[i] = static_cast<uint16_t>(box[i]);
    if (i == 0)
      continue;
    if (strides[i - 1] % 16 || strides[i - 1] >= uint64_t(1) << 40)
      return InvalidValue;
    map.strides[i - 1] = strides[i - 1];
  }
  std::memset(to, 0, 128);
  std::memcpy(to, &map, sizeof(map));
  return Success;
}
