//===- Sink.h - What is made where it is first used -------------*- C++ -*-===//

#ifndef GSA_LIB_TRANSFORMS_TILE_SINK_H
#define GSA_LIB_TRANSFORMS_TILE_SINK_H

#include "mlir/IR/Block.h"

namespace mlir::gsa {

/// Moves what only computes or loads down to where it is first used, so that a
/// tile lies in shared memory, or registers, no longer than it must. Of several
/// that one op uses, the first comes last. Loads stay before what writes.
void sinkToUses(Block &block);

} // namespace mlir::gsa

#endif // GSA_LIB_TRANSFORMS_TILE_SINK_H
