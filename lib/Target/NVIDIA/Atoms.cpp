//===- Atoms.cpp - Which instructions NVIDIA's devices have ---------------===//

#include "../FMA.h"
#include "NVIDIA.h"
#include "Products.h"

using namespace mlir;
using namespace mlir::gsa;

static const NVIDIADevice ampere(/*storesMatrices=*/false, /*loopsVote=*/true);
static const NVIDIADevice hopper(/*storesMatrices=*/true, /*loopsVote=*/false);

const Device &NVIDIATarget::getDevice() const {
  constexpr int32_t firstThatStores = 90;
  return arch >= firstThatStores ? hopper : ampere;
}

ArrayRef<const MatrixAtom *> NVIDIATarget::getAtoms() const {
  static const MMAAtom warp(ampere), warpOfHopper(hopper);
  static const WGMMAAtom group;
  static const FMAAtom fma(hopper.getWarpLanes());
  static const MatrixAtom *const ofAmpere[] = {&warp, &fma};
  static const MatrixAtom *const ofHopper[] = {&group, &warpOfHopper, &fma};
  static const MatrixAtom *const ofLater[] = {&warpOfHopper, &fma};
  if (arch == 90 && isExact())
    return ofHopper;
  if (arch > 90)
    return ofLater;
  return ofAmpere;
}
