//===- FakeDriver.cpp - A CUDA driver without a device --------------------===//
//
// Declared as cuda.h has it, on purpose not with the runtime's declarations:
// a wrong one there shows as a wrong record here.
//
//===----------------------------------------------------------------------===//

#include "FakeDriver.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <sstream>
#include <thread>

using gsa::test::FakeDriver;

#define FAKE extern "C" __attribute__((visibility("default"))) int

namespace {

enum {
  Success = 0,
  InvalidValue = 1,
  NotInitialized = 3,
  InvalidDevice = 101,
  InvalidContext = 201,
  InvalidPtx = 218,
  InvalidHandle = 400,
  NotFound = 500,
  CaptureUnsupported = 900
};

struct Context {
  int device;
  unsigned long long id;
  bool alive;
};
struct Stream {
  Context *context;
};
struct Module {
  Context *context;
  std::vector<std::string> kernels;
};
struct Function {
  std::string name;
  Context *context;
  int sharedLimit = 48 * 1024;
  bool bigClusters = false;
};

class Fake final : public FakeDriver {
public:
  Fake() { Fake::reset(); }

  void reset() override {
    std::lock_guard<std::mutex> lock(mutex);
    devices = {Device()};
    failures.clear();
    parameterBytes = 320;
    secondParameterBytes = 0;
    capturing = false;
    calls.clear();
    launches.clear();
    loads.clear();
    maps.clear();
    unloads = 0;
    sharedLimit.clear();
    bigClusters.clear();
    stack.clear();
  }
  void *createContext(int device) override {
    std::lock_guard<std::mutex> lock(mutex);
    return newContext(device);
  }
  void destroyContext(void *context) override {
    std::lock_guard<std::mutex> lock(mutex);
    static_cast<Context *>(context)->alive = false;
  }
  void *createStream(void *context) override {
    std::lock_guard<std::mutex> lock(mutex);
    streams.push_back(
        std::make_unique<Stream>(Stream{static_cast<Context *>(context)}));
    return streams.back().get();
  }
  void setCurrent(void *context) override {
    stack.clear();
    if (context)
      stack.push_back(static_cast<Context *>(context));
  }
  void *current() override { return stack.empty() ? nullptr : stack.back(); }

  Context *newContext(int device) {
    for (auto &context : contexts)
      if (!context->alive) {
        *context = {device, ++lastId, true};
        return context.get();
      }
    contexts.push_back(
        std::make_unique<Context>(Context{device, ++lastId, true}));
    return contexts.back().get();
  }

  /// Records a call. What it is to return if that is not success.
  int enter(const char *name, bool unsafe = false) {
    calls.push_back(name);
    auto failure = failures.find(name);
    if (failure != failures.end())
      return failure->second;
    if (unsafe && capturing && captureMode != 2) {
      capturing = false;
      return CaptureUnsupported;
    }
    return initialized ? Success : int(NotInitialized);
  }

  std::mutex mutex;
  bool initialized = false;
  unsigned long long lastId = 0;
  std::vector<std::unique_ptr<Context>> contexts;
  std::vector<std::unique_ptr<Stream>> streams;
  std::vector<std::unique_ptr<Module>> modules;
  std::vector<std::unique_ptr<Function>> functions;
  std::map<int, Context *> primaryContexts;

  static thread_local std::vector<Context *> stack;
  static thread_local int captureMode;
};

thread_local std::vector<Context *> Fake::stack;
thread_local int Fake::captureMode = 0;

Fake &fake() {
  static Fake instance;
  return instance;
}

} // namespace

extern "C" __attribute__((visibility("default"))) FakeDriver *gsaFakeDriver() {
  return &fake();
}

#define ENTER(name, ...)                                                       \
  std::lock_guard<std::mutex> lock(fake().mutex);                              \
  if (int result = fake().enter(name, ##__VA_ARGS__))                          \
    return result;

FAKE cuInit(unsigned flags) {
  std::lock_guard<std::mutex> lock(fake().mutex);
  fake().calls.push_back("cuInit");
  if (flags != 0)
    return InvalidValue;
  const char *wanted = std::getenv("GSA_FAKE_INIT");
  int result = wanted ? std::atoi(wanted) : 0;
  fake().initialized = result == 0;
  return result;
}

FAKE cuDriverGetVersion(int *version) {
#if GSA_FAKE_OLD
  *version = 11040;
#else
  *version = 13000;
#endif
  return Success;
}

FAKE cuGetErrorName(int error, const char **text) {
  switch (error) {
  case InvalidValue:
    *text = "CUDA_ERROR_INVALID_VALUE";
    return Success;
  case 100:
    *text = "CUDA_ERROR_NO_DEVICE";
    return Success;
  case InvalidPtx:
    *text = "CUDA_ERROR_INVALID_PTX";
    return Success;
  case NotFound:
    *text = "CUDA_ERROR_NOT_FOUND";
    return Success;
  default:
    *text = nullptr;
    return InvalidValue;
  }
}

FAKE cuGetErrorString(int error, const char **text) {
  const char *name;
  if (cuGetErrorName(error, &name))
    return InvalidValue;
  *text = "in words";
  return Success;
}

FAKE cuDeviceGet(int *device, int ordinal) {
  ENTER("cuDeviceGet");
  if (ordinal < 0 || size_t(ordinal) >= fake().devices.size())
    return InvalidDevice;
  *device = ordinal;
  return Success;
}

FAKE cuDeviceGetAttribute(int *value, int attribute, int device) {
  ENTER("cuDeviceGetAttribute");
  if (device < 0 || size_t(device) >= fake().devices.size())
    return InvalidDevice;
  const FakeDriver::Device &facts = fake().devices[device];
  switch (attribute) {
  case 75:
    *value = facts.arch / 10;
    return Success;
  case 76:
    *value = facts.arch % 10;
    return Success;
  case 97:
    *value = facts.sharedBytes;
    return Success;
  case 16:
    *value = facts.processors;
    return Success;
  default:
    return InvalidValue;
  }
}

FAKE cuDevicePrimaryCtxRetain(void **context, int device) {
  ENTER("cuDevicePrimaryCtxRetain", /*unsafe=*/true);
  Context *&primary = fake().primaryContexts[device];
  if (!primary)
    primary = fake().newContext(device);
  ++fake().primaries;
  *context = primary;
  return Success;
}

FAKE cuCtxGetCurrent(void **context) {
  ENTER("cuCtxGetCurrent");
  *context = fake().current();
  return Success;
}

FAKE cuCtxGetDevice(int *device) {
  ENTER("cuCtxGetDevice");
  if (!fake().current())
    return InvalidContext;
  *device = Fake::stack.back()->device;
  return Success;
}

FAKE cuCtxPushCurrent_v2(void *context) {
  ENTER("cuCtxPushCurrent");
  if (!context)
    return InvalidContext;
  Fake::stack.push_back(static_cast<Context *>(context));
  return Success;
}

FAKE cuCtxPopCurrent_v2(void **context) {
  ENTER("cuCtxPopCurrent");
  if (Fake::stack.empty())
    return InvalidContext;
  *context = Fake::stack.back();
  Fake::stack.pop_back();
  return Success;
}

static Context *contextOf(void *stream) {
  if (reinterpret_cast<uintptr_t>(stream) <= 2)
    return static_cast<Context *>(fake().current());
  return static_cast<Stream *>(stream)->context;
}

FAKE cuStreamGetCtx(void *stream, void **context) {
  ENTER("cuStreamGetCtx");
  *context = contextOf(stream);
  return *context ? Success : int(InvalidContext);
}

FAKE cuThreadExchangeStreamCaptureMode(int *mode) {
  ENTER("cuThreadExchangeStreamCaptureMode");
  std::swap(*mode, Fake::captureMode);
  return Success;
}

FAKE cuModuleLoadDataEx(void **module, const void *code, unsigned numOptions,
                        int *options, void **values) {
  {
    ENTER("cuModuleLoadDataEx", /*unsafe=*/true);
    if (!fake().current())
      return InvalidContext;
  }
  // Long enough for other threads to arrive at the same image.
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  std::lock_guard<std::mutex> lock(fake().mutex);
  const char *text = static_cast<const char *>(code);
  if (std::strncmp(text, "\177ELF", 4) == 0)
    text += 4;
  auto loaded = std::make_unique<Module>();
  loaded->context = static_cast<Context *>(fake().current());
  std::istringstream words(text);
  for (std::string word; words >> word;)
    loaded->kernels.push_back(word);
  if (!loaded->kernels.empty() && loaded->kernels.front() == "broken") {
    char *log = nullptr;
    size_t bytes = 0;
    for (unsigned i = 0; i < numOptions; ++i)
      if (options[i] == 5)
        log = static_cast<char *>(values[i]);
      else if (options[i] == 6)
        bytes = reinterpret_cast<size_t>(values[i]);
    if (log)
      std::strncpy(log, "line 1; error: no such thing\nline 2; fatal\n", bytes);
    return InvalidPtx;
  }
  fake().loads.push_back({loaded->context, code});
  *module = loaded.get();
  fake().modules.push_back(std::move(loaded));
  return Success;
}

FAKE cuModuleUnload(void *) {
  ENTER("cuModuleUnload", /*unsafe=*/true);
  ++fake().unloads;
  return Success;
}

FAKE cuModuleGetFunction(void **function, void *module, const char *name) {
  ENTER("cuModuleGetFunction", /*unsafe=*/true);
  auto *from = static_cast<Module *>(module);
  if (std::find(from->kernels.begin(), from->kernels.end(), name) ==
      from->kernels.end())
    return NotFound;
  auto found = std::make_unique<Function>();
  found->name = name;
  found->context = from->context;
  *function = found.get();
  fake().functions.push_back(std::move(found));
  return Success;
}

FAKE cuFuncGetAttribute(int *value, int attribute, void *) {
  ENTER("cuFuncGetAttribute");
  if (attribute != 4)
    return InvalidValue;
  *value = 128;
  return Success;
}

FAKE cuFuncSetAttribute(void *function, int attribute, int value) {
  ENTER("cuFuncSetAttribute");
  auto *of = static_cast<Function *>(function);
  if (attribute == 8) {
    if (value > fake().devices[of->context->device].sharedBytes)
      return InvalidValue;
    of->sharedLimit = fake().sharedLimit[of->name] = value;
    return Success;
  }
  if (attribute == 14) {
    of->bigClusters = value;
    fake().bigClusters[of->name] = value;
    return Success;
  }
  return InvalidValue;
}

FAKE cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, void *function,
                                                 int threads, size_t shared) {
  ENTER("cuOccupancyMaxActiveBlocksPerMultiprocessor");
  auto *of = static_cast<Function *>(function);
  if (threads < 1 || threads > 1024 || shared > size_t(of->sharedLimit))
    return InvalidValue;
  *blocks = fake().devices[of->context->device].blocks;
  return Success;
}

static int launch(void *function, const FakeDriver::Launch &wanted,
                  unsigned otherGrid, unsigned otherThreads, void **parameters,
                  void **extra) {
  auto *of = static_cast<Function *>(function);
  if (!fake().current())
    return InvalidContext;
  if (of->context != contextOf(wanted.stream) || !of->context->alive)
    return InvalidHandle;
  if (wanted.grid == 0 || wanted.grid > 0x7fffffff || otherGrid != 1 ||
      otherThreads != 1 || wanted.threads == 0 || wanted.threads > 1024 ||
      wanted.shared > unsigned(of->sharedLimit) || wanted.cluster == 0 ||
      wanted.grid % wanted.cluster != 0 ||
      wanted.cluster > (of->bigClusters ? 16u : 8u) || extra)
    return InvalidValue;
  FakeDriver::Launch record = wanted;
  record.function = of->name;
  record.context = of->context;
  const char *bytes = static_cast<const char *>(parameters[0]);
  record.parameter.assign(bytes, bytes + fake().parameterBytes);
  if (size_t more = fake().secondParameterBytes) {
    bytes = static_cast<const char *>(parameters[1]);
    record.maps.assign(bytes, bytes + more);
    std::memcpy(&record.usable, parameters[2], sizeof(record.usable));
  }
  fake().launches.push_back(record);
  return Success;
}

FAKE cuLaunchKernel(void *function, unsigned gridX, unsigned gridY,
                    unsigned gridZ, unsigned blockX, unsigned blockY,
                    unsigned blockZ, unsigned sharedBytes, void *stream,
                    void **parameters, void **extra) {
  ENTER("cuLaunchKernel");
  return launch(function,
                {"",
                 nullptr,
                 stream,
                 gridX,
                 blockX,
                 sharedBytes,
                 1,
                 false,
                 false,
                 {},
                 {},
                 0},
                gridY * gridZ, blockY * blockZ, parameters, extra);
}

#if !GSA_FAKE_OLD
FAKE cuCtxGetId(void *context, unsigned long long *id) {
  ENTER("cuCtxGetId");
  *id = static_cast<Context *>(context)->id;
  return Success;
}

FAKE cuFuncGetParamInfo(void *, size_t index, size_t *offset, size_t *size) {
  ENTER("cuFuncGetParamInfo");
  size_t second = fake().secondParameterBytes;
  if (index > (second ? 2u : 0u))
    return InvalidValue;
  *offset = index == 0   ? 0
            : index == 1 ? fake().parameterBytes
                         : fake().parameterBytes + second;
  *size = index == 0 ? fake().parameterBytes : index == 1 ? second : 8;
  return Success;
}

FAKE cuTensorMapEncodeTiled(void *map, int type, unsigned rank, void *data,
                            const unsigned long long *extents,
                            const unsigned long long *strides,
                            const unsigned *box, const unsigned *steps,
                            int interleave, int swizzle, int promotion,
                            int fill) {
  ENTER("cuTensorMapEncodeTiled");
  if (reinterpret_cast<size_t>(map) % 64 || rank < 1 || rank > 5 ||
      reinterpret_cast<size_t>(data) % 16)
    return InvalidValue;
  for (unsigned i = 0; i < rank; ++i)
    if (extents[i] == 0 || extents[i] > 1ull << 32 || box[i] == 0 ||
        box[i] > 256 || (i + 1 < rank && strides[i] % 16))
      return InvalidValue;
  fake().maps.push_back({type,
                         data,
                         {extents, extents + rank},
                         {strides, strides + rank - 1},
                         {box, box + rank},
                         {steps, steps + rank},
                         interleave,
                         swizzle,
                         promotion,
                         fill});
  std::memset(map, static_cast<int>(fake().maps.size()), 128);
  return Success;
}

FAKE cuFuncLoad(void *) {
  ENTER("cuFuncLoad", /*unsafe=*/true);
  return Success;
}

struct Attribute {
  int id;
  char pad[4];
  union {
    char bytes[64];
    unsigned cluster[3];
    int allowed;
  } value;
};
struct Config {
  unsigned grid[3], block[3], sharedBytes;
  void *stream;
  Attribute *attributes;
  unsigned numAttributes;
};

FAKE cuOccupancyMaxActiveClusters(int *clusters, void *function,
                                  const Config *config) {
  ENTER("cuOccupancyMaxActiveClusters");
  auto *of = static_cast<Function *>(function);
  if (config->numAttributes != 1 || config->attributes[0].id != 4)
    return InvalidValue;
  const unsigned *cluster = config->attributes[0].value.cluster;
  if (cluster[0] < 2 || cluster[0] > (of->bigClusters ? 16u : 8u) ||
      cluster[1] != 1 || cluster[2] != 1 || config->grid[0] % cluster[0] != 0 ||
      config->grid[1] != 1 || config->grid[2] != 1 || config->block[0] < 1 ||
      config->block[0] > 1024 || config->block[1] != 1 ||
      config->block[2] != 1 || config->sharedBytes > unsigned(of->sharedLimit))
    return InvalidValue;
  *clusters = fake().devices[of->context->device].clusters;
  return Success;
}

FAKE cuLaunchKernelEx(const Config *config, void *function, void **parameters,
                      void **extra) {
  ENTER("cuLaunchKernelEx");
  FakeDriver::Launch wanted = {"",
                               nullptr,
                               config->stream,
                               config->grid[0],
                               config->block[0],
                               config->sharedBytes,
                               1,
                               false,
                               true,
                               {},
                               {},
                               0};
  for (unsigned i = 0; i < config->numAttributes; ++i) {
    const Attribute &each = config->attributes[i];
    if (each.id == 4) {
      if (each.value.cluster[1] != 1 || each.value.cluster[2] != 1)
        return InvalidValue;
      wanted.cluster = each.value.cluster[0];
    } else if (each.id == 6) {
      wanted.overlap = each.value.allowed != 0;
    } else {
      return InvalidValue;
    }
  }
  return launch(function, wanted, config->grid[1] * config->grid[2],
                config->block[1] * config->block[2], parameters, extra);
}
#endif
