//===- RolePlan.h - What belongs to which role ------------------*- C++ -*-===//
//
// The loop over windows carries memories: 2-D tiles with a product in their
// cycle. Its body falls into three parts:
//
//   *update*   what lies on the way from a memory to its own next value
//   *gates*    what else the next iteration or the update needs, and what
//              follows from those alone: decays, factors, snapshots of memories
//   *reads*    the rest, which reaches a store
//
// The producer runs gates and update, the consumer the reads. What the blocks
// of a cluster add up may be weighed, up to the next product, by a role of its
// own. What all could compute from scalars and coordinates is computed by each.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_LIB_TRANSFORMS_TILE_ROLEPLAN_H
#define GSA_LIB_TRANSFORMS_TILE_ROLEPLAN_H

#include "dialects/Tile/Tile.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::gsa {

/// The values that `op` and its regions use, made outside of `op`.
SetVector<Value> getUses(Operation *op);

class RolePlan {
public:
  enum class Part { Shared, Update, Gates, Reads };

  /// `weighs`: with a role between an exchange and what takes its sums, which
  /// is only where blocks exchange.
  RolePlan(scf::WhileOp loop, bool weighs) : loop(loop), weighs(weighs) {}

  /// Errors: "a loop ... must ... to be split into roles, got ...".
  LogicalResult run();

  scf::WhileOp getLoop() const { return loop; }
  Block &getBody() const { return *loop.getAfterBody(); }
  Part getPart(Operation *op) const { return parts.lookup(op); }
  /// Ops of the body that are in `part`, in order.
  SmallVector<Operation *> getOps(Part part) const;

  int64_t getMemoryCount() const { return memories.size(); }
  /// Of the loop's variables: is it a memory, and else, is it a tile?
  bool isMemory(unsigned variable) const { return memories.contains(variable); }
  bool dependsOnMemory(Operation *op) const { return fromMemory.contains(op); }

  /// The scans of the gates, and the gates that these need.
  DenseSet<Operation *> getScans() const;

  /// Made anew wherever it is needed: arithmetic on scalars, coordinates, and
  /// what moves nothing.
  bool isShared(Value value) const;

  /// Tiles and scalars of the gates that others use. Tiles cross in rings, and
  /// so do the scalars that the reads use.
  ArrayRef<Value> getCrossingTiles() const { return tiles.getArrayRef(); }
  ArrayRef<Value> getCrossingScalars() const { return scalars.getArrayRef(); }
  ArrayRef<Value> getReadScalars() const { return readScalars.getArrayRef(); }

  /// Loads that the update or the reads use: fetched ahead into rings.
  ArrayRef<tile::LoadOp> getFetches() const { return fetches.getArrayRef(); }
  /// Of the fetches: one that is only read for `getExchange()`, and
  /// so is done with when that has what it adds up. It is fetched a window
  /// ahead behind the exchange, which takes long anyway, and needs one slot.
  bool isForExchange(tile::LoadOp load) const {
    return forExchange.contains(load);
  }
  /// The first exchange of the reads, or null.
  tile::ExchangeOp getExchange() const { return exchange; }
  /// Loads that the gates use.
  ArrayRef<tile::LoadOp> getGateLoads() const { return gateLoads; }
  /// Of these: the crossing tile that the load is of no other use than to be
  /// mapped to, element by element, to one of the same type, or null. They can
  /// have the same bytes.
  Value getMapped(tile::LoadOp load) const;

  /// With a weigher the reads from the first product behind `getExchange()`
  /// on, and the memories that only these use, lag a window behind the rest:
  /// what blocks send each other is on its way meanwhile.
  bool hasWeigher() const { return sent != nullptr; }
  /// Of an op of the reads: it takes the exchange's sums, and stands before
  /// what lags.
  bool isWeighing(Operation *op) const { return weighing.contains(op); }
  /// Of an op of the reads, the update or the gates; of a fetch.
  bool lags(Operation *op) const { return late.contains(op); }
  bool memoryLags(unsigned variable) const {
    return lateMemories.contains(variable);
  }
  /// Whether `load` is read for a window of no rows, behind the last one, and
  /// what follows from it is needed: by the early update of a memory that is
  /// used behind the loop.
  bool needsZeros(tile::LoadOp load) const;
  /// Whether some op that lags uses `value`; and some that does not, too.
  bool isReadLate(Value value) const;
  bool outlivesWindow(Value value) const;

  /// Whether some op of the weigher's uses `value`, which crosses.
  bool isWeighed(Value value) const;

  /// The only tile that the late reads take from the weigher. Null without.
  Value getSent() const { return sent; }

private:
  LogicalResult findMemories();
  void findParts();
  void joinGates();
  void findCrossings();
  void findExchange();
  LogicalResult findLag();
  /// The ops of all parts but the shared that use `value`, with sharing looked
  /// through.
  SmallVector<Operation *> getUsers(Value value) const;
  bool isIn(Operation *op, Part part) const {
    auto found = parts.find(op);
    return found != parts.end() && found->second == part;
  }

  mutable scf::WhileOp loop;
  DenseSet<unsigned> memories;
  DenseMap<Operation *, Part> parts;
  DenseSet<Operation *> fromMemory;
  SetVector<Value> tiles, scalars, readScalars;
  SetVector<tile::LoadOp> fetches;
  SmallVector<tile::LoadOp> gateLoads;
  tile::ExchangeOp exchange;
  DenseSet<Operation *> forExchange;
  bool weighs;
  DenseSet<Operation *> weighing, late;
  DenseSet<unsigned> lateMemories;
  Value sent;
};

} // namespace mlir::gsa

#endif // GSA_LIB_TRANSFORMS_TILE_ROLEPLAN_H
