//===- OutlineBlocks.cpp - Kernels by the runtime's contract --------------===//
//
// A kernel of the `vector` or `gpu` stage is one loop over independent blocks.
// What the runtime calls (kernel.h) is one block of it, and a function from
// extents to the number of blocks. Blocks are numbered with the last induction
// variable fastest, so that neighbours share a sequence.
//
//===----------------------------------------------------------------------===//

#include "Outline.h"
#include "gsa/Conversion/Passes.h"
#include "gsa/Target/DeviceTarget.h"
#include "gsa/Target/HostTarget.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace mlir::gsa {
#define GEN_PASS_DEF_OUTLINEBLOCKSPASS
#include "gsa/Conversion/Passes.h.inc"
} // namespace mlir::gsa

using namespace mlir;
using namespace mlir::gsa;

/// Checks what a kernel of the `vector` stage has as arguments.
static LogicalResult checkArguments(func::FuncOp kernel) {
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
  return success();
}

/// `void name(const gsa_tensor *, int64_t block, void *scratch)` in place of
/// `kernel`, whose body it takes.
static void createEntry(RewriterBase &rewriter, func::FuncOp kernel,
                        scf::ForallOp forall, ArrayAttr arguments,
                        StringRef gridName, StringRef segmentsName) {
  MLIRContext *context = kernel.getContext();
  Location loc = kernel.getLoc();
  auto pointer = LLVM::LLVMPointerType::get(context);
  rewriter.setInsertionPoint(kernel);
  auto entry = func::FuncOp::create(
      rewriter, loc, kernel.getSymName(),
      rewriter.getFunctionType({pointer, rewriter.getI64Type(), pointer}, {}));
  unsigned scratchIndex = kernel.getNumArguments() - 1;
  auto scratchType = cast<MemRefType>(kernel.getArgumentTypes()[scratchIndex]);
  describeEntry(entry, kernel, arguments, gridName, segmentsName);
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
                   entry.getArgument(0), index, /*dataSpace=*/0));
  Value scratch = MemRefDescriptor::fromStaticShape(
      rewriter, loc, converter, scratchType, entry.getArgument(2));
  values.push_back(
      UnrealizedConversionCastOp::create(rewriter, loc, scratchType, scratch)
          .getResult(0));
  Value block = arith::IndexCastOp::create(
      rewriter, loc, rewriter.getIndexType(), entry.getArgument(1));

  rewriter.mergeBlocks(&kernel.front(), body, values);
  inlineBlock(rewriter, forall, block);
  rewriter.eraseOp(kernel);
}

static LogicalResult outlineHostKernel(RewriterBase &rewriter,
                                       func::FuncOp kernel) {
  if (failed(checkArguments(kernel)))
    return failure();
  FailureOr<scf::ForallOp> forall = findBlocks(kernel);
  if (failed(forall))
    return failure();
  FailureOr<ArrayAttr> arguments =
      describeArguments(kernel, kernel.getNumArguments() - 1);
  if (failed(arguments))
    return failure();
  std::string gridName = (kernel.getSymName() + "_grid").str();
  rewriter.setInsertionPoint(kernel);
  if (failed(createGrid(rewriter, kernel, *forall, gridName)))
    return failure();
  std::string segmentsName = (kernel.getSymName() + "_segments").str();
  if (!createSegments(rewriter, kernel, *forall, kHostStageTimes, segmentsName))
    segmentsName.clear();
  createEntry(rewriter, kernel, *forall, *arguments, gridName, segmentsName);
  return success();
}

/// Whether kernels of `module` are a device's. A module without a target holds
/// a host's.
static bool isForDevice(ModuleOp module) {
  auto attr = module->getAttrOfType<TargetAttr>(kTargetAttr);
  return attr && isa_and_nonnull<DeviceTarget>(lookupTarget(attr.getName()));
}

namespace {
struct OutlineBlocksPass : gsa::impl::OutlineBlocksPassBase<OutlineBlocksPass> {
  void getDependentDialects(DialectRegistry &registry) const override {
    OutlineBlocksPassBase::getDependentDialects(registry);
    registerDeviceDialects(registry);
  }

  void runOnOperation() override {
    bool onDevice = isForDevice(getOperation());
    IRRewriter rewriter(&getContext());
    for (auto kernel :
         llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (kernel->hasAttr(kKernelAttr) &&
          failed(onDevice ? outlineDeviceKernel(rewriter, kernel)
                          : outlineHostKernel(rewriter, kernel)))
        return signalPassFailure();
  }
};
} // namespace
