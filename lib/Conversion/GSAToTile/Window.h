//===- Window.h - Values of a block and of a window of tokens ---*- C++ -*-===//
//
// Tiles are made on demand from what the kernel stores and carries. A tile
// belongs to a key/value head or to one query head of its group; the latter are
// made inside the loop over the group.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_CONVERSION_GSATOTILE_WINDOW_H
#define LIB_CONVERSION_GSATOTILE_WINDOW_H

#include "SweepPlan.h"
#include "TileBuilder.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::gsa {

constexpr double kLog2E = 1.4426950408889634;

class StagedReads;

/// What a block computes once.
struct BlockValues {
  Value sequence, head, slice;  ///< the block's indices
  Value query;                  ///< in its group, if each has blocks of its own
  Value batch;                  ///< index into dimension 0 of tensors
  Value begin, end;             ///< the sequence's tokens
  DenseMap<Value, Value> outer; ///< value from outside the sweep -> kernel's
  const StagedReads *reads = nullptr; ///< what launches of `staged` share

  /// The column of `value` at which the block's tiles start.
  Value firstColumn(TileBuilder &b, const SweepPlan &plan, Value value,
                    bool sliced) const;
};

/// The tokens that one iteration of the block's loop takes.
struct Window {
  Window(const SweepPlan &plan, const BlockValues &block, TileBuilder &b)
      : plan(plan), block(block), b(b) {}

  const SweepPlan &plan;
  const BlockValues &block;
  TileBuilder &b;

  Value token;     ///< the time of row 0
  Value available; ///< rows that are left, at most a chunk
  Value length;    ///< rows the window takes; decays can make it shorter
  Value query;     ///< the query head, inside the loop over the group
  Operation *groupLoop = nullptr;
  /// Memory or running softmax -> its state before the window.
  DenseMap<Operation *, Value> carries;

  /// Moves the builder from the loop over the group to before it: for what a
  /// head's queries share. The caller guards the insertion point.
  void leaveGroup() const {
    if (groupLoop)
      b.setInsertionPoint(groupLoop);
  }
};

class Memories;

/// The sweep's values in the window, each made once.
class Tiles {
public:
  Tiles(Window &window, Memories &memories)
      : plan(window.plan), window(window), b(window.b), memories(memories) {}

  /// `value` as a tile of [chunk], [chunk, columns], or as a scalar if all
  /// tokens share it; only the block's columns of it if `sliced`.
  Value tileOf(Value value, bool sliced);
  /// exp(x - max) and 1 over its sum for each token: a softmax that is
  /// normalised behind the products that it goes into.
  struct Weights {
    Value weights;    ///< f32, [C, M], zero where padding
    Value reciprocal; ///< f32, [C]
  };
  Weights weightsOf(SoftmaxOp op, bool sliced);
  /// `tile`, which holds `value`, with zeros for columns that are padding and,
  /// if `tokens`, for tokens behind the sequence's end. Products over either
  /// need that. `sliced`: the tile has the block's columns only.
  Value zeroPadded(Value tile, Value value, bool tokens, bool sliced = false);
  /// The running softmax's normaliser behind the window.
  Value nextOf(SoftmaxDecayOp op);

private:
  Value makeTile(Value value, bool sliced);
  Value loadTile(Value value, bool sliced);
  Value makeElementwise(Operation *op, Value result, bool sliced);
  Value makeSoftmax(SoftmaxOp op, bool sliced);
  Value makeSoftmaxDecay(SoftmaxDecayOp op);
  bool keepsZero(Value value) const;

  const SweepPlan &plan;
  Window &window;
  TileBuilder &b;
  Memories &memories;
  DenseMap<Value, Value> tiles[2]; ///< whole, and only the slice's columns
  DenseMap<Operation *, Value> normalisers; ///< of running softmaxes, a token
};

/// What a decay gives to the memories that share it, f32.
struct Gates {
  Value decay;   ///< per token, natural logarithm: [C, M], or [C] for one decay
                 ///< a token; as far as windows can span it, zero where padding
  Value log2;    ///< the same to base 2
  Value sums;    ///< inclusive running sums of `log2`, from the reference
  Value running; ///< of row-wise decay: the same, from zero
  /// Of one decay a token for products in f32: what `log2` and `sums` lack,
  /// which are rounded such that differences of sums are exact. Else null.
  Value restLog2, restSums;
  Value factors; ///< exp2(sums)
  Value total;   ///< sum of `log2` over the window: [M], or a scalar
  Value since;   ///< of one decay a token: exp2(total - sums), zero behind the
                 ///< window
  /// log2 that the window's decay must not fall below; 0 if it cannot.
  double limit = 0.0;
  double lowest = 0.0;   ///< the same for `sums`
  bool isClosed = false; ///< the window ends where this decay wants it to
  bool isRowWise() const {
    return cast<RankedTensorType>(log2.getType()).getRank() == 2;
  }
  /// These, with `sums` of row-wise decay made again of `running`, such that no
  /// tile waits for their use. For products of `product`.
  Gates withoutSums(TileBuilder &b, Type product) const;
  /// `total` and `since` of one decay a token, where `keep` makes zero what
  /// tiles have behind the window.
  std::pair<Value, Value> sumUp(TileBuilder &b,
                                function_ref<Value(Value)> keep) const;
};

/// The memories in the window; ChunkMemory.cpp has the formulas.
///
/// Nothing is masked as long as the window takes all tokens that are left:
/// behind the last, loads give zero rows, decays are made zero, and so are all
/// writes. A decay that ends the window earlier does it in a branch, which
/// masks what is carried: see closeWindow.
class Memories {
public:
  Memories(Window &window, Tiles &tiles)
      : plan(window.plan), window(window), b(window.b), tiles(tiles) {}

  /// The gates of a memory with a decay.
  Gates gatesOf(MemoryOp memory);
  /// Shortens the window as the gates that were made need it.
  void closeWindow();
  /// What a read returns, as `Tiles::tileOf` would; in the launch that makes
  /// what is read by columns, the block's part of it, f32, before its scale.
  Value read(ReadOp op);
  /// The memory as carried behind the window.
  Value nextState(MemoryOp memory);
  /// The memory as carried for a state, [M, D] in f32, or the other way `back`.
  static Value refer(TileBuilder &b, const SweepPlan &plan, MemoryOp memory,
                     Value state, bool back);

private:
  using GatesKey = std::pair<Value, Type>;
  GatesKey keyOf(MemoryOp memory) const {
    return {memory.getDecay(), plan.productOf(memory)};
  }
  bool isRowWise(MemoryOp memory) {
    return memory.getDecay() && gatesOf(memory).isRowWise();
  }
  Value readStaged(ReadOp op);
  Value fitsWindow();
  Value firstOutside();
  void makeWrite(MemoryOp memory);
  Value rowsOf(MemoryOp memory);
  Value columnsOf(MemoryOp memory);
  Value writesOf(MemoryOp memory);
  Value scoreMask(MemoryOp memory, Value scores);
  Value decayed(Value state, const Gates &own);

  const SweepPlan &plan;
  Window &window;
  TileBuilder &b;
  Tiles &tiles;
  llvm::MapVector<GatesKey, Gates> gates;
  /// Of memories: the rows as factors of the window's products.
  llvm::MapVector<Operation *, Value> writes;
  DenseSet<Operation *> started; ///< memories whose writes are being made
  /// Rows of the writes that are tied to a decay, f32.
  llvm::MapVector<GatesKey, Value> tied;
  /// Whether the gates may leave their span, and what lies outside is masked.
  bool endsEarly = false;
};

/// All values of a window: what tiles need memories for, and memories tiles.
struct WindowValues {
  explicit WindowValues(Window &window)
      : tiles(window, memories), memories(window, tiles) {}

  Tiles tiles;
  Memories memories;
};

} // namespace mlir::gsa

#endif // LIB_CONVERSION_GSATOTILE_WINDOW_H
