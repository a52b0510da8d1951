//===- Products.cpp - MFMA and WMMA ---------------------------------------===//

#include "Products.h"
#include "Fragments.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/ROCDLDialect.h"

using namespace mlir;
using namespace mlir::gsa;

namespace {
constexpr int64_t kRows = 16, kDepth = 16;
} // namespace

/// A factor as the instructions of its type take it.
static Value packFactor(OpBuilder &builder, Location loc, Type factor,
                        ArrayRef<Value> words) {
  // Those of bf16 are older than LLVM's type.
  Type element = factor.isBF16() ? Type(builder.getI16Type()) : factor;
  auto count = static_cast<int64_t>(2 * words.size());
  return packWords(builder, loc, words, VectorType::get({count}, element));
}

static VectorType typeOf(ArrayRef<Value> sums) {
  return VectorType::get({static_cast<int64_t>(sums.size())},
                         sums.front().getType());
}

//===----------------------------------------------------------------------===//
// MFMA
//===----------------------------------------------------------------------===//

MFMAAtom::MFMAAtom(const Device &device)
    : WarpAtom("mfma.16x16x16", amd::getMFMA(kRows, kDepth).flip(), device) {}

Fragments MFMAAtom::getRead(const ProductShape &shape) const {
  // Lanes that have steps 4i to 4i + 3 of each instruction have 8i to 8i + 7 of
  // both: the sum does not see which instruction multiplies which.
  return shape.k % (2 * kDepth) ? fragments
                                : amd::getMFMA(kRows, 2 * kDepth).flip();
}

void MFMAAtom::emitStep(OpBuilder &builder, Location loc, Type factor,
                        ArrayRef<Value> a, ArrayRef<Value> b,
                        MutableArrayRef<Value> sums) const {
  VectorType type = typeOf(sums);
  Value none = arith::ConstantIntOp::create(builder, loc, 0, 32);
  Value acc = packWords(builder, loc, sums, type);
  constexpr size_t words = 2;
  for (size_t i = 0; i < a.size(); i += words) {
    SmallVector<Value> operands = {
        packFactor(builder, loc, factor, b.slice(i, words)),
        packFactor(builder, loc, factor, a.slice(i, words)),
        acc,
        none,
        none,
        none};
    acc = factor.isBF16() ? Value(ROCDL::mfma_f32_16x16x16bf16_1k::create(
                                builder, loc, TypeRange(type), operands))
                          : Value(ROCDL::mfma_f32_16x16x16f16::create(
                                builder, loc, TypeRange(type), operands));
  }
  llvm::copy(unpackWords(builder, loc, acc), sums.begin());
}

//===----------------------------------------------------------------------===//
// WMMA
//===----------------------------------------------------------------------===//

WMMAAtom::WMMAAtom(const Device &device)
    : WarpAtom("wmma.16x16x16", amd::getWMMA11().flip(), device) {}

void WMMAAtom::emitStep(OpBuilder &builder, Location loc, Type factor,
                        ArrayRef<Value> a, ArrayRef<Value> b,
                        MutableArrayRef<Value> sums) const {
  VectorType type = typeOf(sums);
  Value left = packFactor(builder, loc, factor, b);
  Value right = packFactor(builder, loc, factor, a);
  Value acc = packWords(builder, loc, sums, type);
  acc = factor.isBF16()
            ? Value(ROCDL::wmma_f32_16x16x16_bf16::create(builder, loc, type,
                                                          left, right, acc))
            : Value(ROCDL::wmma_f32_16x16x16_f16::create(builder, loc, type,
                                                         left, right, acc));
  llvm::copy(unpackWords(builder, loc, acc), sums.begin());
}

/// `sums`, from where the code before it is not moved.
static Value pin(OpBuilder &builder, Location loc, Value sums) {
  return LLVM::InlineAsmOp::create(
             builder, loc, TypeRange(sums.getType()), sums, "; $0", "=v,0",
             /*has_side_effects=*/true,
             /*is_align_stack=*/false, LLVM::tailcallkind::TailCallKind::None,
             LLVM::AsmDialectAttr(), ArrayAttr())
      .getResult(0);
}

Value WMMAAtom::emitProduct(OpBuilder &builder, Location loc,
                            const ProductShape &shape, const Worker &worker,
                            const FactorValue &a, const FactorValue &b,
                            Value acc) const {
  Value result = WarpAtom::emitProduct(builder, loc, shape, worker, a, b, acc);
  // LLVM 22 does not know that all lanes take part in WMMA (mended by its pull
  // requests 165602 and 178314), and would sink products to branches that some
  // lanes take.
  auto type = cast<VectorType>(result.getType());
  SmallVector<Value> sums = unpackWords(builder, loc, result);
  auto size = static_cast<size_t>(fragments.sums.getNumRegisters());
  for (size_t i = 0; i < sums.size(); i += size) {
    auto block = MutableArrayRef(sums).slice(i, size);
    Value vector = packWords(builder, loc, block, typeOf(block));
    llvm::copy(unpackWords(builder, loc, pin(builder, loc, vector)),
               block.begin());
  }
  return packWords(builder, loc, sums, type);
}
