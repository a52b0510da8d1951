//===- Sink.cpp - What is made where it is first used ---------------------===//

#include "Sink.h"
#include "dialects/Tile/Tile.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace mlir::gsa;

void gsa::sinkToUses(Block &block) {
  SmallVector<Operation *> ops;
  for (Operation &op : block.without_terminator())
    ops.push_back(&op);
  for (Operation *op : llvm::reverse(ops)) {
    bool loads = isa<tile::LoadOp>(op);
    if (op->getNumRegions() || !(loads || isPure(op)))
      continue;
    Operation *first = nullptr;
    for (Operation *user : op->getUsers()) {
      Operation *at = block.findAncestorOpInBlock(*user);
      if (at && (!first || at->isBeforeInBlock(first)))
        first = at;
    }
    if (!first)
      continue;
    if (loads)
      first = &*std::find_if(
          op->getIterator(), first->getIterator(), [](Operation &other) {
            return !isMemoryEffectFree(&other) && !isa<tile::LoadOp>(other);
          });
    op->moveBefore(first);
  }
}
