//===- Move.h - What a change of layout takes -----------------------------===//

#ifndef GSA_LAYOUT_MOVE_H
#define GSA_LAYOUT_MOVE_H

#include "gsa/Layout/Layout.h"

namespace mlir::gsa {

/// How far elements travel, least first.
enum class MoveKind {
  None,      ///< the layouts are equal
  Registers, ///< each lane renumbers its registers, all in one way
  Lanes,     ///< between lanes of a warp
  Warps      ///< between warps
};

/// What it takes to go from one layout in registers to another of the same
/// shape. Numbers of lanes may differ only across warps. `Lanes` includes
/// choices within a lane that depend on the lane, as from copies to parts.
MoveKind move(const Layout &src, const Layout &dst);

/// For MoveKind::None and Registers: the register of `src` that each register
/// of `dst` is.
SmallVector<int64_t> registerMap(const Layout &src, const Layout &dst);

} // namespace mlir::gsa

#endif // GSA_LAYOUT_MOVE_H
