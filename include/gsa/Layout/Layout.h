//===- Layout.h - Which worker, or which address, holds which element -----===//
//
// Arithmetic only: no operation, no type, no vendor.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_LAYOUT_LAYOUT_H
#define GSA_LAYOUT_LAYOUT_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/SmallVector.h"

#include <array>
#include <cstdint>

namespace mlir::gsa {

/// Coordinates of one element, one per tile dimension.
using Coordinates = SmallVector<int64_t, 2>;

/// Who holds an element in registers.
struct Holder {
  int64_t reg, lane, warp;
  bool operator==(const Holder &other) const {
    return reg == other.reg && lane == other.lane && warp == other.warp;
  }
};

/// A map from hardware positions to the coordinates of a tile. Positions are
/// register, lane and warp (a value that a block's lanes hold in registers), or
/// offset (a place in memory that lanes share; offsets count elements).
///
/// The map is linear over bits: bit i of a position adds (XOR) the coordinates
/// bases[i]. With a `repeat`, this block of shape[d] / repeat[d] elements,
/// powers of two, comes repeat[d] times along dimension d (96 = 32 x 3): the
/// part of a register or offset above its bits counts the blocks, those along
/// order[0] fastest. Blocks along d lie at multiples of a power of two, so that
/// coordinates of register, lane and warp combine by XOR, repeats or not:
///
///   apply(reg, lane, warp) = apply(reg, 0, 0) ^ apply(0, lane, warp)
///
/// Laws: every element is held (onto). A place holds each once. A lane holds no
/// element twice. A basis that is zero for a lane or warp bit means that both
/// hold the same elements.
///
/// Layouts are canonical: equal maps are equal objects. Registers that repeat
/// what earlier ones of the lane hold are removed, and even repeats of the
/// fastest repeated dimension become bits.
class Layout {
public:
  enum class Input { Register, Lane, Warp, Offset };
  static constexpr unsigned kNumInputs = 4;
  using Bases = SmallVector<Coordinates>;

  /// A value in registers. If empty, `repeat` is 1 for each dimension and
  /// `order` is 0, 1, ..
  static Layout registers(ArrayRef<int64_t> shape, ArrayRef<Coordinates> reg,
                          ArrayRef<Coordinates> lane,
                          ArrayRef<Coordinates> warp,
                          ArrayRef<int64_t> repeat = {},
                          ArrayRef<int64_t> order = {});
  /// A place, of offsets that count elements.
  static Layout place(ArrayRef<int64_t> shape, ArrayRef<Coordinates> offset,
                      ArrayRef<int64_t> repeat = {},
                      ArrayRef<int64_t> order = {});
  /// Repeats the atom over `shape`, whose sizes are multiples of the atom's.
  /// Along dimension d the next warps[d] (a power of two) copies are further
  /// warps, those along the first dimension fastest; if there are fewer copies,
  /// the remaining warps hold the same. Copies beyond become registers, those
  /// along the last dimension fastest. An atom that repeats along d must not be
  /// divided among warps there.
  static Layout tile(const Layout &atom, ArrayRef<int64_t> shape,
                     ArrayRef<int64_t> warps);

  bool isPlace() const { return inMemory; }
  int64_t getRank() const { return shape.size(); }
  ArrayRef<int64_t> getShape() const { return shape; }
  ArrayRef<int64_t> getRepeat() const { return repeat; }
  /// The dimensions, fastest repeats first; 0, 1, .. if fewer than two repeat.
  ArrayRef<int64_t> getOrder() const { return order; }
  /// shape / repeat: powers of two.
  Coordinates getBlock() const;
  /// The coordinates that each bit of the input adds, lowest bit first.
  /// Repeats come on top of these.
  ArrayRef<Coordinates> getBases(Input input) const {
    return bases[static_cast<unsigned>(input)];
  }

  /// Elements of the tile.
  int64_t getNumElements() const;
  /// Elements that each lane holds, repeats included.
  int64_t getNumRegisters() const;
  int64_t getNumLanes() const;
  int64_t getNumWarps() const;

  /// The coordinates at a position, which must be below the counts above.
  Coordinates apply(int64_t reg, int64_t lane, int64_t warp) const;
  Coordinates apply(int64_t offset) const;
  /// All holders of an element, by warp, then lane, then register.
  SmallVector<Holder> preimage(ArrayRef<int64_t> coordinates) const;
  /// Where a place holds an element.
  int64_t getOffset(ArrayRef<int64_t> coordinates) const;

  /// Swaps the coordinates of a matrix.
  Layout transpose() const;
  /// The layout of what is left when the elements along `dim` become one: its
  /// coordinate dropped, and registers (of a place: offsets) that held the
  /// same.
  Layout drop(int64_t dim) const;
  /// A layout of like's shape from which dropping `dim` gives this one: `like`
  /// if dropping gives it, else each lane holds all the elements along `dim`,
  /// in its slowest registers.
  Layout expand(int64_t dim, const Layout &like) const;
  /// The same value in `inner` * `outer` times as many warps: those of this
  /// layout are counted between the `inner` fastest and the `outer` slowest,
  /// which hold copies. Both are powers of two.
  Layout replicateWarps(int64_t inner, int64_t outer) const;

  bool operator==(const Layout &other) const {
    return inMemory == other.inMemory && shape == other.shape &&
           repeat == other.repeat && order == other.order &&
           bases == other.bases;
  }
  bool operator!=(const Layout &other) const { return !(*this == other); }
  // LLVM finds it by this name.
  // NOLINTNEXTLINE(readability-identifier-naming)
  friend llvm::hash_code hash_value(const Layout &layout) {
    return layout.hash();
  }
  /// `[64, 64], reg = [[0, 1], ..], lane = .., warp = ..`, or `offset = ..`;
  /// then `repeat = [1, 3]` if something repeats and `order = [1, 0]` if it is
  /// not 0, 1, ..
  void print(raw_ostream &os) const;

private:
  Layout(bool place, ArrayRef<int64_t> shape,
         std::array<Bases, kNumInputs> bases, ArrayRef<int64_t> repeat,
         ArrayRef<int64_t> order);
  Bases &basesOf(Input input) { return bases[static_cast<unsigned>(input)]; }
  /// The input whose positions count the repeats.
  Input own() const { return inMemory ? Input::Offset : Input::Register; }
  /// XORs the coordinates that the bits of a position add.
  void addBits(Input input, int64_t position, Coordinates &to) const;
  void canonicalise();
  llvm::hash_code hash() const;

  bool inMemory;
  SmallVector<int64_t, 2> shape, repeat, order;
  std::array<Bases, kNumInputs> bases;
};

raw_ostream &operator<<(raw_ostream &os, const Layout &layout);

/// How many of the coordinates are linearly independent over bits. Tells legal
/// layouts before they are built.
int64_t getRank(ArrayRef<Coordinates> coordinates);

} // namespace mlir::gsa

#endif // GSA_LAYOUT_LAYOUT_H
