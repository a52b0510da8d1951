//===- OutlineDevice.cpp - Kernels that a driver launches -----------------===//

#include "Outline.h"
#include "gsa/Target/DeviceTarget.h"
#include "gsa/kernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::gsa;

/// Where maps lie, and which of them can be used.
static constexpr unsigned kMapArguments = 2;

/// The arguments of `kernel` that are tensors: all but those for maps.
static unsigned countTensors(func::FuncOp kernel) {
  unsigned all = kernel.getNumArguments();
  return kernel->hasAttr(kMapsAttr) ? all - kMapArguments : all;
}

/// Checks what a kernel of the `gpu` stage says of itself.
static LogicalResult checkKernel(func::FuncOp kernel,
                                 const DeviceTarget &target) {
  if (kernel->hasAttr(kMapsAttr) &&
      (kernel.getNumArguments() < kMapArguments ||
       !isa<LLVM::LLVMPointerType>(kernel.getArgumentTypes().take_back(2)[0]) ||
       !kernel.getArgumentTypes().back().isInteger(64)))
    return kernel.emitOpError() << "with " << kMapsAttr
                                << " must end with a pointer and an i64, got "
                                << kernel.getFunctionType();
  unsigned tensors = countTensors(kernel);
  for (auto [index, type] :
       llvm::enumerate(kernel.getArgumentTypes().take_front(tensors))) {
    auto kind = kernel.getArgAttrOfType<StringAttr>(index, kKindAttr);
    if (!isa<MemRefType>(type) || (kind && kind.getValue() == "scratch"))
      return kernel.emitOpError() << "argument " << index
                                  << " of a device's kernel must be a tensor's "
                                     "memref, got "
                                  << type;
  }
  if (tensors > GSA_MAX_TENSORS)
    return kernel.emitOpError()
           << "a device's kernel must have at most " << GSA_MAX_TENSORS
           << " arguments, got " << tensors;
  const DeviceFacts &facts = target.getFacts();
  struct Law {
    StringRef name;
    int64_t least, most;
    bool optional;
  };
  for (const Law &law : {Law{kThreadsAttr, 1, facts.blockThreads, false},
                         Law{kSharedAttr, 0, facts.sharedBytes, false},
                         Law{kClusterAttr, 1, facts.clusterBlocks, true}}) {
    Attribute attr = kernel->getAttr(law.name);
    if (!attr && law.optional)
      continue;
    auto value = dyn_cast_or_null<IntegerAttr>(attr);
    if (!value || !value.getType().isInteger(64) ||
        value.getInt() < law.least || value.getInt() > law.most) {
      InFlightDiagnostic diagnostic = kernel.emitOpError()
                                      << law.name << " must be an i64 from "
                                      << law.least << " to " << law.most
                                      << " on " << target.getName() << ", got ";
      return attr ? diagnostic << attr : diagnostic << "none";
    }
  }
  int64_t threads = kernel->getAttrOfType<IntegerAttr>(kThreadsAttr).getInt();
  if (threads % facts.warpLanes != 0)
    return kernel.emitOpError()
           << kThreadsAttr << " must be a multiple of a warp's "
           << facts.warpLanes << " lanes, got " << threads;
  return success();
}

LogicalResult gsa::outlineDeviceKernel(RewriterBase &rewriter,
                                       func::FuncOp kernel) {
  FailureOr<const DeviceTarget *> target = getDeviceTarget(kernel);
  if (failed(target) || failed(checkKernel(kernel, **target)))
    return failure();
  FailureOr<scf::ForallOp> forall = findBlocks(kernel);
  if (failed(forall))
    return failure();
  unsigned tensors = countTensors(kernel);
  FailureOr<ArrayAttr> arguments = describeArguments(kernel, tensors);
  if (failed(arguments))
    return failure();
  MLIRContext *context = kernel.getContext();
  Location loc = kernel.getLoc();
  std::string gridName = (kernel.getSymName() + "_grid").str();
  rewriter.setInsertionPoint(kernel);
  if (failed(createGrid(rewriter, kernel, *forall, gridName)))
    return failure();
  std::string segmentsName = (kernel.getSymName() + "_segments").str();
  if (!createSegments(rewriter, kernel, *forall,
                      (*target)->getFacts().getStageTimes(), segmentsName))
    segmentsName.clear();

  auto pointer =
      LLVM::LLVMPointerType::get(context, (*target)->getParameterSpace());
  SmallVector<Type> parameters = {pointer};
  llvm::append_range(parameters, kernel.getArgumentTypes().drop_front(tensors));
  auto entry = func::FuncOp::create(rewriter, loc, kernel.getSymName(),
                                    rewriter.getFunctionType(parameters, {}));
  describeEntry(entry, kernel, *arguments, gridName, segmentsName);
  for (StringRef name :
       {StringRef(kThreadsAttr), StringRef(kSharedAttr),
        StringRef(kClusterAttr), StringRef(kAwaitsAttr), StringRef(kMapsAttr)})
    if (Attribute attr = kernel->getAttr(name))
      entry->setAttr(name, attr);

  Block *body = entry.addEntryBlock();
  rewriter.setInsertionPointToStart(body);
  LLVMTypeConverter converter(context);
  SmallVector<Value> values;
  for (auto [index, type] :
       llvm::enumerate(kernel.getArgumentTypes().take_front(tensors)))
    values.push_back(loadTensor(rewriter, loc, converter,
                                cast<MemRefType>(type), entry.getArgument(0),
                                index, kGlobalSpace));
  llvm::append_range(values, entry.getArguments().drop_front());
  // Devices divide 64 bits by a subroutine, and have fewer than 2^31 blocks.
  Value block =
      arith::TruncIOp::create(rewriter, loc, rewriter.getI32Type(),
                              (*target)->emitBlockIndex(rewriter, loc));
  rewriter.mergeBlocks(&kernel.front(), body, values);
  inlineBlock(rewriter, *forall, block);
  rewriter.eraseOp(kernel);
  return success();
}
