//===- Products.h - NVIDIA's matrix instructions ----------------*- C++ -*-===//

#ifndef GSA_LIB_TARGET_NVIDIA_PRODUCTS_H
#define GSA_LIB_TARGET_NVIDIA_PRODUCTS_H

#include "../WarpAtom.h"
#include "Instructions.h"

namespace mlir::gsa {

/// `mma.sync.m16n8k16`: a warp multiplies what it has in registers (PTX ISA
/// 9.0, 9.7.14.5.8).
class MMAAtom final : public WarpAtom {
public:
  explicit MMAAtom(const NVIDIADevice &device);

protected:
  void emitStep(OpBuilder &builder, Location loc, Type factor,
                ArrayRef<Value> a, ArrayRef<Value> b,
                MutableArrayRef<Value> sums) const override;
};

/// `wgmma.mma_async`: four warps multiply what they have in registers, or what
/// lies in shared memory, by what lies in shared memory. Asynchronous. A warp's
/// registers are those of `mma.sync` (9.7.15.5.1).
class WGMMAAtom final : public FragmentAtom {
public:
  WGMMAAtom();

  bool isAsync() const override { return true; }
  std::optional<Layout> getSums(const ProductShape &shape) const override;
  std::optional<Layout> getRegisters(Factor factor,
                                     const ProductShape &shape) const override;
  std::vector<Layout> getPlaces(Factor factor, const ProductShape &shape,
                                unsigned contiguous) const override;
  bool accepts(Factor factor, const ProductShape &shape,
               const Layout &place) const override;
  Value emitProduct(OpBuilder &builder, Location loc, const ProductShape &shape,
                    const Worker &worker, const FactorValue &a,
                    const FactorValue &b, Value acc) const override;

protected:
  std::optional<WarpGrid> getGrid(const ProductShape &shape) const override;
};

} // namespace mlir::gsa

#endif // GSA_LIB_TARGET_NVIDIA_PRODUCTS_H
