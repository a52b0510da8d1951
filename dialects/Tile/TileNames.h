//===- TileNames.h - Attributes that ops of roles may have ------*- C++ -*-===//

#ifndef DIALECTS_TILE_TILENAMES_H
#define DIALECTS_TILE_TILENAMES_H

#include "llvm/ADT/StringRef.h"

namespace mlir::tile {

/// Of a tile.roles, an array of i64, one a role: the registers of a lane of it,
/// where roles share them.
inline constexpr llvm::StringLiteral kRegistersAttr = "tile.registers";
/// Of a role's scf.while, a unit: its tiles leave so few registers that none is
/// kept from iteration to iteration for what can be made again.
inline constexpr llvm::StringLiteral kScarceAttr = "tile.scarce";
/// Of a tile.fetch, a unit: what it fetches of no rows is read, as zeros.
inline constexpr llvm::StringLiteral kZerosAttr = "tile.zeros";
/// Of a tile.ring, an i64 from 2 on: blocks of a cluster that share the rows of
/// its versions, each of which keeps its own run of them only. The place has
/// blocks' runs one behind the other.
inline constexpr llvm::StringLiteral kSharedByAttr = "tile.shared_by";

} // namespace mlir::tile

#endif // DIALECTS_TILE_TILENAMES_H
