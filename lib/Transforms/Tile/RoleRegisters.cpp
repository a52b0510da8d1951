//===- RoleRegisters.cpp - What registers lanes of each role have ---------===//

#include "RoleSplitter.h"
#include "dialects/Tile/TileNames.h"
#include "gsa/Conversion/SharedMemory.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::gsa;

using Part = RolePlan::Part;

/// Registers of a lane of a group that has `tile`, which may be null.
static int64_t registersOf(Value tile, int64_t lanes) {
  auto type =
      dyn_cast_or_null<RankedTensorType>(tile ? tile.getType() : Type());
  return type ? llvm::divideCeil(type.getNumElements() *
                                     type.getElementTypeBitWidth(),
                                 32 * lanes)
              : 0;
}

/// What a lane of each role needs at least: its sums, the tile that crosses,
/// and some for addresses and counters. Gates are alive in a few forms at a
/// time.
SmallVector<int64_t> RoleSplitter::estimateRegisters() const {
  constexpr int64_t others = 32;
  SmallVector<int64_t> needs(3, others);
  auto lanesOf = [&](unsigned role) { return warps[role] * facts.warpLanes; };
  int64_t early = 0, late = 0;
  for (Operation *op : plan.getOps(Part::Reads)) {
    auto mma = dyn_cast<tile::MmaOp>(op);
    // What another product adds to is the same sum.
    if (mma && !llvm::any_of(mma->getUsers(), llvm::IsaPred<tile::MmaOp>))
      (plan.lags(op) ? late : early) +=
          registersOf(mma.getResult(), lanesOf(kConsumer));
  }
  needs[kConsumer] +=
      std::max(early, late) + registersOf(plan.getSent(), lanesOf(kConsumer));
  auto blocks = static_cast<int64_t>(plan.getExchange().getBlocks());
  needs[kWeigher] +=
      registersOf(plan.getExchange().getResult(), blocks * lanesOf(kWeigher));
  for (Value memory : getVariables(/*memories=*/true))
    needs[kProducer] += registersOf(memory, lanesOf(kProducer));
  int64_t gates = 0;
  for (Operation *op : plan.getOps(Part::Gates))
    if (auto scan = dyn_cast<tile::ScanOp>(op))
      gates += registersOf(scan.getOperand(), lanesOf(kProducer));
  needs[kProducer] += gates * 5 / 2;
  for (int64_t &need : needs)
    need = llvm::alignTo(need, facts.roleRegisters);
  return needs;
}

/// Where lanes cannot all have as many registers as the role that needs most,
/// each gets what it needs, and the producer what is left.
LogicalResult RoleSplitter::shareRegisters(tile::RolesOp roles) {
  int64_t all = facts.registers / facts.warpLanes;
  if (!facts.roleRegisters || !isAsync)
    return roles.emitOpError("a weigher must be on a target whose roles share "
                             "registers and whose products are asynchronous, "
                             "got another");
  SmallVector<int64_t> own = estimateRegisters();
  if (llvm::sum_of(warps) * *llvm::max_element(own) <= all)
    return success();
  int64_t used = 0;
  for (auto [need, count] : llvm::zip(own, warps))
    used += need * count;
  if (used > all)
    return roles.emitOpError("roles must need at most ")
           << all << " registers of a lane of each warp, got " << used << ": "
           << own[kConsumer] << ", " << own[kWeigher] << " and "
           << own[kProducer] << " of " << warps[kConsumer] << ", "
           << warps[kWeigher] << " and " << warps[kProducer] << " warps";
  own[kProducer] =
      llvm::alignDown(std::min(own[kProducer] + (all - used) / warps[kProducer],
                               facts.laneRegisters),
                      facts.roleRegisters);
  roles->setAttr(
      tile::kRegistersAttr,
      b.getDenseI64ArrayAttr({own[kConsumer], own[kWeigher], own[kProducer]}));
  return success();
}
