//===- BrokenLaw.h - How verifiers of our dialects report -----------------===//

#ifndef DIALECTS_BROKENLAW_H
#define DIALECTS_BROKENLAW_H

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Operation.h"

namespace mlir::gsa {

/// Reports that `op` breaks the law `number` of its documentation. The parts
/// make one sentence, "<what> must <law>, got <found>".
template <typename... Parts>
LogicalResult brokenLaw(Operation *op, StringRef number, Parts &&...parts) {
  InFlightDiagnostic diagnostic = op->emitOpError();
  (diagnostic << ... << std::forward<Parts>(parts));
  return diagnostic << " [" << number << "]";
}

} // namespace mlir::gsa

#endif // DIALECTS_BROKENLAW_H
