//===- Api.h - The functions of the CUDA driver -----------------*- C++ -*-===//
//
// The driver is opened while the program runs and never linked, so that a
// program with images for it starts on a machine without one. Neither is its
// header needed to build: what is used of it is declared here, as cuda.h of
// CUDA 13.0 and the CUDA Driver API Reference Manual have it. None of it has
// changed since the version that is named beside a function (11.0 where none
// is).
//
//===----------------------------------------------------------------------===//

#ifndef GSA_RUNTIME_SRC_CUDA_API_H
#define GSA_RUNTIME_SRC_CUDA_API_H

#include "../Status.h"

namespace gsa::runtime::cuda {

using Result = int; ///< CUresult; 0 is success
using Device = int; ///< CUdevice
using Context = struct ContextObject *;
using Module = struct ModuleObject *;
using Function = struct FunctionObject *;
using Stream = struct StreamObject *;

/// CUresult
constexpr Result stubLibrary = 34;
/// CUdevice_attribute
constexpr int computeCapabilityMajor = 75, computeCapabilityMinor = 76,
              maxSharedBytesOfBlock = 97, multiprocessorCount = 16;
/// CUfunction_attribute
constexpr int numRegisters = 4, maxDynamicSharedBytes = 8,
              nonPortableClusterAllowed = 14;
/// CUjit_option
constexpr int jitErrorLog = 5, jitErrorLogBytes = 6;
/// CUstreamCaptureMode
constexpr int captureModeRelaxed = 2;
/// CUlaunchAttributeID
constexpr int clusterDimension = 4, programmaticStreamSerialization = 6;

/// CUlaunchAttribute
struct LaunchAttribute {
  int id;
  union {
    char pad[64];
    uint64_t align; ///< of the pointers among the values
    struct {
      unsigned x, y, z;
    } cluster;
    int allowed; ///< programmaticStreamSerialization
  };
};
static_assert(sizeof(LaunchAttribute) == 72 &&
              offsetof(LaunchAttribute, pad) == 8);

/// CUlaunchConfig
struct LaunchConfig {
  unsigned gridX, gridY, gridZ;
  unsigned blockX, blockY, blockZ;
  unsigned sharedBytes;
  Stream stream;
  LaunchAttribute *attributes;
  unsigned numAttributes;
};
static_assert(sizeof(LaunchConfig) == 56 &&
              offsetof(LaunchConfig, stream) == 32);

/// Every function that is used: its name in the manual, the library's symbol
/// for the signature declared here, the parameters. A driver without a REQUIRED
/// one cannot be used; an OPTIONAL one is null if it is not there.
#define GSA_CUDA_FUNCTIONS(REQUIRED, OPTIONAL)                                 \
  REQUIRED(cuInit, cuInit, (unsigned flags))                                   \
  REQUIRED(cuDriverGetVersion, cuDriverGetVersion, (int *version))             \
  REQUIRED(cuGetErrorName, cuGetErrorName, (Result, const char **text))        \
  REQUIRED(cuGetErrorString, cuGetErrorString, (Result, const char **text))    \
  REQUIRED(cuDeviceGet, cuDeviceGet, (Device *, int ordinal))                  \
  REQUIRED(cuDeviceGetAttribute, cuDeviceGetAttribute,                         \
           (int *value, int attribute, Device))                                \
  REQUIRED(cuDevicePrimaryCtxRetain, cuDevicePrimaryCtxRetain,                 \
           (Context *, Device))                                                \
  REQUIRED(cuCtxGetCurrent, cuCtxGetCurrent, (Context *))                      \
  REQUIRED(cuCtxGetDevice, cuCtxGetDevice, (Device *))                         \
  REQUIRED(cuCtxPushCurrent, cuCtxPushCurrent_v2, (Context))                   \
  REQUIRED(cuCtxPopCurrent, cuCtxPopCurrent_v2, (Context *))                   \
  OPTIONAL(cuCtxGetId, cuCtxGetId, (Context, unsigned long long *)) /*12.0*/   \
  REQUIRED(cuStreamGetCtx, cuStreamGetCtx, (Stream, Context *))                \
  REQUIRED(cuThreadExchangeStreamCaptureMode,                                  \
           cuThreadExchangeStreamCaptureMode, (int *mode))                     \
  REQUIRED(cuModuleLoadDataEx, cuModuleLoadDataEx,                             \
           (Module *, const void *code, unsigned numOptions, int *options,     \
            void **values))                                                    \
  REQUIRED(cuModuleUnload, cuModuleUnload, (Module))                           \
  REQUIRED(cuModuleGetFunction, cuModuleGetFunction,                           \
           (Function *, Module, const char *name))                             \
  REQUIRED(cuFuncGetAttribute, cuFuncGetAttribute,                             \
           (int *value, int attribute, Function))                              \
  REQUIRED(cuFuncSetAttribute, cuFuncSetAttribute,                             \
           (Function, int attribute, int value))                               \
  OPTIONAL(cuFuncGetParamInfo, cuFuncGetParamInfo, /*12.4*/                    \
           (Function, size_t index, size_t *offset, size_t *size))             \
  OPTIONAL(cuFuncLoad, cuFuncLoad, (Function)) /*12.4*/                        \
  REQUIRED(cuOccupancyMaxActiveBlocksPerMultiprocessor,                        \
           cuOccupancyMaxActiveBlocksPerMultiprocessor,                        \
           (int *blocks, Function, int threads, size_t sharedBytes))           \
  OPTIONAL(cuOccupancyMaxActiveClusters, cuOccupancyMaxActiveClusters,         \
           (int *clusters, Function, const LaunchConfig *)) /*11.8*/           \
  REQUIRED(cuLaunchKernel, cuLaunchKernel,                                     \
           (Function, unsigned gridX, unsigned gridY, unsigned gridZ,          \
            unsigned blockX, unsigned blockY, unsigned blockZ,                 \
            unsigned sharedBytes, Stream, void **parameters, void **extra))    \
  OPTIONAL(cuTensorMapEncodeTiled, cuTensorMapEncodeTiled, /*12.0*/            \
           (void *map, int type, uint32_t rank, void *data,                    \
            const uint64_t *extents, const uint64_t *strides,                  \
            const uint32_t *box, const uint32_t *steps, int interleave,        \
            int swizzle, int promotion, int fill))                             \
  OPTIONAL(cuLaunchKernelEx, cuLaunchKernelEx, /*11.8*/                        \
           (const LaunchConfig *, Function, void **parameters, void **extra))

/// The driver, started.
struct Api {
// NOLINTNEXTLINE(bugprone-macro-parentheses): a name and a list of parameters
#define GSA_CUDA_MEMBER(name, symbol, parameters) Result(*name) parameters;
  GSA_CUDA_FUNCTIONS(GSA_CUDA_MEMBER, GSA_CUDA_MEMBER)
#undef GSA_CUDA_MEMBER
  int version; ///< of CUDA that the driver provides: major * 1000 + minor * 10
};

/// The driver: `libcuda.so.1`, or the library that the environment variable
/// GSA_CUDA_DRIVER names (a set-user-ID program ignores it). Opened and started
/// by the first call of the process and kept; what that call found is what
/// every later one answers. Null, with the reason, if there is none or it does
/// not start.
const Api *findApi(Text &reason);

/// Appends "CUDA_ERROR_INVALID_VALUE (invalid argument)".
void appendResult(Text &text, const Api &api, Result result);

/// GSA_ERROR_DRIVER with "<call> must succeed for image '<chip>' of kernel
/// '<name>', got <result><note>".
gsa_status refuse(const Api &api, const char *call, Result result,
                  const gsa_kernel &kernel, const gsa_image &image,
                  const char *note = "");

} // namespace gsa::runtime::cuda

#endif // GSA_RUNTIME_SRC_CUDA_API_H
