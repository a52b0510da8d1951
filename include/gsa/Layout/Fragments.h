//===- Fragments.h - Who holds what of a matrix instruction ---------------===//

#ifndef GSA_LAYOUT_FRAGMENTS_H
#define GSA_LAYOUT_FRAGMENTS_H

#include "gsa/Layout/Layout.h"

#include <optional>

namespace mlir::gsa {

/// The layouts of an instruction that adds A * B to sums: MxK, KxN and MxN.
/// Which register of the instruction an element is in follows from its number:
/// registers are numbered as the instruction numbers them.
struct Fragments {
  Layout a, b, sums;

  /// The same instruction for the transposed product: its A is B transposed,
  /// its B is A transposed, and sums come out transposed. So an NxM instruction
  /// computes MxN sums.
  Fragments flip() const;

  /// The same instruction with other names for the steps of K, such that A's
  /// layout is `like`: the sum over K does not see its order, if B is read in
  /// the same. None if `like` differs in more.
  std::optional<Fragments> renameDepth(const Layout &like) const;
};

} // namespace mlir::gsa

#endif // GSA_LAYOUT_FRAGMENTS_H
