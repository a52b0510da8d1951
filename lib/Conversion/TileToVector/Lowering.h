//===- Lowering.h - Tiles as vectors over scratch -------------------------===//

#ifndef LIB_CONVERSION_TILETOVECTOR_LOWERING_H
#define LIB_CONVERSION_TILETOVECTOR_LOWERING_H

#include "Forms.h"
#include "gsa/Target/HostTarget.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::tile {

/// Where an elementwise operation computes one vector: `width` elements along
/// the lanes from `minor`, at `major` in the other dimension. A vector tile has
/// no major coordinate.
struct Point {
  Lanes lanes;
  Value major, minor;
  int64_t width;
};

/// Computes elementwise values at a point, each once.
class Evaluator;

/// Lowers the tile operations of one block's body in place.
class TileLowering {
public:
  TileLowering(Block &body, BlockArgument scratch,
               const gsa::HostTarget &target);

  LogicalResult run();
  /// Bytes of scratch that the block needs.
  int64_t getScratchBytes() const { return scratchBytes; }

private:
  friend class Evaluator;

  // Control flow (TileToVector.cpp).
  LogicalResult lowerBlock(Block &block);
  LogicalResult lower(Operation *op);
  LogicalResult lowerWhile(scf::WhileOp loop);
  LogicalResult lowerIf(scf::IfOp branch);
  bool canUpdateInPlace(Value carry, Value next, Block &body) const;

  // Scratch.
  Value allocate(RankedTensorType tile, Form form);
  Value bufferOf(Value value, Form form);

  // Elementwise (Elementwise.cpp).
  int64_t widthFor(int64_t extent) const;
  /// Elements along the lanes, and lines of them.
  static int64_t extentAlong(RankedTensorType type, Lanes lanes);
  static int64_t extentAcross(RankedTensorType type, Lanes lanes);
  void forRange(int64_t extent, int64_t step,
                llvm::function_ref<void(Value)> body);
  void forRange(Value end, llvm::function_ref<void(Value)> body);
  void forPoints(RankedTensorType type, Lanes lanes,
                 llvm::function_ref<void(const Point &)> body);
  /// Makes `value` in all forms that it is needed in.
  void materialize(Value value);
  /// Makes the further forms of a value whose first form is there.
  void makeOtherForms(Value value);
  void fill(Value buffer, Value value, Lanes lanes);
  void makePairs(Value value, Lanes lanes);
  void copyTransposed(Value value, Form to);

  // Memory, scans and reductions (Operations.cpp).
  void lowerLoad(LoadOp op);
  void lowerStore(StoreOp op);
  void lowerScan(ScanOp op);
  void lowerReduce(ReduceOp op);

  // Products (Product.cpp).
  void lowerProduct(MmaOp op);

  FormAnalysis analysis;
  Block &body;
  BlockArgument scratch;
  const gsa::HostTarget &target;
  const gsa::HostFacts &facts;
  ImplicitLocOpBuilder b;
  int64_t scratchBytes = 0;
  DenseMap<std::pair<Value, unsigned>, Value> buffers;
  /// Where a value's first form must lie.
  DenseMap<Value, Value> destinations;
  SmallVector<scf::WhileOp> loops;
  SmallVector<scf::IfOp> branches; ///< that result in tiles
  SmallVector<Operation *> dead;
};

class Evaluator {
public:
  Evaluator(TileLowering &lowering, const Point &point)
      : lowering(lowering), b(lowering.b), point(point) {}

  /// Makes `value` known: a product's accumulator, say.
  void define(Value value, Value vector) {
    known[{value, unsigned(point.lanes)}] = vector;
  }
  /// The vector of `value` at the point, read if it is stored.
  Value get(Value value) { return get(value, point.lanes); }
  /// The same, computed even if `value` is (to be) stored.
  Value compute(Value value) { return compute(value, point.lanes); }

private:
  Value get(Value value, Lanes lanes);
  Value compute(Value value, Lanes lanes);
  Value getVector(Value value, bool alongLanes);

  TileLowering &lowering;
  ImplicitLocOpBuilder &b;
  Point point;
  DenseMap<std::pair<Value, unsigned>, Value> known;
};

} // namespace mlir::tile

#endif // LIB_CONVERSION_TILETOVECTOR_LOWERING_H
