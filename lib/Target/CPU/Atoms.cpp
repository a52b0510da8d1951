//===- Atoms.cpp - Instructions that are spelled by name ------------------===//

#include "CPU.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace mlir::gsa;

/// VDPBF16PS: rounds to nearest even, flushes subnormal factors and sums (Intel
/// SDM, volume 2).
Value gsa::emitVDPBF16PS(OpBuilder &builder, Location loc, Value acc, Value a,
                         Value b) {
  int64_t bits = 32 * cast<VectorType>(acc.getType()).getNumElements();
  auto name = builder.getStringAttr("llvm.x86.avx512bf16.dpbf16ps." +
                                    std::to_string(bits));
  return LLVM::CallIntrinsicOp::create(builder, loc, acc.getType(), name,
                                       ValueRange{acc, a, b})
      .getResult(0);
}
