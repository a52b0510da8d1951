//===- OutlineEntry.cpp - What entries of hosts and devices share ---------===//

#include "Outline.h"
#include "gsa/kernel.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace mlir::gsa;

//===----------------------------------------------------------------------===//
// Memory of the contract's structs
//===----------------------------------------------------------------------===//

Value gsa::loadField(OpBuilder &builder, Location loc, Type type, Value base,
                     int64_t offset) {
  Value address =
      LLVM::GEPOp::create(builder, loc, base.getType(), builder.getI8Type(),
                          base, ArrayRef<LLVM::GEPArg>(int32_t(offset)));
  // Nobody writes the structs while a kernel runs.
  return LLVM::LoadOp::create(builder, loc, type, address, /*alignment=*/8,
                              /*isVolatile=*/false, /*isNonTemporal=*/false,
                              /*isInvariant=*/true);
}

Value gsa::loadTensor(OpBuilder &builder, Location loc,
                      const LLVMTypeConverter &converter, MemRefType type,
                      Value tensors, int64_t index, unsigned dataSpace) {
  int64_t base = index * int64_t(sizeof(gsa_tensor));
  Type i64 = builder.getI64Type();
  auto descriptor =
      MemRefDescriptor::poison(builder, loc, converter.convertType(type));
  auto generic = LLVM::LLVMPointerType::get(builder.getContext());
  auto pointer = LLVM::LLVMPointerType::get(builder.getContext(), dataSpace);
  Value data = loadField(builder, loc, pointer, tensors,
                         base + offsetof(gsa_tensor, data));
  if (dataSpace != generic.getAddressSpace())
    data = LLVM::AddrSpaceCastOp::create(builder, loc, generic, data);
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
// Blocks
//===----------------------------------------------------------------------===//

FailureOr<scf::ForallOp> gsa::findBlocks(func::FuncOp kernel) {
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

void gsa::inlineBlock(RewriterBase &rewriter, scf::ForallOp forall,
                      Value block) {
  if (!forall)
    return;
  Location loc = forall.getLoc();
  rewriter.setInsertionPoint(forall);
  SmallVector<OpFoldResult> bounds = forall.getMixedUpperBound();
  SmallVector<Value> indices(bounds.size());
  auto castTo = [&](Type type, Value value) -> Value {
    if (value.getType() == type)
      return value;
    return arith::IndexCastUIOp::create(rewriter, loc, type, value);
  };
  Value rest = block;
  for (size_t dim = bounds.size(); dim-- > 1;) {
    Value bound =
        castTo(block.getType(),
               getValueOrCreateConstantIndexOp(rewriter, loc, bounds[dim]));
    indices[dim] = castTo(rewriter.getIndexType(),
                          arith::RemUIOp::create(rewriter, loc, rest, bound));
    rest = arith::DivUIOp::create(rewriter, loc, rest, bound);
  }
  indices[0] = castTo(rewriter.getIndexType(), rest);
  rewriter.eraseOp(forall.getTerminator());
  rewriter.inlineBlockBefore(forall.getBody(), forall, indices);
  rewriter.eraseOp(forall);
}
