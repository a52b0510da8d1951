//===- Serialize.cpp - Device modules to PTX and cubins -------------------===//

#include "../Codegen.h"
#include "NVIDIA.h"
#include "gsa/kernel.h"

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
  auto cubin = assemblePTX(*text, getName(), emitError, emitRemark);
  if (failed(cubin))
    return failure();
  std::vector<DeviceImage> images;
  if (*cubin) {
    FailureOr<std::vector<KernelUse>> uses =
        readCubin(**cubin, getReservedBytes(), emitError);
    if (failed(uses))
      return failure();
    images.push_back({std::move(**cubin), /*isText=*/false,
                      isExact() ? GSA_ARCH_EXACT : GSA_ARCH_FAMILY,
                      machineRank + arch, std::move(*uses)});
  }
  SmallVector<char, 0> code(text->begin(), text->end());
  code.push_back('\0');
  images.push_back({std::move(code),
                    /*isText=*/true,
                    isExact() ? GSA_ARCH_EXACT : GSA_ARCH_AT_LEAST,
                    textRank + arch,
                    {}});
  return images;
}
