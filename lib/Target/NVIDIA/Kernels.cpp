//===- Kernels.cpp - How a kernel meets the driver ------------------------===//

#include "NVIDIA.h"
#include "gsa/kernel.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"

using namespace mlir;
using namespace mlir::gsa;

void NVIDIATarget::registerDialects(DialectRegistry &registry) const {
  registry.insert<NVVM::NVVMDialect>();
}

Value NVIDIATarget::emitThreadIndex(OpBuilder &builder, Location loc) const {
  return NVVM::ThreadIdXOp::create(builder, loc, builder.getI32Type());
}

Value NVIDIATarget::emitBlockIndex(OpBuilder &builder, Location loc) const {
  Value index = NVVM::BlockIdXOp::create(builder, loc, builder.getI32Type());
  return LLVM::ZExtOp::create(builder, loc, builder.getI64Type(), index);
}

/// In the constant bank: grid_constant promises that nobody writes it, without
/// which it is copied to each thread's own memory first.
static void passByValue(LLVM::LLVMFuncOp kernel, unsigned index, int64_t bytes,
                        int64_t alignment) {
  Builder builder(kernel.getContext());
  auto words = LLVM::LLVMArrayType::get(builder.getI64Type(), bytes / 8);
  kernel.setArgAttr(index, LLVM::LLVMDialect::getByValAttrName(),
                    TypeAttr::get(words));
  kernel.setArgAttr(index, LLVM::LLVMDialect::getAlignAttrName(),
                    builder.getI64IntegerAttr(alignment));
  kernel.setArgAttr(index, NVVM::NVVMDialect::getGridConstantAttrName(),
                    builder.getUnitAttr());
}

void NVIDIATarget::markKernel(LLVM::LLVMFuncOp kernel,
                              const KernelLaunch &launch) const {
  Builder builder(kernel.getContext());
  kernel->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(),
                  builder.getUnitAttr());
  kernel->setAttr(NVVM::NVVMDialect::getMaxntidAttrName(),
                  builder.getDenseI32ArrayAttr({int32_t(launch.threads)}));
  kernel->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(),
                  builder.getI32IntegerAttr(1));
  if (launch.cluster > 1)
    kernel->setAttr(
        NVVM::NVVMDialect::getClusterDimAttrName(),
        builder.getDenseI32ArrayAttr({int32_t(launch.cluster), 1, 1}));
  passByValue(kernel, 0, launch.tensorBytes, alignof(gsa_tensor));
  if (launch.mapBytes)
    passByValue(kernel, 1, launch.mapBytes, GSA_MAP_ALIGNMENT);
}

void NVIDIATarget::registerTranslation(DialectRegistry &registry) const {
  registerNVVMDialectTranslation(registry);
}
