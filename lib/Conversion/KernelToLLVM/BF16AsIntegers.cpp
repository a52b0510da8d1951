//===- BF16AsIntegers.cpp - Moves bf16 as integers -----------------------===//
//
// Where the processor has nothing for bf16, code generation extends and rounds
// the elements that it moves one by one, of masked accesses for example, and
// calls a library for the rounding. As integers they are only moved.
//
//===----------------------------------------------------------------------===//

#include "gsa/Conversion/Passes.h"
#include "gsa/Target/HostTarget.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/AttrTypeSubElements.h"

namespace mlir::gsa {
#define GEN_PASS_DEF_BF16ASINTEGERSPASS
#include "gsa/Conversion/Passes.h.inc"
} // namespace mlir::gsa

using namespace mlir;
using namespace mlir::gsa;

namespace {
struct BF16AsIntegersPass
    : gsa::impl::BF16AsIntegersPassBase<BF16AsIntegersPass> {
  void runOnOperation() override {
    LLVM::LLVMFuncOp func = getOperation();
    FailureOr<const HostTarget *> target = getHostTarget(func);
    if (failed(target))
      return signalPassFailure();
    if ((*target)->getFacts().hasBF16Dot)
      return;
    Type integer = IntegerType::get(&getContext(), 16);
    AttrTypeReplacer replacer;
    replacer.addReplacement([&](BFloat16Type) { return integer; });
    replacer.addReplacement(
        [&](DenseElementsAttr elements) -> std::optional<Attribute> {
          if (!elements.getElementType().isBF16())
            return std::nullopt;
          return elements.bitcast(integer);
        });
    replacer.addReplacement([&](FloatAttr number) -> std::optional<Attribute> {
      if (!number.getType().isBF16())
        return std::nullopt;
      return IntegerAttr::get(integer, number.getValue().bitcastToAPInt());
    });
    // The function's own attributes describe its arguments and stay.
    for (Block &block : func.getBody())
      for (Operation &op : block)
        replacer.recursivelyReplaceElementsIn(&op, /*replaceAttrs=*/true,
                                              /*replaceLocs=*/false,
                                              /*replaceTypes=*/true);
    for (Block &block : func.getBody().getBlocks())
      for (BlockArgument argument : block.getArguments())
        argument.setType(replacer.replace(argument.getType()));
  }
};
} // namespace
