//===- FactsTest.cpp - Laws that every target's facts keep ----------------===//

#include "gsa/Target/DeviceTarget.h"
#include "gsa/Target/HostTarget.h"
#include "gsa/kernel.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Location.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/MathExtras.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace mlir::gsa;

namespace {

std::vector<const HostTarget *> hosts() {
  std::vector<const HostTarget *> hosts;
  for (const Target *target : getTargets())
    if (auto *host = dyn_cast<HostTarget>(target))
      hosts.push_back(host);
  return hosts;
}

std::vector<const DeviceTarget *> devices() {
  std::vector<const DeviceTarget *> devices;
  for (const Target *target : getTargets())
    if (auto *device = dyn_cast<DeviceTarget>(target))
      devices.push_back(device);
  return devices;
}

TEST(Facts, NamesAreUniqueAndFound) {
  for (const Target *target : getTargets())
    EXPECT_EQ(lookupTarget(target->getName()), target);
  EXPECT_EQ(lookupTarget("no-such-machine"), nullptr);
  EXPECT_EQ(hosts().size() + devices().size(), getTargets().size());
}

TEST(HostFacts, VectorsArePowersOfTwoAndDivideTheColumnPadding) {
  for (const HostTarget *target : hosts()) {
    int64_t lanes = target->getFacts().vectorLanes;
    EXPECT_TRUE(llvm::isPowerOf2_64(lanes)) << target->getName().str();
    EXPECT_EQ(16 % lanes, 0) << target->getName().str();
    EXPECT_GE(target->getFacts().vectorRegisters, 16)
        << target->getName().str();
  }
}

TEST(HostFacts, ABetterHostNeedsMore) {
  const HostTarget *last = nullptr;
  for (const HostTarget *target : hosts()) {
    EXPECT_EQ(target->getBackend(), GSA_BACKEND_CPU);
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

TEST(HostFacts, TheVariantForBF16DiffersByThatAlone) {
  bool any = false;
  for (const HostTarget *target : hosts()) {
    auto *variant = llvm::cast_or_null<HostTarget>(target->getBF16Variant());
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

TEST(DeviceFacts, ABlockFitsAMultiprocessor) {
  EXPECT_FALSE(devices().empty());
  for (const DeviceTarget *target : devices()) {
    SCOPED_TRACE(target->getName().str());
    const DeviceFacts &facts = target->getFacts();
    EXPECT_NE(target->getBackend(), GSA_BACKEND_CPU);
    EXPECT_TRUE(facts.warpLanes == 32 || facts.warpLanes == 64);
    EXPECT_EQ(facts.blockThreads % facts.warpLanes, 0);
    // One warp with all registers that its lanes may name is always resident.
    EXPECT_LE(facts.warpLanes * facts.laneRegisters, facts.registers);
    EXPECT_EQ(facts.sharedBytes % 1024, 0);
    EXPECT_GE(facts.clusterBlocks, 1);
    EXPECT_GT(facts.multiprocessors, 0);
    EXPECT_LT(facts.getCopyBandwidth(), facts.memoryBandwidth);
    EXPECT_GT(facts.matrixRate, facts.memoryBandwidth);
    EXPECT_GT(facts.cacheBytes, facts.sharedBytes);
    EXPECT_GT(facts.getStageTimes().bytes, 0);
    EXPECT_GT(target->getArch(), 0);
  }
}

TEST(DeviceFacts, DevicesMultiplyTheNarrowTypesOnly) {
  MLIRContext context;
  for (const DeviceTarget *target : devices()) {
    EXPECT_TRUE(target->multiplies(BFloat16Type::get(&context)));
    EXPECT_TRUE(target->multiplies(Float16Type::get(&context)));
    EXPECT_FALSE(target->multiplies(Float32Type::get(&context)));
  }
}

// Numbers of the vendors' documents that schedules are computed with.
TEST(DeviceFacts, SharedMemoryOfABlock) {
  auto sharedBytes = [](StringRef name) {
    return llvm::cast<DeviceTarget>(lookupTarget(name))->getFacts().sharedBytes;
  };
  EXPECT_EQ(sharedBytes("sm_80"), 166912);
  EXPECT_EQ(sharedBytes("sm_86"), 101376);
  EXPECT_EQ(sharedBytes("sm_89"), 101376);
  EXPECT_EQ(sharedBytes("sm_90a"), 232448);
  EXPECT_EQ(sharedBytes("sm_100a"), 232448);
  EXPECT_EQ(sharedBytes("sm_120a"), 101376);
  EXPECT_EQ(sharedBytes("gfx942"), 65536);
  EXPECT_EQ(sharedBytes("gfx1100"), 65536);
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
