//===- WorkTest.cpp - What kernels have to compute ------------------------===//

#include "gsa/Analysis/Work.h"
#include "gsa/Report.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FormatVariadic.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace mlir::gsa;

namespace {

/// The work of a kernel with 2 sequences' bound unknown, 4 heads and 3 slices,
/// whose loop over blocks holds `body`; its last error's text in `message`.
FailureOr<Work> count(const std::string &body, std::string &message,
                      const std::string &slices = "3") {
  DialectRegistry registry;
  registerCompilerDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    message = diagnostic.str();
    return success();
  });
  std::string text = llvm::formatv(
      R"(func.func @f(%x: memref<?x?x4x16xf32>) attributes {{
        gsa.kernel, gsa.schedule = #gsa.schedule<fused, chunk = 16>} {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c5 = arith.constant 5 : index
  %n = memref.dim %x, %c0 : memref<?x?x4x16xf32>
  %t = memref.dim %x, %c1 : memref<?x?x4x16xf32>
  %a = arith.constant dense<1.0> : tensor<16x32xf32>
  %b = arith.constant dense<1.0> : tensor<32x8xf32>
  %z = arith.constant dense<0.0> : tensor<16x8xf32>
  scf.forall (%s, %h, %c) in (%n, 4, {1}) {{
    {0}
  }
  return
})",
      body, slices);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  if (!module)
    return failure();
  return countWork(*module->getOps<func::FuncOp>().begin());
}

constexpr const char *kProduct =
    "%p{0} = tile.mma %a, %b, %z : tensor<16x32xf32>, tensor<32x8xf32>, "
    "tensor<16x8xf32>";
constexpr int64_t kFlops = 2 * 16 * 32 * 8;

std::string product(int number) { return llvm::formatv(kProduct, number); }

TEST(Work, CountsProductsOfWindowsAndOthers) {
  std::string message;
  // In the loop over windows: one, and one that four query heads each compute.
  auto work = count(product(0) + R"(
    %e = scf.while (%i = %c0) : (index) -> index {
      %more = arith.cmpi slt, %i, %t : index
      scf.condition(%more) %i : index
    } do {
    ^bb0(%i: index):
      )" + product(1) + R"(
      scf.for %j = %c0 to %c4 step %c1 {
        )" + product(2) +
                        R"(
      }
      %next = arith.addi %i, %c1 : index
      scf.yield %next : index
    })",
                    message);
  ASSERT_TRUE(succeeded(work)) << message;
  EXPECT_EQ(work->windowFlops, 5 * kFlops);
  EXPECT_EQ(work->otherFlops, kFlops);
  EXPECT_EQ(work->blocks, 12);
  EXPECT_EQ(work->chunk, 16);
  // 2 sequences of 33 tokens: 3 windows.
  EXPECT_EQ(work->getFlops(2, 33), 2.0 * 12 * (3 * 5 + 1) * kFlops);
  EXPECT_EQ(work->getFlops(2, 0), 2.0 * 12 * kFlops);
}

TEST(Work, ALoopOfUnknownLengthIsTheOneOverWindows) {
  std::string message;
  auto work = count("scf.for %i = %c0 to %t step %c5 {\n" + product(0) + "\n}",
                    message);
  ASSERT_TRUE(succeeded(work)) << message;
  EXPECT_EQ(work->windowFlops, kFlops);
  EXPECT_EQ(work->otherFlops, 0);
  // Static bounds, a last trip that is not a whole step.
  work = count("scf.for %i = %c1 to %c5 step %c5 {\n" + product(0) + "\n}",
               message);
  ASSERT_TRUE(succeeded(work)) << message;
  EXPECT_EQ(work->windowFlops, 0);
  EXPECT_EQ(work->otherFlops, kFlops);
}

TEST(Work, RefusesWhatItCannotCount) {
  std::string message;
  EXPECT_TRUE(failed(count("scf.for %i = %c0 to %t step %c1 {\n"
                           "scf.for %j = %c0 to %t step %c1 {\n" +
                               product(0) + "\n}\n}",
                           message)));
  EXPECT_EQ(message, "a product must be in one loop over windows, got a second "
                     "loop of unknown length");
}

TEST(Work, SegmentsShareASequence) {
  std::string message;
  auto work = count(product(0), message, "%t");
  ASSERT_TRUE(succeeded(work)) << message;
  EXPECT_EQ(work->blocks, 4);
}

TEST(Extents, AreReadOrRefused) {
  auto extents = parseExtents("T=2048,B=4");
  ASSERT_TRUE(bool(extents));
  EXPECT_EQ(extents->batch, 4);
  EXPECT_EQ(extents->time, 2048);
  EXPECT_EQ(extents->sequences, 4);
  extents = parseExtents("B=1,T=70000,N=9");
  ASSERT_TRUE(bool(extents));
  EXPECT_EQ(extents->sequences, 9);
  for (const char *text : {"", "B=4", "B=4,T=0", "B=4,T=x", "B=4,B=4,T=1",
                           "B=4,T=1,M=3", "B=4 T=1", "B=4,T=-1"}) {
    auto broken = parseExtents(text);
    EXPECT_FALSE(bool(broken)) << text;
    if (!broken)
      llvm::consumeError(broken.takeError());
  }
}

} // namespace
