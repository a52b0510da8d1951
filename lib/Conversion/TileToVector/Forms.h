//===- Forms.h - How tiles lie in a core's memory -------------------------===//
//
// A core holds tiles in a scratch buffer and works on one vector of lanes at a
// time, so a tile is useful to an operation only if the elements that the lanes
// take lie side by side. A *form* says which do.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_CONVERSION_TILETOVECTOR_FORMS_H
#define LIB_CONVERSION_TILETOVECTOR_FORMS_H

#include "dialects/Tile/Tile.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::tile {

/// The dimension whose elements lie side by side.
enum class Lanes : uint8_t { Columns = 0, Rows = 1 };

inline Lanes other(Lanes lanes) {
  return lanes == Lanes::Columns ? Lanes::Rows : Lanes::Columns;
}

/// How the elements x[r][c] of an R x C tile follow each other:
///
///   lanes     paired   memory
///   columns   no       x[r][c]                       [R][C]
///   rows      no       x[r][c] at [c][r]             [C][R]
///   columns   yes      x[2p + i][c] at [p][2c + i]   [R/2][2C]
///   rows      yes      x[r][2p + i] at [p][2r + i]   [C/2][2R]
///
/// Pairs are what a dot product of two-element steps takes from each lane. A
/// vector has the forms (columns, no) only.
struct Form {
  Lanes lanes = Lanes::Columns;
  bool paired = false;

  bool operator==(const Form &o) const {
    return lanes == o.lanes && paired == o.paired;
  }
  unsigned index() const { return unsigned(lanes) * 2 + paired; }
};
constexpr unsigned kNumForms = 4;

/// The form of `x` that holds what `form` of its transpose holds.
inline Form transposed(Form form) { return {other(form.lanes), form.paired}; }

/// A product acc + a * b as the core runs it: the lanes of one factor times a
/// scalar (a pair) of the other, summed over the dimension that both have.
struct ProductPlan {
  /// The result lies transposed: its lanes are rows, and b takes a's part.
  bool flipped = false;
  /// This product is computed when `epilogue` is, by whose elementwise
  /// operations its elements go before they are stored.
  Value epilogue;
};

/// What the tiles of a block are needed for, found before code is made: which
/// values lie in scratch, in which forms, and how products run.
class FormAnalysis {
public:
  void run(Block &block);

  /// Whether `value` lies in scratch; otherwise it is computed where it is
  /// used.
  bool isStored(Value value) const { return stored.contains(value); }
  /// The forms in which a stored value is needed; bits by Form::index.
  unsigned formsOf(Value value) const { return forms.lookup(value); }
  bool hasForm(Value value, Form form) const {
    return formsOf(value) >> form.index() & 1;
  }
  /// The lanes in which `value` is made, before any other form of it.
  Lanes lanesOf(Value value) const;
  const ProductPlan &planOf(MmaOp op) const { return plans.find(op)->second; }
  /// The product that `value` is the epilogue of, if any.
  MmaOp productOf(Value value) const { return epilogues.lookup(value); }

  /// An operation that can be computed where its result is used.
  static bool isInline(Operation *op);
  /// `value` without the transposes around it; `form` becomes the form of what
  /// is left that serves as `form` of `value`.
  static Value throughTransposes(Value value, Form &form);

private:
  void chooseCarryLanes(Block &block);
  void planProducts(Block &block);
  void findStored(Block &block);
  void findForms(Block &block);
  void demand(Value value, Form form);
  void read(Value value, Lanes lanes);
  void readOperands(Operation *op, Lanes lanes);
  int costOf(Value value) const;

  llvm::SetVector<Value> stored;
  DenseMap<Value, unsigned> forms;
  DenseMap<Value, Lanes> carryLanes;
  DenseMap<Operation *, ProductPlan> plans;
  DenseMap<Value, MmaOp> epilogues;
  DenseSet<Value> expanded;
};

/// Whether `type` is a tile.
inline bool isTile(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.hasStaticShape();
}
inline RankedTensorType tileType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

} // namespace mlir::tile

#endif // LIB_CONVERSION_TILETOVECTOR_FORMS_H
