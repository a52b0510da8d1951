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

/// Compiles `nested`, whose kernels `target` runs, to its forms, and gives each
/// of `kernels` one image a form in place of the one it has for that target.
/// The bytes become constants of `whole`. What stays in `nested` are the grid
/// functions, for the host.
LogicalResult compileDeviceModule(ModuleOp nested, const DeviceTarget &target,
                                  MutableArrayRef<PackagedKernel> kernels,
                                  llvm::Module &whole);

/// The same, as text on `stream`; `whole` gets declarations.
LogicalResult printDeviceModule(ModuleOp nested, const DeviceTarget &target,
                                MutableArrayRef<PackagedKernel> kernels,
                                llvm::Module &whole, llvm::raw_ostream &stream);

/// Adds the constants of kernel.h and the exported functions for `kernels`,
/// whose entries and grids `module` defines.
void addDescriptors(llvm::Module &module, ArrayRef<PackagedKernel> kernels);

} // namespace mlir::gsa

#endif // GSA_LIB_TARGET_PACKAGE_PACKAGE_H
