//===- Products.h - AMD's matrix instructions -------------------*- C++ -*-===//
//
// Both are flipped: a lane's sums are of one row, so that reductions along rows
// and stores of rows stay in few lanes, and those of MFMA are laid out as A.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_LIB_TARGET_AMD_PRODUCTS_H
#define GSA_LIB_TARGET_AMD_PRODUCTS_H

#include "../WarpAtom.h"

namespace mlir::gsa {

/// v_mfma_f32_16x16x16 of bf16 and f16, of 64 lanes ("AMD Instinct MI300"
/// Instruction Set Architecture, 7.1).
class MFMAAtom final : public WarpAtom {
public:
  explicit MFMAAtom(const Device &device);

protected:
  /// Two instructions, so that a lane reads 16 bytes where K is contiguous.
  Fragments getRead(const ProductShape &shape) const override;
  void emitStep(OpBuilder &builder, Location loc, Type factor,
                ArrayRef<Value> a, ArrayRef<Value> b,
                MutableArrayRef<Value> sums) const override;
};

/// v_wmma_f32_16x16x16 of bf16 and f16, of 32 lanes whose halves hold copies of
/// the factors ("RDNA3" Instruction Set Architecture, 7.9).
class WMMAAtom final : public WarpAtom {
public:
  explicit WMMAAtom(const Device &device);

  Value emitProduct(OpBuilder &builder, Location loc, const ProductShape &shape,
                    const Worker &worker, const FactorValue &a,
                    const FactorValue &b, Value acc) const override;

protected:
  void emitStep(OpBuilder &builder, Location loc, Type factor,
                ArrayRef<Value> a, ArrayRef<Value> b,
                MutableArrayRef<Value> sums) const override;
};

} // namespace mlir::gsa

#endif // GSA_LIB_TARGET_AMD_PRODUCTS_H
