//===- SplitRoles.cpp - A block's warps share the work by roles -----------===//
//
// The loop over windows becomes two loops that run side by side. Window i:
//
//   producer   update(i), gates(i + 1)     carries the memories
//   consumer   reads(i), and fetches for both
//
// Gates run a window ahead (the loop is rotated), so that the consumer always
// has everything of its window, and loads two ahead, since the gates of window
// i + 1 tell where window i + 2 begins. Behind the last window gates run once
// more on no rows: loads give zeros there, and nobody reads the result.
//
// With a weigher, where blocks exchange, the reads are cut at the exchange and
// at the first product behind it. That lags a window, with all that follows and
// the memories that only these use; what is between is a role of its own:
//
//   producer   late update(i), early update(i + 1), gates(i + 2)
//   consumer   early reads(i + 1), sends parts of their sums; late reads(i) of
//              what it receives; fetches for all
//   weigher    receives sums(i + 1), and sends what it makes of them
//
// So messages have most of a window to go to and fro, and no block waits for
// others but if it is that far ahead. The weigher is in step by its messages
// and meets nobody. Early update and early reads, too, run once more on no
// rows: that changes nothing, and what comes of it is received behind the loop.
//
// Tiles cross in rings of two slots, of three if what lags reads them and what
// does not does, too, or if the weigher does; one barrier ends each iteration.
//
//===----------------------------------------------------------------------===//

#include "RoleSplitter.h"
#include "dialects/GSA/GSA.h"
#include "dialects/GSA/GSANames.h"
#include "gsa/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::gsa {
#define GEN_PASS_DEF_SPLITROLESPASS
#include "gsa/Transforms/Passes.h.inc"
} // namespace mlir::gsa

using namespace mlir;
using namespace mlir::gsa;

static bool isTile(Value value) {
  return isa<RankedTensorType>(value.getType());
}

namespace {
struct SplitRolesPass : gsa::impl::SplitRolesPassBase<SplitRolesPass> {
  void runOnOperation() override {
    func::FuncOp kernel = getOperation();
    if (!kernel->hasAttr(kKernelAttr))
      return;
    FailureOr<const DeviceTarget *> target = getDeviceTarget(kernel);
    auto schedule = kernel->getAttrOfType<ScheduleAttr>(kScheduleAttr);
    if (failed(target))
      return signalPassFailure();
    if (!schedule) {
      kernel.emitError("a kernel must have a schedule to be split into roles, "
                       "got none");
      return signalPassFailure();
    }
    bool together = schedule.isPlain() || !(*target)->getFacts().hasRoles;
    WalkResult result = kernel.walk([&](scf::ForallOp blocks) -> WalkResult {
      // What folds memories has no products.
      bool multiplies =
          kernel->walk([](tile::MmaOp) { return WalkResult::interrupt(); })
              .wasInterrupted();
      if (together || !multiplies) {
        keepTogether(blocks, warpsTogether((*target)->getFacts()));
        return WalkResult::advance();
      }
      auto loops = llvm::to_vector(blocks.getBody()->getOps<scf::WhileOp>());
      if (loops.size() != 1)
        return blocks.emitOpError("a block must have one loop over windows to "
                                  "be split into roles, got ")
               << loops.size();
      bool weighs = schedule.getReaders() > 1;
      if (weighs && failed(checkProducts(blocks, **target)))
        return failure();
      RolePlan plan(loops.front(), weighs);
      if (failed(plan.run()))
        return failure();
      // A group of warps reads, and one carries each memory: the registers of
      // one hold all gates and one memory, as a rule. Where products are a
      // warp's, more warps read more factors for the same sums.
      constexpr int64_t group = 4, most = 2;
      bool isAsync = (*target)->multipliesAsync();
      int64_t memories =
          isAsync ? std::min<int64_t>(plan.getMemoryCount(), most) : 1;
      RoleSplitter(plan, {group, group * memories, group},
                   (*target)->getFacts(), isAsync)
          .run();
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    // Roles have tiles of their own.
    SmallVector<Operation *> outside;
    kernel.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (isa<tile::RolesOp>(op))
        return WalkResult::skip();
      if (llvm::none_of(op->getResults(), isTile))
        return WalkResult::advance();
      outside.push_back(op);
      return WalkResult::skip();
    });
    for (Operation *op : llvm::reverse(outside))
      if (isOpTriviallyDead(op))
        op->erase();
  }

  /// Others wait for the weigher's messages while products run: those that
  /// their role must wait for itself would only keep it from sending.
  static LogicalResult checkProducts(scf::ForallOp blocks,
                                     const DeviceTarget &target) {
    WalkResult result = blocks.walk([&](tile::MmaOp mma) -> WalkResult {
      Type factor = getElementTypeOrSelf(mma.getA());
      if (target.multipliesAsync(factor))
        return WalkResult::advance();
      return mma.emitOpError("readers = 2 must have products that run on while "
                             "their role does, got factors of ")
             << factor;
    });
    return failure(result.wasInterrupted());
  }

  /// As many warps as leave each lane registers for its part of a head's
  /// memories, of sums and of factors.
  static int64_t warpsTogether(const DeviceFacts &facts) {
    constexpr int64_t enough = 192;
    return int64_t(1) << llvm::Log2_64(facts.registers /
                                       (facts.warpLanes * enough));
  }

  /// One role has everything.
  static void keepTogether(scf::ForallOp blocks, int64_t warps) {
    Block *body = blocks.getBody();
    OpBuilder builder(body, body->begin());
    auto roles = tile::RolesOp::create(builder, blocks.getLoc(),
                                       ArrayRef<int64_t>{warps},
                                       /*rolesCount=*/1);
    Block *role = &roles.getRoles().front().emplaceBlock();
    role->getOperations().splice(role->end(), body->getOperations(),
                                 std::next(roles->getIterator()),
                                 body->getTerminator()->getIterator());
    // Tiles that loops were freed of come back in.
    builder.setInsertionPointToEnd(role);
    tile::YieldOp::create(builder, blocks.getLoc());
    bringIn(roles.getRoles().front());
  }

  /// Copies what makes a tile outside of the role into it.
  static void bringIn(Region &role) {
    IRMapping copies;
    OpBuilder builder(role.getContext());
    builder.setInsertionPointToStart(&role.front());
    auto bring = [&](Value value, auto &self) -> Value {
      if (Value known = copies.lookupOrNull(value))
        return known;
      Operation *op = value.getDefiningOp();
      if (!isTile(value) || !op || role.isAncestor(op->getParentRegion()))
        return value;
      for (Value operand : op->getOperands())
        copies.map(operand, self(operand, self));
      builder.clone(*op, copies);
      return copies.lookup(value);
    };
    SmallVector<Operation *> program;
    role.walk([&](Operation *op) { program.push_back(op); });
    for (Operation *op : program)
      for (OpOperand &operand : op->getOpOperands())
        operand.set(bring(operand.get(), bring));
  }
};
} // namespace
