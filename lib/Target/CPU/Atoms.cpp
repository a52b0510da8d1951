//===- Atoms.cpp - Instructions that are spelled by name ------------------===//

#include "CPU.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::gsa;

/// VDPBF16PS: rounds to nearest even, flushes subnormal factors and sums (Intel
/// SDM, volume 2).
Value gsa::emitVDPBF16PS(OpBuilder &builder, Location loc, Value acc, Value a,
                         Value b) {
  // The shortest registers have four lanes; fewer are computed twice.
  constexpr int64_t fewestLanes = 4;
  int64_t lanes = cast<VectorType>(acc.getType()).getNumElements();
  if (lanes < fewestLanes) {
    auto repeat = [&](Value vector) -> Value {
      SmallVector<int64_t> twice;
      int64_t size = cast<VectorType>(vector.getType()).getNumElements();
      for (int64_t i = 0; i < size * fewestLanes / lanes; ++i)
        twice.push_back(i % size);
      return vector::ShuffleOp::create(builder, loc, vector, vector, twice);
    };
    Value wide = emitVDPBF16PS(builder, loc, repeat(acc), repeat(a), repeat(b));
    auto first = llvm::to_vector(llvm::seq<int64_t>(0, lanes));
    return vector::ShuffleOp::create(builder, loc, wide, wide, first);
  }
  auto name = builder.getStringAttr("llvm.x86.avx512bf16.dpbf16ps." +
                                    std::to_string(32 * lanes));
  return LLVM::CallIntrinsicOp::create(builder, loc, acc.getType(), name,
                                       ValueRange{acc, a, b})
      .getResult(0);
}
