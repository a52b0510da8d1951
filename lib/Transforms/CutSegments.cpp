//===- CutSegments.cpp - A function per launch for sequences that are cut -===//

#include "dialects/GSA/GSA.h"
#include "dialects/GSA/GSANames.h"
#include "gsa/Transforms/Passes.h"

namespace mlir::gsa {
#define GEN_PASS_DEF_CUTSEGMENTSPASS
#include "gsa/Transforms/Passes.h.inc"
} // namespace mlir::gsa

using namespace mlir;
using namespace mlir::gsa;

namespace {
struct CutSegmentsPass : gsa::impl::CutSegmentsPassBase<CutSegmentsPass> {
  void runOnOperation() override {
    OpBuilder builder(&getContext());
    for (auto func :
         llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      auto schedule = func->getAttrOfType<ScheduleAttr>(kScheduleAttr);
      if (!schedule || schedule.getKind() != ScheduleKind::Segmented ||
          func->hasAttr(kStageAttr))
        continue;
      std::string name = func.getSymName().str();
      builder.setInsertionPoint(func);
      // Names of specs have no two underscores in a row: checkNames.
      for (StringRef stage : {"states", "fold"}) {
        auto copy = cast<func::FuncOp>(builder.clone(*func));
        copy.setSymName((name + "__" + stage).str());
        copy->setAttr(kStageAttr, builder.getStringAttr(stage));
      }
      func->setAttr(kStageAttr, builder.getStringAttr("outputs"));
    }
  }
};
} // namespace
