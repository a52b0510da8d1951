//===- OutlineGrid.cpp - Arguments and the number of blocks ---------------===//

#include "Outline.h"
#include "gsa/kernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::gsa;

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

/// Which extent of the call each dynamic dimension is, by position: the first
/// two of a time tensor are batch and time, the first of a state is the number
/// of sequences, and offsets have one entry more.
static FailureOr<SmallVector<int64_t>> extentsOf(func::FuncOp kernel,
                                                 unsigned index) {
  auto type = cast<MemRefType>(kernel.getArgumentTypes()[index]);
  SmallVector<int64_t> shape(type.getShape());
  int64_t dynamic = type.getNumDynamicDims();
  auto kind = kernel.getArgAttrOfType<StringAttr>(index, kKindAttr);
  if (kind && kind.getValue() == "workspace") {
    if (dynamic != 2 || !type.isDynamicDim(0) || !type.isDynamicDim(1))
      return kernel.emitOpError()
             << "argument " << index
             << ", a workspace, must be [cuts, R, ..] and else static, got "
             << type;
    shape[0] = GSA_EXTENT_CUTS;
    shape[1] = GSA_EXTENT_CUT_SEQUENCES;
  } else if (dynamic == 1 && type.getRank() == 1 && type.isDynamicDim(0)) {
    shape[0] = GSA_EXTENT_OFFSETS;
  } else if (dynamic == 1 && type.getRank() >= 3 && type.isDynamicDim(0)) {
    shape[0] = GSA_EXTENT_SEQUENCES;
  } else if (dynamic == 2 && type.getRank() >= 3 && type.isDynamicDim(0) &&
             type.isDynamicDim(1)) {
    shape[0] = GSA_EXTENT_BATCH;
    shape[1] = GSA_EXTENT_TIME;
  } else if (dynamic == 1 && type.getRank() >= 3 && type.isDynamicDim(1)) {
    shape[1] = GSA_EXTENT_TIME; // Packed sequences: the batch is 1.
  } else if (dynamic != 0 || type.getRank() > GSA_MAX_RANK) {
    return kernel.emitOpError()
           << "argument " << index
           << " must be [B, T, H, size], [B, T, H], [N, H, M, D], [N, H, M], "
              "[N + 1] or static, got "
           << type;
  }
  return shape;
}

/// What the object says of an argument: name, kind, element type and extents.
static FailureOr<DictionaryAttr> describe(func::FuncOp kernel, unsigned index) {
  Builder builder(kernel.getContext());
  FailureOr<SmallVector<int64_t>> shape = extentsOf(kernel, index);
  if (failed(shape))
    return failure();
  auto type = cast<MemRefType>(kernel.getArgumentTypes()[index]);
  auto name = kernel.getArgAttrOfType<StringAttr>(index, kNameAttr);
  auto kind = kernel.getArgAttrOfType<StringAttr>(index, kKindAttr);
  if (!name || !kind)
    return kernel.emitOpError() << "argument " << index << " must have "
                                << kNameAttr << " and " << kKindAttr;
  return builder.getDictionaryAttr(
      {builder.getNamedAttr("name", name), builder.getNamedAttr("kind", kind),
       builder.getNamedAttr("type", TypeAttr::get(type.getElementType())),
       builder.getNamedAttr("shape", builder.getDenseI64ArrayAttr(*shape))});
}

FailureOr<ArrayAttr> gsa::describeArguments(func::FuncOp kernel,
                                            unsigned count) {
  SmallVector<Attribute> arguments;
  for (unsigned index = 0; index < count; ++index) {
    FailureOr<DictionaryAttr> argument = describe(kernel, index);
    if (failed(argument))
      return failure();
    arguments.push_back(*argument);
  }
  return ArrayAttr::get(kernel.getContext(), arguments);
}

//===----------------------------------------------------------------------===//
// The grid function
//===----------------------------------------------------------------------===//

/// The extent that dimension `dim` of argument `index` has in a call.
static FailureOr<Value> loadExtent(OpBuilder &builder, func::FuncOp kernel,
                                   Value extents, unsigned index, int64_t dim) {
  Location loc = kernel.getLoc();
  FailureOr<SmallVector<int64_t>> shape = extentsOf(kernel, index);
  if (failed(shape))
    return failure();
  Type i64 = builder.getI64Type();
  int64_t extent = (*shape)[dim];
  Value value;
  switch (extent) {
  case GSA_EXTENT_BATCH:
    value = loadField(builder, loc, i64, extents, offsetof(gsa_extents, batch));
    break;
  case GSA_EXTENT_TIME:
    value = loadField(builder, loc, i64, extents, offsetof(gsa_extents, time));
    break;
  case GSA_EXTENT_SEQUENCES:
  case GSA_EXTENT_OFFSETS:
    value =
        loadField(builder, loc, i64, extents, offsetof(gsa_extents, sequences));
    if (extent == GSA_EXTENT_OFFSETS)
      value = LLVM::AddOp::create(
          builder, loc, value, LLVM::ConstantOp::create(builder, loc, i64, 1));
    break;
  case GSA_EXTENT_CUTS:
    value =
        loadField(builder, loc, i64, extents, offsetof(gsa_extents, segments));
    value = LLVM::SubOp::create(builder, loc, value,
                                LLVM::ConstantOp::create(builder, loc, i64, 1));
    break;
  case GSA_EXTENT_CUT_SEQUENCES:
    value =
        loadField(builder, loc, i64, extents, offsetof(gsa_extents, sequences));
    value = LLVM::SubOp::create(
        builder, loc, value,
        loadField(builder, loc, i64, extents, offsetof(gsa_extents, whole)));
    break;
  default:
    value = LLVM::ConstantOp::create(builder, loc, i64, extent);
  }
  return arith::IndexCastOp::create(builder, loc, builder.getIndexType(), value)
      .getResult();
}

/// Copies what computes `bound` from the extents of `kernel`'s arguments.
static LogicalResult copyBound(OpBuilder &builder, func::FuncOp kernel,
                               Value bound, Value extents, IRMapping &copies) {
  if (copies.contains(bound))
    return success();
  Operation *op = bound.getDefiningOp();
  if (auto dim = dyn_cast_or_null<memref::DimOp>(op)) {
    auto argument = dyn_cast<BlockArgument>(dim.getSource());
    std::optional<int64_t> index = dim.getConstantIndex();
    if (argument && argument.getOwner() == &kernel.front() && index) {
      FailureOr<Value> extent =
          loadExtent(builder, kernel, extents, argument.getArgNumber(), *index);
      if (succeeded(extent))
        copies.map(bound, *extent);
      return extent;
    }
  }
  if (!op || isa<memref::DimOp>(op) || op->getNumRegions() || !isPure(op))
    return (op ? op : kernel)->emitOpError()
           << "a bound must follow from extents of the kernel's arguments";
  for (Value operand : op->getOperands())
    if (failed(copyBound(builder, kernel, operand, extents, copies)))
      return failure();
  builder.clone(*op, copies);
  return success();
}

LogicalResult gsa::createGrid(OpBuilder &builder, func::FuncOp kernel,
                              scf::ForallOp forall, StringRef name) {
  Location loc = kernel.getLoc();
  auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
  OpBuilder::InsertionGuard guard(builder);
  auto grid = func::FuncOp::create(
      builder, loc, name,
      builder.getFunctionType(pointer, builder.getI64Type()));
  builder.setInsertionPointToStart(grid.addEntryBlock());

  IRMapping mapping;
  SmallVector<OpFoldResult> bounds;
  if (forall)
    bounds = forall.getMixedUpperBound();
  for (Value bound : forall ? forall.getDynamicUpperBound() : ValueRange())
    if (failed(copyBound(builder, kernel, bound, grid.getArgument(0), mapping)))
      return failure();

  Value blocks = arith::ConstantIndexOp::create(builder, loc, 1);
  for (OpFoldResult bound : bounds) {
    Value value;
    if (auto dynamic = dyn_cast<Value>(bound))
      value = mapping.lookup(dynamic);
    else
      value = arith::ConstantIndexOp::create(
          builder, loc, cast<IntegerAttr>(cast<Attribute>(bound)).getInt());
    blocks = arith::MulIOp::create(builder, loc, blocks, value);
  }
  Value result =
      arith::IndexCastOp::create(builder, loc, builder.getI64Type(), blocks);
  func::ReturnOp::create(builder, loc, result);
  return success();
}

//===----------------------------------------------------------------------===//
// The entry
//===----------------------------------------------------------------------===//

void gsa::describeEntry(func::FuncOp entry, func::FuncOp kernel,
                        ArrayAttr arguments, StringRef gridName,
                        StringRef segmentsName) {
  MLIRContext *context = kernel.getContext();
  for (StringRef name : {StringRef(kKernelAttr), StringRef(kScheduleAttr),
                         StringRef(kStageAttr)})
    if (Attribute attr = kernel->getAttr(name))
      entry->setAttr(name, attr);
  entry->setAttr("gsa.arguments", arguments);
  entry->setAttr("gsa.grid", FlatSymbolRefAttr::get(context, gridName));
  if (!segmentsName.empty())
    entry->setAttr("gsa.segments",
                   FlatSymbolRefAttr::get(context, segmentsName));
}
