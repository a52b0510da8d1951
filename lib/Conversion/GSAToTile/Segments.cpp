//===- Segments.cpp - Sequences that are cut between blocks ---------------===//

#include "Segments.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::gsa;

/// Columns that a block of the fold has at most: one access of each lane, so
/// that many blocks share the work. Hosts hold whole rows.
constexpr int64_t kFoldColumns = 64;
/// And rows: tiles have no fewer.
constexpr int64_t kFoldRows = 16;
/// Cuts up to which segments fold for themselves: a stage that folds for all
/// waits for a whole one before it, and what could run meanwhile waits for that
/// stage. And the most elements of a memory: lanes hold it twice then, and only
/// those have room whose products are asynchronous, as more lanes share them.
constexpr int64_t kMostOwnFolds = 8, kMostOwnElements = 64 * 128;
/// Segments of which a device loads memories together, where there are as many.
constexpr int64_t kFoldSlots = 6;

SmallVector<int64_t> Segments::shapeOf(const SweepPlan &plan, MemoryOp memory,
                                       bool allSlices) {
  bool sliced = plan.isSliced(memory);
  int64_t columns = plan.paddedColumns(memory.getType().getColumns(), sliced);
  return {plan.paddedColumns(memory.getType().getRows(), false),
          columns * (sliced && allSlices ? plan.slices : 1)};
}

Segments::Segments(const SweepPlan &plan, Kernel &kernel) : plan(plan) {
  if (!plan.isSegmented())
    return;
  Builder builder(kernel.func.getContext());
  for (size_t i = 0, e = plan.memories.size(); i < e; ++i) {
    MemoryOp memory = plan.memories[i];
    SmallVector<int64_t> shape = shapeOf(plan, memory, /*allSlices=*/true);
    int64_t dynamic = ShapedType::kDynamic;
    Workspace own;
    own.state = kernel.addWorkspace(
        "state" + Twine(i), {dynamic, dynamic, plan.heads * shape[0], shape[1]},
        /*ofTokens=*/false);
    if (MemoryOp first = summing(plan, memory); first != memory)
      own.decay = workspaces.lookup(first).decay;
    else if (memory.getDecay())
      own.decay = kernel.addWorkspace("decay" + Twine(i),
                                      {dynamic, dynamic, plan.heads, shape[0]},
                                      /*ofTokens=*/false);
    workspaces[memory] = own;
  }
  if (plan.multipliesAsync() &&
      llvm::all_of(plan.memories, [&](MemoryOp memory) {
        SmallVector<int64_t> shape = shapeOf(plan, memory, /*allSlices=*/false);
        return shape[0] * shape[1] <= kMostOwnElements;
      }))
    ownFolds = kMostOwnFolds;
  kernel.func->setAttr(kOwnFoldsAttr, builder.getI64IntegerAttr(ownFolds));
}

MemoryOp Segments::summing(const SweepPlan &plan, MemoryOp memory) {
  return *llvm::find_if(plan.memories, [&](MemoryOp other) {
    return other.getDecay() == memory.getDecay() &&
           other.getType().getRows() == memory.getType().getRows();
  });
}

Value Segments::getCuts(TileBuilder &b) const {
  return memref::DimOp::create(b, workspaces.front().second.state, b.index(0));
}

Value Segments::getCutSequences(TileBuilder &b) const {
  return memref::DimOp::create(b, workspaces.front().second.state, b.index(1));
}

Value Segments::getWalks(TileBuilder &b, Value sequences) const {
  // A sequence has one segment more than it has cuts.
  Value cut = arith::MulIOp::create(b, getCutSequences(b), getCuts(b));
  if (plan.stage == SweepPlan::Stage::States)
    return cut;
  return arith::AddIOp::create(b, sequences, cut);
}

//===----------------------------------------------------------------------===//
// A block's segment
//===----------------------------------------------------------------------===//

void Segments::enter(TileBuilder &b, BlockValues &block, Value walk,
                     Value sequences) {
  Value whole = arith::SubIOp::create(b, sequences, getCutSequences(b));
  Value behind = walk, each = getCuts(b), isWhole;
  cuts = each;
  if (plan.stage != SweepPlan::Stage::States) {
    isWhole = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, walk, whole);
    behind =
        b.select(isWhole, b.index(0), arith::SubIOp::create(b, walk, whole));
    each = arith::AddIOp::create(b, each, b.index(1));
    cuts = b.select(isWhole, b.index(0), cuts);
  }
  // Devices have fewer than 2^31 blocks, and divide that without a subroutine.
  Type number = plan.isDevice ? b.getI32Type() : b.getI64Type();
  auto cast = [&](Type type, Value x) -> Value {
    return arith::IndexCastUIOp::create(b, type, x);
  };
  place = cast(b.getIndexType(), arith::DivUIOp::create(b, cast(number, behind),
                                                        cast(number, each)));
  segment =
      arith::SubIOp::create(b, behind, arith::MulIOp::create(b, place, each));
  block.sequence = arith::AddIOp::create(b, whole, place);
  if (isWhole)
    block.sequence = b.select(isWhole, walk, block.sequence);
}

void Segments::cut(TileBuilder &b, BlockValues &block) {
  auto add = [&](Value x, Value y) -> Value {
    return arith::AddIOp::create(b, x, y);
  };
  auto sub = [&](Value x, Value y) -> Value {
    return arith::SubIOp::create(b, x, y);
  };
  auto ceilDiv = [&](Value x, Value y) -> Value {
    return arith::DivUIOp::create(b, add(x, sub(y, b.index(1))), y);
  };
  auto cast = [&](Type type, Value x) -> Value {
    return arith::IndexCastUIOp::create(b, type, x);
  };
  // Tokens are counted in the order of the walk. Chunks are fewer than 2^32, by
  // which devices divide without a subroutine: that many tokens take days.
  Value length = sub(block.end, block.begin), chunk = b.index(plan.chunk);
  Value chunks = add(ceilDiv(length, chunk), cuts);
  Value segments = add(cuts, b.index(1));
  Value share = arith::DivUIOp::create(b, cast(b.getI32Type(), chunks),
                                       cast(b.getI32Type(), segments));
  Value each = arith::MulIOp::create(b, cast(b.getIndexType(), share), chunk);
  Value first = arith::MinSIOp::create(
      b, arith::MulIOp::create(b, segment, each), length);
  Value last = arith::MinSIOp::create(b, add(first, each), length);
  bool reverse = plan.getSweep().getReverse();
  Value begin = reverse ? sub(block.end, last) : add(block.begin, first);
  block.end = reverse ? sub(block.end, first) : add(block.begin, last);
  block.begin = begin;
}

Value Segments::isFirst(TileBuilder &b) const {
  return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, segment,
                               b.index(0));
}

Value Segments::isFolded(TileBuilder &b) const {
  return arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, getCuts(b),
                               b.index(ownFolds));
}

Value Segments::isLast(TileBuilder &b) const {
  return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, segment, cuts);
}

/// The column of a carry at which the block's slice starts.
static Value columnOf(TileBuilder &b, const SweepPlan &plan,
                      const BlockValues &block, MemoryOp memory) {
  if (!plan.isSliced(memory))
    return b.index(0);
  int64_t width = Segments::shapeOf(plan, memory, /*allSlices=*/false)[1];
  return arith::MulIOp::create(b, block.slice, b.index(width));
}

void Segments::release(TileBuilder &b) const {
  if (plan.isSegmented() && plan.stage != SweepPlan::Stage::Outputs)
    tile::ReleaseStageOp::create(b);
}

void Segments::await(TileBuilder &b) const {
  if (plan.stage == SweepPlan::Stage::Fold) {
    tile::AwaitStagesOp::create(b, /*condition=*/Value());
  } else if (plan.stage == SweepPlan::Stage::Outputs) {
    // Where there is a stage to wait for there are cuts, and blocks that wait.
    Value starts =
        arith::CmpIOp::create(b, arith::CmpIPredicate::ne, segment, b.index(0));
    tile::AwaitStagesOp::create(b, starts);
  }
}

Value Segments::load(TileBuilder &b, const BlockValues &block, MemoryOp memory,
                     Value initial) {
  SmallVector<int64_t> shape = shapeOf(plan, memory, /*allSlices=*/false);
  auto type = RankedTensorType::get(shape, b.getF32Type());
  Value zero = b.index(0);
  Value start;
  if (initial) {
    Value tile = tile::LoadOp::create(
        b, type, block.outer.lookup(initial),
        ValueRange{block.sequence, block.head, zero,
                   block.firstColumn(b, plan, initial, plan.isSliced(memory))},
        // Of other segments it has no rows, and reads as zeros.
        b.select(isFirst(b), b.index(memory.getType().getRows()), zero),
        ArrayRef<int64_t>{2, 3}, 1);
    start = Memories::refer(b, plan, memory, tile, /*back=*/false);
  }
  if (plan.stage == SweepPlan::Stage::States)
    return start ? start : b.zeros(shape, b.getF32Type());
  Value row = arith::MulIOp::create(b, block.head, b.index(shape[0]));
  const Workspace &own = workspaces.find(memory)->second;
  auto loadState = [&](Value slot, Value rows) -> Value {
    return tile::LoadOp::create(
        b, type, own.state,
        ValueRange{slot, place, row, columnOf(b, plan, block, memory)}, rows,
        ArrayRef<int64_t>{2, 3}, 1);
  };
  // Of what is folded the last one is all. Before a first segment none has
  // rows, and reads as zeros.
  Value before = arith::MaxSIOp::create(
      b, arith::SubIOp::create(b, segment, b.index(1)), zero);
  if (ownFolds == 1) {
    Value folded =
        loadState(before, b.select(isFirst(b), zero, b.index(shape[0])));
    return start ? b.add(start, folded) : folded;
  }
  if (!start)
    start = b.zeros(shape, b.getF32Type());
  Value from = b.select(isFolded(b), before, zero);
  auto loop = scf::ForOp::create(b, from, segment, b.index(1), start);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value slot = loop.getInductionVar(), state = loop.getRegionIterArg(0);
  if (own.decay) {
    Value decay = tile::LoadOp::create(
        b, RankedTensorType::get({shape[0]}, b.getF32Type()), own.decay,
        ValueRange{slot, place, block.head, zero}, Value(),
        ArrayRef<int64_t>{3}, 1);
    state = b.mul(state, b.broadcast(b.exp2(decay), 1, type));
  }
  scf::YieldOp::create(b, ValueRange{b.add(state, loadState(slot, Value()))});
  return loop.getResult(0);
}

void Segments::storeState(TileBuilder &b, const BlockValues &block,
                          MemoryOp memory, Value carry) {
  Value row = arith::MulIOp::create(
      b, block.head, b.index(TileBuilder::typeOf(carry).getDimSize(0)));
  tile::StoreOp::create(
      b, carry, workspaces.lookup(memory).state,
      ValueRange{segment, place, row, columnOf(b, plan, block, memory)},
      Value(), ArrayRef<int64_t>{2, 3}, 1);
}

void Segments::storeDecay(TileBuilder &b, const BlockValues &block,
                          MemoryOp memory, Value total) {
  tile::StoreOp::create(b, total, workspaces.lookup(memory).decay,
                        ValueRange{segment, place, block.head, b.index(0)},
                        Value(), ArrayRef<int64_t>{3}, 1);
}

//===----------------------------------------------------------------------===//
// The fold
//===----------------------------------------------------------------------===//

namespace {
/// A block's part of one memory, in all slots of the workspace.
struct FoldedPart {
  Value state, decay; ///< of the workspace; no decay: null
  RankedTensorType type;
  Value sequence, head, row, headRow, column;

  Value load(TileBuilder &b, Value slot, Value rows) const {
    return tile::LoadOp::create(b, type, state,
                                ValueRange{slot, sequence, headRow, column},
                                rows, ArrayRef<int64_t>{2, 3}, 1);
  }
  Value loadDecay(TileBuilder &b, Value slot, Value rows) const {
    return tile::LoadOp::create(
        b, RankedTensorType::get({kFoldRows}, b.getF32Type()), decay,
        ValueRange{slot, sequence, head, row}, rows, ArrayRef<int64_t>{3}, 1);
  }
  void store(TileBuilder &b, Value tile, Value slot, Value rows) const {
    tile::StoreOp::create(b, tile, state,
                          ValueRange{slot, sequence, headRow, column}, rows,
                          ArrayRef<int64_t>{2, 3}, 1);
  }
  SmallVector<Value> fold(TileBuilder &b, ArrayRef<Value> inits, Value cuts,
                          int64_t together, bool all) const;
};
} // namespace

/// Folds slots from `inits`, slot | S of the one before, on: `together` at a
/// time, whose loads wait together, as long as there are `all` of them or any.
/// Gives what it has come to.
SmallVector<Value> FoldedPart::fold(TileBuilder &b, ArrayRef<Value> inits,
                                    Value cuts, int64_t together,
                                    bool all) const {
  auto behind = [&](Value slot, int64_t k) -> Value {
    return k ? arith::AddIOp::create(b, slot, b.index(k)).getResult() : slot;
  };
  auto exists = [&](Value slot) -> Value {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::slt, slot, cuts);
  };
  OpBuilder::InsertionGuard guard(b);
  SmallVector<Type> types(ValueRange(inits).getTypes());
  SmallVector<Location> locs(types.size(), b.getLoc());
  auto loop = scf::WhileOp::create(b, types, inits);
  Block *before = b.createBlock(&loop.getBefore(), {}, types, locs);
  Value last = behind(before->getArgument(0), all ? together - 1 : 0);
  scf::ConditionOp::create(b, exists(last), before->getArguments());
  Block *body = b.createBlock(&loop.getAfter(), {}, types, locs);
  Value first = body->getArgument(0), state = body->getArgument(1);

  struct Slot {
    Value at, rows, own, decay;
  };
  SmallVector<Slot> slots;
  for (int64_t k = 0; k < together; ++k) {
    Slot slot{behind(first, k), b.index(kFoldRows), Value(), Value()};
    if (k && !all) {
      // One that is not there has no rows, and any address will do.
      Value is = exists(slot.at);
      slot.at = b.select(is, slot.at, b.index(0));
      slot.rows = b.select(is, slot.rows, b.index(0));
    }
    slot.own = load(b, slot.at, slot.rows);
    if (decay)
      slot.decay = loadDecay(b, slot.at, slot.rows);
    slots.push_back(slot);
  }
  for (const Slot &slot : slots) {
    // Without rows the decay reads as none, and the memory as nothing.
    if (slot.decay)
      state = b.mul(state, b.broadcast(b.exp2(slot.decay), 1, type));
    state = b.add(state, slot.own);
    store(b, state, slot.at, slot.rows);
  }
  scf::YieldOp::create(b, ValueRange{behind(first, together), state});
  return SmallVector<Value>(loop.getResults());
}

void Segments::emitFold(TileBuilder &b) {
  Value zero = b.index(0), one = b.index(1);
  int64_t rowBlocks = 1, columnBlocks = 1;
  auto columnsOf = [&](MemoryOp memory) {
    int64_t width = shapeOf(plan, memory, /*allSlices=*/false)[1];
    return plan.isDevice ? std::min(width, kFoldColumns) : width;
  };
  for (MemoryOp memory : plan.memories) {
    SmallVector<int64_t> shape = shapeOf(plan, memory, /*allSlices=*/true);
    rowBlocks = std::max(rowBlocks, shape[0] / kFoldRows);
    columnBlocks = std::max(columnBlocks, shape[1] / columnsOf(memory));
  }
  Value cuts = getCuts(b);
  // Those that are cut; a place among them is a sequence here.
  Value sequences = getCutSequences(b);
  Value busy = b.select(isFolded(b), sequences, zero);
  SmallVector<OpFoldResult> bounds = {
      busy, b.getIndexAttr(plan.heads),
      b.getIndexAttr(int64_t(plan.memories.size())), b.getIndexAttr(rowBlocks),
      b.getIndexAttr(columnBlocks)};
  auto forall = scf::ForallOp::create(b, bounds, ValueRange(), std::nullopt);
  b.setInsertionPointToStart(forall.getBody());
  release(b);
  await(b);
  Value sequence = forall.getInductionVar(0), head = forall.getInductionVar(1);
  auto compare = [&](arith::CmpIPredicate predicate, Value x, int64_t y) {
    return arith::CmpIOp::create(b, predicate, x, b.index(y)).getResult();
  };
  for (auto [i, memory] : llvm::enumerate(plan.memories)) {
    SmallVector<int64_t> shape = shapeOf(plan, memory, /*allSlices=*/true);
    int64_t width = columnsOf(memory);
    FoldedPart part;
    part.state = workspaces.lookup(memory).state;
    part.decay = workspaces.lookup(memory).decay;
    part.type = RankedTensorType::get({kFoldRows, width}, b.getF32Type());
    part.sequence = sequence;
    part.head = head;
    part.row =
        arith::MulIOp::create(b, forall.getInductionVar(3), b.index(kFoldRows));
    part.headRow = arith::AddIOp::create(
        b, arith::MulIOp::create(b, head, b.index(shape[0])), part.row);
    part.column =
        arith::MulIOp::create(b, forall.getInductionVar(4), b.index(width));
    Value mine =
        compare(arith::CmpIPredicate::eq, forall.getInductionVar(2), i);
    auto also = [&](Value at, int64_t size) {
      mine = arith::AndIOp::create(
          b, mine, compare(arith::CmpIPredicate::slt, at, size));
    };
    // Other memories may have more.
    if (shape[0] / kFoldRows < rowBlocks)
      also(part.row, shape[0]);
    if (shape[1] / width < columnBlocks)
      also(part.column, shape[1]);
    auto branch = scf::IfOp::create(b, mine, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    SmallVector<Value> left = {one, part.load(b, zero, b.index(kFoldRows))};
    if (plan.isDevice)
      left = part.fold(b, left, cuts, kFoldSlots, /*all=*/true);
    part.fold(b, left, cuts, plan.isDevice ? 2 : 1, /*all=*/false);
  }
}
