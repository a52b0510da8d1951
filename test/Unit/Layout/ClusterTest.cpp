//===- ClusterTest.cpp - Shared rows, element by element ------------------===//

#include "gsa/Layout/Cluster.h"
#include "Samples.h"
#include "gsa/Layout/Access.h"

#include <gtest/gtest.h>

#include <set>

using namespace mlir;
using namespace mlir::gsa;

namespace {

/// Calls the function with each layout whose rows that many blocks can share.
template <typename Function> void forEachShared(Function function) {
  for (const Layout &held : registerSamples())
    for (int64_t blocks : {2, 4, 8})
      if (std::optional<Layout> shared = shareRows(held, blocks))
        function(held, blocks, *shared);
}

TEST(Cluster, EachBlockHoldsItsRunOfRows) {
  int64_t pairs = 0;
  forEachShared([&](const Layout &held, int64_t blocks, const Layout &shared) {
    ++pairs;
    EXPECT_EQ(shared.getNumWarps(), held.getNumWarps() * blocks);
    EXPECT_EQ(shared.getNumLanes(), held.getNumLanes());
    int64_t rows = held.getShape()[0] / blocks;
    std::set<Coordinates> seen;
    forEachHolder(shared, [&](int64_t reg, int64_t lane, int64_t warp) {
      Coordinates element = shared.apply(reg, lane, warp);
      EXPECT_EQ(warp / held.getNumWarps(), element[0] / rows) << text(shared);
      seen.insert(element);
    });
    EXPECT_EQ(int64_t(seen.size()), held.getNumElements()) << text(shared);
  });
  EXPECT_GT(pairs, 20);
}

TEST(Cluster, SharesNoRowsThatAreFewerThanBlocks) {
  Layout held = Layout::registers(
      {4, 32}, {{1, 0}, {2, 0}}, {{0, 1}, {0, 2}, {0, 4}, {0, 8}, {0, 16}}, {});
  EXPECT_TRUE(shareRows(held, 4).has_value());
  EXPECT_FALSE(shareRows(held, 8).has_value());
}

TEST(Cluster, SumsOfMatricesStayInWarpsAndVectors) {
  // What wgmma leaves: rows of a block are a warp's. 16 bytes go together.
  Layout held = Layout::registers(
      {64, 64}, {{0, 1}, {8, 0}, {0, 8}, {0, 16}, {0, 32}},
      {{0, 2}, {0, 4}, {1, 0}, {2, 0}, {4, 0}}, {{16, 0}, {32, 0}});
  Layout shared = *shareRows(held, 4);
  EXPECT_EQ(shared.getNumRegisters(), 8);
  for (const Coordinates &base : shared.getBases(Layout::Input::Warp))
    EXPECT_EQ(base[1], 0) << "a row is in one warp";
  Layout room = getRoom(held, 32, 4);
  for (const Layout &own : {held, shared}) {
    std::optional<Access> found = access(room, own, 32);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->elementsPerInstruction, 4);
    EXPECT_EQ(found->passes, found->phases) << "no bank conflict";
  }
}

TEST(Cluster, RoomsHoldRunsOfRowsOneBehindTheOther) {
  forEachShared([&](const Layout &held, int64_t blocks, const Layout &shared) {
    for (int64_t bits : {16, 32}) {
      Layout room = getRoom(held, bits, blocks);
      EXPECT_EQ(room.getNumElements(), held.getNumElements());
      int64_t block = 1;
      for (int64_t size : room.getBlock())
        block *= size;
      int64_t rows = held.getShape()[0] / blocks;
      for (int64_t offset = 0; offset < room.getNumElements(); ++offset)
        EXPECT_EQ(offset % block / (block / blocks),
                  room.apply(offset)[0] / rows)
            << text(room);
      EXPECT_TRUE(compose(room, held).has_value());
      EXPECT_TRUE(compose(room, shared).has_value());
    }
  });
}

} // namespace
