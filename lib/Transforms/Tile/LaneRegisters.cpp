//===- LaneRegisters.cpp - Registers that tiles take of a lane ------------===//

#include "LaneRegisters.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::gsa;

int64_t gsa::countRegisters(Type type) {
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

int64_t gsa::countAlive(scf::WhileOp loop) {
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
    int64_t own = countRegisters(value.getType());
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

int64_t gsa::getEvenShare(tile::RolesOp roles, const DeviceFacts &facts) {
  return facts.registers / (llvm::sum_of(roles.getWarps()) * facts.warpLanes);
}

bool gsa::hasProduct(Region &role) {
  return role.walk([](tile::MmaOp) { return WalkResult::interrupt(); })
      .wasInterrupted();
}

int64_t gsa::countAddresses(Region &role) { return hasProduct(role) ? 20 : 12; }

bool gsa::hasAsyncProduct(Region &role, const DeviceTarget &target) {
  return role
      .walk([&](tile::MmaOp mma) {
        tile::AtomAttr attr = mma.getAtomAttr();
        const MatrixAtom *atom =
            attr ? target.lookupAtom(attr.getName().getValue()) : nullptr;
        return atom && atom->isAsync() ? WalkResult::interrupt()
                                       : WalkResult::advance();
      })
      .wasInterrupted();
}
