//===- Check.h - What a call must hold before anything runs -----*- C++ -*-===//
//
// The checks, in the order a call makes them. Each returns GSA_SUCCESS, or the
// status of the first law that does not hold with its words as the detail
// text. Only `checkOffsets` reads memory that belongs to a tensor.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_RUNTIME_SRC_CHECK_H
#define GSA_RUNTIME_SRC_CHECK_H

#include "gsa/runtime.h"

namespace gsa::runtime {

/// The kernel's description: made by a compiler that this runtime knows, and
/// whole.
gsa_status checkKernel(const gsa_kernel *kernel);

/// Whether the image is code of the program itself and not of a device.
inline bool isHostImage(const gsa_image &image) {
  return image.backend == GSA_BACKEND_CPU;
}

/// The head of the params struct, but for its chip and its workspace.
gsa_status checkParams(const gsa_kernel &kernel, const gsa_params *params);

/// The tensors behind a checked head.
const gsa_tensor *tensorsOf(const gsa_params &params);

/// Types, shapes, strides and addresses of the tensors, each alone and all
/// together. Finds the call's extents.
gsa_status checkTensors(const gsa_kernel &kernel, const gsa_tensor *tensors,
                        gsa_extents &extents);

/// The values of the kernel's offset tables, which must lie in host memory.
gsa_status checkOffsets(const gsa_kernel &kernel, const gsa_tensor *tensors,
                        const gsa_extents &extents);

/// The workspace of a launch that needs `bytes` of it.
gsa_status checkWorkspace(const gsa_kernel &kernel, const gsa_params &params,
                          size_t bytes);

} // namespace gsa::runtime

#endif // GSA_RUNTIME_SRC_CHECK_H
