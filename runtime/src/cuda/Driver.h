//===- Driver.h - The driver of images for CUDA devices ---------*- C++ -*-===//

#ifndef GSA_RUNTIME_SRC_CUDA_DRIVER_H
#define GSA_RUNTIME_SRC_CUDA_DRIVER_H

#include "../Driver.h"

namespace gsa::runtime {

extern const Driver cudaDriver;

} // namespace gsa::runtime

#endif // GSA_RUNTIME_SRC_CUDA_DRIVER_H
