//===- Serialize.cpp - Device modules to PTX and cubins -------------------===//

#include "../Codegen.h"
#include "NVIDIA.h"
#include "gsa/kernel.h"

#include "llvm/Support/TargetSelect.h"

using namespace mlir;
using namespace mlir::gsa;

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
