//===- Codegen.cpp - LLVM's code generators -------------------------------===//

#include "Codegen.h"

#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/TargetParser/Triple.h"

using namespace mlir;
using namespace mlir::gsa;

std::unique_ptr<llvm::TargetMachine>
gsa::createMachine(StringRef tripleName, StringRef cpu, StringRef features,
                   llvm::Reloc::Model relocation, llvm::CodeGenOptLevel level) {
  llvm::Triple triple(tripleName);
  std::string error;
  const llvm::Target *backend =
      llvm::TargetRegistry::lookupTarget(triple, error);
  if (!backend)
    llvm::report_fatal_error(StringRef(error));
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Standard;
  return std::unique_ptr<llvm::TargetMachine>(
      backend->createTargetMachine(triple, cpu, features, options, relocation,
                                   /*CM=*/std::nullopt, level));
}

void gsa::runPasses(llvm::Module &module, llvm::TargetMachine &machine,
                    StringRef pipeline) {
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

SmallVector<char, 0> gsa::emitFile(llvm::Module &module,
                                   llvm::TargetMachine &machine,
                                   llvm::CodeGenFileType type) {
  SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, /*DwoOut=*/nullptr, type))
    llvm::report_fatal_error("the code generator writes no such files");
  passes.run(module);
  return bytes;
}

namespace {
/// Keeps the errors of code generators, which would end the process otherwise.
struct ErrorCollector final : llvm::DiagnosticHandler {
  explicit ErrorCollector(std::string &errors) : errors(errors) {}

  bool handleDiagnostics(const llvm::DiagnosticInfo &info) override {
    if (info.getSeverity() != llvm::DS_Error)
      return true;
    llvm::raw_string_ostream stream(errors);
    if (!errors.empty())
      stream << "; ";
    llvm::DiagnosticPrinterRawOStream printer(stream);
    info.print(printer);
    return true;
  }

  std::string &errors;
};
} // namespace

/// bf16 is the upper half of f32. Said with integers, comparisons and sums of
/// what was widened stay in f32: in bf16 they are slower where devices have
/// them, and some code generators spell them wrong when subnormal numbers are
/// flushed.
static void widenWithIntegers(llvm::Function &function) {
  SmallVector<llvm::FPExtInst *> extensions;
  for (llvm::Instruction &instruction : llvm::instructions(function))
    if (auto *extension = dyn_cast<llvm::FPExtInst>(&instruction))
      if (extension->getSrcTy()->getScalarType()->isBFloatTy() &&
          extension->getDestTy()->getScalarType()->isFloatTy())
        extensions.push_back(extension);
  for (llvm::FPExtInst *extension : extensions) {
    llvm::IRBuilder<> builder(extension);
    if (auto *type = dyn_cast<llvm::FixedVectorType>(extension->getSrcTy());
        type && type->getNumElements() % 2 == 0) {
      // Words have two: a shift and a mask.
      unsigned count = type->getNumElements() / 2;
      auto *words = llvm::FixedVectorType::get(builder.getInt32Ty(), count);
      auto *floats = llvm::FixedVectorType::get(builder.getFloatTy(), count);
      llvm::Value *bits =
          builder.CreateBitCast(extension->getOperand(0), words);
      llvm::Value *low = builder.CreateBitCast(
          builder.CreateShl(bits, llvm::ConstantInt::get(words, 16)), floats);
      llvm::Value *high = builder.CreateBitCast(
          builder.CreateAnd(bits, llvm::ConstantInt::get(words, 0xffff0000u)),
          floats);
      SmallVector<int> order;
      for (unsigned i = 0; i < count; ++i)
        order.append({static_cast<int>(i), static_cast<int>(count + i)});
      extension->replaceAllUsesWith(
          builder.CreateShuffleVector(low, high, order));
      extension->eraseFromParent();
      continue;
    }
    llvm::Type *half =
        extension->getSrcTy()->getWithNewType(builder.getInt16Ty());
    llvm::Type *whole =
        extension->getDestTy()->getWithNewType(builder.getInt32Ty());
    llvm::Value *bits = builder.CreateZExt(
        builder.CreateBitCast(extension->getOperand(0), half), whole);
    bits = builder.CreateShl(bits, llvm::ConstantInt::get(whole, 16));
    extension->replaceAllUsesWith(
        builder.CreateBitCast(bits, extension->getDestTy()));
    extension->eraseFromParent();
  }
}

/// A division's last bit is far below the errors that results may have.
static void approximateDivisions(llvm::Function &function) {
  SmallVector<llvm::Instruction *> divisions;
  for (llvm::Instruction &instruction : llvm::instructions(function))
    if (instruction.getOpcode() == llvm::Instruction::FDiv)
      divisions.push_back(&instruction);
  for (llvm::Instruction *division : divisions) {
    division->setHasApproxFunc(true);
    // Of vectors of one element, code generators forget it.
    auto *type = dyn_cast<llvm::FixedVectorType>(division->getType());
    if (!type || type->getNumElements() != 1)
      continue;
    llvm::IRBuilder<> builder(division);
    builder.setFastMathFlags(division->getFastMathFlags());
    llvm::Value *quotient = builder.CreateFDiv(
        builder.CreateExtractElement(division->getOperand(0), uint64_t(0)),
        builder.CreateExtractElement(division->getOperand(1), uint64_t(0)));
    division->replaceAllUsesWith(builder.CreateInsertElement(
        llvm::PoisonValue::get(type), quotient, uint64_t(0)));
    division->eraseFromParent();
  }
}

FailureOr<SmallVector<char, 0>>
gsa::compileDevice(llvm::Module &module, llvm::TargetMachine &machine,
                   llvm::CodeGenFileType type,
                   llvm::function_ref<InFlightDiagnostic()> emitError) {
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    // Exponentials and reciprocals are one instruction then. Subnormal numbers
    // are far below the errors that results may have.
    function.addFnAttr("denormal-fp-math-f32", "preserve-sign,preserve-sign");
    function.setDoesNotThrow();
    widenWithIntegers(function);
    approximateDivisions(function);
  }
  std::string message;
  llvm::raw_string_ostream stream(message);
  if (llvm::verifyModule(module, &stream))
    return emitError() << "LLVM IR must be valid, got " << message;

  llvm::LLVMContext &context = module.getContext();
  std::unique_ptr<llvm::DiagnosticHandler> before =
      context.getDiagnosticHandler();
  context.setDiagnosticHandler(std::make_unique<ErrorCollector>(message));
  // What each lane holds, and when, was chosen at the `gpu` stage: nothing may
  // be hoisted out of loops or unrolled, which takes registers. What is left is
  // to clean up addresses.
  constexpr StringLiteral pipeline =
      "function(sroa,early-cse<memssa>,instcombine<no-verify-fixpoint>,"
      "simplifycfg,infer-address-spaces,early-cse<memssa>,"
      "instcombine<no-verify-fixpoint>,simplifycfg,adce),globaldce";
  runPasses(module, machine, pipeline);
  SmallVector<char, 0> bytes = emitFile(module, machine, type);
  context.setDiagnosticHandler(std::move(before));
  if (!message.empty())
    return emitError() << "code generation must succeed, got " << message;
  return bytes;
}
