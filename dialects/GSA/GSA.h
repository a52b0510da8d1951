//===- GSA.h - The gsa dialect --------------------------------------------===//
//
// What a gated linear recurrence computes, on tensors. See GSAOps.td.
//
//===----------------------------------------------------------------------===//

#ifndef DIALECTS_GSA_GSA_H
#define DIALECTS_GSA_GSA_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/GSA/GSADialect.h.inc"
#include "dialects/GSA/GSAEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/GSA/GSAAttributes.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/GSA/GSATypes.h.inc"

namespace mlir {
class PatternRewriter;
} // namespace mlir

namespace mlir::gsa {

/// What shares one decay, read off the operand's rank: null, [H], [B, T, H] or
/// [B, T, H, M].
DecayKind getDecayKind(Value decay);

} // namespace mlir::gsa

#define GET_OP_CLASSES
#include "dialects/GSA/GSAOps.h.inc"

#endif // DIALECTS_GSA_GSA_H
