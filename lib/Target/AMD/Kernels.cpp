//===- Kernels.cpp - How a kernel meets the driver ------------------------===//

#include "AMD.h"

#include "mlir/Dialect/LLVMIR/ROCDLDialect.h"
#include "mlir/Target/LLVMIR/Dialect/ROCDL/ROCDLToLLVMIRTranslation.h"
#include "llvm/Support/AMDGPUAddrSpace.h"

using namespace mlir;
using namespace mlir::gsa;

void AMDTarget::registerDialects(DialectRegistry &registry) const {
  registry.insert<ROCDL::ROCDLDialect>();
}

Value AMDTarget::emitThreadIndex(OpBuilder &builder, Location loc) const {
  return ROCDL::ThreadIdXOp::create(builder, loc, builder.getI32Type());
}

Value AMDTarget::emitBlockIndex(OpBuilder &builder, Location loc) const {
  Value index = ROCDL::BlockIdXOp::create(builder, loc, builder.getI32Type());
  return LLVM::ZExtOp::create(builder, loc, builder.getI64Type(), index);
}

unsigned AMDTarget::getParameterSpace() const {
  return llvm::AMDGPUAS::CONSTANT_ADDRESS;
}

void AMDTarget::markKernel(LLVM::LLVMFuncOp kernel,
                           const KernelLaunch &launch) const {
  Builder builder(kernel.getContext());
  ROCDL::ROCDLDialect *dialect =
      kernel.getContext()->getLoadedDialect<ROCDL::ROCDLDialect>();
  kernel->setAttr(dialect->getKernelAttrHelper().getName(),
                  builder.getUnitAttr());
  std::string threads = std::to_string(launch.threads);
  kernel->setAttr(dialect->getFlatWorkGroupSizeAttrHelper().getName(),
                  builder.getStringAttr(threads + "," + threads));
  // The struct lies in the segment of arguments, where scalar loads read it.
  auto bytes =
      LLVM::LLVMArrayType::get(builder.getI64Type(), launch.tensorBytes / 8);
  kernel.setArgAttr(0, LLVM::LLVMDialect::getByRefAttrName(),
                    TypeAttr::get(bytes));
  kernel.setArgAttr(0, LLVM::LLVMDialect::getAlignAttrName(),
                    builder.getI64IntegerAttr(8));
}

void AMDTarget::registerTranslation(DialectRegistry &registry) const {
  registerROCDLDialectTranslation(registry);
}
