//===- Translate.cpp - Operands, branches, and the table ------------------===//

#include "Translator.h"

#include <cstring>

using namespace emulator;

bool emulator::readType(const std::string &word, Type &type) {
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
    {"set", &Translator::setHalves},   {"trap", &Translator::finish}};

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
