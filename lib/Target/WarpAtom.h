//===- WarpAtom.h - Products of fragments in registers ----------*- C++ -*-===//
//
// What matrix instructions of all families have in common: a warp holds
// fragments of factors and sums, an instruction multiplies one block, blocks
// are dealt out to warps and repeated. A family adds the fragments and spells
// the instruction.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_LIB_TARGET_WARPATOM_H
#define GSA_LIB_TARGET_WARPATOM_H

#include "gsa/Layout/Fragments.h"
#include "gsa/Target/Atom.h"
#include "gsa/Target/Device.h"

namespace mlir::gsa {

/// How the warps of a product divide its sums: rows first, then columns; where
/// there are more warps than blocks, several hold, and compute, the same.
struct WarpGrid {
  int64_t rows, columns, copies = 1;
};

/// Atoms whose factors, of 16 bits, and sums lie in a warp's registers as
/// `fragments` do.
class FragmentAtom : public MatrixAtom {
public:
  FragmentAtom(StringRef name, const Fragments &fragments)
      : MatrixAtom(name), fragments(fragments) {}

  /// bf16 and f16.
  bool multiplies(Type factor) const override;
  std::optional<Layout> getSums(const ProductShape &shape) const override;
  std::optional<Layout> getRegisters(Factor factor,
                                     const ProductShape &shape) const override;

protected:
  /// None if the atom cannot compute the product.
  virtual std::optional<WarpGrid> getGrid(const ProductShape &shape) const = 0;

  Fragments fragments;
};

/// A warp multiplies what it has in registers, by itself. Factors in shared
/// memory are read a step at a time.
class WarpAtom : public FragmentAtom {
public:
  WarpAtom(StringRef name, const Fragments &fragments, const Device &device)
      : FragmentAtom(name, fragments), device(device) {}

  std::vector<Layout> getPlaces(Factor factor, const ProductShape &shape,
                                unsigned contiguous) const override;
  bool accepts(Factor factor, const ProductShape &shape,
               const Layout &place) const override;
  Value emitProduct(OpBuilder &builder, Location loc, const ProductShape &shape,
                    const Worker &worker, const FactorValue &a,
                    const FactorValue &b, Value acc) const override;

protected:
  std::optional<WarpGrid> getGrid(const ProductShape &shape) const override;

  /// The fragments of a step when both factors are read from shared memory:
  /// the same sums, and as deep or deeper.
  virtual Fragments getRead(const ProductShape &shape) const {
    return fragments;
  }

  /// Adds the product of a step's blocks to `sums`, a lane's f32 in register
  /// order. `a` and `b` are words of two elements, in register order of the
  /// fragments: those of the instruction or those of `getRead`.
  virtual void emitStep(OpBuilder &builder, Location loc, Type factor,
                        ArrayRef<Value> a, ArrayRef<Value> b,
                        MutableArrayRef<Value> sums) const = 0;

  const Device &device;
};

/// Places of a matrix of 16-bit elements with chunks of 16 bytes along
/// `contiguous` permuted, the widest permutation that the shape allows; none if
/// none does.
std::optional<Layout> getSwizzled(ArrayRef<int64_t> shape, unsigned contiguous);

} // namespace mlir::gsa

#endif // GSA_LIB_TARGET_WARPATOM_H
