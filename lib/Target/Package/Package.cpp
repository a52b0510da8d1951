//===- Package.cpp - All kernels of all targets in one object -------------===//
//
// Every host image is a function of one LLVM module that selects its own
// processor, so that one run of the code generator makes the whole object in
// memory. Device images are constants of it.
//
//===----------------------------------------------------------------------===//

#include "Package.h"
#include "../CPU/CPU.h"
#include "../Codegen.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace mlir::gsa;

/// One nested module as LLVM IR: what it defines selects `target`, kernels have
/// their names in the package, and everything else is local.
static FailureOr<std::unique_ptr<llvm::Module>>
translate(ModuleOp nested, const HostTarget &target,
          ArrayRef<PackagedKernel> kernels, llvm::LLVMContext &context) {
  std::unique_ptr<llvm::Module> module =
      translateModuleToLLVMIR(nested, context, target.getName());
  if (!module)
    return failure();
  for (llvm::Function &function : *module)
    if (!function.isDeclaration()) {
      target.select(function);
      function.setLinkage(llvm::GlobalValue::InternalLinkage);
      function.setDoesNotThrow();
    }
  for (llvm::GlobalVariable &global : module->globals())
    if (!global.isDeclaration())
      global.setLinkage(llvm::GlobalValue::InternalLinkage);
  for (const PackagedKernel &kernel : kernels)
    for (const PackagedImage &image : kernel.images) {
      if (image.target != &target)
        continue;
      // The linker takes what is local only where something refers to it.
      auto exportAs = [](llvm::Function *function, StringRef name) {
        function->setLinkage(llvm::GlobalValue::ExternalLinkage);
        function->setName(name);
      };
      auto exportForAll = [&](llvm::Function *function, StringRef name) {
        exportAs(function, name);
        // Asked on any processor, before an image is chosen.
        for (StringRef attribute :
             {"target-cpu", "target-features", "prefer-vector-width"})
          function->removeFnAttr(attribute);
      };
      for (const PackagedStage &stage : image.stages) {
        llvm::Function *entry = module->getFunction(stage.symbol);
        llvm::Function *grid = module->getFunction(stage.symbol + "_grid");
        if (!entry || !grid)
          return nested.emitError()
                 << "kernel '" << stage.symbol
                 << "' must have an entry and a grid function";
        exportAs(entry, stage.entry);
        exportForAll(grid, stage.grid);
      }
      if (!image.segments.empty())
        exportForAll(module->getFunction(kernel.name + "_segments"),
                     image.segments);
    }
  return module;
}

/// The grid functions of a device's kernels as LLVM IR, with their names in the
/// package.
static FailureOr<std::unique_ptr<llvm::Module>>
translateGrids(ModuleOp nested, const DeviceTarget &target,
               ArrayRef<PackagedKernel> kernels, llvm::LLVMContext &context) {
  std::unique_ptr<llvm::Module> module =
      translateModuleToLLVMIR(nested, context, target.getName());
  if (!module)
    return failure();
  for (const PackagedKernel &kernel : kernels)
    for (const PackagedImage &image : kernel.images) {
      if (image.target != &target)
        continue;
      // All forms of an image share the functions.
      for (const PackagedStage &stage : image.stages)
        if (llvm::Function *grid =
                module->getFunction(stage.symbol + "_grid")) {
          grid->setDoesNotThrow();
          grid->setName(stage.grid);
        }
      if (llvm::Function *segments =
              module->getFunction(kernel.name + "_segments");
          segments && !image.segments.empty()) {
        segments->setDoesNotThrow();
        segments->setName(image.segments);
      }
    }
  return module;
}

/// A name that the object may leave to the linker: the runtime, what code
/// generation makes of copies and fills, and conversions of f16 on processors
/// without them. No mathematical function: it would take one element at a time.
static bool mayBeUndefined(StringRef name) {
  return llvm::is_contained(
      ArrayRef<StringRef>{"gsa_launch", "gsa_preload", "gsa_query",
                          "gsa_workspace_size", "memcpy", "memmove", "memset",
                          "__extendhfsf2", "__truncsfhf2",
                          "_GLOBAL_OFFSET_TABLE_"},
      name);
}

static LogicalResult checkSymbols(ModuleOp module, ArrayRef<char> object) {
  auto fail = [&](llvm::Error error) {
    return module.emitError() << "the object must be readable, got "
                              << llvm::toString(std::move(error));
  };
  auto file = llvm::object::ObjectFile::createObjectFile(
      llvm::MemoryBufferRef(StringRef(object.data(), object.size()), "object"));
  if (!file)
    return fail(file.takeError());
  for (const llvm::object::SymbolRef &symbol : (*file)->symbols()) {
    llvm::Expected<uint32_t> flags = symbol.getFlags();
    if (!flags)
      return fail(flags.takeError());
    llvm::Expected<StringRef> name = symbol.getName();
    if (!name)
      return fail(name.takeError());
    if ((*flags & llvm::object::SymbolRef::SF_Undefined) && !name->empty() &&
        !mayBeUndefined(*name))
      return module.emitError()
             << "a kernel must call nothing but the runtime, got a call of '"
             << *name << "'";
  }
  return success();
}

FailureOr<Package> gsa::package(ModuleOp module, PackageForm form) {
  Package result;
  FailureOr<std::vector<PackagedKernel>> kernels = describeKernels(module);
  if (failed(kernels) || failed(checkNames(module, *kernels)))
    return failure();
  result.kernels = std::move(*kernels);

  registerBuiltinDialectTranslation(*module.getContext());
  registerLLVMDialectTranslation(*module.getContext());
  llvm::LLVMContext context;
  std::unique_ptr<llvm::TargetMachine> machine = createHostMachine();
  // The name ends up in the object: not a path, which differs from tree to
  // tree.
  llvm::Module whole("gsa", context);
  whole.setTargetTriple(machine->getTargetTriple());
  whole.setDataLayout(machine->createDataLayout());
  whole.setPICLevel(llvm::PICLevel::BigPIC);
  llvm::Linker linker(whole);
  llvm::raw_svector_ostream text(result.code);
  for (auto nested : module.getOps<ModuleOp>()) {
    FailureOr<const Target *> target = getTarget(nested);
    if (failed(target))
      return failure();
    auto *device = dyn_cast<DeviceTarget>(*target);
    if (device &&
        failed(form == PackageForm::Object
                   ? compileDeviceModule(nested, *device, result.kernels, whole)
                   : printDeviceModule(nested, *device, result.kernels, whole,
                                       text)))
      return failure();
    FailureOr<std::unique_ptr<llvm::Module>> part =
        device ? translateGrids(nested, *device, result.kernels, context)
               : translate(nested, *cast<HostTarget>(*target), result.kernels,
                           context);
    if (failed(part))
      return failure();
    (*part)->setTargetTriple(whole.getTargetTriple());
    (*part)->setDataLayout(whole.getDataLayout());
    if (linker.linkInModule(std::move(*part)))
      return nested.emitError() << "must link with the other targets' modules";
  }
  for (llvm::Function &function : whole)
    if (!function.isDeclaration())
      function.setLinkage(llvm::GlobalValue::InternalLinkage);
  addDescriptors(whole, result.kernels);

  std::string message;
  llvm::raw_string_ostream stream(message);
  if (llvm::verifyModule(whole, &stream))
    return module.emitError() << "LLVM IR must be valid, got " << message;
  optimizeHostModule(whole, *machine);
  text << emitFile(whole, *machine,
                   form == PackageForm::Object
                       ? llvm::CodeGenFileType::ObjectFile
                       : llvm::CodeGenFileType::AssemblyFile);
  if (form == PackageForm::Object && failed(checkSymbols(module, result.code)))
    return failure();
  return result;
}
