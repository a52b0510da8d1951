//===- Fragments.cpp - Who holds what of NVIDIA's matrix instructions -----===//

#include "Fragments.h"

using namespace mlir;
using namespace mlir::gsa;

/// Four lanes a row of eight, each with pairs.
static const Layout::Bases kLanesOfPairs = {
    {0, 2}, {0, 4}, {1, 0}, {2, 0}, {4, 0}};

static Layout getSums() {
  return Layout::registers({16, 8}, {{0, 1}, {8, 0}}, kLanesOfPairs, {});
}

Fragments nvidia::getM16N8K16() {
  return {
      Layout::registers({16, 16}, {{0, 1}, {8, 0}, {0, 8}}, kLanesOfPairs, {}),
      Layout::registers({16, 8}, {{1, 0}, {8, 0}},
                        {{2, 0}, {4, 0}, {0, 1}, {0, 2}, {0, 4}}, {}),
      getSums()};
}

Fragments nvidia::getM16N8K8() {
  return {Layout::registers({16, 8}, {{8, 0}, {0, 4}},
                            {{0, 1}, {0, 2}, {1, 0}, {2, 0}, {4, 0}}, {}),
          Layout::registers({8, 8}, {{4, 0}},
                            {{1, 0}, {2, 0}, {0, 1}, {0, 2}, {0, 4}}, {}),
          getSums()};
}

Layout nvidia::getGroupSums(int64_t columns) {
  assert(columns % 8 == 0 && columns <= 256 && "blocks of 8 columns");
  return Layout::tile(getSums(), {64, columns}, {4, 1});
}

Layout nvidia::getGroupFactor(int64_t elementBits) {
  assert((elementBits == 16 || elementBits == 32) && "16 or 32 bits");
  Layout a = elementBits == 16 ? getM16N8K16().a : getM16N8K8().a;
  return Layout::tile(a, {64, a.getShape()[1]}, {4, 1});
}
