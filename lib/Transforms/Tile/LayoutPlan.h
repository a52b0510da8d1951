//===- LayoutPlan.h - Who holds which tile of a role ------------*- C++ -*-===//
//
// Decides, before anything is rewritten, the layout of every tile that a role
// makes and the atom of every product. In program order and without search, so
// that results can be predicted:
//
//   1. a product gets the first atom of the target that can compute it; its
//   sums,
//      and what they are added to, lie as the atom leaves them;
//   2. what is summed along tokens has the tokens in registers;
//   3. what a loop carries keeps its layout;
//   4. what blocks of a cluster have added up is shared among them by rows;
//   5. elementwise results lie as their operands do, those of exchanges before
//      those of products before those of scans, and else as their users need
//      them.
//
// *Free* tiles (constants, coordinates, and what follows from them) have no
// layout: they are made where, and as, they are used. Broadcasts and
// transpositions move nothing and take the layout of their use.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_LIB_TRANSFORMS_TILE_LAYOUTPLAN_H
#define GSA_LIB_TRANSFORMS_TILE_LAYOUTPLAN_H

#include "dialects/Tile/Tile.h"
#include "gsa/Target/Atom.h"
#include "gsa/Target/DeviceTarget.h"

#include "llvm/ADT/EquivalenceClasses.h"

#include <optional>

namespace mlir::gsa {

/// The tile type, or null for anything else.
inline RankedTensorType getTileType(Value value) {
  return dyn_cast<RankedTensorType>(value.getType());
}

/// Coalesced accesses: 16 bytes a lane along the last dimension, then lanes
/// along it, then along the first; warps along the first dimension.
Layout getBlockedLayout(RankedTensorType tile, int64_t lanes, int64_t warps);

/// Tokens (dimension `dim`) in registers, then along warps: what scans need.
Layout getTokenLayout(RankedTensorType tile, int64_t dim, int64_t lanes,
                      int64_t warps);

/// What a factor of a product is before transpositions.
struct FactorSource {
  Value value;
  bool transposed;
};
FactorSource getFactorSource(Value factor);

class LayoutPlan {
public:
  /// `plain`: products wait for themselves and read factors from places only.
  LayoutPlan(Region &role, int64_t warps, const DeviceTarget &target,
             bool plain);

  /// `others`: plans of the roles before this one, which may send to it.
  /// Errors: "a product must have an atom ..., got ...".
  LogicalResult run(ArrayRef<LayoutPlan> others);

  bool isFree(Value tile) const;
  /// A broadcast or transposition of something that is not free.
  bool isFlexible(Value tile) const;
  /// A load or get that only products read: it stays a place.
  bool isStaged(Value tile) const;

  /// Of a tile that is none of the three above.
  Layout getLayout(Value tile) const;
  const MatrixAtom *getAtom(tile::MmaOp mma) const { return atoms.lookup(mma); }
  ProductShape getShape(tile::MmaOp mma) const;
  Layout getSums(tile::MmaOp mma) const;
  /// Where `factor` of `mma` lies best in shared memory, as its source.
  Layout getPlace(tile::MmaOp mma, Factor factor) const;

  /// Calls `visit` for each product, in program order.
  void forEachProduct(function_ref<void(tile::MmaOp)> visit) const {
    for (Operation *op : program)
      if (auto mma = dyn_cast<tile::MmaOp>(op))
        visit(mma);
  }

  Region &getRole() const { return role; }
  int64_t getWarps() const { return warps; }
  /// Whether a layout counts the warps of all blocks of a cluster.
  bool spansBlocks(const Layout &layout) const {
    return !layout.isPlace() && layout.getNumWarps() > warps;
  }
  /// How the operand of `reduce`, which lies as `own`, is held for it: what
  /// blocks share is reduced within rows only.
  Layout getReducible(tile::ReduceOp reduce, const Layout &own) const;
  int64_t getLanes() const { return target.getFacts().warpLanes; }
  bool isPlain() const { return plain; }

private:
  /// Why a tile has its layout; stronger ones come later.
  enum class Anchor { None, Use, Scan, Product, Exchange };
  struct Assignment {
    Layout layout;
    Anchor anchor;
  };

  void findWholeRows();
  LogicalResult anchorProducts();
  void anchorScans();
  void anchorReceived();
  /// Sums lie as their parts, which another role may have, over all blocks.
  LogicalResult shareExchange(tile::ExchangeOp exchange, bool &changed);
  LogicalResult anchorSums(ArrayRef<LayoutPlan> others);
  LogicalResult share(Operation *op, Value sums, const Layout &held,
                      uint64_t blocks);
  void tieLoops();
  bool propagateForward(Operation *op);
  /// Whether users may decide how `tile` lies.
  bool canFollow(Value tile, const Layout &layout) const;
  bool propagateBackward(Operation *op);
  /// Vectors that nothing else decides lie as what they are spread over.
  bool followBroadcasts();
  bool hasOwnLayout(Value tile) const;
  bool assign(Value tile, const Layout &layout, Anchor anchor);
  const Assignment *find(Value tile) const;

  Region &role;
  int64_t warps;
  const DeviceTarget &target;
  bool plain;
  SmallVector<Operation *> program; ///< all ops, outer before inner
  DenseMap<Operation *, const MatrixAtom *> atoms;
  DenseSet<Operation *> wholeRows; ///< products that give whole rows
  llvm::EquivalenceClasses<void *> ties;
  DenseMap<void *, Assignment> assignments; ///< by leader
  mutable DenseMap<Value, bool> freeValues;
};

} // namespace mlir::gsa

#endif // GSA_LIB_TRANSFORMS_TILE_LAYOUTPLAN_H
