//===- CheckRegisters.cpp - What loops carry leaves room for the rest -----===//
//
// A lane has as many registers as it can name, or as its block's share of the
// multiprocessor, or its role's share of the block's, allows. What a loop
// carries occupies its own throughout; this is known before any code is, and a
// schedule that leaves too little for the rest spills.
//
//===----------------------------------------------------------------------===//

#include "dialects/Tile/Tile.h"
#include "gsa/Conversion/SharedMemory.h"
#include "gsa/Target/DeviceTarget.h"
#include "gsa/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::gsa {
#define GEN_PASS_DEF_CHECKREGISTERSPASS
#include "gsa/Transforms/Passes.h.inc"
} // namespace mlir::gsa

using namespace mlir;
using namespace mlir::gsa;

/// Left for sums, factors and addresses.
constexpr int64_t kWorkRegisters = 64;

/// Registers of a lane for its part of a tile; 0 for anything else.
static int64_t registersOf(Type type) {
  auto tile = dyn_cast<RankedTensorType>(type);
  auto attr = tile ? dyn_cast_or_null<tile::LayoutAttr>(tile.getEncoding())
                   : tile::LayoutAttr();
  if (!attr || attr.getLayout().isPlace())
    return 0;
  return llvm::divideCeil(
      attr.getLayout().getNumRegisters() * tile.getElementTypeBitWidth(), 32);
}

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
      int64_t threads = llvm::sum_of(roles.getWarps()) * facts.warpLanes;
      auto shares = roles->getAttrOfType<DenseI64ArrayAttr>(kRegistersAttr);
      for (auto [i, role] : llvm::enumerate(roles.getRoles())) {
        int64_t share = shares ? shares[i] : facts.registers / threads;
        int64_t budget = std::min(facts.laneRegisters, share);
        WalkResult result = role.walk([&](scf::WhileOp loop) -> WalkResult {
          return check(loop, budget);
        });
        if (result.wasInterrupted())
          return signalPassFailure();
      }
    }
  }

  static LogicalResult check(scf::WhileOp loop, int64_t budget) {
    int64_t total = 0;
    for (Type type : loop.getResultTypes())
      total += registersOf(type);
    if (total + kWorkRegisters <= budget)
      return success();
    InFlightDiagnostic diagnostic =
        loop.emitOpError("a loop must carry at most ")
        << budget - kWorkRegisters << " registers of a lane's " << budget
        << ", got " << total << ":";
    for (Type type : loop.getResultTypes())
      if (int64_t own = registersOf(type)) {
        auto tile = cast<RankedTensorType>(type);
        diagnostic << " " << own << " for "
                   << RankedTensorType::get(tile.getShape(),
                                            tile.getElementType());
      }
    return diagnostic;
  }
};
} // namespace
