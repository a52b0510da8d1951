//===- Program.cpp - From text to code of the host ------------------------===//

#include "Races.h"
#include "Translate.h"

#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/ExecutionEngine/Orc/ThreadSafeModule.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/PassManager.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Transforms/InstCombine/InstCombine.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/SROA.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"

#include <cstdlib>
#include <cstring>

using namespace emulator;
using namespace llvm;

extern "C" void emulator::gsaEmulatorTouch(Thread *thread, uint64_t address,
                                           uint32_t bytes, uint32_t isWrite) {
  thread->warp->block->gang->races->touch(
      *thread, address, bytes, isWrite ? Access::Write : Access::Read,
      isWrite ? thread->arguments : nullptr);
}

extern "C" void emulator::gsaEmulatorFail(Thread *thread, const char *message) {
  fail(*thread, message);
}

struct Program::Compiler {
  std::unique_ptr<orc::LLJIT> jit;
  /// What is not compiled yet, by the kernel's name.
  std::map<std::string, orc::ThreadSafeModule> waiting;
  std::map<std::string, void (*)(Thread *)> ready;
};

Program::~Program() = default;

/// Cheap and good: registers instead of variables, and common parts once.
static void optimise(llvm::Module &module) {
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager calls;
  ModuleAnalysisManager modules;
  PassBuilder passes;
  passes.registerModuleAnalyses(modules);
  passes.registerCGSCCAnalyses(calls);
  passes.registerFunctionAnalyses(functions);
  passes.registerLoopAnalyses(loops);
  passes.crossRegisterProxies(loops, functions, calls, modules);
  FunctionPassManager manager;
  manager.addPass(SROAPass(SROAOptions::ModifyCFG));
  manager.addPass(EarlyCSEPass());
  manager.addPass(InstCombinePass());
  manager.addPass(SimplifyCFGPass());
  for (Function &function : module)
    if (!function.isDeclaration())
      manager.run(function, functions);
}

/// Tests break kernels on purpose: GSA_EMULATOR_LEAVE_OUT=bar.sync leaves out
/// all instructions whose text begins so, bar.sync#2 the third of them.
static void leaveOut(emulator::Module &module) {
  const char *text = std::getenv("GSA_EMULATOR_LEAVE_OUT");
  if (!text || !*text)
    return;
  std::string prefix = text;
  long only = -1, number = 0;
  size_t mark = prefix.find('#');
  if (mark != std::string::npos) {
    only = std::atol(text + mark + 1);
    prefix.resize(mark);
  }
  for (Kernel &kernel : module.kernels) {
    std::vector<Statement> kept;
    for (Statement &statement : kernel.body) {
      bool matches = statement.text.compare(0, prefix.size(), prefix) == 0;
      if (matches && (only < 0 || only == number++))
        std::fprintf(stderr, "emulator: line %u (%s) is left out\n",
                     statement.line, statement.text.c_str());
      else
        kept.push_back(std::move(statement));
    }
    kernel.body = std::move(kept);
  }
}

std::unique_ptr<Program> Program::create(std::string_view text,
                                         std::string &message) {
  static const bool initialised = [] {
    InitializeNativeTarget();
    InitializeNativeTargetAsmPrinter();
    return true;
  }();
  (void)initialised;
  auto result = std::unique_ptr<Program>(new Program());
  if (!parse(text, result->parsed, message))
    return nullptr;
  leaveOut(result->parsed);

  std::map<std::string, uint64_t> addresses;
  for (const Variable &variable : result->parsed.globals) {
    auto data = std::make_unique<unsigned char[]>(variable.bytes + 256);
    uint64_t at =
        (reinterpret_cast<uint64_t>(data.get()) + 255) & ~uint64_t(255);
    if (!variable.data.empty())
      std::memcpy(reinterpret_cast<void *>(at), variable.data.data(),
                  variable.bytes);
    addresses[variable.name] = at;
    result->globals.push_back(std::move(data));
  }

  result->compiler = std::make_unique<Compiler>();
  auto target = orc::JITTargetMachineBuilder::detectHost();
  if (!target) {
    message = toString(target.takeError());
    return nullptr;
  }
  target->setCodeGenOptLevel(CodeGenOptLevel::Less);
  auto jit = orc::LLJITBuilder()
                 .setJITTargetMachineBuilder(std::move(*target))
                 .create();
  if (!jit) {
    message = toString(jit.takeError());
    return nullptr;
  }
  orc::LLJIT &made = **jit;
  orc::SymbolMap symbols;
  auto define = [&](const char *name, void *address) {
    symbols[made.mangleAndIntern(name)] = {orc::ExecutorAddr::fromPtr(address),
                                           JITSymbolFlags::Exported};
  };
  define("gsaEmulatorTouch", reinterpret_cast<void *>(gsaEmulatorTouch));
  define("gsaEmulatorFail", reinterpret_cast<void *>(gsaEmulatorFail));
  if (Error error =
          made.getMainJITDylib().define(orc::absoluteSymbols(symbols))) {
    message = toString(std::move(error));
    return nullptr;
  }
  auto generator = orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(
      made.getDataLayout().getGlobalPrefix());
  if (!generator) {
    message = toString(generator.takeError());
    return nullptr;
  }
  made.getMainJITDylib().addGenerator(std::move(*generator));

  bool checkRaces = racesAreChecked();
  for (const Kernel &kernel : result->parsed.kernels) {
    auto context = std::make_unique<LLVMContext>();
    auto module = std::make_unique<llvm::Module>(kernel.name, *context);
    module->setDataLayout(made.getDataLayout());
    if (!translate(result->parsed, kernel, addresses, checkRaces,
                   result->operations, *module, message))
      return nullptr;
    result->compiler->waiting.emplace(
        kernel.name,
        orc::ThreadSafeModule(std::move(module), std::move(context)));
  }
  result->compiler->jit = std::move(*jit);
  return result;
}

void (*Program::code(const Kernel &kernel, std::string &message))(Thread *) {
  std::lock_guard<std::mutex> lock(mutex);
  auto found = compiler->ready.find(kernel.name);
  if (found != compiler->ready.end())
    return found->second;
  orc::ThreadSafeModule module = std::move(compiler->waiting.at(kernel.name));
  bool isBroken = false;
  module.withModuleDo([&](llvm::Module &each) {
    raw_string_ostream stream(message);
    isBroken = verifyModule(each, &stream);
    if (!isBroken)
      optimise(each);
  });
  if (isBroken)
    return nullptr;
  if (Error error = compiler->jit->addIRModule(std::move(module))) {
    message = toString(std::move(error));
    return nullptr;
  }
  auto address = compiler->jit->lookup(kernel.name);
  if (!address) {
    message = toString(address.takeError());
    return nullptr;
  }
  auto *code = address->toPtr<void (*)(Thread *)>();
  compiler->ready[kernel.name] = code;
  return code;
}
