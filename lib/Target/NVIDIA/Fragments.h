//===- Fragments.h - Who holds what of NVIDIA's matrix instructions -------===//
//
// From the figures of PTX ISA 9.0, 9.7.14.5 (mma.sync) and 9.7.15.5.1
// (wgmma.mma_async, register fragments). Lanes are those of a warp of 32.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_LIB_TARGET_NVIDIA_FRAGMENTS_H
#define GSA_LIB_TARGET_NVIDIA_FRAGMENTS_H

#include "gsa/Layout/Fragments.h"

namespace mlir::gsa::nvidia {

/// mma.sync.m16n8k16 of bf16 or f16.
Fragments getM16N8K16();

/// mma.sync.m16n8k8 of tf32.
Fragments getM16N8K8();

/// D of wgmma.m64nNk*: 64 x columns, in four warps; columns are a multiple of 8
/// up to 256.
Layout getGroupSums(int64_t columns);

/// A of wgmma.m64nNk* from registers: 64 x K elements of 16 (K = 16) or 32 bits
/// (K = 8), in four warps.
Layout getGroupFactor(int64_t elementBits);

} // namespace mlir::gsa::nvidia

#endif // GSA_LIB_TARGET_NVIDIA_FRAGMENTS_H
