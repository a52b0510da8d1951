//===- Run.cpp - One spec, compiled, and runs of it -----------------------===//

#include "Run.h"
#include "Check.h"
#include "Npy.h"
#include "Progress.h"

#include "dialects/GSA/GSA.h"
#include "gsa/Target/HostTarget.h"
#include "gsa/Transforms/Passes.h"
#include "gsa/gsa.hpp"

#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"

#include <chrono>
#include <cmath>

using namespace mlir;
using namespace mlir::gsa;
using namespace mlir::gsa::run;

//===----------------------------------------------------------------------===//
// Compile
//===----------------------------------------------------------------------===//

/// An error whose diagnostics were printed.
static llvm::Error printed() { return fail(""); }

static int64_t noBlocks(const gsa_extents *) { return 0; }
static void noEntry(const gsa_tensor *, int64_t, void *) {}

/// The best target of this machine. The choice among images is the runtime's:
/// it is asked about a kernel with an image for each.
static llvm::Expected<std::string> findHostTarget() {
  std::vector<const HostTarget *> hosts;
  std::vector<std::string> names;
  for (const Target *target : getTargets())
    if (auto *host = dyn_cast<HostTarget>(target)) {
      hosts.push_back(host);
      names.push_back(host->getName().str());
    }
  gsa_stage stage = {};
  stage.symbol = "host";
  stage.grid = noBlocks;
  stage.entry = noEntry;
  std::vector<gsa_image> images;
  for (auto [host, name] : llvm::zip(hosts, names)) {
    // Variants come along with the target that they are of.
    if (llvm::any_of(hosts, [&](const HostTarget *other) {
          return other->getBF16Variant() == host;
        }))
      continue;
    gsa_image image = {};
    image.chip = name.c_str();
    image.backend = host->getBackend();
    image.rank = host->getRank();
    image.schedule = "";
    image.stages = &stage;
    image.num_stages = 1;
    image.features = host->getHostFeatures();
    images.push_back(image);
  }
  gsa_kernel kernel = {};
  kernel.abi_version = GSA_ABI_VERSION;
  kernel.name = "host";
  kernel.num_images = int32_t(images.size());
  kernel.images = images.data();
  gsa_params params = {};
  params.size = sizeof(params);
  params.backends = 1 << GSA_BACKEND_CPU;
  gsa_query_result result = {};
  result.size = sizeof(result);
  if (gsa_query(&kernel, &params, &result) != GSA_SUCCESS)
    return fail(gsa_error_detail());
  return std::string(result.chip);
}

Session::Session(const SessionOptions &options) : options(options) {
  registerCompilerDialects(registry);
  context =
      std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  context->printOpOnDiagnostic(false);
}

llvm::Error Session::load() {
  if (options.targets.empty()) {
    llvm::Expected<std::string> target = findHostTarget();
    if (!target)
      return target.takeError();
    options.targets = {*target};
  }
  std::string message;
  auto file = openInputFile(options.spec, &message);
  if (!file)
    return fail(message);
  sources.AddNewSourceBuffer(std::move(file), llvm::SMLoc());
  handler =
      std::make_unique<SourceMgrDiagnosticHandler>(sources, context.get());
  spec = parseSourceFile<ModuleOp>(sources, context.get());
  if (!spec)
    return printed();

  OwningOpRef<ModuleOp> module(spec->clone());
  FailureOr<CompiledObject> compiled =
      compile(*module, {options.targets, Stage::Spec, options.verifyEach});
  if (failed(compiled))
    return printed();
  kernels = std::move(compiled->kernels);
  auto loaded = LoadedObject::load(compiled->object);
  if (!loaded)
    return loaded.takeError();
  object = std::move(*loaded);
  return llvm::Error::success();
}

llvm::Expected<std::unique_ptr<Session>>
Session::create(const SessionOptions &options) {
  std::unique_ptr<Session> session(new Session(options));
  if (llvm::Error error = session->load())
    return error;
  return session;
}

//===----------------------------------------------------------------------===//
// Call
//===----------------------------------------------------------------------===//

static llvm::Expected<Tensor> createTensor(const Shape &shape, int32_t dtype,
                                           Storage storage) {
  std::optional<Tensor> tensor = Tensor::create(shape, dtype, storage);
  if (!tensor)
    return fail("a tensor must fit into memory, got shape " +
                printShape(shape));
  return std::move(*tensor);
}

/// One call of a kernel through its C interface.
struct run::Call {
  const PackagedKernel *kernel;
  LoadedKernel code;
  Inputs inputs;
  std::vector<Values> rounded; ///< inputs as the kernel gets them
  std::vector<Tensor> tensors; ///< one for each argument
  std::optional<std::vector<Values>> reference; ///< the oracle's outputs
  ::gsa::Workspace workspace;
  const char *chip = nullptr;

  size_t firstOutput() const {
    size_t i = 0;
    while (i < kernel->arguments.size() &&
           kernel->arguments[i].kind != GSA_OUTPUT)
      ++i;
    return i;
  }

  /// The params struct that the header of the kernel declares.
  std::vector<uint64_t> params(int32_t threads) const {
    size_t size = sizeof(gsa_params) + tensors.size() * sizeof(gsa_tensor);
    static_assert(sizeof(gsa_params) % 8 == 0 && sizeof(gsa_tensor) % 8 == 0);
    std::vector<uint64_t> words(size / 8);
    auto *head = reinterpret_cast<gsa_params *>(words.data());
    head->size = size;
    head->chip = chip;
    head->threads = threads;
    head->backends = 1 << GSA_BACKEND_CPU; // where the tensors are
    head->workspace = workspace.data();
    head->workspace_size = workspace.size();
    auto *tensor = reinterpret_cast<gsa_tensor *>(head + 1);
    for (const Tensor &each : tensors)
      *tensor++ = each.get();
    return words;
  }

  /// Runs once. Outputs are what they were before if it fails.
  llvm::Error launch(int32_t threads) {
    std::vector<uint64_t> words = params(threads);
    auto *head = reinterpret_cast<gsa_params *>(words.data());
    size_t bytes = 0;
    if (code.workspaceSize(head, &bytes) != GSA_SUCCESS)
      return fail(gsa_error_detail());
    if (!workspace.reserve(bytes))
      return fail("the workspace must fit into memory, got " +
                  llvm::Twine(bytes) + " bytes");
    head->workspace = workspace.data();
    head->workspace_size = workspace.size();
    if (code.forward(head, nullptr) != GSA_SUCCESS)
      return fail(gsa_error_detail());
    return llvm::Error::success();
  }

  gsa_status query(int32_t threads, gsa_query_result &result) const {
    std::vector<uint64_t> words = params(threads);
    result = {};
    result.size = sizeof(result);
    return code.query(reinterpret_cast<gsa_params *>(words.data()), &result);
  }
};

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

static NpyArray toNpy(const Tensor &tensor) {
  NpyArray array;
  array.shape.assign(tensor.get().shape,
                     tensor.get().shape + tensor.get().rank);
  switch (gsa_dtype(tensor.get().dtype)) {
  case GSA_BF16: { // NumPy has none; it is the upper half of f32.
    array.dtype = "<f4";
    std::vector<char> narrow = tensor.bytes();
    array.data.resize(narrow.size() * 2);
    for (size_t i = 0; i < narrow.size(); i += 2) {
      array.data[2 * i + 2] = narrow[i];
      array.data[2 * i + 3] = narrow[i + 1];
    }
    return array;
  }
  case GSA_F16:
    array.dtype = "<f2";
    break;
  case GSA_F32:
    array.dtype = "<f4";
    break;
  case GSA_F64:
    array.dtype = "<f8";
    break;
  case GSA_I32:
    array.dtype = "<i4";
    break;
  case GSA_I64:
    array.dtype = "<i8";
    break;
  }
  array.data = tensor.bytes();
  return array;
}

/// Writes `folder`/<argument>.npy for arguments first to last: all or none.
static llvm::Error writeTensors(const Call &call, StringRef folder,
                                size_t first, size_t last) {
  auto refused = [&](StringRef path, std::error_code code) {
    return fail("'" + path + "' must be writable, got: " + code.message());
  };
  if (std::error_code code = llvm::sys::fs::create_directories(folder))
    return refused(folder, code);
  // Under names of their own until all are there.
  SmallVector<std::pair<llvm::sys::fs::TempFile, std::string>> files;
  auto discard = [&](llvm::Error error) {
    for (auto &[file, path] : files)
      llvm::consumeError(file.discard());
    return error;
  };
  for (size_t i = first; i < last; ++i) {
    SmallString<128> path(folder);
    llvm::sys::path::append(path, call.kernel->arguments[i].name + ".npy");
    if (llvm::sys::fs::is_directory(path))
      return discard(fail("'" + path + "' must be a file, got a directory"));
    auto file = llvm::sys::fs::TempFile::create(
        path + ".%%%%%%", llvm::sys::fs::all_read | llvm::sys::fs::all_write);
    if (!file) {
      return discard(refused(path, llvm::errorToErrorCode(file.takeError())));
    }
    int descriptor = file->FD;
    files.emplace_back(std::move(*file), path.str().str());
    llvm::raw_fd_ostream stream(descriptor, /*shouldClose=*/false);
    stream << writeNpy(toNpy(call.tensors[i]));
    stream.flush();
    if (std::error_code code = stream.error()) {
      stream.clear_error();
      return discard(refused(path, code));
    }
  }
  while (!files.empty()) {
    auto [file, path] = files.pop_back_val();
    if (llvm::Error error = file.keep(path))
      return discard(std::move(error));
  }
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Check
//===----------------------------------------------------------------------===//

llvm::Expected<std::vector<Values>>
Session::askOracle(Call &call, const std::vector<Values> &inputs) {
  if (!oracle) {
    auto created = Oracle::create(OwningOpRef<ModuleOp>(spec->clone()));
    if (failed(created))
      return printed();
    oracle = std::move(*created);
  }
  std::vector<Tensor> tensors;
  std::vector<gsa_tensor> views;
  for (auto [argument, values] : llvm::zip(call.kernel->arguments, inputs)) {
    auto tensor = createTensor(shapeOf(argument, call.inputs.extents),
                               argument.kind == GSA_OFFSETS ? argument.dtype
                                                            : int32_t(GSA_F64),
                               Storage::Dense);
    if (!tensor)
      return tensor.takeError();
    if (argument.kind != GSA_OUTPUT)
      tensor->store(values);
    views.push_back(tensor->get());
    tensors.push_back(std::move(*tensor));
  }
  if (llvm::Error error = oracle->run(call.kernel->name, views))
    return error;
  std::vector<Values> outputs;
  for (size_t i = call.firstOutput(); i < tensors.size(); ++i)
    outputs.push_back(tensors[i].load());
  return outputs;
}

llvm::Error Session::check(const Case &one, Call &call, StringRef chip) {
  bool shown = options.progress || llvm::sys::Process::StandardErrIsDisplayed();
  auto progress = std::make_unique<Progress>(shown, 7);
  if (!call.reference) {
    progress->begin("the recurrence in f64", 0);
    auto reference = askOracle(call, call.rounded);
    if (!reference)
      return reference.takeError();
    call.reference = std::move(*reference);
  }

  size_t first = call.firstOutput(), count = call.tensors.size() - first;
  MutableArrayRef<Tensor> outputs =
      MutableArrayRef<Tensor>(call.tensors).drop_front(first);
  std::vector<std::vector<char>> bits;
  // The first run is the one that is compared; the others must repeat it.
  int32_t step = 0;
  for (int32_t threads : {one.threads, one.threads, 1, 2, 3}) {
    progress->begin("kernels", ++step);
    for (Tensor &tensor : outputs)
      tensor.clear();
    if (llvm::Error error = call.launch(threads))
      return error;
    for (size_t i = 0; i < count; ++i) {
      const std::string &name = call.kernel->arguments[first + i].name;
      if (step == 1)
        bits.push_back(outputs[i].bytes());
      else if (outputs[i].bytes() != bits[i])
        return fail(
            "output '" + name + "' of " + chip +
            " must have the same bits in every run, got others in run " +
            llvm::Twine(step) + " on " + llvm::Twine(threads) + " threads");
    }
  }

  progress->begin("comparison", 6);
  std::vector<double> offsets;
  for (auto [argument, values] :
       llvm::zip(call.kernel->arguments, call.rounded))
    if (argument.kind == GSA_OFFSETS)
      offsets = values.data;
  Sequences sequences{call.inputs.extents, offsets};
  std::string lines, failures;
  std::optional<std::vector<Values>> exact;
  for (size_t i = 0; i < count; ++i) {
    const PackagedArgument &argument = call.kernel->arguments[first + i];
    const Values &reference = (*call.reference)[i];
    Difference found =
        compare(argument.shape.data(), sequences, outputs[i].load(), reference);
    double bound = errorBound(argument.dtype);
    if (found.broken.empty() && found.error() > bound) {
      // What rounding costs by itself: the same recurrence, from the inputs
      // before they are rounded, against the rounded output.
      if (!exact) {
        auto asked = askOracle(call, call.inputs.values);
        if (!asked)
          return asked.takeError();
        exact = std::move(*asked);
      }
      Values output = reference;
      for (double &value : output.data)
        value = decode(encode(value, argument.dtype), argument.dtype);
      Difference rounding =
          compare(argument.shape.data(), sequences, output, (*exact)[i]);
      if (rounding.broken.empty())
        bound = std::max(bound, 2 * rounding.error());
    }
    if (!outputs[i].gapsAreUntouched())
      found.broken = "the gaps between its elements must stay as they are, got "
                     "others";
    llvm::raw_string_ostream stream(lines);
    stream << "check " << call.kernel->name << " " << chip << " "
           << argument.name << " " << gsa_dtype_name(argument.dtype)
           << ": error " << llvm::format("%.2e", found.error()) << ", bound "
           << llvm::format("%.2e", bound) << ", largest difference "
           << llvm::format("%.2e", found.largest) << "\n";
    std::string &why = found.broken;
    if (why.empty() && !(found.error() <= bound))
      why = llvm::formatv("its error must be at most {0:e2}, got {1:e2}", bound,
                          found.error());
    if (!why.empty())
      failures +=
          "output '" + argument.name + "' of " + chip.str() + ": " + why + "; ";
  }
  progress.reset();
  llvm::outs() << lines;
  llvm::outs().flush();
  if (!failures.empty())
    return fail(StringRef(failures).drop_back(2));
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Measure
//===----------------------------------------------------------------------===//

/// What the plain recurrence of a token and batch needs: two flops for each
/// element of a memory that is written, two for each that is read by a query
/// head. Slot attention with as many query as key heads: 8 M D a head.
static FailureOr<double> countFlops(ModuleOp spec, StringRef function) {
  OwningOpRef<ModuleOp> module(spec.clone());
  PassManager pm(module->getContext());
  pm.addNestedPass<func::FuncOp>(createDecomposePass());
  pm.addPass(createCSEPass());
  if (failed(pm.run(*module)))
    return failure();
  double flops = 0;
  module->lookupSymbol<func::FuncOp>(function).walk([&](Operation *op) {
    auto elements = [](MemoryType type) {
      return double(type.getRows()) * double(type.getColumns());
    };
    if (auto memory = dyn_cast<MemoryOp>(op)) {
      MemoryType type = memory.getMemory().getType();
      flops += 2 * elements(type) * double(type.getHeads());
    } else if (auto read = dyn_cast<ReadOp>(op)) {
      auto result = cast<RankedTensorType>(read.getResult().getType());
      flops += 2 * elements(read.getMemory().getType()) *
               double(result.getDimSize(2));
    }
  });
  return flops;
}

llvm::Error Session::bench(const Case &one, Call &call, StringRef chip) {
  const gsa_extents &extents = call.inputs.extents;
  double tokens = double(extents.batch) * double(extents.time);
  if (tokens == 0)
    return fail("--bench must have tokens, got none");
  FailureOr<double> flops = countFlops(*spec, call.kernel->name);
  if (failed(flops))
    return printed();
  double bytes = 0;
  for (const Tensor &tensor : call.tensors)
    bytes += double(countElements(tensor.shape())) *
             double(gsa_dtype_bytes(tensor.get().dtype));
  gsa_query_result plan;
  if (call.query(one.threads, plan) != GSA_SUCCESS)
    return fail(gsa_error_detail());

  bool shown = options.progress || llvm::sys::Process::StandardErrIsDisplayed();
  auto progress = std::make_unique<Progress>(shown, 100);
  using Clock = std::chrono::steady_clock;
  auto since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  progress->begin("warming up", 0);
  if (llvm::Error error = call.launch(one.threads))
    return error;
  std::vector<double> times;
  auto start = Clock::now();
  while (times.size() < 3 || since(start) < one.benchSeconds) {
    progress->begin("measuring",
                    int64_t(100 * since(start) / one.benchSeconds));
    auto before = Clock::now();
    if (llvm::Error error = call.launch(one.threads))
      return error;
    times.push_back(since(before));
  }
  progress.reset();
  llvm::sort(times);
  double median = times[times.size() / 2];
  llvm::outs()
      << "bench " << call.kernel->name << " " << chip << ": "
      << llvm::format("%.3f ms (median of %zu), ", median * 1e3, times.size())
      << plan.threads << (plan.threads == 1 ? " thread, " : " threads, ")
      << llvm::format("%.0f tokens/s, ", tokens / median)
      << llvm::format("%.2f GFLOP/s (recurrence: %.0f flops a token), ",
                      *flops * tokens / median * 1e-9, *flops)
      << llvm::format("%.0f bytes a token\n", bytes / tokens);
  llvm::outs().flush();
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Run
//===----------------------------------------------------------------------===//

llvm::Error Session::runImage(const Case &one, Call &call, StringRef chip) {
  if (one.check)
    if (llvm::Error error = check(one, call, chip))
      return error;
  if (one.benchSeconds > 0)
    if (llvm::Error error = bench(one, call, chip))
      return error;
  if (!one.check && one.benchSeconds == 0)
    if (llvm::Error error = call.launch(one.threads))
      return error;
  return llvm::Error::success();
}

llvm::Error Session::run(const Case &one) {
  const PackagedKernel *kernel = nullptr;
  for (const PackagedKernel &each : kernels)
    if (one.function.empty() ? kernels.size() == 1 : each.name == one.function)
      kernel = &each;
  if (!kernel) {
    std::string names;
    for (const PackagedKernel &each : kernels)
      names += (names.empty() ? "" : ", ") + each.name;
    return fail("--function must be one of " + names + ", got '" +
                one.function + "'");
  }
  Call call;
  call.kernel = kernel;
  llvm::Expected<LoadedKernel> code = object->lookup(kernel->name);
  if (!code)
    return code.takeError();
  call.code = *code;

  llvm::Expected<Inputs> inputs = makeInputs(
      *kernel, findDecays(spec->lookupSymbol<func::FuncOp>(kernel->name)),
      one.inputs);
  if (!inputs)
    return inputs.takeError();
  call.inputs = std::move(*inputs);
  for (auto [argument, values] :
       llvm::zip(kernel->arguments, call.inputs.values)) {
    auto tensor = createTensor(shapeOf(argument, call.inputs.extents),
                               argument.dtype, one.storage);
    if (!tensor)
      return tensor.takeError();
    if (argument.kind != GSA_OUTPUT)
      tensor->store(values);
    call.rounded.push_back(
        argument.kind != GSA_OUTPUT && one.check ? tensor->load() : Values());
    call.tensors.push_back(std::move(*tensor));
  }

  // Which images.
  std::vector<std::string> chips;
  gsa_query_result plan;
  if (one.chip == "each") {
    for (const PackagedImage &image : kernel->images) {
      std::string chip = image.target->getName().str();
      call.chip = chip.c_str();
      gsa_status status = call.query(one.threads, plan);
      if (status == GSA_SUCCESS)
        chips.push_back(chip);
      else if (status == GSA_ERROR_NO_IMAGE)
        llvm::outs() << "left out " << chip << ": " << gsa_error_detail()
                     << "\n";
      else
        return fail(gsa_error_detail());
    }
    if (chips.empty())
      return fail("--chip=each must have an image that runs here, got none");
  } else {
    call.chip = one.chip.empty() ? nullptr : one.chip.c_str();
    if (call.query(one.threads, plan) != GSA_SUCCESS)
      return fail(gsa_error_detail());
    chips.push_back(plan.chip);
  }

  for (const std::string &chip : chips) {
    call.chip = chip.c_str();
    if (llvm::Error error = runImage(one, call, chip))
      return error;
  }
  call.chip = nullptr;

  size_t first = call.firstOutput();
  if (!one.dumpInputs.empty())
    if (llvm::Error error = writeTensors(call, one.dumpInputs, 0, first))
      return error;
  if (!one.output.empty())
    if (llvm::Error error =
            writeTensors(call, one.output, first, call.tensors.size()))
      return error;
  return llvm::Error::success();
}
