//===- Describe.cpp - What the kernels of a module are --------------------===//

#include "Package.h"
#include "dialects/GSA/GSA.h"
#include "dialects/GSA/GSANames.h"
#include "gsa/Target/HostTarget.h"
#include "gsa/kernel.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace mlir::gsa;

/// The gsa_dtype of an element type, or nothing.
static std::optional<int32_t> dtypeOf(Type type) {
  if (type.isF32())
    return GSA_F32;
  if (type.isF16())
    return GSA_F16;
  if (type.isBF16())
    return GSA_BF16;
  if (type.isF64())
    return GSA_F64;
  if (type.isInteger(32))
    return GSA_I32;
  if (type.isInteger(64))
    return GSA_I64;
  return std::nullopt;
}

static FailureOr<PackagedArgument> describeArgument(LLVM::LLVMFuncOp entry,
                                                    Attribute attr) {
  auto fail = [&] {
    return entry.emitOpError()
           << "gsa.arguments must hold name, kind, type and shape, got "
           << attr;
  };
  auto dictionary = dyn_cast<DictionaryAttr>(attr);
  if (!dictionary)
    return fail();
  auto name = dictionary.getAs<StringAttr>("name");
  auto kind = dictionary.getAs<StringAttr>("kind");
  auto type = dictionary.getAs<TypeAttr>("type");
  auto shape = dictionary.getAs<DenseI64ArrayAttr>("shape");
  if (!name || !kind || !type || !shape || shape.size() > GSA_MAX_RANK)
    return fail();
  std::optional<int32_t> dtype = dtypeOf(type.getValue());
  int32_t kindValue = llvm::StringSwitch<int32_t>(kind.getValue())
                          .Case("input", GSA_INPUT)
                          .Case("output", GSA_OUTPUT)
                          .Case("offsets", GSA_OFFSETS)
                          .Cases("workspace", "token_workspace", GSA_WORKSPACE)
                          .Default(-1);
  if (!dtype || kindValue < 0)
    return fail();
  return PackagedArgument{name.str(),
                          SmallVector<int64_t, 4>(shape.asArrayRef()), *dtype,
                          kindValue};
}

/// A name that assemblers and linkers take unquoted.
static std::string mangle(StringRef kernel, StringRef target) {
  std::string name = (kernel + "__" + target).str();
  for (char &c : name)
    if (!llvm::isAlnum(c))
      c = '_';
  return name;
}

/// The spec's name, which all of its launches have before two underscores.
static std::string nameOf(LLVM::LLVMFuncOp entry) {
  StringRef name = entry.getSymName();
  return (entry->hasAttr(kStageAttr) ? name.split("__").first : name).str();
}

static bool sameArguments(ArrayRef<PackagedArgument> a,
                          ArrayRef<PackagedArgument> b) {
  return llvm::equal(a, b, [](auto &x, auto &y) {
    return x.name == y.name && x.shape == y.shape && x.dtype == y.dtype &&
           x.kind == y.kind;
  });
}

static LogicalResult describeHostStage(LLVM::LLVMFuncOp entry,
                                       const HostTarget &target,
                                       PackagedImage &image) {
  auto scratch = entry->getAttrOfType<IntegerAttr>("gsa.scratch");
  if (!scratch)
    return entry.emitOpError() << "for a host must have gsa.scratch";
  image.rank = target.getRank();
  image.scratch = scratch.getInt();
  PackagedStage stage;
  stage.symbol = entry.getSymName().str();
  stage.entry = mangle(stage.symbol, target.getName());
  stage.grid = stage.entry + "_grid";
  image.stages.push_back(std::move(stage));
  return success();
}

static FailureOr<PackagedMap> describeMap(LLVM::LLVMFuncOp entry,
                                          Attribute attr) {
  auto dictionary = dyn_cast<DictionaryAttr>(attr);
  auto get = [&](StringRef name) {
    return dictionary ? dictionary.getAs<IntegerAttr>(name) : IntegerAttr();
  };
  IntegerAttr tensor = get("tensor"), swizzle = get("swizzle");
  auto box = dictionary ? dictionary.getAs<DenseI64ArrayAttr>("box")
                        : DenseI64ArrayAttr();
  if (!tensor || !swizzle || !box || box.size() > GSA_MAX_RANK)
    return entry.emitOpError()
           << kMapsAttr << " must hold tensor, swizzle and box, got " << attr;
  PackagedMap map{int32_t(tensor.getInt()), int32_t(swizzle.getInt()), {}};
  for (int64_t size : box.asArrayRef())
    map.box.push_back(int32_t(size));
  return map;
}

/// All but the code, which is not compiled yet.
static LogicalResult describeDeviceStage(LLVM::LLVMFuncOp entry,
                                         const Target &target,
                                         PackagedImage &image) {
  auto threads = entry->getAttrOfType<IntegerAttr>(kThreadsAttr);
  auto shared = entry->getAttrOfType<IntegerAttr>(kSharedAttr);
  auto cluster = entry->getAttrOfType<IntegerAttr>(kClusterAttr);
  if (!threads || !shared)
    return entry.emitOpError() << "for a device must have " << kThreadsAttr
                               << " and " << kSharedAttr;
  PackagedStage stage;
  stage.symbol = entry.getSymName().str();
  stage.grid = mangle(stage.symbol, target.getName()) + "_grid";
  stage.threads = int32_t(threads.getInt());
  stage.shared = int32_t(shared.getInt());
  stage.cluster = cluster ? int32_t(cluster.getInt()) : 1;
  stage.flags = entry->hasAttr(kAwaitsAttr) ? GSA_STAGE_OVERLAP : 0;
  if (auto maps = entry->getAttrOfType<ArrayAttr>(kMapsAttr))
    for (Attribute map : maps) {
      FailureOr<PackagedMap> described = describeMap(entry, map);
      if (failed(described))
        return failure();
      stage.maps.push_back(std::move(*described));
    }
  image.stages.push_back(std::move(stage));
  return success();
}

static FailureOr<PackagedKernel> describeKernel(LLVM::LLVMFuncOp entry) {
  FailureOr<const Target *> target = getTarget(entry);
  if (failed(target))
    return failure();
  auto arguments = entry->getAttrOfType<ArrayAttr>("gsa.arguments");
  auto schedule = entry->getAttrOfType<ScheduleAttr>(kScheduleAttr);
  if (!arguments || !schedule)
    return entry.emitOpError() << "must have gsa.arguments and gsa.schedule";
  PackagedKernel kernel;
  kernel.name = nameOf(entry);
  PackagedImage image;
  image.target = *target;
  for (Attribute attr : arguments) {
    FailureOr<PackagedArgument> argument = describeArgument(entry, attr);
    if (failed(argument))
      return failure();
    (argument->kind == GSA_WORKSPACE ? image.workspaces : kernel.arguments)
        .push_back(std::move(*argument));
  }
  llvm::raw_string_ostream(image.schedule) << schedule;
  if (entry->hasAttr("gsa.segments"))
    image.segments = mangle(kernel.name, (*target)->getName()) + "_segments";
  auto *host = dyn_cast<HostTarget>(*target);
  if (failed(host ? describeHostStage(entry, *host, image)
                  : describeDeviceStage(entry, **target, image)))
    return failure();
  kernel.images.push_back(std::move(image));
  return kernel;
}

/// Adds a launch to an image of the same target.
static void addStage(PackagedImage &image, PackagedImage other) {
  image.stages.push_back(std::move(other.stages.front()));
  image.scratch = std::max(image.scratch, other.scratch);
  if (!other.segments.empty())
    image.segments = other.segments;
}

FailureOr<std::vector<PackagedKernel>> gsa::describeKernels(ModuleOp module) {
  std::vector<PackagedKernel> kernels;
  for (auto nested : module.getOps<ModuleOp>()) {
    for (auto entry : nested.getOps<LLVM::LLVMFuncOp>()) {
      if (!entry->hasAttr(kKernelAttr))
        continue;
      FailureOr<PackagedKernel> found = describeKernel(entry);
      if (failed(found))
        return failure();
      auto known = llvm::find_if(
          kernels, [&](auto &kernel) { return kernel.name == found->name; });
      if (known == kernels.end()) {
        kernels.push_back(std::move(*found));
        continue;
      }
      PackagedImage &image = found->images.front(),
                    &last = known->images.back();
      bool isStage = last.target == image.target;
      if (!sameArguments(known->arguments, found->arguments) ||
          (isStage && !sameArguments(last.workspaces, image.workspaces)))
        return entry.emitOpError()
               << "must have the same arguments for every target and stage";
      if (isStage)
        addStage(last, std::move(image));
      else
        known->images.push_back(std::move(image));
    }
  }
  if (kernels.empty())
    return module.emitError() << "a module must have a kernel, got none";
  return kernels;
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

/// Names that C99 and C++17 keep for themselves, or that <iso646.h> defines.
static const llvm::StringSet<> &reservedWords() {
  static const llvm::StringSet<> words = {
      "alignas",      "alignof",  "and",           "and_eq",
      "asm",          "auto",     "bitand",        "bitor",
      "bool",         "break",    "case",          "catch",
      "char",         "char16_t", "char32_t",      "class",
      "compl",        "const",    "const_cast",    "constexpr",
      "continue",     "decltype", "default",       "delete",
      "do",           "double",   "dynamic_cast",  "else",
      "enum",         "explicit", "export",        "extern",
      "false",        "float",    "for",           "friend",
      "goto",         "if",       "inline",        "int",
      "long",         "mutable",  "namespace",     "new",
      "noexcept",     "not",      "not_eq",        "nullptr",
      "operator",     "or",       "or_eq",         "private",
      "protected",    "public",   "register",      "reinterpret_cast",
      "restrict",     "return",   "short",         "signed",
      "sizeof",       "static",   "static_assert", "static_cast",
      "struct",       "switch",   "template",      "this",
      "thread_local", "throw",    "true",          "try",
      "typedef",      "typeid",   "typename",      "union",
      "unsigned",     "using",    "virtual",       "void",
      "volatile",     "wchar_t",  "while",         "xor",
      "xor_eq"};
  return words;
}

/// A name that a user may give to anything at file scope, in C and in C++.
static bool isIdentifier(StringRef name) {
  auto isWord = [](char c) { return llvm::isAlnum(c) || c == '_'; };
  return !name.empty() && llvm::isAlpha(name.front()) &&
         llvm::all_of(name, isWord) && !name.contains("__") &&
         !reservedWords().contains(name);
}

LogicalResult gsa::checkNames(ModuleOp module,
                              ArrayRef<PackagedKernel> kernels) {
  for (const PackagedKernel &kernel : kernels) {
    if (!isIdentifier(kernel.name))
      return module.emitError() << "a kernel's name must be an identifier of C "
                                   "and C++ without '__', got '"
                                << kernel.name << "'";
    // gsa_query, gsa_kernel and others are the runtime's.
    if (kernel.name == "gsa")
      return module.emitError()
             << "a kernel's name must not be the runtime's prefix, got 'gsa'";
    llvm::StringSet<> fields = {"header"};
    for (const PackagedArgument &argument : kernel.arguments) {
      if (!isIdentifier(argument.name))
        return module.emitError()
               << "an argument's name must be an identifier of C and C++ "
                  "without '__', got '"
               << argument.name << "' in '" << kernel.name << "'";
      if (!fields.insert(argument.name).second)
        return module.emitError()
               << "an argument's name must be its own and not 'header', got '"
               << argument.name << "' in '" << kernel.name << "'";
    }
  }
  return success();
}
