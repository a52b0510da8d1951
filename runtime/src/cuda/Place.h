//===- Place.h - The context in which a call runs ---------------*- C++ -*-===//

#ifndef GSA_RUNTIME_SRC_CUDA_PLACE_H
#define GSA_RUNTIME_SRC_CUDA_PLACE_H

#include "../Driver.h"
#include "Api.h"

namespace gsa::runtime::cuda {

/// Finds where a call on `stream` runs: the stream's context, without a stream
/// the one that is current to the calling thread, without either device 0 (in
/// its primary context, which `place` then leaves null: a question needs none).
gsa_status locate(gsa_stream stream, Place &place, Text &reason);

/// Makes the place's context current to the calling thread until the end of
/// the scope, which restores what was.
class Inside {
public:
  explicit Inside(const Api &api) : api(api) {}
  ~Inside() {
    Context popped;
    if (pushed)
      (void)api.cuCtxPopCurrent(&popped);
  }
  Inside(const Inside &) = delete;
  Inside &operator=(const Inside &) = delete;

  /// Enters `place`. Device 0's primary context is retained by the first call
  /// that has no other, and never released: releasing the last reference would
  /// unload every image. GSA_ERROR_DRIVER on failure.
  gsa_status enter(const Place &place, const gsa_kernel &kernel,
                   const gsa_image &image);

  /// The context entered.
  Context context() const { return entered; }

private:
  const Api &api;
  Context entered = nullptr;
  bool pushed = false;
};

/// While it lives, this thread may do what a stream capture forbids: a capture
/// that some thread has begun in the global or thread-local mode would fail
/// because an image is loaded (CUDA Driver API, cuThreadExchangeStreamCapture-
/// Mode). Nothing that is done meanwhile touches the captured stream.
class OutsideCapture {
public:
  explicit OutsideCapture(const Api &api)
      : api(api), result(api.cuThreadExchangeStreamCaptureMode(&mode)) {}
  ~OutsideCapture() {
    if (result == 0)
      (void)api.cuThreadExchangeStreamCaptureMode(&mode);
  }
  OutsideCapture(const OutsideCapture &) = delete;
  OutsideCapture &operator=(const OutsideCapture &) = delete;

private:
  const Api &api;
  int mode = captureModeRelaxed; ///< then the thread's own
  Result result;
};

} // namespace gsa::runtime::cuda

#endif // GSA_RUNTIME_SRC_CUDA_PLACE_H
