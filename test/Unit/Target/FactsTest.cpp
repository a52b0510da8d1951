//===- FactsTest.cpp - Laws that every target's facts keep ----------------===//

#include "gsa/Target/Target.h"
#include "gsa/kernel.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Location.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/MathExtras.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace mlir::gsa;

namespace {

TEST(Facts, VectorsArePowersOfTwoAndDivideTheColumnPadding) {
  for (const Target *target : getTargets()) {
    int64_t lanes = target->getFacts().vectorLanes;
    EXPECT_TRUE(llvm::isPowerOf2_64(lanes)) << target->getName().str();
    EXPECT_EQ(16 % lanes, 0) << target->getName().str();
    EXPECT_GE(target->getFacts().vectorRegisters, 16)
        << target->getName().str();
  }
}

TEST(Facts, NamesAreUniqueAndFound) {
  for (const Target *target : getTargets())
    EXPECT_EQ(lookupTarget(target->getName()), target);
  EXPECT_EQ(lookupTarget("no-such-machine"), nullptr);
}

TEST(Facts, ABetterHostNeedsMore) {
  const Target *last = nullptr;
  for (const Target *target : getTargets()) {
    if (target->getBackend() != GSA_BACKEND_CPU)
      continue;
    if (last) {
      EXPECT_GT(target->getRank(), last->getRank());
      uint64_t both = target->getHostFeatures() & last->getHostFeatures();
      EXPECT_EQ(both, last->getHostFeatures());
      EXPECT_GE(target->getFacts().vectorLanes, last->getFacts().vectorLanes);
    }
    last = target;
  }
  ASSERT_NE(last, nullptr);
}

TEST(Facts, TheVariantForBF16DiffersByThatAlone) {
  bool any = false;
  for (const Target *target : getTargets()) {
    const Target *variant = target->getBF16Variant();
    if (!variant)
      continue;
    any = true;
    EXPECT_FALSE(target->getFacts().hasBF16Dot);
    EXPECT_TRUE(variant->getFacts().hasBF16Dot);
    EXPECT_EQ(variant->getFacts().vectorLanes, target->getFacts().vectorLanes);
    EXPECT_EQ(variant->getFamily(), target->getFamily());
  }
  EXPECT_TRUE(any);
}

/// Expands `names` and keeps the last error's text in `message`.
FailureOr<SmallVector<const Target *>>
expand(ArrayRef<std::string> names, bool computesBF16, std::string &message) {
  MLIRContext context;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    message = diagnostic.str();
    return success();
  });
  return expandTargets(names, computesBF16,
                       [&] { return emitError(UnknownLoc::get(&context)); });
}

TEST(ExpandTargets, AddsTheVariantOnceAndKeepsTheOrder) {
  std::string message;
  auto targets =
      expand({"x86-64-v4", "x86-64", "x86-64-v4-bf16"}, true, message);
  ASSERT_TRUE(succeeded(targets)) << message;
  ASSERT_EQ(targets->size(), 3u);
  EXPECT_EQ((*targets)[0]->getName(), "x86-64-v4");
  EXPECT_EQ((*targets)[1]->getName(), "x86-64-v4-bf16");
  EXPECT_EQ((*targets)[2]->getName(), "x86-64");
  targets = expand({"x86-64-v4"}, false, message);
  ASSERT_TRUE(succeeded(targets));
  EXPECT_EQ(targets->size(), 1u);
}

TEST(ExpandTargets, NamesTheLawAndWhatWasFound) {
  std::string message;
  EXPECT_TRUE(failed(expand({"pdp-11"}, false, message)));
  EXPECT_NE(message.find("a target must be one of x86-64, "),
            std::string::npos);
  EXPECT_NE(message.find("got 'pdp-11'"), std::string::npos);
  EXPECT_TRUE(failed(expand({}, false, message)));
  EXPECT_EQ(message, "the list of targets must have an entry, got none");
}

} // namespace
