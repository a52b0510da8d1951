//===- Device.cpp - Device modules to constants of the package ------------===//

#include "Package.h"
#include "dialects/GSA/GSANames.h"

#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Module.h"

using namespace mlir;
using namespace mlir::gsa;

/// Takes the functions of grids and segments, which hosts call, out of `nested`
/// and everything else into a module of its own.
static OwningOpRef<ModuleOp> splitDevice(ModuleOp nested) {
  llvm::StringSet<> grids;
  for (auto entry : nested.getOps<LLVM::LLVMFuncOp>())
    for (StringRef attribute : {"gsa.grid", "gsa.segments"})
      if (auto name = entry->getAttrOfType<FlatSymbolRefAttr>(attribute))
        grids.insert(name.getValue());
  auto isGrid = [&](Operation &op) {
    auto function = dyn_cast<LLVM::LLVMFuncOp>(op);
    return function && grids.contains(function.getSymName());
  };
  OwningOpRef<ModuleOp> device = nested.clone();
  for (Operation &op : llvm::make_early_inc_range(*device->getBody()))
    if (isGrid(op))
      op.erase();
  for (Operation &op : llvm::make_early_inc_range(*nested.getBody()))
    if (!isGrid(op))
      op.erase();
  return device;
}

static FailureOr<std::unique_ptr<llvm::Module>>
translateDevice(ModuleOp device, const DeviceTarget &target,
                llvm::LLVMContext &context) {
  DialectRegistry registry;
  target.registerTranslation(registry);
  device.getContext()->appendDialectRegistry(registry);
  // The name ends up in the code: not a path, which differs from tree to tree.
  std::unique_ptr<llvm::Module> module =
      translateModuleToLLVMIR(device, context, "gsa");
  if (!module)
    return failure();
  llvm::StringSet<> kernels;
  for (auto entry : device.getOps<LLVM::LLVMFuncOp>())
    if (entry->hasAttr(kKernelAttr))
      kernels.insert(entry.getSymName());
  for (llvm::Function &function : *module) {
    if (function.isIntrinsic() || kernels.contains(function.getName()))
      continue;
    if (function.isDeclaration() && !function.use_empty())
      return device.emitError() << "a kernel must call nothing on a device, "
                                   "got a call of '"
                                << function.getName() << "'";
    if (!function.isDeclaration())
      function.setLinkage(llvm::GlobalValue::InternalLinkage);
  }
  return module;
}

/// The constant that an image's code is, or a declaration of it.
static llvm::GlobalVariable *addCode(llvm::Module &whole, ArrayRef<char> code,
                                     const llvm::Twine &name,
                                     bool isDeclaration) {
  auto *bytes = llvm::ConstantDataArray::getRaw(
      StringRef(code.data(), code.size()), code.size(),
      llvm::Type::getInt8Ty(whole.getContext()));
  auto *global = new llvm::GlobalVariable(
      whole, bytes->getType(), /*isConstant=*/true,
      isDeclaration ? llvm::GlobalValue::ExternalLinkage
                    : llvm::GlobalValue::InternalLinkage,
      isDeclaration ? nullptr : bytes, name);
  global->setAlignment(llvm::Align(64));
  return global;
}

/// Replaces the images for `target` by one for each of `forms`.
static void addImages(const DeviceTarget &target, ArrayRef<DeviceImage> forms,
                      MutableArrayRef<PackagedKernel> kernels,
                      llvm::Module &whole, bool isDeclaration) {
  std::string first;
  SmallVector<std::string> codes;
  for (PackagedKernel &kernel : kernels) {
    auto found = llvm::find_if(
        kernel.images, [&](auto &image) { return image.target == &target; });
    if (found == kernel.images.end())
      continue;
    PackagedImage plain = *found;
    // All kernels of the module share its code, which the first one names.
    if (codes.empty())
      for (const DeviceImage &form : forms) {
        std::string name = kernel.name + "__" + target.getName().str() +
                           (form.isText ? "_text" : "_code");
        codes.push_back(
            addCode(whole, form.code, name, isDeclaration)->getName().str());
      }
    auto at = kernel.images.erase(found);
    for (auto [form, code] : llvm::zip_equal(forms, codes)) {
      PackagedImage image = plain;
      image.code = code;
      image.isText = form.isText;
      image.match = form.match;
      image.rank = form.rank;
      for (PackagedStage &stage : image.stages)
        for (const KernelUse &use : form.uses)
          if (use.kernel == stage.symbol)
            stage.use = use;
      at = std::next(kernel.images.insert(at, std::move(image)));
    }
  }
}

LogicalResult gsa::compileDeviceModule(ModuleOp nested,
                                       const DeviceTarget &target,
                                       MutableArrayRef<PackagedKernel> kernels,
                                       llvm::Module &whole) {
  OwningOpRef<ModuleOp> device = splitDevice(nested);
  llvm::LLVMContext context;
  auto module = translateDevice(*device, target, context);
  if (failed(module))
    return failure();
  FailureOr<std::vector<DeviceImage>> forms = target.serialize(
      **module, [&] { return nested.emitError(); },
      [&] { return nested.emitRemark(); });
  if (failed(forms))
    return failure();
  addImages(target, *forms, kernels, whole, /*isDeclaration=*/false);
  return success();
}

LogicalResult gsa::printDeviceModule(ModuleOp nested,
                                     const DeviceTarget &target,
                                     MutableArrayRef<PackagedKernel> kernels,
                                     llvm::Module &whole,
                                     llvm::raw_ostream &stream) {
  OwningOpRef<ModuleOp> device = splitDevice(nested);
  llvm::LLVMContext context;
  auto module = translateDevice(*device, target, context);
  if (failed(module))
    return failure();
  FailureOr<std::string> text =
      target.compileToText(**module, [&] { return nested.emitError(); });
  if (failed(text))
    return failure();
  stream << *text;
  DeviceImage form;
  form.code.assign(text->begin(), text->end());
  form.isText = true;
  form.match = 0;
  form.rank = 0;
  addImages(target, form, kernels, whole, /*isDeclaration=*/true);
  return success();
}
