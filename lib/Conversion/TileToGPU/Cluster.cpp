//===- Cluster.cpp - A block among those that it exchanges with -----------===//

#include "Lowering.h"
#include "dialects/GSA/GSANames.h"
#include "gsa/Conversion/SharedMemory.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::gsa;
using namespace mlir::tile;

namespace {
/// Where messages of the roles arrive.
struct Mail {
  Operation *op;    ///< that ends the message
  Operation *owner; ///< of the mailbox
  int64_t role, blocks;
};
} // namespace

/// What a role gets from another one.
template <typename Send>
static Mail getMail(Operation *op, Value ring, int64_t role, RolesOp roles) {
  Send send = findSender<Send>(ring, roles).first;
  return {op, ring.getDefiningOp(), role,
          send ? static_cast<int64_t>(send.getBlocks()) : 1};
}

static SmallVector<Mail> findMail(RolesOp roles) {
  SmallVector<Mail> mail;
  for (auto [i, role] : llvm::enumerate(roles.getRoles()))
    role.walk([&, role = static_cast<int64_t>(i)](Operation *op) {
      if (isMessage(op))
        mail.push_back({op, op, role, getMessageBlocks(op)});
      else if (auto receive = dyn_cast<ReceiveOp>(op))
        mail.push_back(getMail<SendOp>(op, receive.getRing(), role, roles));
      else if (auto receive = dyn_cast<ReceiveSumsOp>(op))
        mail.push_back(
            getMail<SendPartsOp>(op, receive.getRing(), role, roles));
    });
  return mail;
}

LogicalResult TileLowering::openCluster(RolesOp roles, Value thread) {
  SmallVector<Mail> messages = findMail(roles);
  if (messages.empty())
    return success();
  auto cluster = kernel->getAttrOfType<IntegerAttr>(kClusterAttr);
  int64_t blocks = cluster ? cluster.getInt() : 1;
  Value isFirst =
      arith::CmpIOp::create(b, arith::CmpIPredicate::eq, thread, constant(0));
  auto branch = scf::IfOp::create(b, isFirst, /*withElseRegion=*/false);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    DenseSet<Attribute> made; // A loop's rounds may begin before it.
    for (const Mail &mail : messages) {
      if (mail.blocks != blocks)
        return mail.op->emitOpError("must be over the ")
               << blocks << " blocks of its kernel's cluster, got "
               << mail.blocks;
      FailureOr<Value> mailbox = addressOf(mail.owner, kMailboxAttr);
      if (failed(mailbox))
        return failure();
      if (made.insert(mail.owner->getAttr(kMailboxAttr)).second)
        device.emitMailbox(b, mail.op->getLoc(), *mailbox,
                           roles.getWarps()[mail.role]);
    }
  }
  device.emitClusterBarrier(b, b.getLoc());
  return success();
}

void TileLowering::closeCluster(RolesOp roles) {
  // The last of what a block sends may still be on its way to others.
  if (!findMail(roles).empty())
    device.emitClusterBarrier(b, b.getLoc());
}

int64_t TileLowering::countWarps() const {
  return role.party.threads / target.getFacts().warpLanes;
}

Worker TileLowering::workerOf(const Layout &layout) {
  Worker worker = role.worker;
  int64_t warps = countWarps();
  if (layout.isPlace() || layout.getNumWarps() <= warps)
    return worker;
  Value before = arith::MulIOp::create(b, device.emitClusterRank(b, b.getLoc()),
                                       constant(warps));
  worker.warp = arith::AddIOp::create(b, before, worker.warp);
  return worker;
}
