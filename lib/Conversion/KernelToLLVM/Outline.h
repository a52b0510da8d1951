//===- Outline.h - Between the parts of gsa-outline-blocks ------*- C++ -*-===//

#ifndef GSA_LIB_CONVERSION_KERNELTOLLVM_OUTLINE_H
#define GSA_LIB_CONVERSION_KERNELTOLLVM_OUTLINE_H

#include "dialects/GSA/GSA.h"
#include "dialects/GSA/GSANames.h"
#include "gsa/Target/Target.h"

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::gsa {

/// What the object says of the first `count` arguments of `kernel`, in order:
/// for each a dictionary of name, kind, element type and extents.
FailureOr<ArrayAttr> describeArguments(func::FuncOp kernel, unsigned count);

/// The only loop over blocks at the top of `kernel`. Null if there is one block
/// only: simplification leaves no loop then.
FailureOr<scf::ForallOp> findBlocks(func::FuncOp kernel);

/// Makes `int64_t name(const gsa_extents *)`: the product of the bounds of
/// `forall`, 1 without a loop.
LogicalResult createGrid(OpBuilder &builder, func::FuncOp kernel,
                         scf::ForallOp forall, StringRef name);

/// Makes `name`, a gsa_segments, if `kernel`, whose loop over blocks is
/// `forall`, is the last stage of a schedule with segments. Returns whether it
/// did. `times` are the machine's.
bool createSegments(OpBuilder &builder, func::FuncOp kernel,
                    scf::ForallOp forall, const StageTimes &times,
                    StringRef name);

/// What the outlined `entry` keeps of `kernel`'s attributes, and the names of
/// the functions beside it.
void describeEntry(func::FuncOp entry, func::FuncOp kernel, ArrayAttr arguments,
                   StringRef gridName, StringRef segmentsName);

/// The value of `type` that lies `offset` bytes behind `base` and that nobody
/// writes while a kernel runs.
Value loadField(OpBuilder &builder, Location loc, Type type, Value base,
                int64_t offset);

/// The memref that the gsa_tensor of number `index` behind `tensors` describes.
/// Its elements are in address space `dataSpace`, which `type` does not know
/// of. Static extents and strides come from the type: the runtime has checked
/// that they agree.
Value loadTensor(OpBuilder &builder, Location loc,
                 const LLVMTypeConverter &converter, MemRefType type,
                 Value tensors, int64_t index, unsigned dataSpace);

/// Puts the body of `forall`, if there is one, for the block of number `block`
/// in its place. `block` is an index, or an i32 where blocks are few enough for
/// that, and divided as such.
void inlineBlock(RewriterBase &rewriter, scf::ForallOp forall, Value block);

/// Replaces a kernel of the `gpu` stage by the device's entry, see gsa_stage:
/// `void name(const gsa_tensor tensors[n])`, and where it has maps
/// `void name(const gsa_tensor tensors[n], const void *maps, int64_t usable)`.
LogicalResult outlineDeviceKernel(RewriterBase &rewriter, func::FuncOp kernel);

} // namespace mlir::gsa

#endif // GSA_LIB_CONVERSION_KERNELTOLLVM_OUTLINE_H
