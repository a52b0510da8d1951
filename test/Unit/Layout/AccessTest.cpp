//===- AccessTest.cpp - Accesses against every address they make ----------===//

#include "gsa/Layout/Access.h"
#include "Samples.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

using namespace mlir;
using namespace mlir::gsa;

namespace {

/// Calls the function with all pairs of a place and registers of one shape.
template <typename Function> void forEachPair(Function function) {
  std::vector<Layout> places = placeSamples();
  places.push_back(swizzled({64, 64}, 16, 128).transpose());
  places.push_back(swizzled({16, 16}, 16, 32));
  places.push_back(rowMajor({16}));
  for (const Layout &registers : registerSamples())
    for (const Layout &place : places)
      if (registers.getShape() == place.getShape())
        function(place, registers);
}

TEST(Access, OffsetsAreWhereThePlaceHasTheElements) {
  int64_t pairs = 0;
  forEachPair([&](const Layout &place, const Layout &registers) {
    std::optional<Composed> composed = compose(place, registers);
    if (!composed)
      return;
    ++pairs;
    forEachHolder(registers, [&](int64_t reg, int64_t lane, int64_t warp) {
      EXPECT_EQ(composed->getOffset(reg, lane, warp),
                place.getOffset(registers.apply(reg, lane, warp)))
          << text(place) << "; " << text(registers);
    });
  });
  EXPECT_GT(pairs, 50);
}

TEST(Access, NeedsBlocksThatLanesStayIn) {
  // Blocks of two columns, the lanes' columns in sixteen of them.
  Layout place = Layout::place({12, 64}, {{0, 1}, {1, 0}, {2, 0}}, {3, 32});
  Layout registers =
      Layout::registers({12, 64}, {{1, 0}, {2, 0}, {0, 32}},
                        {{0, 1}, {0, 2}, {0, 4}, {0, 8}, {0, 16}}, {}, {3, 1});
  EXPECT_FALSE(compose(place, registers).has_value());
  EXPECT_FALSE(access(place, registers, 16).has_value());
}

/// Runs one instruction of a warp on banks: lanes in order, as many at once as
/// fill a row of banks; a bank gives one word a pass, to all who want it.
int64_t simulate(const Access &access, const Layout &registers,
                 int64_t instruction, int64_t warp, int64_t elementBytes) {
  int64_t width = access.elementsPerInstruction;
  int64_t bytes = width * elementBytes;
  int64_t lanesAtOnce = std::min<int64_t>(32, 128 / bytes), passes = 0;
  for (int64_t first = 0; first < registers.getNumLanes();
       first += lanesAtOnce) {
    std::map<int64_t, std::set<int64_t>> wordsOfBank;
    for (int64_t lane = first;
         lane < std::min(first + lanesAtOnce, registers.getNumLanes()); ++lane)
      for (int64_t i = 0; i < width; ++i) {
        int64_t reg = access.registers[instruction * width + i];
        int64_t byte = access.offsets.getOffset(reg, lane, warp) * elementBytes;
        for (int64_t end = byte + elementBytes; byte < end; ++byte)
          wordsOfBank[byte / 4 % 32].insert(byte / 4);
      }
    size_t most = 0;
    for (const auto &[bank, words] : wordsOfBank)
      most = std::max(most, words.size());
    passes += most;
  }
  return passes;
}

TEST(Access, PassesAreThoseOfTheBanks) {
  std::set<int64_t> seen;
  forEachPair([&](const Layout &place, const Layout &registers) {
    for (int64_t bits : {8, 16, 32, 64})
      for (int64_t maxBytes : {4, 8, 16}) {
        std::optional<Access> found = access(place, registers, bits, maxBytes);
        if (!found)
          continue;
        SCOPED_TRACE(text(place) + "; " + text(registers));
        EXPECT_LE(found->phases, found->passes);
        seen.insert(found->passes / found->phases);
        for (int64_t warp = 0; warp < registers.getNumWarps(); ++warp)
          for (int64_t i = 0; i < found->getNumInstructions(); ++i)
            EXPECT_EQ(simulate(*found, registers, i, warp, bits / 8),
                      found->passes);
      }
  });
  EXPECT_GT(seen.size(), 3u);
}

TEST(Access, InstructionsMoveWhatLiesTogether) {
  forEachPair([&](const Layout &place, const Layout &registers) {
    for (int64_t maxBytes : {2, 4, 8, 16}) {
      std::optional<Access> found = access(place, registers, 16, maxBytes);
      if (!found)
        continue;
      SCOPED_TRACE(text(place) + "; " + text(registers));
      int64_t width = found->elementsPerInstruction;
      EXPECT_LE(width * 2, maxBytes);
      std::set<int64_t> all(found->registers.begin(), found->registers.end());
      EXPECT_EQ(static_cast<int64_t>(all.size()), registers.getNumRegisters());
      EXPECT_EQ(all.size(), found->registers.size());
      for (int64_t lane = 0; lane < registers.getNumLanes(); ++lane)
        for (int64_t i = 0; i < found->getNumInstructions(); ++i) {
          int64_t first = found->offsets.getOffset(found->registers[i * width],
                                                   lane, /*w=*/0);
          EXPECT_EQ(first % width, 0);
          EXPECT_EQ(first, found->offsets.getOffset(0, lane, 0) ^
                               found->offsets.reg[0] ^ found->getConstant(i));
          for (int64_t j = 0; j < width; ++j)
            EXPECT_EQ(found->offsets.getOffset(found->registers[i * width + j],
                                               lane, /*w=*/0),
                      first + j);
        }
    }
  });
}

TEST(Access, RotatedSwizzlesServePairsOfWords) {
  // A quad of lanes asks for two chunks of a row, four rows at once: the usual
  // swizzle exchanges these two in every other row, in the same banks.
  Layout sums = Layout::tile(atom16x8(), {64, 64}, {4, 1});
  EXPECT_EQ(access(swizzled({64, 64}, 32, 128), sums, 32)->passes, 4);
  std::optional<Access> turned =
      access(swizzled({64, 64}, 32, 128, 1), sums, 32);
  EXPECT_EQ(turned->phases, 2);
  EXPECT_EQ(turned->passes, 2);
  // Who writes pairs of columns meets no bank twice either way.
  EXPECT_EQ(access(swizzled({64, 64}, 32, 128, 1), tokens64x64(), 32)->passes,
            2);
}

TEST(Access, IsAsWideAsItCanBe) {
  // Pairs of columns in a row; a swizzle keeps chunks of 8 whole.
  Layout registers = Layout::tile(atom16x8(), {64, 64}, {4, 1});
  Layout place = swizzled({64, 64}, 16, 128);
  std::optional<Access> pairs = access(place, registers, 16);
  EXPECT_EQ(pairs->elementsPerInstruction, 2);
  EXPECT_EQ(pairs->passes, 1);
  // Without it eight rows are in the same banks.
  EXPECT_EQ(access(rowMajor({64, 64}), registers, 16)->passes, 8);
  // Whole chunks; eight lanes ask for as many rows, without conflict.
  Layout rows = Layout::registers(
      {64, 64}, {{0, 1}, {0, 2}, {0, 4}, {0, 32}, {32, 0}},
      {{1, 0}, {2, 0}, {4, 0}, {0, 8}, {0, 16}}, {{8, 0}, {16, 0}});
  std::optional<Access> chunks = access(place, rows, 16);
  EXPECT_EQ(chunks->elementsPerInstruction, 8);
  EXPECT_EQ(chunks->passes, 4);
  EXPECT_EQ(access(place, rows, 16, 8)->elementsPerInstruction, 4);
  // Registers in another order are moved together all the same.
  Layout odd = Layout::registers(
      {64, 64}, {{0, 4}, {32, 0}, {0, 1}, {0, 2}, {0, 32}},
      {{1, 0}, {2, 0}, {4, 0}, {0, 8}, {0, 16}}, {{8, 0}, {16, 0}});
  std::optional<Access> other = access(place, odd, 16);
  EXPECT_EQ(other->elementsPerInstruction, 8);
  EXPECT_EQ(ArrayRef(other->registers).take_front(8),
            ArrayRef<int64_t>({0, 4, 8, 12, 1, 5, 9, 13}));
}

} // namespace
