//===- Codegen.h - LLVM's code generators -----------------------*- C++ -*-===//

#ifndef GSA_LIB_TARGET_CODEGEN_H
#define GSA_LIB_TARGET_CODEGEN_H

#include "gsa/Target/DeviceTarget.h"

#include "llvm/Support/CodeGen.h"
#include "llvm/Target/TargetMachine.h"

namespace mlir::gsa {

/// A code generator that rounds once only where the IR says it may: the same
/// spec gives the same bits whatever an optimiser finds. The back end of
/// `triple` must be initialised.
std::unique_ptr<llvm::TargetMachine>
createMachine(StringRef triple, StringRef cpu, StringRef features,
              llvm::Reloc::Model relocation, llvm::CodeGenOptLevel level);

/// Runs `pipeline`, in the text form of LLVM's passes, over `module`, whose
/// layout and triple are `machine`'s.
void runPasses(llvm::Module &module, llvm::TargetMachine &machine,
               StringRef pipeline);

/// `module` as an object file or as assembly, the same for the same module.
SmallVector<char, 0> emitFile(llvm::Module &module,
                              llvm::TargetMachine &machine,
                              llvm::CodeGenFileType type);

/// Optimises the device code in `module`, whose triple and layout it sets, and
/// emits it. Fails if the code generator refuses it.
FailureOr<SmallVector<char, 0>>
compileDevice(llvm::Module &module, llvm::TargetMachine &machine,
              llvm::CodeGenFileType type,
              llvm::function_ref<InFlightDiagnostic()> emitError);

} // namespace mlir::gsa

#endif // GSA_LIB_TARGET_CODEGEN_H
