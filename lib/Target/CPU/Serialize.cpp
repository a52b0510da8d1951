//===- Serialize.cpp - Host modules to bytes ------------------------------===//

#include "../Codegen.h"
#include "CPU.h"

#include "llvm/Support/TargetSelect.h"

using namespace mlir;
using namespace mlir::gsa;

std::unique_ptr<llvm::TargetMachine> gsa::createHostMachine() {
  static const bool initialized = [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    return true;
  }();
  (void)initialized;

  return createMachine("x86_64-unknown-linux-gnu", "x86-64", /*features=*/"",
                       llvm::Reloc::PIC_, llvm::CodeGenOptLevel::Default);
}

void gsa::optimizeHostModule(llvm::Module &module,
                             llvm::TargetMachine &machine) {
  // Vectors, unrolling and blocks of registers were chosen at the `vector`
  // stage; what is left is to clean up addresses. A general pipeline takes
  // twice as long for the same code.
  constexpr StringLiteral pipeline =
      "function(early-cse<memssa>,instcombine<no-verify-fixpoint>,simplifycfg,"
      "loop-mssa(loop-rotate,licm),early-cse<memssa>,"
      "instcombine<no-verify-fixpoint>,simplifycfg),globaldce";
  runPasses(module, machine, pipeline);
}
