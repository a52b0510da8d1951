//===- Loader.h - Object bytes to callable kernels --------------*- C++ -*-===//

#ifndef GSA_EXECUTION_LOADER_H
#define GSA_EXECUTION_LOADER_H

#include "gsa/runtime.h"

#include "mlir/Support/LLVM.h"
#include "llvm/Support/Error.h"

#include <memory>

namespace llvm::orc {
class LLJIT;
} // namespace llvm::orc

namespace mlir::gsa {

/// What an object offers for one kernel; its header declares the same.
struct LoadedKernel {
  const gsa_kernel *description;
  gsa_status (*forward)(const gsa_params *, gsa_stream);
  gsa_status (*query)(const gsa_params *, gsa_query_result *);
  gsa_status (*workspaceSize)(const gsa_params *, size_t *);
};

/// An object in this process, linked with the runtime that this program is
/// linked with: the very bytes that a user's linker would get.
class LoadedObject {
public:
  static llvm::Expected<std::unique_ptr<LoadedObject>>
  load(ArrayRef<char> object);
  ~LoadedObject();

  /// The kernel of that name; valid as long as the object.
  llvm::Expected<LoadedKernel> lookup(StringRef name) const;

private:
  explicit LoadedObject(std::unique_ptr<llvm::orc::LLJIT> jit);

  std::unique_ptr<llvm::orc::LLJIT> jit;
};

} // namespace mlir::gsa

#endif // GSA_EXECUTION_LOADER_H
