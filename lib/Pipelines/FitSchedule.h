//===- FitSchedule.h - The schedule that a device can hold ------*- C++ -*-===//

#ifndef GSA_LIB_PIPELINES_FITSCHEDULE_H
#define GSA_LIB_PIPELINES_FITSCHEDULE_H

#include "mlir/Pass/Pass.h"

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace mlir::gsa {

/// A pass for a device's module of the `specialized` stage: gives every
/// function whose chunk is `auto` the first schedule that `buildTrial`'s
/// passes, which end where a block's resources are known, accept: fused, where
/// warps can play roles, before plain, a head's columns in one block before a
/// cluster before slices, long chunks before short ones. If none is, the error
/// is that of the first.
std::unique_ptr<Pass>
createFitSchedulePass(std::function<void(OpPassManager &)> buildTrial);

} // namespace mlir::gsa

#endif // GSA_LIB_PIPELINES_FITSCHEDULE_H
