//===- Serialize.cpp - Host modules to bytes ------------------------------===//

#include "CPU.h"

#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Triple.h"

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

  llvm::Triple triple("x86_64-unknown-linux-gnu");
  std::string error;
  const llvm::Target *backend =
      llvm::TargetRegistry::lookupTarget(triple, error);
  if (!backend)
    llvm::report_fatal_error(StringRef(error));
  llvm::TargetOptions options;
  // Only products and sums that the IR says may be rounded once are: the same
  // spec gives the same bits whatever the optimiser finds.
  options.AllowFPOpFusion = llvm::FPOpFusion::Standard;
  return std::unique_ptr<llvm::TargetMachine>(backend->createTargetMachine(
      triple, "x86-64", /*Features=*/"", options, llvm::Reloc::PIC_,
      /*CM=*/std::nullopt, llvm::CodeGenOptLevel::Default));
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

  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  llvm::ModulePassManager passes;
  if (llvm::Error error = builder.parsePassPipeline(passes, pipeline))
    llvm::report_fatal_error(std::move(error));
  passes.run(module, modules);
}

SmallVector<char, 0> gsa::serializeHostModule(llvm::Module &module,
                                              llvm::TargetMachine &machine,
                                              HostFile file) {
  SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, /*DwoOut=*/nullptr,
                                  file == HostFile::Object
                                      ? llvm::CodeGenFileType::ObjectFile
                                      : llvm::CodeGenFileType::AssemblyFile))
    llvm::report_fatal_error("the host's code generator writes no files");
  passes.run(module);
  return bytes;
}
