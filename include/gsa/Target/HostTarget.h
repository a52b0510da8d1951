//===- HostTarget.h - Processors that run what they call --------*- C++ -*-===//

#ifndef GSA_TARGET_HOSTTARGET_H
#define GSA_TARGET_HOSTTARGET_H

#include "gsa/Target/Target.h"

#include "mlir/IR/Builders.h"

namespace llvm {
class Function;
} // namespace llvm

namespace mlir::gsa {

/// What passes may know of a host processor.
struct HostFacts {
  /// f32 elements of a vector register.
  int64_t vectorLanes;
  /// Vector registers that code can name.
  int64_t vectorRegisters;
  /// a * b + c is one instruction, rounded once.
  bool hasFMA;
  /// There is an instruction that adds the products of bf16 pairs to f32, and
  /// one that rounds f32 to bf16.
  bool hasBF16Dot;
};

/// On Zen 4 (bench/NOTES.md): a thread computes 60 GFLOP/s, and copies 23 GB/s.
/// A stage begins when threads wake up.
inline constexpr StageTimes kHostStageTimes = {1100, 5000, 23, 8 << 20};

class HostTarget : public Target {
public:
  HostTarget(StringRef name, StringRef family, const HostFacts &facts,
             const Target *bf16Variant)
      : Target(Kind::Host, name, family), facts(facts),
        bf16Variant(bf16Variant) {}

  static bool classof(const Target *target) {
    return target->getKind() == Kind::Host;
  }

  const HostFacts &getFacts() const { return facts; }
  bool multiplies(Type element) const override;

  /// The same machine with `HostFacts::hasBF16Dot`; null if there is none.
  /// Specs that compute with bf16 get an image for it beside this target's.
  const Target *getBF16Variant() const { return bf16Variant; }

  /// `gsa_image::rank`: larger is better among images that can run.
  virtual int32_t getRank() const = 0;
  /// `gsa_image::features`, a set of gsa_host_feature.
  virtual uint64_t getHostFeatures() const = 0;

  /// `acc` plus the products of the bf16 pairs of `a` and `b`, f32 sums, one
  /// lane a pair: vectors of N, 2N and 2N elements. Only where
  /// `HostFacts::hasBF16Dot`; N is a power of two, 2 to
  /// `HostFacts::vectorLanes`.
  virtual Value emitPairDot(OpBuilder &builder, Location loc, Value acc,
                            Value a, Value b) const = 0;

  /// Makes code generation use this machine's instructions in `function`.
  virtual void select(llvm::Function &function) const = 0;

private:
  HostFacts facts;
  const Target *bf16Variant;
};

/// The host target of the module around `op`. Emits an error when there is no
/// target, or it is a device.
FailureOr<const HostTarget *> getHostTarget(Operation *op);

} // namespace mlir::gsa

#endif // GSA_TARGET_HOSTTARGET_H
