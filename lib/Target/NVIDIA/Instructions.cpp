//===- Instructions.cpp - Meeting, exchanging and copying -----------------===//

#include "Instructions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::gsa;

static Value constant(OpBuilder &builder, Location loc, int64_t value) {
  return arith::ConstantIntOp::create(builder, loc, value, 32);
}

static Value sharedPointer(OpBuilder &builder, Location loc, Value address) {
  auto type = LLVM::LLVMPointerType::get(builder.getContext(), kSharedSpace);
  return LLVM::IntToPtrOp::create(builder, loc, type, address);
}

//===----------------------------------------------------------------------===//
// Assembly
//===----------------------------------------------------------------------===//

std::string Assembly::addResult(Type type, StringRef constraint) {
  assert(operands.empty() && "results are numbered before operands");
  results.push_back(type);
  constraints.push_back(constraint.str());
  return "$" + std::to_string(results.size() - 1);
}

std::string Assembly::addOperand(Value value, StringRef constraint) {
  operands.push_back(value);
  constraints.push_back(constraint.str());
  return "$" + std::to_string(results.size() + operands.size() - 1);
}

SmallVector<Value> Assembly::emit(OpBuilder &builder, Location loc) const {
  SmallVector<Type> types;
  if (results.size() > 1)
    types.push_back(
        LLVM::LLVMStructType::getLiteral(builder.getContext(), results));
  else
    types = results;
  std::string all = llvm::join(constraints, ",");
  if (touchesMemory)
    all += all.empty() ? "~{memory}" : ",~{memory}";
  auto assembly = LLVM::InlineAsmOp::create(
      builder, loc, types, operands, text, all, hasSideEffects,
      /*is_align_stack=*/false, LLVM::tailcallkind::TailCallKind::None,
      /*asm_dialect=*/LLVM::AsmDialectAttr(), /*operand_attrs=*/ArrayAttr());
  if (results.size() <= 1)
    return SmallVector<Value>(assembly->getResults());
  SmallVector<Value> values;
  for (int64_t i = 0, e = results.size(); i < e; ++i)
    values.push_back(
        LLVM::ExtractValueOp::create(builder, loc, assembly.getResult(0), i));
  return values;
}

//===----------------------------------------------------------------------===//
// Warps
//===----------------------------------------------------------------------===//

void NVIDIADevice::emitBarrier(OpBuilder &builder, Location loc,
                               const Party &party) const {
  NVVM::BarrierOp::create(builder, loc, Type(),
                          constant(builder, loc, party.number),
                          constant(builder, loc, party.threads),
                          NVVM::BarrierReductionAttr(), Value());
}

/// 9.7.19.5, setmaxnreg.
void NVIDIADevice::emitRegisters(OpBuilder &builder, Location loc,
                                 int64_t count, int64_t before) const {
  NVVM::SetMaxRegisterOp::create(builder, loc, count,
                                 count > before
                                     ? NVVM::SetMaxRegisterAction::increase
                                     : NVVM::SetMaxRegisterAction::decrease);
}

static Value shuffle(OpBuilder &builder, Location loc, Value value,
                     int64_t operand, NVVM::ShflKind kind) {
  constexpr int64_t allLanes = -1, wholeWarp = 31;
  return NVVM::ShflOp::create(
      builder, loc, value.getType(), constant(builder, loc, allLanes), value,
      constant(builder, loc, operand), constant(builder, loc, wholeWarp), kind,
      /*return_value_and_is_valid=*/UnitAttr());
}

Value NVIDIADevice::emitShuffle(OpBuilder &builder, Location loc, Value value,
                                int64_t mask) const {
  return shuffle(builder, loc, value, mask, NVVM::ShflKind::bfly);
}

/// 9.7.13.8, vote: bits of lanes go straight to the warp's own registers. A
/// shuffle queues behind what reads shared memory, matrix instructions too.
static Value vote(OpBuilder &builder, Location loc, Type type, Value condition,
                  NVVM::VoteSyncKind kind) {
  constexpr int64_t allLanes = -1;
  return NVVM::VoteSyncOp::create(
      builder, loc, type, constant(builder, loc, allLanes), condition, kind);
}

Value NVIDIADevice::emitAll(OpBuilder &builder, Location loc,
                            Value condition) const {
  return vote(builder, loc, builder.getI1Type(), condition,
              NVVM::VoteSyncKind::all);
}

Value NVIDIADevice::emitUniform(OpBuilder &builder, Location loc, Value value,
                                int64_t bound) const {
  if (bound == 2) {
    Value isSet = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne,
                                        value, constant(builder, loc, 0));
    Value lanes = vote(builder, loc, builder.getI32Type(), isSet,
                       NVVM::VoteSyncKind::ballot);
    return arith::AndIOp::create(builder, loc, lanes,
                                 constant(builder, loc, 1));
  }
  return shuffle(builder, loc, value, 0, NVVM::ShflKind::idx);
}

Value NVIDIADevice::emitUniformCondition(OpBuilder &builder, Location loc,
                                         Value condition) const {
  // Before 9.0 the assembler guards each shuffle, vote and matrix move that
  // lanes might come to one by one: behind a branch it calls a function that
  // gathers them, and what the function may overwrite is kept in memory, in the
  // loop too if nobody has linked the code yet. A vote's result is the warp's
  // own.
  return loopsVote ? emitAll(builder, loc, condition) : condition;
}

Value NVIDIADevice::emitOpaque(OpBuilder &builder, Location loc,
                               Value value) const {
  Assembly assembly;
  assembly.touchesMemory = false;
  std::string result = assembly.addResult(value.getType(), "=r");
  std::string operand = assembly.addOperand(value, "r");
  assembly.text = "mov.b32 " + result + ", " + operand + ";";
  return assembly.emit(builder, loc).front();
}

SmallVector<Value>
NVIDIADevice::emitOrderMasks(OpBuilder &builder, Location loc, Value number,
                             ArrayRef<int32_t> limits) const {
  // 9.7.7.1, set of f16x2. 0x6600 + n are the bits of 1536 + n in f16, for n
  // from -512 to 511: integers, added to both halves, make the operand. Its
  // high half is one less, so that being above a limit is being at least it.
  constexpr int64_t both = 0x10001, offset = 0x6600;
  auto word = [&](int64_t value) -> Value {
    return arith::ConstantIntOp::create(builder, loc, value, 32);
  };
  Value pair = arith::MulIOp::create(builder, loc, number, word(both));
  pair = arith::AddIOp::create(builder, loc, pair,
                               word(offset * both - (int64_t(1) << 16)));
  return llvm::map_to_vector(limits, [&](int32_t limit) {
    Assembly assembly;
    assembly.touchesMemory = false;
    std::string mask = assembly.addResult(builder.getI32Type(), "=r");
    std::string operand = assembly.addOperand(pair, "r");
    std::string least = assembly.addOperand(word((offset + limit) * both), "r");
    assembly.text =
        "set.ge.u32.f16x2 " + mask + ", " + operand + ", " + least + ";";
    return assembly.emit(builder, loc).front();
  });
}

Value NVIDIADevice::emitTruncation(OpBuilder &builder, Location loc,
                                   Value vector, Type element) const {
  auto type = cast<VectorType>(vector.getType());
  if (!(element.isBF16() || element.isF16()) || type.getNumElements() % 2)
    return Device::emitTruncation(builder, loc, vector, element);
  // 9.7.9.22, cvt: two at once. LLVM takes fptrunc apart where masks meet it.
  auto name = builder.getStringAttr(element.isBF16() ? "llvm.nvvm.ff2bf16x2.rn"
                                                     : "llvm.nvvm.ff2f16x2.rn");
  SmallVector<Value> words;
  for (int64_t i = 0; i < type.getNumElements(); i += 2) {
    Value low = vector::ExtractOp::create(builder, loc, vector, i);
    Value high = vector::ExtractOp::create(builder, loc, vector, i + 1);
    Value pair = LLVM::CallIntrinsicOp::create(builder, loc,
                                               VectorType::get({2}, element),
                                               name, ValueRange{high, low})
                     .getResult(0);
    words.push_back(
        LLVM::BitcastOp::create(builder, loc, builder.getI32Type(), pair));
  }
  return packWords(builder, loc, words, type.clone(element));
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// `.v4.b32` and what it moves, as the operands `{a, b, c, d}`.
static std::string vectorSuffix(int64_t bytes) {
  if (bytes <= 4)
    return ".b" + std::to_string(8 * bytes);
  return ".v" + std::to_string(bytes / 4) + ".b32";
}

static std::string braces(ArrayRef<std::string> names) {
  if (names.size() == 1)
    return names.front();
  return "{" + llvm::join(names, ", ") + "}";
}

Value NVIDIADevice::emitLoad(OpBuilder &builder, Location loc, Value pointer,
                             int64_t bytes, Value present) const {
  if (!present || bytes == 1)
    return Device::emitLoad(builder, loc, pointer, bytes, present);
  // 9.7.9.8, ld: behind a predicate, so that no branch tears the code apart.
  Assembly assembly;
  int64_t words = std::max<int64_t>(bytes / 4, 1);
  Type word = builder.getIntegerType(bytes == 2 ? 16 : 32);
  SmallVector<std::string> names;
  for (int64_t i = 0; i < words; ++i)
    names.push_back(assembly.addResult(word, bytes == 2 ? "=&h" : "=&r"));
  std::string at = assembly.addOperand(pointer, "l");
  std::string guard = assembly.addOperand(present, "b");
  for (const std::string &name : names)
    assembly.text += (bytes == 2 ? "mov.b16 " : "mov.b32 ") + name + ", 0;\n\t";
  assembly.text += "@" + guard + " ld.global" + vectorSuffix(bytes) + " " +
                   braces(names) + ", [" + at + "];";
  SmallVector<Value> values = assembly.emit(builder, loc);
  if (values.size() == 1)
    return values.front();
  return vector::FromElementsOp::create(
      builder, loc, cast<VectorType>(getWordsType(builder, bytes)), values);
}

void NVIDIADevice::emitStore(OpBuilder &builder, Location loc, Value value,
                             Value pointer, Value present) const {
  int64_t bytes = 0;
  SmallVector<Value> words;
  if (auto type = dyn_cast<VectorType>(value.getType())) {
    bytes = 4 * type.getNumElements();
    for (int64_t i = 0; i < type.getNumElements(); ++i)
      words.push_back(vector::ExtractOp::create(builder, loc, value, i));
  } else {
    bytes = value.getType().getIntOrFloatBitWidth() / 8;
    words.push_back(value);
  }
  if (!present || bytes == 1)
    return Device::emitStore(builder, loc, value, pointer, present);
  // 9.7.9.11, st.
  Assembly assembly;
  SmallVector<std::string> names;
  for (Value word : words)
    names.push_back(assembly.addOperand(word, bytes == 2 ? "h" : "r"));
  std::string at = assembly.addOperand(pointer, "l");
  std::string guard = assembly.addOperand(present, "b");
  assembly.text = "@" + guard + " st.global" + vectorSuffix(bytes) + " [" + at +
                  "], " + braces(names) + ";";
  assembly.emit(builder, loc);
}

void NVIDIADevice::emitCopy(OpBuilder &builder, Location loc, Value to,
                            Value pointer, int64_t bytes, Value present) const {
  // Only whole sectors can bypass the first cache.
  auto cache = bytes == 16 ? NVVM::LoadCacheModifierKind::CG
                           : NVVM::LoadCacheModifierKind::CA;
  NVVM::CpAsyncOp::create(builder, loc, sharedPointer(builder, loc, to),
                          pointer, bytes, cache, present);
}

void NVIDIADevice::emitWaitCopies(OpBuilder &builder, Location loc) const {
  LLVM::CallIntrinsicOp::create(
      builder, loc, builder.getStringAttr("llvm.nvvm.cp.async.wait.all"),
      ValueRange());
}

/// 9.7.13.13, griddepcontrol. LLVM's intrinsics say that they touch no memory,
/// and loads would be moved across them.
static void emitGridControl(OpBuilder &builder, Location loc, StringRef what) {
  Assembly assembly;
  assembly.text = ("griddepcontrol." + what + ";").str();
  assembly.emit(builder, loc);
}

void NVIDIADevice::emitAwaitLaunch(OpBuilder &builder, Location loc) const {
  emitGridControl(builder, loc, "wait");
}

void NVIDIADevice::emitReleaseLaunch(OpBuilder &builder, Location loc) const {
  emitGridControl(builder, loc, "launch_dependents");
}

void NVIDIADevice::emitMatrixFence(OpBuilder &builder, Location loc) const {
  // 9.7.13.4, membar/fence: generic writes, cp.async among them, against the
  // reads of wgmma, and of the engine that stores boxes.
  Assembly assembly;
  assembly.text = "fence.proxy.async.shared::cta;";
  assembly.emit(builder, loc);
}

SmallVector<Value> NVIDIADevice::emitWaitProducts(OpBuilder &builder,
                                                  Location loc, int64_t left,
                                                  ValueRange sums,
                                                  ValueRange factors) const {
  // 9.7.15.7, wgmma. The sums go through it, so that nothing reads them
  // before; the factors in registers stay where they are until here.
  Assembly assembly;
  SmallVector<Value> elements;
  for (Value sum : sums) {
    auto type = cast<VectorType>(sum.getType());
    for (int64_t i = 0; i < type.getNumElements(); ++i) {
      elements.push_back(vector::ExtractOp::create(builder, loc, sum, i));
      assembly.addResult(type.getElementType(), "=f");
    }
  }
  for (auto [i, element] : llvm::enumerate(elements))
    assembly.addOperand(element, std::to_string(i));
  for (Value factor : factors)
    for (Value word : unpackWords(builder, loc, factor))
      assembly.addOperand(word, "r");
  assembly.text = "wgmma.wait_group.sync.aligned " + std::to_string(left) + ";";
  SmallVector<Value> values = assembly.emit(builder, loc);
  SmallVector<Value> results;
  ArrayRef<Value> rest = values;
  for (Value sum : sums) {
    auto type = cast<VectorType>(sum.getType());
    results.push_back(
        packWords(builder, loc, rest.take_front(type.getNumElements()), type));
    rest = rest.drop_front(type.getNumElements());
  }
  return results;
}
