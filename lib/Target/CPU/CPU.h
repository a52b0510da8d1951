//===- CPU.h - Host processors as targets -----------------------*- C++ -*-===//

#ifndef GSA_LIB_TARGET_CPU_CPU_H
#define GSA_LIB_TARGET_CPU_CPU_H

#include "gsa/Target/HostTarget.h"

#include <memory>

namespace llvm {
class Module;
class TargetMachine;
} // namespace llvm

namespace mlir::gsa {

/// The host processors, each a superset of the one before it.
ArrayRef<const Target *> getCPUTargets();

/// The instruction of that name: see HostTarget::emitPairDot.
Value emitVDPBF16PS(OpBuilder &builder, Location loc, Value acc, Value a,
                    Value b);

/// Code generation for the host: position-independent, for the baseline
/// processor where a function does not select another.
std::unique_ptr<llvm::TargetMachine> createHostMachine();

/// Optimises a module whose layout and triple are `machine`'s.
void optimizeHostModule(llvm::Module &module, llvm::TargetMachine &machine);

} // namespace mlir::gsa

#endif // GSA_LIB_TARGET_CPU_CPU_H
