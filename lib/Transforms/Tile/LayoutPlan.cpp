//===- LayoutPlan.cpp - Who holds which tile of a role --------------------===//

#include "LayoutPlan.h"

#include "gsa/Layout/Cluster.h"
#include "gsa/Layout/Places.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::gsa;

//===----------------------------------------------------------------------===//
// Layouts by rule
//===----------------------------------------------------------------------===//

namespace {
/// Hands out the bits of a tile's coordinates, dimension by dimension.
class BitPool {
public:
  explicit BitPool(ArrayRef<int64_t> shape)
      : shape(shape), used(shape.size(), 1) {}

  /// The next bit of `dim`, or a zero basis when all are given away.
  Coordinates take(int64_t dim) {
    Coordinates basis(shape.size(), 0);
    if (hasMore(dim)) {
      basis[dim] = used[dim];
      used[dim] *= 2;
    }
    return basis;
  }
  bool hasMore(int64_t dim) const { return used[dim] < shape[dim]; }

private:
  ArrayRef<int64_t> shape;
  SmallVector<int64_t> used;
};
} // namespace

Layout gsa::getBlockedLayout(RankedTensorType tile, int64_t lanes,
                             int64_t warps) {
  BitPool bits(tile.getShape());
  int64_t last = tile.getRank() - 1;
  Layout::Bases reg, lane, warp;
  int64_t vector = 128 / std::max(8u, tile.getElementTypeBitWidth());
  for (int64_t i = 1; i < vector && bits.hasMore(last); i *= 2)
    reg.push_back(bits.take(last));
  for (int64_t i = 1; i < lanes; i *= 2)
    lane.push_back(bits.take(bits.hasMore(last) ? last : 0));
  for (int64_t i = 1; i < warps; i *= 2)
    warp.push_back(bits.take(bits.hasMore(0) ? 0 : last));
  for (int64_t dim = last; dim >= 0; --dim)
    while (bits.hasMore(dim))
      reg.push_back(bits.take(dim));
  return Layout::registers(tile.getShape(), reg, lane, warp);
}

Layout gsa::getTokenLayout(RankedTensorType tile, int64_t dim, int64_t lanes,
                           int64_t warps) {
  BitPool bits(tile.getShape());
  int64_t other = 1 - dim, rank = tile.getRank();
  Layout::Bases reg, lane, warp;
  if (rank == 1) {
    // All lanes hold all tokens of a vector: it is short, and many need it.
    Coordinates none(1, 0);
    lane.assign(llvm::Log2_64(lanes), none);
    warp.assign(llvm::Log2_64(warps), none);
    while (bits.hasMore(0))
      reg.push_back(bits.take(0));
    return Layout::registers(tile.getShape(), reg, lane, warp);
  }
  // A pair of columns a lane, so that a warp reads whole rows.
  if (tile.getDimSize(other) > lanes)
    reg.push_back(bits.take(other));
  for (int64_t i = 1; i < lanes; i *= 2)
    lane.push_back(bits.take(other));
  SmallVector<Coordinates> columns;
  while (bits.hasMore(other))
    columns.push_back(bits.take(other));
  int64_t serial = std::max<int64_t>(1, tile.getDimSize(dim) / warps);
  for (int64_t i = 1; i < serial; i *= 2)
    reg.push_back(bits.take(dim));
  llvm::append_range(reg, columns);
  for (int64_t i = 1; i < warps; i *= 2)
    warp.push_back(bits.take(dim));
  return Layout::registers(tile.getShape(), reg, lane, warp);
}

/// A vector, element i in lane i of each warp.
static Layout getSpreadLayout(RankedTensorType tile, int64_t lanes,
                              int64_t warps) {
  BitPool bits(tile.getShape());
  Layout::Bases reg, lane, warp(llvm::Log2_64(warps), Coordinates(1, 0));
  for (int64_t i = 1; i < lanes; i *= 2)
    lane.push_back(bits.take(0));
  while (bits.hasMore(0))
    reg.push_back(bits.take(0));
  return Layout::registers(tile.getShape(), reg, lane, warp);
}

FactorSource gsa::getFactorSource(Value factor) {
  bool transposed = false;
  while (auto transpose = factor.getDefiningOp<tile::TransposeOp>()) {
    factor = transpose.getOperand();
    transposed = !transposed;
  }
  return {factor, transposed};
}

//===----------------------------------------------------------------------===//
// Kinds of tiles
//===----------------------------------------------------------------------===//

static bool isElementwise(Operation *op) {
  return op->getNumResults() == 1 && getTileType(op->getResult(0)) &&
         OpTrait::hasElementwiseMappableTraits(op);
}

/// Whether the result of `op` lies as its operands do.
static bool keepsLayout(Operation *op) {
  return isElementwise(op) || isa<tile::WaitOp>(op);
}

bool LayoutPlan::isFree(Value tile) const {
  if (!getTileType(tile))
    return true;
  auto found = freeValues.find(tile);
  if (found != freeValues.end())
    return found->second;
  Operation *op = tile.getDefiningOp();
  bool free = false;
  if (op && isa<arith::ConstantOp, tile::IotaOp, tensor::SplatOp>(op))
    free = true;
  else if (op && (isElementwise(op) || isa<tile::BroadcastOp>(op)))
    free = llvm::all_of(op->getOperands(),
                        [&](Value operand) { return isFree(operand); });
  freeValues[tile] = free;
  return free;
}

bool LayoutPlan::isFlexible(Value tile) const {
  return !isFree(tile) && isa_and_present<tile::BroadcastOp, tile::TransposeOp>(
                              tile.getDefiningOp());
}

bool LayoutPlan::isStaged(Value tile) const {
  Operation *op = tile.getDefiningOp();
  if (!isa_and_present<tile::LoadOp, tile::GetOp>(op) || !getTileType(tile))
    return false;
  auto isFactor = [](OpOperand &use, auto &self) -> bool {
    Operation *user = use.getOwner();
    if (isa<tile::TransposeOp>(user))
      return llvm::all_of(user->getUses(),
                          [&](OpOperand &use) { return self(use, self); });
    return isa<tile::MmaOp>(user) && use.getOperandNumber() < 2;
  };
  return !tile.use_empty() && llvm::all_of(tile.getUses(), [&](OpOperand &use) {
    return isFactor(use, isFactor);
  });
}

bool LayoutPlan::hasOwnLayout(Value tile) const {
  return getTileType(tile) && !isFree(tile) && !isFlexible(tile) &&
         !isStaged(tile);
}

//===----------------------------------------------------------------------===//
// Assignments
//===----------------------------------------------------------------------===//

LayoutPlan::LayoutPlan(Region &role, int64_t warps, const DeviceTarget &target,
                       bool plain)
    : role(role), warps(warps), target(target), plain(plain) {
  role.walk<WalkOrder::PreOrder>([&](Operation *op) { program.push_back(op); });
}

const LayoutPlan::Assignment *LayoutPlan::find(Value tile) const {
  void *key = tile.getAsOpaquePointer();
  auto leader = ties.findLeader(key);
  if (leader != ties.member_end())
    key = *leader;
  auto found = assignments.find(key);
  return found == assignments.end() ? nullptr : &found->second;
}

bool LayoutPlan::assign(Value tile, const Layout &layout, Anchor anchor) {
  if (!hasOwnLayout(tile))
    return false;
  const Assignment *known = find(tile);
  if (known && known->anchor >= anchor)
    return false;
  void *key = tile.getAsOpaquePointer();
  auto leader = ties.findLeader(key);
  if (leader != ties.member_end())
    key = *leader;
  assignments.insert_or_assign(key, Assignment{layout, anchor});
  return true;
}

ProductShape LayoutPlan::getShape(tile::MmaOp mma) const {
  RankedTensorType a = getTileType(mma.getA()), b = getTileType(mma.getB());
  return {a.getDimSize(0), b.getDimSize(1),    a.getDimSize(1),
          warps,           a.getElementType(), wholeRows.contains(mma)};
}

/// Whether something needs rows of the sums of `mma` whole: they are reduced,
/// or scaled by what others were reduced to, or are the first factor of another
/// product, which takes whole rows from registers as they are.
static bool areRowsUsed(tile::MmaOp mma) {
  auto isOfRows = [](Value scale) {
    auto broadcast = scale.getDefiningOp<tile::BroadcastOp>();
    return broadcast && broadcast.getDim() == 1 &&
           !broadcast.getOperand().getDefiningOp<tile::GetOp>();
  };
  llvm::SetVector<Value> tiles;
  tiles.insert(mma.getResult());
  for (size_t i = 0; i < tiles.size(); ++i)
    for (Operation *user : tiles[i].getUsers()) {
      if (auto product = dyn_cast<tile::MmaOp>(user)) {
        if (product.getA() == tiles[i])
          return true;
        continue;
      }
      if (isa<tile::PutOp, tile::StoreOp>(user) ||
          user->hasTrait<OpTrait::IsTerminator>())
        continue;
      if (!isElementwise(user) || llvm::any_of(user->getOperands(), isOfRows))
        return true;
      tiles.insert(user->result_begin(), user->result_end());
    }
  return false;
}

void LayoutPlan::findWholeRows() {
  forEachProduct([&](tile::MmaOp mma) {
    if (areRowsUsed(mma))
      wholeRows.insert(mma);
  });
  // Products that add to the same sums lie alike, and those that have the same
  // first factor can have it in the same registers.
  for (bool changed = true; changed;) {
    changed = false;
    auto join = [&](Operation *one, Operation *other) {
      if (wholeRows.contains(one) != wholeRows.contains(other)) {
        wholeRows.insert(one);
        wholeRows.insert(other);
        changed = true;
      }
    };
    forEachProduct([&](tile::MmaOp mma) {
      if (auto before = mma.getAcc().getDefiningOp<tile::MmaOp>())
        join(mma, before);
      for (Operation *user : mma.getA().getUsers())
        if (auto other = dyn_cast<tile::MmaOp>(user);
            other && other.getA() == mma.getA())
          join(mma, other);
    });
  }
}

Layout LayoutPlan::getSums(tile::MmaOp mma) const {
  return *atoms.lookup(mma)->getSums(getShape(mma));
}

Layout LayoutPlan::getPlace(tile::MmaOp mma, Factor factor) const {
  FactorSource source =
      getFactorSource(factor == Factor::A ? mma.getA() : mma.getB());
  unsigned contiguous = source.transposed ? 0 : 1;
  Layout place =
      atoms.lookup(mma)->getPlaces(factor, getShape(mma), contiguous).front();
  return source.transposed ? place.transpose() : place;
}

LogicalResult LayoutPlan::anchorProducts() {
  for (Operation *op : program) {
    auto mma = dyn_cast<tile::MmaOp>(op);
    if (!mma)
      continue;
    ProductShape shape = getShape(mma);
    auto canCompute = [&](const MatrixAtom *atom) {
      if ((plain && atom->isAsync()) || !atom->multiplies(shape.factor) ||
          !atom->getSums(shape))
        return false;
      return llvm::all_of(ArrayRef{Factor::A, Factor::B}, [&](Factor factor) {
        FactorSource source =
            getFactorSource(factor == Factor::A ? mma.getA() : mma.getB());
        return !atom->getPlaces(factor, shape, source.transposed ? 0 : 1)
                    .empty();
      });
    };
    ArrayRef<const MatrixAtom *> all = target.getAtoms();
    const auto *atom = llvm::find_if(all, canCompute);
    if (atom == all.end())
      return mma.emitOpError("a product must have an atom of the target that "
                             "computes it with ")
             << warps << " warps, got " << shape.m << "x" << shape.n << "x"
             << shape.k << " of " << shape.factor;
    atoms[op] = *atom;
    Layout sums = *(*atom)->getSums(shape);
    assign(mma.getResult(), sums, Anchor::Product);
    assign(mma.getAcc(), sums, Anchor::Product);
  }
  return success();
}

void LayoutPlan::anchorScans() {
  for (Operation *op : program) {
    auto scan = dyn_cast<tile::ScanOp>(op);
    if (!scan)
      continue;
    int64_t dim = scan.getDim();
    Layout tokens =
        getTokenLayout(getTileType(scan.getOperand()), dim, getLanes(), warps);
    for (Value tile : {scan.getInclusive(), scan.getExclusive()})
      assign(tile, tokens, Anchor::Scan);
    if (tokens.getRank() == 2) {
      assign(scan.getOperand(), tokens, Anchor::Scan);
      assign(scan.getTotal(), tokens.drop(dim), Anchor::Scan);
    } else {
      // What a vector is computed from, and waits for it in registers, is each
      // lane's own part.
      assign(scan.getOperand(),
             getSpreadLayout(getTileType(scan.getOperand()), getLanes(), warps),
             Anchor::Use);
    }
  }
}

/// What another role sends comes as its first product takes it.
void LayoutPlan::anchorReceived() {
  for (Operation *op : program) {
    auto mma = dyn_cast<tile::MmaOp>(op);
    if (!mma)
      continue;
    for (auto [factor, value] :
         {std::pair(Factor::A, mma.getA()), std::pair(Factor::B, mma.getB())})
      if (value.getDefiningOp<tile::ReceiveOp>())
        if (std::optional<Layout> registers =
                atoms.lookup(mma)->getRegisters(factor, getShape(mma)))
          assign(value, *registers, Anchor::Use);
  }
}

/// Gives the sums the layout that follows from their parts'.
LogicalResult LayoutPlan::shareExchange(tile::ExchangeOp exchange,
                                        bool &changed) {
  if (find(exchange.getResult()))
    return success();
  changed = true;
  return share(exchange, exchange.getResult(), getLayout(exchange.getOperand()),
               exchange.getBlocks());
}

LogicalResult LayoutPlan::share(Operation *op, Value sums, const Layout &held,
                                uint64_t blocks) {
  std::optional<Layout> shared = shareRows(held, static_cast<int64_t>(blocks));
  if (!shared)
    return op->emitOpError("must have as many rows for each of ")
           << blocks << " blocks, got " << sums.getType();
  assign(sums, *shared, Anchor::Exchange);
  return success();
}

LogicalResult LayoutPlan::anchorSums(ArrayRef<LayoutPlan> others) {
  for (Operation *op : program) {
    auto receive = dyn_cast<tile::ReceiveSumsOp>(op);
    if (!receive)
      continue;
    for (Operation *user : receive.getRing().getUsers()) {
      auto send = dyn_cast<tile::SendPartsOp>(user);
      const auto *other = llvm::find_if(others, [&](const LayoutPlan &plan) {
        return plan.role.isAncestor(user->getParentRegion());
      });
      if (!send || other == others.end())
        continue;
      if (failed(share(op, receive.getResult(),
                       other->getLayout(send.getOperand()), send.getBlocks())))
        return failure();
    }
  }
  return success();
}

Layout LayoutPlan::getReducible(tile::ReduceOp reduce,
                                const Layout &own) const {
  if (spansBlocks(own) && llvm::is_contained(reduce.getDims(), 0))
    return getBlockedLayout(getTileType(reduce.getOperand()), getLanes(),
                            warps);
  return own;
}

/// Values that one loop variable is, in turn, have one layout.
void LayoutPlan::tieLoops() {
  auto tie = [&](Value a, Value b) {
    if (getTileType(a))
      ties.unionSets(a.getAsOpaquePointer(), b.getAsOpaquePointer());
  };
  // Of what goes round, only what the loop itself makes: an initial value or
  // one that is yielded may be converted.
  for (Operation *op : program) {
    if (auto loop = dyn_cast<scf::WhileOp>(op)) {
      for (auto [i, passed] :
           llvm::enumerate(loop.getConditionOp().getArgs())) {
        tie(loop.getAfterArguments()[i], loop.getResult(i));
        tie(loop.getAfterArguments()[i], passed);
      }
    } else if (auto loop = dyn_cast<scf::ForOp>(op)) {
      for (auto [argument, result] :
           llvm::zip(loop.getRegionIterArgs(), loop.getResults()))
        tie(argument, result);
    }
  }
}

bool LayoutPlan::propagateForward(Operation *op) {
  if (keepsLayout(op)) {
    const Assignment *best = nullptr;
    for (Value operand : op->getOperands())
      if (getTileType(operand) && hasOwnLayout(operand))
        if (const Assignment *own = find(operand))
          if (!best || own->anchor > best->anchor)
            best = own;
    return best && assign(op->getResult(0), Layout(best->layout), best->anchor);
  }
  if (auto reduce = dyn_cast<tile::ReduceOp>(op)) {
    const Assignment *own = find(reduce.getOperand());
    if (!own || !getTileType(reduce.getResult()))
      return false;
    Layout rest = getReducible(reduce, own->layout);
    SmallVector<int64_t> dims(reduce.getDims());
    llvm::sort(dims, std::greater<>());
    for (int64_t dim : dims)
      rest = rest.drop(dim);
    return assign(reduce.getResult(), rest, own->anchor);
  }
  bool changed = false;
  auto follow = [&](Value to, Value from) {
    if (const Assignment *own = getTileType(from) ? find(from) : nullptr)
      changed |= assign(to, Layout(own->layout), own->anchor);
  };
  if (auto branch = dyn_cast<scf::IfOp>(op)) {
    for (auto [i, result] : llvm::enumerate(branch.getResults()))
      follow(result, branch.thenYield().getOperand(i));
  } else if (auto loop = dyn_cast<scf::WhileOp>(op)) {
    for (auto [i, argument] : llvm::enumerate(loop.getBeforeArguments())) {
      follow(argument, loop.getYieldOp().getOperand(i));
      follow(argument, loop.getInits()[i]);
    }
  } else if (auto loop = dyn_cast<scf::ForOp>(op)) {
    for (auto [i, argument] : llvm::enumerate(loop.getRegionIterArgs())) {
      follow(argument, loop.getYieldedValues()[i]);
      follow(argument, loop.getInitArgs()[i]);
    }
  }
  return changed;
}

bool LayoutPlan::canFollow(Value tile, const Layout &layout) const {
  // What has to be collected for others in the block is no gain: of what blocks
  // share, only what is read again for each use.
  Operation *op = tile.getDefiningOp();
  return !spansBlocks(layout) ||
         (op && (isa<tile::GetOp>(op) || isElementwise(op)));
}

bool LayoutPlan::propagateBackward(Operation *op) {
  bool changed = false;
  // What is found is valid up to the next assignment.
  auto need = [&](Value tile, const Assignment *own) {
    if (!own || !getTileType(tile) || find(tile) ||
        !canFollow(tile, own->layout))
      return;
    changed |= assign(tile, Layout(own->layout), Anchor::Use);
  };
  if (keepsLayout(op)) {
    for (Value operand : op->getOperands())
      need(operand, find(op->getResult(0)));
  } else if (auto loop = dyn_cast<scf::WhileOp>(op)) {
    for (auto [i, argument] : llvm::enumerate(loop.getBeforeArguments()))
      for (Value from : {loop.getYieldOp().getOperand(i), loop.getInits()[i]})
        need(from, getTileType(from) ? find(argument) : nullptr);
  } else if (auto loop = dyn_cast<scf::ForOp>(op)) {
    for (auto [i, argument] : llvm::enumerate(loop.getRegionIterArgs()))
      for (Value from : {loop.getYieldedValues()[i], loop.getInitArgs()[i]})
        need(from, getTileType(from) ? find(argument) : nullptr);
  } else if (auto branch = dyn_cast<scf::IfOp>(op)) {
    for (auto [i, result] : llvm::enumerate(branch.getResults()))
      if (getTileType(result))
        for (scf::YieldOp yield : {branch.thenYield(), branch.elseYield()})
          need(yield.getOperand(i), find(result));
  }
  return changed;
}

bool LayoutPlan::followBroadcasts() {
  bool changed = false;
  for (Operation *op : program) {
    auto broadcast = dyn_cast<tile::BroadcastOp>(op);
    if (!broadcast || !hasOwnLayout(broadcast.getOperand()) ||
        find(broadcast.getOperand()))
      continue;
    for (Operation *user : broadcast->getUsers())
      if (isElementwise(user) && hasOwnLayout(user->getResult(0))) {
        Layout around = getLayout(user->getResult(0));
        if (!canFollow(broadcast.getOperand(), around))
          continue;
        changed |= assign(broadcast.getOperand(),
                          around.drop(broadcast.getDim()), Anchor::Use);
        break;
      }
  }
  return changed;
}

LogicalResult LayoutPlan::run(ArrayRef<LayoutPlan> others) {
  tieLoops();
  findWholeRows();
  if (failed(anchorProducts()) || failed(anchorSums(others)))
    return failure();
  anchorScans();
  anchorReceived();
  // Each round gives at least one tile a layout, or a stronger one.
  for (bool changed = true; changed;) {
    changed = false;
    for (Operation *op : program)
      changed |= propagateForward(op);
    for (Operation *op : program)
      if (auto exchange = dyn_cast<tile::ExchangeOp>(op); exchange && !changed)
        if (failed(shareExchange(exchange, changed)))
          return failure();
    if (changed)
      continue;
    for (Operation *op : llvm::reverse(program))
      changed |= propagateBackward(op);
    changed = changed || followBroadcasts();
  }
  return success();
}

Layout LayoutPlan::getLayout(Value tile) const {
  if (const Assignment *own = find(tile))
    return own->layout;
  return getBlockedLayout(getTileType(tile), getLanes(), warps);
}
