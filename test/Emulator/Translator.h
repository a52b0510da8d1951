//===- Translator.h - One kernel on its way to LLVM IR ----------*- C++ -*-===//
//
// A register is a variable of its width; what is a float is told by the
// instruction. Section numbers are those of the PTX ISA manual 9.0.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_TEST_EMULATOR_TRANSLATOR_H
#define GSA_TEST_EMULATOR_TRANSLATOR_H

#include "Operations.h"
#include "Translate.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"

namespace emulator {

using llvm::Align;
using llvm::AllocaInst;
using llvm::ArrayRef;
using llvm::ArrayType;
using llvm::BasicBlock;
using llvm::CmpInst;
using llvm::ConstantFP;
using llvm::ConstantInt;
using llvm::FixedVectorType;
using llvm::Function;
using llvm::FunctionCallee;
using llvm::FunctionType;
using llvm::IRBuilder;
using llvm::LLVMContext;
using llvm::SmallVector;
using llvm::StringRef;
using llvm::UndefValue;
using llvm::Value;
namespace Intrinsic = llvm::Intrinsic;

/// The type of an instruction: its last word, as "b32" or "bf16x2".
struct Type {
  char kind = 0; ///< b, u, s, f, p(redicate), h (bf16)
  unsigned bits = 0;
  unsigned lanes = 1;
  bool isFloat() const { return kind == 'f' || kind == 'h'; }
  bool isSigned() const { return kind == 's'; }
  unsigned width() const { return bits * lanes; }
};

/// False if `word` is no type.
bool readType(const std::string &word, Type &type);

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
  void setHalves();
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

} // namespace emulator

#endif // GSA_TEST_EMULATOR_TRANSLATOR_H
