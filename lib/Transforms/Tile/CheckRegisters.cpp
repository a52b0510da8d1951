//===- CheckRegisters.cpp - What loops carry leaves room for the rest -----===//
//
// A lane has as many registers as it can name, or as its block's share of the
// multiprocessor, or its role's share of the block's, allows. What a loop
// carries occupies its own throughout; this is known before any code is, and a
// schedule that leaves too little for the rest spills.
//
//===----------------------------------------------------------------------===//

#include "LaneRegisters.h"
#include "dialects/Tile/TileNames.h"
#include "gsa/Conversion/SharedMemory.h"
#include "gsa/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::gsa {
#define GEN_PASS_DEF_CHECKREGISTERSPASS
#include "gsa/Transforms/Passes.h.inc"
} // namespace mlir::gsa

using namespace mlir;
using namespace mlir::gsa;

/// Left for sums, factors and addresses.
constexpr int64_t kWorkRegisters = 64;
/// Left for factors and addresses: 219 of 255 registers taken spilled, 215 did
/// not (bench/NOTES.md).
constexpr int64_t kAddressRegisters = 38;

namespace {
struct CheckRegistersPass
    : gsa::impl::CheckRegistersPassBase<CheckRegistersPass> {
  void runOnOperation() override {
    markAllAnalysesPreserved();
    SmallVector<tile::RolesOp> all;
    getOperation().walk([&](tile::RolesOp roles) { all.push_back(roles); });
    if (all.empty())
      return;
    FailureOr<const DeviceTarget *> target = getDeviceTarget(getOperation());
    if (failed(target))
      return signalPassFailure();
    const DeviceFacts &facts = (*target)->getFacts();
    for (tile::RolesOp roles : all) {
      int64_t even = getEvenShare(roles, facts);
      auto shares =
          roles->getAttrOfType<DenseI64ArrayAttr>(tile::kRegistersAttr);
      for (auto [i, role] : llvm::enumerate(roles.getRoles())) {
        int64_t share = shares ? shares[i] : even;
        int64_t budget = std::min(facts.laneRegisters, share);
        int64_t addresses = roles.getRoles().size() == 1 ? kAddressRegisters
                                                         : countAddresses(role);
        WalkResult result = role.walk([&](scf::WhileOp loop) -> WalkResult {
          if (failed(check(loop, budget)))
            return failure();
          // Where copies take registers, code is in another order.
          return facts.hasAsyncCopies ? checkAlive(loop, budget - addresses)
                                      : success();
        });
        if (result.wasInterrupted())
          return signalPassFailure();
      }
    }
  }

  static LogicalResult checkAlive(scf::WhileOp loop, int64_t most) {
    int64_t alive = countAlive(loop);
    if (alive <= most)
      return success();
    return loop.emitOpError(
               "tiles that a loop needs at once must take at most ")
           << most << " of a lane's registers, got " << alive;
  }

  static LogicalResult check(scf::WhileOp loop, int64_t budget) {
    int64_t total = 0;
    for (Type type : loop.getResultTypes())
      total += countRegisters(type);
    // A role that carries nothing has registers for its work alone.
    if (total == 0 || total + kWorkRegisters <= budget)
      return success();
    InFlightDiagnostic diagnostic =
        loop.emitOpError("a loop must carry at most ")
        << budget - kWorkRegisters << " registers of a lane's " << budget
        << ", got " << total << ":";
    for (Type type : loop.getResultTypes())
      if (int64_t own = countRegisters(type)) {
        auto tile = cast<RankedTensorType>(type);
        diagnostic << " " << own << " for "
                   << RankedTensorType::get(tile.getShape(),
                                            tile.getElementType());
      }
    return diagnostic;
  }
};
} // namespace
