//===- Loader.cpp - Object bytes to callable kernels ----------------------===//

#include "gsa/Execution/Loader.h"

#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"

using namespace mlir;
using namespace mlir::gsa;
using namespace llvm::orc;

LoadedObject::LoadedObject(std::unique_ptr<LLJIT> jit) : jit(std::move(jit)) {}
LoadedObject::~LoadedObject() = default;

llvm::Expected<std::unique_ptr<LoadedObject>>
LoadedObject::load(ArrayRef<char> object) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  auto jit = LLJITBuilder().create();
  if (!jit)
    return jit.takeError();
  JITDylib &library = (*jit)->getMainJITDylib();

  SymbolMap runtime;
  auto define = [&](StringRef name, auto *function) {
    runtime[(*jit)->mangleAndIntern(name)] = {
        ExecutorAddr::fromPtr(function),
        llvm::JITSymbolFlags::Exported | llvm::JITSymbolFlags::Callable};
  };
  define("gsa_launch", &gsa_launch);
  define("gsa_preload", &gsa_preload);
  define("gsa_query", &gsa_query);
  define("gsa_workspace_size", &gsa_workspace_size);
  if (llvm::Error error = library.define(absoluteSymbols(std::move(runtime))))
    return error;
  // memcpy and its like, and conversions of f16.
  auto process = DynamicLibrarySearchGenerator::GetForCurrentProcess(
      (*jit)->getDataLayout().getGlobalPrefix());
  if (!process)
    return process.takeError();
  library.addGenerator(std::move(*process));

  if (llvm::Error error =
          (*jit)->addObjectFile(llvm::MemoryBuffer::getMemBufferCopy(
              StringRef(object.data(), object.size()), "kernels")))
    return error;
  return std::unique_ptr<LoadedObject>(new LoadedObject(std::move(*jit)));
}

llvm::Expected<LoadedKernel> LoadedObject::lookup(StringRef name) const {
  LoadedKernel kernel = {};
  auto find = [&](StringRef suffix, auto &pointer) -> llvm::Error {
    auto address = jit->lookup((name + suffix).str());
    if (!address)
      return address.takeError();
    pointer = address->toPtr<std::remove_reference_t<decltype(pointer)>>();
    return llvm::Error::success();
  };
  if (llvm::Error error = find("_kernel", kernel.description))
    return error;
  if (llvm::Error error = find("_forward", kernel.forward))
    return error;
  if (llvm::Error error = find("_query", kernel.query))
    return error;
  if (llvm::Error error = find("_workspace_size", kernel.workspaceSize))
    return error;
  return kernel;
}
