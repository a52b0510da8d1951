//===- Facts.cpp - What the host processors can do ------------------------===//
//
// The levels of the x86-64 psABI (micro-architecture levels), and the one with
// AVX512-BF16 as an image of its own: Zen 4, Cooper Lake, Sapphire Rapids and
// later have it, x86-64-v4 does not promise it.
//
//===----------------------------------------------------------------------===//

#include "CPU.h"
#include "gsa/kernel.h"

#include "llvm/IR/Function.h"

using namespace mlir;
using namespace mlir::gsa;

namespace {
class CPUTarget final : public HostTarget {
public:
  CPUTarget(StringRef name, const HostFacts &facts, const Target *bf16Variant,
            int32_t rank, uint64_t hostFeatures, StringRef cpu,
            StringRef extensions)
      : HostTarget(name, "cpu", facts, bf16Variant), rank(rank),
        hostFeatures(hostFeatures), cpu(cpu), extensions(extensions) {}

  int32_t getBackend() const override { return GSA_BACKEND_CPU; }
  int32_t getRank() const override { return rank; }
  uint64_t getHostFeatures() const override { return hostFeatures; }

  Value emitPairDot(OpBuilder &builder, Location loc, Value acc, Value a,
                    Value b) const override {
    return emitVDPBF16PS(builder, loc, acc, a, b);
  }

  void select(llvm::Function &function) const override {
    function.addFnAttr("target-cpu", cpu);
    if (!extensions.empty())
      function.addFnAttr("target-features", extensions);
    // Vectors are explicit and of the machine's width; without this the
    // generic tuning of x86-64-v4 prefers halves.
    function.addFnAttr("prefer-vector-width",
                       std::to_string(32 * getFacts().vectorLanes));
  }

private:
  int32_t rank;
  uint64_t hostFeatures;
  StringRef cpu, extensions;
};
} // namespace

ArrayRef<const Target *> gsa::getCPUTargets() {
  constexpr uint64_t v3Features = GSA_HOST_AVX2;
  constexpr uint64_t v4Features = v3Features | GSA_HOST_AVX512;
  static const CPUTarget baseline("x86-64",
                                  {/*vectorLanes=*/4, /*vectorRegisters=*/16,
                                   /*hasFMA=*/false, /*hasBF16Dot=*/false},
                                  /*bf16Variant=*/nullptr, /*rank=*/1,
                                  /*hostFeatures=*/0, "x86-64", "");
  static const CPUTarget v3("x86-64-v3", {8, 16, true, false}, nullptr, 2,
                            v3Features, "x86-64-v3", "");
  static const CPUTarget v4BF16("x86-64-v4-bf16", {16, 32, true, true}, nullptr,
                                4, v4Features | GSA_HOST_AVX512BF16,
                                "x86-64-v4", "+avx512bf16");
  static const CPUTarget v4("x86-64-v4", {16, 32, true, false}, &v4BF16, 3,
                            v4Features, "x86-64-v4", "");
  static const Target *const targets[] = {&baseline, &v3, &v4, &v4BF16};
  return targets;
}
