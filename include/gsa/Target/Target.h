//===- Target.h - The machines that kernels are compiled for ----*- C++ -*-===//
//
// Shared passes ask a target for facts and never read its name; only a
// target's own folder under lib/Target knows what its instructions are called.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_TARGET_TARGET_H
#define GSA_TARGET_TARGET_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Support/LLVM.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>

namespace llvm {
class Function;
} // namespace llvm

namespace mlir::gsa {

/// What passes may know of a machine.
struct Facts {
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

/// A machine, or a family of machines that run the same image.
class Target {
public:
  Target(StringRef name, StringRef family, const Facts &facts,
         const Target *bf16Variant)
      : name(name), family(family), facts(facts), bf16Variant(bf16Variant) {}
  Target(const Target &) = delete;
  Target &operator=(const Target &) = delete;
  virtual ~Target();

  /// As given to `--targets`, in `#gsa.target` and in `gsa_image::chip`.
  StringRef getName() const { return name; }
  /// "cpu" for code that the host runs.
  StringRef getFamily() const { return family; }
  const Facts &getFacts() const { return facts; }

  /// The same machine with `Facts::hasBF16Dot`; null if there is none. Specs
  /// that compute with bf16 get an image for it beside this target's.
  const Target *getBF16Variant() const { return bf16Variant; }

  /// `gsa_image::backend`, a gsa_backend.
  virtual int32_t getBackend() const = 0;
  /// `gsa_image::rank`: larger is better among images that can run.
  virtual int32_t getRank() const = 0;
  /// `gsa_image::features`, a set of gsa_host_feature.
  virtual uint64_t getHostFeatures() const = 0;

  /// `acc` plus the products of the bf16 pairs of `a` and `b`, f32 sums, one
  /// lane a pair: vectors of N, 2N and 2N elements. Only where
  /// `Facts::hasBF16Dot`; N is a power of two, 2 to `Facts::vectorLanes`.
  virtual Value emitPairDot(OpBuilder &builder, Location loc, Value acc,
                            Value a, Value b) const = 0;

  /// Makes code generation use this machine's instructions in `function`.
  virtual void select(llvm::Function &function) const = 0;

private:
  StringRef name, family;
  Facts facts;
  const Target *bf16Variant;
};

/// All targets, best last within a family. The order is part of no interface.
ArrayRef<const Target *> getTargets();

/// The target of that name, or null.
const Target *lookupTarget(StringRef name);

/// The targets that a request for `names` compiles for, in order, each once;
/// with the bf16 variants when `computesBF16`. Emits "a target must be one of
/// ..., got ..." when a name is not a target's.
FailureOr<SmallVector<const Target *>>
expandTargets(ArrayRef<std::string> names, bool computesBF16,
              llvm::function_ref<InFlightDiagnostic()> emitError);

/// The target of the module around `op`, from its `gsa.target` attribute. Emits
/// an error when there is none.
FailureOr<const Target *> getTarget(Operation *op);

} // namespace mlir::gsa

#endif // GSA_TARGET_TARGET_H
