//===- Driver.cpp - The driver, its devices and contexts ------------------===//
//
// Those that the runtime and the device suite ask for. A launch runs before its
// call returns, so streams, events and copies have nothing to wait for.
//
//===----------------------------------------------------------------------===//

#include "Driver.h"

using namespace emulator;
using namespace emulator::driver;

namespace {
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
} // namespace

Machine &driver::machine() {
  static Machine &instance = *new Machine();
  return instance;
}

thread_local std::vector<Context *> driver::contexts;

void driver::complain(const std::string &message) {
  std::fprintf(stderr, "emulator: %s\n", message.c_str());
}

int driver::state() {
  if (!machine().initialised)
    return NotInitialized;
  return machine().isBroken ? LaunchFailed : Success;
}
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
    *value = machine().maxShared();
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
