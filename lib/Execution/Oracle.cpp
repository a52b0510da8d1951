//===- Oracle.cpp - A spec's plain recurrence, in f64, run here -----------===//

#include "gsa/Execution/Oracle.h"
#include "dialects/GSA/GSA.h"
#include "gsa/Conversion/KernelSignature.h"
#include "gsa/Conversion/Passes.h"
#include "gsa/Transforms/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/ExecutionEngine/OptUtils.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace mlir::gsa;

Oracle::Oracle(OwningOpRef<ModuleOp> module,
               std::unique_ptr<ExecutionEngine> engine)
    : module(std::move(module)), engine(std::move(engine)) {}
Oracle::~Oracle() = default;

/// Makes all float inputs of the loops f64: they widen what they load anyway.
static LogicalResult widenInputs(func::FuncOp function) {
  Type f64 = Float64Type::get(function.getContext());
  for (BlockArgument argument : function.getArguments()) {
    auto type = dyn_cast<MemRefType>(argument.getType());
    if (!type || !isa<FloatType>(type.getElementType()) ||
        type.getElementType() == f64)
      continue;
    argument.setType(MemRefType::get(type.getShape(), f64, type.getLayout()));
    for (Operation *user : argument.getUsers()) {
      if (isa<memref::DimOp>(user))
        continue;
      auto load = dyn_cast<memref::LoadOp>(user);
      if (!load ||
          !llvm::all_of(load->getUsers(), llvm::IsaPred<arith::ExtFOp>))
        return user->emitError("a use of the oracle's inputs must be a load "
                               "that is widened, got '")
               << user->getName() << "'";
      load.getResult().setType(f64);
      for (Operation *wide : llvm::make_early_inc_range(load->getUsers())) {
        wide->getResult(0).replaceAllUsesWith(load.getResult());
        wide->erase();
      }
    }
  }
  function.setFunctionType(FunctionType::get(
      function.getContext(), function.getBody().getArgumentTypes(), {}));
  return success();
}

static LogicalResult lowerToLLVM(ModuleOp module) {
  PassManager loops(module.getContext());
  OpPassManager &nested = loops.nest<func::FuncOp>();
  nested.addPass(createDecomposePass());
  nested.addPass(createConvertGSAToLoopsPass({/*f64=*/true}));
  // The C library has none.
  nested.addPass(math::createMathExpandOpsPass({/*opMnemonics=*/{"rsqrt"}}));
  if (failed(loops.run(module)))
    return failure();

  for (auto function : module.getOps<func::FuncOp>()) {
    if (failed(widenInputs(function)))
      return failure();
    function->setAttr(LLVM::LLVMDialect::getEmitCWrapperAttrName(),
                      UnitAttr::get(module.getContext()));
    // Names and kinds, which the translation to LLVM would warn of.
    function->removeAttr(function.getArgAttrsAttrName());
  }

  // The C library's functions before LLVM's: expm1 and log1p would become
  // differences that cancel. Not the pass, which fails on what is none of the
  // library's, as copysign.
  RewritePatternSet library(module.getContext());
  populateMathToLibmConversionPatterns(library);
  if (failed(applyPatternsGreedily(module, std::move(library))))
    return failure();

  PassManager pm(module.getContext());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  return pm.run(module);
}

FailureOr<std::unique_ptr<Oracle>> Oracle::create(OwningOpRef<ModuleOp> spec) {
  if (failed(lowerToLLVM(*spec)))
    return failure();
  MLIRContext *context = spec->getContext();
  registerBuiltinDialectTranslation(*context);
  registerLLVMDialectTranslation(*context);
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();

  auto make = [&]() -> llvm::Expected<std::unique_ptr<ExecutionEngine>> {
    auto builder = llvm::orc::JITTargetMachineBuilder::detectHost();
    if (!builder)
      return builder.takeError();
    auto machine = builder->createTargetMachine();
    if (!machine)
      return machine.takeError();
    ExecutionEngineOptions options;
    auto optimize = makeOptimizingTransformer(/*optLevel=*/2, /*sizeLevel=*/0,
                                              machine->get());
    options.transformer = optimize;
    options.enableObjectDump = false;
    return ExecutionEngine::create(*spec, options, std::move(*machine));
  };
  auto engine = make();
  if (!engine)
    return spec->emitError("the oracle must compile here, got: ")
           << llvm::toString(engine.takeError());
  return std::unique_ptr<Oracle>(
      new Oracle(std::move(spec), std::move(*engine)));
}

llvm::Error Oracle::run(StringRef function,
                        ArrayRef<gsa_tensor> tensors) const {
  // A memref is {allocated, aligned, offset, sizes, strides}; the C interface
  // takes pointers to them, the packed one pointers to the pointers.
  SmallVector<SmallVector<int64_t>> memrefs;
  for (const gsa_tensor &tensor : tensors) {
    auto data = static_cast<int64_t>(reinterpret_cast<uintptr_t>(tensor.data));
    SmallVector<int64_t> &words =
        memrefs.emplace_back(SmallVector<int64_t>{data, data, 0});
    words.append(tensor.shape, tensor.shape + tensor.rank);
    words.append(tensor.stride, tensor.stride + tensor.rank);
  }
  SmallVector<void *> pointers, packed;
  for (SmallVector<int64_t> &words : memrefs)
    pointers.push_back(words.data());
  for (void *&pointer : pointers)
    packed.push_back(static_cast<void *>(&pointer));
  return engine->invokePacked(("_mlir_ciface_" + function).str(), packed);
}

//===----------------------------------------------------------------------===//
// Objects
//===----------------------------------------------------------------------===//

/// Defines `<name>_reference` and hides everything else.
static void wrapFunctions(llvm::Module &module,
                          ArrayRef<std::string> functions) {
  for (llvm::Function &function : module)
    if (!function.isDeclaration())
      function.setLinkage(llvm::GlobalValue::InternalLinkage);
  llvm::IRBuilder<> b(module.getContext());
  for (StringRef name : functions) {
    llvm::Function *callee = module.getFunction(("_mlir_ciface_" + name).str());
    auto *type = llvm::FunctionType::get(b.getVoidTy(), {b.getPtrTy()},
                                         /*isVarArg=*/false);
    auto *wrapper = llvm::Function::Create(
        type, llvm::GlobalValue::ExternalLinkage, name + "_reference", module);
    b.SetInsertPoint(
        llvm::BasicBlock::Create(module.getContext(), "", wrapper));
    SmallVector<llvm::Value *> pointers;
    for (unsigned i = 0; i < callee->arg_size(); ++i)
      pointers.push_back(b.CreateLoad(
          b.getPtrTy(),
          b.CreateConstGEP1_32(b.getPtrTy(), wrapper->getArg(0), i)));
    b.CreateCall(callee, pointers);
    b.CreateRetVoid();
  }
}

FailureOr<SmallVector<char, 0>> gsa::compileOracle(OwningOpRef<ModuleOp> spec,
                                                   StringRef cpu) {
  std::vector<std::string> functions;
  for (auto function : spec->getOps<func::FuncOp>())
    functions.push_back(function.getName().str());
  if (failed(lowerToLLVM(*spec)))
    return failure();
  registerBuiltinDialectTranslation(*spec->getContext());
  registerLLVMDialectTranslation(*spec->getContext());
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module =
      translateModuleToLLVMIR(*spec, context, "reference");
  if (!module)
    return failure();
  wrapFunctions(*module, functions);

  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  llvm::Triple triple("x86_64-unknown-linux-gnu");
  std::string message;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, message);
  auto fails = [&](const llvm::Twine &got) {
    return spec->emitError("the oracle must compile for '")
           << cpu << "', got: " << got;
  };
  if (!target)
    return fails(message);
  std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(
      triple, cpu, /*Features=*/"", {}, llvm::Reloc::PIC_));
  module->setTargetTriple(triple);
  module->setDataLayout(machine->createDataLayout());
  auto optimize =
      makeOptimizingTransformer(/*optLevel=*/2, /*sizeLevel=*/0, machine.get());
  if (llvm::Error error = optimize(module.get()))
    return fails(llvm::toString(std::move(error)));

  SmallVector<char, 0> object;
  llvm::raw_svector_ostream stream(object);
  llvm::legacy::PassManager emit;
  if (machine->addPassesToEmitFile(emit, stream, nullptr,
                                   llvm::CodeGenFileType::ObjectFile))
    return fails("a target that emits no objects");
  emit.run(*module);
  return object;
}

//===----------------------------------------------------------------------===//
// Decays
//===----------------------------------------------------------------------===//

std::vector<bool> gsa::findDecays(func::FuncOp spec) {
  std::vector<bool> result;
  for (BlockArgument argument : spec.getArguments()) {
    bool found = false;
    SmallVector<Value> values = {argument};
    SmallPtrSet<Operation *, 8> seen;
    while (!values.empty()) {
      Value value = values.pop_back_val();
      for (Operation *user : value.getUsers()) {
        if (auto op = dyn_cast<MemoryOp>(user))
          found |= op.getDecay() == value;
        else if (auto op = dyn_cast<SlotAttentionOp>(user))
          found |= op.getDecay() == value;
        else if (!isa<LogSigmoidOp, SoftmaxDecayOp>(user) &&
                 OpTrait::hasElementwiseMappableTraits(user) &&
                 seen.insert(user).second)
          llvm::append_range(values, user->getResults());
      }
    }
    result.push_back(found);
  }
  return result;
}
