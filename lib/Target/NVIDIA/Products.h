//===- Products.h - NVIDIA's matrix instructions ----------------*- C++ -*-===//

#ifndef GSA_LIB_TARGET_NVIDIA_PRODUCTS_H
#define GSA_LIB_TARGET_NVIDIA_PRODUCTS_H

#include "Instructions.h"
#include "gsa/Target/Atom.h"

namespace mlir::gsa {

/// How the warps of a product divide its sums: rows first.
struct WarpGrid {
  int64_t rows, columns;
};

/// Atoms whose factors and sums lie in a warp's registers as those of
/// m16n8k16 do (PTX ISA 9.0, 9.7.14.5.8). `wgmma` shares them (9.7.15.5.1).
class WarpAtom : public MatrixAtom {
public:
  WarpAtom(StringRef name, const NVIDIADevice &device)
      : MatrixAtom(name), device(device) {}

  bool multiplies(Type factor) const override;
  std::optional<Layout> getSums(const ProductShape &shape) const override;
  std::optional<Layout> getRegisters(Factor factor,
                                     const ProductShape &shape) const override;

protected:
  /// None if the atom cannot compute the product.
  virtual std::optional<WarpGrid> getGrid(const ProductShape &shape) const = 0;

  const NVIDIADevice &device;
};

/// `mma.sync.m16n8k16`: a warp multiplies what it has in registers.
class MMAAtom final : public WarpAtom {
public:
  explicit MMAAtom(const NVIDIADevice &device)
      : WarpAtom("mma.m16n8k16", device) {}

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

/// `wgmma.mma_async`: four warps multiply what they have in registers, or what
/// lies in shared memory, by what lies in shared memory. Asynchronous.
class WGMMAAtom final : public WarpAtom {
public:
  explicit WGMMAAtom(const NVIDIADevice &device)
      : WarpAtom("wgmma.m64k16", device) {}

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

/// Places of `shape` with chunks of 16 bytes along `contiguous` permuted, the
/// widest permutation that the shape allows; none if none does.
std::optional<Layout> getSwizzled(ArrayRef<int64_t> shape, unsigned contiguous);

} // namespace mlir::gsa

#endif // GSA_LIB_TARGET_NVIDIA_PRODUCTS_H
