//===- Driver.h - The driver of images for the host -------------*- C++ -*-===//

#ifndef GSA_RUNTIME_SRC_CPU_DRIVER_H
#define GSA_RUNTIME_SRC_CPU_DRIVER_H

#include "../Driver.h"

namespace gsa::runtime {

extern const Driver cpuDriver;

} // namespace gsa::runtime

#endif // GSA_RUNTIME_SRC_CPU_DRIVER_H
