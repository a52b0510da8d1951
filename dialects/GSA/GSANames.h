//===- GSANames.h - Names of the gsa attributes of other ops --------------===//

#ifndef DIALECTS_GSA_GSANAMES_H
#define DIALECTS_GSA_GSANAMES_H

#include "llvm/ADT/StringRef.h"

namespace mlir::gsa {

/// Of functions: a kernel, how it is computed. Of modules: for which machine.
inline constexpr llvm::StringLiteral kKernelAttr = "gsa.kernel";
inline constexpr llvm::StringLiteral kScheduleAttr = "gsa.schedule";
inline constexpr llvm::StringLiteral kTargetAttr = "gsa.target";
/// Of a function whose schedule has several launches: which of them it is, a
/// string: "states", "fold" or "outputs" of `segmented`, "reads" or "outputs"
/// of `staged`, see gsa-cut-stages.
inline constexpr llvm::StringLiteral kStageAttr = "gsa.stage";
/// Of a device's kernel at stages `gpu` and `llvm`, i64: threads of a block,
/// bytes of shared memory that the launch gives a block beside what the code
/// declares, and, where it is not 1, blocks of a cluster.
inline constexpr llvm::StringLiteral kThreadsAttr = "gsa.threads";
inline constexpr llvm::StringLiteral kSharedAttr = "gsa.shared";
inline constexpr llvm::StringLiteral kClusterAttr = "gsa.cluster";
/// Of a function whose schedule is `segmented`, an integer: the most cuts of a
/// sequence of which segments fold the memories before them for themselves.
inline constexpr llvm::StringLiteral kOwnFoldsAttr = "gsa.own_folds";
/// Of a kernel, a unit: its code waits for the stages before it, so that it may
/// start early.
inline constexpr llvm::StringLiteral kAwaitsAttr = "gsa.awaits";
/// Of the same, an array: the maps with which it copies boxes of tensors, each
/// a dictionary with the fields of gsa_map. Then its last two arguments are
/// where these lie, a pointer, and an i64 set of those that can be used.
inline constexpr llvm::StringLiteral kMapsAttr = "gsa.maps";
/// Of arguments and results: a name in C, and a role; see `createKernel`.
inline constexpr llvm::StringLiteral kNameAttr = "gsa.name";
inline constexpr llvm::StringLiteral kKindAttr = "gsa.kind";

} // namespace mlir::gsa

#endif // DIALECTS_GSA_GSANAMES_H
