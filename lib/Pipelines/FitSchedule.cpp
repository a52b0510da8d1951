//===- FitSchedule.cpp - The largest schedule that a device can hold ------===//
//
// What a block needs of a machine is known only when its tiles have places. The
// passes up to there take milliseconds, so candidates are tried, in order.
//
//===----------------------------------------------------------------------===//

#include "FitSchedule.h"
#include "dialects/GSA/GSA.h"
#include "dialects/GSA/GSANames.h"
#include "gsa/Target/DeviceTarget.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace mlir::gsa;

namespace {
struct FitSchedule : PassWrapper<FitSchedule, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(FitSchedule)

  explicit FitSchedule(std::function<void(OpPassManager &)> buildTrial)
      : buildTrial(std::move(buildTrial)) {}
  StringRef getName() const override { return "FitSchedule"; }
  void getDependentDialects(DialectRegistry &registry) const override {
    OpPassManager trial(ModuleOp::getOperationName());
    buildTrial(trial);
    trial.getDependentDialects(registry);
  }

  void runOnOperation() override {
    // One after the other: a trial's errors are kept back, and those of two at
    // once could not be told apart.
    WalkResult result = getOperation().walk([&](func::FuncOp spec) {
      auto schedule = spec->getAttrOfType<ScheduleAttr>(kScheduleAttr);
      if (schedule && !schedule.getChunk() && failed(fit(spec, schedule)))
        return WalkResult::interrupt();
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }

private:
  /// Kinds in place of `given`, best first. A given number of segments is a
  /// wish that is granted or refused with the reason; without one they come on
  /// top of what fits uncut, so that a call need not be cut.
  static SmallVector<ScheduleKind> candidatesFor(ScheduleAttr given) {
    switch (given.getKind()) {
    case ScheduleKind::Segmented:
      if (given.getSegments())
        return {ScheduleKind::Segmented};
      [[fallthrough]];
    case ScheduleKind::Fused:
      return {ScheduleKind::Fused, ScheduleKind::Plain, ScheduleKind::Staged};
    case ScheduleKind::Plain:
    case ScheduleKind::Staged:
      return {given.getKind()};
    }
    llvm_unreachable("a schedule's kind");
  }

  /// How a head's columns are cut: first not at all, then between blocks of a
  /// cluster, then between blocks that know nothing of each other. Given slices
  /// stay. Those of one entry are tried by windows; of the last kind, which
  /// repeats what all slices need, `fewestFirst` with all chunks.
  struct Cut {
    int64_t slices, cluster, readers = 1;
  };
  static SmallVector<SmallVector<Cut>> listCuts(ScheduleAttr given,
                                                const Target &target,
                                                bool inClusters,
                                                bool fewestFirst) {
    if (given.getSlices() > 1)
      return {{{given.getSlices(), given.getCluster(), given.getReaders()}}};
    SmallVector<SmallVector<Cut>> cuts(3);
    cuts[0].push_back({1, 1});
    auto *device = dyn_cast<DeviceTarget>(&target);
    int64_t most = device && inClusters ? device->getFacts().clusterBlocks : 1;
    for (int64_t slices : {2, 4, 8})
      for (int64_t readers : {2, 1})
        if (slices <= most)
          cuts[1].push_back({slices, slices, readers});
    for (int64_t slices : {2, 4, 8, 16}) {
      cuts.back().push_back({slices, 1});
      if (fewestFirst)
        cuts.emplace_back();
    }
    return cuts;
  }

  /// A head takes its windows' time, those of all slices: of each token,
  /// slices / chunk. Of equals the fewest slices, all of which make the gates,
  /// are 25 to 30% faster (bench/NOTES.md).
  static SmallVector<std::pair<int64_t, Cut>> orderByTime(ArrayRef<Cut> cuts) {
    SmallVector<std::pair<int64_t, Cut>> all;
    for (int64_t chunk : {64, 32, 16})
      for (Cut cut : cuts)
        all.push_back({chunk, cut});
    llvm::stable_sort(all, [](const auto &x, const auto &y) {
      return std::pair(x.second.slices * y.first, x.second.slices) <
             std::pair(y.second.slices * x.first, y.second.slices);
    });
    return all;
  }

  LogicalResult fit(func::FuncOp spec, ScheduleAttr given) {
    FailureOr<const Target *> target = getTarget(spec);
    if (failed(target))
      return failure();
    auto *device = dyn_cast<DeviceTarget>(*target);
    bool hasRoles = device && device->getFacts().hasRoles;
    // Why the first and the last candidate do not fit.
    struct Reason {
      ScheduleAttr schedule;
      std::string text;
    };
    std::optional<Diagnostic> first;
    Reason reasons[2];
    int64_t tried = 0;
    auto tryOne = [&](ScheduleKind kind, int64_t chunk, Cut cut) {
      bool isCut = kind == ScheduleKind::Segmented;
      auto schedule =
          ScheduleAttr::get(&getContext(), kind, chunk, cut.slices,
                            isCut ? given.getSegments() : 0, cut.cluster,
                            kind == ScheduleKind::Plain ? 1 : cut.readers,
                            isCut ? given.getWhole() : 0);
      std::optional<Diagnostic> reason;
      bool fits = succeeded(attempt(spec, schedule, reason));
      if (fits)
        spec->setAttr(kScheduleAttr, schedule);
      if (fits || !reason)
        return fits;
      reasons[tried++ ? 1 : 0] = {schedule, reason->str()};
      if (!first)
        first = std::move(reason);
      return false;
    };
    for (ScheduleKind kind : candidatesFor(given)) {
      // One role has nothing to run beside.
      if (kind == ScheduleKind::Fused && !hasRoles)
        continue;
      // Each slice reads by columns for all, or adds up what all have read, so
      // twice as many take longer than windows that are half as long.
      bool isStaged = kind == ScheduleKind::Staged;
      bool fewestFirst = isStaged || (kind == ScheduleKind::Plain && hasRoles);
      for (ArrayRef<Cut> cuts :
           listCuts(given, **target, /*inClusters=*/!isStaged, fewestFirst))
        for (auto [chunk, cut] : orderByTime(cuts))
          if (tryOne(kind, chunk, cut)) {
            if (given.getKind() == ScheduleKind::Segmented &&
                kind == ScheduleKind::Fused)
              (void)tryOne(given.getKind(), chunk, cut);
            return success();
          }
    }
    if (!first)
      return failure();
    // A spec that no schedule can have says so by itself.
    if (tried == 1 || reasons[0].text == reasons[1].text) {
      getContext().getDiagEngine().emit(std::move(*first));
      return failure();
    }
    InFlightDiagnostic diagnostic =
        spec.emitError() << "a kernel must fit " << (*target)->getName()
                         << " with some schedule, got none of " << tried
                         << " that were tried";
    for (const Reason &reason : reasons)
      diagnostic.attachNote()
          << "with " << reason.schedule << ": " << reason.text;
    return diagnostic;
  }

  /// Runs the trial on a copy of `spec` with `schedule`.
  LogicalResult attempt(func::FuncOp spec, ScheduleAttr schedule,
                        std::optional<Diagnostic> &reason) {
    OwningOpRef<ModuleOp> copy(
        cast<ModuleOp>(spec->getParentOp()->cloneWithoutRegions()));
    copy->getBodyRegion().emplaceBlock();
    func::FuncOp trial = spec.clone();
    trial->setAttr(kScheduleAttr, schedule);
    copy->push_back(trial);
    ScopedDiagnosticHandler handler(&getContext(), [&](Diagnostic &diagnostic) {
      if (!reason && diagnostic.getSeverity() == DiagnosticSeverity::Error)
        reason = std::move(diagnostic);
      return success();
    });
    PassManager pm(&getContext(), ModuleOp::getOperationName());
    buildTrial(pm);
    return pm.run(*copy);
  }

  std::function<void(OpPassManager &)> buildTrial;
};
} // namespace

std::unique_ptr<Pass>
gsa::createFitSchedulePass(std::function<void(OpPassManager &)> buildTrial) {
  return std::make_unique<FitSchedule>(std::move(buildTrial));
}
