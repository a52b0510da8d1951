//===- Fragments.h - Who holds what of AMD's matrix instructions ----------===//
//
// From AMD's matrix instruction calculator
// (github.com/ROCm/amd_matrix_instruction_calculator, --detail-instruction).
// Registers are counted in elements, the lower half of a VGPR first.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_LIB_TARGET_AMD_FRAGMENTS_H
#define GSA_LIB_TARGET_AMD_FRAGMENTS_H

#include "gsa/Layout/Fragments.h"

namespace mlir::gsa::amd {

/// v_mfma_f32_MxMxK with one block, of 64 lanes: rows (and columns) are 16 or
/// 32; depth is a power of two. Of bf16 and f16 there are 16x16x16 and 32x32x8
/// (CDNA3), 16x16x32 and 32x32x16 (CDNA4); of f32 16x16x4 and 32x32x2.
/// Of the flipped 16x16x16 and 32x32x8, sums are laid out as A.
Fragments getMFMA(int64_t rows, int64_t depth);

/// v_wmma_f32_16x16x16 of bf16 and f16, RDNA3, of 32 lanes: lanes 16 to 31 must
/// hold copies of A and B.
Fragments getWMMA11();

/// v_wmma_f32_16x16x16 of bf16 and f16, RDNA4, of 32 lanes. Sums of the flipped
/// one are laid out as A with its steps of K renamed.
Fragments getWMMA12();

} // namespace mlir::gsa::amd

#endif // GSA_LIB_TARGET_AMD_FRAGMENTS_H
