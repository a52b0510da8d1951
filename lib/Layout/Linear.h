//===- Linear.h - Linear algebra over bits --------------------------------===//

#ifndef GSA_LIB_LAYOUT_LINEAR_H
#define GSA_LIB_LAYOUT_LINEAR_H

#include "gsa/Layout/Layout.h"

#include <optional>

namespace mlir::gsa {

/// The span of vectors of bits, in echelon form, remembering which of the added
/// vectors make each of its own.
class Span {
public:
  /// Adds the next vector; false if the span had it already.
  bool add(uint64_t vector);
  /// What is left of the vector modulo the span: equal for equal cosets.
  uint64_t reduce(uint64_t vector) const;
  bool contains(uint64_t vector) const { return reduce(vector) == 0; }
  /// The set of added vectors (bit i: the i-th) whose sum is `vector`.
  std::optional<uint64_t> solve(uint64_t vector) const;
  /// Sets of added vectors whose sum is 0: a basis of all such sets.
  ArrayRef<uint64_t> getRelations() const { return relations; }
  int64_t getRank() const { return rows.size(); }

private:
  struct Row {
    uint64_t vector, members;
  };
  /// `vector` and `members` after elimination of every row's leading bit.
  Row eliminate(Row row) const;

  SmallVector<Row> rows;
  SmallVector<uint64_t> relations;
  int64_t numAdded = 0;
};

/// All sums of the generators, 0 first: element i is the sum of those whose bit
/// is set in i.
SmallVector<uint64_t> allSums(ArrayRef<uint64_t> generators);

/// Packs coordinates of a shape into one vector of bits.
class Packing {
public:
  explicit Packing(ArrayRef<int64_t> shape);
  uint64_t operator()(ArrayRef<int64_t> coordinates) const;

private:
  SmallVector<unsigned, 2> first;
};

} // namespace mlir::gsa

#endif // GSA_LIB_LAYOUT_LINEAR_H
