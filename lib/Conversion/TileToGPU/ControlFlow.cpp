//===- ControlFlow.cpp - Roles, branches and loops ------------------------===//

#include "Lowering.h"
#include "dialects/Tile/TileNames.h"
#include "gsa/Conversion/SharedMemory.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::gsa;
using namespace mlir::tile;

//===----------------------------------------------------------------------===//
// Roles
//===----------------------------------------------------------------------===//

/// Whether `op` or one inside is as `test` says.
template <typename Test> static bool anyOf(Operation *op, Test test) {
  return op
      ->walk([&](Operation *inner) {
        return test(inner) ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

/// Whether roles meet in `role`.
static bool meets(Region &role) {
  return role.walk([](BarrierOp) { return WalkResult::interrupt(); })
      .wasInterrupted();
}

/// Whether a product reads a place.
static bool isFactor(Value place) {
  return llvm::any_of(place.getUsers(), [](Operation *user) {
    return isa<MmaOp>(user) ||
           (isa<TransposeOp>(user) && isFactor(user->getResult(0)));
  });
}

/// Whether lanes write what products may read from shared memory.
static bool writesFactors(Operation *op) {
  if (auto put = dyn_cast<PutOp>(op))
    return isTile(put.getValue().getType());
  return isa<LoadOp, ConvertOp>(op) && isPlace(op->getResult(0).getType()) &&
         isFactor(op->getResult(0));
}

/// Lanes that ask for more than others give up wait for ever.
static LogicalResult checkShares(RolesOp op, const DeviceFacts &facts) {
  auto shares = op->getAttrOfType<DenseI64ArrayAttr>(kRegistersAttr);
  if (!shares)
    return success();
  if (!facts.roleRegisters)
    return op.emitOpError("roles must be of a target that lets them share "
                          "registers, got another");
  int64_t warps = llvm::sum_of(op.getWarps()), total = 0;
  int64_t most = facts.countSharedRegisters(warps);
  for (auto [own, count] : llvm::zip(shares.asArrayRef(), op.getWarps())) {
    if (own < facts.leastRoleRegisters || own % facts.roleRegisters)
      return op.emitOpError("roles must have multiples of ")
             << facts.roleRegisters << " registers a lane, at least "
             << facts.leastRoleRegisters << ", got " << own;
    total += own * count;
  }
  if (total <= most)
    return success();
  return op.emitOpError("roles must share the ")
         << most << " registers of a lane of each warp that " << warps
         << " warps are launched with, got " << total;
}

LogicalResult TileLowering::lower(RolesOp op) {
  if (failed(checkShares(op, target.getFacts())))
    return failure();
  int64_t lanes = target.getFacts().warpLanes;
  int64_t warps = llvm::sum_of(op.getWarps());
  kernel->setAttr(kThreadsAttr, b.getI64IntegerAttr(warps * lanes));
  // A matrix instruction that reads shared memory while its role goes on.
  bool hasAsyncReaders = anyOf(op, [&](Operation *inner) {
    auto mma = dyn_cast<MmaOp>(inner);
    if (!mma || !mma.getAtomAttr())
      return false;
    const MatrixAtom *atom =
        target.lookupAtom(mma.getAtomAttr().getName().getValue());
    return atom && atom->isAsync();
  });

  Value thread = target.emitThreadIndex(b, b.getLoc());
  Value lane = arith::AndIOp::create(b, thread, constant(lanes - 1));
  Value warp =
      arith::ShRUIOp::create(b, thread, constant(llvm::Log2_64(lanes)));
  warp = device.emitUniform(b, b.getLoc(), warp);
  if (failed(openCluster(op, thread)))
    return failure();

  std::optional<OpBuilder::InsertionGuard> guard(std::in_place, b);
  int64_t first = 0;
  for (auto [i, region] : llvm::enumerate(op.getRoles())) {
    int64_t count = op.getWarps()[i];
    scf::IfOp branch;
    if (i + 1 < op.getRoles().size()) {
      Value mine = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, warp,
                                         constant(first + count));
      branch = scf::IfOp::create(b, TypeRange(), mine, /*withElseRegion=*/true);
      b.setInsertionPointToStart(branch.thenBlock());
    }
    Value own = warp;
    if (first)
      own = arith::SubIOp::create(b, warp, constant(first));
    bool copies = false, writes = false;
    region.walk([&](Operation *inner) {
      auto fetch = dyn_cast<FetchOp>(inner);
      copies |= fetch && !findMap(fetch);
      writes |= writesFactors(inner);
    });
    // A role that is the whole block meets as the block does.
    int64_t number = count == warps ? 0 : static_cast<int64_t>(i) + 1;
    role = {op, {lane, own}, /*zero=*/{}, {number, count * lanes}};
    role.readsAsync = hasAsyncReaders;
    role.copies = copies;
    role.fences = hasAsyncReaders && (writes || copies);
    if (auto own = op->getAttrOfType<DenseI64ArrayAttr>(kRegistersAttr))
      device.emitRegisters(b, b.getLoc(), own[i],
                           target.getFacts().registers / (warps * lanes));
    if (failed(openBoxes(region, i)) || failed(lowerBody(region.front())))
      return failure();
    retire(0);
    first += count;
    if (branch)
      b.setInsertionPointToStart(branch.elseBlock());
  }
  guard.reset();
  closeCluster(op);
  return success();
}

void TileLowering::emitRoleBarrier(Value written) {
  if (role.fences && written && isFactor(written))
    device.emitMatrixFence(b, b.getLoc());
  device.emitBarrier(b, b.getLoc(), role.party);
}

LogicalResult TileLowering::lower(BarrierOp op) {
  if (role.fences)
    device.emitMatrixFence(b, b.getLoc());
  int64_t warps = 0;
  for (auto [region, count] :
       llvm::zip(role.roles.getRoles(), role.roles.getWarps()))
    if (meets(region))
      warps += count;
  device.emitBarrier(b, b.getLoc(), {0, warps * target.getFacts().warpLanes});
  return success();
}

//===----------------------------------------------------------------------===//
// Branches and loops
//===----------------------------------------------------------------------===//

/// Whether a tile goes from block to block as words: code generators take
/// vectors of halves apart there, one register each.
static bool goesAsWords(VectorType type) {
  return type && type.getElementTypeBitWidth() == 16 &&
         type.getNumElements() % 2 == 0;
}

SmallVector<Type> TileLowering::passedTypes(TypeRange types) const {
  SmallVector<Type> passed;
  for (Type type : types) {
    Type own = convert(type);
    auto vector = dyn_cast<VectorType>(own);
    if (goesAsWords(vector))
      passed.append(vector.getNumElements() / 2,
                    IntegerType::get(type.getContext(), 32));
    else if (own.isIndex())
      passed.push_back(IntegerType::get(type.getContext(), 32));
    else
      passed.push_back(own);
  }
  return passed;
}

SmallVector<Value> TileLowering::pass(ValueRange values) {
  SmallVector<Value> passed;
  for (Value value : values) {
    Value own = get(value);
    if (goesAsWords(dyn_cast<VectorType>(own.getType())))
      llvm::append_range(passed, unpackWords(b, b.getLoc(), own));
    else if (own.getType().isIndex())
      passed.push_back(arith::IndexCastOp::create(b, b.getI32Type(), own));
    else
      passed.push_back(own);
  }
  return passed;
}

void TileLowering::receive(ValueRange values, ValueRange passed) {
  for (Value value : values) {
    auto vector = dyn_cast<VectorType>(convert(value.getType()));
    size_t count = goesAsWords(vector) ? vector.getNumElements() / 2 : 1;
    SmallVector<Value> words(passed.take_front(count));
    passed = passed.drop_front(count);
    Value own = goesAsWords(vector) ? packWords(b, b.getLoc(), words, vector)
                                    : words.front();
    // An induction variable is one already.
    if (value.getType().isIndex() && !own.getType().isIndex())
      own = arith::IndexCastOp::create(b, value.getType(), own);
    set(value, own);
  }
}

LogicalResult TileLowering::lowerInto(Block &from, Block &to) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(&to);
  receive(from.getArguments(), to.getArguments());
  if (failed(lowerBody(from)))
    return failure();
  // Nothing that was begun here runs on behind it.
  retire(0);
  Operation *end = from.getTerminator();
  b.setLoc(end->getLoc());
  OperationState state(end->getLoc(), end->getName(), pass(end->getOperands()),
                       TypeRange(), end->getAttrs());
  b.create(state);
  return success();
}

LogicalResult TileLowering::lower(scf::IfOp op) {
  // What runs goes on beside a branch that is not concerned with products.
  if (anyOf(op, [](Operation *inner) { return isa<MmaOp, WaitOp>(inner); }))
    retire(0);
  SmallVector<RunningProduct> outside;
  std::swap(outside, running);
  auto branch =
      scf::IfOp::create(b, passedTypes(op.getResultTypes()),
                        get(op.getCondition()), !op.getElseRegion().empty());
  for (auto [from, to] :
       llvm::zip_equal(op->getRegions(), branch->getRegions())) {
    if (from.empty())
      continue;
    to.front().clear();
    RoleContext before = role;
    if (role.zero) {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToEnd(&to.front());
      forgetWorker(role.zero);
    }
    if (failed(lowerInto(from.front(), to.front())))
      return failure();
    role.worker = before.worker;
    role.zero = before.zero;
  }
  std::swap(outside, running);
  receive(op.getResults(), branch.getResults());
  return success();
}

LogicalResult TileLowering::lower(scf::ForOp op) {
  retire(0);
  auto loop =
      scf::ForOp::create(b, get(op.getLowerBound()), get(op.getUpperBound()),
                         get(op.getStep()), pass(op.getInitArgs()));
  loop.getBody()->clear();
  if (failed(lowerInto(*op.getBody(), *loop.getBody())))
    return failure();
  receive(op.getResults(), loop.getResults());
  if (storesBoxes(op.getRegion()))
    awaitStores();
  return success();
}

void TileLowering::forgetWorker(TypeRange types, ValueRange passed) {
  auto counter = llvm::find_if(types, [](Type type) { return type.isIndex(); });
  if (counter != types.end())
    forgetWorker(
        passed[passedTypes(types.take_front(counter - types.begin())).size()]);
}

void TileLowering::forgetWorker(Value number) {
  int64_t lanes = target.getFacts().warpLanes, first = 0, signBit = 31;
  // A role that is the whole block has number 0.
  if (role.party.number)
    for (int64_t count :
         role.roles.getWarps().take_front(role.party.number - 1))
      first += count;
  role.zero = arith::ShRUIOp::create(
      b, device.emitOpaque(b, b.getLoc(), number), constant(signBit));
  Value thread = arith::AddIOp::create(b, target.emitThreadIndex(b, b.getLoc()),
                                       role.zero);
  Value warp = device.emitUniform(
      b, b.getLoc(),
      arith::ShRUIOp::create(b, thread, constant(llvm::Log2_64(lanes))));
  if (first)
    warp = arith::SubIOp::create(b, warp, constant(first));
  role.worker = {arith::AndIOp::create(b, thread, constant(lanes - 1)),
                 arith::AddIOp::create(b, warp, role.zero)};
}

LogicalResult TileLowering::lower(scf::WhileOp op) {
  retire(0);
  auto loop = scf::WhileOp::create(b, passedTypes(op.getResultTypes()),
                                   pass(op.getInits()));
  for (auto [from, to] :
       llvm::zip_equal(op->getRegions(), loop->getRegions())) {
    SmallVector<Type> arguments = passedTypes(from.getArgumentTypes());
    SmallVector<Location> locations(arguments.size(), op.getLoc());
    Block *block;
    {
      OpBuilder::InsertionGuard guard(b);
      block = b.createBlock(&to, to.end(), arguments, locations);
    }
    RoleContext outside = role;
    if (op->hasAttr(kScarceAttr) && &from == &op.getAfter()) {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToEnd(block);
      forgetWorker(from.getArgumentTypes(), block->getArguments());
    }
    if (failed(lowerInto(from.front(), *block)))
      return failure();
    role.worker = outside.worker;
    role.zero = outside.zero;
  }
  // Where lanes only work each for itself, nobody cares who leaves first.
  if (anyOf(op, llvm::IsaPred<BarrierOp, MmaOp, ScanOp, ReduceOp>)) {
    scf::ConditionOp end = loop.getConditionOp();
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(end);
    end.getConditionMutable().assign(
        device.emitUniformCondition(b, b.getLoc(), end.getCondition()));
  }
  receive(op.getResults(), loop.getResults());
  if (storesBoxes(op.getAfter()))
    awaitStores();
  // What addresses behind the loop are made of is not kept through it.
  if (isa<RolesOp>(op->getParentOp()))
    forgetWorker(op.getResultTypes(), loop.getResults());
  return success();
}
