//===- Translate.cpp - Plain instructions to LLVM IR ----------------------===//
//
// A register is a variable of its width; what is a float is told by the
// instruction. Section numbers are those of the PTX ISA manual 9.0.
//
//===----------------------------------------------------------------------===//

#include "Translate.h"

#include "Operations.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Intrinsics.h"
#include "llvm/IR/Module.h"

using namespace emulator;
using namespace llvm;

namespace {

/// The type of an instruction: its last word, as "b32" or "bf16x2".
struct Type {
  char kind = 0; ///< b, u, s, f, p(redicate), h (bf16)
  unsigned bits = 0;
  unsigned lanes = 1;
  bool isFloat() const { return kind == 'f' || kind == 'h'; }
  bool isSigned() const { return kind == 's'; }
  unsigned width() const { return bits * lanes; }
};

bool readType(const std::string &word, Type &type) {
  type = {};
  if (word == "pred") {
    type.kind = 'p', type.bits = 1;
    return true;
  }
  std::string rest = word;
  if (rest.size() > 2 && rest.compare(rest.size() - 2, 2, "x2") == 0) {
    rest.resize(rest.size() - 2);
    type.lanes = 2;
  }
  if (rest == "bf16") {
    type.kind = 'h', type.bits = 16;
    return true;
  }
  if (rest.size() < 2 || !std::strchr("busf", rest[0]))
    return false;
  type.kind = rest[0];
  for (unsigned bits : {8, 16, 32, 64})
    if (rest.substr(1) == std::to_string(bits))
      type.bits = bits;
  return type.bits != 0;
}

class Translator {
public:
  Translator(const emulator::Module &program, const Kernel &kernel,
             const std::map<std::string, uint64_t> &globals, bool checkRaces,
             std::vector<std::unique_ptr<Operation>> &operations,
             llvm::Module &module, std::string &message)
      : program(program), kernel(kernel), globals(globals),
        checkRaces(checkRaces), operations(operations), module(module),
        context(module.getContext()), builder(context), message(message) {}

  bool run();

private:
  using Handler = void (Translator::*)();
  struct Row {
    const char *name;
    Handler handler;
  };
  static const Row table[];

  //===--- Errors, modifiers ----------------------------------------------===//

  void fail(const std::string &what) {
    if (!failed)
      message = "line " + std::to_string(statement->line) + ": " + what;
    failed = true;
  }
  void failUnknown() {
    fail("instruction must be known to the emulator, got '" + statement->text +
         "' with " + std::to_string(statement->operands.size()) + " operands");
  }
  /// Whether the instruction has `word`, which is then no longer unknown.
  bool has(const char *word) {
    for (size_t i = 1; i < statement->words.size(); ++i)
      if (statement->words[i] == word) {
        seen[i] = true;
        return true;
      }
    return false;
  }
  void accept(std::initializer_list<const char *> words) {
    for (const char *word : words)
      (void)has(word);
  }
  Type typeAt(size_t index) {
    Type type;
    if (index >= statement->words.size() ||
        !readType(statement->words[index], type)) {
      fail("instruction must have a type, got '" + statement->text + "'");
      return {'b', 32, 1};
    }
    seen[index] = true;
    return type;
  }
  /// The last word is the type.
  Type type() { return typeAt(statement->words.size() - 1); }

  //===--- Values -----------------------------------------------------------//

  Value *constant(unsigned bits, uint64_t value) {
    return ConstantInt::get(builder.getIntNTy(bits), value, false, true);
  }
  llvm::Type *irType(Type type) {
    llvm::Type *element = type.kind == 'h'  ? builder.getBFloatTy()
                          : !type.isFloat() ? builder.getIntNTy(type.bits)
                          : type.bits == 16 ? builder.getHalfTy()
                          : type.bits == 32 ? builder.getFloatTy()
                                            : builder.getDoubleTy();
    return type.lanes == 1
               ? element
               : static_cast<llvm::Type *>(FixedVectorType::get(element, 2));
  }
  Value *resize(Value *value, unsigned bits, bool isSigned = false) {
    return isSigned ? builder.CreateSExtOrTrunc(value, builder.getIntNTy(bits))
                    : builder.CreateZExtOrTrunc(value, builder.getIntNTy(bits));
  }
  Value *field(size_t offset, unsigned bits) {
    Value *at =
        builder.CreateConstInBoundsGEP1_64(builder.getInt8Ty(), thread, offset);
    return builder.CreateLoad(builder.getIntNTy(bits), at);
  }

  /// An operand's `bits` bits.
  Value *bitsOf(const Operand &operand, unsigned bits);
  /// Operand `index` as a value of `type`.
  Value *get(size_t index, Type type) {
    return as(bitsOf(at(index), type.width()), type);
  }
  Value *as(Value *bits, Type type) {
    return type.isFloat() || type.lanes > 1
               ? builder.CreateBitCast(bits, irType(type))
               : bits;
  }
  const Operand &at(size_t index) {
    static const Operand none;
    if (index < statement->operands.size())
      return statement->operands[index];
    failUnknown();
    return none;
  }
  void setOperand(const Operand &operand, Value *value);
  void set(Value *value) { setOperand(at(0), value); }
  void count(size_t operands) {
    if (statement->operands.size() != operands)
      failUnknown();
  }
  Value *addressOf(const Operand &operand);
  unsigned widthOf(const Operand &operand) {
    auto found = registerTypes.find(operand.name);
    return found == registerTypes.end() ? 0 : found->second;
  }

  Value *intrinsic(Intrinsic::ID id, std::initializer_list<Value *> values) {
    return builder.CreateIntrinsic(id, {(*values.begin())->getType()},
                                   ArrayRef<Value *>(values));
  }
  Value *call(StringRef name, Value *value) {
    FunctionCallee function =
        module.getOrInsertFunction(name, value->getType(), value->getType());
    return builder.CreateCall(function, {value});
  }

  //===--- Instructions ---------------------------------------------------===//

  void binary();
  void multiply();
  void multiplyAdd();
  void unary();
  void bits();
  void shift();
  void compare();
  void select();
  void convert();
  void move();
  void load();
  void store();
  void function();
  void branch();
  void finish();
  void cvta();

  /// Saturates and rounds away what is no number's business.
  Value *narrowFloat(Value *value, Type to);
  /// The address of a load, or of a store of `written`.
  Value *memoryOperand(const Operand &operand, Type type, unsigned lanes,
                       ArrayRef<Value *> written);
  void operation(const Reading &reading);
  void translateStatement();

  const emulator::Module &program;
  const Kernel &kernel;
  const std::map<std::string, uint64_t> &globals;
  bool checkRaces;
  std::vector<std::unique_ptr<Operation>> &operations;
  llvm::Module &module;
  LLVMContext &context;
  IRBuilder<> builder;
  std::string &message;
  bool failed = false;

  Function *code = nullptr;
  Value *thread = nullptr;
  std::map<std::string, AllocaInst *> registers;
  std::map<std::string, unsigned> registerTypes;
  std::map<std::string, AllocaInst *> locals;
  std::map<std::string, BasicBlock *> labels;
  const Statement *statement = nullptr;
  std::vector<bool> seen;
};

} // namespace

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

Value *Translator::bitsOf(const Operand &operand, unsigned bits) {
  switch (operand.kind) {
  case Operand::Register: {
    AllocaInst *variable = registers[operand.name];
    return resize(builder.CreateLoad(variable->getAllocatedType(), variable),
                  bits);
  }
  case Operand::Immediate:
    return constant(bits, static_cast<uint64_t>(operand.value));
  case Operand::Special:
    if (operand.name == "%SP" || operand.name == "%SPL")
      break;
    for (unsigned i = 0; i < NumSpecials; ++i)
      if (operand.name == specialNames[i])
        return resize(
            field(offsetof(Thread, special) + i * sizeof(uint32_t), 32), bits);
    break;
  case Operand::Symbol: {
    for (const Parameter &parameter : kernel.parameters)
      if (parameter.name == operand.name)
        return resize(builder.CreateAdd(field(offsetof(Thread, parameters), 64),
                                        constant(64, parameter.offset)),
                      bits);
    for (const std::string &shared : program.shared)
      if (shared == operand.name)
        return resize(field(offsetof(Thread, shared), 64), bits);
    auto local = locals.find(operand.name);
    if (local != locals.end())
      return resize(builder.CreatePtrToInt(local->second, builder.getInt64Ty()),
                    bits);
    auto global = globals.find(operand.name);
    if (global != globals.end())
      return resize(constant(64, global->second), bits);
    break;
  }
  case Operand::Vector: { // the first element is the lowest
    unsigned each = bits / operand.parts.size();
    Value *result = constant(bits, 0);
    for (size_t i = 0; i < operand.parts.size(); ++i)
      result = builder.CreateOr(
          result, builder.CreateShl(
                      resize(bitsOf(operand.parts[i], each), bits), i * each));
    return result;
  }
  case Operand::Address:
    return resize(addressOf(operand), bits);
  case Operand::Sink:
    break;
  }
  fail("operand must be known, got '" + operand.name + "' in '" +
       statement->text + "'");
  return UndefValue::get(builder.getIntNTy(bits));
}

Value *Translator::addressOf(const Operand &operand) {
  if (operand.kind != Operand::Address || operand.parts.empty()) {
    failUnknown();
    return constant(64, 0);
  }
  return builder.CreateAdd(bitsOf(operand.parts[0], 64),
                           constant(64, static_cast<uint64_t>(operand.value)));
}

void Translator::setOperand(const Operand &operand, Value *value) {
  if (!value->getType()->isIntegerTy())
    value = builder.CreateBitCast(
        value, builder.getIntNTy(value->getType()->getPrimitiveSizeInBits()));
  unsigned bits = value->getType()->getIntegerBitWidth();
  switch (operand.kind) {
  case Operand::Register: {
    AllocaInst *variable = registers[operand.name];
    builder.CreateStore(resize(value, widthOf(operand)), variable);
    return;
  }
  case Operand::Sink:
    return;
  case Operand::Vector: {
    unsigned each = bits / operand.parts.size();
    for (size_t i = 0; i < operand.parts.size(); ++i)
      setOperand(operand.parts[i],
                 resize(builder.CreateLShr(value, i * each), each));
    return;
  }
  default:
    return fail("result must be a register, got '" + operand.name + "'");
  }
}

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

void Translator::select() {
  Type type = this->type();
  count(4);
  set(builder.CreateSelect(get(3, {'p', 1, 1}), get(1, type), get(2, type)));
}

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
    for (auto [i, value] : enumerate(written))
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

//===----------------------------------------------------------------------===//
// 9.7.12 control flow
//===----------------------------------------------------------------------===//

void Translator::branch() {
  accept({"uni"});
  count(1);
  auto found = labels.find(at(0).name);
  if (found == labels.end())
    return fail("label must stand in the kernel, got '" + at(0).name + "'");
  builder.CreateBr(found->second);
}

void Translator::finish() {
  if (statement->words[0] == "trap") {
    FunctionCallee fail =
        module.getOrInsertFunction("gsaEmulatorFail", builder.getVoidTy(),
                                   builder.getPtrTy(), builder.getPtrTy());
    builder.CreateCall(fail, {thread, builder.CreateGlobalString("trap")});
    builder.CreateUnreachable();
    return;
  }
  builder.CreateRetVoid();
}

const Translator::Row Translator::table[] = {
    {"add", &Translator::binary},      {"sub", &Translator::binary},
    {"div", &Translator::binary},      {"rem", &Translator::binary},
    {"min", &Translator::binary},      {"max", &Translator::binary},
    {"and", &Translator::binary},      {"or", &Translator::binary},
    {"xor", &Translator::binary},      {"mul", &Translator::multiply},
    {"mad", &Translator::multiplyAdd}, {"fma", &Translator::multiplyAdd},
    {"neg", &Translator::unary},       {"abs", &Translator::unary},
    {"not", &Translator::unary},       {"popc", &Translator::unary},
    {"brev", &Translator::unary},      {"clz", &Translator::unary},
    {"bfe", &Translator::bits},        {"lop3", &Translator::bits},
    {"prmt", &Translator::bits},       {"shl", &Translator::shift},
    {"shr", &Translator::shift},       {"shf", &Translator::shift},
    {"ex2", &Translator::function},    {"lg2", &Translator::function},
    {"rcp", &Translator::function},    {"sqrt", &Translator::function},
    {"rsqrt", &Translator::function},  {"tanh", &Translator::function},
    {"setp", &Translator::compare},    {"selp", &Translator::select},
    {"cvt", &Translator::convert},     {"mov", &Translator::move},
    {"cvta", &Translator::cvta},       {"ld", &Translator::load},
    {"st", &Translator::store},        {"bra", &Translator::branch},
    {"ret", &Translator::finish},      {"exit", &Translator::finish},
    {"trap", &Translator::finish}};

//===----------------------------------------------------------------------===//
// Instructions of the run time
//===----------------------------------------------------------------------===//

void Translator::operation(const Reading &reading) {
  operations.push_back(std::make_unique<Operation>(reading.operation));
  Operation *object = operations.back().get();
  // Results stand first.
  size_t numOperands = 0;
  std::vector<const Operand *> results;
  while (results.size() < object->numResults &&
         numOperands < statement->operands.size()) {
    const Operand &operand = statement->operands[numOperands++];
    if (operand.kind == Operand::Vector)
      for (const Operand &part : operand.parts)
        results.push_back(&part);
    else
      results.push_back(&operand);
  }
  if (results.size() != object->numResults || results.size() > kMaxResults)
    return failUnknown();

  unsigned index = 0;
  auto pass = [&](Value *value) {
    Value *to = builder.CreateConstInBoundsGEP1_64(
        builder.getInt8Ty(), thread,
        offsetof(Thread, arguments) + sizeof(uint64_t) * index++);
    builder.CreateStore(resize(value, 64), to);
  };
  auto passValue = [&](const Operand &operand) {
    unsigned width = widthOf(operand);
    pass(bitsOf(operand, width ? width : 64));
  };
  for (size_t i = numOperands; i < statement->operands.size(); ++i) {
    const Operand &operand = statement->operands[i];
    if (operand.kind == Operand::Vector) {
      for (const Operand &part : operand.parts)
        if (!reading.vectorsByAddress)
          passValue(part);
        else if (part.kind == Operand::Register)
          pass(builder.CreatePtrToInt(registers[part.name],
                                      builder.getInt64Ty()));
        else
          return failUnknown();
    } else {
      passValue(operand);
      // A box's coordinates.
      for (size_t part = 1; part < operand.parts.size(); ++part)
        passValue(operand.parts[part]);
    }
  }
  if (index > kMaxArguments)
    return failUnknown();

  builder.CreateStore(constant(32, statement->line),
                      builder.CreateConstInBoundsGEP1_64(
                          builder.getInt8Ty(), thread, offsetof(Thread, line)),
                      /*isVolatile=*/true);
  auto *type = FunctionType::get(builder.getVoidTy(),
                                 {builder.getPtrTy(), builder.getPtrTy()},
                                 /*isVarArg=*/false);
  auto pointer = [&](const void *address) {
    return builder.CreateIntToPtr(
        constant(64, reinterpret_cast<uint64_t>(address)), builder.getPtrTy());
  };
  builder.CreateCall(type,
                     pointer(reinterpret_cast<const void *>(object->execute)),
                     {thread, pointer(object)});
  for (size_t i = 0; i < results.size(); ++i) {
    unsigned width = widthOf(*results[i]);
    if (width)
      setOperand(
          *results[i],
          resize(field(offsetof(Thread, results) + sizeof(uint64_t) * i, 64),
                 width));
  }
}

void Translator::translateStatement() {
  BasicBlock *next = nullptr;
  if (!statement->guard.empty()) {
    BasicBlock *body = BasicBlock::Create(context, "", code);
    next = BasicBlock::Create(context, "", code);
    AllocaInst *guard = registers[statement->guard];
    Value *isSet = builder.CreateLoad(builder.getInt1Ty(), guard);
    builder.CreateCondBr(isSet, statement->negated ? next : body,
                         statement->negated ? body : next);
    builder.SetInsertPoint(body);
  }
  Reading reading;
  bool isKnown;
  if (readOperation(*statement, reading, isKnown)) {
    operation(reading);
  } else {
    const Row *found = nullptr;
    for (const Row &row : table)
      if (!isKnown && statement->words[0] == row.name)
        found = &row;
    if (!found)
      return failUnknown();
    seen.assign(statement->words.size(), false);
    seen[0] = true;
    (this->*found->handler)();
    for (bool each : seen)
      if (!each)
        failUnknown();
  }
  if (next) {
    if (!builder.GetInsertBlock()->getTerminator())
      builder.CreateBr(next);
    builder.SetInsertPoint(next);
  }
}

bool Translator::run() {
  auto *type = FunctionType::get(builder.getVoidTy(), {builder.getPtrTy()},
                                 /*isVarArg=*/false);
  code = Function::Create(type, Function::ExternalLinkage, kernel.name, module);
  thread = code->getArg(0);
  builder.SetInsertPoint(BasicBlock::Create(context, "", code));
  for (const auto &[name, typeName] : kernel.registers) {
    Type type;
    if (!readType(typeName, type)) {
      message = "register '" + name +
                "' must have a type that is known, got '" + typeName + "'";
      return false;
    }
    registers[name] = builder.CreateAlloca(builder.getIntNTy(type.bits));
    registerTypes[name] = type.bits;
  }
  for (const Variable &local : kernel.locals) {
    AllocaInst *variable =
        builder.CreateAlloca(ArrayType::get(builder.getInt8Ty(), local.bytes));
    variable->setAlignment(Align(local.align));
    locals[local.name] = variable;
  }
  for (const Statement &each : kernel.body)
    if (!each.label.empty())
      labels[each.label] = BasicBlock::Create(context, "", code);
  for (const Statement &each : kernel.body) {
    statement = &each;
    if (!each.label.empty()) {
      if (!builder.GetInsertBlock()->getTerminator())
        builder.CreateBr(labels[each.label]);
      builder.SetInsertPoint(labels[each.label]);
      continue;
    }
    if (builder.GetInsertBlock()->getTerminator()) // behind a jump
      builder.SetInsertPoint(BasicBlock::Create(context, "", code));
    translateStatement();
    if (failed)
      return false;
  }
  if (!builder.GetInsertBlock()->getTerminator())
    builder.CreateRetVoid();
  return true;
}

bool emulator::translate(const emulator::Module &program, const Kernel &kernel,
                         const std::map<std::string, uint64_t> &globals,
                         bool checkRaces,
                         std::vector<std::unique_ptr<Operation>> &operations,
                         llvm::Module &module, std::string &message) {
  return Translator(program, kernel, globals, checkRaces, operations, module,
                    message)
      .run();
}
