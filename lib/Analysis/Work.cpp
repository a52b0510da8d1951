//===- Work.cpp - What a kernel has to compute ----------------------------===//

#include "gsa/Analysis/Work.h"
#include "dialects/GSA/GSA.h"
#include "dialects/GSA/GSANames.h"
#include "dialects/Tile/Tile.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::gsa;

double Work::getFlops(int64_t batch, int64_t time) const {
  double windows = double(llvm::divideCeil(uint64_t(time), uint64_t(chunk)));
  return double(batch) * double(blocks) *
         (double(windowFlops) * windows + double(otherFlops));
}

/// Blocks of one sequence: the bounds of `forall` but for the first, which
/// counts sequences, and segments that a call decides, which share a sequence's
/// windows. Neither is static.
static int64_t countBlocks(scf::ForallOp forall) {
  int64_t blocks = 1;
  for (OpFoldResult bound : llvm::drop_begin(forall.getMixedUpperBound()))
    blocks *= getConstantIntValue(bound).value_or(1);
  return blocks;
}

/// How often a loop of static length runs.
static std::optional<int64_t> countTrips(scf::ForOp loop) {
  auto lower = getConstantIntValue(loop.getLowerBound());
  auto upper = getConstantIntValue(loop.getUpperBound());
  auto step = getConstantIntValue(loop.getStep());
  if (!lower || !upper || !step || *step <= 0)
    return std::nullopt;
  return llvm::divideCeil(uint64_t(std::max<int64_t>(*upper - *lower, 0)),
                          uint64_t(*step));
}

FailureOr<Work> gsa::countWork(func::FuncOp kernel) {
  Work work;
  if (auto schedule = kernel->getAttrOfType<ScheduleAttr>(kScheduleAttr))
    work.chunk = schedule.getChunk();
  WalkResult result = kernel.walk([&](tile::MmaOp product) {
    auto a = cast<RankedTensorType>(product.getA().getType());
    auto sums = cast<RankedTensorType>(product.getAcc().getType());
    int64_t flops = 2 * sums.getNumElements() * a.getDimSize(1);
    bool inWindow = false;
    for (Operation *at = product->getParentOp(); at != kernel;
         at = at->getParentOp()) {
      std::optional<int64_t> trips;
      if (auto loop = dyn_cast<scf::ForOp>(at))
        trips = countTrips(loop);
      else if (!isa<scf::WhileOp>(at))
        continue;
      if (!trips && inWindow) {
        at->emitError("a product must be in one loop over windows, got a "
                      "second loop of unknown length");
        return WalkResult::interrupt();
      }
      if (trips)
        flops *= *trips;
      else
        inWindow = true;
    }
    (inWindow ? work.windowFlops : work.otherFlops) += flops;
    return WalkResult::advance();
  });
  if (result.wasInterrupted())
    return failure();
  for (auto forall : kernel.getOps<scf::ForallOp>())
    work.blocks = countBlocks(forall);
  return work;
}
