//===- Serialize.cpp - Device modules to PTX and cubins -------------------===//

#include "../Codegen.h"
#include "NVIDIA.h"
#include "gsa/kernel.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/TargetSelect.h"

using namespace mlir;
using namespace mlir::gsa;

/// Keeps instructions in which a warp's lanes take part together where all of
/// them come by: otherwise each way there might get a copy. PTX marks such
/// instructions .sync or .aligned; LLVM knows that of its intrinsics, but not
/// of assembly, and llvm.inline_asm has no word for it.
static void keepTogether(llvm::Module &module) {
  for (llvm::Function &function : module)
    for (llvm::Instruction &instruction : llvm::instructions(function)) {
      auto *call = dyn_cast<llvm::CallBase>(&instruction);
      if (!call || !call->isInlineAsm())
        continue;
      auto *assembly = cast<llvm::InlineAsm>(call->getCalledOperand());
      StringRef text = assembly->getAsmString();
      if (text.contains(".sync") || text.contains(".aligned"))
        call->setConvergent();
    }
}

/// Puts tables that are indexed when the kernel runs into constant memory: the
/// code generator would write them to each lane's stack to read one entry.
static void placeTables(llvm::Module &module) {
  // User Guide for NVPTX Back-end, "Address Spaces".
  constexpr unsigned constantSpace = 4;
  SmallVector<llvm::ExtractElementInst *> reads;
  for (llvm::Function &function : module)
    for (llvm::Instruction &instruction : llvm::instructions(function))
      if (auto *read = dyn_cast<llvm::ExtractElementInst>(&instruction);
          read && isa<llvm::Constant>(read->getVectorOperand()) &&
          !isa<llvm::Constant>(read->getIndexOperand()))
        reads.push_back(read);
  llvm::DenseMap<llvm::Value *, llvm::GlobalVariable *> tables;
  for (llvm::ExtractElementInst *read : reads) {
    auto *vector = cast<llvm::Constant>(read->getVectorOperand());
    auto *type = cast<llvm::FixedVectorType>(vector->getType());
    auto *arrayType =
        llvm::ArrayType::get(type->getElementType(), type->getNumElements());
    llvm::GlobalVariable *&table = tables[vector];
    if (!table) {
      SmallVector<llvm::Constant *> elements;
      for (unsigned i = 0; i < type->getNumElements(); ++i)
        elements.push_back(vector->getAggregateElement(i));
      table = new llvm::GlobalVariable(
          module, arrayType, /*isConstant=*/true,
          llvm::GlobalValue::PrivateLinkage,
          llvm::ConstantArray::get(arrayType, elements), "table",
          /*InsertBefore=*/nullptr, llvm::GlobalValue::NotThreadLocal,
          constantSpace);
    }
    llvm::IRBuilder<> builder(read);
    llvm::Value *at = builder.CreateInBoundsGEP(
        arrayType, table, {builder.getInt64(0), read->getIndexOperand()});
    read->replaceAllUsesWith(builder.CreateLoad(type->getElementType(), at));
    read->eraseFromParent();
  }
}

FailureOr<std::string> NVIDIATarget::compileToText(
    llvm::Module &module,
    llvm::function_ref<InFlightDiagnostic()> emitError) const {
  static const bool initialized = [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
    return true;
  }();
  (void)initialized;
  std::unique_ptr<llvm::TargetMachine> machine =
      createMachine("nvptx64-nvidia-cuda", getName(), features,
                    llvm::Reloc::Static, llvm::CodeGenOptLevel::Default);
  keepTogether(module);
  placeTables(module);
  FailureOr<SmallVector<char, 0>> text = compileDevice(
      module, *machine, llvm::CodeGenFileType::AssemblyFile, emitError);
  if (failed(text))
    return failure();
  return std::string(text->begin(), text->end());
}

FailureOr<std::vector<DeviceImage>> NVIDIATarget::serialize(
    llvm::Module &module, llvm::function_ref<InFlightDiagnostic()> emitError,
    llvm::function_ref<InFlightDiagnostic()> emitRemark) const {
  // Above every host; machine code above text; later ones above earlier ones.
  constexpr int32_t textRank = 100, machineRank = 1000;
  FailureOr<std::string> text = compileToText(module, emitError);
  if (failed(text))
    return failure();
  auto code = assemblePTX(*text, getName(), emitError, emitRemark);
  if (failed(code))
    return failure();
  std::vector<DeviceImage> images;
  if (*code) {
    FailureOr<std::vector<KernelUse>> uses =
        readCubin(**code, getReservedBytes(), emitError);
    if (failed(uses))
      return failure();
    images.push_back({std::move((*code)->bytes), /*isText=*/false,
                      isExact() ? GSA_ARCH_EXACT : GSA_ARCH_FAMILY,
                      machineRank + arch, std::move(*uses)});
  }
  SmallVector<char, 0> terminated(text->begin(), text->end());
  terminated.push_back('\0');
  images.push_back({std::move(terminated),
                    /*isText=*/true,
                    isExact() ? GSA_ARCH_EXACT : GSA_ARCH_AT_LEAST,
                    textRank + arch,
                    {}});
  return images;
}
