//===- GSAOps.cpp - Generated classes and accessors of the gsa ops --------===//

#include "dialects/GSA/GSA.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::gsa;

#define GET_OP_CLASSES
#include "dialects/GSA/GSAOps.cpp.inc"

DecayKind mlir::gsa::getDecayKind(Value decay) {
  if (!decay)
    return DecayKind::None;
  switch (cast<RankedTensorType>(decay.getType()).getRank()) {
  case 1:
    return DecayKind::Head;
  case 3:
    return DecayKind::Token;
  default:
    return DecayKind::Row;
  }
}

int64_t SlotAttentionOp::getSlots() {
  Value rows = getWrites() ? getWrites() : getDecay();
  return cast<RankedTensorType>(rows.getType()).getShape().back();
}
