//===- Atom.h - Matrix instructions as tiles see them -----------*- C++ -*-===//
//
// An atom is an instruction that multiplies: what it takes, who holds what,
// and how a whole tile's product is spelled with it. `assign-layouts` chooses
// atoms by what they say of themselves, `convert-tile-to-gpu` asks them to
// emit; neither knows an instruction's name. A target lists its atoms in order
// of preference.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_TARGET_ATOM_H
#define GSA_TARGET_ATOM_H

#include "gsa/Layout/Layout.h"
#include "gsa/Target/SharedAccess.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"

#include <optional>
#include <vector>

namespace mlir::gsa {

/// The factor of a product A * B.
enum class Factor { A, B };

/// A product of tiles, MxK times KxN, computed by `warps` warps.
struct ProductShape {
  int64_t m, n, k;
  int64_t warps;
  Type factor; ///< element type of A and B; sums are f32
  /// Rows of the sums are spread over as few warps as can be. Else warps share
  /// the sums so that they read as little of the factors as can be.
  bool wholeRows = false;
};

/// A factor as the lanes have it: its elements in registers, or where it lies.
struct FactorValue {
  Value value;   ///< vector of a lane's elements in register order, or the i32
                 ///< address of a place in shared memory
  Layout layout; ///< of the whole factor, MxK or KxN: `isPlace()` tells which
};

class MatrixAtom {
public:
  explicit MatrixAtom(StringRef name) : name(name) {}
  MatrixAtom(const MatrixAtom &) = delete;
  MatrixAtom &operator=(const MatrixAtom &) = delete;
  virtual ~MatrixAtom() = default;

  /// As in `#tile.atom<"name">`.
  StringRef getName() const { return name; }

  /// Whether it multiplies elements of that type; sums are f32.
  virtual bool multiplies(Type factor) const = 0;

  /// Who holds the sums of such a product; none if the atom cannot compute it.
  /// Warps are spread along the rows first, so that a row stays in a warp if
  /// the shape allows it.
  virtual std::optional<Layout> getSums(const ProductShape &shape) const = 0;

  /// Who must hold a factor that comes in registers; none if it cannot.
  virtual std::optional<Layout>
  getRegisters(Factor factor, const ProductShape &shape) const = 0;

  /// The layouts in which a factor, MxK or KxN, may lie in shared memory, best
  /// first; empty if it cannot. `contiguous` is the factor's dimension along
  /// which the memory is filled from has unit stride.
  virtual std::vector<Layout> getPlaces(Factor factor,
                                        const ProductShape &shape,
                                        unsigned contiguous) const = 0;

  /// Whether a factor may be read from this place, whichever dimension is
  /// contiguous in it.
  virtual bool accepts(Factor factor, const ProductShape &shape,
                       const Layout &place) const = 0;

  /// The product is running when its code has run: sums, and factors, may be
  /// touched only behind a `tile.wait`.
  virtual bool isAsync() const { return false; }

  /// acc + a * b, as a vector of a lane's sums in register order. A null `acc`
  /// is zero everywhere.
  virtual Value emitProduct(OpBuilder &builder, Location loc,
                            const ProductShape &shape, const Worker &worker,
                            const FactorValue &a, const FactorValue &b,
                            Value acc) const = 0;

private:
  StringRef name;
};

} // namespace mlir::gsa

#endif // GSA_TARGET_ATOM_H
