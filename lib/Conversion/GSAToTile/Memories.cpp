//===- Memories.cpp - Decays, writes, reads and carries of a window -------===//

#include "StagedReads.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlir::gsa;

/// How far running sums of log2 decays may go in a window.
struct Span {
  /// The decay that a window may reach.
  double window;
  /// Where row-wise sums are zero. Factors W_j grow from 2^reference to
  /// 2^(reference - window) times r, and E_i falls from 2^-reference.
  double reference;
  /// The smallest decay that a token can have, as good as none. One token
  /// always fits a window.
  double floor;
};

/// f32 spans 2^110 around 1, which leaves 2^70 for the inputs and the sums of
/// their products, and sums that are exact to 2^-18. bf16, which is rounded
/// more than that anyway, spans 2^160 and leaves 2^46.
///
/// f16 ends at 2^16, and loses bits below 2^-14. Rows below 2^5, vectors below
/// 2^12 and memories and scores below 2^16 stay finite, whatever the decay. The
/// reference is nearer to the start, for a tied write is as small as its gate.
/// Emulated with C = M = 64 and D = 128 against f64, where rounding the output
/// makes 2.1e-4: 2.4e-4 for gates of logsigmoid(randn) / 8, 3.1e-4 for / 1,
/// 3.2e-4 for / 0.25, 5.4e-4 for 0, -30 and -inf mixed, 2.2e-4 for -1e-4 and
/// 6.8e-4 for -1e-5 everywhere (with -7: 7.3e-4 and 1.6e-2).
static Span spanOf(Type product) {
  if (product.isF16())
    return {-14.0, -3.0, -13.0};
  if (product.isBF16())
    return {-160.0, -80.0, -100.0};
  return {-110.0, -55.0, -100.0};
}

/// Where all rows share a decay nothing overflows, but differences of running
/// sums are wrong by what the sums are rounded by, 1e-4 at 2^11. f32 needs them
/// exact: see splitForSums.
static Span sharedSpanOf(Type product) {
  return {product.isF32() ? -16384.0 : -2048.0, 0.0, -100.0};
}

/// A multiple of 2^-9 next to each log2 decay of -100 to 0, and what is left.
/// Running sums of the former are exact down to -2^15, and those of the latter,
/// at most 2^-10 each, are exact to 2^-24 or better; so are differences of
/// either. Sums of whole decays would be rounded to 2^-13 behind 50 tokens of
/// -30, and tokens that hardly decay would lose 1e-4 there.
static std::pair<Value, Value> splitForSums(TileBuilder &b, Value log2) {
  // Numbers about it are 2^-9 apart.
  Value spaced = b.constantLike(log2, 1.5 * 16384.0);
  Value coarse = b.sub(b.add(log2, spaced), spaced);
  return {coarse, b.sub(log2, coarse)};
}

/// log2 of what a memory with row-wise decay is carried times, for each row; G
/// starts as far from zero, the other way.
///
/// The factors W_j grow as a window goes on; starting below 1 keeps them, and
/// products with them, far from overflow.
///
/// And where they are rounded, each row starts a little elsewhere. E_i W_j is
/// exact only up to the rounding of both. When many rows share a decay, their
/// factors are equal and so are the errors, which then add up in reads over the
/// rows instead of cancelling: 7e-3 for decays of -30 everywhere in bf16. Rows
/// that are scaled differently round differently: 2e-3.
static Value referenceOf(TileBuilder &b, int64_t rows, Type product) {
  auto type = RankedTensorType::get({rows}, b.getF32Type());
  Value middle = arith::ConstantOp::create(
      b, DenseElementsAttr::get(type,
                                b.getF32FloatAttr(spanOf(product).reference)));
  if (product.isF32())
    return middle;
  Value row = arith::SIToFPOp::create(b, type, b.iota(type, 0));
  return b.add(b.scaled(row, 1.0 / static_cast<double>(rows)), middle);
}

/// A memory's state times its reference, or over it.
Value Memories::refer(TileBuilder &b, const SweepPlan &plan, MemoryOp memory,
                      Value state, bool back) {
  if (memory.getDecayKind() != DecayKind::Row)
    return state;
  RankedTensorType type = TileBuilder::typeOf(state);
  Value log2 = referenceOf(b, type.getDimSize(0), plan.productOf(memory));
  Value factors = b.exp2(back ? b.neg(log2) : log2);
  return b.mul(state, b.broadcast(factors, 1, type));
}

std::pair<Value, Value> Gates::sumUp(TileBuilder &b,
                                     function_ref<Value(Value)> keep) const {
  auto sumOf = [&](Value log2) {
    return b.reduce(tile::ReduceKind::Add, keep(log2), 0);
  };
  auto behind = [&](Value total, Value sums) {
    return b.sub(b.splat(total, TileBuilder::typeOf(sums)), sums);
  };
  Value total = sumOf(log2), since = behind(total, sums);
  if (restLog2) {
    Value rest = sumOf(restLog2);
    since = b.add(since, behind(rest, restSums));
    total = b.add(total, rest);
  }
  return {total, keep(b.exp2(since))};
}

Gates Gates::withoutSums(TileBuilder &b, Type product) const {
  Gates own = *this;
  if (isRowWise()) {
    RankedTensorType type = TileBuilder::typeOf(running);
    Value reference = referenceOf(b, type.getDimSize(1), product);
    own.sums = b.neg(b.sub(b.broadcast(reference, 0, type), running));
  }
  return own;
}

Gates Memories::gatesOf(MemoryOp memory) {
  Value decay = memory.getDecay();
  GatesKey key = keyOf(memory);
  auto *found = gates.find(key);
  if (found != gates.end())
    return found->second;
  Value tile = tiles.tileOf(decay, false);
  // Making the tile can make the gates: a read on the way may need them.
  found = gates.find(key);
  if (found != gates.end())
    return found->second;

  OpBuilder::InsertionGuard guard(b);
  window.leaveGroup();
  tile = b.extended(tile);
  if (isa<RankedTensorType>(tile.getType())) {
    tile = tiles.zeroPadded(tile, decay, /*tokens=*/true);
  } else { // One decay for all tokens.
    auto type = RankedTensorType::get({plan.chunk}, b.getF32Type());
    Value zero = b.zeros(type.getShape(), b.getF32Type());
    tile =
        b.select(b.below(type, 0, window.available), b.splat(tile, type), zero);
  }
  // A decay that needs a read for which the window was closed ends with it.
  if (window.length != window.available) {
    Value live = b.below(TileBuilder::typeOf(tile), 0, window.length);
    tile = b.select(live, tile, b.constantLike(tile, 0.0));
  }
  Gates own;
  bool rowWise = TileBuilder::typeOf(tile).getRank() == 2;
  Span span = rowWise ? spanOf(key.second) : sharedSpanOf(key.second);
  // What devices make of `decay` and of `log2`, they make once.
  own.decay = arith::MaximumFOp::create(
      b, tile, b.constantLike(tile, span.floor / kLog2E));
  own.log2 = b.scaled(own.decay, kLog2E);
  if (!rowWise && key.second.isF32())
    std::tie(own.log2, own.restLog2) = splitForSums(b, own.log2);
  tile::ScanOp scan = b.scan(tile::ScanKind::Add, own.log2);
  own.sums = scan.getInclusive();
  if (rowWise) {
    RankedTensorType type = TileBuilder::typeOf(own.sums);
    Value reference = referenceOf(b, type.getDimSize(1), key.second);
    own.running = own.sums;
    own.sums = b.sub(own.running, b.broadcast(reference, 0, type));
    own.total = scan.getTotal();
    own.limit = span.window;
    own.lowest = span.window - span.reference;
  } else {
    if (own.restLog2)
      own.restSums = b.scan(tile::ScanKind::Add, own.restLog2).getInclusive();
    std::tie(own.total, own.since) =
        own.sumUp(b, [](Value tile) { return tile; });
    if (plan.chunk * span.floor < span.window)
      own.limit = own.lowest = span.window;
  }
  // They only fall: what is too small for a number is so for those behind it.
  // One decay a token needs its sums anyway.
  if (rowWise)
    own.factors = b.exp2OfSums(own.sums);
  else
    own.factors =
        b.exp2(own.restSums ? b.add(own.sums, own.restSums) : own.sums);
  gates[key] = own;
  return own;
}

//===----------------------------------------------------------------------===//
// The window's end
//===----------------------------------------------------------------------===//

/// Whether all tokens that are left fit the spans of the gates that are not
/// closed yet; null if there is nothing to ask.
Value Memories::fitsWindow() {
  Value all;
  for (auto &[key, own] : gates) {
    if (own.isClosed || own.limit == 0.0)
      continue;
    // Sums never rise, and behind the last token they stay.
    Value lowest = own.total;
    if (own.isRowWise())
      lowest = b.reduce(tile::ReduceKind::Min, own.total, 0);
    // False for NaN.
    Value fits = arith::CmpFOp::create(b, arith::CmpFPredicate::OGE, lowest,
                                       b.f32(own.limit + 1.0));
    all = all ? arith::AndIOp::create(b, all, fits).getResult() : fits;
  }
  return all;
}

/// Whether a value of the sweep follows from the window's inputs alone.
static bool followsFromInputs(Value value) {
  Operation *op = value.getDefiningOp();
  return !op || !op->getParentOfType<SweepOp>() ||
         (!isa<ReadOp, SoftmaxDecayOp>(op) &&
          llvm::all_of(op->getOperands(), followsFromInputs));
}

/// The first row that does not fit a span of the gates that are not closed yet,
/// but at least 1; an index.
Value Memories::firstOutside() {
  Value first;
  for (auto &[key, own] : gates) {
    if (own.isClosed || own.limit == 0.0)
      continue;
    RankedTensorType type = TileBuilder::typeOf(own.sums);
    Value inside = arith::CmpFOp::create(b, arith::CmpFPredicate::OGE, own.sums,
                                         b.constantLike(own.sums, own.lowest));
    Value row = b.iota(type, 0);
    Value stop = b.select(inside, b.constantLike(row, plan.chunk), row);
    auto dims = llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
    Value row0 = b.reduce(tile::ReduceKind::Min, stop, dims);
    first = first ? arith::MinSIOp::create(b, first, row0).getResult() : row0;
  }
  first = arith::IndexCastOp::create(b, b.getIndexType(), first);
  // The floor lets one token always fit; a NaN must not stop the loop.
  return arith::MaxSIOp::create(b, first, b.index(1));
}

/// Ends the window before a running sum leaves its span:
///
///   length, totals.., writes.. = all fit ? as they are
///                                        : the length that fits, the rest
///                                          masked behind it
void Memories::closeWindow() {
  OpBuilder::InsertionGuard guard(b);
  window.leaveGroup();
  for (MemoryOp memory : plan.memories)
    if (!memory.getDecay() || gates.count(keyOf(memory)))
      makeWrite(memory);
  Value fits = fitsWindow();
  if (!fits)
    return;

  // What depends on the window's length. Memories with one decay a token write
  // with `since`.
  SmallVector<Value *> totals, masked;
  for (auto &[key, own] : gates) {
    totals.push_back(&own.total);
    if (own.since)
      masked.push_back(&own.since);
  }
  llvm::SmallSetVector<Value, 4> rows;
  for (auto &[memory, write] : writes)
    if (!cast<MemoryOp>(memory).getDecay() || isRowWise(cast<MemoryOp>(memory)))
      rows.insert(write);

  SmallVector<Value> whole = {window.length};
  for (Value *total : totals)
    whole.push_back(*total);
  for (Value *tile : masked)
    whole.push_back(*tile);
  llvm::append_range(whole, rows);
  auto branch = scf::IfOp::create(b, ValueRange(whole).getTypes(), fits,
                                  /*withElseRegion=*/true);
  b.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(b, whole);

  b.setInsertionPointToStart(branch.elseBlock());
  // Rarely needed, and made anew from the inputs: tiles that wait for this
  // branch occupy registers before it.
  Window rare = window;
  WindowValues anew(rare);
  Memories &here = anew.memories;
  here.endsEarly = true;
  // What both branches need is made before the branch, while sums of other
  // warps are waited for.
  here.tied = tied;
  for (MemoryOp memory : plan.memories)
    if (auto *own = gates.find(keyOf(memory)); own != gates.end()) {
      GatesKey key = keyOf(memory);
      if (followsFromInputs(memory.getDecay()))
        here.gatesOf(memory);
      else
        here.gates[key] = own->second.withoutSums(b, key.second);
      here.gates[key].isClosed = own->second.isClosed;
    }
  Value length = arith::MinSIOp::create(b, here.firstOutside(), window.length);
  auto keep = [&](Value tile) {
    Value live = b.below(TileBuilder::typeOf(tile), 0, length);
    return b.select(live, tile, b.constantLike(tile, 0.0));
  };
  SmallVector<Value> part = {length}, since;
  for (auto &[key, shared] : gates) {
    const Gates &own = here.gates[key];
    if (own.isRowWise()) {
      // Sums never rise: the last is the smallest.
      part.push_back(b.reduce(tile::ReduceKind::Min, keep(own.running), 0));
    } else {
      auto [total, behind] = own.sumUp(b, keep);
      part.push_back(total);
      since.push_back(behind);
    }
  }
  llvm::append_range(part, since);
  for (Value write : rows) {
    for (auto &[op, shared] : writes) {
      auto memory = cast<MemoryOp>(op);
      if (shared != write)
        continue;
      // Rows that are read from another memory are not made twice.
      if (!memory.getRows() || followsFromInputs(memory.getRows()))
        here.makeWrite(memory);
      else
        here.writes[memory] = write;
      part.push_back(keep(here.writes[memory]));
      break;
    }
  }
  scf::YieldOp::create(b, part);

  auto results = branch.getResults().begin();
  window.length = *results++;
  for (Value *total : totals)
    *total = *results++;
  for (Value *tile : masked)
    *tile = *results++;
  for (Value before : rows) {
    Value after = *results++;
    for (auto &[memory, write] : writes)
      if (write == before)
        write = after;
  }
  for (auto &[key, own] : gates)
    own.isClosed = true;
}

//===----------------------------------------------------------------------===//
// Writes
//===----------------------------------------------------------------------===//

/// r of the write, f32, zero where padding: the operand, or 1 - exp(decay) when
/// tied to it.
Value Memories::rowsOf(MemoryOp memory) {
  if (Value rows = memory.getRows())
    return b.extended(tiles.zeroPadded(tiles.tileOf(rows, false), rows,
                                       /*tokens=*/true));
  if (Value rows = tied.lookup(keyOf(memory)))
    return rows;
  // Coarse where the factor is rounded to 16 bits.
  bool coarse = isRowWise(memory) && !plan.productOf(memory).isF32();
  Value decay = gatesOf(memory).decay;
  OpBuilder::InsertionGuard guard(b);
  window.leaveGroup();
  return tied[keyOf(memory)] = b.neg(b.expm1(decay, coarse));
}

/// c of the write, as the machine multiplies it.
Value Memories::columnsOf(MemoryOp memory) {
  Value columns = memory.getColumns();
  bool sliced = plan.isSliced(memory);
  Value tile = tiles.tileOf(columns, sliced);
  OpBuilder::InsertionGuard guard(b);
  window.leaveGroup();
  return b.convertTo(tiles.zeroPadded(tile, columns, /*tokens=*/true, sliced),
                     plan.productOf(memory));
}

/// The rows as factors of the window's products: W for row-wise decays, else r.
void Memories::makeWrite(MemoryOp memory) {
  if (!started.insert(memory).second)
    return;
  Type product = plan.productOf(memory);
  // Memories that share rows and decay share W.
  for (auto &[op, write] : writes)
    if (auto other = cast<MemoryOp>(op);
        other.getRows() == memory.getRows() &&
        other.getDecay() == memory.getDecay() &&
        plan.productOf(other) == product) {
      Value shared = write;
      writes[memory] = shared;
      return;
    }
  Value rows = rowsOf(memory);
  if (isRowWise(memory)) {
    // Where the window must end earlier, these grow past all numbers.
    Value sums = b.neg(gatesOf(memory).sums);
    rows = b.mul(rows, endsEarly ? b.exp2(sums) : b.exp2OfSums(sums));
  }
  rows = b.convertTo(rows, product);
  // The rows may have needed a read for which the window was closed.
  if (window.length != window.available) {
    Value live = b.below(TileBuilder::typeOf(rows), 0, window.length);
    rows = b.select(live, rows, b.constantLike(rows, 0.0));
  }
  writes[memory] = rows;
}

Value Memories::writesOf(MemoryOp memory) {
  if (memory.getDecay())
    gatesOf(memory);
  closeWindow();
  return writes.lookup(memory);
}

/// Keeps what a token may see: itself and earlier ones, decayed since.
Value Memories::scoreMask(MemoryOp memory, Value scores) {
  RankedTensorType type = TileBuilder::typeOf(scores);
  Value zero = b.constantLike(scores, 0.0);
  Value causal = arith::CmpIOp::create(b, arith::CmpIPredicate::sge,
                                       b.iota(type, 0), b.iota(type, 1));
  if (memory.getDecay() && !gatesOf(memory).isRowWise()) {
    auto between = [&](Value sums) {
      return b.sub(b.broadcast(sums, 1, type), b.broadcast(sums, 0, type));
    };
    Gates own = gatesOf(memory);
    Value log2 = between(own.sums);
    if (own.restSums)
      log2 = b.add(log2, between(own.restSums));
    scores = b.mul(scores, b.exp2(log2));
  }
  return b.convertTo(b.select(causal, scores, zero), plan.productOf(memory));
}

Value Memories::readStaged(ReadOp op) {
  Value result = b.scaled(window.block.reads->load(window, op),
                          op.getScale().convertToDouble());
  return b.convertTo(result, getElementTypeOrSelf(op.getResult().getType()));
}

Value Memories::read(ReadOp op) {
  if (op.getSide() == Side::Columns && plan.stage == SweepPlan::Stage::Rest)
    return readStaged(op);
  auto memory = op.getMemory().getDefiningOp<MemoryOp>();
  Type product = plan.productOf(memory);
  bool rowWise = isRowWise(memory);
  bool scalar = memory.getDecay() && !rowWise;
  auto factorFor = [&](Value like) {
    Value factors = gatesOf(memory).factors;
    return rowWise ? factors
                   : b.broadcast(factors, 1, TileBuilder::typeOf(like));
  };
  auto vector = [&](bool sliced) {
    return tiles.zeroPadded(tiles.tileOf(op.getVector(), sliced),
                            op.getVector(), /*tokens=*/false, sliced);
  };
  Value columns = columnsOf(memory);
  Value state = b.convertTo(window.carries.lookup(memory), product);
  Value result, reciprocal;
  if (op.getSide() == Side::Columns) {
    bool sliced = plan.isSliced(memory);
    Value x = b.convertTo(vector(sliced), product);
    Value scores = scoreMask(memory, b.mma(x, b.transpose(columns)));
    Value before = b.mma(x, b.transpose(state));
    if (scalar)
      before = b.mul(before, factorFor(before));
    result = b.mma(scores, writesOf(memory), before);
    // Scores too are sums over the columns, and all behind them is linear.
    if (sliced && plan.cluster > 1)
      result =
          tile::ExchangeOp::create(b, result.getType(), result, plan.cluster);
    if (rowWise)
      result = b.mul(result, factorFor(result));
    if (plan.stage == SweepPlan::Stage::Reads)
      return result;
  } else {
    // A read is linear: a softmax that goes nowhere else is normalised behind.
    Value x;
    auto softmax = op.getVector().getDefiningOp<SoftmaxOp>();
    if (softmax && softmax->hasOneUse()) {
      Tiles::Weights own = tiles.weightsOf(softmax, false);
      x = own.weights;
      reciprocal = own.reciprocal;
      // But blocks that share the weights' rows have fewer of them than of
      // what comes behind.
      if (plan.cluster > 1) {
        x = b.mul(x, b.broadcast(reciprocal, 1, TileBuilder::typeOf(x)));
        reciprocal = {};
      }
    } else {
      x = vector(/*sliced=*/false);
    }
    Value decayed = b.extended(x);
    if (rowWise || scalar)
      decayed = b.mul(decayed, factorFor(decayed));
    decayed = b.convertTo(decayed, product);
    Value plain = rowWise ? decayed : b.convertTo(x, product);
    Value scores =
        scoreMask(memory, b.mma(plain, b.transpose(writesOf(memory))));
    Value before = b.mma(decayed, state);
    result = b.mma(scores, columns, before);
  }
  if (reciprocal)
    result =
        b.mul(result, b.broadcast(reciprocal, 1, TileBuilder::typeOf(result)));
  result = b.scaled(result, op.getScale().convertToDouble());
  return b.convertTo(result, getElementTypeOrSelf(op.getResult().getType()));
}

/// A memory behind the window's writes, times its decay: in two steps if the
/// window can span more than a number holds. A branch for the windows that do
/// costs more than a product, for it keeps instructions apart (bench/NOTES.md).
Value Memories::decayed(Value state, const Gates &own) {
  constexpr double least = -120.0;
  RankedTensorType type = TileBuilder::typeOf(state);
  if (own.limit > least)
    return b.mul(state, b.broadcast(b.exp2(own.total), 1, type));
  Value root = b.broadcast(b.exp2(b.scaled(own.total, 0.5)), 1, type);
  return b.mul(b.mul(state, root), root);
}

Value Memories::nextState(MemoryOp memory) {
  Value columns = columnsOf(memory);
  Value state = window.carries.lookup(memory);
  RankedTensorType type = TileBuilder::typeOf(state);
  Value rows = writesOf(memory);
  if (!memory.getDecay())
    return b.mma(b.transpose(rows), columns, state);

  Gates own = gatesOf(memory);
  if (own.isRowWise())
    return decayed(b.mma(b.transpose(rows), columns, state), own);
  Value kept = b.exp2(own.total);
  rows = rowsOf(memory);
  Value since = b.broadcast(own.since, 1, TileBuilder::typeOf(rows));
  rows = b.convertTo(b.mul(rows, since), plan.productOf(memory));
  return b.mma(b.transpose(rows), columns, b.mul(state, b.splat(kept, type)));
}
