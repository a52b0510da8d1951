//===- SharedMemory.h - What takes shared memory, and how much -*- C++ -*-===//

#ifndef GSA_CONVERSION_SHAREDMEMORY_H
#define GSA_CONVERSION_SHAREDMEMORY_H

#include "dialects/GSA/GSANames.h"
#include "dialects/Tile/Tile.h"

namespace mlir::gsa {

/// Of a ring, or an op whose result is a place: its first byte in the block's
/// shared memory. Of an op that exchanges tiles between warps: that of its
/// scratch memory.
inline constexpr llvm::StringLiteral kOffsetAttr = "tile.offset";
inline constexpr llvm::StringLiteral kScratchAttr = "tile.scratch";
/// Of a tile.roles: that of 8 bytes a role, its mailbox of copied boxes.
inline constexpr llvm::StringLiteral kMailboxAttr = "tile.mailbox";

/// What the first byte of the block's shared memory, and of each tile in it, is
/// a multiple of.
inline constexpr int64_t kSharedAlignment = 1024;

/// Bytes from one slot of a ring to the next, and of a tile or scalar.
int64_t getSlotBytes(tile::RingType ring);
int64_t getSharedBytes(Type type);

/// How blocks of a cluster exchange a tile. Each lane's registers are cut in as
/// many parts as there are blocks, of `words` 32-bit words; block i adds up
/// what all send it of part i and sends back the sum. In shared memory:
///
///   offset    [block][words / width][thread of the role][width] parts sent
///   here,
///             then two mailboxes of 8 bytes a warp
///   scratch   the same, of sums
struct ExchangeForm {
  /// Of `op` in a role of `warps` warps of `lanes` lanes.
  ExchangeForm(tile::ExchangeOp op, int64_t warps, int64_t lanes);

  static constexpr int64_t kMailboxBytes = 8;

  int64_t words;      ///< a multiple of `width`, padded
  int64_t width;      ///< words that are sent together: 1, 2 or 4
  int64_t blockBytes; ///< of one block's parts, of all lanes
  int64_t boxBytes;   ///< of all blocks' parts
  int64_t allBytes;   ///< with mailboxes
};

/// Bytes of scratch memory that `op` needs in a role of `warps` warps of
/// `lanes` lanes; 0 for most.
int64_t getScratchBytes(Operation *op, int64_t warps, int64_t lanes);

/// Whether nothing else ever uses the scratch memory of `op`; otherwise the
/// role must meet before it does.
bool hasOwnScratch(Operation *op);

} // namespace mlir::gsa

#endif // GSA_CONVERSION_SHAREDMEMORY_H
