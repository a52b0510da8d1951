//===- Place.cpp - The context in which a call runs -----------------------===//

#include "Place.h"

#include <pthread.h>

namespace gsa::runtime::cuda {

/// GSA_ERROR_DRIVER with "<call> must succeed, got <result>" as the reason.
static gsa_status refuse(const Api &api, const char *call, Result result,
                         Text &reason) {
  reason.append("%s must succeed, got ", call);
  appendResult(reason, api, result);
  return GSA_ERROR_DRIVER;
}

/// Null, legacy (1) and per-thread (2) stand for a stream of the context that
/// is current; cuStreamGetCtx takes them only if there is one.
static bool isOfCurrentContext(gsa_stream stream) {
  return reinterpret_cast<uintptr_t>(stream) <= 2;
}

/// The device of `context`, which need not be current.
static Result deviceOf(const Api &api, Context context, Context current,
                       Device &device) {
  if (context == current)
    return api.cuCtxGetDevice(&device);
  if (Result result = api.cuCtxPushCurrent(context))
    return result;
  Result result = api.cuCtxGetDevice(&device);
  Context popped;
  Result restored = api.cuCtxPopCurrent(&popped);
  return result ? result : restored;
}

gsa_status locate(gsa_stream stream, Place &place, Text &reason) {
  const Api *api = findApi(reason);
  if (!api)
    return GSA_ERROR_NO_DEVICE;
  Context current = nullptr, context;
  if (Result result = api->cuCtxGetCurrent(&current))
    return refuse(*api, "cuCtxGetCurrent", result, reason);
  context = current;
  if (!isOfCurrentContext(stream))
    if (Result result =
            api->cuStreamGetCtx(static_cast<Stream>(stream), &context))
      return refuse(*api, "cuStreamGetCtx", result, reason);

  Device device = 0;
  if (context) {
    if (Result result = deviceOf(*api, context, current, device))
      return refuse(*api, "cuCtxGetDevice", result, reason);
  } else if (Result result = api->cuDeviceGet(&device, 0)) {
    return refuse(*api, "cuDeviceGet", result, reason);
  }
  int major = 0, minor = 0, shared = 0, processors = 0;
  Result result =
      api->cuDeviceGetAttribute(&major, computeCapabilityMajor, device);
  if (result == 0)
    result = api->cuDeviceGetAttribute(&minor, computeCapabilityMinor, device);
  if (result == 0)
    result = api->cuDeviceGetAttribute(&shared, maxSharedBytesOfBlock, device);
  if (result == 0)
    result =
        api->cuDeviceGetAttribute(&processors, multiprocessorCount, device);
  if (result)
    return refuse(*api, "cuDeviceGetAttribute", result, reason);
  place = {context, device, major * 10 + minor, shared, processors};
  return GSA_SUCCESS;
}

static Result retainPrimary(const Api &api, Device device, Context &context) {
  static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  static Context retained;
  pthread_mutex_lock(&mutex);
  Result result = 0;
  if (!retained) {
    OutsideCapture outside(api);
    result = api.cuDevicePrimaryCtxRetain(&retained, device);
    if (result)
      retained = nullptr;
  }
  context = retained;
  pthread_mutex_unlock(&mutex);
  return result;
}

gsa_status Inside::enter(const Place &place, const gsa_kernel &kernel,
                         const gsa_image &image) {
  entered = static_cast<Context>(place.context);
  if (!entered)
    if (Result result = retainPrimary(api, place.device, entered))
      return cuda::refuse(api, "cuDevicePrimaryCtxRetain", result, kernel,
                          image);
  Context current = nullptr;
  if (Result result = api.cuCtxGetCurrent(&current))
    return cuda::refuse(api, "cuCtxGetCurrent", result, kernel, image);
  if (current == entered)
    return GSA_SUCCESS;
  if (Result result = api.cuCtxPushCurrent(entered))
    return cuda::refuse(api, "cuCtxPushCurrent", result, kernel, image);
  pushed = true;
  return GSA_SUCCESS;
}

} // namespace gsa::runtime::cuda
