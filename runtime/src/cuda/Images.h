//===- Images.h - What the CUDA driver has loaded ---------------*- C++ -*-===//

#ifndef GSA_RUNTIME_SRC_CUDA_IMAGES_H
#define GSA_RUNTIME_SRC_CUDA_IMAGES_H

#include "Api.h"

namespace gsa::runtime::cuda {

/// The functions of an image's stages, in their order, in `context`, which is
/// current. The first call for an image and a context loads the image, under a
/// lock and only once, whatever other threads do; it allocates. Every later one
/// finds it without a lock. GSA_ERROR_DRIVER if the driver refuses it,
/// GSA_ERROR _ABI if it is not what its description says; the next call then
/// tries again.
gsa_status findFunctions(const Api &api, const gsa_kernel &kernel,
                         const gsa_image &image, Context context,
                         const Function *&functions);

} // namespace gsa::runtime::cuda

#endif // GSA_RUNTIME_SRC_CUDA_IMAGES_H
