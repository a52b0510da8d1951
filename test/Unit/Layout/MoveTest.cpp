//===- MoveTest.cpp - Laws of changes of layout ---------------------------===//

#include "gsa/Layout/Move.h"
#include "Samples.h"

#include <gtest/gtest.h>

#include <set>

using namespace mlir;
using namespace mlir::gsa;

namespace {

/// The kind by going through all holders.
MoveKind moveOf(const Layout &src, const Layout &dst) {
  if (src == dst)
    return MoveKind::None;
  if (src.getNumLanes() != dst.getNumLanes() ||
      src.getNumWarps() != dst.getNumWarps())
    return MoveKind::Warps;
  MoveKind kind = MoveKind::Registers;
  // Each register of dst must be the same one of src for all lanes.
  for (int64_t reg = 0; reg < dst.getNumRegisters(); ++reg) {
    std::set<int64_t> common;
    for (int64_t i = 0; i < src.getNumRegisters(); ++i)
      common.insert(i);
    for (int64_t warp = 0; warp < dst.getNumWarps(); ++warp)
      for (int64_t lane = 0; lane < dst.getNumLanes(); ++lane) {
        std::set<int64_t> here;
        bool inWarp = false;
        for (const Holder &holder : src.preimage(dst.apply(reg, lane, warp))) {
          inWarp |= holder.warp == warp;
          if (holder.warp == warp && holder.lane == lane)
            here.insert(holder.reg);
        }
        if (!inWarp)
          return MoveKind::Warps;
        for (auto i = common.begin(); i != common.end();)
          i = here.count(*i) ? std::next(i) : common.erase(i);
      }
    if (common.empty())
      kind = MoveKind::Lanes;
  }
  return kind;
}

/// Further layouts of one shape, to have all kinds.
std::vector<Layout> samplesOf16x16() {
  Layout atom = atom16x8();
  std::vector<Layout> samples;
  for (const Layout &layout : registerSamples())
    if (layout.getShape() == ArrayRef<int64_t>({16, 16}) ||
        layout.getShape() == ArrayRef<int64_t>({96}))
      samples.push_back(layout);
  samples.push_back(Layout::tile(atom, {16, 16}, {1, 1}));
  samples.push_back(samples.back().transpose());
  samples.push_back(Layout::tile(atom, {16, 16}, {1, 2}));
  samples.push_back(Layout::tile(atom, {16, 16}, {2, 2}));
  samples.push_back(Layout::tile(atom, {16, 16}, {2, 1}));
  samples.push_back(Layout::registers({16, 16}, {{0, 8}, {8, 0}, {0, 1}},
                                      {{0, 2}, {0, 4}, {1, 0}, {2, 0}, {4, 0}},
                                      {}));
  samples.push_back(Layout::registers({16, 16}, {{0, 8}, {8, 1}, {0, 1}},
                                      {{0, 2}, {0, 4}, {1, 0}, {2, 0}, {4, 0}},
                                      {}));
  samples.push_back(Layout::registers({16, 16}, {{0, 8}, {8, 0}, {0, 1}},
                                      {{0, 2}, {0, 4}, {1, 0}, {2, 0}, {4, 8}},
                                      {}));
  // What one lane has is a part of what it had.
  samples.push_back(
      Layout::registers({16, 16}, {{0, 1}, {0, 2}, {0, 4}, {0, 8}, {8, 0}},
                        {{1, 0}, {2, 0}, {4, 0}, {0, 0}, {0, 0}}, {}));
  samples.push_back(Layout::registers({16, 16}, {{0, 1}, {0, 2}, {8, 0}},
                                      {{1, 0}, {2, 0}, {4, 0}, {0, 4}, {0, 8}},
                                      {}));
  samples.push_back(
      Layout::registers({96}, {}, {{2}, {1}, {4}, {8}, {16}}, {}, {3}));
  samples.push_back(
      Layout::registers({96}, {}, {{1}, {2}, {4}, {8}, {16}}, {}, {3}));
  samples.push_back(
      Layout::registers({96}, {{16}, {8}}, {{1}, {2}, {4}, {0}, {0}}, {}, {3}));
  samples.push_back(
      Layout::registers({96}, {{8}}, {{1}, {2}, {4}, {0}, {0}}, {}, {6}));
  return samples;
}

TEST(Move, IsWhatTheHoldersSay) {
  std::set<MoveKind> seen;
  std::vector<Layout> samples = samplesOf16x16();
  for (const Layout &src : samples)
    for (const Layout &dst : samples)
      if (src.getShape() == dst.getShape()) {
        seen.insert(moveOf(src, dst));
        EXPECT_EQ(static_cast<int>(move(src, dst)),
                  static_cast<int>(moveOf(src, dst)))
            << text(src) << " to " << text(dst);
      }
  EXPECT_EQ(seen.size(), 4u);
}

TEST(Move, MapsRegistersWithinLanes) {
  int64_t mapped = 0;
  std::vector<Layout> samples = samplesOf16x16();
  for (const Layout &src : samples)
    for (const Layout &dst : samples) {
      if (src.getShape() != dst.getShape() ||
          move(src, dst) > MoveKind::Registers)
        continue;
      mapped += src != dst;
      SmallVector<int64_t> map = registerMap(src, dst);
      ASSERT_EQ(static_cast<int64_t>(map.size()), dst.getNumRegisters());
      forEachHolder(dst, [&](int64_t reg, int64_t lane, int64_t warp) {
        EXPECT_EQ(src.apply(map[reg], lane, warp), dst.apply(reg, lane, warp));
      });
    }
  EXPECT_GT(mapped, 0);
}

TEST(Move, Composes) {
  // Two moves reach no further than the farther one.
  std::vector<Layout> samples = samplesOf16x16();
  for (const Layout &a : samples)
    for (const Layout &b : samples)
      for (const Layout &c : samples) {
        if (a.getShape() != b.getShape() || b.getShape() != c.getShape())
          continue;
        MoveKind first = move(a, b), second = move(b, c);
        EXPECT_LE(static_cast<int>(move(a, c)),
                  static_cast<int>(std::max(first, second)))
            << text(a) << " to " << text(b) << " to " << text(c);
        if (std::max(first, second) > MoveKind::Registers)
          continue;
        SmallVector<int64_t> ab = registerMap(a, b), bc = registerMap(b, c);
        SmallVector<int64_t> ac = registerMap(a, c);
        for (size_t reg = 0; reg < ac.size(); ++reg)
          EXPECT_EQ(ac[reg], ab[bc[reg]]);
      }
}

} // namespace
