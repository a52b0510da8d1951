//===- OutlineBlocks.cpp - Kernels by the runtime's contract --------------===//
//
// A kernel of the `vector` stage is one loop over independent blocks. What the
// runtime calls (kernel.h) is one block of it, and a function from extents to
// the number of blocks. Blocks are numbered with the last induction variable
// fastest, so that neighbours share a sequence.
//
//===----------------------------------------------------------------------===//

#include "dialects/GSA/GSA.h"
#include "gsa/Conversion/KernelSignature.h"
#include "gsa/Conversion/Passes.h"
#include "gsa/kernel.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::gsa {
#define GEN_PASS_DEF_OUTLINEBLOCKSPASS
#include "gsa/Conversion/Passes.h.inc"
} // namespace mlir::gsa

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
  if (dynamic == 1 && type.getRank() == 1 && type.isDynamicDim(0)) {
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

//===----------------------------------------------------------------------===//
// Memory of the contract's structs
//===----------------------------------------------------------------------===//

static Value loadField(OpBuilder &builder, Location loc, Type type, Value base,
                       int64_t offset) {
  Value address =
      LLVM::GEPOp::create(builder, loc, base.getType(), builder.getI8Type(),
                          base, ArrayRef<LLVM::GEPArg>(int32_t(offset)));
  // Nobody writes the structs while a kernel runs.
  return LLVM::LoadOp::create(builder, loc, type, address, /*alignment=*/8,
                              /*isVolatile=*/false, /*isNonTemporal=*/false,
                              /*isInvariant=*/true);
}

/// The memref that `tensors[index]` describes. Static extents and strides come
/// from the type: the runtime has checked that they agree.
static Value loadTensor(OpBuilder &builder, Location loc,
                        const LLVMTypeConverter &converter, MemRefType type,
                        Value tensors, int64_t index) {
  int64_t base = index * int64_t(sizeof(gsa_tensor));
  Type i64 = builder.getI64Type();
  auto descriptor =
      MemRefDescriptor::poison(builder, loc, converter.convertType(type));
  Value data = loadField(builder, loc, tensors.getType(), tensors,
                         base + offsetof(gsa_tensor, data));
  descriptor.setAllocatedPtr(builder, loc, data);
  descriptor.setAlignedPtr(builder, loc, data);
  Value zero = LLVM::ConstantOp::create(builder, loc, i64, 0);
  descriptor.setOffset(builder, loc, zero);
  auto [strides, offset] = type.getStridesAndOffset();
  for (int64_t dim = 0, rank = type.getRank(); dim < rank; ++dim) {
    auto constantOr = [&](int64_t value, size_t array) -> Value {
      if (!ShapedType::isDynamic(value))
        return LLVM::ConstantOp::create(builder, loc, i64, value);
      return loadField(builder, loc, i64, tensors,
                       base + array + dim * sizeof(int64_t));
    };
    descriptor.setSize(
        builder, loc, dim,
        constantOr(type.getDimSize(dim), offsetof(gsa_tensor, shape)));
    descriptor.setStride(
        builder, loc, dim,
        constantOr(strides[dim], offsetof(gsa_tensor, stride)));
  }
  Value value = descriptor;
  return UnrealizedConversionCastOp::create(builder, loc, type, value)
      .getResult(0);
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

/// `int64_t name(const gsa_extents *)`: the product of the loop's bounds, 1
/// without a loop.
static LogicalResult createGrid(OpBuilder &builder, func::FuncOp kernel,
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

/// Puts the body of `forall` for the block of number `block` in its place.
static void inlineBlock(RewriterBase &rewriter, scf::ForallOp forall,
                        Value block) {
  Location loc = forall.getLoc();
  rewriter.setInsertionPoint(forall);
  SmallVector<OpFoldResult> bounds = forall.getMixedUpperBound();
  SmallVector<Value> indices(bounds.size());
  Value rest = block;
  for (size_t dim = bounds.size(); dim-- > 1;) {
    Value bound = getValueOrCreateConstantIndexOp(rewriter, loc, bounds[dim]);
    indices[dim] = arith::RemUIOp::create(rewriter, loc, rest, bound);
    rest = arith::DivUIOp::create(rewriter, loc, rest, bound);
  }
  indices[0] = rest;
  rewriter.eraseOp(forall.getTerminator());
  rewriter.inlineBlockBefore(forall.getBody(), forall, indices);
  rewriter.eraseOp(forall);
}

/// `void name(const gsa_tensor *, int64_t block, void *scratch)` in place of
/// `kernel`, whose body it takes.
static void createEntry(RewriterBase &rewriter, func::FuncOp kernel,
                        scf::ForallOp forall, ArrayAttr arguments,
                        StringRef gridName) {
  MLIRContext *context = kernel.getContext();
  Location loc = kernel.getLoc();
  auto pointer = LLVM::LLVMPointerType::get(context);
  rewriter.setInsertionPoint(kernel);
  auto entry = func::FuncOp::create(
      rewriter, loc, kernel.getSymName(),
      rewriter.getFunctionType({pointer, rewriter.getI64Type(), pointer}, {}));
  unsigned scratchIndex = kernel.getNumArguments() - 1;
  auto scratchType = cast<MemRefType>(kernel.getArgumentTypes()[scratchIndex]);
  entry->setAttr(kKernelAttr, rewriter.getUnitAttr());
  entry->setAttr(kScheduleAttr, kernel->getAttr(kScheduleAttr));
  entry->setAttr("gsa.arguments", arguments);
  entry->setAttr("gsa.grid", FlatSymbolRefAttr::get(context, gridName));
  entry->setAttr("gsa.scratch",
                 rewriter.getI64IntegerAttr(scratchType.getNumElements()));
  // No tensor overlaps the scratch memory, and nothing but loads touches the
  // descriptions.
  entry.setArgAttr(0, LLVM::LLVMDialect::getNoAliasAttrName(),
                   rewriter.getUnitAttr());
  entry.setArgAttr(0, LLVM::LLVMDialect::getReadonlyAttrName(),
                   rewriter.getUnitAttr());
  entry.setArgAttr(2, LLVM::LLVMDialect::getNoAliasAttrName(),
                   rewriter.getUnitAttr());
  entry.setArgAttr(2, LLVM::LLVMDialect::getAlignAttrName(),
                   rewriter.getI64IntegerAttr(64));

  Block *body = entry.addEntryBlock();
  rewriter.setInsertionPointToStart(body);
  LLVMTypeConverter converter(context);
  SmallVector<Value> values;
  for (unsigned index = 0; index < scratchIndex; ++index)
    values.push_back(
        loadTensor(rewriter, loc, converter,
                   cast<MemRefType>(kernel.getArgumentTypes()[index]),
                   entry.getArgument(0), index));
  Value scratch = MemRefDescriptor::fromStaticShape(
      rewriter, loc, converter, scratchType, entry.getArgument(2));
  values.push_back(
      UnrealizedConversionCastOp::create(rewriter, loc, scratchType, scratch)
          .getResult(0));
  Value block = arith::IndexCastOp::create(
      rewriter, loc, rewriter.getIndexType(), entry.getArgument(1));

  rewriter.mergeBlocks(&kernel.front(), body, values);
  if (forall)
    inlineBlock(rewriter, forall, block);
  rewriter.eraseOp(kernel);
}

/// The loop over blocks of `kernel`, if it has the shape that kernels have at
/// the `vector` stage. Null if there is one block only: simplification leaves
/// no loop then.
static FailureOr<scf::ForallOp> findBlocks(func::FuncOp kernel) {
  unsigned arguments = kernel.getNumArguments();
  auto isMemRef = [](Type type) { return isa<MemRefType>(type); };
  if (!llvm::all_of(kernel.getArgumentTypes(), isMemRef) || arguments == 0)
    return kernel.emitOpError()
           << "arguments must be memrefs, got " << kernel.getFunctionType();
  auto scratch = kernel.getArgAttrOfType<StringAttr>(arguments - 1, kKindAttr);
  auto type = cast<MemRefType>(kernel.getArgumentTypes().back());
  if (!scratch || scratch.getValue() != "scratch" || !type.hasStaticShape() ||
      !type.getElementType().isInteger(8))
    return kernel.emitOpError()
           << "the last argument must be scratch memory of static size, got "
           << type;
  if (!kernel->getAttrOfType<ScheduleAttr>(kScheduleAttr))
    return kernel.emitOpError()
           << "must have " << kScheduleAttr << ", got none";
  if (!kernel.getBody().hasOneBlock())
    return kernel.emitOpError() << "must have one block, got "
                                << kernel.getBody().getBlocks().size();
  auto loops = llvm::to_vector(kernel.front().getOps<scf::ForallOp>());
  if (loops.size() > 1)
    return kernel.emitOpError()
           << "must have one scf.forall at its top, got " << loops.size();
  if (loops.empty())
    return scf::ForallOp();
  scf::ForallOp forall = loops.front();
  if (!forall.isNormalized() || forall.getNumResults() != 0)
    return forall.emitOpError() << "must count from 0 by 1 and have no results";
  return forall;
}

namespace {
struct OutlineBlocksPass : gsa::impl::OutlineBlocksPassBase<OutlineBlocksPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    for (auto kernel :
         llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (kernel->hasAttr(kKernelAttr) && failed(outline(rewriter, kernel)))
        return signalPassFailure();
  }

  LogicalResult outline(RewriterBase &rewriter, func::FuncOp kernel) {
    FailureOr<scf::ForallOp> forall = findBlocks(kernel);
    if (failed(forall))
      return failure();
    SmallVector<Attribute> arguments;
    for (unsigned index = 0; index + 1 < kernel.getNumArguments(); ++index) {
      FailureOr<DictionaryAttr> argument = describe(kernel, index);
      if (failed(argument))
        return failure();
      arguments.push_back(*argument);
    }
    std::string gridName = (kernel.getSymName() + "_grid").str();
    rewriter.setInsertionPoint(kernel);
    if (failed(createGrid(rewriter, kernel, *forall, gridName)))
      return failure();
    createEntry(rewriter, kernel, *forall, rewriter.getArrayAttr(arguments),
                gridName);
    return success();
  }
};
} // namespace
