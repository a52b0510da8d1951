//===- Copies.cpp - Copies of tiles to shared memory ----------------------===//

#include "Reach.h"
#include "gsa/Conversion/SharedMemory.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::gsa;
using namespace mlir::tile;

/// A loop over `count` that no later pass unrolls: it would be most of a
/// kernel's code, and rarely runs.
static scf::ForOp createRolledLoop(ImplicitLocOpBuilder &b, Value zero,
                                   Value count, Value one) {
  auto loop = scf::ForOp::create(b, zero, count, one);
  LLVM::LoopUnrollAttr roll = LLVM::LoopUnrollAttr::get(
      b.getContext(), /*disable=*/b.getBoolAttr(true), {}, {}, {}, {}, {}, {});
  loop->setAttr("llvm.loop_annotation",
                LLVM::LoopAnnotationAttr::get(b.getContext(), {}, {}, {}, roll,
                                              {}, {}, {}, {}, {}, {}, {}, {},
                                              {}, {}, {}));
  return loop;
}

/// Copies of a tile to its place, by all lanes of a role.
class TileLowering::LaneCopy {
public:
  LaneCopy(TileLowering &lowering, const PlaceCopy &tile)
      : lowering(lowering), b(lowering.b), tile(tile),
        reach(b, tile.slice, [&](Value value) { return lowering.get(value); }) {
  }

  /// Finds how lanes share the tile, `together` elements at a time. It is an
  /// error of the op if the place is in smaller parts than what they span.
  LogicalResult share(int64_t together);
  /// Whether each lane's elements that are moved together lie so in the place.
  bool isWide() const {
    SmallVector<int64_t> members = access->getMembers(kWidest);
    return static_cast<int64_t>(members.size()) == together &&
           members.back() == together - 1;
  }
  void throughRegisters();
  /// Piece by piece, in a loop if `rolled`.
  void copy(bool rolled);

  Reach &getReach() { return reach; }

private:
  void copyPiece(int64_t reg, SharedAddresses &addresses);

  TileLowering &lowering;
  ImplicitLocOpBuilder &b;
  const PlaceCopy &tile;
  Reach reach;
  int64_t together = 1;
  std::optional<Layout> layout;
  std::optional<SharedAccess> access;
};

LogicalResult TileLowering::LaneCopy::share(int64_t count) {
  together = count;
  int64_t lanes = lowering.target.getFacts().warpLanes;
  layout = layoutToCopy(tile.slice.tile.getShape(), together, lanes,
                        lowering.role.party.threads / lanes);
  std::optional<Composed> offsets = compose(layoutOf(tile.slice.tile), *layout);
  if (!offsets)
    return tile.op->emitOpError(
        "must fill a place whose block holds what lanes "
        "and warps span");
  access.emplace(*offsets, reach.getElementBytes());
  return success();
}

void TileLowering::LaneCopy::throughRegisters() {
  const Worker &worker = lowering.role.worker;
  reach.setDigits(digitsOf(*layout, worker));
  auto type = VectorType::get({layout->getNumRegisters()},
                              tile.slice.tile.getElementType());
  Value vector = loadTile(b, lowering.device, reach, *layout, type);
  emitSharedStore(b, b.getLoc(), lowering.device, *access, worker, tile.address,
                  vector);
}

void TileLowering::LaneCopy::copyPiece(int64_t reg,
                                       SharedAddresses &addresses) {
  const Device &device = lowering.device;
  Coordinates at = layout->apply(reg, 0, 0);
  int64_t elementBytes = reach.getElementBytes();
  if (together == 1) {
    Value loaded = device.emitLoad(b, b.getLoc(), reach.getPointer(at),
                                   elementBytes, reach.getPresent(at));
    LLVM::StoreOp::create(b, loaded,
                          addresses.getPointer(access->getRegister(reg)),
                          elementBytes);
    return;
  }
  Value present = reach.getPresentCount(at, together);
  if (present)
    present =
        arith::MulIOp::create(b, present, lowering.constant(elementBytes));
  device.emitCopy(b, b.getLoc(), addresses.getAddress(access->getRegister(reg)),
                  reach.getPointer(at), kWidest, present);
}

void TileLowering::LaneCopy::copy(bool rolled) {
  const Worker &worker = lowering.role.worker;
  ArrayRef<Coordinates> turns = layout->getBases(Layout::Input::Register)
                                    .drop_front(llvm::Log2_64(together));
  SmallVector<Digits> digits = digitsOf(*layout, worker);
  SmallVector<AddressTerm> bits = {{worker.lane, access->getLanes()},
                                   {worker.warp, access->getWarps()}};
  SmallVector<int64_t> offsets; // terms refer to it
  OpBuilder::InsertionGuard guard(b);
  if (Value mine = emitIsFirst(b, *layout, worker)) {
    auto branch = scf::IfOp::create(b, mine, /*withElseRegion=*/false);
    b.setInsertionPointToStart(branch.thenBlock());
  }
  int64_t step = together;
  if (rolled && !turns.empty()) {
    int64_t count = int64_t(1) << turns.size();
    step = together * count;
    auto loop =
        createRolledLoop(b, lowering.constant(0), lowering.constant(count),
                         lowering.constant(1));
    b.setInsertionPoint(loop.getBody()->getTerminator());
    Value turn = loop.getInductionVar();
    digits.push_back({turn, SmallVector<Coordinates>(turns)});
    for (size_t i = 0; i < turns.size(); ++i)
      offsets.push_back(access->getRegister(together << i));
    bits.push_back({turn, offsets});
  }
  reach.setDigits(digits);
  SharedAddresses addresses(b, b.getLoc(), tile.address, bits);
  for (int64_t i = 0; i < layout->getNumRegisters(); i += step)
    copyPiece(i, addresses);
}

LogicalResult TileLowering::copyToPlaces(ArrayRef<PlaceCopy> tiles,
                                         bool rolled) {
  // Each element for itself is slow whatever one does.
  auto copyElements = [](LaneCopy &copy) -> LogicalResult {
    if (failed(copy.share(1)))
      return failure();
    copy.copy(/*rolled=*/true);
    return success();
  };
  SmallVector<LaneCopy, 0> wide;
  Value fit;
  for (const PlaceCopy &tile : tiles) {
    LaneCopy copy(*this, tile);
    Reach &reach = copy.getReach();
    int64_t together = kWidest / reach.getElementBytes();
    if (failed(copy.share(together)))
      return failure();
    if (!reach.follows() || !copy.isWide()) {
      if (failed(copyElements(copy)))
        return failure();
      continue;
    }
    if (device.getCopyBytes() != kWidest) {
      copy.throughRegisters();
      continue;
    }
    Value fits = reach.emitFits(together, /*whole=*/false);
    fit = fit ? arith::AndIOp::create(b, fit, fits).getResult() : fits;
    wide.push_back(std::move(copy));
  }
  if (!fit)
    return success();
  auto branch = scf::IfOp::create(b, TypeRange(), fit, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  for (LaneCopy &copy : wide)
    copy.copy(rolled);
  b.setInsertionPointToStart(branch.elseBlock());
  for (LaneCopy &copy : wide)
    if (failed(copyElements(copy)))
      return failure();
  return success();
}
