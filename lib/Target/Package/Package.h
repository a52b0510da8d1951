//===- Package.h - Between the parts of the packager ------------*- C++ -*-===//

#ifndef GSA_LIB_TARGET_PACKAGE_PACKAGE_H
#define GSA_LIB_TARGET_PACKAGE_PACKAGE_H

#include "gsa/Target/Package.h"

namespace llvm {
class Module;
} // namespace llvm

namespace mlir::gsa {

/// What `module`'s kernels are, in the order of their first appearance, with
/// one image for each target that has them.
FailureOr<std::vector<PackagedKernel>> describeKernels(ModuleOp module);

/// Adds the constants of kernel.h and the exported functions for `kernels`,
/// whose entries and grids `module` defines.
void addDescriptors(llvm::Module &module, ArrayRef<PackagedKernel> kernels);

} // namespace mlir::gsa

#endif // GSA_LIB_TARGET_PACKAGE_PACKAGE_H
