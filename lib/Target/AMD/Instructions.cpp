//===- Instructions.cpp - Meeting and exchanging --------------------------===//

#include "Instructions.h"
#include "AMD.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/ROCDLDialect.h"

using namespace mlir;
using namespace mlir::gsa;

const Device &AMDTarget::getDevice() const {
  static const AMDDevice narrow(32), wide(64);
  return getFacts().warpLanes == 64 ? wide : narrow;
}

void AMDDevice::emitBarrier(OpBuilder &builder, Location loc,
                            const Party &party) const {
  // A part of a block has no barrier of its own: `DeviceFacts::hasRoles`.
  assert(party.number == 0 && "one role has the whole block");
  // LLVM waits for what is under way before it.
  auto scope = builder.getStringAttr("workgroup");
  LLVM::FenceOp::create(builder, loc, LLVM::AtomicOrdering::release, scope);
  ROCDL::SBarrierOp::create(builder, loc);
  LLVM::FenceOp::create(builder, loc, LLVM::AtomicOrdering::acquire, scope);
}

Value AMDDevice::emitShuffle(OpBuilder &builder, Location loc, Value value,
                             int64_t mask) const {
  auto i32 = [&](int64_t number) -> Value {
    return arith::ConstantIntOp::create(builder, loc, number, 32);
  };
  Type word = builder.getI32Type();
  Value zero = i32(0), all = i32(-1);
  Value lane = ROCDL::MbcntLoOp::create(builder, loc, word, all, zero,
                                        ArrayAttr(), ArrayAttr());
  if (lanes == 64)
    lane = ROCDL::MbcntHiOp::create(builder, loc, word, all, lane, ArrayAttr(),
                                    ArrayAttr());
  Value other = arith::XOrIOp::create(builder, loc, lane, i32(mask));
  Value address = arith::ShLIOp::create(builder, loc, other, i32(2));
  Type type = value.getType();
  if (type != word)
    value = arith::BitcastOp::create(builder, loc, word, value);
  Value result =
      ROCDL::DsBpermuteOp::create(builder, loc, word, address, value);
  if (type != word)
    result = arith::BitcastOp::create(builder, loc, type, result);
  return result;
}

Value AMDDevice::emitUniform(OpBuilder &builder, Location loc, Value value,
                             int64_t bound) const {
  return ROCDL::ReadfirstlaneOp::create(builder, loc, value.getType(), value);
}

Value AMDDevice::emitOpaque(OpBuilder &builder, Location loc,
                            Value value) const {
  return LLVM::InlineAsmOp::create(
             builder, loc, TypeRange(value.getType()), value, "; $0", "=v,0",
             /*has_side_effects=*/true,
             /*is_align_stack=*/false, LLVM::tailcallkind::TailCallKind::None,
             LLVM::AsmDialectAttr(), ArrayAttr())
      .getResult(0);
}
