//===- Report.h - What kernels take, in words -------------------*- C++ -*-===//

#ifndef GSA_REPORT_H
#define GSA_REPORT_H

#include "gsa/Compiler.h"

#include "llvm/Support/Error.h"

namespace mlir::gsa {

/// Extents of a call, for `--report=B=4,T=2048`.
struct CallExtents {
  int64_t batch = 0, time = 0;
  int64_t sequences = 0; ///< of packed sequences, whose batch is 1
};

/// Reads "B=4,T=2048,N=3": each at most once, positive. N is B unless it is
/// given. Fails if B or T is missing.
llvm::Expected<CallExtents> parseExtents(StringRef text);

/// One paragraph a kernel: what each of its images takes of a device, and,
/// with `extents`, the bytes and flops of that call against what the target's
/// reference part can do.
std::string writeReport(const CompiledObject &object,
                        std::optional<CallExtents> extents);

} // namespace mlir::gsa

#endif // GSA_REPORT_H
