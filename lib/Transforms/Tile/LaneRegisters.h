//===- LaneRegisters.h - Registers that tiles take of a lane ----*- C++ -*-===//

#ifndef GSA_LIB_TRANSFORMS_TILE_LANEREGISTERS_H
#define GSA_LIB_TRANSFORMS_TILE_LANEREGISTERS_H

#include "dialects/Tile/Tile.h"
#include "gsa/Target/DeviceTarget.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

namespace mlir::gsa {

/// Registers, of 32 bits, of a lane for its part of a tile; 0 for anything that
/// is no tile in registers.
int64_t countRegisters(Type type);

/// The most registers of a lane that tiles in a loop's body take at once, ops
/// in their order.
int64_t countAlive(scf::WhileOp loop);

/// What every lane has where all lanes of all roles have as many.
int64_t getEvenShare(tile::RolesOp roles, const DeviceFacts &facts);

bool hasProduct(Region &role);

/// Whether some product of `role`, once it has an atom, runs on by itself: its
/// factors take no registers.
bool hasAsyncProduct(Region &role, const DeviceTarget &target);

/// Left for factors and addresses in code of several roles, which is not in the
/// order of its ops: what waits is moved behind what need not, and takes less.
/// One that does not multiply has no factors.
int64_t countAddresses(Region &role);

} // namespace mlir::gsa

#endif // GSA_LIB_TRANSFORMS_TILE_LANEREGISTERS_H
