//===- GSAOps.cpp - Verifiers of the gsa ops ------------------------------===//

#include "dialects/GSA/GSA.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace mlir::gsa;

#define GET_OP_CLASSES
#include "dialects/GSA/GSAOps.cpp.inc"

LogicalResult MemoryOp::verify() { return success(); }
LogicalResult ReadOp::verify() { return success(); }
LogicalResult FinalStateOp::verify() { return success(); }
LogicalResult SlotAttentionOp::verify() { return success(); }
LogicalResult SoftmaxDecayOp::verify() { return success(); }
LogicalResult SweepOp::verifyRegions() { return success(); }

int64_t SlotAttentionOp::getSlots() {
  Value rows = getWrites() ? getWrites() : getDecay();
  return cast<RankedTensorType>(rows.getType()).getShape().back();
}
