//===- reference.cpp - The oracle of specs, for the device suite ----------===//
//
//   device-reference SPEC -o FILE.o
//
// Writes what the suite's kernels are compared with as an object, and to
// standard output a line for each function: its name, and for each of its
// arguments 1 if it is a log decay, else 0.
//
//===----------------------------------------------------------------------===//

#include "gsa/Compiler.h"
#include "gsa/Execution/Oracle.h"

#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

int main(int argc, char **argv) {
  if (argc != 4 || StringRef(argv[2]) != "-o") {
    llvm::errs() << "usage: device-reference SPEC -o FILE.o\n";
    return 2;
  }
  DialectRegistry registry;
  gsa::registerCompilerDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler handler(sources, &context);
  OwningOpRef<ModuleOp> spec =
      parseSourceFile<ModuleOp>(argv[1], sources, &context);
  if (!spec)
    return 1;

  std::string lines;
  for (auto function : spec->getOps<func::FuncOp>()) {
    lines += function.getName();
    for (bool decay : gsa::findDecays(function))
      lines += decay ? " 1" : " 0";
    lines += "\n";
  }
  // Every machine with a device that kernels are made for has as much.
  auto object = gsa::compileOracle(std::move(spec), "x86-64-v3");
  if (failed(object))
    return 1;
  std::error_code code;
  llvm::raw_fd_ostream file(argv[3], code);
  if (!code) {
    file << StringRef(object->data(), object->size());
    file.close();
    code = file.error();
    file.clear_error();
  }
  if (code) {
    llvm::errs() << "device-reference: '" << argv[3]
                 << "' must be writable, got: " << code.message() << "\n";
    return 1;
  }
  llvm::outs() << lines;
  return 0;
}
