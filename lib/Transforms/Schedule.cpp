//===- Schedule.cpp - Chooses a point in the space of schedules -----------===//

#include "dialects/GSA/GSA.h"
#include "dialects/GSA/GSANames.h"
#include "gsa/Transforms/Passes.h"

namespace mlir::gsa {
#define GEN_PASS_DEF_SCHEDULEPASS
#include "gsa/Transforms/Passes.h.inc"
} // namespace mlir::gsa

using namespace mlir;
using namespace mlir::gsa;

namespace {
struct SchedulePass : gsa::impl::SchedulePassBase<SchedulePass> {
  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (func->hasAttr(kScheduleAttr))
      return;
    func->setAttr(kScheduleAttr,
                  ScheduleAttr::get(&getContext(), ScheduleKind::Segmented,
                                    /*chunk=*/0, /*slices=*/1,
                                    /*segments=*/0, /*cluster=*/1,
                                    /*readers=*/1, /*whole=*/0));
  }
};
} // namespace
