//===- GSAVerifiers.cpp - The numbered constraints of the gsa ops ---------===//
//
// Numbers and laws are those of the ops' documentation in GSAOps.td. What a
// type constraint already says (element types, ranks) is not repeated here.
//
//===----------------------------------------------------------------------===//

#include "dialects/BrokenLaw.h"
#include "dialects/GSA/GSA.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::gsa;

namespace {
/// An operand or result and what the documentation calls it.
struct Named {
  StringRef name;
  Value value;

  RankedTensorType type() const {
    return cast<RankedTensorType>(value.getType());
  }
};
} // namespace

//===----------------------------------------------------------------------===//
// Laws that several ops have
//===----------------------------------------------------------------------===//

/// All extents but B and T are static and not 0. A null value has no extents.
static LogicalResult verifyStatic(Operation *op, StringRef number,
                                  ArrayRef<Named> tensors) {
  for (const Named &tensor : tensors) {
    if (!tensor.value)
      continue;
    ArrayRef<int64_t> shape = tensor.type().getShape();
    if (llvm::any_of(shape.drop_front(shape.size() > 1 ? 2 : 0),
                     [](int64_t extent) { return extent <= 0; }))
      return brokenLaw(op, number, tensor.name,
                       " must have static, positive heads and size, got ",
                       tensor.type());
  }
  return success();
}

/// B and T are those of the first tensor. A decay of [H] has neither.
static LogicalResult verifyTime(Operation *op, StringRef number,
                                ArrayRef<Named> tensors) {
  auto time = [](RankedTensorType type) {
    return type.getShape().take_front(2);
  };
  const Named &first = tensors.front();
  for (const Named &tensor : tensors.drop_front())
    if (tensor.value && tensor.type().getRank() > 1 &&
        time(tensor.type()) != time(first.type()))
      return brokenLaw(op, number, tensor.name, " must have the B and T of ",
                       first.name, ", ", first.type(), ", got ", tensor.type());
  return success();
}

/// [B, T, heads, size]; B and T are another law's.
static LogicalResult verifyHeads(Operation *op, StringRef number,
                                 const Named &tensor, int64_t heads,
                                 int64_t size) {
  RankedTensorType type = tensor.type();
  if (type.getDimSize(2) == heads && type.getDimSize(3) == size)
    return success();
  return brokenLaw(op, number, tensor.name, " must be [B, T, ", heads, ", ",
                   size, "], got ", type);
}

static LogicalResult verifyDecay(Operation *op, StringRef number, Value decay,
                                 int64_t heads, int64_t rows) {
  if (!decay)
    return success();
  auto type = cast<RankedTensorType>(decay.getType());
  int64_t extents[] = {heads, rows};
  ArrayRef<int64_t> expected(extents);
  ArrayRef<int64_t> shape = type.getShape();
  if (getDecayKind(decay) != DecayKind::Row)
    expected = expected.drop_back();
  if (shape.take_back(expected.size()) == expected)
    return success();
  return brokenLaw(op, number, "decay must be [B, T, ", heads, ", ", rows,
                   "], [B, T, ", heads, "] or [", heads, "], got ", type);
}

/// [N, extents...]; N is another law's.
static LogicalResult verifyState(Operation *op, StringRef number,
                                 const Named &state,
                                 ArrayRef<int64_t> extents) {
  if (!state.value)
    return success();
  if (state.type().getShape().drop_front() == extents)
    return success();
  InFlightDiagnostic diagnostic = op->emitOpError();
  diagnostic << state.name << " must be [N";
  for (int64_t extent : extents)
    diagnostic << ", " << extent;
  return diagnostic << "], got " << state.type() << " [" << number << "]";
}

/// N, if it is static: one less than there are offsets, or else B.
static int64_t getSequences(Value time, Value offsets) {
  int64_t extent = cast<RankedTensorType>((offsets ? offsets : time).getType())
                       .getDimSize(0);
  return offsets && !ShapedType::isDynamic(extent) ? extent - 1 : extent;
}

static LogicalResult verifySequences(Operation *op, StringRef number,
                                     const Named &state, int64_t sequences) {
  if (!state.value || ShapedType::isDynamic(sequences))
    return success();
  int64_t found = state.type().getDimSize(0);
  if (ShapedType::isDynamic(found) || found == sequences)
    return success();
  return brokenLaw(op, number, state.name, " must have one state for each of ",
                   sequences, " sequences, got ", found);
}

static LogicalResult verifyPacked(Operation *op, StringRef number,
                                  const Named &tensor, Value offsets) {
  if (!offsets || tensor.type().getDimSize(0) == 1)
    return success();
  return brokenLaw(op, number, tensor.name,
                   " must have a static batch of 1 with offsets, got ",
                   tensor.type());
}

static LogicalResult verifyScale(Operation *op, StringRef number,
                                 const APFloat &scale) {
  if (scale.isFiniteNonZero())
    return success();
  SmallString<16> text;
  scale.toString(text);
  return brokenLaw(op, number, "scale must be finite and not zero, got ", text);
}

//===----------------------------------------------------------------------===//
// Memories and reads
//===----------------------------------------------------------------------===//

LogicalResult MemoryOp::verify() {
  MemoryType type = getType();
  int64_t heads = type.getHeads(), rows = type.getRows();
  Named written{"rows", getRows()}, columns{"columns", getColumns()},
      decay{"decay", getDecay()}, initial{"initial", getInitial()};
  if (failed(verifyStatic(*this, "memory-1", {written, columns, decay})) ||
      failed(verifyTime(*this, "memory-2", {columns, written, decay})) ||
      failed(
          verifyHeads(*this, "memory-3", columns, heads, type.getColumns())) ||
      (getRows() &&
       failed(verifyHeads(*this, "memory-4", written, heads, rows))) ||
      failed(verifyDecay(*this, "memory-5", getDecay(), heads, rows)))
    return failure();
  if (isTied() && getDecayKind() != DecayKind::Row)
    return brokenLaw(*this, "memory-6",
                     "a write without rows must have a decay per row, got ",
                     stringifyDecayKind(getDecayKind()));
  if (failed(verifyState(*this, "memory-7", initial,
                         {heads, rows, type.getColumns()})) ||
      failed(verifyPacked(*this, "memory-8", columns, getOffsets())))
    return failure();
  return verifySequences(*this, "memory-9", initial,
                         getSequences(getColumns(), getOffsets()));
}

LogicalResult ReadOp::verify() {
  MemoryType type = getMemoryType();
  Named vector{"the vector", getVector()}, result{"the result", getResult()};
  if (failed(verifyStatic(*this, "read-1", {vector, result})))
    return failure();

  int64_t queryHeads = vector.type().getDimSize(2);
  if (queryHeads % type.getHeads())
    return brokenLaw(*this, "read-2",
                     "the vector's heads must be a multiple of the memory's ",
                     type.getHeads(), ", got ", queryHeads);

  bool byRows = getSide() == Side::Rows;
  int64_t contracted = byRows ? type.getRows() : type.getColumns();
  int64_t other = byRows ? type.getColumns() : type.getRows();
  if (vector.type().getDimSize(3) != contracted)
    return brokenLaw(*this, "read-3", "the vector of a read by ",
                     stringifySide(getSide()), " must have size ", contracted,
                     ", got ", vector.type().getDimSize(3));
  if (failed(verifyHeads(*this, "read-4", result, queryHeads, other)) ||
      failed(verifyTime(*this, "read-4", {vector, result})))
    return failure();
  if (auto memory = getMemory().getDefiningOp<MemoryOp>())
    if (failed(verifyTime(
            *this, "read-5",
            {{"the memory's columns", memory.getColumns()}, vector})))
      return failure();
  return verifyScale(*this, "read-6", getScale());
}

LogicalResult FinalStateOp::verify() {
  MemoryType type = getMemoryType();
  Named state{"the state", getState()};
  if (failed(verifyState(*this, "final_state-1", state,
                         {type.getHeads(), type.getRows(), type.getColumns()})))
    return failure();
  auto memory = getMemory().getDefiningOp<MemoryOp>();
  if (!memory)
    return success();
  return verifySequences(
      *this, "final_state-2", state,
      getSequences(memory.getColumns(), memory.getOffsets()));
}

LogicalResult SlotAttentionOp::verify() {
  Named queries{"queries", getQueries()}, keys{"keys", getKeys()},
      values{"values", getValues()}, writes{"writes", getWrites()},
      decay{"decay", getDecay()}, result{"the result", getResult()};
  Named keyStates[] = {{"initial_keys", getInitialKeys()},
                       {"final_keys", getFinalKeys()}};
  Named valueStates[] = {{"initial_values", getInitialValues()},
                         {"final_values", getFinalValues()}};

  if (failed(verifyStatic(*this, "slot_attention-1",
                          {queries, keys, values, writes, decay, result})) ||
      failed(verifyTime(*this, "slot_attention-2",
                        {queries, keys, values, writes, decay, result})))
    return failure();

  int64_t heads = keys.type().getDimSize(2);
  int64_t queryHeads = queries.type().getDimSize(2);
  int64_t keySize = keys.type().getDimSize(3);
  int64_t valueSize = values.type().getDimSize(3);
  if (values.type().getDimSize(2) != heads)
    return brokenLaw(*this, "slot_attention-3",
                     "values must have the keys' heads, ", heads, ", got ",
                     values.type().getDimSize(2));
  if (queryHeads % heads)
    return brokenLaw(*this, "slot_attention-4",
                     "the queries' heads must be a multiple of the keys' ",
                     heads, ", got ", queryHeads);
  if (queries.type().getDimSize(3) != keySize)
    return brokenLaw(*this, "slot_attention-5",
                     "queries must have the keys' size, ", keySize, ", got ",
                     queries.type().getDimSize(3));
  if (isTied() && getDecayKind() != DecayKind::Row)
    return brokenLaw(*this, "slot_attention-6",
                     "attention without writes must have a decay per row, got ",
                     stringifyDecayKind(getDecayKind()));

  int64_t slots = getSlots();
  if ((getWrites() &&
       failed(verifyHeads(*this, "slot_attention-7", writes, heads, slots))) ||
      failed(
          verifyDecay(*this, "slot_attention-8", getDecay(), heads, slots)) ||
      failed(verifyHeads(*this, "slot_attention-9", result, queryHeads,
                         valueSize)))
    return failure();
  for (const Named &state : keyStates)
    if (failed(verifyState(*this, "slot_attention-10", state,
                           {heads, slots, keySize})))
      return failure();
  for (const Named &state : valueStates)
    if (failed(verifyState(*this, "slot_attention-10", state,
                           {heads, slots, valueSize})))
      return failure();

  int64_t sequences = getSequences(getQueries(), getOffsets());
  for (const Named &state : llvm::concat<const Named>(keyStates, valueStates))
    if (failed(verifySequences(*this, "slot_attention-11", state, sequences)))
      return failure();
  if (failed(verifyPacked(*this, "slot_attention-12", queries, getOffsets())))
    return failure();
  return verifyScale(*this, "slot_attention-13", getScale());
}

LogicalResult SoftmaxDecayOp::verify() {
  Named logits{"logits", getLogits()}, initial{"initial", getInitial()},
      final{"final", getFinal()};
  if (failed(verifyStatic(*this, "softmax_decay-1", logits)))
    return failure();

  RankedTensorType type = logits.type();
  auto expected =
      RankedTensorType::get(type.getShape(), Float32Type::get(getContext()));
  if (getDecay().getType() != expected)
    return brokenLaw(*this, "softmax_decay-2", "the decay must be ", expected,
                     ", got ", getDecay().getType());
  for (const Named &state : {initial, final})
    if (failed(verifyState(*this, "softmax_decay-3", state,
                           type.getShape().take_back(2))))
      return failure();
  int64_t sequences = getSequences(getLogits(), getOffsets());
  for (const Named &state : {initial, final})
    if (failed(verifySequences(*this, "softmax_decay-4", state, sequences)))
      return failure();
  return verifyPacked(*this, "softmax_decay-5", logits, getOffsets());
}

LogicalResult SoftmaxOp::verify() {
  return verifyStatic(*this, "softmax-1", Named{"the operand", getOperand()});
}

//===----------------------------------------------------------------------===//
// Structure
//===----------------------------------------------------------------------===//

/// Needs of other tokens nothing but what a memory or a decay carries.
static bool followsTime(Operation &op) {
  return isa<MemoryOp, ReadOp, SoftmaxOp, SoftmaxDecayOp, FinalStateOp, YieldOp,
             tensor::SplatOp, tensor::DimOp>(op) ||
         OpTrait::hasElementwiseMappableTraits(&op) ||
         op.hasTrait<OpTrait::ConstantLike>();
}

namespace {
/// The time that an op with a state runs along.
struct Axis {
  bool reverse;
  Value offsets;
  int64_t heads;
};
} // namespace

static std::optional<Axis> getAxis(Operation &op) {
  if (auto memory = dyn_cast<MemoryOp>(op))
    return Axis{memory.getReverse(), memory.getOffsets(),
                memory.getType().getHeads()};
  if (auto decay = dyn_cast<SoftmaxDecayOp>(op))
    return Axis{
        decay.getReverse(), decay.getOffsets(),
        cast<RankedTensorType>(decay.getLogits().getType()).getDimSize(2)};
  return std::nullopt;
}

LogicalResult SweepOp::verifyRegions() {
  Block &body = getBody().front();
  auto yield = cast<YieldOp>(body.getTerminator());
  if (yield.getOperandTypes() != getResultTypes()) {
    InFlightDiagnostic diagnostic = emitOpError("must yield values of types (");
    llvm::interleaveComma(getResultTypes(), diagnostic);
    diagnostic << "), got (";
    llvm::interleaveComma(yield.getOperandTypes(), diagnostic);
    return diagnostic << ") [sweep-1]";
  }

  std::optional<Axis> first;
  for (Operation &op : body) {
    if (!followsTime(op))
      return brokenLaw(*this, "sweep-2",
                       "must hold memories, reads, softmaxes, final states, "
                       "elementwise ops, splats and constants only, got '",
                       op.getName(), "'");
    std::optional<Axis> axis = getAxis(op);
    if (!axis)
      continue;
    if (axis->reverse != getReverse())
      return brokenLaw(
          *this, "sweep-3", "must hold ", getReverse() ? "reverse" : "forward",
          " time only, got a ", axis->reverse ? "reverse" : "forward", " '",
          op.getName(), "'");
    if (!first)
      first = axis;
    if (axis->offsets != first->offsets)
      return brokenLaw(*this, "sweep-4",
                       "must hold one set of offsets, got another at '",
                       op.getName(), "'");
    if (axis->heads != first->heads)
      return brokenLaw(*this, "sweep-5", "must hold memories of ", first->heads,
                       " heads, got ", axis->heads);
  }
  return success();
}
