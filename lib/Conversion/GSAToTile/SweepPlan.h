//===- SweepPlan.h - What a sweep's chunked form is made for ----*- C++ -*-===//

#ifndef LIB_CONVERSION_GSATOTILE_SWEEPPLAN_H
#define LIB_CONVERSION_GSATOTILE_SWEEPPLAN_H

#include "dialects/GSA/GSA.h"
#include "gsa/Target/Target.h"

namespace mlir::gsa {

/// What is decided of a sweep before its chunked form is written: heads, cuts
/// between blocks, sizes of tiles and element types of products.
class SweepPlan {
public:
  /// Which launch of a schedule the kernel is: the only one; one of
  /// `segmented`, see Segments.h; or one of `staged`, see Stages.h.
  enum class Stage { Whole, States, Fold, Outputs, Reads, Rest };

  /// Fails with an error on `sweep` or an operation in it if the heads do not
  /// agree, or the schedule asks for slices or segments that the sweep, or for
  /// chunks or clusters that the target cannot have.
  static FailureOr<SweepPlan> make(SweepOp sweep, ScheduleAttr schedule,
                                   Stage stage, const Target &target);

  SweepOp getSweep() const { return sweep; }
  /// Whether blocks have one segment of their sequence's tokens.
  bool isSegmented() const {
    return stage == Stage::States || stage == Stage::Fold ||
           stage == Stage::Outputs;
  }
  /// Whether reads by columns have a launch of their own.
  bool isStaged() const {
    return stage == Stage::Reads || stage == Stage::Rest;
  }

  /// Whether products of the target may run on by themselves.
  bool multipliesAsync() const;

  bool isDevice;   ///< not a host processor
  int64_t chunk;   ///< tokens a window has at most
  int64_t slices;  ///< blocks that share a head's columns
  int64_t cluster; ///< of them, those that add up what they read: all, or 1
  int64_t parts;   ///< of `staged`: slices of the launch that reads by columns
  Stage stage;
  int64_t heads = 0;               ///< key/value heads
  int64_t group = 1;               ///< query heads for each of them
  Value offsets;                   ///< of packed sequences; else null
  SmallVector<MemoryOp> memories;  ///< that this launch carries
  SmallVector<ReadOp> stagedReads; ///< by columns, of `staged`; else none
  SmallVector<SoftmaxDecayOp> runningSoftmaxes;

  /// Whether each query head of a group has blocks of its own, which carry the
  /// same memories. A device has more blocks at a time than there are heads, as
  /// a rule; a processor does not.
  bool spreadsQueries() const {
    return isDevice && group > 1 && stage != Stage::States;
  }
  /// Whether `value` is known behind the last token only.
  static bool isState(Value value);
  /// Whether this launch stores `value`, a result of the sweep.
  bool stores(Value value) const;
  /// Whether `value` has a tile for each query head of a group.
  bool isPerQuery(Value value) const;
  /// Whether a block has only its slice of the memory's columns.
  bool isSliced(MemoryOp memory) const {
    return slicedMemories.contains(memory);
  }
  /// Whether a block has only its slice of the columns of `value`, which is
  /// stored.
  bool isSliced(Value value) const { return slicedValues.contains(value); }
  /// Columns of `value`, not padded.
  static int64_t sizeOf(Value value) {
    return cast<RankedTensorType>(value.getType()).getShape().back();
  }
  /// Columns of a tile for `size` columns, or for a slice of them: a multiple
  /// of 16; on devices a power of two, for tiles are cut between lanes.
  int64_t paddedColumns(int64_t size, bool sliced) const;
  /// The element type of factors in products with this memory: its columns',
  /// or f32 where the target does not multiply that.
  Type productOf(MemoryOp memory) const;

private:
  SweepPlan(SweepOp sweep, ScheduleAttr schedule, Stage stage,
            const Target &target)
      : isDevice(target.getKind() == Target::Kind::Device),
        chunk(schedule.getChunk()), slices(schedule.getSlices()),
        cluster(schedule.getCluster()), parts(schedule.getSlices()),
        stage(stage), sweep(sweep), target(&target) {}

  LogicalResult checkChunk();
  LogicalResult checkCluster();
  LogicalResult findHeads();
  LogicalResult findSlices();
  LogicalResult checkSegments();
  LogicalResult findStagedReads();
  void cutMemories();
  bool canCut(Value value) const;
  bool leadsOut(Value value);

  SweepOp sweep;
  const Target *target;
  DenseSet<Operation *> slicedMemories;
  DenseSet<Value> slicedValues;
};

} // namespace mlir::gsa

#endif // LIB_CONVERSION_GSATOTILE_SWEEPPLAN_H
