//===- Specialize.cpp - One module for each machine -----------------------===//

#include "dialects/GSA/GSA.h"
#include "dialects/GSA/GSANames.h"
#include "gsa/Target/Target.h"
#include "gsa/Transforms/Passes.h"

namespace mlir::gsa {
#define GEN_PASS_DEF_SPECIALIZEPASS
#include "gsa/Transforms/Passes.h.inc"
} // namespace mlir::gsa

using namespace mlir;
using namespace mlir::gsa;

/// Whether any value of `func` holds bf16.
static bool computesBF16(func::FuncOp func) {
  auto isBF16 = [](Type type) { return getElementTypeOrSelf(type).isBF16(); };
  if (llvm::any_of(func.getArgumentTypes(), isBF16))
    return true;
  return func
      .walk([&](Operation *op) {
        return llvm::any_of(op->getResultTypes(), isBF16)
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}

/// A symbol that text forms need not quote.
static std::string symbolOf(StringRef target) {
  std::string symbol = target.str();
  llvm::replace(symbol, '-', '_');
  return symbol;
}

/// On hosts: gives an `auto` chunk what a core holds in its first cache, and
/// cuts no sequence unless told in how many segments, for results must not
/// depend on the number of cores. Devices take the largest that fits
/// (FitSchedule).
static void chooseOnHost(func::FuncOp spec) {
  auto schedule = spec->getAttrOfType<ScheduleAttr>(kScheduleAttr);
  if (!schedule)
    return;
  constexpr int64_t chunk = 16;
  bool keepsKind =
      schedule.getKind() != ScheduleKind::Segmented || schedule.getSegments();
  spec->setAttr(
      kScheduleAttr,
      ScheduleAttr::get(spec.getContext(),
                        keepsKind ? schedule.getKind() : ScheduleKind::Fused,
                        schedule.getChunk() ? schedule.getChunk() : chunk,
                        schedule.getSlices(), schedule.getSegments(),
                        schedule.getCluster(), schedule.getReaders(),
                        schedule.getWhole()));
}

namespace {
struct SpecializePass : gsa::impl::SpecializePassBase<SpecializePass> {
  using SpecializePassBase::SpecializePassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto specs = llvm::to_vector(module.getOps<func::FuncOp>());
    auto emitError = [&] { return module.emitError(); };
    FailureOr<SmallVector<const Target *>> all =
        expandTargets(targets, llvm::any_of(specs, computesBF16), emitError);
    if (failed(all))
      return signalPassFailure();
    if (specs.empty()) {
      emitError() << "a spec must have a function, got none";
      return signalPassFailure();
    }

    OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
    for (const Target *target : *all) {
      auto nested = ModuleOp::create(builder, module.getLoc(),
                                     symbolOf(target->getName()));
      nested->setAttr(kTargetAttr,
                      TargetAttr::get(&getContext(), builder.getStringAttr(
                                                         target->getName())));
      for (func::FuncOp spec : specs) {
        // The same code as the plain image's would only make the object larger.
        FailureOr<SmallVector<const Target *>> own =
            expandTargets(targets, computesBF16(spec), emitError);
        if (failed(own) || !llvm::is_contained(*own, target))
          continue;
        func::FuncOp special = spec.clone();
        if (target->getKind() == Target::Kind::Host)
          chooseOnHost(special);
        nested.push_back(special);
      }
    }
    for (func::FuncOp spec : specs)
      spec.erase();
  }
};
} // namespace
