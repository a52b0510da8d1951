//===- Cuda.cpp - The driver of NVIDIA's devices, opened at run time ------===//
//
// Names and signatures: CUDA Driver API reference manual, sections 6.3 to 6.27.
// The driver exports the functions' current versions with a suffix.
//
//===----------------------------------------------------------------------===//

#include "Device.h"

#include <dlfcn.h>

using namespace suite;

namespace {
using Result = int;
using Address = unsigned long long;
using Handle = void *;

/// The functions of libcuda.so.1 that the suite calls.
struct Api {
  Result (*cuInit)(unsigned);
  Result (*cuGetErrorName)(Result, const char **);
  Result (*cuDriverGetVersion)(int *);
  Result (*cuDeviceGet)(int *, int);
  Result (*cuDeviceGetName)(char *, int, int);
  Result (*cuDeviceGetAttribute)(int *, int, int);
  Result (*cuDevicePrimaryCtxRetain)(Handle *, int);
  Result (*cuCtxSetCurrent)(Handle);
  Result (*cuMemAlloc_v2)(Address *, size_t);
  Result (*cuMemFree_v2)(Address);
  Result (*cuMemGetInfo_v2)(size_t *, size_t *);
  Result (*cuMemcpyHtoD_v2)(Address, const void *, size_t);
  Result (*cuMemcpyDtoH_v2)(void *, Address, size_t);
  Result (*cuMemcpyDtoDAsync_v2)(Address, Address, size_t, Handle);
  Result (*cuMemsetD8_v2)(Address, unsigned char, size_t);
  Result (*cuStreamCreate)(Handle *, unsigned);
  Result (*cuStreamDestroy_v2)(Handle);
  Result (*cuStreamSynchronize)(Handle);
  Result (*cuEventCreate)(Handle *, unsigned);
  Result (*cuEventRecord)(Handle, Handle);
  Result (*cuEventSynchronize)(Handle);
  Result (*cuEventElapsedTime)(float *, Handle, Handle);
  Result (*cuStreamBeginCapture_v2)(Handle, int);
  Result (*cuStreamEndCapture)(Handle, Handle *);
  Result (*cuGraphInstantiateWithFlags)(Handle *, Handle, unsigned long long);
  Result (*cuGraphLaunch)(Handle, Handle);
  Result (*cuGraphDestroy)(Handle);
  Result (*cuGraphExecDestroy)(Handle);

  /// The name of the first function that is missing, if any.
  const char *load(void *library) {
    const char *missing = nullptr;
    auto find = [&](const char *name, auto &function) {
      function = reinterpret_cast<std::decay_t<decltype(function)>>(
          dlsym(library, name));
      if (!function && !missing)
        missing = name;
    };
#define FIND(function) find(#function, function)
    FIND(cuInit);
    FIND(cuGetErrorName);
    FIND(cuDriverGetVersion);
    FIND(cuDeviceGet);
    FIND(cuDeviceGetName);
    FIND(cuDeviceGetAttribute);
    FIND(cuDevicePrimaryCtxRetain);
    FIND(cuCtxSetCurrent);
    FIND(cuMemAlloc_v2);
    FIND(cuMemFree_v2);
    FIND(cuMemGetInfo_v2);
    FIND(cuMemcpyHtoD_v2);
    FIND(cuMemcpyDtoH_v2);
    FIND(cuMemcpyDtoDAsync_v2);
    FIND(cuMemsetD8_v2);
    FIND(cuStreamCreate);
    FIND(cuStreamDestroy_v2);
    FIND(cuStreamSynchronize);
    FIND(cuEventCreate);
    FIND(cuEventRecord);
    FIND(cuEventSynchronize);
    FIND(cuEventElapsedTime);
    FIND(cuStreamBeginCapture_v2);
    FIND(cuStreamEndCapture);
    FIND(cuGraphInstantiateWithFlags);
    FIND(cuGraphLaunch);
    FIND(cuGraphDestroy);
    FIND(cuGraphExecDestroy);
#undef FIND
    return missing;
  }
};

// Of CUdevice_attribute, CUresult, CUstream_flags and CUstreamCaptureMode.
constexpr int kMultiprocessorCount = 16, kL2CacheSize = 38, kMajor = 75,
              kMinor = 76;
constexpr Result kSuccess = 0, kOutOfMemory = 2;
constexpr unsigned kNonBlocking = 1;
constexpr int kCaptureThreadLocal = 1;

class Cuda : public Device {
public:
  Cuda(const Api &api, int device) : api(api), device(device) {
    check(api.cuDevicePrimaryCtxRetain(&context, device), "a context");
    enter();
  }

  gsa_backend backend() const override { return GSA_BACKEND_CUDA; }

  std::vector<std::pair<std::string, std::string>> facts() override {
    char name[256] = "";
    check(api.cuDeviceGetName(name, sizeof(name), device), "the name");
    int version = 0;
    check(api.cuDriverGetVersion(&version), "the driver's version");
    size_t free = 0, total = 0;
    check(api.cuMemGetInfo_v2(&free, &total), "memory information");
    return {
        {"device", name},
        {"compute capability", std::to_string(attribute(kMajor)) + "." +
                                   std::to_string(attribute(kMinor))},
        {"multiprocessors", std::to_string(attribute(kMultiprocessorCount))},
        {"L2", std::to_string(attribute(kL2CacheSize) >> 20) + " MiB"},
        {"memory", std::to_string(total >> 20) + " MiB"},
        {"CUDA of the driver", std::to_string(version / 1000) + "." +
                                   std::to_string(version % 1000 / 10)}};
  }
  void enter() override {
    check(api.cuCtxSetCurrent(context), "a current context");
  }

  void *allocate(size_t bytes) override {
    Address address = 0;
    Result result = api.cuMemAlloc_v2(&address, bytes);
    if (result == kOutOfMemory)
      return nullptr;
    check(result, "an allocation");
    return reinterpret_cast<void *>(address);
  }
  void release(void *memory) override {
    check(api.cuMemFree_v2(at(memory)), "a release of memory");
  }
  size_t freeBytes() override {
    size_t free = 0, total = 0;
    check(api.cuMemGetInfo_v2(&free, &total), "memory information");
    return free;
  }
  size_t cacheBytes() override { return size_t(attribute(kL2CacheSize)); }
  void upload(void *to, const void *from, size_t bytes) override {
    check(api.cuMemcpyHtoD_v2(at(to), from, bytes), "an upload");
    finish("an upload");
  }
  void download(void *to, const void *from, size_t bytes) override {
    check(api.cuMemcpyDtoH_v2(to, at(from), bytes), "a download");
  }
  void fill(void *to, unsigned char byte, size_t bytes) override {
    check(api.cuMemsetD8_v2(at(to), byte, bytes), "a fill");
    finish("a fill");
  }
  void copy(void *to, const void *from, size_t bytes,
            gsa_stream stream) override {
    check(api.cuMemcpyDtoDAsync_v2(at(to), at(from), bytes, stream), "a copy");
  }

  gsa_stream createStream() override {
    Handle stream = nullptr;
    check(api.cuStreamCreate(&stream, kNonBlocking), "a stream");
    return stream;
  }
  void releaseStream(gsa_stream stream) override {
    check(api.cuStreamDestroy_v2(stream), "a stream's release");
  }
  void synchronize(gsa_stream stream) override {
    check(api.cuStreamSynchronize(stream), "a kernel");
  }

  void *createEvent() override {
    Handle event = nullptr;
    check(api.cuEventCreate(&event, 0), "an event");
    return event;
  }
  void record(void *event, gsa_stream stream) override {
    check(api.cuEventRecord(event, stream), "a record of an event");
  }
  double between(void *first, void *last) override {
    check(api.cuEventSynchronize(last), "a kernel");
    float milliseconds = 0;
    check(api.cuEventElapsedTime(&milliseconds, first, last), "a time");
    return double(milliseconds);
  }

  void *capture(gsa_stream stream,
                const std::function<void()> &launches) override {
    check(api.cuStreamBeginCapture_v2(stream, kCaptureThreadLocal),
          "a capture's beginning");
    launches();
    Handle graph = nullptr, ready = nullptr;
    check(api.cuStreamEndCapture(stream, &graph), "a capture's end");
    check(api.cuGraphInstantiateWithFlags(&ready, graph, 0), "a graph");
    check(api.cuGraphDestroy(graph), "a graph's release");
    return ready;
  }
  void launchGraph(void *graph, gsa_stream stream) override {
    check(api.cuGraphLaunch(graph, stream), "a graph's launch");
  }
  void releaseGraph(void *graph) override {
    check(api.cuGraphExecDestroy(graph), "a graph's release");
  }

private:
  static Address at(const void *memory) {
    return reinterpret_cast<Address>(memory);
  }
  int attribute(int which) {
    int value = 0;
    check(api.cuDeviceGetAttribute(&value, which, device), "an attribute");
    return value;
  }
  /// Uploads and fills may end behind the host, and streams of ours do not wait
  /// for those of the default stream.
  void finish(const char *what) {
    check(api.cuStreamSynchronize(nullptr), what);
  }
  void check(Result result, const char *what) {
    if (result == kSuccess)
      return;
    const char *name = nullptr;
    api.cuGetErrorName(result, &name);
    fatal(std::string(what) + " must succeed, got " +
          (name ? name : std::to_string(result)));
  }

  Api api;
  int device;
  Handle context = nullptr;
};
} // namespace

std::unique_ptr<Device> suite::openCuda(std::string &message) {
  void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    message = std::string("the driver must be there, got: ") + dlerror();
    return nullptr;
  }
  Api api;
  if (const char *missing = api.load(library)) {
    message = std::string("the driver must have ") + missing + ", got none";
    return nullptr;
  }
  int device = 0;
  Result result = api.cuInit(0);
  if (result == kSuccess)
    result = api.cuDeviceGet(&device, 0);
  if (result != kSuccess) {
    const char *name = nullptr;
    api.cuGetErrorName(result, &name);
    message = std::string("there must be a device, got ") +
              (name ? name : std::to_string(result));
    return nullptr;
  }
  return std::make_unique<Cuda>(api, device);
}
