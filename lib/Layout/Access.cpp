//===- Access.cpp - Registers that are read from or written to a place ----===//

#include "gsa/Layout/Access.h"
#include "Linear.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/MathExtras.h"

#include <numeric>

using namespace mlir;
using namespace mlir::gsa;

using Input = Layout::Input;

/// XORs the offsets of the set bits.
static int64_t addBits(ArrayRef<int64_t> offsets, int64_t position) {
  int64_t sum = 0;
  for (auto [bit, offset] : llvm::enumerate(offsets))
    if (position >> bit & 1)
      sum ^= offset;
  return sum;
}

int64_t Composed::getOffset(int64_t r, int64_t l, int64_t w) const {
  return reg[r] ^ addBits(lane, l) ^ addBits(warp, w);
}

std::optional<Composed> gsa::compose(const Layout &place,
                                     const Layout &registers) {
  assert(place.isPlace() && !registers.isPlace() && "a place and registers");
  assert(place.getShape() == registers.getShape() && "one tile");
  Composed result;
  Coordinates block = place.getBlock();
  auto add = [&](Input input, SmallVector<int64_t> &offsets) {
    for (const Coordinates &basis : registers.getBases(input)) {
      for (auto [coordinate, size] : llvm::zip_equal(basis, block))
        if (coordinate >= size)
          return false;
      offsets.push_back(place.getOffset(basis));
    }
    return true;
  };
  if (!add(Input::Lane, result.lane) || !add(Input::Warp, result.warp))
    return std::nullopt;
  for (int64_t reg = 0; reg < registers.getNumRegisters(); ++reg)
    result.reg.push_back(place.getOffset(registers.apply(reg, 0, 0)));
  return result;
}

/// The registers in runs of `width` whose offsets are width * i, + 1, ..; runs
/// are in order of their first register. Nothing if there are none.
static std::optional<SmallVector<int64_t>> runs(ArrayRef<int64_t> offsets,
                                                int64_t width) {
  llvm::DenseMap<int64_t, int64_t> registers;
  for (auto [reg, offset] : llvm::enumerate(offsets))
    registers.try_emplace(offset, reg);
  SmallVector<int64_t> result;
  SmallVector<bool> taken(offsets.size(), false);
  for (auto [reg, offset] : llvm::enumerate(offsets)) {
    if (taken[reg])
      continue;
    int64_t first = offset - offset % width;
    for (int64_t i = 0; i < width; ++i) {
      auto found = registers.find(first + i);
      if (found == registers.end())
        return std::nullopt;
      result.push_back(found->second);
      taken[found->second] = true;
    }
  }
  return result;
}

/// The phases of one instruction of `bytes` a lane, and its passes.
static std::pair<int64_t, int64_t>
countPasses(ArrayRef<int64_t> lane, int64_t elementBytes, int64_t bytes) {
  constexpr int64_t wordBytes = 4, numBanks = 32;
  constexpr int64_t rowBytes = wordBytes * numBanks;
  int64_t numLanes = int64_t(1) << lane.size();
  int64_t lanesAtOnce =
      std::min(numLanes, rowBytes / std::max(bytes, wordBytes));
  // The words that the lanes of a phase ask for are the span of their bits and
  // those within a lane's words; so are the banks. Each bank has as many words.
  Span words, banks;
  auto add = [&](int64_t byte) {
    words.add(byte / wordBytes);
    banks.add(byte / wordBytes % numBanks);
  };
  for (int64_t offset : lane.take_front(llvm::Log2_64(lanesAtOnce)))
    add(offset * elementBytes);
  for (int64_t byte = wordBytes; byte < bytes; byte *= 2)
    add(byte);
  int64_t phases = numLanes / lanesAtOnce;
  return {phases, phases << (words.getRank() - banks.getRank())};
}

std::optional<Access> gsa::access(const Layout &place, const Layout &registers,
                                  int64_t elementBits, int64_t maxBytes) {
  assert(elementBits >= 8 && elementBits <= 128 &&
         llvm::isPowerOf2_64(elementBits) && "whole bytes");
  std::optional<Composed> offsets = compose(place, registers);
  if (!offsets)
    return std::nullopt;
  // Every lane's base must keep what the widest instruction asks for: its own
  // low bits clear.
  int64_t elementBytes = elementBits / 8;
  int64_t width =
      std::max<int64_t>(llvm::bit_floor<uint64_t>(maxBytes) / elementBytes, 1);
  for (ArrayRef<int64_t> bases :
       {ArrayRef(offsets->lane), ArrayRef(offsets->warp)})
    for (int64_t offset : bases)
      while (offset % width)
        width /= 2;
  std::optional<SmallVector<int64_t>> order;
  while (!(order = runs(offsets->reg, width)))
    width /= 2;
  auto [phases, passes] =
      countPasses(offsets->lane, elementBytes, width * elementBytes);
  return Access{std::move(*offsets), width, std::move(*order), phases, passes};
}
