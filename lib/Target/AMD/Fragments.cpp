//===- Fragments.cpp - Who holds what of AMD's matrix instructions --------===//

#include "Fragments.h"

using namespace mlir;
using namespace mlir::gsa;

/// The bases of `size` neighbours along a dimension of a matrix, `step` apart.
static void addRun(Layout::Bases &to, int64_t dim, int64_t size,
                   int64_t step = 1) {
  for (int64_t i = 1; i < size; i *= 2) {
    to.push_back({0, 0});
    to.back()[dim] = i * step;
  }
}

Fragments amd::getMFMA(int64_t rows, int64_t depth) {
  constexpr int64_t lanes = 64;
  // Sums come in groups of four rows.
  constexpr int64_t group = 4;
  assert((rows == 16 || rows == 32) && "16 or 32 rows");
  int64_t groups = lanes / rows, elements = depth / groups;
  Layout::Bases aReg, aLane, sumsReg, sumsLane;
  addRun(aReg, 1, elements);
  addRun(aLane, 0, rows);
  addRun(aLane, 1, groups, elements);
  addRun(sumsReg, 0, group);
  addRun(sumsReg, 0, rows / (group * groups), group * groups);
  addRun(sumsLane, 1, rows);
  addRun(sumsLane, 0, groups, group);
  Layout a = Layout::registers({rows, depth}, aReg, aLane, {});
  return {a, a.transpose(),
          Layout::registers({rows, rows}, sumsReg, sumsLane, {})};
}

Fragments amd::getWMMA11() {
  Layout a = Layout::registers({16, 16}, {{0, 1}, {0, 2}, {0, 4}, {0, 8}},
                               {{1, 0}, {2, 0}, {4, 0}, {8, 0}, {0, 0}}, {});
  return {a, a.transpose(),
          Layout::registers({16, 16}, {{2, 0}, {4, 0}, {8, 0}},
                            {{0, 1}, {0, 2}, {0, 4}, {0, 8}, {1, 0}}, {})};
}

Fragments amd::getWMMA12() {
  Layout a = Layout::registers({16, 16}, {{0, 1}, {0, 2}, {0, 8}},
                               {{1, 0}, {2, 0}, {4, 0}, {8, 0}, {0, 4}}, {});
  return {a, a.transpose(),
          Layout::registers({16, 16}, {{1, 0}, {2, 0}, {4, 0}},
                            {{0, 1}, {0, 2}, {0, 4}, {0, 8}, {8, 0}}, {})};
}
