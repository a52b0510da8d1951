//===- Descriptors.cpp - Constants and exported functions -----------------===//
//
// The structs of kernel.h as LLVM constants. They hold addresses, so a linker
// puts them in pages that are read-only once the loader has relocated them.
//
//===----------------------------------------------------------------------===//

#include "Package.h"
#include "gsa/Target/HostTarget.h"
#include "gsa/kernel.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"

using namespace mlir;
using namespace mlir::gsa;

// The struct types below have the layout that a C compiler gives these; a field
// that moves must move there too.
static_assert(sizeof(gsa_argument) == 56 &&
              offsetof(gsa_argument, shape) == 8 &&
              offsetof(gsa_argument, rank) == 40 &&
              offsetof(gsa_argument, dtype) == 44 &&
              offsetof(gsa_argument, kind) == 48);
static_assert(
    sizeof(gsa_image) == 96 && offsetof(gsa_image, backend) == 8 &&
    offsetof(gsa_image, rank) == 12 && offsetof(gsa_image, scratch) == 16 &&
    offsetof(gsa_image, schedule) == 24 &&
    offsetof(gsa_image, features) == 32 && offsetof(gsa_image, code) == 40 &&
    offsetof(gsa_image, code_size) == 48 && offsetof(gsa_image, stages) == 56 &&
    offsetof(gsa_image, workspaces) == 64 &&
    offsetof(gsa_image, segments) == 72 &&
    offsetof(gsa_image, num_stages) == 80 &&
    offsetof(gsa_image, num_workspaces) == 84 &&
    offsetof(gsa_image, arch) == 88 && offsetof(gsa_image, match) == 92);
static_assert(sizeof(gsa_map) == 24 && offsetof(gsa_map, swizzle) == 4 &&
              offsetof(gsa_map, box) == 8);
static_assert(sizeof(gsa_stage) == 56 && offsetof(gsa_stage, grid) == 8 &&
              offsetof(gsa_stage, entry) == 16 &&
              offsetof(gsa_stage, threads) == 24 &&
              offsetof(gsa_stage, shared_bytes) == 28 &&
              offsetof(gsa_stage, cluster) == 32 &&
              offsetof(gsa_stage, flags) == 36 &&
              offsetof(gsa_stage, maps) == 40 &&
              offsetof(gsa_stage, num_maps) == 48);
static_assert(sizeof(gsa_kernel) == 40 && offsetof(gsa_kernel, role) == 4 &&
              offsetof(gsa_kernel, name) == 8 &&
              offsetof(gsa_kernel, num_arguments) == 16 &&
              offsetof(gsa_kernel, num_images) == 20 &&
              offsetof(gsa_kernel, arguments) == 24 &&
              offsetof(gsa_kernel, images) == 32);

namespace {
class Descriptors {
public:
  explicit Descriptors(llvm::Module &module)
      : module(module), builder(module.getContext()) {}

  void add(const PackagedKernel &kernel);

private:
  llvm::Constant *i32(int32_t value) { return builder.getInt32(value); }
  llvm::Constant *i64(int64_t value) { return builder.getInt64(value); }

  llvm::GlobalVariable *constant(llvm::Constant *value,
                                 llvm::GlobalValue::LinkageTypes linkage,
                                 const llvm::Twine &name) {
    auto *global = new llvm::GlobalVariable(
        module, value->getType(), /*isConstant=*/true, linkage, value, name);
    global->setAlignment(llvm::Align(8));
    return global;
  }

  llvm::Constant *string(StringRef text) {
    auto *global =
        constant(llvm::ConstantDataArray::getString(module.getContext(), text),
                 llvm::GlobalValue::PrivateLinkage, ".str");
    global->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
    global->setAlignment(llvm::Align(1));
    return global;
  }

  llvm::Constant *array(ArrayRef<llvm::Constant *> values,
                        const llvm::Twine &name) {
    auto *type = llvm::ArrayType::get(values.front()->getType(), values.size());
    return constant(llvm::ConstantArray::get(type, values),
                    llvm::GlobalValue::InternalLinkage, name);
  }

  llvm::Constant *functionOrNull(StringRef name) {
    if (name.empty())
      return llvm::ConstantPointerNull::get(builder.getPtrTy());
    return module.getFunction(name);
  }

  llvm::Constant *argument(const PackagedArgument &argument);
  llvm::Constant *stage(const PackagedStage &stage, const llvm::Twine &name);
  llvm::Constant *image(const PackagedImage &image, const llvm::Twine &name);

  /// `gsa_status name(const params *, ...)` that hands its arguments to the
  /// runtime's `callee`, with the kernel before them.
  void forwarder(const llvm::Twine &name, StringRef callee, unsigned arguments,
                 llvm::Constant *kernel);

  llvm::Module &module;
  llvm::IRBuilder<> builder;
};
} // namespace

llvm::Constant *Descriptors::argument(const PackagedArgument &argument) {
  SmallVector<int64_t, GSA_MAX_RANK> shape(argument.shape);
  shape.resize(GSA_MAX_RANK, 0);
  return llvm::ConstantStruct::getAnon(
      {string(argument.name),
       llvm::ConstantDataArray::get(module.getContext(), ArrayRef(shape)),
       i32(argument.shape.size()), i32(argument.dtype), i32(argument.kind),
       i32(0)});
}

llvm::Constant *Descriptors::stage(const PackagedStage &stage,
                                   const llvm::Twine &name) {
  SmallVector<llvm::Constant *> maps;
  for (const PackagedMap &map : stage.maps) {
    SmallVector<int32_t, GSA_MAX_RANK> box(map.box);
    box.resize(GSA_MAX_RANK, 0);
    maps.push_back(llvm::ConstantStruct::getAnon(
        {i32(map.tensor), i32(map.swizzle),
         llvm::ConstantDataArray::get(module.getContext(), ArrayRef(box))}));
  }
  return llvm::ConstantStruct::getAnon(
      {string(stage.symbol), module.getFunction(stage.grid),
       functionOrNull(stage.entry), i32(stage.threads), i32(stage.shared),
       i32(stage.cluster), i32(stage.flags),
       maps.empty() ? functionOrNull("") : array(maps, name + "_maps"),
       i32(maps.size()), i32(0)});
}

llvm::Constant *Descriptors::image(const PackagedImage &image,
                                   const llvm::Twine &name) {
  SmallVector<llvm::Constant *> stages, workspaces;
  for (const PackagedStage &each : image.stages)
    stages.push_back(stage(each, name + "_" + each.symbol));
  for (const PackagedArgument &each : image.workspaces)
    workspaces.push_back(argument(each));
  llvm::Constant *null = functionOrNull("");
  auto *host = dyn_cast<HostTarget>(image.target);
  llvm::GlobalVariable *code =
      host ? nullptr
           : module.getGlobalVariable(image.code, /*AllowInternal=*/true);
  return llvm::ConstantStruct::getAnon(
      {string(image.target->getName()), i32(image.target->getBackend()),
       i32(image.rank), i64(image.scratch), string(image.schedule),
       i64(host ? host->getHostFeatures() : 0), code ? code : null,
       i64(code ? code->getValueType()->getArrayNumElements() : 0),
       array(stages, name + "_stages"),
       workspaces.empty() ? null : array(workspaces, name + "_workspaces"),
       functionOrNull(image.segments), i32(stages.size()),
       i32(workspaces.size()),
       i32(host ? 0 : cast<DeviceTarget>(image.target)->getArch()),
       i32(host ? 0 : image.match)});
}

void Descriptors::forwarder(const llvm::Twine &name, StringRef callee,
                            unsigned arguments, llvm::Constant *kernel) {
  llvm::Type *pointer = builder.getPtrTy();
  SmallVector<llvm::Type *> types(arguments, pointer);
  auto *function = llvm::Function::Create(
      llvm::FunctionType::get(builder.getInt32Ty(), types, /*isVarArg=*/false),
      llvm::GlobalValue::ExternalLinkage, name, module);
  function->setDoesNotThrow();
  types.push_back(pointer);
  llvm::FunctionCallee runtime = module.getOrInsertFunction(
      callee, llvm::FunctionType::get(builder.getInt32Ty(), types,
                                      /*isVarArg=*/false));
  builder.SetInsertPoint(
      llvm::BasicBlock::Create(module.getContext(), "", function));
  SmallVector<llvm::Value *> values{kernel};
  for (llvm::Argument &argument : function->args())
    values.push_back(&argument);
  llvm::CallInst *call = builder.CreateCall(runtime, values);
  call->setTailCall();
  builder.CreateRet(call);
}

void Descriptors::add(const PackagedKernel &kernel) {
  SmallVector<llvm::Constant *> arguments, images;
  for (const PackagedArgument &each : kernel.arguments)
    arguments.push_back(argument(each));
  for (const PackagedImage &each : kernel.images)
    images.push_back(image(each, kernel.name + "__" + each.target->getName()));
  llvm::Constant *description = constant(
      llvm::ConstantStruct::getAnon(
          {i32(GSA_ABI_VERSION), i32(GSA_ROLE_FORWARD), string(kernel.name),
           i32(arguments.size()), i32(images.size()),
           array(arguments, kernel.name + "__arguments"),
           array(images, kernel.name + "__images")}),
      llvm::GlobalValue::ExternalLinkage, kernel.name + "_kernel");
  forwarder(kernel.name + "_forward", "gsa_launch", 2, description);
  forwarder(kernel.name + "_query", "gsa_query", 2, description);
  forwarder(kernel.name + "_preload", "gsa_preload", 1, description);
  forwarder(kernel.name + "_workspace_size", "gsa_workspace_size", 2,
            description);
}

void gsa::addDescriptors(llvm::Module &module,
                         ArrayRef<PackagedKernel> kernels) {
  Descriptors descriptors(module);
  for (const PackagedKernel &kernel : kernels)
    descriptors.add(kernel);
}
