//===- NVIDIA.h - NVIDIA's devices as targets -------------------*- C++ -*-===//

#ifndef GSA_LIB_TARGET_NVIDIA_NVIDIA_H
#define GSA_LIB_TARGET_NVIDIA_NVIDIA_H

#include "gsa/Target/DeviceTarget.h"

#include "llvm/ADT/StringMap.h"

namespace mlir::gsa {

/// The devices, by compute capability.
ArrayRef<const Target *> getNVIDIATargets();

/// One compute capability, or, with an 'a' behind its number, the instructions
/// of that one alone.
class NVIDIATarget final : public DeviceTarget {
public:
  /// `name` is what PTX calls it, `features` the PTX version as LLVM names it.
  NVIDIATarget(StringRef name, int32_t arch, StringRef features,
               const DeviceFacts &facts)
      : DeviceTarget(name, "nvidia", facts), arch(arch), features(features) {}

  const Device &getDevice() const override;
  ArrayRef<const MatrixAtom *> getAtoms() const override;

  int32_t getBackend() const override;
  int32_t getArch() const override { return arch; }

  void registerDialects(DialectRegistry &registry) const override;
  Value emitThreadIndex(OpBuilder &builder, Location loc) const override;
  Value emitBlockIndex(OpBuilder &builder, Location loc) const override;
  unsigned getParameterSpace() const override { return 0; }
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
  /// Bytes of shared memory that the system keeps of each block and that cubins
  /// count as static: CUDA C++ Programming Guide, "Compute Capability 9.x".
  int64_t getReservedBytes() const { return arch >= 90 ? 1024 : 0; }

  /// Code for this number alone, which no later one runs.
  bool isExact() const { return getName().ends_with("a"); }

  int32_t arch;
  StringRef features;
};

/// What an assembler makes of a module.
struct MachineCode {
  SmallVector<char, 0> bytes; ///< a cubin
  /// Kernel -> KernelUse::spilled; none of kernels that it says nothing of.
  llvm::StringMap<int64_t> spills;
};

/// Machine code for `chip` of a module in PTX, by the program ptxas or the
/// library nvJitLink, whichever this machine has; NVIDIA/Assemble.cpp says
/// where they are looked for. None, with a remark, where there is neither.
/// Fails with an error that has the assembler's words if PTX is refused.
FailureOr<std::optional<MachineCode>>
assemblePTX(StringRef text, StringRef chip,
            llvm::function_ref<InFlightDiagnostic()> emitError,
            llvm::function_ref<InFlightDiagnostic()> emitRemark);

/// What the kernels of a cubin take, in the order of its symbols, for a device
/// whose system keeps `reservedBytes` of each block's static shared memory.
FailureOr<std::vector<KernelUse>>
readCubin(const MachineCode &code, int64_t reservedBytes,
          llvm::function_ref<InFlightDiagnostic()> emitError);

} // namespace mlir::gsa

#endif // GSA_LIB_TARGET_NVIDIA_NVIDIA_H
