//===- MMA.cpp - mma.sync -------------------------------------------------===//
//
// PTX ISA 9.0, 9.7.14.5.8 (m16n8k16).
//
//===----------------------------------------------------------------------===//

#include "Fragments.h"
#include "Products.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::gsa;

MMAAtom::MMAAtom(const NVIDIADevice &device)
    : WarpAtom("mma.m16n8k16", nvidia::getM16N8K16(), device) {}

void MMAAtom::emitStep(OpBuilder &builder, Location loc, Type factor,
                       ArrayRef<Value> a, ArrayRef<Value> b,
                       MutableArrayRef<Value> sums) const {
  Assembly assembly;
  assembly.hasSideEffects = assembly.touchesMemory = false;
  SmallVector<std::string> d, aNames, bNames;
  for (Value sum : sums)
    d.push_back(assembly.addResult(sum.getType(), "=f"));
  for (Value word : a)
    aNames.push_back(assembly.addOperand(word, "r"));
  for (Value word : b)
    bNames.push_back(assembly.addOperand(word, "r"));
  for (auto [i, sum] : llvm::enumerate(sums))
    assembly.addOperand(sum, std::to_string(i));
  auto list = [](ArrayRef<std::string> names) {
    return "{" + llvm::join(names, ", ") + "}";
  };
  StringRef type = factor.isBF16() ? "bf16" : "f16";
  assembly.text = ("mma.sync.aligned.m16n8k16.row.col.f32." + type + "." +
                   type + ".f32 " + list(d) + ", " + list(aNames) + ", " +
                   list(bNames) + ", " + list(d) + ";")
                      .str();
  for (auto [sum, result] : llvm::zip_equal(sums, assembly.emit(builder, loc)))
    sum = result;
}
