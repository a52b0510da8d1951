//===- ChunkMemory.cpp - A sweep becomes a loop over chunks ---------------===//
//
// The chunked forms of memories and reads (DESIGN.md, section 2), for a window
// of n <= C tokens, S the memory before it, G the running sum of log2 decays:
//
//   row-wise decay    W_j = r_j exp2(-G_j),  E_i = exp2(G_i)
//     by columns      y = E * (tril(x c^T) W + x S^T)
//     by rows         y = tril((x E) W^T) c + (x E) S
//     carry           S' = exp2(G_n) (S + W^T c)
//                     G starts at a reference, and memories are carried times
//                     its inverse: see referenceOf
//   one decay for all rows: D_ij = exp2(G_i - G_j) for j <= i, else 0
//     by columns      y = (D * x c^T) r + exp2(G) (x S^T)
//     by rows         y = (D * x r^T) c + (exp2(G) x) S
//     carry           S' = exp2(G_n) S + (exp2(G_n - G) r)^T c
//
//===----------------------------------------------------------------------===//

#include "Segments.h"
#include "StagedReads.h"
#include "dialects/GSA/GSANames.h"
#include "gsa/Conversion/Passes.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringSwitch.h"

namespace mlir::gsa {
#define GEN_PASS_DEF_CHUNKMEMORYPASS
#include "gsa/Conversion/Passes.h.inc"
} // namespace mlir::gsa

using namespace mlir;
using namespace mlir::gsa;

namespace {
/// Writes the kernel of one sweep.
class SweepChunker {
public:
  SweepChunker(const SweepPlan &plan, Kernel &kernel)
      : plan(plan), kernel(kernel),
        b(plan.getSweep().getLoc(), plan.getSweep()->getContext()),
        segments(plan, kernel), reads(plan, kernel) {
    block.reads = &reads;
  }

  LogicalResult run();

private:
  LogicalResult findOuterValues();
  void openBlock();
  SmallVector<Value> initialCarries();
  void emitWindow(ValueRange carries, Value position);
  void storeFinalStates(ValueRange carries);
  /// Makes `body` what one of the blocks does that have the same: of those that
  /// share a head's columns, unless each has its own, and of those that share a
  /// group's queries, unless each has its own.
  void once(bool everySlice, bool everyQuery, llvm::function_ref<void()> body);
  void storeSegment(ValueRange carries);
  void onlyIf(Value condition, llvm::function_ref<void()> body);
  bool storesStates() const {
    return llvm::any_of(outputsOf, [](const auto &entry) {
      return SweepPlan::isState(entry.first);
    });
  }

  const SweepPlan &plan;
  Kernel &kernel;
  TileBuilder b;
  BlockValues block;
  Segments segments;
  StagedReads reads;
  /// Memories whose decays are summed up to the segment's end.
  SmallVector<MemoryOp> summed;
  /// Value in the sweep -> memrefs; equal results are one value.
  DenseMap<Value, SmallVector<Value, 1>> outputsOf;
};
} // namespace

Value BlockValues::firstColumn(TileBuilder &b, const SweepPlan &plan,
                               Value value, bool sliced) const {
  if (!sliced)
    return b.index(0);
  Value width = b.index(plan.paddedColumns(SweepPlan::sizeOf(value), true));
  return arith::MulIOp::create(b, slice, width);
}

void SweepChunker::once(bool everySlice, bool everyQuery,
                        llvm::function_ref<void()> body) {
  Value first;
  auto require = [&](Value number) {
    Value isFirst =
        arith::CmpIOp::create(b, arith::CmpIPredicate::eq, number, b.index(0));
    first =
        first ? arith::AndIOp::create(b, first, isFirst).getResult() : isFirst;
  };
  if (!everySlice && plan.slices > 1)
    require(block.slice);
  if (!everyQuery && plan.spreadsQueries())
    require(block.query);
  if (!first)
    return body();
  onlyIf(first, body);
}

void SweepChunker::onlyIf(Value condition, llvm::function_ref<void()> body) {
  auto branch = scf::IfOp::create(b, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  body();
}

/// The loop over blocks, and the tokens [begin, end) of this block's sequence.
void SweepChunker::openBlock() {
  Value zero = b.index(0), one = b.index(1);
  Value someTensor;
  for (Operation &op : plan.getSweep().getBody().front())
    for (Value operand : op.getOperands())
      if (auto type = dyn_cast<RankedTensorType>(operand.getType());
          type && type.getRank() >= 3 && block.outer.count(operand) &&
          !someTensor && !isa<FinalStateOp>(op) &&
          !(isa<MemoryOp>(op) && operand == cast<MemoryOp>(op).getInitial()) &&
          !(isa<SoftmaxDecayOp>(op) &&
            operand == cast<SoftmaxDecayOp>(op).getInitial()))
        someTensor = block.outer.lookup(operand);

  Value table = plan.offsets ? block.outer.lookup(plan.offsets) : Value();
  Value sequences =
      table
          ? arith::SubIOp::create(b, memref::DimOp::create(b, table, zero), one)
                .getResult()
          : memref::DimOp::create(b, someTensor, zero).getResult();
  Value time = memref::DimOp::create(b, someTensor, one);

  // Slices last: blocks of a cluster are neighbours. All of them walk the same
  // windows, for these follow from decays, which have no columns, and from sums
  // over the cluster: each block computes them for itself, with the same bits.
  Value walks =
      plan.isSegmented() ? segments.getWalks(b, sequences) : sequences;
  SmallVector<OpFoldResult> bounds = {walks, b.getIndexAttr(plan.heads)};
  if (plan.spreadsQueries())
    bounds.push_back(b.getIndexAttr(plan.group));
  bounds.push_back(b.getIndexAttr(plan.slices));
  auto forall = scf::ForallOp::create(b, bounds, ValueRange(), std::nullopt);
  b.setInsertionPointToStart(forall.getBody());
  segments.release(b);
  block.sequence = forall.getInductionVar(0);
  if (plan.isSegmented())
    segments.enter(b, block, forall.getInductionVar(0), sequences);
  block.head = forall.getInductionVar(1);
  if (plan.spreadsQueries())
    block.query = forall.getInductionVar(2);
  block.slice = forall.getInductionVars().back();
  if (table) {
    block.batch = zero;
    auto offset = [&](Value i) -> Value {
      Value entry = memref::LoadOp::create(b, table, i);
      return arith::IndexCastOp::create(b, b.getIndexType(), entry);
    };
    block.begin = offset(block.sequence);
    block.end = offset(arith::AddIOp::create(b, block.sequence, one));
  } else {
    block.batch = block.sequence;
    block.begin = zero;
    block.end = time;
  }
  if (plan.isSegmented())
    segments.cut(b, block);
}

SmallVector<Value> SweepChunker::initialCarries() {
  SmallVector<Value> carries;
  segments.await(b);
  for (MemoryOp memory : plan.memories) {
    bool sliced = plan.isSliced(memory);
    SmallVector<int64_t> shape = {
        plan.paddedColumns(memory.getType().getRows(), false),
        plan.paddedColumns(memory.getType().getColumns(), sliced)};
    if (plan.isSegmented()) {
      carries.push_back(segments.load(b, block, memory, memory.getInitial()));
      continue;
    }
    if (Value initial = memory.getInitial()) {
      Value state = block.outer.lookup(initial);
      Value tile = tile::LoadOp::create(
          b, RankedTensorType::get(shape, b.getF32Type()), state,
          ValueRange{block.sequence, block.head, b.index(0),
                     block.firstColumn(b, plan, initial, sliced)},
          Value(), ArrayRef<int64_t>{2, 3}, 1);
      carries.push_back(Memories::refer(b, plan, memory, tile, /*back=*/false));
      continue;
    }
    carries.push_back(b.zeros(shape, b.getF32Type()));
  }
  for (SoftmaxDecayOp decay : plan.runningSoftmaxes) {
    auto type = RankedTensorType::get(
        {plan.paddedColumns(SweepPlan::sizeOf(decay.getLogits()), false)},
        b.getF32Type());
    if (Value initial = decay.getInitial()) {
      carries.push_back(tile::LoadOp::create(
          b, type, block.outer.lookup(initial),
          ValueRange{block.sequence, block.head, b.index(0)}, Value(),
          ArrayRef<int64_t>{2}, 1));
      continue;
    }
    carries.push_back(arith::ConstantOp::create(
        b, DenseElementsAttr::get(
               type, b.getFloatAttr(b.getF32Type(),
                                    APFloat::getInf(APFloat::IEEEsingle(),
                                                    /*Negative=*/true)))));
  }
  if (plan.stage == SweepPlan::Stage::States)
    for (MemoryOp memory : plan.memories)
      if (memory.getDecay() && Segments::summing(plan, memory) == memory) {
        summed.push_back(memory);
        int64_t rows = plan.paddedColumns(memory.getType().getRows(), false);
        carries.push_back(b.zeros({rows}, b.getF32Type()));
      }
  return carries;
}

void SweepChunker::storeSegment(ValueRange carries) {
  size_t i = 0;
  for (MemoryOp memory : plan.memories) {
    Value carry = carries[i++];
    once(plan.isSliced(memory), /*everyQuery=*/false,
         [&] { segments.storeState(b, block, memory, carry); });
  }
  for (MemoryOp memory : summed) {
    Value total = carries[i++];
    once(/*everySlice=*/false, /*everyQuery=*/false,
         [&] { segments.storeDecay(b, block, memory, total); });
  }
}

void SweepChunker::storeFinalStates(ValueRange carries) {
  size_t i = 0;
  for (MemoryOp memory : plan.memories) {
    Value carry = carries[i++];
    for (Operation *user : memory->getUsers()) {
      auto state = dyn_cast<FinalStateOp>(user);
      if (!state)
        continue;
      bool sliced = plan.isSliced(memory);
      for (Value output : outputsOf.lookup(state.getState()))
        once(sliced, /*everyQuery=*/false, [&] {
          Value tile = Memories::refer(b, plan, memory, carry, /*back=*/true);
          Value column = block.firstColumn(b, plan, state.getState(), sliced);
          tile::StoreOp::create(
              b, tile, output,
              ValueRange{block.sequence, block.head, b.index(0), column},
              Value(), ArrayRef<int64_t>{2, 3}, 1);
        });
    }
  }
  for (SoftmaxDecayOp decay : plan.runningSoftmaxes) {
    Value carry = carries[i++];
    if (!decay.getFinal())
      continue;
    for (Value output : outputsOf.lookup(decay.getFinal()))
      once(/*everySlice=*/false, /*everyQuery=*/false, [&] {
        tile::StoreOp::create(
            b, carry, output,
            ValueRange{block.sequence, block.head, b.index(0)}, Value(),
            ArrayRef<int64_t>{2}, 1);
      });
  }
}

/// What the sweep uses from outside, as the kernel sees it.
LogicalResult SweepChunker::findOuterValues() {
  Block &spec = kernel.spec->front();
  IRMapping mapping;
  for (auto [from, to] : llvm::zip(spec.getArguments(), kernel.inputs)) {
    block.outer[from] = to;
    mapping.map(from, to);
  }
  auto yield = cast<YieldOp>(plan.getSweep().getBody().front().getTerminator());
  for (auto [i, value] : llvm::enumerate(spec.getTerminator()->getOperands())) {
    auto result = dyn_cast<OpResult>(value);
    if (!result || result.getOwner() != plan.getSweep())
      return kernel.func.emitError("a spec's results must be computed from its "
                                   "arguments, got an argument as result ")
             << i;
    // What is not stored is not computed either.
    Value inner = yield.getOperands()[result.getResultNumber()];
    if (!plan.stores(inner))
      continue;
    outputsOf[inner].push_back(kernel.outputs[i]);
  }
  for (Operation &op : spec.without_terminator()) {
    if (&op == plan.getSweep())
      continue;
    if (isa<tensor::DimOp>(op))
      continue; // Sizes of tensors: tiles have their own.
    DenseElementsAttr elements;
    if (matchPattern(&op, m_Constant(&elements)) && !elements.isSplat() &&
        elements.getType().getRank() > 1)
      return op.emitOpError("must be one number, or one for each head, got "
                            "several");
    if (!isa<arith::ConstantOp>(op) &&
        !OpTrait::hasElementwiseMappableTraits(&op))
      return op.emitOpError("must not stand in a spec outside of sweeps");
    // A table of one value a head: known to the block as its head's scalar,
    // computed behind the loop's head on demand.
    if (llvm::any_of(op.getResultTypes(), llvm::IsaPred<RankedTensorType>))
      continue;
    if (llvm::all_of(op.getOperands(),
                     [&](Value v) { return mapping.contains(v); })) {
      b.clone(op, mapping);
      for (auto [from, to] : llvm::zip(
               op.getResults(), llvm::map_range(op.getResults(), [&](Value v) {
                 return mapping.lookup(v);
               })))
        block.outer[from] = to;
    }
  }

  return success();
}

LogicalResult SweepChunker::run() {
  b.setInsertionPoint(kernel.func.getBody().front().getTerminator());
  if (plan.stage == SweepPlan::Stage::Fold) {
    segments.emitFold(b);
    return success();
  }
  if (failed(findOuterValues()))
    return failure();
  if (plan.cluster > 1 && plan.stage != SweepPlan::Stage::States)
    kernel.func->setAttr(kClusterAttr, b.getI64IntegerAttr(plan.cluster));
  openBlock();
  SmallVector<Value> carries = {block.begin};
  llvm::append_range(carries, initialCarries());
  SmallVector<Type> types(ValueRange(carries).getTypes());
  auto loop = scf::WhileOp::create(b, types, carries);
  {
    OpBuilder::InsertionGuard guard(b);
    SmallVector<Location> locs(types.size(), b.getLoc());
    Block *before = b.createBlock(&loop.getBefore(), {}, types, locs);
    b.setInsertionPointToStart(before);
    Value more = arith::CmpIOp::create(b, arith::CmpIPredicate::slt,
                                       before->getArgument(0), block.end);
    scf::ConditionOp::create(b, more, before->getArguments());

    Block *body = b.createBlock(&loop.getAfter(), {}, types, locs);
    b.setInsertionPointToStart(body);
    emitWindow(body->getArguments().drop_front(), body->getArgument(0));
  }
  if (plan.stage == SweepPlan::Stage::States)
    storeSegment(loop.getResults().drop_front());
  else if (plan.isSegmented() && storesStates())
    onlyIf(segments.isLast(b),
           [&] { storeFinalStates(loop.getResults().drop_front()); });
  else
    storeFinalStates(loop.getResults().drop_front());
  return success();
}

void SweepChunker::emitWindow(ValueRange carries, Value position) {
  Window window(plan, block, b);
  size_t i = 0;
  for (MemoryOp memory : plan.memories)
    window.carries[memory] = carries[i++];
  for (SoftmaxDecayOp decay : plan.runningSoftmaxes)
    window.carries[decay] = carries[i++];

  // Positions go from the first token to behind the last, mirrored in reverse.
  Value left = arith::SubIOp::create(b, block.end, position);
  window.available = arith::MinSIOp::create(b, left, b.index(plan.chunk));
  window.length = window.available;
  window.token = position;
  if (plan.getSweep().getReverse()) {
    Value sum = arith::AddIOp::create(b, block.begin, block.end);
    window.token = arith::SubIOp::create(
        b, arith::SubIOp::create(b, sum, position), b.index(1));
  }
  WindowValues values(window);
  Tiles &tiles = values.tiles;
  Memories &memories = values.memories;

  // The window must be known before anything is stored or carried.
  for (MemoryOp memory : plan.memories)
    if (memory.getDecay())
      memories.gatesOf(memory);
  memories.closeWindow();

  // What the group's query heads compute goes into a loop over them, or each
  // has blocks of its own.
  auto yield = cast<YieldOp>(plan.getSweep().getBody().front().getTerminator());
  SmallVector<Value> perHead, perQuery;
  for (Value value : yield.getOperands()) {
    if (!outputsOf.count(value) || SweepPlan::isState(value))
      continue;
    (plan.isPerQuery(value) ? perQuery : perHead).push_back(value);
  }
  if (plan.stage == SweepPlan::Stage::Reads)
    for (ReadOp read : plan.stagedReads)
      (plan.isPerQuery(read.getResult()) ? perQuery : perHead)
          .push_back(read.getResult());
  auto store = [&](Value value, Value headIndex) {
    bool sliced = plan.isSliced(value);
    Value tile = tiles.tileOf(value, sliced);
    if (plan.stage == SweepPlan::Stage::Reads) {
      once(/*everySlice=*/true, plan.isPerQuery(value),
           [&] { reads.store(window, value.getDefiningOp<ReadOp>(), tile); });
      return;
    }
    once(sliced, plan.isPerQuery(value), [&] {
      SmallVector<Value> indices = {block.batch, window.token, headIndex};
      SmallVector<int64_t> dims = {1};
      if (TileBuilder::typeOf(tile).getRank() == 2) {
        indices.push_back(block.firstColumn(b, plan, value, sliced));
        dims.push_back(3);
      }
      for (Value output : outputsOf.lookup(value))
        tile::StoreOp::create(b, tile, output, indices, window.length, dims,
                              plan.getSweep().getReverse() ? -1 : 1);
    });
  };
  for (Value value : perHead)
    store(value, block.head);
  auto storeQueries = [&](Value number) {
    window.query = arith::AddIOp::create(
        b, arith::MulIOp::create(b, block.head, b.index(plan.group)), number);
    for (Value value : perQuery)
      store(value, window.query);
  };
  if (!perQuery.empty() && plan.spreadsQueries()) {
    storeQueries(block.query);
  } else if (!perQuery.empty()) {
    auto loop =
        scf::ForOp::create(b, b.index(0), b.index(plan.group), b.index(1));
    OpBuilder::InsertionGuard guard(b);
    window.groupLoop = loop;
    b.setInsertionPoint(loop.getBody()->getTerminator());
    storeQueries(loop.getInductionVar());
    window.groupLoop = nullptr;
  }

  SmallVector<Value> next = {arith::AddIOp::create(b, position, window.length)};
  for (MemoryOp memory : plan.memories)
    next.push_back(memories.nextState(memory));
  for (SoftmaxDecayOp decay : plan.runningSoftmaxes)
    next.push_back(tiles.nextOf(decay));
  for (auto [memory, sum] :
       llvm::zip_equal(summed, carries.take_back(summed.size()))) {
    Value total = memories.gatesOf(memory).total;
    if (!isa<RankedTensorType>(total.getType()))
      total = b.splat(total, TileBuilder::typeOf(sum));
    next.push_back(b.add(sum, total));
  }
  scf::YieldOp::create(b, next);
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

static SweepPlan::Stage stageOf(func::FuncOp spec, ScheduleAttr schedule) {
  using Stage = SweepPlan::Stage;
  auto stage = spec->getAttrOfType<StringAttr>(kStageAttr);
  if (!stage)
    return Stage::Whole;
  bool isStaged = schedule.getKind() == ScheduleKind::Staged;
  return llvm::StringSwitch<Stage>(stage)
      .Case("states", Stage::States)
      .Case("fold", Stage::Fold)
      .Case("reads", Stage::Reads)
      .Default(isStaged ? Stage::Rest : Stage::Outputs);
}

namespace {
struct ChunkMemoryPass : gsa::impl::ChunkMemoryPassBase<ChunkMemoryPass> {
  void runOnOperation() override {
    func::FuncOp spec = getOperation();
    if (spec->hasAttr(kKernelAttr))
      return;
    auto schedule = spec->getAttrOfType<ScheduleAttr>(kScheduleAttr);
    if (!schedule) {
      spec.emitError("a function must have a schedule before it is chunked, "
                     "got none");
      return signalPassFailure();
    }
    if (!schedule.getChunk()) {
      spec.emitError(
          "a schedule must have a number of tokens as chunk before a "
          "function is chunked, got auto");
      return signalPassFailure();
    }
    auto sweeps = llvm::to_vector(spec.getOps<SweepOp>());
    if (sweeps.size() != 1) {
      spec.emitError("a function must be one sweep to become one kernel, got ")
          << sweeps.size();
      return signalPassFailure();
    }
    FailureOr<const Target *> target = getTarget(spec);
    if (failed(target))
      return signalPassFailure();
    FailureOr<Kernel> kernel = createKernel(spec);
    if (failed(kernel))
      return signalPassFailure();
    FailureOr<SweepPlan> plan = SweepPlan::make(
        sweeps.front(), schedule, stageOf(spec, schedule), **target);
    if (failed(plan) || failed(SweepChunker(*plan, *kernel).run()))
      return signalPassFailure();
  }
};
} // namespace
