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
// Tiles are made on demand from what the kernel stores and carries. A tile
// belongs to a key/value head or to one query head of its group; the latter are
// made inside the loop over the group.
//
//===----------------------------------------------------------------------===//

#include "dialects/GSA/GSA.h"
#include "dialects/Tile/Tile.h"
#include "gsa/Conversion/KernelSignature.h"
#include "gsa/Conversion/Passes.h"
#include "gsa/Target/Target.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::gsa {
#define GEN_PASS_DEF_CHUNKMEMORYPASS
#include "gsa/Conversion/Passes.h.inc"
} // namespace mlir::gsa

using namespace mlir;
using namespace mlir::gsa;

/// Columns of tiles are padded to whole registers of the widest machine.
constexpr int64_t kColumnPadding = 16;
/// log2 of the smallest decay a token can have: 1e-30, as good as none.
constexpr double kDecayFloor = -100.0;
/// log2 of the decay that a window may reach. Factors span this much, half of
/// it above 1 and half below, which leaves 2^70 for the products of the inputs.
constexpr double kWindowDecay = -110.0;
/// The same where all rows share a decay: nothing overflows, but differences of
/// running sums are wrong by what the sums are rounded by, 1e-4 at this size.
constexpr double kSharedWindowDecay = -2048.0;
constexpr double kLog2E = 1.4426950408889634;

namespace {

//===----------------------------------------------------------------------===//
// Arithmetic on tiles and scalars
//===----------------------------------------------------------------------===//

/// Short names for what the chunked forms are made of.
class TileBuilder : public ImplicitLocOpBuilder {
public:
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;

  static RankedTensorType typeOf(Value tile) {
    return cast<RankedTensorType>(tile.getType());
  }

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(*this, value);
  }
  Value f32(double value) {
    return arith::ConstantOp::create(*this, getF32FloatAttr(value));
  }
  /// `value` everywhere, as a scalar or a tile like `like`.
  Value constantLike(Value like, double value) {
    Type element = getElementTypeOrSelf(like.getType());
    TypedAttr attr = isa<FloatType>(element)
                         ? TypedAttr(getFloatAttr(element, value))
                         : TypedAttr(getIntegerAttr(element, int64_t(value)));
    if (auto type = dyn_cast<RankedTensorType>(like.getType()))
      attr = DenseElementsAttr::get(type, attr);
    return arith::ConstantOp::create(*this, attr);
  }
  Value zeros(ArrayRef<int64_t> shape, Type element) {
    auto type = RankedTensorType::get(shape, element);
    return arith::ConstantOp::create(*this, cast<TypedAttr>(getZeroAttr(type)));
  }
  Value splat(Value scalar, RankedTensorType like) {
    return tensor::SplatOp::create(*this, scalar, like.clone(scalar.getType()));
  }

  Value add(Value a, Value b) { return arith::AddFOp::create(*this, a, b); }
  Value sub(Value a, Value b) { return arith::SubFOp::create(*this, a, b); }
  Value mul(Value a, Value b) { return arith::MulFOp::create(*this, a, b); }
  Value neg(Value a) { return arith::NegFOp::create(*this, a); }
  Value exp2(Value a) { return math::Exp2Op::create(*this, a); }
  Value select(Value condition, Value yes, Value no) {
    return arith::SelectOp::create(*this, condition, yes, no);
  }
  /// `x` times a constant; nothing for 1.
  Value scaled(Value x, double factor) {
    return factor == 1.0 ? x : mul(x, constantLike(x, factor));
  }

  /// `x` in elements of `element`.
  Value convertTo(Value x, Type element) {
    Type from = getElementTypeOrSelf(x.getType());
    if (from == element)
      return x;
    Type to = element;
    if (auto tile = dyn_cast<RankedTensorType>(x.getType()))
      to = tile.clone(element);
    // bf16 and f16 hold different numbers: the way between them is f32.
    if (from.getIntOrFloatBitWidth() == element.getIntOrFloatBitWidth())
      return convertTo(convertTo(x, getF32Type()), element);
    if (from.getIntOrFloatBitWidth() < element.getIntOrFloatBitWidth())
      return arith::ExtFOp::create(*this, to, x);
    return arith::TruncFOp::create(*this, to, x);
  }
  Value extended(Value x) { return convertTo(x, getF32Type()); }

  Value iota(RankedTensorType like, int64_t dim) {
    return tile::IotaOp::create(*this, like.clone(getI32Type()), dim);
  }
  /// Repeats a vector to the shape of `like`, along the new dimension `dim`.
  Value broadcast(Value vector, int64_t dim, RankedTensorType like) {
    auto type = like.clone(typeOf(vector).getElementType());
    return tile::BroadcastOp::create(*this, type, vector, dim);
  }
  Value transpose(Value matrix) {
    RankedTensorType type = typeOf(matrix);
    auto to = RankedTensorType::get({type.getDimSize(1), type.getDimSize(0)},
                                    type.getElementType());
    return tile::TransposeOp::create(*this, to, matrix);
  }
  Value mma(Value a, Value b, Value acc = {}) {
    if (!acc)
      acc = zeros({typeOf(a).getDimSize(0), typeOf(b).getDimSize(1)},
                  getF32Type());
    return tile::MmaOp::create(*this, a, b, acc);
  }
  Value reduce(tile::ReduceKind kind, Value x, ArrayRef<int64_t> dims) {
    RankedTensorType type = typeOf(x);
    SmallVector<int64_t> shape;
    for (int64_t i = 0; i < type.getRank(); ++i)
      if (!llvm::is_contained(dims, i))
        shape.push_back(type.getDimSize(i));
    Type to = type.getElementType();
    if (!shape.empty())
      to = RankedTensorType::get(shape, to);
    return tile::ReduceOp::create(*this, to, kind, x, dims);
  }
  /// Inclusive running sums along the tokens; `exclusive` gets the others.
  Value scan(tile::ScanKind kind, Value x, Value *exclusive = nullptr) {
    RankedTensorType type = typeOf(x);
    auto total = RankedTensorType::get(type.getShape().drop_front(),
                                       type.getElementType());
    auto op = tile::ScanOp::create(*this, type, type, total, kind, x, 0);
    if (exclusive)
      *exclusive = op.getExclusive();
    return op.getInclusive();
  }

  /// Coordinates along `dim` below `bound`, an index or a constant.
  Value below(RankedTensorType like, int64_t dim, OpFoldResult bound) {
    Value coordinate = iota(like, dim), limit;
    if (auto value = dyn_cast<Value>(bound))
      limit =
          splat(arith::IndexCastOp::create(*this, getI32Type(), value), like);
    else
      limit = constantLike(coordinate, *getConstantIntValue(bound));
    return arith::CmpIOp::create(*this, arith::CmpIPredicate::slt, coordinate,
                                 limit);
  }
};

//===----------------------------------------------------------------------===//
// One sweep
//===----------------------------------------------------------------------===//

/// What a decay gives to the memories that share it.
struct Gates {
  Value log2;    ///< per token, f32: [C, M], or [C] for one decay a token
  Value sums;    ///< inclusive running sums of `log2`, from the reference
  Value factors; ///< exp2(sums)
  bool isRowWise() const {
    return cast<RankedTensorType>(log2.getType()).getRank() == 2;
  }
};

class SweepChunker {
public:
  SweepChunker(SweepOp sweep, Kernel &kernel, ScheduleAttr schedule,
               llvm::function_ref<bool(Type)> multiplies)
      : sweep(sweep), kernel(kernel), chunk(schedule.getChunk()),
        slices(schedule.getSlices()), multiplies(multiplies),
        b(sweep.getLoc(), sweep.getContext()) {}

  LogicalResult run();

private:
  // Shapes.
  LogicalResult findHeads();
  LogicalResult findSlices();
  int64_t headsOf(Value value) const {
    return cast<RankedTensorType>(value.getType()).getDimSize(2);
  }
  bool isPerQuery(Value value) const {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    return type && type.getRank() >= 3 && type.getDimSize(2) != heads;
  }
  int64_t sizeOf(Value value) const {
    return cast<RankedTensorType>(value.getType()).getShape().back();
  }
  int64_t paddedColumns(int64_t size, bool sliced) const {
    int64_t columns = sliced ? llvm::divideCeil(size, slices) : size;
    return llvm::alignTo(columns, kColumnPadding);
  }
  Value firstColumn(Value value, bool sliced);

  // The block.
  void openBlock();
  SmallVector<Value> initialCarries();
  void emitWindow(ValueRange carries, Value position);
  void storeFinalStates(ValueRange carries);
  void onFirstSlice(bool everySlice, llvm::function_ref<void()> body);

  // Tiles.
  Value tileOf(Value value, bool sliced);
  Value makeTile(Value value, bool sliced);
  Value loadTile(Value value, bool sliced);
  Value makeElementwise(Operation *op, Value result, bool sliced);
  Value makeSoftmax(SoftmaxOp op, bool sliced);
  Value makeSoftmaxDecay(SoftmaxDecayOp op);
  Value makeRead(ReadOp op);
  /// `value` with zeros for columns that are padding and, if `tokens`, for
  /// tokens behind the sequence's end. Products over either need that.
  Value zeroPadded(Value tile, Value value, bool tokens);
  bool keepsZero(Value value) const;

  // Memories.
  Type productOf(MemoryOp memory) const;
  Gates gatesOf(MemoryOp memory);
  Value referenceOf(int64_t rows, Type product);
  Value refer(MemoryOp memory, Value state, bool back);
  void narrowWindow(const Gates &gates, double limit);
  Value rowsOf(MemoryOp memory);
  Value columnsOf(MemoryOp memory);
  Value writesOf(MemoryOp memory);
  Value scoreMask(MemoryOp memory, Value scores);
  Value stateOf(MemoryOp memory) { return carryOf.lookup(memory); }
  Value nextState(MemoryOp memory);
  bool isSliced(MemoryOp memory) const {
    return slicedMemories.contains(memory);
  }

  SweepOp sweep;
  Kernel &kernel;
  int64_t chunk, slices;
  llvm::function_ref<bool(Type)> multiplies;
  TileBuilder b;

  int64_t heads = 0, group = 1;
  SmallVector<MemoryOp> memories;
  SmallVector<SoftmaxDecayOp> runningSoftmaxes;
  DenseSet<Operation *> slicedMemories;
  DenseSet<Value> slicedValues;

  DenseMap<Value, Value> outerValues; ///< spec value -> kernel value
  /// Value in the sweep -> memrefs; equal results are one value.
  DenseMap<Value, SmallVector<Value, 1>> outputsOf;

  // Of the block.
  Value sequence, head, slice, batch, begin, end;
  // Of the window being emitted.
  Value token;     ///< the time of row 0
  Value available; ///< rows that are left, at most C
  Value window;    ///< rows the window takes
  Value query;     ///< the query head, inside the loop over the group
  Operation *groupLoop = nullptr;
  DenseMap<Value, Value> tiles[2]; ///< whole, and only the slice's columns
  DenseMap<Operation *, Value> carryOf;
  DenseMap<Operation *, Value> nextOf; ///< of softmax_decay
  llvm::MapVector<std::pair<Value, Type>, Gates> gates;
  DenseMap<Operation *, Value> writes;
  DenseMap<Operation *, Value> writtenWindow; ///< rows that `writes` has
};

} // namespace

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

/// Values that are known behind the last token only.
static bool isState(Value value) {
  Operation *op = value.getDefiningOp();
  auto decay = dyn_cast_if_present<SoftmaxDecayOp>(op);
  return isa_and_present<FinalStateOp>(op) ||
         (decay && value == decay.getFinal());
}

LogicalResult SweepChunker::findHeads() {
  for (Operation &op : sweep.getBody().front()) {
    int64_t own = 0;
    if (auto memory = dyn_cast<MemoryOp>(op)) {
      memories.push_back(memory);
      own = memory.getType().getHeads();
    } else if (auto decay = dyn_cast<SoftmaxDecayOp>(op)) {
      runningSoftmaxes.push_back(decay);
      own = headsOf(decay.getDecay());
    } else {
      continue;
    }
    if (heads && own != heads)
      return op.emitOpError("must have as many heads as its sweep, ")
             << heads << ", got " << own;
    heads = own;
  }
  if (!heads)
    return sweep.emitOpError("must hold a memory");
  for (Operation &op : sweep.getBody().front())
    for (Value value : op.getOperands()) {
      auto type = dyn_cast<RankedTensorType>(value.getType());
      if (!type || type.getRank() < 3 || isState(value) ||
          type.getDimSize(2) == heads || isa<MemoryOp, SoftmaxDecayOp>(op))
        continue;
      int64_t own = type.getDimSize(2);
      if (own % heads || (group != 1 && own != heads * group))
        return op.emitOpError(
                   "must have the sweep's heads or its query heads, ")
               << heads << (group == 1 ? "" : " or ")
               << (group == 1 ? std::string() : std::to_string(heads * group))
               << ", got " << own;
      group = own / heads;
    }
  return success();
}

/// A memory whose columns reach nothing but stored columns can be cut between
/// blocks; everything elementwise on the way is cut with it.
LogicalResult SweepChunker::findSlices() {
  if (slices == 1)
    return success();
  // A value that can be made for a part of its columns: nothing on the way
  // needs them all.
  auto canCut = [&](Value value, auto &self) -> bool {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    Operation *op = value.getDefiningOp();
    if (!type || type.getRank() < 3 || !op)
      return true;
    if (auto read = dyn_cast<ReadOp>(op))
      return read.getSide() == Side::Rows &&
             slicedMemories.contains(read.getMemory().getDefiningOp());
    return !isa<SoftmaxOp, SoftmaxDecayOp>(op) &&
           llvm::all_of(op->getOperands(),
                        [&](Value operand) { return self(operand, self); });
  };
  // Collects what is computed of `value` up to what is stored; false if it
  // meets something that needs all columns.
  auto leadsOut = [&](Value value, auto &self) -> bool {
    slicedValues.insert(value);
    return llvm::all_of(value.getUsers(), [&](Operation *user) {
      if (isa<YieldOp>(user))
        return true;
      return OpTrait::hasElementwiseMappableTraits(user) &&
             canCut(user->getResult(0), canCut) &&
             self(user->getResult(0), self);
    });
  };
  // Memories that are cut may meet each other, so take all and drop those that
  // cannot be until the rest can.
  slicedMemories.insert(memories.begin(), memories.end());
  for (bool changed = true; changed;) {
    changed = false;
    slicedValues.clear();
    for (MemoryOp memory : memories) {
      if (!isSliced(memory))
        continue;
      bool cut = canCut(memory.getColumns(), canCut) &&
                 llvm::all_of(memory->getUsers(), [&](Operation *user) {
                   auto read = dyn_cast<ReadOp>(user);
                   return !read || (read.getSide() == Side::Rows &&
                                    leadsOut(read.getResult(), leadsOut));
                 });
      if (cut)
        continue;
      slicedMemories.erase(memory);
      changed = true;
    }
  }
  if (slicedMemories.empty())
    return sweep.emitOpError("must have a memory whose columns reach only "
                             "outputs to be cut in ")
           << slices << " slices, got none";
  for (MemoryOp memory : memories)
    if (isSliced(memory) &&
        slices * kColumnPadding >
            paddedColumns(memory.getType().getColumns(), false))
      return sweep.emitOpError("must have at least ")
             << kColumnPadding << " columns for each of " << slices
             << " slices, got " << memory.getType().getColumns();
  return success();
}

Value SweepChunker::firstColumn(Value value, bool sliced) {
  if (!sliced)
    return b.index(0);
  Value width = b.index(paddedColumns(sizeOf(value), true));
  return arith::MulIOp::create(b, slice, width);
}

//===----------------------------------------------------------------------===//
// The block
//===----------------------------------------------------------------------===//

void SweepChunker::onFirstSlice(bool everySlice,
                                llvm::function_ref<void()> body) {
  if (everySlice || slices == 1)
    return body();
  Value first =
      arith::CmpIOp::create(b, arith::CmpIPredicate::eq, slice, b.index(0));
  auto branch = scf::IfOp::create(b, first, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  body();
}

/// The loop over blocks, and the tokens [begin, end) of this block's sequence.
void SweepChunker::openBlock() {
  Value zero = b.index(0), one = b.index(1);
  Value someTensor;
  for (Operation &op : sweep.getBody().front())
    for (Value operand : op.getOperands())
      if (auto type = dyn_cast<RankedTensorType>(operand.getType());
          type && type.getRank() >= 3 && outerValues.count(operand) &&
          !someTensor && !isa<FinalStateOp>(op) &&
          !(isa<MemoryOp>(op) && operand == cast<MemoryOp>(op).getInitial()) &&
          !(isa<SoftmaxDecayOp>(op) &&
            operand == cast<SoftmaxDecayOp>(op).getInitial()))
        someTensor = outerValues.lookup(operand);

  Value offsets = memories.empty() ? runningSoftmaxes.front().getOffsets()
                                   : memories.front().getOffsets();
  Value table = offsets ? outerValues.lookup(offsets) : Value();
  Value sequences =
      table
          ? arith::SubIOp::create(b, memref::DimOp::create(b, table, zero), one)
                .getResult()
          : memref::DimOp::create(b, someTensor, zero).getResult();
  Value time = memref::DimOp::create(b, someTensor, one);

  SmallVector<OpFoldResult> bounds = {sequences, b.getIndexAttr(heads),
                                      b.getIndexAttr(slices)};
  auto forall = scf::ForallOp::create(b, bounds, ValueRange(), std::nullopt);
  b.setInsertionPointToStart(forall.getBody());
  sequence = forall.getInductionVar(0);
  head = forall.getInductionVar(1);
  slice = forall.getInductionVar(2);
  if (!table) {
    batch = sequence;
    begin = zero;
    end = time;
    return;
  }
  batch = zero;
  auto offset = [&](Value i) -> Value {
    Value entry = memref::LoadOp::create(b, table, i);
    return arith::IndexCastOp::create(b, b.getIndexType(), entry);
  };
  begin = offset(sequence);
  end = offset(arith::AddIOp::create(b, sequence, one));
}

SmallVector<Value> SweepChunker::initialCarries() {
  SmallVector<Value> carries;
  for (MemoryOp memory : memories) {
    bool sliced = isSliced(memory);
    SmallVector<int64_t> shape = {
        paddedColumns(memory.getType().getRows(), false),
        paddedColumns(memory.getType().getColumns(), sliced)};
    if (Value initial = memory.getInitial()) {
      Value state = outerValues.lookup(initial);
      Value tile = tile::LoadOp::create(
          b, RankedTensorType::get(shape, b.getF32Type()), state,
          ValueRange{sequence, head, b.index(0), firstColumn(initial, sliced)},
          Value(), ArrayRef<int64_t>{2, 3}, 1);
      carries.push_back(refer(memory, tile, /*back=*/false));
      continue;
    }
    carries.push_back(b.zeros(shape, b.getF32Type()));
  }
  for (SoftmaxDecayOp decay : runningSoftmaxes) {
    auto type = RankedTensorType::get(
        {paddedColumns(sizeOf(decay.getLogits()), false)}, b.getF32Type());
    if (Value initial = decay.getInitial()) {
      carries.push_back(
          tile::LoadOp::create(b, type, outerValues.lookup(initial),
                               ValueRange{sequence, head, b.index(0)}, Value(),
                               ArrayRef<int64_t>{2}, 1));
      continue;
    }
    carries.push_back(arith::ConstantOp::create(
        b, DenseElementsAttr::get(
               type, b.getFloatAttr(b.getF32Type(),
                                    APFloat::getInf(APFloat::IEEEsingle(),
                                                    /*Negative=*/true)))));
  }
  return carries;
}

void SweepChunker::storeFinalStates(ValueRange carries) {
  size_t i = 0;
  for (MemoryOp memory : memories) {
    Value carry = carries[i++];
    for (Operation *user : memory->getUsers()) {
      auto state = dyn_cast<FinalStateOp>(user);
      if (!state)
        continue;
      bool sliced = isSliced(memory);
      for (Value output : outputsOf.lookup(state.getState()))
        onFirstSlice(sliced, [&] {
          Value tile = refer(memory, carry, /*back=*/true);
          Value column = firstColumn(state.getState(), sliced);
          tile::StoreOp::create(b, tile, output,
                                ValueRange{sequence, head, b.index(0), column},
                                Value(), ArrayRef<int64_t>{2, 3}, 1);
        });
    }
  }
  for (SoftmaxDecayOp decay : runningSoftmaxes) {
    Value carry = carries[i++];
    if (!decay.getFinal())
      continue;
    for (Value output : outputsOf.lookup(decay.getFinal()))
      onFirstSlice(false, [&] {
        tile::StoreOp::create(b, carry, output,
                              ValueRange{sequence, head, b.index(0)}, Value(),
                              ArrayRef<int64_t>{2}, 1);
      });
  }
}

LogicalResult SweepChunker::run() {
  if (failed(findHeads()) || failed(findSlices()))
    return failure();
  Block &spec = kernel.spec->front();

  // What the sweep uses from outside, as the kernel sees it.
  b.setInsertionPoint(kernel.func.getBody().front().getTerminator());
  IRMapping mapping;
  for (auto [from, to] : llvm::zip(spec.getArguments(), kernel.inputs)) {
    outerValues[from] = to;
    mapping.map(from, to);
  }
  auto yield = cast<YieldOp>(sweep.getBody().front().getTerminator());
  for (auto [i, value] : llvm::enumerate(spec.getTerminator()->getOperands())) {
    auto result = dyn_cast<OpResult>(value);
    if (!result || result.getOwner() != sweep)
      return kernel.func.emitError("a spec's results must be computed from its "
                                   "arguments, got an argument as result ")
             << i;
    Value inner = yield.getOperands()[result.getResultNumber()];
    outputsOf[inner].push_back(kernel.outputs[i]);
  }
  for (Operation &op : spec.without_terminator()) {
    if (&op == sweep)
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
        outerValues[from] = to;
    }
  }

  openBlock();
  SmallVector<Value> carries = {b.index(0)};
  llvm::append_range(carries, initialCarries());
  Value length = arith::SubIOp::create(b, end, begin);
  SmallVector<Type> types(ValueRange(carries).getTypes());
  auto loop = scf::WhileOp::create(b, types, carries);
  {
    OpBuilder::InsertionGuard guard(b);
    SmallVector<Location> locs(types.size(), b.getLoc());
    Block *before = b.createBlock(&loop.getBefore(), {}, types, locs);
    b.setInsertionPointToStart(before);
    Value more = arith::CmpIOp::create(b, arith::CmpIPredicate::slt,
                                       before->getArgument(0), length);
    scf::ConditionOp::create(b, more, before->getArguments());

    Block *body = b.createBlock(&loop.getAfter(), {}, types, locs);
    b.setInsertionPointToStart(body);
    emitWindow(body->getArguments().drop_front(), body->getArgument(0));
  }
  storeFinalStates(loop.getResults().drop_front());
  return success();
}

void SweepChunker::emitWindow(ValueRange carries, Value position) {
  size_t i = 0;
  for (MemoryOp memory : memories)
    carryOf[memory] = carries[i++];
  for (SoftmaxDecayOp decay : runningSoftmaxes)
    carryOf[decay] = carries[i++];

  Value left =
      arith::SubIOp::create(b, arith::SubIOp::create(b, end, begin), position);
  available = arith::MinSIOp::create(b, left, b.index(chunk));
  window = available;
  token = sweep.getReverse()
              ? arith::SubIOp::create(
                    b, arith::SubIOp::create(b, end, position), b.index(1))
                    .getResult()
              : arith::AddIOp::create(b, begin, position).getResult();

  // The window must be known before anything is masked, stored or carried.
  for (MemoryOp memory : memories)
    if (memory.getDecay())
      gatesOf(memory);

  // What the group's query heads compute goes into a loop over them.
  auto yield = cast<YieldOp>(sweep.getBody().front().getTerminator());
  SmallVector<Value> perHead, perQuery;
  for (Value value : yield.getOperands()) {
    if (!outputsOf.count(value) || isState(value))
      continue;
    (isPerQuery(value) ? perQuery : perHead).push_back(value);
  }
  auto store = [&](Value value, Value headIndex) {
    bool sliced = slicedValues.contains(value);
    Value tile = tileOf(value, sliced);
    onFirstSlice(sliced, [&] {
      SmallVector<Value> indices = {batch, token, headIndex};
      SmallVector<int64_t> dims = {1};
      if (TileBuilder::typeOf(tile).getRank() == 2) {
        indices.push_back(firstColumn(value, sliced));
        dims.push_back(3);
      }
      for (Value output : outputsOf.lookup(value))
        tile::StoreOp::create(b, tile, output, indices, window, dims,
                              sweep.getReverse() ? -1 : 1);
    });
  };
  for (Value value : perHead)
    store(value, head);
  if (!perQuery.empty()) {
    auto loop = scf::ForOp::create(b, b.index(0), b.index(group), b.index(1));
    OpBuilder::InsertionGuard guard(b);
    groupLoop = loop;
    b.setInsertionPoint(loop.getBody()->getTerminator());
    query =
        arith::AddIOp::create(b, arith::MulIOp::create(b, head, b.index(group)),
                              loop.getInductionVar());
    for (Value value : perQuery)
      store(value, query);
    groupLoop = nullptr;
  }

  SmallVector<Value> next = {arith::AddIOp::create(b, position, window)};
  for (MemoryOp memory : memories)
    next.push_back(nextState(memory));
  for (SoftmaxDecayOp decay : runningSoftmaxes) {
    tileOf(decay.getDecay(), false);
    next.push_back(nextOf.lookup(decay));
  }
  scf::YieldOp::create(b, next);
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

Value SweepChunker::tileOf(Value value, bool sliced) {
  if (Value tile = tiles[sliced].lookup(value))
    return tile;
  // What a head's queries share is made once, before the loop over them.
  OpBuilder::InsertionGuard guard(b);
  if (groupLoop && !isPerQuery(value))
    b.setInsertionPoint(groupLoop);
  Value tile = makeTile(value, sliced);
  tiles[sliced][value] = tile;
  return tile;
}

Value SweepChunker::makeTile(Value value, bool sliced) {
  if (Value outer = outerValues.lookup(value)) {
    if (isa<MemRefType>(outer.getType()))
      return loadTile(value, sliced);
    return outer; // A scalar.
  }
  // Messages of later stages point at the spec's line.
  Operation *op = value.getDefiningOp();
  Location outer = b.getLoc();
  b.setLoc(op->getLoc());
  Value tile;
  if (auto read = dyn_cast<ReadOp>(op))
    tile = makeRead(read);
  else if (auto softmax = dyn_cast<SoftmaxOp>(op))
    tile = makeSoftmax(softmax, sliced);
  else if (auto decay = dyn_cast<SoftmaxDecayOp>(op))
    tile = makeSoftmaxDecay(decay);
  else
    tile = makeElementwise(op, value, sliced);
  b.setLoc(outer);
  return tile;
}

Value SweepChunker::loadTile(Value value, bool sliced) {
  auto type = cast<RankedTensorType>(value.getType());
  Value source = outerValues.lookup(value);
  if (type.getRank() == 1) // [H]: one value for the head.
    return memref::LoadOp::create(b, source, head);
  SmallVector<Value> indices = {batch, token, isPerQuery(value) ? query : head};
  SmallVector<int64_t> dims = {1}, shape = {chunk};
  if (type.getRank() == 4) {
    indices.push_back(firstColumn(value, sliced));
    dims.push_back(3);
    shape.push_back(paddedColumns(sizeOf(value), sliced));
  }
  return tile::LoadOp::create(
      b, RankedTensorType::get(shape, type.getElementType()), source, indices,
      available, dims, sweep.getReverse() ? -1 : 1);
}

Value SweepChunker::makeElementwise(Operation *op, Value result, bool sliced) {
  auto type = dyn_cast<RankedTensorType>(result.getType());
  Type to = result.getType();
  if (type && type.getRank() == 1)
    to = type.getElementType();
  else if (type && type.getRank() == 3)
    to = RankedTensorType::get({chunk}, type.getElementType());
  else if (type)
    to = RankedTensorType::get(
        {chunk, paddedColumns(type.getShape().back(), sliced)},
        type.getElementType());

  if (auto splat = dyn_cast<tensor::SplatOp>(op))
    return tensor::SplatOp::create(b, tileOf(splat.getInput(), false),
                                   cast<RankedTensorType>(to));
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    auto elements = dyn_cast<DenseElementsAttr>(constant.getValue());
    if (!elements)
      return arith::ConstantOp::create(b, constant.getValue());
    if (auto tile = dyn_cast<RankedTensorType>(to))
      return arith::ConstantOp::create(
          b, DenseElementsAttr::get(tile, elements.getSplatValue<Attribute>()));
    if (elements.isSplat())
      return arith::ConstantOp::create(
          b, cast<TypedAttr>(elements.getSplatValue<Attribute>()));
    // A table of one value a head.
    auto vector = VectorType::get(type.getShape(), type.getElementType());
    Value table =
        arith::ConstantOp::create(b, cast<TypedAttr>(elements.reshape(vector)));
    return vector::ExtractOp::create(b, table, OpFoldResult(head));
  }
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(tileOf(operand, sliced));
  OperationState state(b.getLoc(), op->getName(), operands, to, op->getAttrs());
  return static_cast<OpBuilder &>(b).create(state)->getResult(0);
}

Value SweepChunker::makeSoftmax(SoftmaxOp op, bool sliced) {
  Value x = b.extended(tileOf(op.getOperand(), sliced));
  RankedTensorType type = TileBuilder::typeOf(x);
  int64_t size = sizeOf(op.getOperand());
  if (size < type.getDimSize(1)) {
    Value inside = b.below(type, 1, b.getIndexAttr(size));
    Value none = b.constantLike(x, -std::numeric_limits<double>::infinity());
    x = b.select(inside, x, none);
  }
  Value largest = b.reduce(tile::ReduceKind::Max, x, 1);
  Value weights =
      b.exp2(b.scaled(b.sub(x, b.broadcast(largest, 1, type)), kLog2E));
  Value sum = b.reduce(tile::ReduceKind::Add, weights, 1);
  Value reciprocal = arith::DivFOp::create(b, b.constantLike(sum, 1.0), sum);
  Value result = b.mul(weights, b.broadcast(reciprocal, 1, type));
  return b.convertTo(result, getElementTypeOrSelf(op.getResult().getType()));
}

/// z_t = logaddexp(z_{t-1}, x_t), decay_t = z_{t-1} - z_t. The difference is
/// taken as log_sigmoid(z_{t-1} - x_t), which cancels nothing.
Value SweepChunker::makeSoftmaxDecay(SoftmaxDecayOp op) {
  Value x = b.extended(tileOf(op.getLogits(), false));
  RankedTensorType type = TileBuilder::typeOf(x);
  Value carry = b.broadcast(carryOf.lookup(op), 0, type);
  Value ninf = b.constantLike(x, -std::numeric_limits<double>::infinity());

  Value exclusive;
  Value inclusive = b.scan(tile::ScanKind::LogAddExp, x, &exclusive);
  // The carry joins behind the scan: logaddexp is associative.
  auto join = [&](Value z) {
    Value high = arith::MaximumFOp::create(b, z, carry);
    Value gap = b.neg(math::AbsFOp::create(b, b.sub(z, carry)));
    Value sum =
        b.add(high, math::Log1pOp::create(b, math::ExpOp::create(b, gap)));
    // -inf - -inf is NaN, and inf + log1p(0) inf: nothing, or all, so far.
    Value infinite =
        arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ,
                              math::AbsFOp::create(b, high), b.neg(ninf));
    return b.select(infinite, high, sum);
  };
  Value before = join(exclusive), after = join(inclusive);
  Value decay = LogSigmoidOp::create(b, b.sub(before, x));
  Value nothing =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, after, ninf);
  decay = b.select(nothing, b.constantLike(x, 0.0), decay);

  // z never falls, so its last value is its largest; the window is known only
  // after this decay's gates.
  tiles[false][op.getDecay()] = decay;
  for (MemoryOp memory : memories)
    if (memory.getDecay())
      gatesOf(memory);
  Value live = b.below(type, 0, window);
  nextOf[op] = b.reduce(tile::ReduceKind::Max, b.select(live, after, ninf), 0);
  return b.convertTo(decay, getElementTypeOrSelf(op.getDecay().getType()));
}

/// Whether padding, which loads make zero, is still zero in `value`.
bool SweepChunker::keepsZero(Value value) const {
  if (outerValues.count(value))
    return true;
  Operation *op = value.getDefiningOp();
  return isa<arith::ExtFOp, arith::TruncFOp, arith::NegFOp, SiluOp>(op) &&
         keepsZero(op->getOperand(0));
}

Value SweepChunker::zeroPadded(Value tile, Value value, bool tokens) {
  if (keepsZero(value))
    return tile;
  RankedTensorType type = TileBuilder::typeOf(tile);
  Value zero = b.constantLike(tile, 0.0);
  if (tokens)
    tile = b.select(b.below(type, 0, available), tile, zero);
  int64_t size = sizeOf(value);
  if (type.getRank() == 2 && size < type.getDimSize(1))
    tile = b.select(b.below(type, 1, b.getIndexAttr(size)), tile, zero);
  return tile;
}

//===----------------------------------------------------------------------===//
// Memories and reads
//===----------------------------------------------------------------------===//

/// The element type in which products with this memory are computed.
Type SweepChunker::productOf(MemoryOp memory) const {
  Type element = getElementTypeOrSelf(memory.getColumns().getType());
  return multiplies(element) ? element
                             : Type(Float32Type::get(element.getContext()));
}

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
Value SweepChunker::referenceOf(int64_t rows, Type product) {
  auto type = RankedTensorType::get({rows}, b.getF32Type());
  Value middle = arith::ConstantOp::create(
      b, DenseElementsAttr::get(type, b.getF32FloatAttr(kWindowDecay / 2)));
  if (product.isF32())
    return middle;
  Value row = arith::SIToFPOp::create(b, type, b.iota(type, 0));
  return b.add(b.scaled(row, 1.0 / static_cast<double>(rows)), middle);
}

/// A memory's state times its reference, or over it.
Value SweepChunker::refer(MemoryOp memory, Value state, bool back) {
  if (memory.getDecayKind() != DecayKind::Row)
    return state;
  RankedTensorType type = TileBuilder::typeOf(state);
  Value log2 = referenceOf(type.getDimSize(0), productOf(memory));
  Value factors = b.exp2(back ? b.neg(log2) : log2);
  return b.mul(state, b.broadcast(factors, 1, type));
}

/// Ends the window before a running sum falls below `limit`.
void SweepChunker::narrowWindow(const Gates &gates, double limit) {
  auto all = llvm::to_vector(
      llvm::seq<int64_t>(0, TileBuilder::typeOf(gates.sums).getRank()));
  Value lowest = b.reduce(tile::ReduceKind::Min, gates.sums, all);
  Value fits =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OGE, lowest, b.f32(limit));
  auto branch = scf::IfOp::create(b, b.getIndexType(), fits,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(b, window);
  b.setInsertionPointToStart(branch.elseBlock());
  RankedTensorType type = TileBuilder::typeOf(gates.sums);
  Value inside = arith::CmpFOp::create(b, arith::CmpFPredicate::OGE, gates.sums,
                                       b.constantLike(gates.sums, limit));
  Value row = b.iota(type, 0);
  Value stop = b.select(inside, b.constantLike(row, chunk), row);
  Value first = arith::IndexCastOp::create(
      b, b.getIndexType(), b.reduce(tile::ReduceKind::Min, stop, all));
  // The decay's floor lets one token always fit; a NaN must not stop the loop.
  first = arith::MaxSIOp::create(b, first, b.index(1));
  scf::YieldOp::create(b, arith::MinSIOp::create(b, first, window).getResult());
  window = branch.getResult(0);
}

Gates SweepChunker::gatesOf(MemoryOp memory) {
  Value decay = memory.getDecay();
  Type product = productOf(memory);
  auto *found = gates.find({decay, product});
  if (found != gates.end())
    return found->second;
  Value tile = tileOf(decay, false);
  // Making the tile can make the gates: a running softmax asks for them.
  found = gates.find({decay, product});
  if (found != gates.end())
    return found->second;

  OpBuilder::InsertionGuard guard(b);
  if (groupLoop)
    b.setInsertionPoint(groupLoop);
  tile = b.extended(tile);
  if (!isa<RankedTensorType>(tile.getType())) // One decay for all tokens.
    tile = b.splat(tile, RankedTensorType::get({chunk}, b.getF32Type()));
  else
    tile = zeroPadded(tile, decay, /*tokens=*/true);
  Gates own;
  Value log2 = b.scaled(tile, kLog2E);
  own.log2 =
      arith::MaximumFOp::create(b, log2, b.constantLike(log2, kDecayFloor));
  own.sums = b.scan(tile::ScanKind::Add, own.log2);
  if (own.isRowWise()) {
    RankedTensorType type = TileBuilder::typeOf(own.sums);
    Value reference = referenceOf(type.getDimSize(1), product);
    own.sums = b.sub(own.sums, b.broadcast(reference, 0, type));
  }
  own.factors = b.exp2(own.sums);
  if (own.isRowWise())
    narrowWindow(own, kWindowDecay / 2); // From the reference.
  else if (chunk * kDecayFloor < kSharedWindowDecay)
    narrowWindow(own, kSharedWindowDecay);
  gates[{decay, product}] = own;
  return own;
}

/// r of the write, f32: the operand, or 1 - exp(decay) when tied to it.
Value SweepChunker::rowsOf(MemoryOp memory) {
  if (Value rows = memory.getRows())
    return b.extended(zeroPadded(tileOf(rows, false), rows, /*tokens=*/true));
  Value decay = b.extended(tileOf(memory.getDecay(), false));
  return b.neg(math::ExpM1Op::create(b, decay));
}

/// c of the write, as the machine multiplies it.
Value SweepChunker::columnsOf(MemoryOp memory) {
  Value columns = memory.getColumns();
  Value tile = tileOf(columns, isSliced(memory));
  OpBuilder::InsertionGuard guard(b);
  if (groupLoop)
    b.setInsertionPoint(groupLoop);
  return b.convertTo(zeroPadded(tile, columns, /*tokens=*/true),
                     productOf(memory));
}

/// The rows as factors of the window's products: W for row-wise decays, else r.
Value SweepChunker::writesOf(MemoryOp memory) {
  if (Value known = writes.lookup(memory))
    return known;
  OpBuilder::InsertionGuard guard(b);
  if (groupLoop)
    b.setInsertionPoint(groupLoop);
  Type product = productOf(memory);
  Value result;
  if (memory.getDecay() && gatesOf(memory).isRowWise()) {
    // Memories that share rows and decay share W.
    for (MemoryOp other : memories)
      if (Value known = writes.lookup(other);
          known && other.getRows() == memory.getRows() &&
          other.getDecay() == memory.getDecay() &&
          productOf(other) == product) {
        writtenWindow[memory] = writtenWindow.lookup(other);
        return writes[memory] = known;
      }
    Value grown = b.exp2(b.neg(gatesOf(memory).sums));
    Value w = b.mul(rowsOf(memory), grown);
    Value live = b.below(TileBuilder::typeOf(w), 0, window);
    w = b.select(live, w, b.constantLike(w, 0.0));
    writtenWindow[memory] = window;
    // A tied write is not zero where a gate is padding.
    int64_t rows = memory.getType().getRows();
    if (memory.isTied() && rows < TileBuilder::typeOf(w).getDimSize(1))
      w = b.select(b.below(TileBuilder::typeOf(w), 1, b.getIndexAttr(rows)), w,
                   b.constantLike(w, 0.0));
    result = b.convertTo(w, product);
  } else {
    result = b.convertTo(rowsOf(memory), product);
    writtenWindow[memory] = available; // Padding is zero there.
  }
  return writes[memory] = result;
}

/// Keeps what a token may see: itself and earlier ones, decayed since.
Value SweepChunker::scoreMask(MemoryOp memory, Value scores) {
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
  return b.convertTo(b.select(causal, scores, zero), productOf(memory));
}

Value SweepChunker::makeRead(ReadOp op) {
  auto memory = op.getMemory().getDefiningOp<MemoryOp>();
  Type product = productOf(memory);
  bool rowWise = memory.getDecay() && gatesOf(memory).isRowWise();
  bool scalar = memory.getDecay() && !rowWise;
  auto factorFor = [&](Value like) {
    Value factors = gatesOf(memory).factors;
    return rowWise ? factors
                   : b.broadcast(factors, 1, TileBuilder::typeOf(like));
  };
  auto vector = [&] {
    return zeroPadded(tileOf(op.getVector(), false), op.getVector(),
                      /*tokens=*/false);
  };
  Value columns = columnsOf(memory);
  Value state = b.convertTo(stateOf(memory), product);
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

Value SweepChunker::nextState(MemoryOp memory) {
  Type product = productOf(memory);
  Value columns = columnsOf(memory);
  Value state = stateOf(memory);
  RankedTensorType type = TileBuilder::typeOf(state);
  Value rows = writesOf(memory);
  // Another memory's decay may have ended the window since W was masked, or
  // may have ended it for rows that no decay of their own masks.
  if (writtenWindow.lookup(memory) != window)
    rows = b.select(b.below(TileBuilder::typeOf(rows), 0, window), rows,
                    b.constantLike(rows, 0.0));
  if (!memory.getDecay())
    return b.mma(b.transpose(rows), columns, state);

  Gates own = gatesOf(memory);
  Value live = b.below(TileBuilder::typeOf(own.log2), 0, window);
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

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

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
    auto sweeps = llvm::to_vector(spec.getOps<SweepOp>());
    if (sweeps.size() != 1) {
      spec.emitError("a function must be one sweep to become one kernel, got ")
          << sweeps.size();
      return signalPassFailure();
    }
    FailureOr<const Target *> target = getTarget(spec);
    if (failed(target))
      return signalPassFailure();
    auto multiplies = [&](Type element) {
      return element.isBF16() && (*target)->getFacts().hasBF16Dot;
    };
    FailureOr<Kernel> kernel = createKernel(spec);
    if (failed(kernel))
      return signalPassFailure();
    SweepChunker chunker(sweeps.front(), *kernel, schedule, multiplies);
    if (failed(chunker.run()))
      return signalPassFailure();
  }
};
} // namespace
