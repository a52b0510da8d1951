//===- DeviceTarget.h - Machines that a driver runs kernels on --*- C++ -*-===//
//
// The words are the field's: a block of threads runs on one multiprocessor and
// shares its memory; 32 or 64 threads, its lanes, make a warp.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_TARGET_DEVICETARGET_H
#define GSA_TARGET_DEVICETARGET_H

#include "gsa/Target/Atom.h"
#include "gsa/Target/Device.h"
#include "gsa/Target/Target.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"

#include <string>
#include <vector>

namespace llvm {
class Module;
} // namespace llvm

namespace mlir::gsa {

/// What passes may know of a device. Facts.cpp of each family has the sources.
struct DeviceFacts {
  /// Lanes of a warp.
  int64_t warpLanes;
  /// Most bytes of shared memory that a block may use.
  int64_t sharedBytes;
  /// Most 32-bit registers that a lane of our kernels has.
  int64_t laneRegisters;
  /// 32-bit registers that the lanes of all resident blocks of a multiprocessor
  /// share: threads * registers of a block stay below it.
  int64_t registers;
  /// Most threads of a block.
  int64_t blockThreads;
  /// Most blocks of a cluster, which reach each other's shared memory; 1 where
  /// there are no clusters.
  int64_t clusterBlocks;
  /// Copies from memory to shared memory go on while the thread that issued
  /// them computes, and take no registers.
  bool hasAsyncCopies;
  /// An engine copies boxes of tensors, whose maps the runtime makes, to shared
  /// memory: a thread starts it, no lane is needed.
  bool hasBoxCopies;
  /// Some warps of a block may meet at a barrier that the others do not know
  /// of, so that parts of a block can play roles.
  bool hasRoles;
  /// Warps may change the number of their lanes' registers, by multiples of
  /// this: some give up what others get. 0 where all lanes have as many.
  int64_t roleRegisters;
  /// So many registers such a lane has at least.
  int64_t leastRoleRegisters;
  /// Blocks of a launch may start before the launch before it on its stream has
  /// ended, and wait for its end by an instruction.
  bool startsEarly;

  /// The machine that reports compare with, and what its data sheet says.
  StringRef part;
  int64_t multiprocessors;
  double memoryBandwidth; ///< bytes a second
  double matrixRate;      ///< flops a second, bf16 products, dense, f32 sums
  int64_t cacheBytes;     ///< of the last cache before memory

  /// Bytes a second that a copy of large tensors attains, read plus written:
  /// 0.9 of the data sheet's, as measured on the H100 (bench/NOTES.md).
  double getCopyBandwidth() const { return 0.9 * memoryBandwidth; }

  /// Registers of a lane of each warp, added up, that a block of `warps` warps
  /// is launched with, where roles share them: each has the same multiple of
  /// `roleRegisters`, and what that leaves nobody gets.
  int64_t countSharedRegisters(int64_t warps) const {
    int64_t even = registers / (warps * warpLanes);
    return even / roleRegisters * roleRegisters * warps;
  }

  /// A block's tokens are a chain of products and exchanges that wait for each
  /// other, and a launch waits for the driver: neither follows from a data
  /// sheet. Both are as measured on the H100 (bench/NOTES.md), where a chunk of
  /// 64 tokens takes 3.6 us; other parts differ by their clocks, 0.7 to 1.3
  /// times.
  StageTimes getStageTimes() const {
    return {/*token=*/56, /*launch=*/4000,
            static_cast<int64_t>(getCopyBandwidth() * 1e-9), cacheBytes / 4};
  }
};

/// How a kernel is launched.
struct KernelLaunch {
  int64_t threads;     ///< of a block
  int64_t cluster;     ///< blocks of a cluster, 1 for none
  int64_t tensorBytes; ///< of the struct that its first argument points to
  int64_t mapBytes;    ///< of the maps that its second argument points to; 0 if
                       ///< it has no more arguments
};

/// What machine code of one kernel takes, by the assembler's own account.
struct KernelUse {
  std::string kernel;
  int64_t registers;    ///< 32-bit registers of a lane
  int64_t stack;        ///< bytes of memory of its own that a lane has
  int64_t spilled;      ///< bytes that its code stores there, each time it
                        ///< does, as registers are too few
  int64_t staticShared; ///< bytes of shared memory beside the dynamic ones
};

/// A module's kernels in one form that a driver loads.
struct DeviceImage {
  /// Machine code, or text that the driver still compiles, which ends with a
  /// zero.
  SmallVector<char, 0> code;
  bool isText;
  int32_t match; ///< gsa_image::match, a gsa_arch_match
  int32_t rank;  ///< gsa_image::rank
  /// One entry a kernel; empty for text, which nobody has assembled yet.
  std::vector<KernelUse> uses;
};

class DeviceTarget : public Target {
public:
  DeviceTarget(StringRef name, StringRef family, const DeviceFacts &facts)
      : Target(Kind::Device, name, family), facts(facts) {}

  static bool classof(const Target *target) {
    return target->getKind() == Kind::Device;
  }

  const DeviceFacts &getFacts() const { return facts; }
  /// bf16 and f16.
  bool multiplies(Type element) const override;

  /// How lanes meet, exchange and copy.
  virtual const Device &getDevice() const = 0;
  /// Instructions that multiply, in order of preference.
  virtual ArrayRef<const MatrixAtom *> getAtoms() const = 0;
  /// The atom of that name, or null.
  const MatrixAtom *lookupAtom(StringRef name) const;
  /// Whether some atom is asynchronous; with `factor`, one that multiplies it.
  bool multipliesAsync(Type factor = {}) const;

  /// `gsa_image::arch`.
  virtual int32_t getArch() const = 0;

  /// Adds the dialects that the functions below emit.
  virtual void registerDialects(DialectRegistry &registry) const = 0;

  //===--------------------------------------------------------------------===//
  // At stages `gpu` and `llvm`
  //===--------------------------------------------------------------------===//

  /// The thread's number in its block, i32, 0 to threads - 1; lanes of a warp
  /// are numbered together.
  virtual Value emitThreadIndex(OpBuilder &builder, Location loc) const = 0;
  /// The block's number in the grid, i64; blocks of a cluster are numbered
  /// together.
  virtual Value emitBlockIndex(OpBuilder &builder, Location loc) const = 0;

  /// Address space of the pointer to a kernel's parameters.
  virtual unsigned getParameterSpace() const = 0;
  /// Makes a function of the LLVM dialect an entry that the driver can launch.
  /// Its arguments are those of gsa_stage, pointers to what the driver passes
  /// by value among them.
  virtual void markKernel(LLVM::LLVMFuncOp kernel,
                          const KernelLaunch &launch) const = 0;

  //===--------------------------------------------------------------------===//
  // To bytes
  //===--------------------------------------------------------------------===//

  /// Adds what translates the family's dialects to LLVM IR.
  virtual void registerTranslation(DialectRegistry &registry) const = 0;

  /// Compiles `module`, whose triple and layout this sets, to assembly text.
  virtual FailureOr<std::string>
  compileToText(llvm::Module &module,
                llvm::function_ref<InFlightDiagnostic()> emitError) const = 0;

  /// Compiles `module`, whose triple and layout this sets, to all forms that
  /// this machine's tools can make. The same module and tools give the same
  /// bytes. `emitRemark` says what could not be made and why.
  virtual FailureOr<std::vector<DeviceImage>>
  serialize(llvm::Module &module,
            llvm::function_ref<InFlightDiagnostic()> emitError,
            llvm::function_ref<InFlightDiagnostic()> emitRemark) const = 0;

private:
  DeviceFacts facts;
};

/// The dialects that devices emit: passes that ask them to depend on these.
void registerDeviceDialects(DialectRegistry &registry);

/// The device target of the module around `op`. Emits an error when there is no
/// target, or it is a host.
FailureOr<const DeviceTarget *> getDeviceTarget(Operation *op);

} // namespace mlir::gsa

#endif // GSA_TARGET_DEVICETARGET_H
