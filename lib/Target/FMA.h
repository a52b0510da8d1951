//===- FMA.h - Products without matrix instructions -------------*- C++ -*-===//

#ifndef GSA_LIB_TARGET_FMA_H
#define GSA_LIB_TARGET_FMA_H

#include "gsa/Target/Atom.h"

namespace mlir::gsa {

/// f32 products by multiply-and-add, factors from shared memory: what every
/// device has. Lanes hold blocks of sums.
class FMAAtom final : public MatrixAtom {
public:
  /// `lanes` of a warp, a power of two.
  explicit FMAAtom(int64_t lanes) : MatrixAtom("fma"), lanes(lanes) {}

  bool multiplies(Type factor) const override;
  std::optional<Layout> getSums(const ProductShape &shape) const override;
  std::optional<Layout> getRegisters(Factor factor,
                                     const ProductShape &shape) const override {
    return std::nullopt;
  }
  std::vector<Layout> getPlaces(Factor factor, const ProductShape &shape,
                                unsigned contiguous) const override;
  bool accepts(Factor factor, const ProductShape &shape,
               const Layout &place) const override;
  Value emitProduct(OpBuilder &builder, Location loc, const ProductShape &shape,
                    const Worker &worker, const FactorValue &a,
                    const FactorValue &b, Value acc) const override;

private:
  int64_t lanes;
};

} // namespace mlir::gsa

#endif // GSA_LIB_TARGET_FMA_H
