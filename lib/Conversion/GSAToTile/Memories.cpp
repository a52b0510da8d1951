//===- Memories.cpp - Decays, writes, reads and carries of a window -------===//

#include "Window.h"

using namespace mlir;
using namespace mlir::gsa;

/// log2 of the smallest decay a token can have: 1e-30, as good as none.
constexpr double kDecayFloor = -100.0;
/// log2 of the decay that a window may reach. Factors span this much, half of
/// it above 1 and half below, which leaves 2^70 for the products of the inputs.
constexpr double kWindowDecay = -110.0;
/// The same where all rows share a decay: nothing overflows, but differences of
/// running sums are wrong by what the sums are rounded by, 1e-4 at this size.
constexpr double kSharedWindowDecay = -2048.0;

/// log2 of what a memory with row-wise decay is carried times, for each row; G
/// starts as far from zero, the other way.
///
/// The factors W_j grow from 1 as a window goes on; starting in the middle of
/// their span keeps them, and products with them, far from overflow.
///
/// And where they are rounded, each row starts a little elsewhere. E_i W_j is
/// exact only up to the rounding of both. When many rows share a decay, their
/// factors are equal and so are the errors, which then add up in reads over the
/// rows instead of cancelling: 7e-3 for decays of -30 everywhere in bf16. Rows
/// that are scaled differently round differently: 2e-3.
static Value referenceOf(TileBuilder &b, int64_t rows, Type product) {
  auto type = RankedTensorType::get({rows}, b.getF32Type());
  Value middle = arith::ConstantOp::create(
      b, DenseElementsAttr::get(type, b.getF32FloatAttr(kWindowDecay / 2)));
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

/// Ends the window before a running sum falls below `limit`.
void Memories::narrowWindow(const Gates &gates, double limit) {
  auto all = llvm::to_vector(
      llvm::seq<int64_t>(0, TileBuilder::typeOf(gates.sums).getRank()));
  Value lowest = b.reduce(tile::ReduceKind::Min, gates.sums, all);
  Value fits =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OGE, lowest, b.f32(limit));
  auto branch = scf::IfOp::create(b, b.getIndexType(), fits,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(b, window.length);
  b.setInsertionPointToStart(branch.elseBlock());
  RankedTensorType type = TileBuilder::typeOf(gates.sums);
  Value inside = arith::CmpFOp::create(b, arith::CmpFPredicate::OGE, gates.sums,
                                       b.constantLike(gates.sums, limit));
  Value row = b.iota(type, 0);
  Value stop = b.select(inside, b.constantLike(row, plan.chunk), row);
  Value first = arith::IndexCastOp::create(
      b, b.getIndexType(), b.reduce(tile::ReduceKind::Min, stop, all));
  // The decay's floor lets one token always fit; a NaN must not stop the loop.
  first = arith::MaxSIOp::create(b, first, b.index(1));
  scf::YieldOp::create(
      b, arith::MinSIOp::create(b, first, window.length).getResult());
  window.length = branch.getResult(0);
}

Gates Memories::gatesOf(MemoryOp memory) {
  Value decay = memory.getDecay();
  Type product = plan.productOf(memory);
  auto *found = gates.find({decay, product});
  if (found != gates.end())
    return found->second;
  Value tile = tiles.tileOf(decay, false);
  // Making the tile can make the gates: a running softmax asks for them.
  found = gates.find({decay, product});
  if (found != gates.end())
    return found->second;

  OpBuilder::InsertionGuard guard(b);
  window.leaveGroup();
  tile = b.extended(tile);
  if (!isa<RankedTensorType>(tile.getType())) // One decay for all tokens.
    tile = b.splat(tile, RankedTensorType::get({plan.chunk}, b.getF32Type()));
  else
    tile = tiles.zeroPadded(tile, decay, /*tokens=*/true);
  Gates own;
  Value log2 = b.scaled(tile, kLog2E);
  own.log2 =
      arith::MaximumFOp::create(b, log2, b.constantLike(log2, kDecayFloor));
  own.sums = b.scan(tile::ScanKind::Add, own.log2);
  if (own.isRowWise()) {
    RankedTensorType type = TileBuilder::typeOf(own.sums);
    Value reference = referenceOf(b, type.getDimSize(1), product);
    own.sums = b.sub(own.sums, b.broadcast(reference, 0, type));
  }
  own.factors = b.exp2(own.sums);
  if (own.isRowWise())
    narrowWindow(own, kWindowDecay / 2); // From the reference.
  else if (plan.chunk * kDecayFloor < kSharedWindowDecay)
    narrowWindow(own, kSharedWindowDecay);
  gates[{decay, product}] = own;
  return own;
}

/// r of the write, f32: the operand, or 1 - exp(decay) when tied to it.
Value Memories::rowsOf(MemoryOp memory) {
  if (Value rows = memory.getRows())
    return b.extended(
        tiles.zeroPadded(tiles.tileOf(rows, false), rows, /*tokens=*/true));
  Value decay = b.extended(tiles.tileOf(memory.getDecay(), false));
  return b.neg(math::ExpM1Op::create(b, decay));
}

/// c of the write, as the machine multiplies it.
Value Memories::columnsOf(MemoryOp memory) {
  Value columns = memory.getColumns();
  Value tile = tiles.tileOf(columns, plan.isSliced(memory));
  OpBuilder::InsertionGuard guard(b);
  window.leaveGroup();
  return b.convertTo(tiles.zeroPadded(tile, columns, /*tokens=*/true),
                     plan.productOf(memory));
}

/// The rows as factors of the window's products: W for row-wise decays, else r.
Value Memories::writesOf(MemoryOp memory) {
  if (Value known = writes.lookup(memory))
    return known;
  OpBuilder::InsertionGuard guard(b);
  window.leaveGroup();
  Type product = plan.productOf(memory);
  Value result;
  if (memory.getDecay() && gatesOf(memory).isRowWise()) {
    // Memories that share rows and decay share W.
    for (MemoryOp other : plan.memories)
      if (Value known = writes.lookup(other);
          known && other.getRows() == memory.getRows() &&
          other.getDecay() == memory.getDecay() &&
          plan.productOf(other) == product) {
        writtenWindow[memory] = writtenWindow.lookup(other);
        return writes[memory] = known;
      }
    Value grown = b.exp2(b.neg(gatesOf(memory).sums));
    Value w = b.mul(rowsOf(memory), grown);
    Value live = b.below(TileBuilder::typeOf(w), 0, window.length);
    w = b.select(live, w, b.constantLike(w, 0.0));
    writtenWindow[memory] = window.length;
    // A tied write is not zero where a gate is padding.
    int64_t rows = memory.getType().getRows();
    if (memory.isTied() && rows < TileBuilder::typeOf(w).getDimSize(1))
      w = b.select(b.below(TileBuilder::typeOf(w), 1, b.getIndexAttr(rows)), w,
                   b.constantLike(w, 0.0));
    result = b.convertTo(w, product);
  } else {
    result = b.convertTo(rowsOf(memory), product);
    writtenWindow[memory] = window.available; // Padding is zero there.
  }
  return writes[memory] = result;
}

/// Keeps what a token may see: itself and earlier ones, decayed since.
Value Memories::scoreMask(MemoryOp memory, Value scores) {
  RankedTensorType type = TileBuilder::typeOf(scores);
  Value zero = b.constantLike(scores, 0.0);
  Value causal = arith::CmpIOp::create(b, arith::CmpIPredicate::sge,
                                       b.iota(type, 0), b.iota(type, 1));
  if (memory.getDecay() && !gatesOf(memory).isRowWise()) {
    Value sums = gatesOf(memory).sums;
    Value decayed =
        b.exp2(b.sub(b.broadcast(sums, 1, type), b.broadcast(sums, 0, type)));
    scores = b.mul(scores, decayed);
  }
  return b.convertTo(b.select(causal, scores, zero), plan.productOf(memory));
}

Value Memories::read(ReadOp op) {
  auto memory = op.getMemory().getDefiningOp<MemoryOp>();
  Type product = plan.productOf(memory);
  bool rowWise = memory.getDecay() && gatesOf(memory).isRowWise();
  bool scalar = memory.getDecay() && !rowWise;
  auto factorFor = [&](Value like) {
    Value factors = gatesOf(memory).factors;
    return rowWise ? factors
                   : b.broadcast(factors, 1, TileBuilder::typeOf(like));
  };
  auto vector = [&] {
    return tiles.zeroPadded(tiles.tileOf(op.getVector(), false), op.getVector(),
                            /*tokens=*/false);
  };
  Value columns = columnsOf(memory);
  Value state = b.convertTo(window.carries.lookup(memory), product);
  Value result;
  if (op.getSide() == Side::Columns) {
    Value x = b.convertTo(vector(), product);
    Value scores = scoreMask(memory, b.mma(x, b.transpose(columns)));
    Value before = b.mma(x, b.transpose(state));
    if (scalar)
      before = b.mul(before, factorFor(before));
    result = b.mma(scores, writesOf(memory), before);
    if (rowWise)
      result = b.mul(result, factorFor(result));
  } else {
    Value x = vector();
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
  result = b.scaled(result, op.getScale().convertToDouble());
  return b.convertTo(result, getElementTypeOrSelf(op.getResult().getType()));
}

Value Memories::nextState(MemoryOp memory) {
  Type product = plan.productOf(memory);
  Value columns = columnsOf(memory);
  Value state = window.carries.lookup(memory);
  RankedTensorType type = TileBuilder::typeOf(state);
  Value rows = writesOf(memory);
  // Another memory's decay may have ended the window since W was masked, or
  // may have ended it for rows that no decay of their own masks.
  if (writtenWindow.lookup(memory) != window.length)
    rows = b.select(b.below(TileBuilder::typeOf(rows), 0, window.length), rows,
                    b.constantLike(rows, 0.0));
  if (!memory.getDecay())
    return b.mma(b.transpose(rows), columns, state);

  Gates own = gatesOf(memory);
  Value live = b.below(TileBuilder::typeOf(own.log2), 0, window.length);
  Value total =
      b.reduce(tile::ReduceKind::Add,
               b.select(live, own.log2, b.constantLike(own.log2, 0.0)), 0);
  if (own.isRowWise()) {
    Value sum = b.mma(b.transpose(rows), columns, state);
    return b.mul(sum, b.broadcast(b.exp2(total), 1, type));
  }
  Value since =
      b.exp2(b.sub(b.splat(total, TileBuilder::typeOf(own.sums)), own.sums));
  since = b.select(live, since, b.constantLike(since, 0.0));
  RankedTensorType rowsType = TileBuilder::typeOf(rows).clone(b.getF32Type());
  Value decayed = b.convertTo(
      b.mul(rowsOf(memory), b.broadcast(since, 1, rowsType)), product);
  Value kept = b.mul(state, b.splat(b.exp2(total), type));
  return b.mma(b.transpose(decayed), columns, kept);
}
