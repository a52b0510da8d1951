//===- FragmentsTest.cpp - Fragments against the vendors' figures ---------===//
//
// The formulas are written down from the manuals, element by element; the
// tables of lib/Target are not asked how they came about.
//
//===----------------------------------------------------------------------===//

#include "lib/Target/AMD/Fragments.h"
#include "lib/Target/NVIDIA/Fragments.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"

#include <gtest/gtest.h>

#include <functional>

using namespace mlir;
using namespace mlir::gsa;

namespace {

using Formula =
    std::function<Coordinates(int64_t reg, int64_t lane, int64_t warp)>;

/// The layout has these counts, and each element is where the formula says.
void expectFormula(const Layout &layout, ArrayRef<int64_t> shape,
                   int64_t registers, int64_t lanes, int64_t warps,
                   const Formula &formula) {
  EXPECT_EQ(layout.getShape(), shape);
  ASSERT_EQ(layout.getNumRegisters(), registers);
  ASSERT_EQ(layout.getNumLanes(), lanes);
  ASSERT_EQ(layout.getNumWarps(), warps);
  for (int64_t warp = 0; warp < warps; ++warp)
    for (int64_t lane = 0; lane < lanes; ++lane)
      for (int64_t reg = 0; reg < registers; ++reg)
        EXPECT_EQ(layout.apply(reg, lane, warp), formula(reg, lane, warp))
            << "register " << reg << ", lane " << lane << ", warp " << warp;
}

//===----------------------------------------------------------------------===//
// NVIDIA: groupID is lane / 4, threadID_in_group lane % 4
//===----------------------------------------------------------------------===//

Coordinates sumsOfM16N8(int64_t i, int64_t lane, int64_t) {
  return {i < 2 ? lane / 4 : lane / 4 + 8, lane % 4 * 2 + (i & 1)};
}

TEST(Fragments, M16N8K16) {
  Fragments fragments = nvidia::getM16N8K16();
  expectFormula(fragments.a, {16, 16}, 8, 32, 1,
                [](int64_t i, int64_t lane, int64_t) -> Coordinates {
                  int64_t row = (0 <= i && i < 2) || (4 <= i && i < 6)
                                    ? lane / 4
                                    : lane / 4 + 8;
                  int64_t column = i < 4 ? lane % 4 * 2 + (i & 1)
                                         : lane % 4 * 2 + (i & 1) + 8;
                  return {row, column};
                });
  expectFormula(fragments.b, {16, 8}, 4, 32, 1,
                [](int64_t i, int64_t lane, int64_t) -> Coordinates {
                  return {i < 2 ? lane % 4 * 2 + (i & 1)
                                : lane % 4 * 2 + (i & 1) + 8,
                          lane / 4};
                });
  expectFormula(fragments.sums, {16, 8}, 4, 32, 1, sumsOfM16N8);
}

TEST(Fragments, M16N8K8) {
  Fragments fragments = nvidia::getM16N8K8();
  expectFormula(fragments.a, {16, 8}, 4, 32, 1,
                [](int64_t i, int64_t lane, int64_t) -> Coordinates {
                  return {i == 0 || i == 2 ? lane / 4 : lane / 4 + 8,
                          i == 0 || i == 1 ? lane % 4 : lane % 4 + 4};
                });
  expectFormula(fragments.b, {8, 8}, 2, 32, 1,
                [](int64_t i, int64_t lane, int64_t) -> Coordinates {
                  return {i == 0 ? lane % 4 : lane % 4 + 4, lane / 4};
                });
  expectFormula(fragments.sums, {16, 8}, 4, 32, 1, sumsOfM16N8);
}

TEST(Fragments, GroupsOfFourWarps) {
  for (int64_t columns = 8; columns <= 256; columns += 8)
    expectFormula(nvidia::getGroupSums(columns), {64, columns}, columns / 2, 32,
                  4, [](int64_t i, int64_t lane, int64_t warp) -> Coordinates {
                    return {16 * warp + lane / 4 + 8 * (i / 2 % 2),
                            8 * (i / 4) + lane % 4 * 2 + i % 2};
                  });
  expectFormula(nvidia::getGroupFactor(16), {64, 16}, 8, 32, 4,
                [](int64_t i, int64_t lane, int64_t warp) -> Coordinates {
                  return {16 * warp + lane / 4 + 8 * (i / 2 % 2),
                          8 * (i / 4) + lane % 4 * 2 + i % 2};
                });
  expectFormula(nvidia::getGroupFactor(32), {64, 8}, 4, 32, 4,
                [](int64_t i, int64_t lane, int64_t warp) -> Coordinates {
                  return {16 * warp + lane / 4 + 8 * (i % 2),
                          lane % 4 + 4 * (i / 2)};
                });
}

TEST(Fragments, SumsOfSixteenBitsAreTheNextFactor) {
  Fragments fragments = nvidia::getM16N8K16();
  EXPECT_EQ(Layout::tile(fragments.sums, {64, 64}, {4, 1}),
            Layout::tile(fragments.a, {64, 64}, {4, 1}));
  EXPECT_EQ(nvidia::getGroupSums(128),
            Layout::tile(nvidia::getGroupFactor(16), {64, 128}, {1, 1}));
  EXPECT_NE(nvidia::getGroupSums(64),
            Layout::tile(nvidia::getGroupFactor(32), {64, 64}, {1, 1}));
}

//===----------------------------------------------------------------------===//
// AMD: element e is in VGPR e / 2, upper half if odd, where they are 16 bits
//===----------------------------------------------------------------------===//

TEST(Fragments, MFMA16) {
  for (int64_t depth : {4, 16, 32}) {
    Fragments fragments = amd::getMFMA(16, depth);
    expectFormula(fragments.a, {16, depth}, depth / 4, 64, 1,
                  [&](int64_t e, int64_t lane, int64_t) -> Coordinates {
                    return {lane % 16, depth / 4 * (lane / 16) + e};
                  });
    expectFormula(fragments.b, {depth, 16}, depth / 4, 64, 1,
                  [&](int64_t e, int64_t lane, int64_t) -> Coordinates {
                    return {depth / 4 * (lane / 16) + e, lane % 16};
                  });
    expectFormula(fragments.sums, {16, 16}, 4, 64, 1,
                  [](int64_t gpr, int64_t lane, int64_t) -> Coordinates {
                    return {4 * (lane / 16) + gpr % 4, lane % 16};
                  });
  }
}

TEST(Fragments, MFMA32) {
  for (int64_t depth : {2, 8, 16}) {
    Fragments fragments = amd::getMFMA(32, depth);
    expectFormula(fragments.a, {32, depth}, depth / 2, 64, 1,
                  [&](int64_t e, int64_t lane, int64_t) -> Coordinates {
                    return {lane % 32, depth / 2 * (lane / 32) + e};
                  });
    expectFormula(fragments.b, {depth, 32}, depth / 2, 64, 1,
                  [&](int64_t e, int64_t lane, int64_t) -> Coordinates {
                    return {depth / 2 * (lane / 32) + e, lane % 32};
                  });
    expectFormula(fragments.sums, {32, 32}, 16, 64, 1,
                  [](int64_t gpr, int64_t lane, int64_t) -> Coordinates {
                    return {8 * (gpr / 4) % 32 + 4 * (lane / 32) + gpr % 4,
                            lane % 32};
                  });
  }
}

TEST(Fragments, WMMA11) {
  Fragments fragments = amd::getWMMA11();
  expectFormula(fragments.a, {16, 16}, 16, 32, 1,
                [](int64_t e, int64_t lane, int64_t) -> Coordinates {
                  return {lane % 16, 2 * (e / 2) + e % 2};
                });
  expectFormula(fragments.b, {16, 16}, 16, 32, 1,
                [](int64_t e, int64_t lane, int64_t) -> Coordinates {
                  return {2 * (e / 2) + e % 2, lane % 16};
                });
  expectFormula(fragments.sums, {16, 16}, 8, 32, 1,
                [](int64_t gpr, int64_t lane, int64_t) -> Coordinates {
                  return {2 * gpr + lane / 16, lane % 16};
                });
}

TEST(Fragments, WMMA12) {
  Fragments fragments = amd::getWMMA12();
  auto depth = [](int64_t e, int64_t lane) {
    int64_t gpr = e / 2;
    return 8 * (gpr / 2) + 4 * (lane / 16) + 2 * (gpr % 2) + e % 2;
  };
  expectFormula(fragments.a, {16, 16}, 8, 32, 1,
                [&](int64_t e, int64_t lane, int64_t) -> Coordinates {
                  return {lane % 16, depth(e, lane)};
                });
  expectFormula(fragments.b, {16, 16}, 8, 32, 1,
                [&](int64_t e, int64_t lane, int64_t) -> Coordinates {
                  return {depth(e, lane), lane % 16};
                });
  expectFormula(fragments.sums, {16, 16}, 8, 32, 1,
                [](int64_t gpr, int64_t lane, int64_t) -> Coordinates {
                  return {8 * (lane / 16) + gpr, lane % 16};
                });
}

TEST(Fragments, FlippedSumsAreTheNextFactor) {
  for (auto [rows, depth] : {std::pair(16, 16), std::pair(32, 8)}) {
    Fragments flipped = amd::getMFMA(rows, depth).flip();
    EXPECT_EQ(Layout::tile(flipped.sums, {64, 64}, {4, 1}),
              Layout::tile(flipped.a, {64, 64}, {4, 1}));
    Fragments plain = amd::getMFMA(rows, depth);
    EXPECT_NE(Layout::tile(plain.sums, {64, 64}, {4, 1}),
              Layout::tile(plain.a, {64, 64}, {4, 1}));
    EXPECT_EQ(flipped.flip().sums, plain.sums);
  }
}

/// Multiplies as the instruction does: the hardware meets A and B by the
/// register and lane, whatever they are called.
void expectProduct(const Fragments &hardware, const Fragments &named) {
  int64_t rows = named.a.getShape()[0], depth = named.a.getShape()[1];
  auto left = [](ArrayRef<int64_t> at) { return at[0] * 31 % 17 + at[1] * 7; };
  auto right = [](ArrayRef<int64_t> at) { return at[0] * 5 % 13 + at[1] * 3; };
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < named.b.getShape()[1]; ++j) {
      int64_t expected = 0, found = 0;
      for (int64_t k = 0; k < depth; ++k) {
        expected += left({i, k}) * right({k, j});
        Holder a = hardware.a.preimage({i, k}).front();
        Holder b = hardware.b.preimage({k, j}).front();
        found += left(named.a.apply(a.reg, a.lane, 0)) *
                 right(named.b.apply(b.reg, b.lane, 0));
      }
      EXPECT_EQ(found, expected);
    }
}

TEST(Fragments, TwoInstructionsReadAsOneOfTwiceTheDepth) {
  // CDNA3 reads 8 elements a lane, halves of them for either instruction.
  Fragments half = amd::getMFMA(16, 16).flip();
  Fragments whole = amd::getMFMA(16, 32).flip();
  EXPECT_EQ(half.sums, whole.sums);
  int64_t elements = half.a.getNumRegisters();
  for (int64_t i = 0; i < 16; ++i)
    for (int64_t j = 0; j < 16; ++j) {
      SmallVector<int64_t> steps;
      for (int64_t instruction = 0; instruction < 2; ++instruction)
        for (int64_t k = 0; k < 16; ++k) {
          Holder a = half.a.preimage({i, k}).front();
          Holder b = half.b.preimage({k, j}).front();
          int64_t first = instruction * elements;
          Coordinates left = whole.a.apply(first + a.reg, a.lane, 0);
          Coordinates right = whole.b.apply(first + b.reg, b.lane, 0);
          EXPECT_EQ(left[0], i);
          EXPECT_EQ(right[1], j);
          EXPECT_EQ(left[1], right[0]);
          steps.push_back(left[1]);
        }
      llvm::sort(steps);
      EXPECT_TRUE(llvm::equal(steps, llvm::seq<int64_t>(0, 32)));
    }
}

TEST(Fragments, StepsMayBeRenamed) {
  // RDNA4: what the flipped instruction sums up is the next one's factor.
  Fragments wmma = amd::getWMMA12().flip();
  EXPECT_NE(wmma.sums, wmma.a);
  std::optional<Fragments> renamed = wmma.renameDepth(wmma.sums);
  ASSERT_TRUE(renamed);
  EXPECT_EQ(renamed->a, wmma.sums);
  expectProduct(wmma, *renamed);

  // CDNA4: two results of 16 columns are a factor 32 deep.
  for (int64_t rows : {16, 32}) {
    Fragments mfma = amd::getMFMA(rows, 512 / rows).flip();
    Layout sums = Layout::tile(mfma.sums, {rows, 32}, {1, 1});
    if (rows == 32) {
      // Half of a result's columns, its lower registers.
      sums = Layout::registers(
          {32, 16}, sums.getBases(Layout::Input::Register).take_front(3),
          sums.getBases(Layout::Input::Lane), {});
    }
    std::optional<Fragments> deep = mfma.renameDepth(sums);
    ASSERT_TRUE(deep);
    EXPECT_EQ(deep->a, sums);
    expectProduct(mfma, *deep);
    EXPECT_NE(deep->b, mfma.b);
  }

  // Rows cannot be renamed, and copies stay copies.
  EXPECT_FALSE(nvidia::getM16N8K16().renameDepth(amd::getWMMA12().a));
  EXPECT_FALSE(wmma.renameDepth(wmma.a.transpose()));
  EXPECT_FALSE(amd::getWMMA11().renameDepth(amd::getWMMA11().sums.transpose()));
}

} // namespace
