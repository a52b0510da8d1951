//===- GSAToLoops.cpp - The oracle: a spec as the plain recurrence --------===//
//
// What every other road is compared with, so it is as plain as it can be: one
// buffer a tensor, one loop nest an operation, and each read and each final
// state runs a recurrence of its own, token after token. Nothing is shared,
// tiled or reordered, and nothing is rounded on the way: floats are of one
// type from the loads of the inputs to the stores of the outputs.
//
//===----------------------------------------------------------------------===//

#include "dialects/GSA/GSA.h"
#include "gsa/Conversion/KernelSignature.h"
#include "gsa/Conversion/Passes.h"
#include "gsa/Transforms/ExpandFunctions.h"
#include "gsa/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::gsa {
#define GEN_PASS_DEF_CONVERTGSATOLOOPSPASS
#include "gsa/Conversion/Passes.h.inc"
} // namespace mlir::gsa

using namespace mlir;
using namespace mlir::gsa;

namespace {
/// One sequence inside the loop over all of them.
struct Sequence {
  Value number; ///< Where its states lie.
  Value batch;  ///< Where its tokens lie.
  Value first;  ///< Its first token.
  Value length; ///< How many it has.
};

/// Writes one function as loops.
class Lowering {
public:
  Lowering(func::FuncOp function, FloatType compute)
      : b(function.getLoc(), function.getContext()), function(function),
        compute(compute) {}

  /// Replaces body and signature. On failure an error was emitted.
  LogicalResult run();

private:
  void lowerReturn(func::ReturnOp op);
  LogicalResult lower(Operation &op);
  LogicalResult lowerConstant(arith::ConstantOp op);
  LogicalResult lowerElementwise(Operation &op);
  void lowerSplat(tensor::SplatOp op);
  void lowerRead(ReadOp op);
  void lowerFinalState(FinalStateOp op);
  void lowerSoftmax(SoftmaxOp op);
  void lowerSoftmaxDecay(SoftmaxDecayOp op);

  // Numbers. All floats between a load and a store are of type `compute`.
  Type computeType(Type type) { return isa<FloatType>(type) ? compute : type; }
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  Value number(double value) {
    return arith::ConstantOp::create(b, b.getFloatAttr(compute, value));
  }
  Value add(Value x, Value y) {
    return isa<FloatType>(x.getType())
               ? arith::AddFOp::create(b, x, y).getResult()
               : arith::AddIOp::create(b, x, y).getResult();
  }
  Value sub(Value x, Value y) {
    return isa<FloatType>(x.getType())
               ? arith::SubFOp::create(b, x, y).getResult()
               : arith::SubIOp::create(b, x, y).getResult();
  }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, x, y); }
  Value exp(Value x) { return math::ExpOp::create(b, x); }
  Value max(Value x, Value y) { return arith::MaximumFOp::create(b, x, y); }
  Value convert(Value value, Type type);

  // Buffers.
  /// `extent` is asked for each dynamic extent of the tensor.
  Value alloc(Type tensor, function_ref<Value(int64_t)> extent);
  /// Dynamic extents, if any, are those of `buffer`, a lowered tensor.
  Value allocLike(Type tensor, Value buffer) {
    return alloc(tensor, [&](int64_t i) { return dim(buffer, i); });
  }
  Value dim(Value buffer, int64_t i) {
    return memref::DimOp::create(b, buffer, i);
  }
  /// An element of a lowered tensor; a lowered scalar itself.
  Value load(Value value, ValueRange indices);
  void store(Value value, Value buffer, ValueRange indices);
  Value lowered(Value value) { return values.lookup(value); }

  // Loops.
  void forEach(Value extent, function_ref<void(Value)> body);
  void forEachElement(Value buffer, function_ref<void(ValueRange)> body);
  /// `init` folded with i = 0 .. extent - 1; returns what the last call does.
  Value fold(Value extent, Value init,
             function_ref<Value(Value i, Value carried)> body);
  /// Sequences of the tokens of `like`, a lowered [B, T, ...] tensor.
  void forEachSequence(Value like, Value offsets,
                       function_ref<void(const Sequence &)> body);
  /// How many sequences there are.
  Value countSequences(Value like, Value offsets);
  /// The token at `step` of the order that time has.
  Value token(const Sequence &sequence, Value step, bool reverse);

  /// Runs a memory's recurrence in a buffer of M x D. Calls `read` after each
  /// token and `finish` after each sequence.
  void recur(
      MemoryOp op,
      function_ref<void(Value state, Value batch, Value time, Value head)> read,
      function_ref<void(Value state, Value sequence, Value head)> finish);

  ImplicitLocOpBuilder b;
  func::FuncOp function;
  FloatType compute;
  /// Tensors to buffers, scalars to scalars; a memory has no entry.
  DenseMap<Value, Value> values;
  SmallVector<Value> outputs, allocated;
};
} // namespace

//===----------------------------------------------------------------------===//
// Numbers, buffers, loops
//===----------------------------------------------------------------------===//

Value Lowering::convert(Value value, Type type) {
  Type from = value.getType();
  if (from == type)
    return value;
  if (from.getIntOrFloatBitWidth() < type.getIntOrFloatBitWidth())
    return arith::ExtFOp::create(b, type, value);
  return arith::TruncFOp::create(b, type, value);
}

Value Lowering::alloc(Type tensor, function_ref<Value(int64_t)> extent) {
  auto type = cast<RankedTensorType>(tensor);
  SmallVector<Value> extents;
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (type.isDynamicDim(i))
      extents.push_back(extent(i));
  auto buffer = memref::AllocOp::create(
      b, MemRefType::get(type.getShape(), computeType(type.getElementType())),
      extents);
  allocated.push_back(buffer);
  return buffer;
}

Value Lowering::load(Value value, ValueRange indices) {
  if (!isa<MemRefType>(value.getType()))
    return value;
  Value element = memref::LoadOp::create(b, value, indices);
  return convert(element, computeType(element.getType()));
}

void Lowering::store(Value value, Value buffer, ValueRange indices) {
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  memref::StoreOp::create(b, convert(value, element), buffer, indices);
}

void Lowering::forEach(Value extent, function_ref<void(Value)> body) {
  auto loop = scf::ForOp::create(b, index(0), extent, index(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

void Lowering::forEachElement(Value buffer,
                              function_ref<void(ValueRange)> body) {
  int64_t rank = cast<MemRefType>(buffer.getType()).getRank();
  SmallVector<Value> indices;
  auto nest = [&](auto &&self) -> void {
    int64_t i = indices.size();
    if (i == rank)
      return body(indices);
    forEach(dim(buffer, i), [&](Value index) {
      indices.push_back(index);
      self(self);
      indices.pop_back();
    });
  };
  nest(nest);
}

Value Lowering::fold(Value extent, Value init,
                     function_ref<Value(Value, Value)> body) {
  auto loop = scf::ForOp::create(b, index(0), extent, index(1), init);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value next = body(loop.getInductionVar(), loop.getRegionIterArg(0));
  scf::YieldOp::create(b, next);
  return loop.getResult(0);
}

Value Lowering::countSequences(Value like, Value offsets) {
  return offsets ? sub(dim(offsets, 0), index(1)) : dim(like, 0);
}

void Lowering::forEachSequence(Value like, Value offsets,
                               function_ref<void(const Sequence &)> body) {
  forEach(countSequences(like, offsets), [&](Value n) {
    if (!offsets)
      return body({n, /*batch=*/n, /*first=*/index(0), dim(like, 1)});
    auto offset = [&](Value i) -> Value {
      return arith::IndexCastOp::create(b, b.getIndexType(), load(offsets, i));
    };
    Value first = offset(n), end = offset(add(n, index(1)));
    body({n, /*batch=*/index(0), first, sub(end, first)});
  });
}

Value Lowering::token(const Sequence &sequence, Value step, bool reverse) {
  if (reverse)
    step = sub(sub(sequence.length, index(1)), step);
  return add(sequence.first, step);
}

//===----------------------------------------------------------------------===//
// Memories and reads
//===----------------------------------------------------------------------===//

void Lowering::recur(MemoryOp op,
                     function_ref<void(Value, Value, Value, Value)> read,
                     function_ref<void(Value, Value, Value)> finish) {
  MemoryType type = op.getMemory().getType();
  Value columns = lowered(op.getColumns()), offsets = lowered(op.getOffsets());
  Value rows = lowered(op.getRows()), decay = lowered(op.getDecay());
  Value initial = lowered(op.getInitial());
  Value state = allocLike(
      RankedTensorType::get({type.getRows(), type.getColumns()}, compute), {});

  // [H], [B, T, H] or [B, T, H, M].
  auto logDecay = [&](Value batch, Value t, Value head, Value m) -> Value {
    int64_t rank = cast<MemRefType>(decay.getType()).getRank();
    if (rank == 1)
      return load(decay, head);
    return load(decay, ArrayRef<Value>{batch, t, head, m}.take_front(rank));
  };

  forEachSequence(columns, offsets, [&](const Sequence &sequence) {
    forEach(index(type.getHeads()), [&](Value head) {
      forEachElement(state, [&](ValueRange i) {
        store(initial ? load(initial, {sequence.number, head, i[0], i[1]})
                      : number(0),
              state, i);
      });
      forEach(sequence.length, [&](Value step) {
        Value t = token(sequence, step, op.getReverse());
        forEach(index(type.getRows()), [&](Value m) {
          Value gate = decay ? logDecay(sequence.batch, t, head, m) : Value();
          // A tied write is 1 - exp(gate), exact for gates near 0.
          Value row =
              rows ? load(rows, {sequence.batch, t, head, m})
                   : arith::NegFOp::create(b, math::ExpM1Op::create(b, gate));
          Value factor = gate ? exp(gate) : Value();
          forEach(index(type.getColumns()), [&](Value d) {
            Value kept = load(state, {m, d});
            if (factor)
              kept = mul(factor, kept);
            Value column = load(columns, {sequence.batch, t, head, d});
            store(add(kept, mul(row, column)), state, {m, d});
          });
        });
        read(state, sequence.batch, t, head);
      });
      finish(state, sequence.number, head);
    });
  });
}

void Lowering::lowerRead(ReadOp op) {
  MemoryType type = op.getMemory().getType();
  bool byRows = op.getSide() == Side::Rows;
  int64_t contracted = byRows ? type.getRows() : type.getColumns();
  int64_t kept = byRows ? type.getColumns() : type.getRows();
  Value vector = lowered(op.getVector());
  auto resultType = cast<RankedTensorType>(op.getResult().getType());
  Value result = allocLike(resultType, vector);
  // Query heads of a group are neighbours and share one memory.
  int64_t group = resultType.getDimSize(2) / type.getHeads();
  double scale = op.getScale().convertToDouble();

  recur(
      op.getMemory().getDefiningOp<MemoryOp>(),
      [&](Value state, Value batch, Value time, Value head) {
        forEach(index(group), [&](Value member) {
          Value first = arith::MulIOp::create(b, head, index(group));
          Value queryHead = add(first, member);
          forEach(index(kept), [&](Value y) {
            Value sum =
                fold(index(contracted), number(0), [&](Value x, Value partial) {
                  Value element =
                      byRows ? load(state, {x, y}) : load(state, {y, x});
                  Value with = load(vector, {batch, time, queryHead, x});
                  return add(partial, mul(element, with));
                });
            store(mul(number(scale), sum), result, {batch, time, queryHead, y});
          });
        });
      },
      [](Value, Value, Value) {});
  values[op.getResult()] = result;
}

void Lowering::lowerFinalState(FinalStateOp op) {
  auto memory = op.getMemory().getDefiningOp<MemoryOp>();
  Value result = alloc(op.getState().getType(), [&](int64_t) {
    return countSequences(lowered(memory.getColumns()),
                          lowered(memory.getOffsets()));
  });
  recur(
      memory, [](Value, Value, Value, Value) {},
      [&](Value state, Value sequence, Value head) {
        forEachElement(state, [&](ValueRange i) {
          store(load(state, i), result, {sequence, head, i[0], i[1]});
        });
      });
  values[op.getState()] = result;
}

//===----------------------------------------------------------------------===//
// Softmax, in a row and over time
//===----------------------------------------------------------------------===//

void Lowering::lowerSoftmax(SoftmaxOp op) {
  Value logits = lowered(op.getOperand());
  Value result = allocLike(op.getResult().getType(), logits);
  forEach(dim(logits, 0), [&](Value batch) {
    forEach(dim(logits, 1), [&](Value time) {
      forEach(dim(logits, 2), [&](Value head) {
        Value size = dim(logits, 3);
        auto logit = [&](Value i) {
          return load(logits, {batch, time, head, i});
        };
        Value largest =
            fold(size, number(-std::numeric_limits<double>::infinity()),
                 [&](Value i, Value so) { return max(so, logit(i)); });
        auto weight = [&](Value i) { return exp(sub(logit(i), largest)); };
        Value total = fold(size, number(0), [&](Value i, Value partial) {
          return add(partial, weight(i));
        });
        forEach(size, [&](Value i) {
          store(arith::DivFOp::create(b, weight(i), total), result,
                {batch, time, head, i});
        });
      });
    });
  });
  values[op.getResult()] = result;
}

void Lowering::lowerSoftmaxDecay(SoftmaxDecayOp op) {
  Value logits = lowered(op.getLogits()), offsets = lowered(op.getOffsets());
  Value initial = lowered(op.getInitial()), final;
  Value decay = allocLike(op.getDecay().getType(), logits);
  if (op.getFinal())
    final = alloc(op.getFinal().getType(),
                  [&](int64_t) { return countSequences(logits, offsets); });
  Value minusInfinity;

  // z' = log(exp z + exp x); z - z' = log_sigmoid(z - x) does not cancel.
  auto step = [&](Value batch, Value t, Value head, Value m, Value z) {
    Value x = load(logits, {batch, t, head, m});
    Value larger = max(z, x);
    // Nothing was written yet, and nothing is now: infinities would cancel.
    Value empty = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, larger,
                                        minusInfinity);
    Value difference = sub(z, x);
    Value logGate = LogSigmoidOp::create(b, difference);
    store(arith::SelectOp::create(b, empty, number(0), logGate), decay,
          {batch, t, head, m});
    Value smaller =
        exp(arith::NegFOp::create(b, math::AbsFOp::create(b, difference)));
    Value next = add(larger, math::Log1pOp::create(b, smaller));
    return arith::SelectOp::create(b, empty, minusInfinity, next).getResult();
  };

  forEachSequence(logits, offsets, [&](const Sequence &sequence) {
    forEach(dim(logits, 2), [&](Value head) {
      forEach(dim(logits, 3), [&](Value m) {
        minusInfinity = number(-std::numeric_limits<double>::infinity());
        Value before =
            initial ? load(initial, {sequence.number, head, m}) : minusInfinity;
        Value after = fold(sequence.length, before, [&](Value i, Value z) {
          Value t = token(sequence, i, op.getReverse());
          return step(sequence.batch, t, head, m, z);
        });
        if (final)
          store(after, final, {sequence.number, head, m});
      });
    });
  });
  values[op.getDecay()] = decay;
  if (final)
    values[op.getFinal()] = final;
}

//===----------------------------------------------------------------------===//
// Elementwise operations
//===----------------------------------------------------------------------===//

LogicalResult Lowering::lowerConstant(arith::ConstantOp op) {
  auto scalar = [&](TypedAttr value) -> Value {
    if (auto real = dyn_cast<FloatAttr>(value))
      return number(real.getValueAsDouble());
    return arith::ConstantOp::create(b, value);
  };
  if (op.getType().isIntOrIndexOrFloat()) {
    values[op] = scalar(op.getValue());
    return success();
  }
  auto elements = dyn_cast<DenseElementsAttr>(op.getValue());
  if (!elements || elements.getType().getRank() != 1 ||
      !isa<RankedTensorType>(op.getType()))
    return op.emitOpError("of a spec must be a scalar or a dense tensor of "
                          "rank 1, got ")
           << op.getType();
  Value buffer = allocLike(op.getType(), {});
  for (auto [i, value] : llvm::enumerate(elements.getValues<TypedAttr>()))
    store(scalar(value), buffer, index(i));
  values[op] = buffer;
  return success();
}

void Lowering::lowerSplat(tensor::SplatOp op) {
  auto extents = op.getDynamicSizes().begin();
  Value buffer =
      alloc(op.getType(), [&](int64_t) { return lowered(*extents++); });
  forEachElement(buffer, [&](ValueRange indices) {
    store(lowered(op.getInput()), buffer, indices);
  });
  values[op] = buffer;
}

LogicalResult Lowering::lowerElementwise(Operation &op) {
  // The element's operation, on scalars.
  auto element = [&](ValueRange indices) -> Value {
    SmallVector<Value> operands =
        llvm::map_to_vector(op.getOperands(), [&](Value operand) {
          return load(lowered(operand), indices);
        });
    if (isa<arith::ExtFOp, arith::TruncFOp>(op))
      return operands.front(); // All floats have one type here.
    Type type = computeType(getElementTypeOrSelf(op.getResult(0)));
    return b
        .create(b.getLoc(), op.getName().getIdentifier(), operands, type,
                op.getAttrs())
        ->getResult(0);
  };
  if (op.getResult(0).getType().isIntOrIndexOrFloat()) {
    values[op.getResult(0)] = element({});
    return success();
  }
  auto type = dyn_cast<RankedTensorType>(op.getResult(0).getType());
  if (!type)
    return op.emitOpError("of a spec must work on scalars or ranked tensors, "
                          "got ")
           << op.getResult(0).getType();
  Value like = lowered(*llvm::find_if(op.getOperands(), [](Value operand) {
    return isa<RankedTensorType>(operand.getType());
  }));
  Value buffer = allocLike(type, like);
  forEachElement(buffer, [&](ValueRange indices) {
    store(element(indices), buffer, indices);
  });
  values[op.getResult(0)] = buffer;
  return success();
}

//===----------------------------------------------------------------------===//
// The function
//===----------------------------------------------------------------------===//

LogicalResult Lowering::lower(Operation &op) {
  b.setLoc(op.getLoc());
  return TypeSwitch<Operation *, LogicalResult>(&op)
      .Case<MemoryOp>([](auto) { return success(); }) // Reads run it.
      .Case([&](ReadOp op) { return lowerRead(op), success(); })
      .Case([&](FinalStateOp op) { return lowerFinalState(op), success(); })
      .Case([&](SoftmaxOp op) { return lowerSoftmax(op), success(); })
      .Case([&](SoftmaxDecayOp op) { return lowerSoftmaxDecay(op), success(); })
      .Case([&](tensor::SplatOp op) { return lowerSplat(op), success(); })
      .Case([&](tensor::DimOp op) {
        values[op] = memref::DimOp::create(b, lowered(op.getSource()),
                                           lowered(op.getIndex()));
        return success();
      })
      .Case([&](arith::ConstantOp op) { return lowerConstant(op); })
      .Case([&](func::ReturnOp op) { return lowerReturn(op), success(); })
      .Default([&](Operation *op) -> LogicalResult {
        // A bit pattern means nothing once floats have another width.
        if (OpTrait::hasElementwiseMappableTraits(op) &&
            op->getNumResults() == 1 && !isa<arith::BitcastOp>(op))
          return lowerElementwise(*op);
        return op->emitError("operation must be a memory, a read or "
                             "elementwise on tensors, got '")
               << op->getName() << "'";
      });
}

LogicalResult Lowering::run() {
  if (!function.getBody().hasOneBlock())
    return function.emitOpError("must have one block, got ")
           << function.getBody().getBlocks().size();
  FailureOr<Kernel> kernel =
      createKernel(function, compute.isF64() ? compute : FloatType());
  if (failed(kernel))
    return failure();

  outputs = kernel->outputs;
  for (auto [tensor, buffer] :
       llvm::zip_equal(kernel->spec->getArguments(), kernel->inputs))
    values[tensor] = buffer;
  b.setInsertionPoint(function.getBody().front().getTerminator());
  for (Operation &op : kernel->spec->front())
    if (failed(lower(op)))
      return failure();
  return success();
}

void Lowering::lowerReturn(func::ReturnOp op) {
  for (auto [operand, output] : llvm::zip_equal(op.getOperands(), outputs)) {
    Value buffer = lowered(operand);
    forEachElement(buffer, [&, output = output](ValueRange indices) {
      store(load(buffer, indices), output, indices);
    });
  }
  for (Value buffer : allocated)
    memref::DeallocOp::create(b, buffer);
}

namespace {
struct ConvertGSAToLoopsPass
    : gsa::impl::ConvertGSAToLoopsPassBase<ConvertGSAToLoopsPass> {
  using ConvertGSAToLoopsPassBase::ConvertGSAToLoopsPassBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal())
      return;
    OpPassManager decompose(func::FuncOp::getOperationName());
    decompose.addPass(createDecomposePass());
    if (failed(runPipeline(decompose, function)))
      return signalPassFailure();

    Builder b(&getContext());
    FloatType compute = f64 ? FloatType(b.getF64Type()) : b.getF32Type();
    if (failed(Lowering(function, compute).run()))
      return signalPassFailure();

    // The functions of a spec became the same functions of scalars.
    RewritePatternSet patterns(&getContext());
    populateExpandFunctionsPatterns(patterns);
    walkAndApplyPatterns(function, std::move(patterns));
  }
};
} // namespace
