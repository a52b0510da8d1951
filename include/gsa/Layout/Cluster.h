//===- Cluster.h - Tiles that the blocks of a cluster share ---*- C++ -*-===//
//
// A layout of the n blocks of a cluster counts the warps of all of them: those
// of a role, then the block's rank on top. Each block holds a run of rows, so
// that what goes on within rows stays within blocks.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_LAYOUT_CLUSTER_H
#define GSA_LAYOUT_CLUSTER_H

#include "gsa/Layout/Layout.h"

#include <optional>

namespace mlir::gsa {

/// The tile that each block holds as `held` says, shared by `blocks` of them (a
/// power of two): block r of n holds rows [r * rows / n, (r + 1) * rows / n),
/// rows divided among warps first. None if rows are no multiple of `blocks`.
std::optional<Layout> shareRows(const Layout &held, int64_t blocks);

/// A place for a tile of `elementBits` bits an element that lanes read or write
/// as `held` says: what a lane has of 16 bytes lies together, then come other
/// lanes, then other registers; each of `blocks` runs of rows is contiguous, in
/// the order of runs. `held` may be a layout of a block or of a cluster.
Layout getRoom(const Layout &held, int64_t elementBits, int64_t blocks);

} // namespace mlir::gsa

#endif // GSA_LAYOUT_CLUSTER_H
