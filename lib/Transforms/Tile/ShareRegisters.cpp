//===- ShareRegisters.cpp - Registers go to the roles that need them ------===//
//
// A block's lanes have as many registers each, unless roles give up what others
// lack. What each needs shows once its tiles have layouts.
//
//===----------------------------------------------------------------------===//

#include "LaneRegisters.h"
#include "dialects/Tile/TileNames.h"
#include "gsa/Conversion/SharedMemory.h"
#include "gsa/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::gsa {
#define GEN_PASS_DEF_SHAREREGISTERSPASS
#include "gsa/Transforms/Passes.h.inc"
} // namespace mlir::gsa

using namespace mlir;
using namespace mlir::gsa;

/// Beside its tiles a lane has room for all addresses with so many: kernels
/// with 35 left did not spill, those with 30 to 23 did. And with so many where
/// lanes hold factors of products, too: with 43 left a few words were spilled,
/// or not, as chips differ (bench/NOTES.md).
constexpr int64_t kEnough = 32, kEnoughForFactors = 44;

namespace {
struct ShareRegistersPass final
    : gsa::impl::ShareRegistersPassBase<ShareRegistersPass> {
  void runOnOperation() override {
    SmallVector<tile::RolesOp> all;
    getOperation().walk([&](tile::RolesOp roles) { all.push_back(roles); });
    if (all.empty())
      return;
    FailureOr<const DeviceTarget *> target = getDeviceTarget(getOperation());
    if (failed(target))
      return signalPassFailure();
    for (tile::RolesOp roles : all)
      share(roles, **target);
  }

private:
  static void share(tile::RolesOp roles, const DeviceTarget &target) {
    const DeviceFacts &facts = target.getFacts();
    int64_t even = std::min(getEvenShare(roles, facts), facts.laneRegisters);
    SmallVector<int64_t> alive;
    bool isLacking = false;
    for (Region &role : roles.getRoles()) {
      int64_t &most = alive.emplace_back(0);
      role.walk(
          [&](scf::WhileOp loop) { most = std::max(most, countAlive(loop)); });
      isLacking |= most + countAddresses(role) > even;
    }
    bool isUneven = facts.roleRegisters && even < facts.laneRegisters &&
                    isLacking && shareUnevenly(roles, alive, facts);
    UnitAttr unit = UnitAttr::get(roles.getContext());
    bool areAsync = llvm::any_of(roles.getRoles(), [&](Region &role) {
      return hasAsyncProduct(role, target);
    });
    int64_t enough = areAsync ? kEnough : kEnoughForFactors;
    for (auto [role, tiles] : llvm::zip(roles.getRoles(), alive))
      if (isUneven ||
          (tiles + enough > even &&
           (even < facts.laneRegisters || !hasAsyncProduct(role, target))))
        role.walk(
            [&](scf::WhileOp loop) { loop->setAttr(tile::kScarceAttr, unit); });
  }

  /// Each role gets what it needs. What is left of what the block is launched
  /// with goes to those that multiply,
  /// step by step to the one with least beside its tiles. False, and nothing
  /// happens, if the sum of needs is too much.
  static bool shareUnevenly(tile::RolesOp roles, ArrayRef<int64_t> alive,
                            const DeviceFacts &facts) {
    int64_t left = facts.countSharedRegisters(llvm::sum_of(roles.getWarps()));
    SmallVector<int64_t> own;
    SmallVector<size_t> multiply;
    for (auto [i, role] : llvm::enumerate(roles.getRoles())) {
      own.push_back(std::max<int64_t>(
          facts.leastRoleRegisters,
          llvm::alignTo(alive[i] + countAddresses(role), facts.roleRegisters)));
      left -= own.back() * roles.getWarps()[i];
      if (hasProduct(role))
        multiply.push_back(i);
    }
    if (left < 0)
      return false;
    while (true) {
      std::optional<size_t> least;
      for (size_t i : multiply)
        if (roles.getWarps()[i] * facts.roleRegisters <= left &&
            own[i] + facts.roleRegisters <= facts.laneRegisters &&
            (!least || own[i] - alive[i] < own[*least] - alive[*least]))
          least = i;
      if (!least)
        break;
      own[*least] += facts.roleRegisters;
      left -= roles.getWarps()[*least] * facts.roleRegisters;
    }
    roles->setAttr(tile::kRegistersAttr,
                   Builder(roles.getContext()).getDenseI64ArrayAttr(own));
    return true;
  }
};
} // namespace
