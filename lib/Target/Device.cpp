//===- Device.cpp - What every device can do ------------------------------===//

#include "gsa/Target/Device.h"
#include "gsa/Target/DeviceTarget.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/ErrorHandling.h"

using namespace mlir;
using namespace mlir::gsa;

Device::~Device() = default;

const MatrixAtom *DeviceTarget::lookupAtom(StringRef name) const {
  for (const MatrixAtom *atom : getAtoms())
    if (atom->getName() == name)
      return atom;
  return nullptr;
}

bool DeviceTarget::multipliesAsync(Type factor) const {
  return llvm::any_of(getAtoms(), [&](const MatrixAtom *atom) {
    return atom->isAsync() && (!factor || atom->multiplies(factor));
  });
}

Type gsa::getWordsType(OpBuilder &builder, int64_t bytes) {
  if (bytes <= 4)
    return builder.getIntegerType(8 * bytes);
  return VectorType::get({bytes / 4}, builder.getI32Type());
}

Value Device::emitAll(OpBuilder &, Location, Value) const {
  llvm_unreachable("lanes have no votes");
}

SmallVector<Value> Device::emitOrderMasks(OpBuilder &builder, Location loc,
                                          Value number,
                                          ArrayRef<int32_t> limits) const {
  ImplicitLocOpBuilder b(loc, builder);
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIntOp::create(b, value, 32);
  };
  // Ones shifted out by 0, 16 and 32 bits, in halves, for 32 at once are too
  // many.
  Value missing = arith::MulIOp::create(b, number, constant(-8));
  return llvm::map_to_vector(limits, [&](int32_t limit) -> Value {
    Value bits = arith::AddIOp::create(b, missing, constant(8 * limit + 8));
    bits = arith::MaxSIOp::create(b, bits, constant(0));
    bits = arith::MinSIOp::create(b, bits, constant(16));
    Value mask = arith::ShRUIOp::create(b, constant(-1), bits);
    return arith::ShRUIOp::create(b, mask, bits);
  });
}

Value Device::emitTruncation(OpBuilder &builder, Location loc, Value vector,
                             Type element) const {
  auto type = cast<VectorType>(vector.getType()).clone(element);
  return arith::TruncFOp::create(builder, loc, type, vector);
}

Value Device::emitLoad(OpBuilder &builder, Location loc, Value pointer,
                       int64_t bytes, Value present) const {
  Type type = getWordsType(builder, bytes);
  auto load = [&](OpBuilder &inner) -> Value {
    return LLVM::LoadOp::create(inner, loc, type, pointer,
                                /*alignment=*/bytes);
  };
  if (!present)
    return load(builder);
  return scf::IfOp::create(
             builder, loc, present,
             [&](OpBuilder &inner, Location) {
               scf::YieldOp::create(inner, loc, load(inner));
             },
             [&](OpBuilder &inner, Location) {
               Value zero = arith::ConstantOp::create(inner, loc,
                                                      inner.getZeroAttr(type));
               scf::YieldOp::create(inner, loc, zero);
             })
      .getResult(0);
}

void Device::emitStore(OpBuilder &builder, Location loc, Value value,
                       Value pointer, Value present) const {
  auto store = [&](OpBuilder &inner) {
    unsigned bits = 0;
    if (auto vector = dyn_cast<VectorType>(value.getType()))
      bits = vector.getNumElements() * vector.getElementTypeBitWidth();
    else
      bits = value.getType().getIntOrFloatBitWidth();
    LLVM::StoreOp::create(inner, loc, value, pointer, /*alignment=*/bits / 8);
  };
  if (!present)
    return store(builder);
  scf::IfOp::create(builder, loc, present, [&](OpBuilder &inner, Location) {
    store(inner);
    scf::YieldOp::create(inner, loc);
  });
}

void Device::emitCopy(OpBuilder &, Location, Value, Value, int64_t,
                      Value) const {
  llvm_unreachable("the device has no asynchronous copies");
}

void Device::emitWaitCopies(OpBuilder &, Location) const {}

SmallVector<Value> Device::emitWaitProducts(OpBuilder &, Location, int64_t,
                                            ValueRange, ValueRange) const {
  llvm_unreachable("the device has no asynchronous products");
}

void Device::emitAwaitLaunch(OpBuilder &, Location) const {
  llvm_unreachable("the device starts no launch early");
}

void Device::emitReleaseLaunch(OpBuilder &, Location) const {
  llvm_unreachable("the device starts no launch early");
}

Value Device::emitClusterRank(OpBuilder &, Location) const {
  llvm_unreachable("the device has no clusters");
}

void Device::emitExpectBoxes(OpBuilder &, Location, Value, int64_t) const {
  llvm_unreachable("the device copies no boxes");
}

void Device::emitRegisters(OpBuilder &, Location, int64_t, int64_t) const {
  llvm_unreachable("the device's lanes all have as many registers");
}

void Device::emitCopyBox(OpBuilder &, Location, Value, Value, ValueRange,
                         Value) const {
  llvm_unreachable("the device copies no boxes");
}

void Device::emitStoreBox(OpBuilder &, Location, Value, Value,
                          ValueRange) const {
  llvm_unreachable("the device copies no boxes");
}

void Device::emitAwaitStores(OpBuilder &, Location) const {
  llvm_unreachable("the device copies no boxes");
}

void Device::emitWaitBoxes(OpBuilder &, Location, Value, Value) const {
  llvm_unreachable("the device copies no boxes");
}

void Device::emitClusterBarrier(OpBuilder &, Location) const {
  llvm_unreachable("the device has no clusters");
}

Value Device::emitPeerAddress(OpBuilder &, Location, Value, Value) const {
  llvm_unreachable("the device has no clusters");
}

void Device::emitMailbox(OpBuilder &, Location, Value, int64_t) const {
  llvm_unreachable("the device has no clusters");
}

Value Device::emitExpect(OpBuilder &, Location, Value, int64_t, Value) const {
  llvm_unreachable("the device has no clusters");
}

void Device::emitSend(OpBuilder &, Location, Value, Value, ValueRange) const {
  llvm_unreachable("the device has no clusters");
}

void Device::emitReceive(OpBuilder &, Location, Value, Value) const {
  llvm_unreachable("the device has no clusters");
}

void Device::emitReceiveRound(OpBuilder &, Location, Value, int64_t, Value,
                              Value) const {
  llvm_unreachable("the device has no clusters");
}
