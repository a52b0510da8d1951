//===- Reach.h - The elements of a slice as a lane reaches them -*- C++ -*-===//

#ifndef GSA_LIB_CONVERSION_TILETOGPU_REACH_H
#define GSA_LIB_CONVERSION_TILETOGPU_REACH_H

#include "Lowering.h"

namespace mlir::gsa {

/// Most bytes that one lane moves at once.
inline constexpr int64_t kWidest = 16;

/// A number that adds coordinates, bit by bit: lane, warp, a loop's index.
struct Digits {
  Value number;
  SmallVector<Coordinates> bases;
};

/// The elements of a slice as one lane reaches them.
class Reach {
public:
  Reach(ImplicitLocOpBuilder &b, const Slice &slice,
        function_ref<Value(Value)> get);

  /// Sets what the lane's own coordinates are.
  void setDigits(ArrayRef<Digits> digits);

  /// Whether elements from coordinates that are multiples of `count` on can
  /// move `count` at a time, of which all or none are there if they are to be
  /// `whole`. Null if that is always so.
  Value emitFits(int64_t count, bool whole) const;
  /// The pointer to an element whose coordinates are the lane's plus `at`.
  Value getPointer(ArrayRef<int64_t> at) const;
  /// Whether that element is there; null if all are.
  Value getPresent(ArrayRef<int64_t> at) const;
  /// How many of `count` elements from that one on are there, i32; null for
  /// all.
  Value getPresentCount(ArrayRef<int64_t> at, int64_t count) const;

  int64_t getElementBytes() const { return elementBytes; }
  bool follows() const { return isContiguous; }

private:
  Value i32(int64_t value) const {
    return arith::ConstantIntOp::create(b, value, 32);
  }
  Value i64(int64_t value) const {
    return arith::ConstantIntOp::create(b, value, 64);
  }
  /// The lane's coordinate plus a constant.
  Value coordinate(int64_t dim, int64_t at) const;
  /// Whether the lane's coordinate plus a constant is below the limit.
  Value isInside(int64_t dim, int64_t at) const;

  ImplicitLocOpBuilder &b;
  int64_t rank, elementBytes;
  Value start;                ///< i64, the slice's first element
  SmallVector<Value> strides; ///< i64 bytes along each tile dimension
  SmallVector<Value> limits;  ///< i32 coordinates that are there; null for all
  SmallVector<Value> own;     ///< i32, the lane's coordinates; null for zero
  Value ownStart;             ///< i64, the element at the lane's coordinates
  Value alignment;            ///< i64, bits that rows' addresses may have
  bool isContiguous;          ///< the last dimension follows the memory's
};

/// The digits of a layout's lanes and warps.
SmallVector<Digits> digitsOf(const Layout &layout, const Worker &worker);

/// Registers of a tile as a role's lanes move it: `together` elements along the
/// last dimension each, rows after rows.
Layout layoutToCopy(ArrayRef<int64_t> shape, int64_t together, int64_t lanes,
                    int64_t warps);

/// Registers that lie side by side along the last dimension: see
/// SharedAccess::getMembers.
SmallVector<int64_t> membersAlongLast(const Layout &layout,
                                      int64_t elementBytes);

/// Registers of `layout` from memory, several together where addresses allow.
Value loadTile(ImplicitLocOpBuilder &b, const Device &device,
               const Reach &reach, const Layout &layout, VectorType type);

} // namespace mlir::gsa

#endif // GSA_LIB_CONVERSION_TILETOGPU_REACH_H
