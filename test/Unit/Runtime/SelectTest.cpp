//===- SelectTest.cpp - Which image runs ----------------------------------===//

#include "DeviceKernel.h"

using namespace gsa::test;

// A feature that no processor has: this runtime does not know it.
static constexpr uint64_t unknownFeature = uint64_t(1) << 40;

static std::string chosen(Problem &problem, const char *chip = nullptr) {
  problem.params.head.chip = chip;
  gsa_query_result result = {};
  result.size = sizeof(result);
  if (gsa_query(&problem.kernel, &problem.params.head, &result))
    return std::string("refused: ") + gsa_error_detail();
  return result.chip;
}

static gsa_image withFeatures(gsa_image image, uint64_t features) {
  image.features = features;
  return image;
}

TEST(Select, BestRankThatRuns) {
  Problem problem(1, 3);
  std::vector<gsa_stage> stages = {stage("sum")};
  gsa_image foreign = deviceImage("foreign", 99, 1, GSA_ARCH_EXACT, stages);
  foreign.backend = 77;
  problem.images = {
      hostImage("low", 1, denseEntry), hostImage("high", 5, denseEntry),
      withFeatures(hostImage("future", 9, denseEntry), unknownFeature),
      hostImage("middle", 3, denseEntry), foreign};
  problem.describe();
  problem.params.head.backends = 1 << GSA_BACKEND_CPU;
  EXPECT_EQ(chosen(problem), "high");
}

TEST(Select, FirstAmongEquals) {
  Problem problem(1, 3);
  problem.images = {hostImage("a", -2, denseEntry),
                    hostImage("b", -2, denseEntry)};
  problem.describe();
  EXPECT_EQ(chosen(problem), "a");
}

TEST(Select, ChipByName) {
  Problem problem(1, 3);
  problem.images = {hostImage("a", 1, denseEntry),
                    hostImage("b", 2, denseEntry),
                    hostImage("b:variant", 3, denseEntry)};
  problem.describe();
  EXPECT_EQ(chosen(problem, "a"), "a");
  EXPECT_EQ(chosen(problem, "b"), "b");
  EXPECT_EQ(chosen(problem, "b:variant"), "b:variant");
  EXPECT_EQ(chosen(problem), "b:variant");
}

TEST(Select, TheChosenImageIsTheOneThatRuns) {
  static std::atomic<int> low, high;
  low = high = 0;
  Problem problem(1, 3);
  problem.images = {
      hostImage("low", 1, [](const gsa_tensor *, int64_t, void *) { ++low; }),
      hostImage("high", 2,
                [](const gsa_tensor *, int64_t, void *) { ++high; })};
  problem.describe();
  problem.run();
  EXPECT_EQ(low, 0);
  EXPECT_EQ(high, heads);
  problem.params.head.chip = "low";
  problem.run();
  EXPECT_EQ(low, heads);
  EXPECT_EQ(high, heads);
}

TEST(Select, UnknownChip) {
  Problem problem(1, 3);
  problem.images = {
      hostImage("a", 1, denseEntry),
      withFeatures(hostImage("b", 2, denseEntry), unknownFeature)};
  problem.describe();
  problem.params.head.chip = "A";
  expectRefused(problem, GSA_ERROR_NO_IMAGE,
                "params->chip must name an image of kernel 'sum', got 'A' of a "
                "(runs here), b (lacks unknown features 0x10000000000)");
  problem.params.head.chip = "";
  expectRefused(problem, GSA_ERROR_NO_IMAGE,
                "params->chip must name an image of kernel 'sum', got '' of a "
                "(runs here), b (lacks unknown features 0x10000000000)");
}

TEST(Select, ChipThatDoesNotRunHere) {
  Problem problem(1, 3);
  std::vector<gsa_stage> stages = {stage("sum")};
  gsa_image foreign = deviceImage("gpu", 9, 1, GSA_ARCH_EXACT, stages);
  foreign.backend = 77;
  problem.images = {hostImage("a", 1, denseEntry), foreign};
  problem.describe();
  problem.params.head.chip = "gpu";
  expectRefused(problem, GSA_ERROR_NO_IMAGE,
                "params->chip must name an image of kernel 'sum' that runs "
                "here, got 'gpu' of a (runs here), gpu (no driver for backend "
                "77 in this runtime)");
}

TEST(Select, NothingRunsHere) {
  Problem problem(1, 3);
  problem.images = {
      withFeatures(hostImage("b", 2, denseEntry), unknownFeature),
      withFeatures(hostImage("c", 2, denseEntry), 2 * unknownFeature)};
  problem.describe();
  expectRefused(problem, GSA_ERROR_NO_IMAGE,
                "kernel 'sum' must have an image that runs here, got b (lacks "
                "unknown features 0x10000000000), c (lacks unknown features "
                "0x20000000000)");
}

TEST(Select, NoImages) {
  Problem problem(1, 3);
  problem.images.clear();
  problem.describe();
  expectRefused(problem, GSA_ERROR_NO_IMAGE,
                "kernel 'sum' must have an image that runs here, got none");
  problem.params.head.chip = "a";
  expectRefused(problem, GSA_ERROR_NO_IMAGE,
                "params->chip must name an image of kernel 'sum', got 'a' of "
                "none");
}

TEST(Select, AListTooLongIsCut) {
  Problem problem(1, 3);
  problem.images.assign(
      200, withFeatures(hostImage("chip", 2, denseEntry), unknownFeature));
  problem.describe();
  size_t bytes;
  EXPECT_EQ(problem.workspaceSize(bytes), GSA_ERROR_NO_IMAGE);
  std::string detail = gsa_error_detail();
  EXPECT_LT(detail.size(), 1024u);
  EXPECT_EQ(detail.substr(detail.size() - 3), "...");
}
