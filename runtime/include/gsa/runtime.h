//===- runtime.h - Run compiled kernels -----------------------------------===//
//
// The functions a generated header's wrappers call. None of them exits,
// throws, prints, or synchronises a stream; all may be called from any number
// of threads. None allocates but the first one that needs an image for a device
// loaded there: gsa_preload, gsa_launch, and a question about an image that may
// cut sequences, which depends on how many of its blocks run at a time. C99.
//
// Device images run where the stream is: in its context, for a null stream in
// the context that is current to the calling thread, and if it has none, in the
// primary context of device 0, which is then retained for as long as the
// process lives; the thread has no current context afterwards either. A null
// stream is that context's default stream. gsa_query, gsa_workspace_size and
// gsa_preload, which have no stream, ask for the calling thread's context.
// Where drivers of several vendors are installed, gsa_params::backends says
// whose a stream is.
//
// The driver of a device is opened when a call first has an image for it that
// may run. A program never links it, and runs on a machine without one.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_RUNTIME_H
#define GSA_RUNTIME_H

#include "gsa/kernel.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Outcome of a call. `gsa_error_detail` has the words.
typedef enum gsa_status {
  GSA_SUCCESS = 0,
  GSA_ERROR_INVALID_ARGUMENT =
      1,                       ///< a null, unaligned or overlapping pointer, or
                               ///< a field of gsa_params that is not valid
  GSA_ERROR_INVALID_SHAPE = 2, ///< rank, extent, or extents that disagree
  GSA_ERROR_INVALID_STRIDE = 3,  ///< see gsa_tensor
  GSA_ERROR_INVALID_DTYPE = 4,   ///< not the argument's element type
  GSA_ERROR_INVALID_OFFSETS = 5, ///< see GSA_OFFSETS
  GSA_ERROR_WORKSPACE = 6,       ///< too small, null, or misaligned
  GSA_ERROR_NO_IMAGE = 7,        ///< no image of the kernel runs here
  GSA_ERROR_ABI = 8,             ///< compiler and runtime do not match
  GSA_ERROR_DRIVER = 9,          ///< a call of the device's driver failed
  GSA_ERROR_NO_DEVICE = 10       ///< no driver or device for any image that
                                 ///< may run, see gsa_params::backends
} gsa_status;

/// A stream of the image's backend, in that backend's own type; null for the
/// host.
typedef void *gsa_stream;

/// What a call would do.
typedef struct gsa_query_result {
  size_t size;           ///< in: sizeof(gsa_query_result)
  const char *chip;      ///< the image that would run
  const char *schedule;  ///< its schedule, one line
  int32_t backend;       ///< gsa_backend
  int32_t threads;       ///< workers that would run; on a device, of a block
  int64_t blocks;        ///< independent pieces of work; on a device, of the
                         ///< stage with the most, whose `threads` these are
  size_t workspace_size; ///< bytes
} gsa_query_result;

/// Checks `params` (without touching what its pointers point to, but for
/// offsets) and tells what `gsa_launch` would do with it, from this thread:
/// inside a parallel region a call runs, and needs workspace for, one worker.
/// `workspace` need not be set. On an error `result` is as it was.
gsa_status gsa_query(const gsa_kernel *kernel, const gsa_params *params,
                     gsa_query_result *result);

/// Bytes of workspace that a launch with `params` needs, as gsa_query finds
/// them.
gsa_status gsa_workspace_size(const gsa_kernel *kernel,
                              const gsa_params *params, size_t *bytes);

/// Does what the first launch of the image that `params` choose would do before
/// it runs, so that a later one does not: a driver loads the image, compiles it
/// if it is not machine code, and allocates. Only the head of `params` is read;
/// null is the same as zeros. Once for each device or context that launches.
gsa_status gsa_preload(const gsa_kernel *kernel, const gsa_params *params);

/// Runs the kernel on `stream`, which is null for a host image; that one has
/// run when this returns, while a device image is enqueued: its arguments stay
/// as they are, and an error of the device shows up in a later call of its
/// driver. The launch may be captured into a graph. On an error but
/// GSA_ERROR_DRIVER nothing was written.
gsa_status gsa_launch(const gsa_kernel *kernel, const gsa_params *params,
                      gsa_stream stream);

/// The name of a status, "GSA_SUCCESS" and so on; never null.
const char *gsa_status_name(gsa_status status);

/// What the last failing call of this thread found: "<what> must <law>, got
/// <found>"; empty before the first one. Valid until this thread's next call.
const char *gsa_error_detail(void);

/// A tensor without gaps over `data`: row-major strides. `rank` is 0 to
/// GSA_MAX_RANK; with any other one the result is a tensor that no kernel
/// takes.
gsa_tensor gsa_dense(void *data, gsa_dtype dtype, int32_t rank,
                     const int64_t *shape);

#ifdef __cplusplus
} // extern "C"
#endif

#endif // GSA_RUNTIME_H
