//===- Target.h - The machines that kernels are compiled for ----*- C++ -*-===//
//
// Shared passes ask a target for facts and never read its name; only a
// target's own folder under lib/Target knows what its instructions are called.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_TARGET_TARGET_H
#define GSA_TARGET_TARGET_H

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Types.h"
#include "mlir/Support/LLVM.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>

namespace mlir::gsa {

/// What the stages of a cut sequence take, for the choice of what a call cuts.
struct StageTimes {
  /// Nanoseconds that a block needs for a token at least, whoever else runs:
  /// slot attention, D = 128, M = 64.
  int64_t token;
  /// Nanoseconds from a stage's last block to the next stage's first.
  int64_t launch;
  /// Bytes that all blocks together read and write in a nanosecond.
  int64_t bytes;
  /// Bytes that a cache keeps from one stage for the next, beside what else
  /// goes through it.
  int64_t kept;
};

/// A machine, or a family of machines that run the same image: a HostTarget or
/// a DeviceTarget, which `isa` and `cast` tell apart.
class Target {
public:
  enum class Kind {
    Host,  ///< what calls kernels also runs them; road `vector`
    Device ///< a driver starts them; road `gpu`
  };

  Target(Kind kind, StringRef name, StringRef family)
      : kind(kind), name(name), family(family) {}
  Target(const Target &) = delete;
  Target &operator=(const Target &) = delete;
  virtual ~Target();

  Kind getKind() const { return kind; }
  /// As given to `--targets`, in `#gsa.target` and in `gsa_image::chip`.
  StringRef getName() const { return name; }
  /// The folder of lib/Target that it comes from, in lower case.
  StringRef getFamily() const { return family; }

  /// Whether the machine multiplies tiles of that element type as they are,
  /// with sums of f32. Factors of other types are converted to f32 first.
  virtual bool multiplies(Type element) const = 0;

  /// `gsa_image::backend`, a gsa_backend.
  virtual int32_t getBackend() const = 0;

private:
  Kind kind;
  StringRef name, family;
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
