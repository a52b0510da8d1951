//===- CheckSpec.cpp - What a spec may contain ----------------------------===//
//
// The list in dialects/GSA/README.md, as errors at the user's own lines. Passes
// behind this one rely on it and say nothing of their own.
//
//===----------------------------------------------------------------------===//

#include "dialects/GSA/GSA.h"
#include "gsa/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::gsa {
#define GEN_PASS_DEF_CHECKSPECPASS
#include "gsa/Transforms/Passes.h.inc"
} // namespace mlir::gsa

using namespace mlir;
using namespace mlir::gsa;

//===----------------------------------------------------------------------===//
// Scans
//===----------------------------------------------------------------------===//

namespace {
/// What carries something along time: a memory, slot attention's two, or the
/// running sum of a softmax.
struct Scan {
  Operation *op;
  Value offsets;
  bool reverse;
  int64_t heads;
  SmallVector<OpOperand *> initial;
  SmallVector<Value> final; ///< results of `op`, or of `gsa.final_state`
};
} // namespace

static std::optional<Scan> scanOf(Operation *op) {
  auto append = [](SmallVector<OpOperand *> &to, MutableOperandRange range) {
    for (OpOperand &operand : range)
      to.push_back(&operand);
  };
  auto headsOf = [](Value value) {
    return cast<RankedTensorType>(value.getType()).getDimSize(2);
  };
  return llvm::TypeSwitch<Operation *, std::optional<Scan>>(op)
      .Case([&](MemoryOp memory) {
        Scan scan{op,
                  memory.getOffsets(),
                  memory.getReverse(),
                  memory.getType().getHeads(),
                  {},
                  {}};
        append(scan.initial, memory.getInitialMutable());
        for (Operation *user : memory->getUsers())
          if (auto state = dyn_cast<FinalStateOp>(user))
            scan.final.push_back(state.getState());
        return scan;
      })
      .Case([&](SlotAttentionOp attention) {
        Scan scan{op,
                  attention.getOffsets(),
                  attention.getReverse(),
                  headsOf(attention.getKeys()),
                  {},
                  {}};
        append(scan.initial, attention.getInitialKeysMutable());
        append(scan.initial, attention.getInitialValuesMutable());
        for (Value state :
             {attention.getFinalKeys(), attention.getFinalValues()})
          if (state)
            scan.final.push_back(state);
        return scan;
      })
      .Case([&](SoftmaxDecayOp decay) {
        Scan scan{op,
                  decay.getOffsets(),
                  decay.getReverse(),
                  headsOf(decay.getLogits()),
                  {},
                  {}};
        append(scan.initial, decay.getInitialMutable());
        if (Value state = decay.getFinal())
          scan.final.push_back(state);
        return scan;
      })
      .Default([](Operation *) { return std::nullopt; });
}

//===----------------------------------------------------------------------===//
// Laws
//===----------------------------------------------------------------------===//

namespace {
class SpecChecker {
public:
  explicit SpecChecker(func::FuncOp func) : func(func) {}

  LogicalResult check();

private:
  LogicalResult checkSignature();
  LogicalResult checkOp(Operation &op);
  LogicalResult checkSplat(tensor::SplatOp splat);
  LogicalResult checkStates();
  LogicalResult checkResults();
  /// All scans must be one loop over time.
  LogicalResult checkSweep();

  func::FuncOp func;
  SmallVector<Scan> scans;
  DenseMap<Value, Operation *> states; ///< to the scan that starts or ends so
};
} // namespace

/// "argument 2", "a constant" or "the result of 'gsa.read'", for messages.
static std::string describe(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return "argument " + std::to_string(argument.getArgNumber());
  Operation *op = value.getDefiningOp();
  if (isa<arith::ConstantOp>(op))
    return "a constant";
  return "the result of '" + op->getName().getStringRef().str() + "'";
}

static bool isTable(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getElementType().isInteger() &&
         !tensor.getElementType().isInteger(1);
}

/// Whether elementwise operations of a spec may take or make `type`.
static bool isComputable(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return type.isIntOrIndexOrFloat();
  return llvm::is_contained({1, 3, 4}, tensor.getRank()) && !isTable(type);
}

LogicalResult SpecChecker::checkSignature() {
  if (func.isExternal())
    return func.emitError("a spec's function must have a body, got a "
                          "declaration of '")
           << func.getSymName() << "'";
  size_t blocks = func.getBody().getBlocks().size();
  if (blocks != 1)
    return func.emitError("a spec's function must have one block, got ")
           << blocks;
  for (Type type : llvm::concat<const Type>(func.getArgumentTypes(),
                                            func.getResultTypes())) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor || !llvm::is_contained({1, 3, 4}, tensor.getRank()))
      return func.emitError("a spec's arguments and results must be ranked "
                            "tensors of 1, 3 or 4 dimensions, got ")
             << type;
  }
  for (BlockArgument argument : func.getArguments()) {
    auto type = cast<RankedTensorType>(argument.getType());
    if (type.getElementType().isInteger() && type.getRank() != 1)
      return func.emitError("a spec's integers must be offsets, got argument ")
             << argument.getArgNumber() << " of type " << type;
  }
  return success();
}

LogicalResult SpecChecker::checkSplat(tensor::SplatOp splat) {
  RankedTensorType type = splat.getType();
  unsigned next = 0;
  for (int64_t i = 0, e = type.getRank(); i < e; ++i) {
    if (!type.isDynamicDim(i))
      continue;
    Value extent = splat.getDynamicSizes()[next++];
    auto size = extent.getDefiningOp<tensor::DimOp>();
    if (!size)
      return splat.emitOpError("extent ")
             << i << " must be the result of 'tensor.dim', got "
             << describe(extent);
    if (size.getConstantIndex() != i)
      return splat.emitOpError("extent ")
             << i << " must be dimension " << i << " of a tensor over time, "
             << "got another dimension";
  }
  return success();
}

LogicalResult SpecChecker::checkOp(Operation &op) {
  if (std::optional<Scan> scan = scanOf(&op)) {
    scans.push_back(std::move(*scan));
    return success();
  }
  // An operand of type !gsa.memory can only come from a gsa.memory: no argument
  // and no result of another operation has that type.
  if (isa<ReadOp, FinalStateOp, SoftmaxOp>(op))
    return success();
  if (auto size = dyn_cast<tensor::DimOp>(op)) {
    Value source = size.getSource();
    auto type = dyn_cast<RankedTensorType>(source.getType());
    if (!isa<BlockArgument>(source) || !type || type.getRank() < 3)
      return op.emitOpError("must be of an argument over time, got ")
             << describe(source) << " of type " << source.getType();
    for (Operation *user : op.getUsers())
      if (!isa<tensor::SplatOp>(user))
        return user->emitOpError("must not compute with sizes: they may only "
                                 "be extents of 'tensor.splat'");
    return success();
  }
  bool known = isa<tensor::SplatOp, arith::ConstantOp>(op) ||
               OpTrait::hasElementwiseMappableTraits(&op);
  if (!known)
    return op.emitError("a spec's operations must be of gsa (but sweeps), "
                        "elementwise, tensor.splat, tensor.dim or "
                        "arith.constant, got '")
           << op.getName() << "'";
  for (Type type :
       llvm::concat<const Type>(op.getOperandTypes(), op.getResultTypes())) {
    if (isTable(type))
      return op.emitOpError("must not compute with integers: tensors of them "
                            "may only be offsets, got ")
             << type;
    if (!isComputable(type))
      return op.emitOpError("must have scalars and tensors of 1, 3 or 4 "
                            "dimensions, got ")
             << type;
  }
  DenseElementsAttr elements;
  if (matchPattern(&op, m_Constant(&elements)) && !elements.isSplat() &&
      elements.getType().getRank() > 1)
    return op.emitOpError("must be one number, or one for each head, got "
                          "several");
  if (auto splat = dyn_cast<tensor::SplatOp>(op))
    return checkSplat(splat);
  return success();
}

LogicalResult SpecChecker::checkStates() {
  for (Scan &scan : scans) {
    for (Value state : scan.final)
      states[state] = scan.op;
    for (OpOperand *initial : scan.initial)
      if (isa<BlockArgument>(initial->get()))
        states.try_emplace(initial->get(), scan.op);
  }
  DenseSet<OpOperand *> starts;
  for (Scan &scan : scans)
    for (OpOperand *initial : scan.initial) {
      starts.insert(initial);
      if (!states.contains(initial->get()))
        return scan.op->emitOpError("must start from an argument, got ")
               << describe(initial->get());
    }
  for (Operation &op : func.getBody().front())
    for (OpOperand &operand : op.getOpOperands())
      if (states.contains(operand.get()) && !starts.contains(&operand) &&
          !isa<func::ReturnOp>(op))
        return op.emitOpError("must not compute with a state: it may only "
                              "start a memory or be returned, got ")
               << describe(operand.get());
  return success();
}

LogicalResult SpecChecker::checkResults() {
  Operation *terminator = func.getBody().front().getTerminator();
  if (terminator->getNumOperands() == 0)
    return func.emitError("a spec must have a result, got none");
  for (auto [i, value] : llvm::enumerate(terminator->getOperands())) {
    if (isa<BlockArgument>(value) || value.getDefiningOp<arith::ConstantOp>())
      return terminator->emitError("result ")
             << i << " must be computed from arguments, got "
             << describe(value);
    if (cast<RankedTensorType>(value.getType()).getRank() < 3)
      return terminator->emitError("result ")
             << i << " must be over time or a final state, got "
             << value.getType();
  }
  return success();
}

LogicalResult SpecChecker::checkSweep() {
  // What no result needs is dropped before it is fused.
  DenseSet<Operation *> live;
  bool readsTime = false;
  SmallVector<Operation *> worklist = {func.getBody().front().getTerminator()};
  while (!worklist.empty()) {
    Operation *op = worklist.pop_back_val();
    for (Value operand : op->getOperands()) {
      if (Operation *def = operand.getDefiningOp()) {
        if (live.insert(def).second)
          worklist.push_back(def);
        continue;
      }
      auto type = cast<RankedTensorType>(operand.getType());
      readsTime |= type.getRank() >= 3 && !states.contains(operand) &&
                   !isa<tensor::DimOp>(op);
    }
  }
  llvm::erase_if(scans, [&](Scan &scan) { return !live.contains(scan.op); });
  if (scans.empty())
    return func.emitError("a spec must hold a memory that its results depend "
                          "on, got none");
  if (!readsTime)
    return func.emitError("a spec must read an argument over time, got none "
                          "but for its size");

  Scan &first = scans.front();
  for (Scan &scan : scans) {
    auto disagree = [&](StringRef law, const Twine &found, Scan &with) {
      InFlightDiagnostic diagnostic = scan.op->emitOpError("must ");
      diagnostic << law << " '" << with.op->getName()
                 << "' to be in one kernel with it, got " << found;
      diagnostic.attachNote(with.op->getLoc()) << "the other is here";
      return diagnostic;
    };
    auto tableOf = [](Value offsets) {
      return offsets ? describe(offsets) : std::string("none");
    };
    if (scan.reverse != first.reverse)
      return disagree(
          "have the direction of",
          scan.reverse ? "reverse and forward" : "forward and reverse", first);
    if (scan.offsets != first.offsets)
      return disagree("have the offsets of",
                      tableOf(scan.offsets) + " and " + tableOf(first.offsets),
                      first);
    if (scan.heads != first.heads)
      return disagree("have as many heads as",
                      Twine(scan.heads) + " and " + Twine(first.heads), first);
    for (OpOperand *initial : scan.initial)
      if (!isa<BlockArgument>(initial->get()))
        return disagree("not start from the final state of",
                        describe(initial->get()),
                        *llvm::find_if(scans, [&](Scan &other) {
                          return other.op == states.lookup(initial->get());
                        }));
  }
  return success();
}

LogicalResult SpecChecker::check() {
  if (failed(checkSignature()))
    return failure();
  for (Operation &op : func.getBody().front().without_terminator())
    if (failed(checkOp(op)))
      return failure();
  if (failed(checkStates()) || failed(checkResults()))
    return failure();
  return checkSweep();
}

namespace {
struct CheckSpecPass : gsa::impl::CheckSpecPassBase<CheckSpecPass> {
  void runOnOperation() override {
    if (failed(SpecChecker(getOperation()).check()))
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
