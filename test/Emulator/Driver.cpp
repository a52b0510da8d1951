//===- Driver.cpp - The CUDA driver's functions ---------------------------===//
//
// Those that the runtime and the device suite ask for, declared as cuda.h has
// them (on purpose not with the runtime's declarations). A launch runs before
// its call returns, so streams, events and copies have nothing to wait for.
//
//===----------------------------------------------------------------------===//

#include "Operations.h"
#include "Races.h"
#include "Translate.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <sys/mman.h>
#include <thread>

using namespace emulator;

#define DRIVER extern "C" __attribute__((visibility("default"))) int

namespace {

enum {
  Success = 0,
  InvalidValue = 1,
  OutOfMemory = 2,
  NotInitialized = 3,
  InvalidDevice = 101,
  InvalidContext = 201,
  NoBinaryForGpu = 209,
  InvalidPtx = 218,
  NotFound = 500,
  LaunchFailed = 719,
  CaptureUnsupported = 900
};

struct ResultName {
  int result;
  const char *name, *text;
};
constexpr ResultName resultNames[] = {
    {Success, "CUDA_SUCCESS", "no error"},
    {InvalidValue, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {OutOfMemory, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {NotInitialized, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {InvalidDevice, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {InvalidContext, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {NoBinaryForGpu, "CUDA_ERROR_NO_BINARY_FOR_GPU",
     "no kernel image is available: the emulator runs PTX only"},
    {InvalidPtx, "CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"},
    {NotFound, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {LaunchFailed, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {CaptureUnsupported, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED",
     "operation not permitted when stream is capturing"}};

/// cuda.h: CUdevice_attribute
enum {
  MultiprocessorCount = 16,
  L2CacheSize = 38,
  ComputeCapabilityMajor = 75,
  ComputeCapabilityMinor = 76,
  MaxSharedOfBlock = 97
};
/// cuda.h: CUfunction_attribute
enum { MaxDynamicShared = 8, NonPortableCluster = 14 };

struct Context {
  int device = 0;
};
struct Function {
  Program *program;
  const Kernel *kernel;
  unsigned sharedLimit = 48 * 1024;
  bool bigClusters = false;
};
struct LoadedModule {
  std::unique_ptr<Program> program;
  std::vector<std::unique_ptr<Function>> functions;
};
using Work = std::function<int()>;
struct Graph {
  std::vector<Work> work;
};
struct Stream {
  bool isCapturing = false;
  Graph graph;
};
struct Event {
  std::chrono::steady_clock::time_point time;
};
struct Allocation {
  size_t bytes, mapped;
  char *mapping;
};

uint64_t environmentNumber(const char *name, uint64_t otherwise) {
  const char *text = std::getenv(name);
  return text && *text ? std::strtoull(text, nullptr, 0) : otherwise;
}

/// The machine.
class Machine {
public:
  Machine() {
    const char *text = std::getenv("GSA_EMULATED_CHIP");
    chip = text && *text ? text : "sm_90a";
    arch = chip == "sm_90a" ? 90 : chip == "sm_80" ? 80 : 0;
    processors = environmentNumber("GSA_EMULATED_SMS", 4);
    memory = environmentNumber("GSA_EMULATED_MEMORY", uint64_t(8) << 30);
    seed = environmentNumber("GSA_EMULATOR_SEED", 1);
    threads = environmentNumber("GSA_EMULATOR_THREADS",
                                std::thread::hardware_concurrency());
  }

  std::string chip;
  int arch; ///< 0 if the chip is not known
  unsigned processors;
  uint64_t memory, seed, threads;
  std::atomic<bool> initialised{false};
  /// A launch has failed, and with it the context.
  std::atomic<bool> isBroken{false};
  std::atomic<uint64_t> launches{0};
  Context context;

  std::mutex mutex; ///< of what follows
  std::map<uint64_t, Allocation> allocations;
  uint64_t allocated = 0;
  std::vector<std::unique_ptr<Ground>> grounds;

  std::unique_ptr<Ground> takeGround() {
    std::lock_guard<std::mutex> lock(mutex);
    if (grounds.empty())
      return std::make_unique<Ground>();
    std::unique_ptr<Ground> ground = std::move(grounds.back());
    grounds.pop_back();
    return ground;
  }
  void giveGround(std::unique_ptr<Ground> ground) {
    std::lock_guard<std::mutex> lock(mutex);
    grounds.push_back(std::move(ground));
  }
  /// Whether all of [address, address + bytes) is one allocation's.
  bool holds(uint64_t address, size_t bytes) {
    std::lock_guard<std::mutex> lock(mutex);
    auto after = allocations.upper_bound(address);
    if (after == allocations.begin())
      return false;
    auto &[first, allocation] = *std::prev(after);
    return address - first <= allocation.bytes &&
           bytes <= allocation.bytes - (address - first);
  }
};

/// Never destroyed: other threads may still run when the process ends.
Machine &machine() {
  static Machine &instance = *new Machine();
  return instance;
}

thread_local std::vector<Context *> contexts;
thread_local int captureMode = 0;
Stream defaultStream;

Stream &streamOf(void *stream) {
  // 0, 1 and 2 are the default stream, of this or that kind.
  return reinterpret_cast<uintptr_t>(stream) <= 2
             ? defaultStream
             : *static_cast<Stream *>(stream);
}

/// Does `work` now, or when a graph is launched.
int enqueue(void *stream, Work work) {
  Stream &to = streamOf(stream);
  if (!to.isCapturing)
    return work();
  to.graph.work.push_back(std::move(work));
  return Success;
}

int state() {
  if (!machine().initialised)
    return NotInitialized;
  return machine().isBroken ? LaunchFailed : Success;
}
#define CHECK_STATE                                                            \
  if (int result = state())                                                    \
  return result

void complain(const std::string &message) {
  std::fprintf(stderr, "emulator: %s\n", message.c_str());
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

/// cuda.h: CUlaunchAttribute, CUlaunchConfig
struct LaunchAttribute {
  int id;
  char pad[4];
  union {
    char bytes[64];
    unsigned cluster[3];
  };
};
struct LaunchConfig {
  unsigned grid[3], block[3], sharedBytes;
  void *stream;
  LaunchAttribute *attributes;
  unsigned numAttributes;
};
enum { ClusterDimension = 4, ProgrammaticSerialization = 6 };

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
// The driver, devices and contexts
//===----------------------------------------------------------------------===//

DRIVER cuInit(unsigned flags) {
  if (flags)
    return InvalidValue;
  if (!machine().arch) {
    complain("GSA_EMULATED_CHIP must be sm_80 or sm_90a, got '" +
             machine().chip + "'");
    return InvalidDevice;
  }
  machine().initialised = true;
  return Success;
}

DRIVER cuDriverGetVersion(int *version) {
  *version = 13000;
  return Success;
}

DRIVER cuGetErrorName(int result, const char **text) {
  for (const ResultName &each : resultNames)
    if (each.result == result) {
      *text = each.name;
      return Success;
    }
  *text = nullptr;
  return InvalidValue;
}

DRIVER cuGetErrorString(int result, const char **text) {
  for (const ResultName &each : resultNames)
    if (each.result == result) {
      *text = each.text;
      return Success;
    }
  *text = nullptr;
  return InvalidValue;
}

DRIVER cuDeviceGet(int *device, int ordinal) {
  CHECK_STATE;
  if (ordinal != 0)
    return InvalidDevice;
  *device = ordinal;
  return Success;
}

DRIVER cuDeviceGetName(char *name, int bytes, int) {
  CHECK_STATE;
  std::snprintf(name, static_cast<size_t>(bytes), "emulator of %s",
                machine().chip.c_str());
  return Success;
}

DRIVER cuDeviceGetAttribute(int *value, int attribute, int device) {
  CHECK_STATE;
  if (device != 0)
    return InvalidDevice;
  bool isHopper = machine().arch == 90;
  switch (attribute) {
  case MultiprocessorCount:
    *value = static_cast<int>(machine().processors);
    return Success;
  case L2CacheSize:
    *value = 1 << 20;
    return Success;
  case ComputeCapabilityMajor:
    *value = machine().arch / 10;
    return Success;
  case ComputeCapabilityMinor:
    *value = machine().arch % 10;
    return Success;
  case MaxSharedOfBlock:
    *value = isHopper ? int(kMaxShared) : 163 * 1024;
    return Success;
  default:
    return InvalidValue;
  }
}

DRIVER cuDevicePrimaryCtxRetain(void **context, int device) {
  CHECK_STATE;
  if (device != 0)
    return InvalidDevice;
  *context = &machine().context;
  return Success;
}

DRIVER cuCtxGetCurrent(void **context) {
  *context = contexts.empty() ? nullptr : contexts.back();
  return Success;
}

DRIVER cuCtxSetCurrent(void *context) {
  if (!contexts.empty())
    contexts.pop_back();
  if (context)
    contexts.push_back(static_cast<Context *>(context));
  return Success;
}

DRIVER cuCtxGetDevice(int *device) {
  if (contexts.empty())
    return InvalidContext;
  *device = contexts.back()->device;
  return Success;
}

DRIVER cuCtxPushCurrent_v2(void *context) {
  if (!context)
    return InvalidContext;
  contexts.push_back(static_cast<Context *>(context));
  return Success;
}

DRIVER cuCtxPopCurrent_v2(void **context) {
  if (contexts.empty())
    return InvalidContext;
  *context = contexts.back();
  contexts.pop_back();
  return Success;
}

DRIVER cuCtxGetId(void *, unsigned long long *id) {
  *id = 1;
  return Success;
}

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
  int limit = 0;
  (void)cuDeviceGetAttribute(&limit, MaxSharedOfBlock, 0);
  if (attribute == MaxDynamicShared && value >= 0 && value <= limit)
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
  int limit = 0;
  (void)cuDeviceGetAttribute(&limit, MaxSharedOfBlock, 0);
  size_t total = static_cast<size_t>(limit) + 1024;
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

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

DRIVER cuMemAlloc_v2(unsigned long long *address, size_t bytes) {
  CHECK_STATE;
  if (!bytes)
    return InvalidValue;
  Machine &all = machine();
  constexpr size_t page = 4096;
  std::lock_guard<std::mutex> lock(all.mutex);
  if (bytes > all.memory || all.allocated > all.memory - bytes)
    return OutOfMemory;
  // The end is at a page's end, as near as the alignment that the driver
  // promises lets it; pages around it may not be touched.
  size_t rounded = (bytes + 255) / 256 * 256;
  size_t inside = (rounded + page - 1) / page * page;
  void *mapping = mmap(nullptr, inside + 2 * page, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED)
    return OutOfMemory;
  char *first = static_cast<char *>(mapping) + page;
  mprotect(first, inside, PROT_READ | PROT_WRITE);
  char *at = first + inside - rounded;
  // Not a number in every type; more would only cost memory.
  if (inside <= size_t(256) << 20)
    std::memset(first, 0xff, inside);
  all.allocated += bytes;
  *address = reinterpret_cast<uint64_t>(at);
  all.allocations[*address] = {bytes, inside + 2 * page,
                               static_cast<char *>(mapping)};
  return Success;
}

DRIVER cuMemFree_v2(unsigned long long address) {
  Machine &all = machine();
  std::lock_guard<std::mutex> lock(all.mutex);
  auto found = all.allocations.find(address);
  if (found == all.allocations.end())
    return address ? int(InvalidValue) : int(Success);
  munmap(found->second.mapping, found->second.mapped);
  all.allocated -= found->second.bytes;
  all.allocations.erase(found);
  return Success;
}

DRIVER cuMemGetInfo_v2(size_t *free, size_t *total) {
  CHECK_STATE;
  std::lock_guard<std::mutex> lock(machine().mutex);
  *total = machine().memory;
  *free = machine().memory - machine().allocated;
  return Success;
}

DRIVER cuMemcpyHtoD_v2(unsigned long long to, const void *from, size_t bytes) {
  CHECK_STATE;
  if (!machine().holds(to, bytes))
    return InvalidValue;
  std::memcpy(reinterpret_cast<void *>(to), from, bytes);
  return Success;
}

DRIVER cuMemcpyDtoH_v2(void *to, unsigned long long from, size_t bytes) {
  CHECK_STATE;
  if (!machine().holds(from, bytes))
    return InvalidValue;
  std::memcpy(to, reinterpret_cast<const void *>(from), bytes);
  return Success;
}

DRIVER cuMemcpyDtoDAsync_v2(unsigned long long to, unsigned long long from,
                            size_t bytes, void *stream) {
  CHECK_STATE;
  if (!machine().holds(to, bytes) || !machine().holds(from, bytes))
    return InvalidValue;
  return enqueue(stream, [=] {
    std::memmove(reinterpret_cast<void *>(to),
                 reinterpret_cast<const void *>(from), bytes);
    return int(Success);
  });
}

DRIVER cuMemsetD8_v2(unsigned long long to, unsigned char value, size_t bytes) {
  CHECK_STATE;
  if (!machine().holds(to, bytes))
    return InvalidValue;
  std::memset(reinterpret_cast<void *>(to), value, bytes);
  return Success;
}

//===----------------------------------------------------------------------===//
// Streams, events and graphs
//===----------------------------------------------------------------------===//

DRIVER cuStreamGetCtx(void *stream, void **context) {
  CHECK_STATE;
  if (reinterpret_cast<uintptr_t>(stream) <= 2)
    return cuCtxGetCurrent(context), *context ? Success : int(InvalidContext);
  *context = &machine().context;
  return Success;
}

DRIVER cuThreadExchangeStreamCaptureMode(int *mode) {
  std::swap(*mode, captureMode);
  return Success;
}

DRIVER cuStreamCreate(void **stream, unsigned) {
  CHECK_STATE;
  *stream = new Stream();
  return Success;
}

DRIVER cuStreamDestroy_v2(void *stream) {
  delete static_cast<Stream *>(stream);
  return Success;
}

DRIVER cuStreamSynchronize(void *stream) {
  CHECK_STATE;
  return streamOf(stream).isCapturing ? int(CaptureUnsupported) : int(Success);
}

DRIVER cuEventCreate(void **event, unsigned) {
  CHECK_STATE;
  *event = new Event();
  return Success;
}

DRIVER cuEventRecord(void *event, void *stream) {
  CHECK_STATE;
  return enqueue(stream, [event] {
    static_cast<Event *>(event)->time = std::chrono::steady_clock::now();
    return int(Success);
  });
}

DRIVER cuEventSynchronize(void *) { return state(); }

DRIVER cuEventElapsedTime(float *milliseconds, void *first, void *last) {
  CHECK_STATE;
  *milliseconds =
      std::chrono::duration<float, std::milli>(
          static_cast<Event *>(last)->time - static_cast<Event *>(first)->time)
          .count();
  return Success;
}

DRIVER cuStreamBeginCapture_v2(void *stream, int) {
  CHECK_STATE;
  if (reinterpret_cast<uintptr_t>(stream) <= 2 || streamOf(stream).isCapturing)
    return CaptureUnsupported;
  streamOf(stream).isCapturing = true;
  streamOf(stream).graph = {};
  return Success;
}

DRIVER cuStreamEndCapture(void *stream, void **graph) {
  CHECK_STATE;
  if (!streamOf(stream).isCapturing)
    return InvalidValue;
  streamOf(stream).isCapturing = false;
  *graph = new Graph(std::move(streamOf(stream).graph));
  return Success;
}

DRIVER cuGraphInstantiateWithFlags(void **ready, void *graph,
                                   unsigned long long) {
  CHECK_STATE;
  *ready = new Graph(*static_cast<Graph *>(graph));
  return Success;
}

DRIVER cuGraphLaunch(void *ready, void *stream) {
  CHECK_STATE;
  for (const Work &work : static_cast<Graph *>(ready)->work)
    if (int result = enqueue(stream, work))
      return result;
  return Success;
}

DRIVER cuGraphDestroy(void *graph) {
  delete static_cast<Graph *>(graph);
  return Success;
}

DRIVER cuGraphExecDestroy(void *ready) {
  delete static_cast<Graph *>(ready);
  return Success;
}
