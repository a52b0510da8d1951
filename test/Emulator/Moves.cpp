//===- Moves.cpp - Moves, conversions, loads and stores -------------------===//

#include "Translator.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/Intrinsics.h"

using namespace emulator;

//===----------------------------------------------------------------------===//
// 9.7.9 moves, conversions, memory
//===----------------------------------------------------------------------===//

void Translator::move() {
  Type type = this->type();
  count(2);
  set(bitsOf(at(1), type.width()));
}

void Translator::cvta() {
  // All spaces are parts of one.
  accept({"to", "global", "shared", "local", "param", "const"});
  Type type = this->type();
  count(2);
  set(get(1, type));
}

Value *Translator::narrowFloat(Value *value, Type to) {
  if (to.kind != 'h')
    return builder.CreateFPTrunc(value, irType(to));
  // Round to nearest even; LLVM would call a function of a library that need
  // not be there.
  Value *bits = builder.CreateBitCast(value, builder.getInt32Ty());
  Value *odd = builder.CreateAnd(builder.CreateLShr(bits, 16), 1);
  Value *rounded = builder.CreateLShr(
      builder.CreateAdd(bits, builder.CreateAdd(odd, constant(32, 0x7fff))),
      16);
  Value *isNaN = builder.CreateFCmpUNO(value, value);
  Value *result = builder.CreateSelect(isNaN, constant(32, 0x7fff), rounded);
  return builder.CreateBitCast(resize(result, 16), irType(to));
}

void Translator::convert() {
  size_t words = statement->words.size();
  Type from = typeAt(words - 1), to = typeAt(words - 2);
  accept({"ftz"});
  if (to.lanes == 2) { // the first operand is the upper half
    count(3);
    if (!has("rn") || from.kind != 'f' || from.bits != 32)
      return failUnknown();
    Type half = {to.kind, to.bits, 1};
    auto narrow = [&](size_t index) {
      Value *value = narrowFloat(get(index, from), half);
      return resize(builder.CreateBitCast(value, builder.getInt16Ty()), 32);
    };
    Value *high = narrow(1), *low = narrow(2);
    return set(builder.CreateOr(low, builder.CreateShl(high, 16)));
  }
  count(2);
  Value *value = get(1, from);
  if (from.isFloat() && to.isFloat()) {
    if (from.kind == 'h' && to.bits == 32)
      return set(builder.CreateShl(
          resize(builder.CreateBitCast(value, builder.getInt16Ty()), 32), 16));
    if (from.kind == 'h')
      return failUnknown();
    if (to.bits > from.bits)
      return set(builder.CreateFPExt(value, irType(to)));
    if (to.bits < from.bits) {
      if (!has("rn") || from.bits != 32)
        return failUnknown();
      return set(narrowFloat(value, to));
    }
    if (has("rni"))
      return set(intrinsic(Intrinsic::roundeven, {value}));
    if (has("rzi"))
      return set(intrinsic(Intrinsic::trunc, {value}));
    if (has("rmi"))
      return set(intrinsic(Intrinsic::floor, {value}));
    if (has("rpi"))
      return set(intrinsic(Intrinsic::ceil, {value}));
    return failUnknown();
  }
  if (from.isFloat()) {
    if (has("rni"))
      value = intrinsic(Intrinsic::roundeven, {value});
    else if (has("rmi"))
      value = intrinsic(Intrinsic::floor, {value});
    else if (has("rpi"))
      value = intrinsic(Intrinsic::ceil, {value});
    else if (!has("rzi"))
      return failUnknown();
    return set(builder.CreateIntrinsic(
        to.isSigned() ? Intrinsic::fptosi_sat : Intrinsic::fptoui_sat,
        {irType(to), value->getType()}, {value}));
  }
  if (to.isFloat()) {
    if (!has("rn") || to.kind == 'h')
      return failUnknown();
    return set(from.isSigned() ? builder.CreateSIToFP(value, irType(to))
                               : builder.CreateUIToFP(value, irType(to)));
  }
  // A narrower result is that of the wider one's register, with its sign.
  Value *result = resize(value, to.bits, from.isSigned());
  unsigned width = widthOf(at(0));
  set(width > to.bits ? resize(result, width, to.isSigned()) : result);
}

Value *Translator::memoryOperand(const Operand &operand, Type type,
                                 unsigned lanes, ArrayRef<Value *> written) {
  bool isShared = has("shared") || has("shared::cta");
  bool isPlain = has("global") || has("local") || has("param") || has("const");
  (void)isPlain; // without a space any will do
  accept({"weak", "relaxed", "volatile", "nc", "ca", "cg", "cs", "cv", "lu",
          "wb", "wt"});
  Value *address = addressOf(operand);
  unsigned bytes = type.bits / 8 * lanes;
  builder.CreateStore(constant(32, statement->line),
                      builder.CreateConstInBoundsGEP1_64(
                          builder.getInt8Ty(), thread, offsetof(Thread, line)),
                      /*isVolatile=*/true);
  if (bytes > 1) {
    BasicBlock *bad = BasicBlock::Create(context, "", code);
    BasicBlock *good = BasicBlock::Create(context, "", code);
    builder.CreateCondBr(
        builder.CreateICmpNE(builder.CreateAnd(address, bytes - 1),
                             constant(64, 0)),
        bad, good);
    builder.SetInsertPoint(bad);
    FunctionCallee fail =
        module.getOrInsertFunction("gsaEmulatorFail", builder.getVoidTy(),
                                   builder.getPtrTy(), builder.getPtrTy());
    builder.CreateCall(
        fail, {thread, builder.CreateGlobalString(
                           "address must be aligned to what is accessed, "
                           "got one that is not")});
    builder.CreateUnreachable();
    builder.SetInsertPoint(good);
  }
  if (checkRaces && isShared) {
    for (auto [i, value] : llvm::enumerate(written))
      builder.CreateStore(value,
                          builder.CreateConstInBoundsGEP1_64(
                              builder.getInt8Ty(), thread,
                              offsetof(Thread, arguments) + i * type.bits / 8));
    FunctionCallee touch = module.getOrInsertFunction(
        "gsaEmulatorTouch", builder.getVoidTy(), builder.getPtrTy(),
        builder.getInt64Ty(), builder.getInt32Ty(), builder.getInt32Ty());
    builder.CreateCall(touch, {thread, address, constant(32, bytes),
                               constant(32, !written.empty())});
  }
  return builder.CreateIntToPtr(address, builder.getPtrTy());
}

static unsigned vectorLanes(const Operand &operand) {
  return operand.kind == Operand::Vector
             ? static_cast<unsigned>(operand.parts.size())
             : 1;
}

void Translator::load() {
  Type type = this->type();
  count(2);
  unsigned lanes = vectorLanes(at(0));
  if (lanes > 1 && !has(("v" + std::to_string(lanes)).c_str()))
    return failUnknown();
  Value *pointer = memoryOperand(at(1), type, lanes, {});
  // Elements come before any register is set: the address may be among them.
  SmallVector<Value *, 8> elements;
  for (unsigned i = 0; i < lanes; ++i)
    elements.push_back(builder.CreateAlignedLoad(
        builder.getIntNTy(type.bits),
        builder.CreateConstGEP1_64(builder.getInt8Ty(), pointer,
                                   i * type.bits / 8),
        Align(type.bits / 8)));
  for (unsigned i = 0; i < lanes; ++i) {
    const Operand &to = lanes > 1 ? at(0).parts[i] : at(0);
    unsigned width = widthOf(to);
    setOperand(to, width > type.bits
                       ? resize(elements[i], width, type.isSigned())
                       : elements[i]);
  }
}

void Translator::store() {
  Type type = this->type();
  count(2);
  unsigned lanes = vectorLanes(at(1));
  if (lanes > 1 && !has(("v" + std::to_string(lanes)).c_str()))
    return failUnknown();
  SmallVector<Value *, 8> values;
  for (unsigned i = 0; i < lanes; ++i)
    values.push_back(bitsOf(lanes > 1 ? at(1).parts[i] : at(1), type.bits));
  Value *pointer = memoryOperand(at(0), type, lanes, values);
  for (unsigned i = 0; i < lanes; ++i)
    builder.CreateAlignedStore(values[i],
                               builder.CreateConstGEP1_64(builder.getInt8Ty(),
                                                          pointer,
                                                          i * type.bits / 8),
                               Align(type.bits / 8));
}
