//===- StagedReads.h - Reads that are a launch of their own -----*- C++ -*-===//
//
// The schedule `staged` has two kernels:
//
//   reads     carries the memories that are read by columns, and stores what
//             each slice's columns add to each read
//   outputs   carries the others, and adds up what the slices stored
//
// They share tensors in the workspace, one for each read, f32:
//
//   read<i>  [B, T, parts * H, M]    in row s * H + h what slice s adds to the
//                                    read of head h, before its scale
//
// with B, T, H and M as the read has them. The two walk windows of their own:
// what is read of a token does not depend on where its window began.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_CONVERSION_GSATOTILE_STAGEDREADS_H
#define LIB_CONVERSION_GSATOTILE_STAGEDREADS_H

#include "Window.h"
#include "gsa/Conversion/KernelSignature.h"

namespace mlir::gsa {

class StagedReads {
public:
  /// Adds the workspace's tensors to the arguments of `kernel`, if the plan is
  /// staged.
  StagedReads(const SweepPlan &plan, Kernel &kernel);

  /// Stores the block's part of `read`, f32, [C, M]: of the window's tokens.
  void store(const Window &window, ReadOp read, Value part) const;
  /// The sum of all parts of `read`, f32, [C, M].
  Value load(const Window &window, ReadOp read) const;

private:
  /// Where the window's part of slice `slice` begins.
  SmallVector<Value> indicesOf(const Window &window, ReadOp read,
                               Value slice) const;

  DenseMap<Operation *, Value> tensors; ///< by read
};

} // namespace mlir::gsa

#endif // LIB_CONVERSION_GSATOTILE_STAGEDREADS_H
