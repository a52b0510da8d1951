//===- SharedMemory.h - What takes shared memory, and how much -*- C++ -*-===//

#ifndef GSA_CONVERSION_SHAREDMEMORY_H
#define GSA_CONVERSION_SHAREDMEMORY_H

#include "dialects/GSA/GSANames.h"
#include "dialects/Tile/Tile.h"

namespace mlir::gsa {

/// Of a ring, or an op whose result is a place: its first byte in the block's
/// shared memory. Of a message between blocks:
/// that of the room for what arrives. Of an op that exchanges tiles between
/// warps: that of its scratch memory.
inline constexpr llvm::StringLiteral kOffsetAttr = "tile.offset";
inline constexpr llvm::StringLiteral kScratchAttr = "tile.scratch";
/// Of a tile.roles: that of a mailbox a role, for boxes that are copied. Of a
/// message between blocks: that of its mailbox.
inline constexpr llvm::StringLiteral kMailboxAttr = "tile.mailbox";
inline constexpr int64_t kMailboxBytes = 8;

/// Of a tile.convert in a loop that meets the block, a unit: nothing else has
/// its bytes as long as the loop runs, and all have read what was in them when
/// they are written again, so that the role need not meet before.
inline constexpr llvm::StringLiteral kOwnAttr = "tile.own";

/// What the first byte of the block's shared memory, and of each tile in it, is
/// a multiple of.
inline constexpr int64_t kSharedAlignment = 1024;

/// The blocks that share a ring's rows: 1 if each has all.
int64_t getSharers(Value ring);
/// Bytes from one slot of a ring to the next, and of a tile or scalar.
int64_t getSlotBytes(Value ring);
int64_t getSharedBytes(Type type);

/// Bytes of scratch memory that `op` needs in a role of `warps` warps of
/// `lanes` lanes; 0 for most.
int64_t getScratchBytes(Operation *op, int64_t warps, int64_t lanes);

/// Whether nothing else ever uses the scratch memory of `op`; otherwise the
/// role must meet before it does.
bool hasOwnScratch(Operation *op);

} // namespace mlir::gsa

#endif // GSA_CONVERSION_SHAREDMEMORY_H
