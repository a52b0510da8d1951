//===- runtime.h - Run compiled kernels -----------------------------------===//
//
// The functions a generated header's wrappers call. None of them exits,
// throws, prints, allocates behind the caller's back, or synchronises a
// stream; all may be called from any number of threads. C99.
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
  GSA_ERROR_ABI = 8              ///< compiler and runtime do not match
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
  int32_t threads;       ///< workers that would run
  int64_t blocks;        ///< independent pieces of work
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

/// Runs the kernel on `stream`, which is null for a host image; that one has
/// run when this returns. On an error nothing was written.
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
