//===- Images.h - What the CUDA driver has loaded ---------------*- C++ -*-===//

#ifndef GSA_RUNTIME_SRC_CUDA_IMAGES_H
#define GSA_RUNTIME_SRC_CUDA_IMAGES_H

#include "Api.h"

namespace gsa::runtime::cuda {

/// An image in a context.
struct LoadedImage {
  const Function *functions; ///< one for each stage, in their order
  /// Blocks of the last stage that run at the same time, 1 or more. Known of
  /// images with segments, otherwise 0.
  int64_t resident;
};

/// `image` in `context`, which is current. The first call for an image and a
/// context loads the image, under a lock and only once, whatever other threads
/// do; it allocates. Every later one finds it without a lock. GSA_ERROR_DRIVER
/// if the driver refuses it, GSA_ERROR_ABI if it is not what its description
/// says; the next call then tries again. `processors` are the device's.
gsa_status findImage(const Api &api, const gsa_kernel &kernel,
                     const gsa_image &image, Context context,
                     int32_t processors, LoadedImage &found);

} // namespace gsa::runtime::cuda

#endif // GSA_RUNTIME_SRC_CUDA_IMAGES_H
