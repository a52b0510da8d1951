//===- TileToVector.cpp - Tiles become vectors over scratch ---------------===//
//
// The processor's arm of the road. A tile lies in scratch memory, in the forms
// that its uses need (Forms.h); products run on blocks of accumulators; what is
// elementwise is computed on the way, vector by vector.
//
//===----------------------------------------------------------------------===//

#include "Lowering.h"
#include "gsa/Conversion/KernelSignature.h"
#include "gsa/Conversion/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::gsa {
#define GEN_PASS_DEF_CONVERTTILETOVECTORPASS
#include "gsa/Conversion/Passes.h.inc"
} // namespace mlir::gsa

using namespace mlir;
using namespace mlir::tile;

/// Buffers start at cache lines.
constexpr int64_t kBufferAlignment = 64;

TileLowering::TileLowering(Block &body, BlockArgument scratch,
                           const gsa::HostTarget &target)
    : body(body), scratch(scratch), target(target), facts(target.getFacts()),
      b(body.getParentOp()->getLoc(), body.getParentOp()->getContext()) {}

//===----------------------------------------------------------------------===//
// Scratch
//===----------------------------------------------------------------------===//

Value TileLowering::allocate(RankedTensorType tile, Form form) {
  SmallVector<int64_t> shape;
  if (tile.getRank() == 2) {
    int64_t across = extentAcross(tile, form.lanes);
    int64_t along = extentAlong(tile, form.lanes);
    shape = form.paired ? SmallVector<int64_t>{across / 2, along * 2}
                        : SmallVector<int64_t>{across, along};
  } else {
    shape = {tile.getDimSize(0)};
  }
  auto type = MemRefType::get(shape, tile.getElementType());
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&body);
  Value offset = arith::ConstantIndexOp::create(b, scratchBytes);
  Value buffer = memref::ViewOp::create(b, type, scratch, offset, ValueRange());
  scratchBytes +=
      llvm::alignTo(type.getNumElements() * type.getElementTypeBitWidth() / 8,
                    kBufferAlignment);
  return buffer;
}

Value TileLowering::bufferOf(Value value, Form form) {
  Value &buffer = buffers[{value, form.index()}];
  if (buffer)
    return buffer;
  bool first = form == Form{analysis.lanesOf(value), false};
  if (Value destination = destinations.lookup(value); first && destination)
    return buffer = destination;
  Value made = allocate(tileType(value), form);
  return buffers[{value, form.index()}] = made;
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

/// Whether `next` may overwrite `carry`, element by element: nothing reads
/// `carry` at or behind the place where `next` is made, but for `next` itself.
bool TileLowering::canUpdateInPlace(Value carry, Value next,
                                    Block &body) const {
  Operation *def = next.getDefiningOp();
  if (!def || def->getBlock() != &body ||
      analysis.lanesOf(next) != analysis.lanesOf(carry) ||
      tileType(next) != tileType(carry))
    return false;
  // `elementwise`: what is read is the element that is about to be written.
  auto readsBefore = [&](Value value, bool elementwise, auto &self) -> bool {
    for (OpOperand &use : value.getUses()) {
      Operation *user = use.getOwner();
      if (user->hasTrait<OpTrait::IsTerminator>())
        continue;
      Operation *site = user;
      bool aligned = elementwise && !isa<TransposeOp>(user);
      if (auto mma = dyn_cast<MmaOp>(user)) {
        aligned &= use.getOperandNumber() == 2;
        if (Value epilogue = analysis.planOf(mma).epilogue)
          site = epilogue.getDefiningOp();
      } else if (FormAnalysis::isInline(user) &&
                 !analysis.isStored(user->getResult(0))) {
        if (!self(user->getResult(0), aligned, self))
          return false;
        continue;
      }
      site = body.findAncestorOpInBlock(*site);
      if (!site->isBeforeInBlock(def) && !(site == def && aligned))
        return false;
    }
    return true;
  };
  return readsBefore(carry, true, readsBefore);
}

LogicalResult TileLowering::lowerWhile(scf::WhileOp loop) {
  Block &before = *loop.getBeforeBody(), &after = *loop.getAfterBody();
  auto condition = cast<scf::ConditionOp>(before.getTerminator());
  auto yield = cast<scf::YieldOp>(after.getTerminator());
  if (!llvm::equal(condition.getArgs(), before.getArguments()))
    return loop.emitOpError("must hand its arguments through unchanged to be "
                            "lowered");

  SmallVector<unsigned> carries;
  for (auto [i, carry] : llvm::enumerate(after.getArguments())) {
    if (!isTile(carry.getType()))
      continue;
    carries.push_back(i);
    Form form{analysis.lanesOf(carry), false};
    Value buffer = bufferOf(carry, form);
    for (Value alias : {Value(before.getArgument(i)), loop.getResult(i)})
      buffers[{alias, form.index()}] = buffer;
    fill(buffer, loop.getInits()[i], form.lanes);
    Value next = yield.getOperand(i);
    if (isa<BlockArgument>(next) && next != carry)
      return loop.emitOpError("must not exchange the tiles that it carries");
    if (!destinations.count(next) && canUpdateInPlace(carry, next, after))
      destinations[next] = buffer;
  }

  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&after);
  for (unsigned i : carries)
    makeOtherForms(after.getArgument(i));
  if (failed(lowerBlock(after)))
    return failure();
  b.setInsertionPoint(yield);
  for (unsigned i : carries) {
    Value next = yield.getOperand(i), carry = after.getArgument(i);
    Lanes lanes = analysis.lanesOf(carry);
    if (next != carry && destinations.lookup(next) != bufferOf(carry, {lanes}))
      fill(bufferOf(carry, {lanes, false}), next, lanes);
  }
  b.setInsertionPointAfter(loop);
  for (unsigned i : carries)
    makeOtherForms(loop.getResult(i));
  return success();
}

/// Both sides write what they result in to the same buffers.
LogicalResult TileLowering::lowerIf(scf::IfOp branch) {
  for (Block *block : {branch.thenBlock(), branch.elseBlock()}) {
    OpBuilder::InsertionGuard guard(b);
    if (failed(lowerBlock(*block)))
      return failure();
    auto yield = cast<scf::YieldOp>(block->getTerminator());
    b.setInsertionPoint(yield);
    for (auto [result, value] :
         llvm::zip(branch.getResults(), yield.getOperands())) {
      if (!isTile(result.getType()) || !analysis.isStored(result))
        continue;
      Lanes lanes = analysis.lanesOf(result);
      fill(bufferOf(result, {lanes, false}), value, lanes);
    }
  }
  b.setInsertionPointAfter(branch);
  for (Value result : branch.getResults())
    if (isTile(result.getType()) && analysis.isStored(result))
      makeOtherForms(result);
  branches.push_back(branch);
  return success();
}

LogicalResult TileLowering::lower(Operation *op) {
  bool makesTiles = llvm::any_of(op->getResultTypes(), isTile);
  if (auto loop = dyn_cast<scf::WhileOp>(op)) {
    loops.push_back(loop);
    return lowerWhile(loop);
  }
  if (auto branch = dyn_cast<scf::IfOp>(op); branch && makesTiles)
    return lowerIf(branch);
  if (op->getNumRegions()) {
    if (makesTiles)
      return op->emitOpError("must not result in tiles to be lowered");
    for (Region &region : op->getRegions())
      for (Block &block : region)
        if (failed(lowerBlock(block)))
          return failure();
    return success();
  }
  if (auto scan = dyn_cast<ScanOp>(op); scan && scan.getDim() != 0)
    return op->emitOpError("must run along dimension 0 to be lowered, got ")
           << scan.getDim();
  if (DenseElementsAttr elements; makesTiles &&
                                  matchPattern(op, m_Constant(&elements)) &&
                                  !elements.isSplat())
    return op->emitOpError("must be one number to be lowered, got several");
  if (auto load = dyn_cast<LoadOp>(op))
    lowerLoad(load);
  else if (auto store = dyn_cast<StoreOp>(op))
    lowerStore(store);
  else if (auto scan = dyn_cast<ScanOp>(op))
    lowerScan(scan);
  else if (auto reduce = dyn_cast<ReduceOp>(op))
    lowerReduce(reduce);
  else if (auto mma = dyn_cast<MmaOp>(op)) {
    if (!analysis.planOf(mma).epilogue)
      lowerProduct(mma);
  } else if (isa<AwaitStagesOp, ReleaseStageOp>(op))
    ; // A host runs a stage when those before it have ended.
  else if (!makesTiles)
    return success();
  else if (!FormAnalysis::isInline(op))
    return op->emitOpError("must be a tile operation or elementwise to be "
                           "lowered");
  dead.push_back(op);
  for (Value result : op->getResults()) {
    if (!isTile(result.getType()) || !analysis.isStored(result))
      continue;
    if (FormAnalysis::isInline(op))
      materialize(result);
    else
      makeOtherForms(result);
  }
  return success();
}

LogicalResult TileLowering::lowerBlock(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(block)) {
    b.setInsertionPoint(&op);
    b.setLoc(op.getLoc());
    if (failed(lower(&op)))
      return failure();
  }
  return success();
}

/// Takes the tiles, which lie in scratch now, out of a loop's signature.
static void dropCarriedTiles(scf::WhileOp loop) {
  BitVector tiles(loop.getNumResults());
  for (auto [i, type] : llvm::enumerate(loop.getResultTypes()))
    tiles[i] = isTile(type);
  SmallVector<Value> inits, results;
  SmallVector<Type> types;
  for (auto [i, init] : llvm::enumerate(loop.getInits()))
    if (!tiles[i]) {
      inits.push_back(init);
      types.push_back(init.getType());
      results.push_back(loop.getResult(i));
    }
  OpBuilder builder(loop);
  auto bare = scf::WhileOp::create(builder, loop.getLoc(), types, inits);
  bare.getBefore().takeBody(loop.getBefore());
  bare.getAfter().takeBody(loop.getAfter());
  bare.getBeforeBody()->eraseArguments(tiles);
  bare.getAfterBody()->eraseArguments(tiles);
  for (auto [from, to] : llvm::zip(results, bare.getResults()))
    from.replaceAllUsesWith(to);
  loop.erase();
}

/// Takes the tiles, which lie in scratch now, out of a branch's results.
static void dropTiles(scf::IfOp branch) {
  SmallVector<Value> results;
  SmallVector<Type> types;
  for (Value result : branch.getResults())
    if (!isTile(result.getType())) {
      results.push_back(result);
      types.push_back(result.getType());
    }
  OpBuilder builder(branch);
  auto bare =
      scf::IfOp::create(builder, branch.getLoc(), types, branch.getCondition());
  bare.getThenRegion().takeBody(branch.getThenRegion());
  bare.getElseRegion().takeBody(branch.getElseRegion());
  for (auto [from, to] : llvm::zip(results, bare.getResults()))
    from.replaceAllUsesWith(to);
  branch.erase();
}

LogicalResult TileLowering::run() {
  analysis.run(body);
  if (failed(lowerBlock(body)))
    return failure();
  SmallVector<Operation *> terminators;
  for (scf::WhileOp loop : loops)
    llvm::append_values(terminators, loop.getBeforeBody()->getTerminator(),
                        loop.getAfterBody()->getTerminator());
  for (scf::IfOp branch : branches)
    llvm::append_values(terminators, branch.thenBlock()->getTerminator(),
                        branch.elseBlock()->getTerminator());
  for (Operation *terminator : terminators)
    for (int i = terminator->getNumOperands(); i-- > 0;)
      if (isTile(terminator->getOperand(i).getType()))
        terminator->eraseOperand(i);
  for (scf::WhileOp loop : loops)
    for (OpOperand &init : loop->getOpOperands())
      if (Operation *def = init.get().getDefiningOp();
          def && isTile(init.get().getType()))
        init.drop();
  for (Operation *op : llvm::reverse(dead))
    op->erase();
  for (scf::IfOp branch : branches)
    dropTiles(branch);
  for (scf::WhileOp loop : llvm::reverse(loops))
    dropCarriedTiles(loop);
  return success();
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
struct ConvertTileToVectorPass
    : gsa::impl::ConvertTileToVectorPassBase<ConvertTileToVectorPass> {
  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (!func->hasAttr(gsa::kKernelAttr))
      return;
    FailureOr<const gsa::HostTarget *> target = gsa::getHostTarget(func);
    if (failed(target))
      return signalPassFailure();
    auto foralls = llvm::to_vector(func.getOps<scf::ForallOp>());
    if (foralls.size() != 1) {
      func.emitError("a kernel must be one loop over blocks, got ")
          << foralls.size();
      return signalPassFailure();
    }
    // What all blocks have in common was hoisted; each makes its own tiles.
    Block &body = *foralls.front().getBody();
    Operation *first = &body.front();
    for (Operation &op : llvm::make_early_inc_range(func.getBody().front()))
      if (llvm::any_of(op.getResultTypes(), isTile))
        op.moveBefore(first);

    Builder builder(&getContext());
    auto typeOf = [&](int64_t bytes) {
      return MemRefType::get({bytes}, builder.getI8Type());
    };
    DictionaryAttr attributes = builder.getDictionaryAttr(
        builder.getNamedAttr(gsa::kKindAttr, builder.getStringAttr("scratch")));
    unsigned index = func.getNumArguments();
    if (failed(
            func.insertArgument(index, typeOf(0), attributes, func.getLoc())))
      return signalPassFailure();
    BlockArgument scratch = func.getArgument(index);
    TileLowering lowering(body, scratch, **target);
    if (failed(lowering.run()))
      return signalPassFailure();
    scratch.setType(typeOf(lowering.getScratchBytes()));
    func.setType(
        builder.getFunctionType(func.getBody().front().getArgumentTypes(), {}));
  }
};
} // namespace
