//===- Lowering.h - A block's tiles become a lane's vectors -----*- C++ -*-===//
//
// Ops are lowered in program order, role by role. A tile in registers is a
// vector of what a lane holds, in register order; a place is its i32 address in
// shared memory; a ring the address of its first slot.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_LIB_CONVERSION_TILETOGPU_LOWERING_H
#define GSA_LIB_CONVERSION_TILETOGPU_LOWERING_H

#include "dialects/Tile/Tile.h"
#include "gsa/Target/Device.h"
#include "gsa/Target/DeviceTarget.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::gsa {

/// Lanes and warps that run a region.
struct RoleContext {
  tile::RolesOp roles;
  Worker worker;
  /// 0 as it follows, by nothing that shows, from a loop's counter, i32: what
  /// it is added to is not kept from iteration to iteration. Null where
  /// registers are not scarce.
  Value zero;
  Party party;
  /// Some role has matrix instructions that read shared memory asynchronously,
  /// and this one's lanes write what they read, so that it fences.
  bool readsAsync = false, fences = false;
  /// Its lanes copy tiles to shared memory: not only the device's engine does.
  bool copies = false;
  /// The device's engine stores tiles for it.
  bool storesBoxes = false;
  /// Where it counts copies of boxes, i32; null if it fetches none.
  Value mailbox;
};

/// An op that sends what arrives in `ring`, and the number of its role.
template <typename Send>
std::pair<Send, int64_t> findSender(Value ring, tile::RolesOp roles) {
  for (auto [i, role] : llvm::enumerate(roles.getRoles()))
    for (Operation *user : ring.getUsers())
      if (auto send = dyn_cast<Send>(user);
          send && role.isAncestor(send->getParentRegion()))
        return {send, i};
  return {};
}

struct BoxCopy;

/// A tile of integers that are `base` plus a constant a register.
struct Ramp {
  Value base; ///< i32
  SmallVector<int64_t> offsets;
};

/// An asynchronous product that nobody has waited for.
struct RunningProduct {
  /// The op's result; null once another product adds to it.
  Value result;
  /// Vectors that it reads from registers.
  SmallVector<Value> factors;
};

/// What a tile's access to memory is made of.
struct Slice {
  template <typename Op>
  Slice(Op op, TypedValue<MemRefType> memory, RankedTensorType tile)
      : memory(memory), indices(op.getIndices()), rows(op.getRows()),
        dims(op.getDims()), step(op.getStep()), tile(tile) {}

  TypedValue<MemRefType> memory;
  OperandRange indices;
  Value rows;
  ArrayRef<int64_t> dims;
  int64_t step;
  RankedTensorType tile;
};

/// A tile that `op` copies to a place at `address`, i32, in shared memory, or
/// from there.
struct PlaceCopy {
  Operation *op;
  Slice slice;
  Value address;
};

class TileLowering {
public:
  TileLowering(func::FuncOp kernel, const DeviceTarget &target);

  /// Lowers the kernel, or emits errors.
  LogicalResult run();

private:
  //===--------------------------------------------------------------------===//
  // Values (TileToGPU.cpp)
  //===--------------------------------------------------------------------===//

  /// What `value` is now.
  Value get(Value value) const { return map.lookupOrDefault(value); }
  void set(Value value, Value lowered) { map.map(value, lowered); }
  Type convert(Type type) const;

  Value constant(int64_t value);
  /// `value` in all registers of `type`.
  Value splat(VectorType type, Value value);
  /// The elements of a vector.
  SmallVector<Value> unpack(Value vector);
  Value pack(ArrayRef<Value> elements);
  /// Registers `numbers` of a vector, in this order.
  Value permute(Value vector, ArrayRef<int64_t> numbers);

  LogicalResult lowerForall(scf::ForallOp forall);
  LogicalResult lowerBody(Block &block);
  LogicalResult lower(Operation *op);
  /// Makes the shared memory's symbol.
  void declareShared();
  void awaitStages(Value condition);

  //===--------------------------------------------------------------------===//
  // Control flow (ControlFlow.cpp)
  //===--------------------------------------------------------------------===//

  LogicalResult lower(tile::RolesOp op);
  LogicalResult lower(scf::IfOp op);
  LogicalResult lower(scf::ForOp op);
  LogicalResult lower(scf::WhileOp op);
  /// Makes the role's zero of `number`, an i32 that is not negative, and lane
  /// and warp of the thread's number and that zero: where registers are scarce,
  /// none is left for addresses that code generators would keep.
  void forgetWorker(Value number);
  /// The same of the first counter of variables of `types`, as passed; without
  /// one, nothing.
  void forgetWorker(TypeRange types, ValueRange passed);
  /// Types of values of `types` as they go between blocks; the values; and
  /// back, `values` as what was passed for them.
  SmallVector<Type> passedTypes(TypeRange types) const;
  SmallVector<Value> pass(ValueRange values);
  void receive(ValueRange values, ValueRange passed);
  /// Lowers `from` into an empty block with its arguments, and ends it as
  /// `from` ends.
  LogicalResult lowerInto(Block &from, Block &to);
  /// All lanes of the role meet; behind it, what they wrote before is seen, but
  /// by matrix instructions that read asynchronously: those see `written`, a
  /// place.
  void emitRoleBarrier(Value written = {});
  /// Before bytes are written that others of the role may still be reading.
  void meetToWrite() {
    awaitStores();
    emitRoleBarrier();
  }
  LogicalResult lower(tile::BarrierOp op);

  //===--------------------------------------------------------------------===//
  // Elementwise (Elementwise.cpp)
  //===--------------------------------------------------------------------===//

  LogicalResult lowerConstant(Operation *op);
  LogicalResult lowerElementwise(Operation *op);
  LogicalResult lower(tile::IotaOp op);
  LogicalResult lower(tile::BroadcastOp op);
  LogicalResult lower(tile::TransposeOp op);
  /// Ramps or scalars i + a_e and j + b_e compared: i - j with b_e - a_e.
  struct RampComparison {
    Value difference; ///< i32
    SmallVector<int32_t> limits;
  };
  std::optional<RampComparison> findRampComparison(arith::CmpIOp op);
  /// A comparison of ramps and scalars; null if it is not one.
  Value lowerRampComparison(Operation *op);
  /// What a comparison of ramps keeps of a tile, zero elsewhere, rounded to
  /// 16 bits: words of two and their masks. Null if `op` is not that.
  Value lowerMaskedTruncation(arith::TruncFOp op);

  //===--------------------------------------------------------------------===//
  // Memory (GlobalMemory.cpp, Copies.cpp)
  //===--------------------------------------------------------------------===//

  LogicalResult lower(tile::LoadOp op);
  LogicalResult lower(tile::StoreOp op);
  /// By the role's lanes.
  LogicalResult storeTile(tile::StoreOp op, const Slice &slice);
  /// Starts to copy tiles to their places, all lanes of the role a part of
  /// each: one question whether addresses allow wide pieces, asked of all,
  /// where they mostly do. With little code if it is to be `rolled`.
  LogicalResult copyToPlaces(ArrayRef<PlaceCopy> tiles, bool rolled = false);
  class LaneCopy;

  //===--------------------------------------------------------------------===//
  // Copies of boxes (Boxes.cpp)
  //===--------------------------------------------------------------------===//

  /// Of tiles that are copied alike: one question whether the engine can copy
  /// them, or lanes in wide pieces, asked of all, where they mostly can.
  LogicalResult lowerFetches(ArrayRef<tile::FetchOp> ops);
  bool areTogether(tile::FetchOp first, tile::FetchOp second);
  LogicalResult lower(tile::WaitFetchesOp op);
  /// Makes what the role, number `number`, whose body is `region`, needs to
  /// have boxes copied and stored; nothing if it has none.
  LogicalResult openBoxes(Region &region, int64_t number);
  /// Whether this is the thread that starts the engine's copies, i1.
  Value emitStarts();
  /// The number of the map with which the device copies what `op` fetches, a
  /// new one if need be; none if it cannot.
  std::optional<int64_t> findMap(tile::FetchOp op);
  /// Of what it stores from a place.
  std::optional<int64_t> findMap(tile::StoreOp op);
  std::optional<int64_t> findMap(const Slice &slice);
  void addMapArguments();
  Value emitUsable(ArrayRef<BoxCopy> copies);
  void forEachPanel(
      const BoxCopy &copy,
      function_ref<void(Value address, Value map, ValueRange corner)> visit);
  /// Lets the engine store a tile from its place, or lanes where it cannot.
  LogicalResult storeBoxes(const PlaceCopy &tile, int64_t map,
                           function_ref<LogicalResult()> storeByLanes);
  /// Whether the engine stores something for the ops of `region`.
  bool storesBoxes(Region &region);
  /// Before places are written that the engine may still be storing, and the
  /// role's barrier that says so to others; nothing if it stores none.
  void awaitStores();
  std::pair<Value, Value> emitFitBoxes(ArrayRef<BoxCopy> copies);
  void copyBoxes(ArrayRef<BoxCopy> copies);

  //===--------------------------------------------------------------------===//
  // Shared memory (SharedMemory.cpp)
  //===--------------------------------------------------------------------===//

  /// The address of bytes that AllocateShared gave to an op.
  FailureOr<Value> addressOf(Operation *op, StringRef attribute);
  Value slotOf(Value ring, Value iteration, int64_t ahead);
  Value versionOf(Value iteration, int64_t slots);
  /// Registers of `layout` from a place, and back.
  FailureOr<Value> loadPlace(Operation *op, Value address, const Layout &place,
                             const Layout &layout, Type element);
  LogicalResult storePlace(Operation *op, Value vector, Value address,
                           const Layout &place, const Layout &layout);
  /// Of what `blocks` share, this block's rows: into a place that has only
  /// these.
  LogicalResult storeRun(Operation *op, Value vector, Value address,
                         const Layout &place, const Layout &layout,
                         int64_t blocks);
  /// A tile in registers as another layout holds it, without leaving the lane.
  FailureOr<Value> renumber(Operation *op, Value vector, const Layout &from,
                            const Layout &to);
  LogicalResult lower(tile::PutOp op);
  LogicalResult lower(tile::GetOp op);
  LogicalResult lower(tile::ConvertOp op);

  //===--------------------------------------------------------------------===//
  // Scans and reductions (Scan.cpp, Reduce.cpp)
  //===--------------------------------------------------------------------===//

  LogicalResult lower(tile::ScanOp op);
  /// exp2 of running sums, one token's of its neighbour's; null if `op` is not
  /// that or may not be made so.
  Value lowerExpOfSums(Operation *op);
  LogicalResult lower(tile::ReduceOp op);
  /// Comparisons with minima that lanes hold a part of.
  LogicalResult lower(arith::CmpFOp op);
  /// What the lanes of the same number in warps that differ in these `bits` of
  /// the warp's have in `values`: [warp][value], the first bit varying fastest.
  /// Exchanged through the op's scratch memory.
  FailureOr<SmallVector<SmallVector<Value>>>
  gatherWarps(Operation *op, ArrayRef<Value> values, ArrayRef<int64_t> bits);

  //===--------------------------------------------------------------------===//
  // Between blocks (Exchange.cpp, Cluster.cpp)
  //===--------------------------------------------------------------------===//

  LogicalResult lower(tile::ExchangeOp op);
  LogicalResult lower(tile::GatherOp op);
  /// Of one of the two.
  LogicalResult lowerWait(Operation *op, Value result);
  LogicalResult lower(tile::SendOp op);
  LogicalResult lower(tile::ReceiveOp op);
  LogicalResult lower(tile::SendPartsOp op);
  LogicalResult lower(tile::ReceiveSumsOp op);
  class Message;
  FailureOr<Message> messageOf(Operation *op);
  /// Of a message from role to role, whose lanes of one block hold `held`.
  template <typename Op>
  FailureOr<Message> messageOf(Op op, const gsa::Layout &held, int64_t blocks);
  template <typename Op> Value roundOf(Op op);
  /// Of the role.
  int64_t countWarps() const;
  /// The lane as a layout counts it, which may be one of all blocks.
  Worker workerOf(const Layout &layout);
  /// Before all roles, and behind them: makes the mailboxes of the messages in
  /// `roles`, and keeps each block's shared memory as long as others need it.
  /// Nothing where there are none.
  LogicalResult openCluster(tile::RolesOp roles, Value thread);
  void closeCluster(tile::RolesOp roles);

  //===--------------------------------------------------------------------===//
  // Products (Product.cpp)
  //===--------------------------------------------------------------------===//

  LogicalResult lower(tile::MmaOp op);
  LogicalResult lower(tile::WaitOp op);
  /// Waits until at most the last `left` products are running.
  void retire(size_t left);
  bool isRunning(Value value) const;

  func::FuncOp kernel;
  const DeviceTarget &target;
  const Device &device;
  ImplicitLocOpBuilder b;
  IRMapping map;
  DenseMap<Value, Ramp> ramps;
  SmallVector<RunningProduct> running;
  DenseSet<Operation *> messages; ///< that nobody has waited for
  RoleContext role;
  DenseMap<std::pair<Value, int64_t>, Value> versions; ///< by `versionOf`
  /// Minima of tiles that are lowered to each lane's own, for all that is asked
  /// is whether none is too small.
  DenseSet<Value> laneMinima;
  Value shared; ///< i32, where the block's shared memory starts
  /// Where the maps lie, and an i64 set of those that can be used; null if
  /// there are none yet.
  Value maps, usableMaps;
};

/// Whether this lane is the one that writes, of those that hold the same, i1;
/// null if all hold different elements.
Value emitIsFirst(ImplicitLocOpBuilder &b, const Layout &layout,
                  const Worker &worker);

/// The layout of a tile at this stage.
Layout layoutOf(Type type);
inline Layout layoutOf(Value value) { return layoutOf(value.getType()); }
/// Whether a type is a tile; one in a place.
bool isTile(Type type);
bool isPlace(Type type);

} // namespace mlir::gsa

#endif // GSA_LIB_CONVERSION_TILETOGPU_LOWERING_H
