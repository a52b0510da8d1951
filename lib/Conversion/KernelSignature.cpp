//===- KernelSignature.cpp - How a spec's tensors reach a kernel ----------===//

#include "gsa/Conversion/KernelSignature.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace mlir::gsa;

/// The memref through which a kernel sees a tensor. Callers pass views of
/// larger tensors, so all but the last stride are free.
static MemRefType memoryOf(RankedTensorType tensor, Type element) {
  SmallVector<int64_t> strides(tensor.getRank(), ShapedType::kDynamic);
  strides.back() = 1;
  return MemRefType::get(tensor.getShape(), element,
                         StridedLayoutAttr::get(tensor.getContext(),
                                                ShapedType::kDynamic, strides));
}

Value Kernel::addWorkspace(const Twine &name, ArrayRef<int64_t> shape,
                           bool ofTokens) {
  Builder builder(func.getContext());
  unsigned index = func.getNumArguments();
  StringRef kind = ofTokens ? "token_workspace" : "workspace";
  auto attributes = builder.getDictionaryAttr(
      {builder.getNamedAttr(kNameAttr, builder.getStringAttr(name)),
       builder.getNamedAttr(kKindAttr, builder.getStringAttr(kind))});
  // A new argument at the end of a function without results: legal always.
  LogicalResult added =
      func.insertArgument(index, MemRefType::get(shape, builder.getF32Type()),
                          attributes, func.getLoc());
  assert(succeeded(added));
  (void)added;
  return func.getArgument(index);
}

FailureOr<Kernel> mlir::gsa::createKernel(func::FuncOp spec,
                                          Type outputElement) {
  OpBuilder builder(spec);
  SmallVector<Type> types;
  SmallVector<DictionaryAttr> attributes;
  llvm::StringSet<> names;

  auto add = [&](Type type, Type element, Attribute given,
                 const std::string &fallback, StringRef kind) -> LogicalResult {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor || tensor.getRank() == 0)
      return spec.emitError("a spec's arguments and results must be ranked "
                            "tensors of at least one dimension, got ")
             << type;
    types.push_back(
        memoryOf(tensor, element ? element : tensor.getElementType()));
    auto name = dyn_cast_or_null<StringAttr>(given);
    if (!name)
      name = builder.getStringAttr(fallback);
    if (!names.insert(name.getValue()).second)
      return spec.emitError("a spec's arguments and results must have "
                            "different names, got '")
             << name.getValue() << "' twice";
    attributes.push_back(builder.getDictionaryAttr(
        {builder.getNamedAttr(kNameAttr, name),
         builder.getNamedAttr(kKindAttr, builder.getStringAttr(kind))}));
    return success();
  };

  for (auto [i, type] : llvm::enumerate(spec.getArgumentTypes())) {
    bool offsets = isa<ShapedType>(type) &&
                   cast<ShapedType>(type).getElementType().isInteger();
    if (failed(add(type, /*element=*/{}, spec.getArgAttr(i, kNameAttr),
                   "arg" + std::to_string(i), offsets ? "offsets" : "input")))
      return failure();
  }
  unsigned numResults = spec.getNumResults();
  for (auto [i, type] : llvm::enumerate(spec.getResultTypes()))
    if (failed(add(type, outputElement, spec.getResultAttr(i, kNameAttr),
                   numResults == 1 ? "out" : "out" + std::to_string(i),
                   "output")))
      return failure();

  Kernel kernel{spec, {}, {}, std::make_unique<Region>()};
  kernel.spec->takeBody(spec.getBody());
  spec.setType(builder.getFunctionType(types, {}));
  spec.removeResAttrsAttr();
  spec.setAllArgAttrs(attributes);
  spec->setAttr(kKernelAttr, builder.getUnitAttr());
  Block *entry = spec.addEntryBlock();
  builder.setInsertionPointToStart(entry);
  func::ReturnOp::create(builder, spec.getLoc());
  unsigned numInputs = kernel.spec->getNumArguments();
  for (auto [i, argument] : llvm::enumerate(entry->getArguments()))
    (i < numInputs ? kernel.inputs : kernel.outputs).push_back(argument);
  return kernel;
}
