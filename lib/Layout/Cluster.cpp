//===- Cluster.cpp - Tiles that the blocks of a cluster share -------------===//

#include "gsa/Layout/Cluster.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::gsa;

using Input = Layout::Input;

namespace {
/// The bits of a tile's coordinates in an order that suits who holds it.
struct BitOrder {
  /// Those of a lane's first registers, at most `vector` of them, then of
  /// lanes, other registers and warps; without those that tell blocks apart.
  SmallVector<Coordinates> inBlock;
  /// How many of these the first registers have.
  size_t vector = 0;
  /// Those of the rows that tell blocks apart, lowest first.
  SmallVector<Coordinates> ofBlocks;

  BitOrder(const Layout &held, int64_t most, int64_t blocks);
};
} // namespace

/// Whether the coordinates are one bit of one dimension.
static bool isBit(const Coordinates &base) {
  return llvm::count_if(base, [](int64_t x) { return x != 0; }) == 1 &&
         llvm::all_of(base,
                      [](int64_t x) { return !x || llvm::isPowerOf2_64(x); });
}

BitOrder::BitOrder(const Layout &held, int64_t most, int64_t blocks) {
  Coordinates block = held.getBlock();
  int64_t ownRows = block[0] / blocks;
  for (int64_t row = ownRows; row < block[0]; row *= 2) {
    ofBlocks.emplace_back(block.size(), 0);
    ofBlocks.back()[0] = row;
  }
  auto add = [&](const Coordinates &base) {
    if (isBit(base) && base[0] < ownRows && !llvm::is_contained(inBlock, base))
      inBlock.push_back(base);
  };
  ArrayRef<Coordinates> registers = held.getBases(Input::Register);
  size_t first = std::min<size_t>(registers.size(), most);
  llvm::for_each(registers.take_front(first), add);
  vector = inBlock.size();
  llvm::for_each(held.getBases(Input::Lane), add);
  llvm::for_each(registers.drop_front(first), add);
  llvm::for_each(held.getBases(Input::Warp), add);
  // Any order is right: what the layout does not tell comes last.
  for (int64_t dim = block.size() - 1; dim >= 0; --dim)
    for (int64_t x = 1; x < block[dim]; x *= 2) {
      Coordinates base(block.size(), 0);
      base[dim] = x;
      add(base);
    }
}

std::optional<Layout> gsa::shareRows(const Layout &held, int64_t blocks) {
  assert(!held.isPlace() && llvm::isPowerOf2_64(blocks));
  if (held.getRank() == 0 || held.getBlock()[0] % blocks != 0 ||
      held.getRepeat()[0] != 1)
    return std::nullopt;
  constexpr int64_t pairs = 2;
  BitOrder bits(held, pairs, blocks);
  Layout::Bases reg(ArrayRef(bits.inBlock).take_front(bits.vector)), lane, warp;
  SmallVector<Coordinates> rest(ArrayRef(bits.inBlock).drop_front(bits.vector));
  Coordinates none(held.getRank(), 0);
  for (int64_t i = 1; i < held.getNumWarps(); i *= 2) {
    auto *highest = rest.end();
    for (auto *it = rest.begin(); it != rest.end(); ++it)
      if ((*it)[0] && (highest == rest.end() || (*it)[0] > (*highest)[0]))
        highest = it;
    if (highest == rest.end()) {
      warp.push_back(none);
      continue;
    }
    warp.insert(warp.begin(), *highest);
    rest.erase(highest);
  }
  llvm::append_range(warp, bits.ofBlocks);
  size_t lanes = llvm::Log2_64(held.getNumLanes());
  size_t taken = std::min(lanes, rest.size());
  lane.append(rest.begin(), rest.begin() + taken);
  lane.resize(lanes, none);
  reg.append(rest.begin() + taken, rest.end());
  return Layout::registers(held.getShape(), reg, lane, warp, held.getRepeat(),
                           held.getOrder());
}

Layout gsa::getRoom(const Layout &held, int64_t elementBits, int64_t blocks) {
  constexpr int64_t vectorBits = 128;
  BitOrder bits(held,
                llvm::Log2_64(std::max<int64_t>(vectorBits / elementBits, 1)),
                blocks);
  Layout::Bases offset(bits.inBlock);
  llvm::append_range(offset, bits.ofBlocks);
  return Layout::place(held.getShape(), offset, held.getRepeat(),
                       held.getOrder());
}
