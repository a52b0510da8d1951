//===- Segments.h - Sequences that are cut between blocks -------*- C++ -*-===//
//
// The schedule `segmented` cuts sequences of the walk, the last R of N, into
// `segments` runs of tokens, whole chunks long but for the last. There are
// three kernels:
//
//   states    for all segments s but the last: the memory R_s that it makes of
//             nothing (segment 0: of the initial state), and the sum of its
//             decays G_s
//   fold      S_s = Diag(exp2 G_s) S_{s-1} + R_s, in place of R_s; no blocks if
//             there are few cuts
//   outputs   the sequences before, whole, and all segments, each from the
//             memory at its start, S_{s-1}, which it folds itself if there are
//             few cuts
//
// They share tensors in the workspace, two for each memory, f32:
//
//   state<i>  [cuts, R, H * M, D]   R_s, then S_s if folded, as carried, rows
//                                   and columns padded as tiles are
//   decay<i>  [cuts, R, H, M]       G_s to base 2, of memories with a decay
//
// with cuts = segments - 1. The call decides on cuts and R, and the kernels
// know both from these extents. Without cuts, `outputs` is what `fused` is, and
// the others have no blocks.
//
// Devices start blocks in the order of their numbers, so `outputs` has the
// whole sequences first, and what ends last are short pieces.
//
// Stages start early where devices can: tile.release_stage stands at the start
// of the first two. By then all blocks of the stage run, so that the next one
// gets only what room they leave, and those of its blocks that know nothing of
// others, whole sequences and first segments, are done the sooner. The rest
// fetch their first windows and wait where they read the workspace. What they
// fetch are the caller's inputs, which were there before `states` began: that
// is a plain launch, behind whatever is on the stream. It need not wait for the
// call before either, which has ended, workspace and all, for its last stage
// ended.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_CONVERSION_GSATOTILE_SEGMENTS_H
#define LIB_CONVERSION_GSATOTILE_SEGMENTS_H

#include "Window.h"
#include "gsa/Conversion/KernelSignature.h"

namespace mlir::gsa {

class Segments {
public:
  /// Adds the workspace's tensors to the arguments of `kernel`.
  Segments(const SweepPlan &plan, Kernel &kernel);

  /// Whole sequences and segments that the kernel's blocks walk, for each head
  /// and slice, in a call of `sequences`.
  Value getWalks(TileBuilder &b, Value sequences) const;
  /// Makes the walk of number `walk` the block's: the whole sequences first,
  /// then the segments of a sequence in their order. Sets the block's sequence.
  void enter(TileBuilder &b, BlockValues &block, Value walk, Value sequences);

  /// Cuts the tokens of the block's sequence down to those of its segment.
  void cut(TileBuilder &b, BlockValues &block);
  /// The stage that is not the last lets the next one start.
  void release(TileBuilder &b) const;
  /// What `load` reads of other stages is there.
  void await(TileBuilder &b) const;
  /// The memory that the block starts from, as carried.
  Value load(TileBuilder &b, const BlockValues &block, MemoryOp memory,
             Value initial);
  /// Stores the segment's own memory, as carried.
  void storeState(TileBuilder &b, const BlockValues &block, MemoryOp memory,
                  Value carry);
  void storeDecay(TileBuilder &b, const BlockValues &block, MemoryOp memory,
                  Value total);
  /// Whether there is a stage that folds.
  Value isFolded(TileBuilder &b) const;
  /// Whether it is the first, or the last, of its sequence.
  Value isFirst(TileBuilder &b) const;
  Value isLast(TileBuilder &b) const;

  /// [M, D] of a memory's carry, of one block or of all slices.
  static SmallVector<int64_t> shapeOf(const SweepPlan &plan, MemoryOp memory,
                                      bool allSlices);

  /// The first memory with as many rows whose decay is `memory`'s: both carry
  /// one sum of it.
  static MemoryOp summing(const SweepPlan &plan, MemoryOp memory);

  /// The body of `fold`.
  void emitFold(TileBuilder &b);

private:
  struct Workspace {
    Value state, decay; ///< memrefs; no decay: null
  };

  /// segments - 1, of the sequences that are cut.
  Value getCuts(TileBuilder &b) const;
  /// How many they are.
  Value getCutSequences(TileBuilder &b) const;

  const SweepPlan &plan;
  /// Cuts up to which segments fold for themselves.
  int64_t ownFolds = 1;
  llvm::MapVector<Operation *, Workspace> workspaces; ///< by memory
  /// Of the block: its segment, the cuts of its sequence (none if that is
  /// whole), and the place of that among those that are cut (any if it is not).
  Value segment, cuts, place;
};

} // namespace mlir::gsa

#endif // LIB_CONVERSION_GSATOTILE_SEGMENTS_H
