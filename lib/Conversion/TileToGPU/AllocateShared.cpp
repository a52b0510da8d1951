//===- AllocateShared.cpp - Who has which bytes of shared memory ----------===//
//
// Rings, and scratch memory of scans and reductions where the block's barriers
// separate what is written there, have bytes of their own. Tiles that are
// values, and other scratch memory, share bytes within a role where they are
// not alive together: they are written behind a barrier of the role. Where
// there are bytes enough, what is converted in a loop has its own, and needs no
// such barrier. Of an exchange between blocks, the sums are scratch memory that
// is shared: none is sent before its block has given its part.
//
//===----------------------------------------------------------------------===//

#include "dialects/Tile/TileNames.h"
#include "gsa/Conversion/Passes.h"
#include "gsa/Conversion/SharedMemory.h"
#include "gsa/Layout/Move.h"
#include "gsa/Target/DeviceTarget.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::gsa {
#define GEN_PASS_DEF_ALLOCATESHAREDPASS
#include "gsa/Conversion/Passes.h.inc"
} // namespace mlir::gsa

using namespace mlir;
using namespace mlir::gsa;
using namespace mlir::tile;

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

static Layout layoutOf(Type type) {
  return cast<LayoutAttr>(cast<RankedTensorType>(type).getEncoding())
      .getLayout();
}

static bool isPlace(Type type) {
  auto tile = dyn_cast<RankedTensorType>(type);
  return tile && isa_and_present<LayoutAttr>(tile.getEncoding()) &&
         layoutOf(tile).isPlace();
}

int64_t gsa::getSharedBytes(Type type) {
  if (type.isIndex())
    return 8;
  if (auto tile = dyn_cast<RankedTensorType>(type))
    return llvm::divideCeil(
        tile.getNumElements() * tile.getElementTypeBitWidth(), 8);
  return llvm::divideCeil(type.getIntOrFloatBitWidth(), 8);
}

/// What a tile's first byte is a multiple of: swizzles XOR the bits below.
static int64_t alignmentOf(int64_t bytes) {
  return std::min<int64_t>(llvm::PowerOf2Ceil(std::max<int64_t>(bytes, 16)),
                           kSharedAlignment);
}

int64_t gsa::getSharers(Value ring) {
  auto blocks = ring.getDefiningOp()->getAttrOfType<IntegerAttr>(kSharedByAttr);
  return blocks ? blocks.getInt() : 1;
}

int64_t gsa::getSlotBytes(Value ring) {
  Type version = cast<RingType>(ring.getType()).getVersion();
  int64_t bytes = getSharedBytes(version) / getSharers(ring);
  if (!isa<RankedTensorType>(version))
    return bytes;
  return llvm::alignTo(bytes, alignmentOf(bytes));
}

/// Lanes' registers of a layout without those dimensions.
static int64_t registersWithout(Layout layout, ArrayRef<int64_t> dims) {
  SmallVector<int64_t> sorted(dims);
  llvm::sort(sorted, std::greater<>());
  for (int64_t dim : sorted) {
    if (layout.getRank() == 1)
      return 1;
    layout = layout.drop(dim);
  }
  return layout.getNumRegisters();
}

/// Whether warps hold different coordinates along these dimensions.
static bool spansWarps(const Layout &layout, ArrayRef<int64_t> dims) {
  return llvm::any_of(
      layout.getBases(Layout::Input::Warp), [&](const Coordinates &base) {
        return llvm::any_of(dims, [&](int64_t dim) { return base[dim] != 0; });
      });
}

constexpr int64_t wordBytes = 4;

int64_t gsa::getScratchBytes(Operation *op, int64_t warps, int64_t lanes) {
  if (auto convert = dyn_cast<ConvertOp>(op)) {
    Type from = convert.getOperand().getType();
    Type to = convert.getResult().getType();
    if (isPlace(from) || isPlace(to))
      return 0;
    MoveKind kind = move(layoutOf(from), layoutOf(to));
    bool staysInLane = kind == MoveKind::None || kind == MoveKind::Registers;
    return staysInLane ? 0 : getSharedBytes(to);
  }
  auto exchange = [&](Value operand, ArrayRef<int64_t> dims,
                      int64_t more) -> int64_t {
    const Layout &layout = layoutOf(operand.getType());
    if (!spansWarps(layout, dims))
      return 0;
    return warps * lanes * wordBytes * registersWithout(layout, dims) * more;
  };
  if (auto reduce = dyn_cast<ReduceOp>(op))
    return exchange(reduce.getOperand(), reduce.getDims(), 1);
  if (auto scan = dyn_cast<ScanOp>(op)) {
    // Registers above the warps' coordinates are blocks that warps exchange.
    const Layout &layout = layoutOf(scan.getOperand().getType());
    int64_t dim = scan.getDim(), lowest = layout.getShape()[dim];
    for (const Coordinates &base : layout.getBases(Layout::Input::Warp))
      if (base[dim])
        lowest = std::min(lowest, base[dim]);
    int64_t blocks = 1;
    for (int64_t i = 0; i < layout.getNumRegisters(); ++i)
      blocks = std::max(blocks, layout.apply(i, 0, 0)[dim] / lowest + 1);
    return exchange(scan.getOperand(), dim, blocks);
  }
  return 0;
}

bool gsa::hasOwnScratch(Operation *op) {
  // What branches skip is not worth bytes of its own.
  if (!isa<ScanOp, ReduceOp>(op) ||
      !isa<RolesOp, LoopLikeOpInterface>(op->getParentOp()))
    return false;
  // Where the block does not meet between one iteration and the next, the role
  // must before each use; then others may have the bytes as well.
  Operation *loop = op->getParentOp();
  return isa<RolesOp>(loop) ||
         llvm::any_of(loop->getRegions(), [](Region &region) {
           return !region.empty() &&
                  !region.front().getOps<BarrierOp>().empty();
         });
}

//===----------------------------------------------------------------------===//
// Lives
//===----------------------------------------------------------------------===//

namespace {
/// Bytes that something needs: a ring, or what other blocks write, as long as
/// the block runs, others while their role runs its ops number `begin` to
/// `end`.
struct Tenant {
  Operation *op;
  StringRef attribute;
  int64_t bytes;
  int64_t role = -1;
  int64_t begin = 0, end = std::numeric_limits<int64_t>::max();
  int64_t offset = 0;
  bool isOwn = false;

  bool isAliveWith(const Tenant &other) const {
    return role != other.role || (begin <= other.end && other.begin <= end);
  }
};

/// Numbers of a role's ops, in order; ops in regions follow the op around them.
class Order {
public:
  Order(Region &role, const DeviceTarget &target) : target(target) {
    role.walk<WalkOrder::PreOrder>([&](Operation *op) {
      begin[op] = count++;
      return;
    });
    role.walk<WalkOrder::PostOrder>([&](Operation *op) {
      int64_t last = begin[op];
      for (Region &region : op->getRegions())
        for (Operation &inner : region.getOps())
          last = std::max(last, end[&inner]);
      end[op] = last;
    });
  }

  int64_t beginOf(Operation *op) const { return begin.lookup(op); }
  /// Ops in loops are at work until the loop ends.
  int64_t endOf(Operation *op) const { return end.lookup(op); }

  /// The block's barrier before `op`, outside of loops: what is written without
  /// a barrier of its own must not be in use since then. Behind `op`, others
  /// make the role meet before they write.
  int64_t barrierBefore(Operation *op) const {
    Operation *top = op;
    while (!isa<RolesOp>(top->getParentOp()))
      top = top->getParentOp();
    int64_t first = 0;
    for (Operation &other : *top->getBlock())
      if (isa<BarrierOp>(other) && other.isBeforeInBlock(top))
        first = begin.lookup(&other);
    return first;
  }

  /// The last moment at which `user` may use what `def` made: all iterations of
  /// loops that are around the one and not the other.
  int64_t lastUse(Operation *def, Operation *user) const {
    int64_t last = end.lookup(user);
    for (Operation *at = user->getParentOp();
         at && !at->isProperAncestor(def) && begin.contains(at);
         at = at->getParentOp())
      if (isa<LoopLikeOpInterface>(at))
        last = std::max(last, end.lookup(at));
    return last;
  }

  /// Whether the block meets between the last use of what `convert` makes in
  /// one iteration of the loop around it and the next time that it is written.
  bool meetsInBetween(ConvertOp convert) const {
    if (!isa<LoopLikeOpInterface>(convert->getParentOp()))
      return false;
    int64_t first = begin.lookup(convert),
            last = endOf(convert, convert.getResult());
    return llvm::any_of(convert->getBlock()->getOps<BarrierOp>(),
                        [&](BarrierOp barrier) {
                          int64_t now = begin.lookup(barrier);
                          return now < first || now > last;
                        });
  }

  /// The last moment at which `value`, or one that runs on with it, is read.
  int64_t endOf(Operation *def, Value value) const {
    int64_t last = end.lookup(def);
    for (Operation *user : value.getUsers()) {
      last = std::max(last, lastUse(def, user));
      // A transposed place is the same; a product that runs on by itself reads
      // until it is waited for.
      auto mma = dyn_cast<MmaOp>(user);
      if (isa<TransposeOp>(user) || (mma && runsOn(mma)))
        last = std::max(last, endOf(def, user->getResult(0)));
    }
    return last;
  }

private:
  /// Whether a product still reads behind its op. Where copies take registers,
  /// all count as such: with the room, longer chunks would fit, and spill.
  bool runsOn(MmaOp mma) const {
    if (!target.getFacts().hasAsyncCopies)
      return true;
    AtomAttr attr = mma.getAtomAttr();
    const MatrixAtom *atom =
        attr ? target.lookupAtom(attr.getName().getValue()) : nullptr;
    return !atom || atom->isAsync();
  }

  const DeviceTarget &target;
  DenseMap<Operation *, int64_t> begin, end;
  int64_t count = 0;
};

struct AllocateSharedPass final
    : gsa::impl::AllocateSharedPassBase<AllocateSharedPass> {
  void runOnOperation() override {
    func::FuncOp kernel = getOperation();
    SmallVector<RolesOp> all;
    kernel.walk([&](RolesOp roles) { all.push_back(roles); });
    if (all.empty())
      return;
    FailureOr<const DeviceTarget *> target = getDeviceTarget(kernel);
    if (failed(target))
      return signalPassFailure();
    if (all.size() != 1) {
      kernel.emitOpError() << "must have one tile.roles, got " << all.size();
      return signalPassFailure();
    }
    const DeviceFacts &facts = (*target)->getFacts();
    SmallVector<Tenant> tenants = findTenants(all.front(), **target, true);
    int64_t total = place(tenants);
    if (total > facts.sharedBytes) {
      tenants = findTenants(all.front(), **target, false);
      total = place(tenants);
    }
    Builder builder(kernel.getContext());
    for (const Tenant &tenant : tenants) {
      tenant.op->setAttr(tenant.attribute,
                         builder.getI64IntegerAttr(tenant.offset));
      if (tenant.isOwn)
        tenant.op->setAttr(kOwnAttr, builder.getUnitAttr());
    }
    kernel->setAttr(kSharedAttr, builder.getI64IntegerAttr(total));
    if (total > facts.sharedBytes) {
      report(kernel, tenants, total, facts.sharedBytes);
      signalPassFailure();
    }
  }

private:
  /// With bytes of their own for what is converted in loops, if `own` is set.
  static SmallVector<Tenant> findTenants(RolesOp roles,
                                         const DeviceTarget &target, bool own) {
    SmallVector<Tenant> tenants;
    auto kernel = roles->getParentOfType<func::FuncOp>();
    kernel.walk([&](RingOp ring) {
      auto type = cast<RingType>(ring.getRing().getType());
      tenants.push_back(
          {ring, kOffsetAttr, type.getSlots() * getSlotBytes(ring.getRing())});
      if (llvm::any_of(ring->getUsers(),
                       llvm::IsaPred<ReceiveOp, ReceiveSumsOp>))
        tenants.push_back({ring, kMailboxAttr, kMailboxBytes});
    });
    bool fetches = kernel.walk([](FetchOp) { return WalkResult::interrupt(); })
                       .wasInterrupted();
    if (target.getFacts().hasBoxCopies && fetches)
      tenants.push_back(
          {roles, kMailboxAttr,
           static_cast<int64_t>(roles.getRoles().size()) * kMailboxBytes});
    for (auto [i, region] : llvm::enumerate(roles.getRoles()))
      addTenants(tenants, region, i, roles.getWarps()[i], target, own);
    return tenants;
  }

  /// Adds what the ops of a role need besides rings.
  static void addTenants(SmallVector<Tenant> &tenants, Region &region,
                         int64_t role, int64_t warps,
                         const DeviceTarget &target, bool own) {
    Order order(region, target);
    int64_t lanes = target.getFacts().warpLanes;
    region.walk<WalkOrder::PreOrder>([&](Operation *op) {
      int64_t now = order.beginOf(op);
      int64_t scratch = getScratchBytes(op, warps, lanes);
      bool isInPlace =
          isa<LoadOp, ConvertOp>(op) && isPlace(op->getResult(0).getType());
      if (auto convert = dyn_cast<ConvertOp>(op);
          own && convert && (isInPlace || scratch) &&
          order.meetsInBetween(convert)) {
        tenants.push_back(
            {op, isInPlace ? kOffsetAttr : kScratchAttr,
             isInPlace ? getSharedBytes(convert.getType()) : scratch, role,
             order.barrierBefore(op), order.endOf(op->getParentOp())});
        tenants.back().isOwn = true;
        return;
      }
      if (isInPlace)
        tenants.push_back({op, kOffsetAttr,
                           getSharedBytes(op->getResult(0).getType()), role,
                           now, order.endOf(op, op->getResult(0))});
      if (isMessage(op))
        addRoom(tenants, op, role, order);
      if (scratch && hasOwnScratch(op))
        tenants.push_back({op, kScratchAttr, scratch, role,
                           order.barrierBefore(op), order.endOf(op)});
      if (scratch && !hasOwnScratch(op))
        tenants.push_back({op, kScratchAttr, scratch, role, now, now});
    });
  }

  /// Other blocks send parts to an exchange whenever they come by; and rows to
  /// a gather once this block has begun the exchange before it.
  static void addRoom(SmallVector<Tenant> &tenants, Operation *op, int64_t role,
                      const Order &order) {
    tenants.push_back({op, kMailboxAttr, kMailboxBytes});
    Tenant room = {op, kOffsetAttr, getSharedBytes(op->getResult(0).getType())};
    // The first of the block's exchanges: others' rows may be ahead of ours.
    Operation *exchange = nullptr;
    if (isa<GatherOp>(op))
      for (Operation *at = op->getPrevNode(); at; at = at->getPrevNode())
        if (isa<ExchangeOp>(at))
          exchange = at;
    if (exchange) {
      room.role = role;
      room.begin = order.beginOf(exchange);
      room.end = order.endOf(op, op->getResult(0));
    }
    tenants.push_back(room);
  }

  /// Gives tenants bytes, the largest first, each as low as those that are
  /// alive with it allow. Returns how many bytes they take.
  static int64_t place(MutableArrayRef<Tenant> tenants) {
    SmallVector<Tenant *> bySize;
    for (Tenant &tenant : tenants)
      bySize.push_back(&tenant);
    llvm::stable_sort(bySize, [](const Tenant *a, const Tenant *b) {
      return a->bytes > b->bytes;
    });
    int64_t total = 0;
    for (auto [i, tenant] : llvm::enumerate(bySize)) {
      int64_t alignment = alignmentOf(tenant->bytes);
      for (bool moved = true; moved;) {
        moved = false;
        for (const Tenant *other : ArrayRef(bySize).take_front(i)) {
          bool overlaps = tenant->offset < other->offset + other->bytes &&
                          other->offset < tenant->offset + tenant->bytes;
          if (!overlaps || !tenant->isAliveWith(*other))
            continue;
          tenant->offset =
              llvm::alignTo(other->offset + other->bytes, alignment);
          moved = true;
        }
      }
      total = std::max(total, tenant->offset + tenant->bytes);
    }
    return total;
  }

  /// What `tenant` is, for a person: without layouts, which are long.
  static std::string describe(const Tenant &tenant) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    stream << tenant.op->getName();
    if (tenant.attribute == kMailboxAttr)
      return text + "'s mailbox";
    if (tenant.attribute == kScratchAttr)
      stream << "'s exchange";
    Type type = isa<RingOp>(tenant.op) || tenant.attribute == kOffsetAttr
                    ? tenant.op->getResult(0).getType()
                    : tenant.op->getOperand(0).getType();
    stream << " of ";
    if (auto ring = dyn_cast<RingType>(type)) {
      stream << ring.getSlots() << " x ";
      type = ring.getVersion();
    }
    if (auto tile = dyn_cast<RankedTensorType>(type))
      type = RankedTensorType::get(tile.getShape(), tile.getElementType());
    stream << type;
    return text;
  }

  static void report(func::FuncOp kernel, ArrayRef<Tenant> tenants,
                     int64_t total, int64_t budget) {
    SmallVector<std::pair<std::string, int64_t>> largest;
    for (const Tenant &tenant : tenants) {
      std::string text = describe(tenant);
      auto *same = llvm::find_if(
          largest, [&](const auto &each) { return each.first == text; });
      if (same != largest.end())
        same->second += tenant.bytes;
      else
        largest.emplace_back(std::move(text), tenant.bytes);
    }
    llvm::stable_sort(largest, [](const auto &a, const auto &b) {
      return a.second > b.second;
    });
    constexpr size_t most = 3;
    if (largest.size() > most)
      largest.truncate(most);
    InFlightDiagnostic diagnostic = kernel.emitOpError()
                                    << "a block must use at most " << budget
                                    << " bytes of shared memory, got " << total
                                    << " (largest: ";
    llvm::interleaveComma(largest, diagnostic, [&](const auto &each) {
      diagnostic << each.second << " for " << each.first;
    });
    diagnostic << "); shorter chunks and narrower heads take less";
  }
};
} // namespace
