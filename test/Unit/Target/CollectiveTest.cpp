//===- CollectiveTest.cpp - Instructions that lanes execute together ------===//

#include "gsa/Target/DeviceTarget.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/SourceMgr.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace mlir::gsa;

namespace {

/// How often code has `instruction`, assembly with one operand and one result,
/// that lanes come to on two ways, one of which knows how it goes on.
size_t countCopies(const std::string &instruction) {
  std::string text = R"(
    define ptx_kernel void @f(ptr addrspace(1) %to, i32 %x) {
    entry:
      %lane = call i32 @llvm.nvvm.read.ptx.sreg.laneid()
      %some = icmp ult i32 %lane, 7
      br i1 %some, label %first, label %meet
    first:
      %z = load volatile i32, ptr addrspace(1) %to
      %negative = icmp slt i32 %z, 0
      br label %meet
    meet:
      %more = phi i1 [true, %entry], [%negative, %first]
      %y = call i32 asm sideeffect ")" +
                     instruction + R"( $0, $1;", "=r,r"(i32 %x)
      store volatile i32 %y, ptr addrspace(1) %to
      br i1 %more, label %again, label %out
    again:
      store volatile i32 %x, ptr addrspace(1) %to
      br label %out
    out:
      ret void
    }
    declare i32 @llvm.nvvm.read.ptx.sreg.laneid())";
  llvm::LLVMContext llvmContext;
  llvm::SMDiagnostic error;
  std::unique_ptr<llvm::Module> module =
      llvm::parseAssemblyString(text, error, llvmContext);
  if (!module) {
    ADD_FAILURE() << error.getMessage().str();
    return 0;
  }
  MLIRContext context(MLIRContext::Threading::DISABLED);
  const auto *target = cast<DeviceTarget>(lookupTarget("sm_80"));
  FailureOr<std::string> code = target->compileToText(
      *module, [&] { return emitError(UnknownLoc::get(&context)); });
  if (failed(code)) {
    ADD_FAILURE() << "no code";
    return 0;
  }
  return StringRef(*code).count(instruction);
}

TEST(Collective, LanesMeetAtOneCopy) {
  EXPECT_EQ(countCopies("ldmatrix.sync.aligned.m8n8.x1.shared.b16"), 1u);
  EXPECT_EQ(countCopies("barrier.cluster.wait.aligned"), 1u);
}

// What each lane does for itself, the compiler may copy, and here it does: so
// the test above can fail.
TEST(Collective, OtherInstructionsAreCopied) {
  EXPECT_EQ(countCopies("brev.b32"), 2u);
}

} // namespace
