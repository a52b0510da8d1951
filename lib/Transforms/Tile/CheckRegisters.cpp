//===- CheckRegisters.cpp - What loops carry leaves room for the rest -----===//
//
// A lane has as many registers as it can name, or as its block's share of the
// multiprocessor, or its role's share of the block's, allows. What a loop
// carries occupies its own throughout; this is known before any code is, and a
// schedule that leaves too little for the rest spills.
//
//===----------------------------------------------------------------------===//

#include "dialects/Tile/Tile.h"
#include "dialects/Tile/TileNames.h"
#include "gsa/Conversion/SharedMemory.h"
#include "gsa/Target/DeviceTarget.h"
#include "gsa/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::gsa {
#define GEN_PASS_DEF_CHECKREGISTERSPASS
#include "gsa/Transforms/Passes.h.inc"
} // namespace mlir::gsa

using namespace mlir;
using namespace mlir::gsa;

/// Left for sums, factors and addresses.
constexpr int64_t kWorkRegisters = 64;
/// Left for factors and addresses: 219 of 255 registers taken spilled, 215 did
/// not (bench/NOTES.md). Code of several roles is not in the order of its ops:
/// what waits is moved behind what need not, and takes less.
constexpr int64_t kAddressRegisters = 38, kAddressRegistersOfRoles = 20;

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

/// Made of what its operand holds, a register when one is needed: it takes none
/// itself. So is what is rounded on its way to shared memory.
static bool isView(Operation *op) {
  if (isa<arith::TruncFOp>(op) && op->hasOneUse())
    return isa<tile::ConvertOp, tile::PutOp, tile::StoreOp>(*op->user_begin());
  return isa<tile::BroadcastOp, tile::TransposeOp>(op);
}

static bool isMadeAnew(Operation *op) {
  return isa_and_present<arith::ConstantOp, tile::IotaOp, tensor::SplatOp>(op);
}

/// The most registers of a lane that tiles in a loop's body take at once, ops
/// in their order.
static int64_t countAlive(scf::WhileOp loop) {
  Block &body = loop.getAfter().front();
  DenseMap<Operation *, int64_t> numbers;
  int64_t count = 0;
  for (Operation &op : body)
    numbers[&op] = count++;
  // Registers that become free behind an op, or are taken by it.
  SmallVector<int64_t> change(count + 1, 0);
  auto lastUse = [&](Value value, auto &self) -> int64_t {
    int64_t last = -1;
    for (Operation *user : value.getUsers()) {
      Operation *at = body.findAncestorOpInBlock(*user);
      if (!at)
        continue;
      last = std::max(last, numbers.lookup(at));
      if (isView(user))
        last = std::max(last, self(user->getResult(0), self));
    }
    return last;
  };
  int64_t alive = 0;
  auto add = [&](Value value, int64_t from) {
    int64_t own = registersOf(value.getType());
    int64_t last = own ? lastUse(value, lastUse) : -1;
    if (last < 0)
      return;
    (from < 0 ? alive : change[from]) += own;
    change[last] -= own;
  };
  for (Value argument : body.getArguments())
    add(argument, -1);
  for (Operation &op : body)
    if (!isView(&op) && !isMadeAnew(&op))
      for (Value result : op.getResults())
        add(result, numbers.lookup(&op));
  int64_t most = alive;
  for (int64_t each : change)
    most = std::max(most, alive += each);
  return most;
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
      int64_t addresses = roles.getRoles().size() == 1
                              ? kAddressRegisters
                              : kAddressRegistersOfRoles;
      auto shares =
          roles->getAttrOfType<DenseI64ArrayAttr>(tile::kRegistersAttr);
      for (auto [i, role] : llvm::enumerate(roles.getRoles())) {
        int64_t share = shares ? shares[i] : facts.registers / threads;
        int64_t budget = std::min(facts.laneRegisters, share);
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
      total += registersOf(type);
    // A role that carries nothing has registers for its work alone.
    if (total == 0 || total + kWorkRegisters <= budget)
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
