//===- CheckTest.cpp - What --check lets pass, and what not ---------------===//

#include "Check.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

using namespace mlir::gsa;
using namespace mlir::gsa::run;

namespace {
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// An output [1, 4, 2, 2] of packed sequences of 1, 0, 2 and 1 tokens.
class CheckTest : public ::testing::Test {
protected:
  CheckTest() {
    reference.shape = output.shape = {1, 4, 2, 2};
    for (int i = 0; i < 16; ++i)
      reference.data.push_back(i + 1);
    output.data = reference.data;
  }

  Difference compare() {
    const int64_t extents[] = {1, GSA_EXTENT_TIME, 2, 2};
    return run::compare(extents, {{1, 4, 4}, offsets}, output, reference);
  }
  double &out(int t, int h, int i) { return output.data[4 * t + 2 * h + i]; }
  double &ref(int t, int h, int i) { return reference.data[4 * t + 2 * h + i]; }

  std::vector<double> offsets = {0, 1, 1, 3, 4};
  Values output, reference;
};

TEST_F(CheckTest, EqualHasNoError) {
  Difference found = compare();
  EXPECT_EQ(found.error(), 0);
  EXPECT_EQ(found.largest, 0);
  EXPECT_EQ(found.broken, "");
}

TEST_F(CheckTest, ErrorIsRelativeToTheWholeNorm) {
  out(0, 0, 0) += 3;
  out(3, 1, 1) -= 4;
  Difference found = compare();
  EXPECT_DOUBLE_EQ(found.error(), 5 / std::sqrt(16. * 17 * 33 / 6));
  EXPECT_EQ(found.largest, 4);
  EXPECT_EQ(found.broken, "");
}

TEST_F(CheckTest, PartsMakeTheErrorOfTheWhole) {
  out(0, 0, 0) += 3;
  out(3, 1, 1) -= 4;
  Difference whole = compare(), parts;
  for (int t = 0; t < 4; ++t) {
    auto part = [&](const Values &all) {
      return Values{{1, 1, 2, 2}, {&all.data[4 * t], &all.data[4 * t] + 4}};
    };
    const int64_t extents[] = {1, GSA_EXTENT_TIME, 2, 2};
    parts.merge(
        run::compare(extents, {{1, 1, 1}, {}}, part(output), part(reference)));
  }
  EXPECT_DOUBLE_EQ(parts.error(), whole.error());
  EXPECT_EQ(parts.largest, 4);
  Difference broken;
  broken.broken = "something";
  parts.merge(broken);
  EXPECT_EQ(parts.broken, "something");
}

TEST_F(CheckTest, ErrorWhereAllShouldBeZeroIsInfinite) {
  reference.data.assign(16, 0);
  output.data = reference.data;
  EXPECT_EQ(compare().error(), 0);
  out(1, 0, 0) = 1e-30;
  EXPECT_EQ(compare().error(), kInfinity);
}

TEST_F(CheckTest, NaNMustShowAndMayFillItsHeadOfItsSequence) {
  ref(2, 1, 0) = kNaN;
  EXPECT_EQ(compare().broken, "element 10 must be NaN, got 11.000000");
  out(2, 1, 0) = kNaN;
  EXPECT_EQ(compare().broken, "");
  out(1, 1, 1) = kNaN; // the same sequence and head
  EXPECT_EQ(compare().broken, "");
}

TEST_F(CheckTest, NaNMustNotLeaveItsHeadOrItsSequence) {
  ref(2, 1, 0) = out(2, 1, 0) = kNaN;
  for (auto [t, h] : {std::pair(2, 0), {3, 1}, {0, 1}}) {
    double kept = out(t, h, 0);
    out(t, h, 0) = kNaN;
    EXPECT_NE(compare().broken, "") << t << " " << h;
    out(t, h, 0) = kept;
  }
  // What is not NaN elsewhere counts.
  out(3, 1, 0) += 1;
  EXPECT_GT(compare().error(), 0);
}

TEST_F(CheckTest, InfinitiesMustBeTheSame) {
  ref(0, 0, 0) = -kInfinity;
  EXPECT_EQ(compare().broken, "element 0 must be -inf, got 1.000000");
  out(0, 0, 0) = kInfinity;
  EXPECT_EQ(compare().broken, "element 0 must be -inf, got inf");
  out(0, 0, 0) = -kInfinity;
  EXPECT_EQ(compare().broken, "");
  EXPECT_EQ(compare().error(), 0);
  // One that should not be there.
  out(1, 0, 0) = kInfinity;
  EXPECT_EQ(compare().error(), kInfinity);
}

TEST_F(CheckTest, StatesBelongToTheirSequence) {
  Values state{{4, 1, 1, 4}, std::vector<double>(16, 1)};
  Values found = state;
  state.data[5] = found.data[5] = found.data[4] = kNaN;
  const int64_t extents[] = {GSA_EXTENT_SEQUENCES, 1, 1, 4};
  Sequences sequences{{1, 4, 4}, offsets};
  EXPECT_EQ(run::compare(extents, sequences, found, state).broken, "");
  found.data[8] = kNaN;
  EXPECT_NE(run::compare(extents, sequences, found, state).broken, "");
}

TEST(ErrorBoundTest, IsOfTheElementType) {
  EXPECT_EQ(errorBound(GSA_BF16), 3e-3);
  EXPECT_EQ(errorBound(GSA_F16), 1e-3);
  EXPECT_EQ(errorBound(GSA_F32), 1e-4);
}
} // namespace
