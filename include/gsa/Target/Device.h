//===- Device.h - How a device spells what lanes do together ----*- C++ -*-===//
//
// `convert-tile-to-gpu` and atoms ask for what arith, vector and llvm cannot
// say: meeting, exchanging, copying behind the lanes' backs. Pointers to shared
// memory are i32 addresses, so that code can XOR them.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_TARGET_DEVICE_H
#define GSA_TARGET_DEVICE_H

#include "gsa/Target/SharedAccess.h"

#include "mlir/IR/Builders.h"

namespace mlir::gsa {

/// Address spaces, the same for all families.
inline constexpr unsigned kGlobalSpace = 1;
inline constexpr unsigned kSharedSpace = 3;

/// The type of `bytes` (1, 2, 4, 8 or 16) that are moved and not computed with:
/// an integer, or a vector of i32.
Type getWordsType(OpBuilder &builder, int64_t bytes);

/// Some warps of a block that meet.
struct Party {
  int64_t number;  ///< 0 is the whole block, others are parts of it
  int64_t threads; ///< of all its warps
};

class Device {
public:
  Device() = default;
  Device(const Device &) = delete;
  Device &operator=(const Device &) = delete;
  virtual ~Device();

  /// Lanes of a warp.
  virtual int64_t getWarpLanes() const = 0;

  /// The threads of `party` wait for each other; each sees what the others
  /// wrote before.
  virtual void emitBarrier(OpBuilder &builder, Location loc,
                           const Party &party) const = 0;

  /// From here on each lane of this role, whole groups of 4 warps, has `count`
  /// registers; `before` at the start of the kernel. Waits until others have
  /// given up as many.
  virtual void emitRegisters(OpBuilder &builder, Location loc, int64_t count,
                             int64_t before) const;

  /// What the lane whose number differs in the bits `mask` has in `value`, of
  /// 32 bits.
  virtual Value emitShuffle(OpBuilder &builder, Location loc, Value value,
                            int64_t mask) const = 0;

  /// Whether lanes vote in less than they exchange values.
  virtual bool hasVotes() const { return false; }
  /// Whether `condition`, i1, holds in all lanes of a warp; i1. Only where
  /// there are votes.
  virtual Value emitAll(OpBuilder &builder, Location loc,
                        Value condition) const;

  /// `value`, i32 and equal in all lanes of a warp, known to be so. That it is
  /// below `bound`, if not 0, can make it cheaper.
  virtual Value emitUniform(OpBuilder &builder, Location loc, Value value,
                            int64_t bound = 0) const = 0;

  /// `condition`, i1 and equal in all lanes of a warp, as a loop should ask it:
  /// a code generator that does not see that lanes agree lets them leave one by
  /// one.
  virtual Value emitUniformCondition(OpBuilder &builder, Location loc,
                                     Value condition) const {
    return condition;
  }

  /// `value`, i32, from where nothing is known of it: code that depends on it
  /// is not moved out of loops, where it would occupy registers.
  virtual Value emitOpaque(OpBuilder &builder, Location loc,
                           Value value) const = 0;

  /// The most that an operand of emitOrderMasks is away from zero.
  static constexpr int64_t kMostOrdered = 511;
  /// For each limit a word, i32: ones in its low half where `number` (i32) is
  /// at least the limit, in its high half where it is above, and zeros else.
  virtual SmallVector<Value> emitOrderMasks(OpBuilder &builder, Location loc,
                                            Value number,
                                            ArrayRef<int32_t> limits) const;

  /// A vector of f32, rounded to a narrower type.
  virtual Value emitTruncation(OpBuilder &builder, Location loc, Value vector,
                               Type element) const;

  /// `bytes` at `pointer`, a multiple of them, of type `getWordsType`; zero,
  /// and no access, where `present` (i1, or null for true) is not set.
  virtual Value emitLoad(OpBuilder &builder, Location loc, Value pointer,
                         int64_t bytes, Value present) const;
  /// The counterpart: writes nothing where `present` is not set.
  virtual void emitStore(OpBuilder &builder, Location loc, Value value,
                         Value pointer, Value present) const;

  /// Most bytes, 16, 8 or 4, that one asynchronous copy moves; 0 if there are
  /// no such copies.
  virtual int64_t getCopyBytes() const { return 0; }
  /// Starts to copy `present` (i32, at most `bytes`) bytes from `pointer` to
  /// the shared address `to`, and zeros behind them up to `bytes`. Both are
  /// multiples of `bytes`.
  virtual void emitCopy(OpBuilder &builder, Location loc, Value to,
                        Value pointer, int64_t bytes, Value present) const;
  /// This lane's copies so far have landed.
  virtual void emitWaitCopies(OpBuilder &builder, Location loc) const;

  //===--------------------------------------------------------------------===//
  // Launches on a stream: only where the facts have early starts
  //===--------------------------------------------------------------------===//

  /// This lane waits until the launch before this one has ended, and sees what
  /// it wrote.
  virtual void emitAwaitLaunch(OpBuilder &builder, Location loc) const;
  /// The next launch may start once all blocks have come here or ended.
  virtual void emitReleaseLaunch(OpBuilder &builder, Location loc) const;

  //===--------------------------------------------------------------------===//
  // Boxes of tensors: only where the facts have box copies. One thread calls,
  // of a mailbox always the same one
  //===--------------------------------------------------------------------===//

  /// The present round of `mailbox` does not end before `bytes` more have been
  /// copied.
  virtual void emitExpectBoxes(OpBuilder &builder, Location loc, Value mailbox,
                               int64_t bytes) const;
  /// Starts to copy the box at `coordinates` (i32, the last dimension's last)
  /// of the tensor that `map` points to the description of, to the shared
  /// address `to`, and tells `mailbox`. What lies outside of the tensor is
  /// zero.
  virtual void emitCopyBox(OpBuilder &builder, Location loc, Value to,
                           Value map, ValueRange coordinates,
                           Value mailbox) const;
  /// Starts to copy a box from `from`, i32, in the block's shared memory. What
  /// lies outside of the tensor is left out.
  virtual void emitStoreBox(OpBuilder &builder, Location loc, Value from,
                            Value map, ValueRange coordinates) const;
  /// Waits until the boxes that this thread stores have been read, and others
  /// may be written there.
  virtual void emitAwaitStores(OpBuilder &builder, Location loc) const;
  /// Ends the round of `mailbox` and waits for it, where `isFirst` is set:
  /// behind it this thread sees what was copied.
  virtual void emitWaitBoxes(OpBuilder &builder, Location loc, Value mailbox,
                             Value isFirst) const;

  //===--------------------------------------------------------------------===//
  // Blocks of a cluster: only where the facts have clusters
  //===--------------------------------------------------------------------===//

  /// This block's number in its cluster, i32.
  virtual Value emitClusterRank(OpBuilder &builder, Location loc) const;
  /// All threads of the cluster meet; each sees what the others wrote before.
  virtual void emitClusterBarrier(OpBuilder &builder, Location loc) const;
  /// Where block `rank` (i32) of the cluster has what this block has at the
  /// shared address `address`.
  virtual Value emitPeerAddress(OpBuilder &builder, Location loc, Value address,
                                Value rank) const;

  /// Makes the 8 bytes at `address` a mailbox: it counts the bytes that others
  /// send, round by round, and `warps` warps expect them. One thread does,
  /// before those others know of it.
  virtual void emitMailbox(OpBuilder &builder, Location loc, Value address,
                           int64_t warps) const;
  /// The next round of this block's `mailbox` ends when `bytes` have arrived
  /// for each of its warps, those before this included. Each of these calls it,
  /// together, once a round; gives the round, i64, the same in all its lanes.
  /// `isFirst` is set in lane 0.
  virtual Value emitExpect(OpBuilder &builder, Location loc, Value mailbox,
                           int64_t bytes, Value isFirst) const;
  /// Sends 1, 2 or 4 `words`, i32, to the peer address `to`, a multiple of
  /// their size, and tells the `mailbox` of the same block.
  virtual void emitSend(OpBuilder &builder, Location loc, Value to,
                        Value mailbox, ValueRange words) const;
  /// Waits for the end of a round; behind it this lane sees what was sent.
  virtual void emitReceive(OpBuilder &builder, Location loc, Value mailbox,
                           Value round) const;
  /// Both of a round whose number, i32, of 0, 1, .., is known: sooner.
  virtual void emitReceiveRound(OpBuilder &builder, Location loc, Value mailbox,
                                int64_t bytes, Value isFirst,
                                Value number) const;

  /// What this lane wrote to shared memory is seen by matrix instructions that
  /// read it asynchronously, once the lanes have met.
  virtual void emitMatrixFence(OpBuilder &builder, Location loc) const {}

  /// Waits until at most `left` products begun before are running. `sums` are
  /// vectors that products write, finished or running; `factors` vectors that
  /// the finished ones read. Gives `sums` as they are behind the wait.
  virtual SmallVector<Value> emitWaitProducts(OpBuilder &builder, Location loc,
                                              int64_t left, ValueRange sums,
                                              ValueRange factors) const;

  /// What `access` reads at `address`, as the words of a lane's registers, with
  /// an instruction for matrices; empty if none fits. Registers are two a word.
  virtual SmallVector<Value> emitMatrixLoad(OpBuilder &builder, Location loc,
                                            const SharedAccess &access,
                                            const Worker &worker,
                                            Value address) const {
    return {};
  }
  /// The counterpart; false if no instruction fits.
  virtual bool emitMatrixStore(OpBuilder &builder, Location loc,
                               const SharedAccess &access, const Worker &worker,
                               Value address, ArrayRef<Value> words) const {
    return false;
  }
};

} // namespace mlir::gsa

#endif // GSA_TARGET_DEVICE_H
