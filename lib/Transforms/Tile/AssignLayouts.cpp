//===- AssignLayouts.cpp - Every tile gets a holder -----------------------===//
//
// Rewrites roles by a LayoutPlan: types get layouts, and where a use needs
// another one than its tile has, a `tile.convert` says so.
//
//===----------------------------------------------------------------------===//

#include "LayoutPlan.h"
#include "Sink.h"
#include "Waits.h"
#include "dialects/GSA/GSA.h"
#include "dialects/GSA/GSANames.h"
#include "dialects/Tile/TileNames.h"
#include "gsa/Conversion/SharedMemory.h"
#include "gsa/Layout/Access.h"
#include "gsa/Layout/Cluster.h"
#include "gsa/Layout/Places.h"
#include "gsa/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

namespace mlir::gsa {
#define GEN_PASS_DEF_ASSIGNLAYOUTSPASS
#include "gsa/Transforms/Passes.h.inc"
} // namespace mlir::gsa

using namespace mlir;
using namespace mlir::gsa;

static RankedTensorType withLayout(RankedTensorType tile,
                                   const Layout &layout) {
  auto attr = tile::LayoutAttr::get(tile.getContext(), layout);
  return RankedTensorType::get(tile.getShape(), tile.getElementType(), attr);
}

/// The layout that was given to a tile, or none yet.
static std::optional<Layout> givenLayout(Value tile) {
  auto attr = dyn_cast_or_null<tile::LayoutAttr>(
      cast<RankedTensorType>(tile.getType()).getEncoding());
  if (!attr)
    return std::nullopt;
  return attr.getLayout();
}

/// Bytes of a panel's row in which a tile can be swizzled; 0 if it cannot.
static int64_t getSwizzle(RankedTensorType tile) {
  int64_t bits = tile.getElementTypeBitWidth();
  if (tile.getRank() == 2)
    for (int64_t bytes : {128, 64, 32})
      if (tile.getDimSize(1) % (bytes * 8 / bits) == 0)
        return bytes;
  return 0;
}

/// Rows of a tile behind each other, 16-byte chunks permuted so that neither
/// rows nor columns of them meet a bank twice.
static Layout getDefaultPlace(RankedTensorType tile) {
  int64_t bits = tile.getElementTypeBitWidth();
  if (int64_t bytes = getSwizzle(tile))
    return swizzled(tile.getShape(), bits, bytes);
  return rowMajor(tile.getShape());
}

/// Like it, but permuted as those who write and read it, `holders`, meet the
/// fewest banks twice: chunks are not what all of them move.
static Layout getPlaceFor(RankedTensorType tile, ArrayRef<Layout> holders) {
  Layout best = getDefaultPlace(tile);
  int64_t bits = tile.getElementTypeBitWidth();
  auto countPasses = [&](const Layout &place) -> std::optional<int64_t> {
    int64_t passes = 0;
    for (const Layout &holder : holders) {
      std::optional<Access> moved = access(place, holder, bits);
      if (!moved)
        return std::nullopt;
      passes +=
          moved->getNumInstructions() * moved->passes * holder.getNumWarps();
    }
    return passes;
  };
  std::optional<int64_t> least = countPasses(best);
  int64_t bytes = getSwizzle(tile);
  for (unsigned rotation = 1; least && int64_t(16) << rotation < bytes;
       ++rotation) {
    Layout place = swizzled(tile.getShape(), bits, bytes, rotation);
    std::optional<int64_t> passes = countPasses(place);
    if (!passes || *passes >= *least)
      continue;
    least = passes;
    best = place;
  }
  return best;
}

namespace {
class RoleRewriter {
public:
  /// `sharesLoads`: lanes have registers for a factor from product to product.
  RoleRewriter(Region &role, const LayoutPlan &plan,
               const DenseMap<Value, Layout> &ringPlaces, bool sharesLoads)
      : role(role), plan(plan), ringPlaces(ringPlaces),
        sharesLoads(sharesLoads) {}

  void run();

private:
  void rewrite(Operation *op);
  void rewriteProduct(tile::MmaOp mma);
  void rewriteStore(tile::StoreOp store);
  void setLayout(Value tile, const Layout &layout) {
    tile.setType(withLayout(getTileType(tile), layout));
  }
  Layout layoutOf(Value tile) const;
  /// Makes operand `number` of `op` lie as `layout` says.
  void need(OpOperand &operand, const Layout &layout) {
    if (getTileType(operand.get()))
      operand.set(hold(operand.get(), layout, operand.getOwner()));
  }
  /// `tile`, held as `layout` says, for `user`.
  Value hold(Value tile, const Layout &layout, Operation *user);
  Value makeFree(Value tile, const Layout &layout, Operation *user);
  Value convert(Value tile, const Layout &layout);
  /// The rows that other blocks have, too.
  Value gather(Value tile, const Layout &layout);
  /// How lanes hold a tile if nothing else decides.
  Layout getBlocked(Value tile) const {
    return getBlockedLayout(getTileType(tile), plan.getLanes(),
                            plan.getWarps());
  }
  /// `own`, if each block holds all of it, or the default.
  Layout inBlock(Value tile, const Layout &own) const {
    return plan.spansBlocks(own) ? getBlocked(tile) : own;
  }
  bool isReadAgain(tile::MmaOp mma, const Layout &registers) const;
  Value placeFactor(tile::MmaOp mma, Factor factor, Value value);

  Region &role;
  const LayoutPlan &plan;
  const DenseMap<Value, Layout> &ringPlaces;
  bool sharesLoads;
  SmallVector<Operation *> replaced;
  /// What was made of a tile for a block, by layout.
  DenseMap<std::pair<Value, Block *>, SmallVector<Value, 2>> made;
};
} // namespace

Layout RoleRewriter::layoutOf(Value tile) const {
  if (std::optional<Layout> given = givenLayout(tile))
    return *given;
  return plan.getLayout(tile);
}

Value RoleRewriter::gather(Value tile, const Layout &layout) {
  // Each is sent to all blocks.
  for (Value known : made[{tile, tile.getParentBlock()}])
    if (givenLayout(known) == layout)
      return known;
  // Of what blocks share, registers are filled.
  if (layout.isPlace() || plan.spansBlocks(layout))
    return convert(gather(tile, getBlocked(tile)), layout);
  int64_t blocks = givenLayout(tile)->getNumWarps() / plan.getWarps();
  OpBuilder builder(tile.getContext());
  builder.setInsertionPointAfterValue(tile);
  Value result = tile::GatherOp::create(builder, tile.getLoc(),
                                        withLayout(getTileType(tile), layout),
                                        tile, blocks);
  made[{tile, tile.getParentBlock()}].push_back(result);
  return result;
}

Value RoleRewriter::convert(Value tile, const Layout &layout) {
  Block *block = tile.getParentBlock();
  for (Value known : made[{tile, block}])
    if (givenLayout(known) == layout)
      return known;
  if (!tile.getDefiningOp<tile::GetOp>() &&
      plan.spansBlocks(*givenLayout(tile)))
    return gather(tile, layout);
  OpBuilder builder(tile.getContext());
  builder.setInsertionPointAfterValue(tile);
  RankedTensorType type = withLayout(getTileType(tile), layout);
  auto get = tile.getDefiningOp<tile::GetOp>();
  Value result;
  if (get && !layout.isPlace() && !givenLayout(tile)->isPlace())
    // A version of a ring is read as it is needed.
    result = tile::GetOp::create(builder, tile.getLoc(), type, get.getRing(),
                                 get.getIteration(), get.getAheadAttr());
  else
    result = tile::ConvertOp::create(builder, tile.getLoc(), type, tile);
  made[{tile, block}].push_back(result);
  return result;
}

/// A copy, in `layout`, of what a free tile is computed from.
Value RoleRewriter::makeFree(Value tile, const Layout &layout,
                             Operation *user) {
  Block *block = user->getBlock();
  SmallVector<Value, 2> &known = made[{tile, block}];
  for (Value value : known)
    if (givenLayout(value) == layout)
      return value;
  Operation *op = tile.getDefiningOp();
  SmallVector<Value> operands;
  for (Value operand : op->getOperands()) {
    if (!getTileType(operand)) {
      operands.push_back(operand);
      continue;
    }
    Layout own = layout;
    if (auto broadcast = dyn_cast<tile::BroadcastOp>(op))
      own = layout.drop(broadcast.getDim());
    operands.push_back(makeFree(operand, own, user));
  }
  OpBuilder builder(user);
  RankedTensorType type = withLayout(getTileType(tile), layout);
  Value result;
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    auto elements = cast<DenseElementsAttr>(constant.getValue());
    result = arith::ConstantOp::create(
        builder, op->getLoc(),
        DenseElementsAttr::get(type, elements.getSplatValue<Attribute>()));
  } else {
    OperationState state(op->getLoc(), op->getName(), operands, type,
                         op->getAttrs());
    result = builder.create(state)->getResult(0);
  }
  made[{tile, block}].push_back(result);
  return result;
}

Value RoleRewriter::hold(Value tile, const Layout &layout, Operation *user) {
  if (plan.isFree(tile))
    return makeFree(tile, layout, user);
  if (givenLayout(tile) == layout)
    return tile;
  Operation *op = tile.getDefiningOp();
  if (!plan.isFlexible(tile))
    return convert(tile, layout);
  // Moves nothing: made anew, where it is used, of an operand held to match.
  Block *block = user->getBlock();
  for (Value value : made[{tile, block}])
    if (givenLayout(value) == layout)
      return value;
  auto broadcast = dyn_cast<tile::BroadcastOp>(op);
  Layout own = broadcast ? layout.drop(broadcast.getDim()) : layout.transpose();
  Value operand = hold(op->getOperand(0), own, user);
  OpBuilder builder(user);
  OperationState state(op->getLoc(), op->getName(), operand,
                       withLayout(getTileType(tile), layout), op->getAttrs());
  Value result = builder.create(state)->getResult(0);
  made[{tile, block}].push_back(result);
  return result;
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// `value`, a factor of `mma`, in shared memory.
Value RoleRewriter::placeFactor(tile::MmaOp mma, Factor factor, Value value) {
  FactorSource source = getFactorSource(value);
  const MatrixAtom *atom = plan.getAtom(mma);
  ProductShape shape = plan.getShape(mma);
  auto accepts = [&](const Layout &place) {
    return place.isPlace() &&
           atom->accepts(factor, shape,
                         source.transposed ? place.transpose() : place);
  };
  Value placed;
  std::optional<Layout> own = givenLayout(source.value);
  if (own && accepts(*own))
    placed = source.value;
  // Another product may have it in a place that this one reads too.
  if (!placed)
    for (Value known : made[{source.value, source.value.getParentBlock()}])
      if (accepts(*givenLayout(known)))
        placed = known;
  if (!placed) {
    Layout place = plan.getPlace(mma, factor);
    placed =
        plan.isFree(source.value)
            ? convert(makeFree(source.value, plan.getLayout(source.value), mma),
                      place)
            : convert(source.value, place);
  }
  if (!source.transposed)
    return placed;
  OpBuilder builder(mma);
  RankedTensorType type = getTileType(placed);
  auto flipped = RankedTensorType::get({type.getDimSize(1), type.getDimSize(0)},
                                       type.getElementType());
  return tile::TransposeOp::create(
      builder, mma.getLoc(),
      withLayout(flipped, givenLayout(placed)->transpose()), placed);
}

/// Whether another product of the block takes the A of `mma` from the same
/// registers, which are then loaded once.
bool RoleRewriter::isReadAgain(tile::MmaOp mma, const Layout &registers) const {
  if (getFactorSource(mma.getA()).transposed)
    return false;
  return llvm::any_of(mma.getA().getUsers(), [&](Operation *user) {
    auto other = dyn_cast<tile::MmaOp>(user);
    return other && other != mma && other->getBlock() == mma->getBlock() &&
           other.getA() == mma.getA() &&
           plan.getAtom(other)->getRegisters(Factor::A, plan.getShape(other)) ==
               registers;
  });
}

void RoleRewriter::rewriteProduct(tile::MmaOp mma) {
  const MatrixAtom *atom = plan.getAtom(mma);
  ProductShape shape = plan.getShape(mma);
  Layout sums = plan.getSums(mma);
  for (auto [factor, number] :
       {std::pair(Factor::A, 0u), std::pair(Factor::B, 1u)}) {
    OpOperand &operand = mma->getOpOperand(number);
    std::optional<Layout> registers = atom->getRegisters(factor, shape);
    std::optional<Layout> own = givenLayout(operand.get());
    if (registers && own && plan.spansBlocks(*own) && !plan.isPlain())
      operand.set(convert(operand.get(), *registers));
    // In registers only if that takes no move: others read places as well.
    if (registers && !plan.isPlain() &&
        !getFactorSource(operand.get()).transposed &&
        givenLayout(operand.get()) == *registers)
      continue;
    bool isLoaded = registers && factor == Factor::A && sharesLoads &&
                    isReadAgain(mma, *registers);
    Value placed = placeFactor(mma, factor, operand.get());
    for (Value known : made.lookup({placed, placed.getParentBlock()}))
      isLoaded |= registers && givenLayout(known) == registers;
    operand.set(isLoaded ? convert(placed, *registers) : placed);
  }
  need(mma.getAccMutable(), sums);
  setLayout(mma.getResult(), sums);
  mma.setAtomAttr(tile::AtomAttr::get(
      mma.getContext(), StringAttr::get(mma.getContext(), atom->getName())));
}

//===----------------------------------------------------------------------===//
// All others
//===----------------------------------------------------------------------===//

/// Rows leave in whole chunks if they go through shared memory; what is stored
/// once, behind the loop, is not worth the room.
void RoleRewriter::rewriteStore(tile::StoreOp store) {
  OpOperand &value = store.getValueMutable();
  RankedTensorType type = getTileType(value.get());
  bool inLoop = store->getParentOfType<LoopLikeOpInterface>() != nullptr;
  Layout own = inBlock(value.get(), layoutOf(value.get()));
  if (type.getRank() == 2 && inLoop && !plan.isPlain() &&
      own != getBlocked(value.get()))
    own = getDefaultPlace(type);
  need(value, own);
}

void RoleRewriter::rewrite(Operation *op) {
  auto needAll = [&](const Layout &layout) {
    for (OpOperand &operand : op->getOpOperands())
      need(operand, layout);
  };
  bool madeOnUse =
      op->getNumResults() == 1 && getTileType(op->getResult(0)) &&
      (plan.isFree(op->getResult(0)) || plan.isFlexible(op->getResult(0)));
  if (madeOnUse)
    return replaced.push_back(op);
  if (auto mma = dyn_cast<tile::MmaOp>(op))
    return rewriteProduct(mma);
  if (auto store = dyn_cast<tile::StoreOp>(op))
    return rewriteStore(store);
  if (auto load = dyn_cast<tile::LoadOp>(op)) {
    Value tile = load.getResult();
    if (!plan.isStaged(tile))
      return setLayout(tile, plan.getLayout(tile));
    // The first product decides where it lies.
    for (Operation *user : tile.getUsers()) {
      while (isa<tile::TransposeOp>(user))
        user = *user->getUsers().begin();
      auto mma = cast<tile::MmaOp>(user);
      Factor factor =
          getFactorSource(mma.getA()).value == tile ? Factor::A : Factor::B;
      setLayout(tile, plan.getPlace(mma, factor));
    }
    return;
  }
  if (auto get = dyn_cast<tile::GetOp>(op)) {
    if (getTileType(get.getValue()))
      setLayout(get.getValue(), plan.isStaged(get.getValue())
                                    ? ringPlaces.at(get.getRing())
                                    : plan.getLayout(get.getValue()));
    return;
  }
  if (auto scan = dyn_cast<tile::ScanOp>(op)) {
    Layout layout = plan.getLayout(scan.getInclusive());
    needAll(layout);
    setLayout(scan.getInclusive(), layout);
    setLayout(scan.getExclusive(), layout);
    return setLayout(scan.getTotal(), layout.drop(scan.getDim()));
  }
  if (auto reduce = dyn_cast<tile::ReduceOp>(op)) {
    Layout layout = plan.getReducible(reduce, layoutOf(reduce.getOperand()));
    needAll(layout);
    if (!getTileType(reduce.getResult()))
      return;
    SmallVector<int64_t> dims(reduce.getDims());
    llvm::sort(dims, std::greater<>());
    for (int64_t dim : dims)
      layout = layout.drop(dim);
    return setLayout(reduce.getResult(), layout);
  }
  if (auto loop = dyn_cast<scf::WhileOp>(op)) {
    for (auto [init, argument] :
         llvm::zip(loop.getInitsMutable(), loop.getBeforeArguments()))
      if (getTileType(argument))
        need(init, plan.getLayout(argument));
    for (ValueRange values :
         {ValueRange(loop.getBeforeArguments()),
          ValueRange(loop.getAfterArguments()), ValueRange(loop.getResults())})
      for (Value value : values)
        if (getTileType(value))
          setLayout(value, plan.getLayout(value));
    return;
  }
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    for (auto [init, argument, result] :
         llvm::zip(loop.getInitArgsMutable(), loop.getRegionIterArgs(),
                   loop.getResults()))
      if (getTileType(argument)) {
        Layout layout = plan.getLayout(argument);
        need(init, layout);
        setLayout(argument, layout);
        setLayout(result, layout);
      }
    return;
  }
  if (isa<scf::IfOp>(op)) {
    for (Value result : op->getResults())
      if (getTileType(result))
        setLayout(result, plan.getLayout(result));
    return;
  }
  if (isa<scf::YieldOp, scf::ConditionOp>(op)) {
    // What the parent's variable of that number lies as.
    Operation *parent = op->getParentOp();
    auto loop = dyn_cast<scf::WhileOp>(parent);
    bool condition = isa<scf::ConditionOp>(op);
    ValueRange to = loop && !condition ? ValueRange(loop.getBeforeArguments())
                                       : ValueRange(parent->getResults());
    for (auto [i, value] : llvm::enumerate(to))
      if (getTileType(value))
        need(op->getOpOperand(i + condition), layoutOf(value));
    return;
  }
  if (isa<tile::PutOp>(op)) {
    if (Value tile = op->getOperand(0); getTileType(tile))
      need(op->getOpOperand(0), inBlock(tile, layoutOf(tile)));
    return;
  }
  if (isa<tile::SendOp>(op))
    return needAll(layoutOf(op->getOperand(0)));
  if (isa<tile::SendPartsOp>(op))
    return needAll(inBlock(op->getOperand(0), layoutOf(op->getOperand(0))));
  if (isa<tile::ReceiveOp, tile::ReceiveSumsOp>(op))
    return setLayout(op->getResult(0), plan.getLayout(op->getResult(0)));
  if (auto exchange = dyn_cast<tile::ExchangeOp>(op)) {
    needAll(inBlock(exchange.getOperand(), layoutOf(exchange.getOperand())));
    return setLayout(exchange.getResult(),
                     plan.getLayout(exchange.getResult()));
  }
  // Elementwise.
  for (Value result : op->getResults())
    if (getTileType(result)) {
      Layout layout = plan.getLayout(result);
      needAll(layout);
      setLayout(result, layout);
    }
}

void RoleRewriter::run() {
  SmallVector<Operation *> program;
  role.walk<WalkOrder::PreOrder>([&](Operation *op) { program.push_back(op); });
  for (Operation *op : program)
    rewrite(op);
  for (Operation *op : llvm::reverse(program))
    if (op->use_empty() &&
        (isa<tile::GetOp>(op) || llvm::is_contained(replaced, op)))
      op->erase();
}

namespace {
struct AssignLayoutsPass : gsa::impl::AssignLayoutsPassBase<AssignLayoutsPass> {
  void runOnOperation() override {
    func::FuncOp kernel = getOperation();
    tile::RolesOp roles;
    kernel.walk([&](tile::RolesOp op) { roles = op; });
    if (!roles)
      return;
    auto schedule = kernel->getAttrOfType<ScheduleAttr>(kScheduleAttr);
    FailureOr<const DeviceTarget *> target = getDeviceTarget(kernel);
    if (failed(target))
      return signalPassFailure();
    bool plain = schedule && schedule.isPlain();

    std::vector<LayoutPlan> plans;
    for (auto [role, warps] : llvm::zip(roles.getRoles(), roles.getWarps())) {
      LayoutPlan plan(role, warps, **target, plain);
      if (failed(plan.run(plans)))
        return signalPassFailure();
      plans.push_back(std::move(plan));
    }
    DenseMap<Value, Layout> places = placeRings(kernel, plans);
    // Where more warps share the registers, what products share costs more than
    // it saves (bench/NOTES.md).
    const DeviceFacts &facts = (*target)->getFacts();
    bool sharesLoads =
        !plain && facts.registers >= llvm::sum_of(roles.getWarps()) *
                                         facts.warpLanes * facts.laneRegisters;
    for (auto [role, plan] : llvm::zip(roles.getRoles(), plans)) {
      auto isAsync = [&plan = plan](tile::MmaOp mma) {
        return plan.getAtom(mma)->isAsync();
      };
      role.walk([&](Block *block) { delayWaits(*block, isAsync); });
      RoleRewriter(role, plan, places, sharesLoads).run();
      // One role has nothing to run beside, and its loads are waited for. Where
      // they take registers, they do not come this late.
      if (plain && (*target)->getFacts().hasAsyncCopies)
        role.walk([](Block *block) { sinkToUses(*block); });
      insertWaits(role, isAsync);
    }
  }

  /// The blocks that need their own rows of a ring's versions only: 1 if some
  /// reader needs all, or a lane that puts them has several blocks'.
  static int64_t countSharers(tile::RingOp ring, ArrayRef<LayoutPlan> plans) {
    auto version = cast<RankedTensorType>(
        cast<tile::RingType>(ring.getRing().getType()).getVersion());
    Layout place = rowMajor(version.getShape());
    int64_t sharers = 1;
    for (Operation *user : ring.getRing().getUsers()) {
      auto get = dyn_cast<tile::GetOp>(user);
      if (!get)
        continue;
      const LayoutPlan &plan = getPlanOf(get, plans);
      Layout own = plan.getLayout(get.getValue());
      bool isShared = plan.spansBlocks(own) &&
                      llvm::all_of(get->getUsers(), [&](Operation *op) {
                        return op->getNumResults() == 1 &&
                               getTileType(op->getResult(0)) &&
                               OpTrait::hasElementwiseMappableTraits(op) &&
                               plan.getLayout(op->getResult(0)) == own;
                      });
      if (!isShared || place.getBlock() != Coordinates(version.getShape()))
        return 1;
      sharers = own.getNumWarps() / plan.getWarps();
    }
    int64_t rows = version.getDimSize(0) / sharers;
    for (Operation *user : ring.getRing().getUsers()) {
      auto put = dyn_cast<tile::PutOp>(user);
      if (!put)
        continue;
      Layout own = getPlanOf(put, plans).getLayout(put.getValue());
      if (llvm::any_of(
              own.getBases(Layout::Input::Register),
              [&](const Coordinates &base) { return base[0] >= rows; }))
        return 1;
    }
    return sharers;
  }
  static const LayoutPlan &getPlanOf(Operation *op,
                                     ArrayRef<LayoutPlan> plans) {
    return *llvm::find_if(plans, [&](const LayoutPlan &plan) {
      return plan.getRole().isAncestor(op->getParentRegion());
    });
  }

  /// How lanes hold what they write to a ring and read from it; nothing of a
  /// ring that is fetched into, which engines do as they do.
  static SmallVector<Layout, 2> getHolders(tile::RingOp ring,
                                           ArrayRef<LayoutPlan> plans) {
    SmallVector<Layout, 2> holders;
    for (Operation *user : ring.getRing().getUsers()) {
      if (isa<tile::FetchOp>(user))
        return {};
      Value tile;
      if (auto put = dyn_cast<tile::PutOp>(user))
        tile = put.getValue();
      else if (auto get = dyn_cast<tile::GetOp>(user))
        tile = get.getValue();
      if (!tile)
        continue;
      Layout held = getPlanOf(user, plans).getLayout(tile);
      if (!held.isPlace())
        holders.push_back(held);
    }
    return holders;
  }
  /// Where versions lie: as the first product that reads them needs it.
  static DenseMap<Value, Layout> placeRings(func::FuncOp kernel,
                                            ArrayRef<LayoutPlan> plans) {
    DenseMap<Value, Layout> places;
    for (const LayoutPlan &plan : plans)
      plan.forEachProduct([&](tile::MmaOp mma) {
        for (Factor factor : {Factor::A, Factor::B}) {
          FactorSource source =
              getFactorSource(factor == Factor::A ? mma.getA() : mma.getB());
          if (auto get = source.value.getDefiningOp<tile::GetOp>())
            places.try_emplace(get.getRing(), plan.getPlace(mma, factor));
        }
      });
    // Messages: as lanes of one block hold all rows.
    auto placeRoom = [&](Value ring, Operation *op, Value held,
                         uint64_t blocks) {
      auto type = cast<RankedTensorType>(held.getType());
      places.try_emplace(ring, getRoom(getPlanOf(op, plans).getLayout(held),
                                       type.getElementTypeBitWidth(),
                                       static_cast<int64_t>(blocks)));
    };
    kernel.walk([&](Operation *op) {
      if (auto send = dyn_cast<tile::SendPartsOp>(op))
        placeRoom(send.getRing(), op, send.getOperand(), send.getBlocks());
      if (auto receive = dyn_cast<tile::ReceiveOp>(op))
        for (Operation *user : receive.getRing().getUsers())
          if (auto send = dyn_cast<tile::SendOp>(user))
            placeRoom(receive.getRing(), op, receive.getResult(),
                      send.getBlocks());
    });
    // One role that reads leaves room for all rows, and no branch is needed to
    // write them.
    bool hasReaders =
        kernel->walk([](tile::ReceiveOp) { return WalkResult::interrupt(); })
            .wasInterrupted();
    kernel.walk([&](tile::RingOp ring) {
      auto type = cast<tile::RingType>(ring.getRing().getType());
      auto version = dyn_cast<RankedTensorType>(type.getVersion());
      if (!version)
        return;
      Layout place =
          places
              .try_emplace(ring.getRing(),
                           getPlaceFor(version, getHolders(ring, plans)))
              .first->second;
      int64_t sharers = hasReaders ? countSharers(ring, plans) : 1;
      if (sharers > 1) {
        place = rowMajor(version.getShape());
        ring->setAttr(tile::kSharedByAttr,
                      Builder(ring).getI64IntegerAttr(sharers));
      }
      ring.getRing().setType(tile::RingType::get(
          type.getContext(), type.getSlots(), withLayout(version, place)));
    });
    return places;
  }
};
} // namespace
