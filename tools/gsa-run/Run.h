//===- Run.h - One spec, compiled, and runs of it ---------------*- C++ -*-===//

#ifndef GSA_TOOLS_RUN_RUN_H
#define GSA_TOOLS_RUN_RUN_H

#include "Inputs.h"
#include "Tensor.h"

#include "gsa/Compiler.h"
#include "gsa/Execution/Loader.h"
#include "gsa/Execution/Oracle.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/SourceMgr.h"

namespace mlir::gsa::run {

/// How to compile.
struct SessionOptions {
  std::string spec; ///< a file
  std::vector<std::string> targets;
  bool verifyEach;
  bool progress; ///< even if standard error is no terminal
};

/// One run.
struct Case {
  std::string function, chip;
  int32_t threads = 0;
  Storage storage = Storage::Dense;
  InputOptions inputs;
  bool check = false;
  double benchSeconds = 0; ///< 0: no measurement
  std::string output, dumpInputs;
};

struct Call;

/// A spec in memory: its kernels, and the oracle if a run needs it. An error
/// without a message has been printed as a diagnostic.
class Session {
public:
  static llvm::Expected<std::unique_ptr<Session>>
  create(const SessionOptions &options);

  /// Writes nothing if it fails.
  llvm::Error run(const Case &one);

private:
  explicit Session(const SessionOptions &options);

  llvm::Error load();
  llvm::Error runImage(const Case &one, Call &call, StringRef chip);
  llvm::Error check(const Case &one, Call &call, StringRef chip);
  llvm::Error bench(const Case &one, Call &call, StringRef chip);
  /// The oracle's outputs for `inputs`.
  llvm::Expected<std::vector<Values>> askOracle(Call &call,
                                                const std::vector<Values> &);

  SessionOptions options;
  DialectRegistry registry;
  llvm::SourceMgr sources;
  std::unique_ptr<MLIRContext> context;
  std::unique_ptr<SourceMgrDiagnosticHandler> handler;
  OwningOpRef<ModuleOp> spec;
  std::vector<PackagedKernel> kernels;
  std::unique_ptr<LoadedObject> object;
  std::unique_ptr<Oracle> oracle;
};

} // namespace mlir::gsa::run

#endif // GSA_TOOLS_RUN_RUN_H
