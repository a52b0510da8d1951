//===- Package.h - Kernels to one object and one C header -------*- C++ -*-===//

#ifndef GSA_TARGET_PACKAGE_H
#define GSA_TARGET_PACKAGE_H

#include "gsa/Target/DeviceTarget.h"

#include "mlir/IR/BuiltinOps.h"

#include <optional>
#include <string>
#include <vector>

namespace mlir::gsa {

/// One argument of a kernel, as `gsa_argument` of kernel.h has it.
struct PackagedArgument {
  std::string name;
  SmallVector<int64_t, 4> shape; ///< extents, or gsa_extent
  int32_t dtype;                 ///< gsa_dtype
  int32_t kind;                  ///< gsa_argument_kind
};

/// How a stage copies boxes of a tensor, as `gsa_map` has it.
struct PackagedMap {
  int32_t tensor, swizzle;
  SmallVector<int32_t, 4> box;
};

/// One launch of an image, as `gsa_stage` has it.
struct PackagedStage {
  std::string symbol; ///< the kernel's name in the code
  std::string grid;   ///< name of a function in the package
  std::string entry;  ///< the same, of hosts
  // Of devices.
  int32_t threads = 0, shared = 0, cluster = 0, flags = 0;
  std::vector<PackagedMap> maps;
  /// What its machine code takes; none of text.
  std::optional<KernelUse> use;
};

/// One kernel for one target, as `gsa_image` has it.
struct PackagedImage {
  const Target *target;
  std::string schedule; ///< text of the attribute
  int32_t rank;
  std::vector<PackagedStage> stages;
  std::vector<PackagedArgument> workspaces;
  std::string segments; ///< name of a function in the package; empty: none
  int64_t scratch = 0;  ///< bytes, of hosts

  // Of devices.
  std::string code; ///< name of a constant in the package
  int32_t match = 0;
  bool isText = false; ///< a driver compiles it
};

/// One kernel, as `gsa_kernel` has it.
struct PackagedKernel {
  std::string name;
  std::vector<PackagedArgument> arguments;
  std::vector<PackagedImage> images;
};

/// The forms a package can have.
enum class PackageForm {
  Object,
  /// For people: the assembly of every device, then the host's, in which the
  /// devices' code is an external symbol.
  Assembly
};

/// What a module at the `llvm` stage compiles to.
struct Package {
  std::vector<PackagedKernel> kernels;
  /// A relocatable ELF object, or its assembly. Its exported symbols are
  /// `<kernel>_kernel`, `_forward`, `_preload`, `_query` and `_workspace_size`;
  /// it needs the runtime, memcpy, memmove and memset, and for f16 on a
  /// processor without F16C the compiler library's __extendhfsf2 and
  /// __truncsfhf2. Neither a global constructor nor writable data. The same
  /// module and the same assemblers give the same bytes.
  SmallVector<char, 0> code;
};

/// Compiles `module`, whose nested modules have targets and hold kernels as
/// `gsa-outline-blocks` leaves them, in the LLVM dialect.
/// Consumes `module`.
FailureOr<Package> package(ModuleOp module, PackageForm form);

/// The C99 and C++ header to call `kernels` with.
std::string writeHeader(ArrayRef<PackagedKernel> kernels);

/// Checks that names of functions and arguments can be names in C and C++ and
/// clash with no other that the header has. Emits an error at `module`.
LogicalResult checkNames(ModuleOp module, ArrayRef<PackagedKernel> kernels);

} // namespace mlir::gsa

#endif // GSA_TARGET_PACKAGE_H
