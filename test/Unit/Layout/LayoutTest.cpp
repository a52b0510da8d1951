//===- LayoutTest.cpp - Laws of layouts -----------------------------------===//

#include "Samples.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

using namespace mlir;
using namespace mlir::gsa;

using Input = Layout::Input;

namespace {

using Point = std::vector<int64_t>;

Point point(const Coordinates &coordinates) {
  return {coordinates.begin(), coordinates.end()};
}

TEST(Layout, RegistersHoldEveryElementAndAreFound) {
  for (const Layout &layout : registerSamples()) {
    SCOPED_TRACE(text(layout));
    std::map<Point, std::vector<Holder>> held;
    forEachHolder(layout, [&](int64_t reg, int64_t lane, int64_t warp) {
      held[point(layout.apply(reg, lane, warp))].push_back({reg, lane, warp});
    });
    forEachElement(layout.getShape(), [&](const Coordinates &coordinates) {
      // By warp, lane, register in both.
      SmallVector<Holder> holders = layout.preimage(coordinates);
      EXPECT_EQ(std::vector<Holder>(holders.begin(), holders.end()),
                held[point(coordinates)]);
      EXPECT_FALSE(holders.empty());
    });
    // No lane holds an element twice, and nothing lies outside the tile.
    EXPECT_EQ(static_cast<int64_t>(held.size()), layout.getNumElements());
    for (const auto &[where, holders] : held) {
      std::set<std::pair<int64_t, int64_t>> lanes;
      for (const Holder &holder : holders)
        EXPECT_TRUE(lanes.insert({holder.lane, holder.warp}).second);
    }
  }
}

TEST(Layout, PlacesHoldEveryElementOnce) {
  for (const Layout &layout : placeSamples()) {
    SCOPED_TRACE(text(layout));
    std::set<Point> held;
    for (int64_t offset = 0; offset < layout.getNumElements(); ++offset) {
      Coordinates coordinates = layout.apply(offset);
      EXPECT_EQ(layout.getOffset(coordinates), offset);
      EXPECT_TRUE(held.insert(point(coordinates)).second);
      for (auto [coordinate, size] :
           llvm::zip_equal(coordinates, layout.getShape()))
        EXPECT_LT(coordinate, size);
    }
  }
}

TEST(Layout, RegistersAndLanesCombineByXOR) {
  for (const Layout &layout : registerSamples())
    forEachHolder(layout, [&](int64_t reg, int64_t lane, int64_t warp) {
      Coordinates all = layout.apply(reg, lane, warp);
      Coordinates constant = layout.apply(reg, 0, 0);
      Coordinates base = layout.apply(0, lane, warp);
      for (int64_t dim = 0; dim < layout.getRank(); ++dim)
        EXPECT_EQ(all[dim], constant[dim] ^ base[dim]) << text(layout);
    });
}

TEST(Layout, TransposeSwapsAndIsItsOwnInverse) {
  for (const std::vector<Layout> &samples : {registerSamples(), placeSamples()})
    for (const Layout &layout : samples) {
      if (layout.getRank() != 2)
        continue;
      Layout other = layout.transpose();
      EXPECT_EQ(other.transpose(), layout) << text(layout);
      forEachElement(layout.getShape(), [&](const Coordinates &at) {
        Coordinates swapped = {at[1], at[0]};
        if (layout.isPlace())
          EXPECT_EQ(layout.getOffset(at), other.getOffset(swapped));
        else
          EXPECT_EQ(layout.preimage(at), other.preimage(swapped));
      });
    }
}

TEST(Layout, DropKeepsLanesAndDropsRegisters) {
  for (const Layout &layout : registerSamples())
    for (int64_t dim = 0; dim < layout.getRank(); ++dim) {
      SCOPED_TRACE(text(layout));
      Layout dropped = layout.drop(dim);
      EXPECT_EQ(dropped.getNumLanes(), layout.getNumLanes());
      EXPECT_EQ(dropped.getNumWarps(), layout.getNumWarps());
      // A lane holds the same lines as before, each once.
      for (int64_t warp = 0; warp < layout.getNumWarps(); ++warp)
        for (int64_t lane = 0; lane < layout.getNumLanes(); ++lane) {
          std::set<Point> before, after;
          for (int64_t reg = 0; reg < layout.getNumRegisters(); ++reg) {
            Coordinates at = layout.apply(reg, lane, warp);
            at.erase(at.begin() + dim);
            before.insert(point(at));
          }
          for (int64_t reg = 0; reg < dropped.getNumRegisters(); ++reg)
            EXPECT_TRUE(
                after.insert(point(dropped.apply(reg, lane, warp))).second);
          EXPECT_EQ(before, after);
        }
    }
}

TEST(Layout, DroppingWhatWasExpandedGivesItBack) {
  std::vector<Layout> samples = registerSamples();
  int64_t found = 0, made = 0;
  for (const Layout &like : samples)
    for (int64_t dim = 0; dim < like.getRank(); ++dim) {
      EXPECT_EQ(like.drop(dim).expand(dim, like), like);
      SmallVector<int64_t> rest(like.getShape());
      rest.erase(rest.begin() + dim);
      for (const Layout &line : samples) {
        if (line.getShape() != ArrayRef(rest))
          continue;
        Layout expanded = line.expand(dim, like);
        EXPECT_EQ(expanded.getShape(), like.getShape());
        EXPECT_EQ(expanded.drop(dim), line)
            << text(line) << " along " << dim << " like " << text(like);
        ++(expanded == like ? found : made);
      }
    }
  EXPECT_GT(found, 0);
  EXPECT_GT(made, 0);
}

TEST(Layout, ATilingStartsWithTheAtom) {
  Layout atom = atom16x8();
  for (const Point &shape :
       std::vector<Point>{{16, 8}, {64, 64}, {64, 128}, {64, 96}, {96, 40}})
    for (const Point &warps : std::vector<Point>{{1, 1}, {2, 1}, {1, 4}}) {
      // Five or twelve atoms, four warps.
      if (shape[1] % (8 * warps[1]) && shape[1] != 8)
        continue;
      Layout tiling = Layout::tile(atom, shape, warps);
      SCOPED_TRACE(text(tiling));
      EXPECT_EQ(tiling.getShape(), ArrayRef(shape));
      EXPECT_EQ(tiling.getNumWarps(), warps[0] * warps[1]);
      forEachHolder(atom, [&](int64_t reg, int64_t lane, int64_t warp) {
        EXPECT_EQ(tiling.apply(reg, lane, warp), atom.apply(reg, lane, warp));
      });
    }
  EXPECT_EQ(Layout::tile(atom, {16, 8}, {1, 1}), atom);
}

TEST(Layout, ATilingGivesWarpsThenRegisters) {
  Layout tiling = Layout::tile(atom16x8(), {64, 128}, {2, 2});
  EXPECT_EQ(tiling,
            Layout::registers(
                {64, 128}, {{0, 1}, {8, 0}, {0, 16}, {0, 32}, {0, 64}, {32, 0}},
                {{0, 2}, {0, 4}, {1, 0}, {2, 0}, {4, 0}}, {{16, 0}, {0, 8}}));
  // Warps that find no rows hold copies.
  EXPECT_EQ(Layout::tile(atom16x8(), {16, 8}, {4, 1}).getBases(Input::Warp),
            ArrayRef<Coordinates>({{0, 0}, {0, 0}}));
  // 96 = 32 x 3; an atom that repeats itself keeps its registers' order.
  Layout wide = Layout::tile(atom16x8(), {16, 24}, {1, 1});
  EXPECT_EQ(wide.getRepeat(), ArrayRef<int64_t>({1, 3}));
  EXPECT_EQ(Layout::tile(wide, {64, 24}, {4, 1}),
            Layout::tile(atom16x8(), {64, 24}, {4, 1}));
  EXPECT_EQ(Layout::tile(wide, {16, 72}, {1, 1}).getRepeat(),
            ArrayRef<int64_t>({1, 9}));
}

TEST(Layout, WarpsAreReplicatedInsideAndOutside) {
  Layout layout = Layout::tile(atom16x8(), {32, 8}, {2, 1});
  Layout many = layout.replicateWarps(2, 4);
  EXPECT_EQ(many.getNumWarps(), 16);
  forEachHolder(many, [&](int64_t reg, int64_t lane, int64_t warp) {
    EXPECT_EQ(many.apply(reg, lane, warp),
              layout.apply(reg, lane, warp / 2 % 2));
  });
}

TEST(Layout, EqualMapsAreEqualObjects) {
  // Even repeats are bits.
  EXPECT_EQ(Layout::place({96, 8}, {{1, 0}, {2, 0}}, {24, 8}),
            Layout::place({96, 8}, {{1, 0}, {2, 0}, {4, 0}, {8, 0}, {16, 0}},
                          {3, 8}));
  EXPECT_EQ(rowMajor({4, 4}).transpose(), Layout::place({4, 4}, {}, {4, 4}));
  EXPECT_EQ(rowMajor({4, 4}), Layout::place({4, 4}, {}, {4, 4}, {1, 0}));
  // Orders that say nothing.
  EXPECT_EQ(Layout::place({6, 4}, {{1, 0}, {0, 1}, {0, 2}}, {3, 1}, {1, 0}),
            Layout::place({6, 4}, {{1, 0}, {0, 1}, {0, 2}}, {3, 1}));
  // Registers that a lane has already.
  EXPECT_EQ(Layout::registers({4, 4}, {{1, 1}, {0, 0}, {2, 0}, {3, 1}},
                              {{0, 1}, {0, 2}}, {}),
            Layout::registers({4, 4}, {{1, 1}, {2, 0}}, {{0, 1}, {0, 2}}, {}));

  // Among all samples and their rebuilt copies: equal tables, and only those.
  auto table = [](const Layout &layout) {
    std::vector<Point> all = {Point(layout.getShape()), {layout.isPlace()}};
    if (layout.isPlace())
      for (int64_t i = 0; i < layout.getNumElements(); ++i)
        all.push_back(point(layout.apply(i)));
    else
      forEachHolder(layout, [&](int64_t reg, int64_t lane, int64_t warp) {
        all.push_back({reg, lane, warp});
        all.push_back(point(layout.apply(reg, lane, warp)));
      });
    return all;
  };
  std::vector<Layout> samples = registerSamples();
  for (const Layout &layout : placeSamples())
    samples.push_back(layout);
  std::map<std::vector<Point>, Layout> seen;
  for (const Layout &layout : samples) {
    auto [found, isNew] = seen.try_emplace(table(layout), layout);
    EXPECT_EQ(found->second, layout);
    EXPECT_EQ(hash_value(found->second), hash_value(layout));
    if (!isNew)
      continue;
    for (const auto &[_, other] : seen)
      EXPECT_EQ(other == layout, &other == &found->second);
  }
  EXPECT_LT(seen.size(), samples.size());
}

TEST(Layout, SwizzlesPermuteChunksOfSixteenBytes) {
  for (int64_t rows : {64, 96})
    for (int64_t bits : {8, 16, 32})
      for (int64_t swizzle : {32, 64, 128}) {
        int64_t bytes = bits / 8, columns = 384 / bytes;
        Layout place = swizzled({rows, columns}, bits, swizzle);
        SCOPED_TRACE(text(place));
        forEachElement({rows, columns}, [&](const Coordinates &at) {
          int64_t byte = at[1] * bytes;
          int64_t address = byte / swizzle * (rows * swizzle) +
                            at[0] * swizzle + byte % swizzle;
          // Bits 4.. and 7.., as many as there are chunks in a row.
          address ^= (address >> 7) % (swizzle / 16) << 4;
          EXPECT_EQ(place.getOffset(at) * bytes, address);
        });
      }
  // Of 128 bytes, panels of 64 elements of 2 bytes.
  Layout place = swizzled({64, 128}, 16, 128);
  forEachElement({64, 128}, [&](const Coordinates &at) {
    EXPECT_EQ(place.getOffset(at) * 2,
              at[1] / 64 * 8192 + at[0] * 128 +
                  ((at[1] % 64 / 8) ^ (at[0] % 8)) * 16 + at[1] % 8 * 2);
  });
}

TEST(Layout, SwizzlesRotate) {
  for (unsigned rotation : {0, 1, 2}) {
    Layout place = swizzled({64, 64}, 32, 128, rotation);
    SCOPED_TRACE(text(place));
    forEachElement({64, 64}, [&](const Coordinates &at) {
      int64_t row = at[0] % 8, chunk = at[1] % 32 / 4;
      int64_t turned = (row << rotation | row >> (3 - rotation)) & 7;
      EXPECT_EQ(place.getOffset(at), at[1] / 32 * (64 * 32) + at[0] * 32 +
                                         (chunk ^ turned) * 4 + at[1] % 4);
    });
  }
  // One bit has nowhere else to go; two are in panels of 64 bytes.
  Layout narrow = swizzled({8, 16}, 32, 64, 1);
  forEachElement({8, 16}, [&](const Coordinates &at) {
    int64_t row = at[0] / 2 % 4;
    EXPECT_EQ(narrow.getOffset(at),
              at[0] * 16 + (at[1] / 4 ^ ((row << 1 | row >> 1) & 3)) * 4 +
                  at[1] % 4);
  });
}

TEST(Layout, RowMajorHasNoGaps) {
  Layout place = rowMajor({96, 64});
  forEachElement({96, 64}, [&](const Coordinates &at) {
    EXPECT_EQ(place.getOffset(at), at[0] * 64 + at[1]);
  });
  // Panels of 32.
  Layout panels = rowMajor({64, 96});
  forEachElement({64, 96}, [&](const Coordinates &at) {
    EXPECT_EQ(panels.getOffset(at),
              at[1] / 32 * (64 * 32) + at[0] * 32 + at[1] % 32);
  });
}

} // namespace
