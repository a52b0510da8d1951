//===- Serialize.cpp - Device modules to code objects ---------------------===//

#include "../Codegen.h"
#include "AMD.h"
#include "gsa/kernel.h"

#include "llvm/IR/Function.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/TargetSelect.h"

using namespace mlir;
using namespace mlir::gsa;

static std::unique_ptr<llvm::TargetMachine> createMachine(StringRef chip) {
  static const bool initialized = [] {
    LLVMInitializeAMDGPUTargetInfo();
    LLVMInitializeAMDGPUTarget();
    LLVMInitializeAMDGPUTargetMC();
    LLVMInitializeAMDGPUAsmPrinter();
    LLVMInitializeAMDGPUAsmParser();
    return true;
  }();
  (void)initialized;
  return gsa::createMachine("amdgcn-amd-amdhsa", chip, /*features=*/"",
                            llvm::Reloc::PIC_, llvm::CodeGenOptLevel::Default);
}

/// Promises what all our kernels keep: they are one-dimensional, call nothing
/// and read no argument that the driver adds.
static void promise(llvm::Module &module) {
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    for (StringRef name :
         {"completion-action", "default-queue", "dispatch-id", "dispatch-ptr",
          "flat-scratch-init", "heap-ptr", "hostcall-ptr", "implicitarg-ptr",
          "lds-kernel-id", "multigrid-sync-arg", "queue-ptr", "workgroup-id-y",
          "workgroup-id-z", "workitem-id-y", "workitem-id-z"})
      function.addFnAttr(("amdgpu-no-" + name).str());
    function.addFnAttr("amdgpu-implicitarg-num-bytes", "0");
    // `DeviceFacts::laneRegisters` are vector registers.
    function.addFnAttr("amdgpu-agpr-alloc", "0");
  }
}

FailureOr<std::string> AMDTarget::compileToText(
    llvm::Module &module,
    llvm::function_ref<InFlightDiagnostic()> emitError) const {
  promise(module);
  FailureOr<SmallVector<char, 0>> text =
      compileDevice(module, *::createMachine(getName()),
                    llvm::CodeGenFileType::AssemblyFile, emitError);
  if (failed(text))
    return failure();
  return std::string(text->begin(), text->end());
}

FailureOr<std::vector<DeviceImage>>
AMDTarget::serialize(llvm::Module &module,
                     llvm::function_ref<InFlightDiagnostic()> emitError,
                     llvm::function_ref<InFlightDiagnostic()>) const {
  constexpr int32_t machineRank = 1000; // Above every host.
  promise(module);
  FailureOr<SmallVector<char, 0>> object =
      compileDevice(module, *::createMachine(getName()),
                    llvm::CodeGenFileType::ObjectFile, emitError);
  if (failed(object))
    return failure();
  FailureOr<SmallVector<char, 0>> code = linkCodeObject(*object, emitError);
  if (failed(code))
    return failure();
  FailureOr<std::vector<KernelUse>> uses = readCodeObject(*code, emitError);
  if (failed(uses))
    return failure();
  std::vector<DeviceImage> images;
  images.push_back({std::move(*code), /*isText=*/false, GSA_ARCH_EXACT,
                    machineRank + arch, std::move(*uses)});
  return images;
}
