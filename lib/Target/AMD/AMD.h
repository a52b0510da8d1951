//===- AMD.h - AMD's devices as targets -------------------------*- C++ -*-===//

#ifndef GSA_LIB_TARGET_AMD_AMD_H
#define GSA_LIB_TARGET_AMD_AMD_H

#include "gsa/Target/DeviceTarget.h"

namespace mlir::gsa {

/// The devices, by the instruction sets' numbers.
ArrayRef<const Target *> getAMDTargets();

class AMDTarget final : public DeviceTarget {
public:
  AMDTarget(StringRef name, int32_t arch, const DeviceFacts &facts)
      : DeviceTarget(name, "amd", facts), arch(arch) {}

  const Device &getDevice() const override;
  ArrayRef<const MatrixAtom *> getAtoms() const override;

  int32_t getBackend() const override;
  /// The number behind "gfx".
  int32_t getArch() const override { return arch; }

  void registerDialects(DialectRegistry &registry) const override;
  Value emitThreadIndex(OpBuilder &builder, Location loc) const override;
  Value emitBlockIndex(OpBuilder &builder, Location loc) const override;
  unsigned getParameterSpace() const override;
  void markKernel(LLVM::LLVMFuncOp kernel,
                  const KernelLaunch &launch) const override;

  void registerTranslation(DialectRegistry &registry) const override;
  FailureOr<std::string> compileToText(
      llvm::Module &module,
      llvm::function_ref<InFlightDiagnostic()> emitError) const override;
  FailureOr<std::vector<DeviceImage>>
  serialize(llvm::Module &module,
            llvm::function_ref<InFlightDiagnostic()> emitError,
            llvm::function_ref<InFlightDiagnostic()> emitRemark) const override;

private:
  int32_t arch;
};

/// Links `object` to a code object that the driver loads, by the program
/// ld.lld of LLVM. Fails with an error if there is none.
FailureOr<SmallVector<char, 0>>
linkCodeObject(ArrayRef<char> object,
               llvm::function_ref<InFlightDiagnostic()> emitError);

/// What the kernels of a code object take, by its metadata.
FailureOr<std::vector<KernelUse>>
readCodeObject(ArrayRef<char> object,
               llvm::function_ref<InFlightDiagnostic()> emitError);

} // namespace mlir::gsa

#endif // GSA_LIB_TARGET_AMD_AMD_H
