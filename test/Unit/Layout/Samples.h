//===- Samples.h - Layouts that the laws are tried on ---------------------===//

#ifndef GSA_TEST_LAYOUT_SAMPLES_H
#define GSA_TEST_LAYOUT_SAMPLES_H

#include "gsa/Layout/Layout.h"
#include "gsa/Layout/Places.h"
#include "lib/Target/AMD/Fragments.h"
#include "lib/Target/NVIDIA/Fragments.h"

#include "llvm/Support/raw_ostream.h"

#include <string>
#include <vector>

namespace mlir::gsa {

/// The accumulator of a 16 x 8 product.
inline Layout atom16x8() {
  return Layout::registers({16, 8}, {{0, 1}, {8, 0}},
                           {{0, 2}, {0, 4}, {1, 0}, {2, 0}, {4, 0}}, {});
}

/// Each lane holds a pair of columns of 16 rows: scans along rows.
inline Layout tokens64x64() {
  return Layout::registers({64, 64}, {{0, 1}, {1, 0}, {2, 0}, {4, 0}, {8, 0}},
                           {{0, 2}, {0, 4}, {0, 8}, {0, 16}, {0, 32}},
                           {{16, 0}, {32, 0}});
}

/// Layouts in registers: atoms, tilings, vectors, copies, sizes that are no
/// powers of two, bases with two coordinates.
inline std::vector<Layout> registerSamples() {
  Layout atom = atom16x8();
  // 64 lanes, the result's rows in registers.
  Layout wide =
      Layout::registers({16, 16}, {{1, 0}, {2, 0}},
                        {{0, 1}, {0, 2}, {0, 4}, {0, 8}, {4, 0}, {8, 0}}, {});
  // Half of the lanes hold what the others do.
  Layout copied =
      Layout::registers({16, 16}, {{0, 1}, {0, 2}, {0, 4}, {0, 8}},
                        {{1, 0}, {2, 0}, {4, 0}, {8, 0}, {0, 0}}, {});
  std::vector<Layout> samples = {
      atom,
      wide,
      copied,
      tokens64x64(),
      Layout::tile(atom, {64, 64}, {4, 1}),
      Layout::tile(atom, {64, 128}, {4, 1}),
      Layout::tile(atom, {64, 128}, {2, 2}),
      Layout::tile(atom, {16, 64}, {4, 1}),
      Layout::tile(atom, {64, 96}, {4, 1}),
      Layout::tile(atom, {96, 96}, {2, 2}),
      Layout::tile(atom, {96, 40}, {2, 1}),
      Layout::tile(wide, {64, 64}, {4, 1}),
      Layout::tile(copied, {64, 64}, {1, 4}),
      Layout::tile(atom, {32, 32}, {2, 1}).replicateWarps(2, 2),
      Layout::registers({8, 8}, {{1, 1}, {2, 2}, {4, 4}},
                        {{0, 1}, {0, 2}, {0, 4}}, {}),
      Layout::registers({64}, {{1}}, {{2}, {4}, {8}, {16}, {32}}, {{0}}),
      Layout::registers({96}, {{1}}, {{2}, {4}, {8}, {16}, {0}}, {}, {3}),
      Layout::registers({60, 36}, {}, {{1, 0}, {2, 0}, {0, 1}, {0, 2}}, {},
                        {15, 9}, {1, 0}),
      Layout::registers({}, {}, {{}, {}}, {{}}),
  };
  for (const Fragments &each :
       {nvidia::getM16N8K16(), nvidia::getM16N8K8(), amd::getMFMA(16, 16),
        amd::getMFMA(16, 32), amd::getMFMA(32, 8), amd::getMFMA(32, 16),
        amd::getMFMA(16, 4), amd::getWMMA11(), amd::getWMMA12()})
    for (const Fragments &fragments : {each, each.flip()})
      for (const Layout &layout :
           {fragments.a, fragments.b, fragments.sums,
            Layout::tile(fragments.sums, {64, 64}, {4, 1})})
        samples.push_back(layout);
  for (int64_t columns : {8, 24, 64, 96, 128, 256})
    samples.push_back(nvidia::getGroupSums(columns));
  samples.push_back(nvidia::getGroupFactor(16));
  samples.push_back(nvidia::getGroupFactor(32));
  for (size_t i = 0, size = samples.size(); i < size; ++i)
    for (int64_t dim = 0; dim < samples[i].getRank(); ++dim)
      samples.push_back(samples[i].drop(dim));
  return samples;
}

inline std::vector<Layout> placeSamples() {
  std::vector<Layout> samples = {rowMajor({64}),
                                 rowMajor({96}),
                                 rowMajor({16, 8}),
                                 rowMajor({64, 96}),
                                 rowMajor({96, 96}),
                                 rowMajor({60, 36}),
                                 rowMajor({2, 12, 8}),
                                 rowMajor({64, 64}).transpose(),
                                 rowMajor({96, 60}).transpose()};
  for (int64_t rows : {16, 64, 96})
    for (int64_t columns : {64, 128, 192})
      for (int64_t bits : {16, 32})
        for (int64_t bytes : {32, 64, 128})
          samples.push_back(swizzled({rows, columns}, bits, bytes));
  return samples;
}

/// Calls the function with each coordinate of the shape.
template <typename Function>
void forEachElement(ArrayRef<int64_t> shape, Function function) {
  int64_t size = 1;
  for (int64_t extent : shape)
    size *= extent;
  for (int64_t i = 0; i < size; ++i) {
    Coordinates coordinates(shape.size());
    int64_t rest = i;
    for (int64_t dim = shape.size() - 1; dim >= 0; --dim) {
      coordinates[dim] = rest % shape[dim];
      rest /= shape[dim];
    }
    function(coordinates);
  }
}

/// Calls the function with each holder's register, lane and warp.
template <typename Function>
void forEachHolder(const Layout &layout, Function function) {
  for (int64_t warp = 0; warp < layout.getNumWarps(); ++warp)
    for (int64_t lane = 0; lane < layout.getNumLanes(); ++lane)
      for (int64_t reg = 0; reg < layout.getNumRegisters(); ++reg)
        function(reg, lane, warp);
}

/// How a failure names a layout.
inline std::string text(const Layout &layout) {
  std::string result;
  llvm::raw_string_ostream(result) << layout;
  return result;
}

} // namespace mlir::gsa

#endif // GSA_TEST_LAYOUT_SAMPLES_H
