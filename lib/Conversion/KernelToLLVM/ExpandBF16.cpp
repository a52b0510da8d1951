//===- ExpandBF16.cpp - Rounds to bf16 where no instruction does ----------===//
//
// Code generation would call a library for it, one element at a time, and not
// every system's library has that function.
//
//===----------------------------------------------------------------------===//

#include "gsa/Conversion/Passes.h"
#include "gsa/Target/HostTarget.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::gsa {
#define GEN_PASS_DEF_EXPANDBF16PASS
#include "gsa/Conversion/Passes.h.inc"
} // namespace mlir::gsa

using namespace mlir;
using namespace mlir::gsa;

namespace {
struct ExpandBF16Pass : gsa::impl::ExpandBF16PassBase<ExpandBF16Pass> {
  void runOnOperation() override {
    FailureOr<const HostTarget *> target = getHostTarget(getOperation());
    if (failed(target))
      return signalPassFailure();
    if ((*target)->getFacts().hasBF16Dot)
      return;
    RewritePatternSet patterns(&getContext());
    arith::populateExpandBFloat16Patterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
