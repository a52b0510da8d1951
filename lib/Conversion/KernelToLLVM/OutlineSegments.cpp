//===- OutlineSegments.cpp - Which sequences a call cuts, and how often ---===//
//
// A device runs some number of blocks at a time, and the blocks of a kernel
// take about as long as each other, so they run in waves. Two calls gain from
// cutting sequences into segments:
//
//   few blocks   all sequences are cut, so that no processor is idle
//   last wave    if it has few blocks, only its sequences are cut. Blocks start
//                in the order of their numbers, so the whole sequences go
//                first, and the segments fill what is left of the last full
//                wave and a fraction of one behind it
//
// The first is a rule, the second an estimate of times for every number of
// segments, in nanoseconds. Blocks wait for themselves or, where many run, for
// memory.
//
//===----------------------------------------------------------------------===//

#include "Outline.h"
#include "gsa/kernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace mlir::gsa;

/// Chunks that a segment has at least where all sequences are cut: a memory
/// that is written, folded and read again costs as much time as two or three of
/// them.
constexpr int64_t kLeastChunks = 8;

/// Chunks that a segment of the last wave has at least, and the most segments
/// that are tried for it: the shorter they are, the less they save.
constexpr int64_t kLeastTailChunks = 2, kMostTailSegments = 32;

/// To start a block and to move its memories takes as long as a chunk more.
constexpr int64_t kStartChunks = 1;
/// The states of a chunk take half as long as its outputs.
constexpr int64_t kStatesShare = 2;
/// Gains below one part in this many are not worth it.
constexpr int64_t kLeastGain = 32;

namespace {
/// Arithmetic on i64 values that are not negative.
class Arithmetic {
public:
  explicit Arithmetic(ImplicitLocOpBuilder &b) : b(b) {}

  Value operator()(int64_t value) {
    return arith::ConstantIntOp::create(b, b.getI64Type(), value);
  }
  Value add(Value x, Value y) { return arith::AddIOp::create(b, x, y); }
  Value sub(Value x, Value y) { return arith::SubIOp::create(b, x, y); }
  Value mul(Value x, Value y) { return arith::MulIOp::create(b, x, y); }
  Value min(Value x, Value y) { return arith::MinSIOp::create(b, x, y); }
  Value max(Value x, Value y) { return arith::MaxSIOp::create(b, x, y); }
  /// Rounded down, and up. `y` is positive.
  Value div(Value x, Value y) { return arith::DivSIOp::create(b, x, y); }
  Value ceilDiv(Value x, Value y) { return div(add(x, sub(y, (*this)(1))), y); }
  Value less(Value x, Value y) {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::slt, x, y);
  }
  Value select(Value condition, Value yes, Value no) {
    return arith::SelectOp::create(b, condition, yes, no);
  }

private:
  ImplicitLocOpBuilder &b;
};

/// What the compiler knows of a kernel.
struct Costs {
  int64_t chunk;
  int64_t blocks;   ///< of a whole sequence
  int64_t bytes;    ///< of workspaces, for each cut of a sequence
  int64_t token;    ///< bytes of a token's arguments, of all blocks
  bool overlaps;    ///< whole sequences run beside the stages before theirs
  int64_t ownFolds; ///< cuts up to which no stage folds
  StageTimes times;
};

/// What the call says, and the device.
struct CallValues {
  Value sequences, tokens; ///< tokens of a sequence, of packed ones the mean
  Value processors, resident;
};

/// An answer: of `sequences` the first `whole` are not cut.
struct Cut {
  Value segments, whole;
};
} // namespace

/// Where blocks leave more than half of the processors idle, as many segments
/// of all sequences as there are processors for, as far as the tokens go.
static Cut cutAll(Arithmetic &a, const Costs &costs, const CallValues &call) {
  Value atOnce = a.min(call.processors, call.resident);
  Value blocks = a.max(a.mul(call.sequences, a(costs.blocks)), a(1));
  Value worth = a.div(call.tokens, a(costs.chunk * kLeastChunks));
  Value segments = a.min(a.div(atOnce, blocks), worth);
  segments = a.max(a.min(segments, a(GSA_MAX_SEGMENTS)), a(1));
  // Segments are whole chunks: as long as they are then, fewer may do.
  Value chunks = a.max(a.ceilDiv(call.tokens, a(costs.chunk)), a(1));
  segments = a.ceilDiv(chunks, a.ceilDiv(chunks, segments));
  return {segments, a.select(a.less(a(1), segments), a(0), call.sequences)};
}

/// What is left of the last full wave, and the wave behind it, in segments.
static Cut cutLastWave(ImplicitLocOpBuilder &b, const Costs &costs,
                       const CallValues &call) {
  Arithmetic a(b);
  Value each = a(costs.blocks);
  Value waves = a.div(a.mul(call.sequences, each), call.resident);
  Value wavesBlocks = a.mul(waves, call.resident);
  Value whole = a.div(wavesBlocks, each);
  Value cut = a.sub(call.sequences, whole);
  Value cutBlocks = a.mul(cut, each);
  Value cutBytes = a.mul(a.max(cut, a(1)), a(costs.bytes));

  // A chunk, where up to so many blocks run.
  const StageTimes &times = costs.times;
  auto chunkTimeOf = [&](Value blocks) {
    blocks = a.min(blocks, call.resident);
    Value traffic = a.div(a.mul(blocks, a(costs.token * costs.chunk)),
                          a(costs.blocks * times.bytes));
    return a.max(a(costs.chunk * times.token), traffic);
  };
  Value chunks = a.ceilDiv(call.tokens, a(costs.chunk));
  Value blockTime = a.mul(chunks, chunkTimeOf(call.resident));
  Value lastBlocks = a.sub(a.mul(call.sequences, each), wavesBlocks);
  Value uncut =
      a.add(a.mul(waves, blockTime), a.mul(chunks, chunkTimeOf(lastBlocks)));
  // The whole ones, and the places that they leave in their last wave.
  Value wholeBlocks = a.mul(whole, each);
  Value wholeWaves = a.ceilDiv(wholeBlocks, call.resident);
  Value wholeTime = a.mul(wholeWaves, blockTime);
  Value places = a.sub(a.mul(wholeWaves, call.resident), wholeBlocks);

  Value most = a.div(chunks, a(kLeastTailChunks));
  most = a.min(most, a.add(a.div(a(times.kept), cutBytes), a(1)));
  most = a.min(most, a(kMostTailSegments));
  // Few blocks are one wave, and without a last one nothing is to be cut.
  Value isTail =
      arith::AndIOp::create(b, a.less(a(0), waves), a.less(a(0), cut));
  most = a.select(isTail, most, a(0));
  Value limit = a.sub(uncut, a.div(uncut, a(kLeastGain)));

  auto loop = scf::ForOp::create(b, a(2), a.add(most, a(1)), a(1),
                                 ValueRange{limit, a(1)});
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value segments = loop.getInductionVar(), best = loop.getRegionIterArg(0);
    Value own = a.ceilDiv(chunks, segments);
    Value started = a.add(own, a(kStartChunks));
    Value pieces = a.mul(cutBlocks, segments);
    Value beside = a.mul(places, a.div(chunks, started));
    Value behind = a.max(a.sub(pieces, beside), a(0));
    Value time = a.add(wholeTime, a.mul(a.ceilDiv(behind, call.resident),
                                        a.mul(started, chunkTimeOf(behind))));
    Value cuts = a.sub(segments, a(1));
    Value states = a.mul(cutBlocks, cuts);
    Value statesTime = a.mul(a.add(own, a(kStatesShare * kStartChunks)),
                             a.div(chunkTimeOf(states), a(kStatesShare)));
    time = a.add(time, a.mul(a.ceilDiv(states, call.processors), statesTime));
    // The fold reads and writes, between two more launches. Where stages
    // overlap, whole sequences hide it and one of the launches.
    Value folded = a.div(a.mul(a.mul(cutBytes, cuts), a(2)), a(times.bytes));
    Value between = a.add(folded, a(2 * times.launch));
    if (costs.overlaps)
      between = a.select(a.less(a(0), whole), a(times.launch), between);
    // Or blocks fold for themselves.
    between = a.select(a.less(a(costs.ownFolds), cuts), between, a(0));
    time = a.add(time, between);
    Value better = a.less(time, best);
    scf::YieldOp::create(
        b, ValueRange{a.select(better, time, best),
                      a.select(better, segments, loop.getRegionIterArg(1))});
  }
  Value segments = loop.getResult(1);
  return {segments, a.select(a.less(a(1), segments), whole, call.sequences)};
}

static Cut choose(ImplicitLocOpBuilder &b, const Costs &costs,
                  const CallValues &call) {
  Arithmetic a(b);
  Cut all = cutAll(a, costs, call), last = cutLastWave(b, costs, call);
  // At most one of them cuts.
  Value isCut = a.less(a(1), all.segments);
  return {a.select(isCut, all.segments, last.segments),
          a.select(isCut, all.whole, last.whole)};
}

/// Blocks of a whole sequence: the bounds of `forall` but for the first.
static int64_t countBlocks(scf::ForallOp forall) {
  int64_t blocks = 1;
  if (forall)
    for (OpFoldResult bound : llvm::drop_begin(forall.getMixedUpperBound()))
      blocks *= *getConstantIntValue(bound);
  return blocks;
}

/// Bytes of workspaces of `kernel` for each cut of a sequence; or if `ofTokens`
/// of inputs and outputs for each token.
static int64_t countBytes(func::FuncOp kernel, bool ofTokens) {
  int64_t bytes = 0;
  for (auto [index, type] : llvm::enumerate(kernel.getArgumentTypes())) {
    auto kind = kernel.getArgAttrOfType<StringAttr>(index, kKindAttr);
    auto tensor = dyn_cast<MemRefType>(type);
    if (!kind || !tensor || tensor.getRank() < 3)
      continue;
    bool isWorkspace = kind.getValue() == "workspace";
    // Of [batch, time, ...]; states have heads where tokens have the time.
    if (ofTokens ? isWorkspace || !tensor.isDynamicDim(1) : !isWorkspace)
      continue;
    int64_t elements = 1;
    for (int64_t extent : tensor.getShape().drop_front(2))
      elements *= extent;
    bytes += elements * tensor.getElementTypeBitWidth() / 8;
  }
  return bytes;
}

bool gsa::createSegments(OpBuilder &builder, func::FuncOp kernel,
                         scf::ForallOp forall, const StageTimes &times,
                         StringRef name) {
  auto stage = kernel->getAttrOfType<StringAttr>(kStageAttr);
  auto schedule = kernel->getAttrOfType<ScheduleAttr>(kScheduleAttr);
  if (!stage || stage.getValue() != "outputs" ||
      schedule.getKind() != ScheduleKind::Segmented)
    return false;
  OpBuilder::InsertionGuard guard(builder);
  ImplicitLocOpBuilder b(kernel.getLoc(), builder);
  Type i64 = b.getI64Type();
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto function = func::FuncOp::create(
      b, name, b.getFunctionType({pointer, i64, i64, pointer}, i64));
  Block *body = function.addEntryBlock();
  b.setInsertionPointToStart(body);
  Arithmetic a(b);
  auto field = [&](int64_t offset) {
    return loadField(b, b.getLoc(), i64, body->getArgument(0), offset);
  };
  Value sequences = field(offsetof(gsa_extents, sequences));
  Cut cut;
  if (schedule.getSegments()) {
    cut = {a(schedule.getSegments()), a.min(a(schedule.getWhole()), sequences)};
  } else {
    Value tokens = a.mul(field(offsetof(gsa_extents, batch)),
                         field(offsetof(gsa_extents, time)));
    CallValues call{sequences, a.div(tokens, a.max(sequences, a(1))),
                    body->getArgument(1), body->getArgument(2)};
    auto ownFolds = kernel->getAttrOfType<IntegerAttr>(kOwnFoldsAttr);
    Costs costs{schedule.getChunk(),
                countBlocks(forall),
                countBytes(kernel, /*ofTokens=*/false),
                countBytes(kernel, /*ofTokens=*/true),
                kernel->hasAttr(kAwaitsAttr),
                ownFolds ? ownFolds.getInt() : 1,
                times};
    cut = choose(b, costs, call);
  }
  LLVM::StoreOp::create(b, cut.whole, body->getArgument(3));
  func::ReturnOp::create(b, cut.segments);
  return true;
}
