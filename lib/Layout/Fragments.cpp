//===- Fragments.cpp - Who holds what of a matrix instruction -------------===//

#include "gsa/Layout/Fragments.h"
#include "Linear.h"

using namespace mlir;
using namespace mlir::gsa;

using Input = Layout::Input;

Fragments Fragments::flip() const {
  return {b.transpose(), a.transpose(), sums.transpose()};
}

std::optional<Fragments> Fragments::renameDepth(const Layout &like) const {
  if (like.getShape() != a.getShape() || like.getRepeat() != a.getRepeat())
    return std::nullopt;
  // The new name of each step of K, as far as A's bits tell: a linear map.
  Span steps;
  SmallVector<int64_t> names;
  for (Input input : {Input::Register, Input::Lane, Input::Warp}) {
    if (a.getBases(input).size() != like.getBases(input).size())
      return std::nullopt;
    for (auto [from, to] :
         llvm::zip_equal(a.getBases(input), like.getBases(input))) {
      if (from[0] != to[0])
        return std::nullopt;
      if (steps.add(from[1])) {
        names.push_back(to[1]);
        continue;
      }
      names.push_back(0);
      int64_t sum = to[1];
      uint64_t members = *steps.solve(from[1]);
      for (auto [i, name] : llvm::enumerate(names))
        sum ^= members >> i & 1 ? name : 0;
      if (sum)
        return std::nullopt;
    }
  }
  auto rename = [&](ArrayRef<Coordinates> bases) {
    Layout::Bases renamed;
    for (const Coordinates &basis : bases) {
      int64_t name = 0;
      uint64_t members = *steps.solve(basis[0]);
      for (auto [i, each] : llvm::enumerate(names))
        name ^= members >> i & 1 ? each : 0;
      renamed.push_back({name, basis[1]});
    }
    return renamed;
  };
  Layout renamed = Layout::registers(
      b.getShape(), rename(b.getBases(Input::Register)),
      rename(b.getBases(Input::Lane)), rename(b.getBases(Input::Warp)),
      b.getRepeat(), b.getOrder());
  return Fragments{like, renamed, sums};
}
