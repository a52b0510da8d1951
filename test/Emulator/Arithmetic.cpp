//===- Arithmetic.cpp - What computes with registers ----------------------===//

#include "Translator.h"

#include "llvm/IR/Intrinsics.h"

using namespace emulator;

//===----------------------------------------------------------------------===//
// 9.7.1 to 9.7.5: arithmetic
//===----------------------------------------------------------------------===//

void Translator::binary() {
  Type type = this->type();
  const std::string &name = statement->words[0];
  accept({"rn", "ftz", "approx"});
  count(3);
  Value *a = get(1, type), *b = get(2, type), *result = nullptr;
  if (type.isFloat()) {
    bool isNaN = has("NaN");
    if (name == "add")
      result = builder.CreateFAdd(a, b);
    else if (name == "sub")
      result = builder.CreateFSub(a, b);
    else if (name == "div")
      result = builder.CreateFDiv(a, b);
    else if (name == "min")
      result =
          intrinsic(isNaN ? Intrinsic::minimum : Intrinsic::minnum, {a, b});
    else if (name == "max")
      result =
          intrinsic(isNaN ? Intrinsic::maximum : Intrinsic::maxnum, {a, b});
    if (has("sat") && result)
      result = intrinsic(
          Intrinsic::minnum,
          {intrinsic(Intrinsic::maxnum,
                     {result, ConstantFP::get(result->getType(), 0.0)}),
           ConstantFP::get(result->getType(), 1.0)});
  } else {
    bool isSigned = type.isSigned();
    if (name == "add")
      result = builder.CreateAdd(a, b);
    else if (name == "sub")
      result = builder.CreateSub(a, b);
    else if (name == "and")
      result = builder.CreateAnd(a, b);
    else if (name == "or")
      result = builder.CreateOr(a, b);
    else if (name == "xor")
      result = builder.CreateXor(a, b);
    else if (name == "min")
      result = intrinsic(isSigned ? Intrinsic::smin : Intrinsic::umin, {a, b});
    else if (name == "max")
      result = intrinsic(isSigned ? Intrinsic::smax : Intrinsic::umax, {a, b});
    else if (name == "div")
      result = isSigned ? builder.CreateSDiv(a, b) : builder.CreateUDiv(a, b);
    else if (name == "rem")
      result = isSigned ? builder.CreateSRem(a, b) : builder.CreateURem(a, b);
  }
  if (!result)
    return failUnknown();
  set(result);
}

void Translator::multiply() {
  Type type = this->type();
  count(3);
  if (type.isFloat()) {
    accept({"rn", "ftz"});
    return set(builder.CreateFMul(get(1, type), get(2, type)));
  }
  Value *a = get(1, type), *b = get(2, type);
  if (has("lo"))
    return set(builder.CreateMul(a, b));
  bool isWide = has("wide");
  if (!isWide && !has("hi"))
    return failUnknown();
  unsigned twice = 2 * type.bits;
  Value *product = builder.CreateMul(resize(a, twice, type.isSigned()),
                                     resize(b, twice, type.isSigned()));
  set(isWide ? product
             : resize(builder.CreateLShr(product, type.bits), type.bits));
}

void Translator::multiplyAdd() {
  Type type = this->type();
  count(4);
  if (type.isFloat()) { // fma, and mad of floats is the same
    accept({"rn", "ftz"});
    return set(
        intrinsic(Intrinsic::fma, {get(1, type), get(2, type), get(3, type)}));
  }
  Type sum = type;
  bool isWide = has("wide");
  if (isWide)
    sum.bits *= 2;
  else if (!has("lo"))
    return failUnknown();
  Value *product =
      builder.CreateMul(resize(get(1, type), sum.bits, type.isSigned()),
                        resize(get(2, type), sum.bits, type.isSigned()));
  set(builder.CreateAdd(product, get(3, sum)));
}

void Translator::unary() {
  Type type = this->type();
  const std::string &name = statement->words[0];
  accept({"ftz"});
  count(2);
  Value *a = get(1, type);
  if (name == "neg")
    return set(type.isFloat() ? builder.CreateFNeg(a) : builder.CreateNeg(a));
  if (name == "abs")
    return set(type.isFloat()
                   ? intrinsic(Intrinsic::fabs, {a})
                   : builder.CreateIntrinsic(Intrinsic::abs, {a->getType()},
                                             {a, builder.getFalse()}));
  if (name == "not")
    return set(builder.CreateNot(a));
  if (name == "popc")
    return set(resize(intrinsic(Intrinsic::ctpop, {a}), 32));
  if (name == "brev")
    return set(intrinsic(Intrinsic::bitreverse, {a}));
  if (name == "clz")
    return set(resize(builder.CreateIntrinsic(Intrinsic::ctlz, {a->getType()},
                                              {a, builder.getFalse()}),
                      32));
  failUnknown();
}

void Translator::bits() {
  Type type = this->type();
  const std::string &name = statement->words[0];
  if (name == "bfe") {
    // As long as all of it is inside: what is used. Otherwise zeros come in.
    count(4);
    if (type.isSigned())
      return failUnknown();
    Type word = {'u', 32, 1};
    Value *from = builder.CreateAnd(get(2, word), 255);
    Value *length = builder.CreateAnd(get(3, word), 255);
    Value *wide =
        builder.CreateLShr(resize(get(1, type), 512), resize(from, 512));
    Value *mask = builder.CreateSub(
        builder.CreateShl(constant(512, 1), resize(length, 512)),
        constant(512, 1));
    return set(resize(builder.CreateAnd(wide, mask), type.bits));
  }
  if (name == "lop3") {
    count(5);
    Value *a = get(1, type), *b = get(2, type), *c = get(3, type);
    uint64_t table = static_cast<uint64_t>(at(4).value);
    Value *result = constant(type.bits, 0);
    for (unsigned i = 0; i < 8; ++i)
      if (table >> i & 1) {
        auto pick = [&](Value *value, bool isSet) {
          return isSet ? value : builder.CreateNot(value);
        };
        result = builder.CreateOr(
            result, builder.CreateAnd(pick(a, i >> 2 & 1),
                                      builder.CreateAnd(pick(b, i >> 1 & 1),
                                                        pick(c, i & 1))));
      }
    return set(result);
  }
  if (name == "prmt") {
    count(4);
    if (statement->words.size() != 2)
      return failUnknown();
    Value *wide =
        builder.CreateOr(resize(get(1, type), 64),
                         builder.CreateShl(resize(get(2, type), 64), 32));
    Value *selector = resize(get(3, type), 64);
    Value *result = constant(32, 0);
    for (unsigned i = 0; i < 4; ++i) {
      Value *nibble = builder.CreateLShr(selector, 4 * i);
      Value *shift =
          builder.CreateShl(builder.CreateAnd(nibble, 7), constant(64, 3));
      Value *byte = resize(builder.CreateLShr(wide, shift), 8);
      Value *sign = builder.CreateAShr(byte, 7);
      Value *isSign =
          builder.CreateICmpNE(builder.CreateAnd(nibble, 8), constant(64, 0));
      byte = builder.CreateSelect(isSign, sign, byte);
      result =
          builder.CreateOr(result, builder.CreateShl(resize(byte, 32), 8 * i));
    }
    return set(result);
  }
  failUnknown();
}

void Translator::shift() {
  Type type = this->type();
  const std::string &name = statement->words[0];
  if (name == "shf") { // funnel: {b, a} moved by c
    count(4);
    bool isLeft = has("l"), isWrap = has("wrap");
    if (!isLeft)
      (void)has("r");
    if (!isWrap && !has("clamp"))
      return failUnknown();
    Value *by = get(3, type);
    by = isWrap ? builder.CreateAnd(by, 31)
                : intrinsic(Intrinsic::umin, {by, constant(32, 32)});
    Value *wide =
        builder.CreateOr(resize(get(1, type), 64),
                         builder.CreateShl(resize(get(2, type), 64), 32));
    by = resize(by, 64);
    return set(resize(isLeft
                          ? builder.CreateLShr(builder.CreateShl(wide, by), 32)
                          : builder.CreateLShr(wide, by),
                      32));
  }
  // What is moved by more than its width is gone.
  count(3);
  Value *a = get(1, type), *by = get(2, {'u', 32, 1});
  Value *limit = constant(32, type.bits - 1);
  Value *near = resize(intrinsic(Intrinsic::umin, {by, limit}), type.bits);
  if (name == "shr" && type.isSigned())
    return set(builder.CreateAShr(a, near));
  Value *moved =
      name == "shl" ? builder.CreateShl(a, near) : builder.CreateLShr(a, near);
  set(builder.CreateSelect(builder.CreateICmpUGT(by, limit),
                           constant(type.bits, 0), moved));
}

void Translator::function() {
  Type type = this->type();
  const std::string &name = statement->words[0];
  accept({"approx", "ftz", "rn"});
  count(2);
  Value *a = get(1, type);
  if (type.kind != 'f' || type.bits != 32)
    return failUnknown();
  Value *one = ConstantFP::get(a->getType(), 1.0);
  if (name == "ex2")
    set(call("exp2f", a));
  else if (name == "lg2")
    set(call("log2f", a));
  else if (name == "rcp")
    set(builder.CreateFDiv(one, a));
  else if (name == "sqrt")
    set(intrinsic(Intrinsic::sqrt, {a}));
  else if (name == "rsqrt")
    set(builder.CreateFDiv(one, intrinsic(Intrinsic::sqrt, {a})));
  else if (name == "tanh")
    set(call("tanhf", a));
  else
    failUnknown();
}

//===----------------------------------------------------------------------===//
// 9.7.6 comparison and selection
//===----------------------------------------------------------------------===//

void Translator::compare() {
  Type type = this->type();
  accept({"ftz"});
  static const struct {
    const char *name;
    CmpInst::Predicate ofFloats, ofSigned, ofUnsigned;
  } relations[] = {
      {"eq", CmpInst::FCMP_OEQ, CmpInst::ICMP_EQ, CmpInst::ICMP_EQ},
      {"ne", CmpInst::FCMP_ONE, CmpInst::ICMP_NE, CmpInst::ICMP_NE},
      {"lt", CmpInst::FCMP_OLT, CmpInst::ICMP_SLT, CmpInst::ICMP_ULT},
      {"le", CmpInst::FCMP_OLE, CmpInst::ICMP_SLE, CmpInst::ICMP_ULE},
      {"gt", CmpInst::FCMP_OGT, CmpInst::ICMP_SGT, CmpInst::ICMP_UGT},
      {"ge", CmpInst::FCMP_OGE, CmpInst::ICMP_SGE, CmpInst::ICMP_UGE},
      {"equ", CmpInst::FCMP_UEQ, {}, {}},
      {"neu", CmpInst::FCMP_UNE, {}, {}},
      {"ltu", CmpInst::FCMP_ULT, {}, {}},
      {"leu", CmpInst::FCMP_ULE, {}, {}},
      {"gtu", CmpInst::FCMP_UGT, {}, {}},
      {"geu", CmpInst::FCMP_UGE, {}, {}},
      {"num", CmpInst::FCMP_ORD, {}, {}},
      {"nan", CmpInst::FCMP_UNO, {}, {}},
      {"lo", {}, {}, CmpInst::ICMP_ULT},
      {"ls", {}, {}, CmpInst::ICMP_ULE},
      {"hi", {}, {}, CmpInst::ICMP_UGT},
      {"hs", {}, {}, CmpInst::ICMP_UGE}};
  Value *result = nullptr;
  for (const auto &relation : relations) {
    if (statement->words[1] != relation.name)
      continue;
    seen[1] = true;
    CmpInst::Predicate predicate = type.isFloat()    ? relation.ofFloats
                                   : type.isSigned() ? relation.ofSigned
                                                     : relation.ofUnsigned;
    // The names of float relations that compare nothing are no integers'.
    if (!type.isFloat() && predicate < CmpInst::FIRST_ICMP_PREDICATE)
      break;
    result = builder.CreateCmp(predicate, get(1, type), get(2, type));
  }
  if (!result)
    return failUnknown();
  for (const char *word : {"and", "or", "xor"})
    if (has(word)) {
      Value *other = get(3, {'p', 1, 1});
      result = word[0] == 'a'   ? builder.CreateAnd(result, other)
               : word[0] == 'o' ? builder.CreateOr(result, other)
                                : builder.CreateXor(result, other);
      count(4);
      return set(result);
    }
  count(3);
  set(result);
}

/// A mask a half.
void Translator::setHalves() {
  count(3);
  if (statement->text != "set.ge.u32.f16x2")
    return failUnknown();
  accept({"ge", "u32", "f16x2"});
  auto *halves = FixedVectorType::get(builder.getHalfTy(), 2);
  auto operand = [&](size_t index) {
    return builder.CreateBitCast(get(index, {'b', 32, 1}), halves);
  };
  Value *masks =
      builder.CreateSExt(builder.CreateFCmpOGE(operand(1), operand(2)),
                         FixedVectorType::get(builder.getInt16Ty(), 2));
  set(builder.CreateBitCast(masks, builder.getInt32Ty()));
}

void Translator::select() {
  Type type = this->type();
  count(4);
  set(builder.CreateSelect(get(3, {'p', 1, 1}), get(1, type), get(2, type)));
}
