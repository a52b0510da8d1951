//===- Atoms.cpp - Which instructions AMD's devices have ------------------===//

#include "../FMA.h"
#include "AMD.h"
#include "Products.h"

using namespace mlir;
using namespace mlir::gsa;

ArrayRef<const MatrixAtom *> AMDTarget::getAtoms() const {
  // Waves of 64 lanes have MFMA, those of 32 WMMA.
  constexpr int64_t wide = 64, narrow = 32;
  if (getFacts().warpLanes == wide) {
    static const MFMAAtom mfma(getDevice());
    static const FMAAtom fma(wide);
    static const MatrixAtom *const atoms[] = {&mfma, &fma};
    return atoms;
  }
  static const WMMAAtom wmma(getDevice());
  static const FMAAtom fma(narrow);
  static const MatrixAtom *const atoms[] = {&wmma, &fma};
  return atoms;
}
