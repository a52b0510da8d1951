//===- CutStages.cpp - A function per launch ------------------------------===//

#include "dialects/GSA/GSA.h"
#include "dialects/GSA/GSANames.h"
#include "gsa/Transforms/Passes.h"

namespace mlir::gsa {
#define GEN_PASS_DEF_CUTSTAGESPASS
#include "gsa/Transforms/Passes.h.inc"
} // namespace mlir::gsa

using namespace mlir;
using namespace mlir::gsa;

/// The launches of a function before its own, by the names of their stages.
static ArrayRef<StringLiteral> stagesBefore(ScheduleKind kind) {
  static constexpr StringLiteral segmented[] = {"states", "fold"};
  static constexpr StringLiteral staged[] = {"reads"};
  switch (kind) {
  case ScheduleKind::Segmented:
    return segmented;
  case ScheduleKind::Staged:
    return staged;
  case ScheduleKind::Fused:
  case ScheduleKind::Plain:
    return {};
  }
  llvm_unreachable("a schedule's kind");
}

namespace {
struct CutStagesPass : gsa::impl::CutStagesPassBase<CutStagesPass> {
  void runOnOperation() override {
    OpBuilder builder(&getContext());
    for (auto func :
         llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      auto schedule = func->getAttrOfType<ScheduleAttr>(kScheduleAttr);
      if (!schedule || func->hasAttr(kStageAttr))
        continue;
      ArrayRef<StringLiteral> stages = stagesBefore(schedule.getKind());
      if (stages.empty())
        continue;
      std::string name = func.getSymName().str();
      builder.setInsertionPoint(func);
      // Names of specs have no two underscores in a row: checkNames.
      for (StringRef stage : stages) {
        auto copy = cast<func::FuncOp>(builder.clone(*func));
        copy.setSymName((name + "__" + stage).str());
        copy->setAttr(kStageAttr, builder.getStringAttr(stage));
      }
      func->setAttr(kStageAttr, builder.getStringAttr("outputs"));
    }
  }
};
} // namespace
