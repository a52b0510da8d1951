//===- Call.cpp - One call of a kernel on a device ------------------------===//

#include "Call.h"
#include "Parallel.h"

using namespace suite;
using namespace mlir::gsa::run;

//===----------------------------------------------------------------------===//
// The host's side
//===----------------------------------------------------------------------===//

bool Arguments::create(const Case &theCase, std::string &message) {
  one = &theCase;
  entry = findEntry(theCase);
  if (!findExtents(*one, *entry->kernel, extents, message))
    return false;
  for (const Case::Set &set : one->sets) {
    bool found = false;
    for (int32_t i = 0; i < count(); ++i)
      found |= describe(i).kind != GSA_OUTPUT && set.name == describe(i).name;
    if (!found) {
      message = "--set must name an input, got '" + set.name + "'";
      return false;
    }
  }
  for (int32_t i = 0; i < count(); ++i) {
    const gsa_argument &argument = describe(i);
    Shape shape = shapeOf(argument.shape, argument.rank, extents);
    auto tensor = Tensor::create(shape, argument.dtype, one->storage);
    if (!tensor) {
      message = "a tensor must fit into the host's memory, got shape " +
                printShape(shape);
      return false;
    }
    Source source;
    if (!Source::create(*one, *entry, i, extents, source, message))
      return false;
    if (argument.kind != GSA_OUTPUT && countElements(shape) > 0) {
      int64_t size = tensor->rowSize(), rows = tensor->countRows();
      int64_t part = std::max<int64_t>(1, 65536 / std::max<int64_t>(size, 1));
      parallelFor((rows + part - 1) / part, [&](int64_t i) {
        int64_t first = i * part, count = std::min(part, rows - first);
        std::vector<double> values(count * size);
        source.fill(values.data(), first * size, count * size);
        tensor->store(values.data(), first, count);
      });
    }
    sources.push_back(std::move(source));
    tensors.push_back(std::move(*tensor));
  }
  return true;
}

//===----------------------------------------------------------------------===//
// The device's side
//===----------------------------------------------------------------------===//

std::unique_ptr<Call> Call::create(Device &device, const Arguments &host,
                                   const Call *shared) {
  std::unique_ptr<Call> call(new Call(device, *host.entry));
  size_t size = sizeof(gsa_params) + host.tensors.size() * sizeof(gsa_tensor);
  static_assert(sizeof(gsa_params) % 8 == 0 && sizeof(gsa_tensor) % 8 == 0);
  call->words.resize(size / 8);
  call->params()->size = size;
  call->params()->backends = 1 << device.backend();
  for (int32_t i = 0; i < host.count(); ++i) {
    const Tensor &tensor = host.tensors[i];
    bool isOutput = host.describe(i).kind == GSA_OUTPUT;
    auto memory =
        shared && !isOutput
            ? shared->memory[i]
            : std::make_shared<DeviceMemory>(device, tensor.blockSize());
    if (!*memory)
      return nullptr;
    gsa_tensor &view = call->tensors()[i];
    view = tensor.get();
    // As far into the block as on the host.
    view.data =
        memory->get() + (static_cast<char *>(view.data) - tensor.block());
    call->memory.push_back(std::move(memory));
    call->sizes.push_back(tensor.blockSize());
  }
  return call;
}

std::vector<std::string> Call::images(const Case &one,
                                      std::vector<std::string> &leftOut) {
  gsa_query_result result = {};
  result.size = sizeof(result);
  auto ask = [&](const char *name) {
    params()->chip = name;
    bool runs = gsa_query(entry.kernel, params(), &result) == GSA_SUCCESS;
    params()->chip = nullptr;
    return runs;
  };
  std::vector<std::string> names;
  bool each = one.chips == "each", best = one.chips == "best";
  if (ask(each || best ? nullptr : one.chips.c_str()))
    names.emplace_back(result.chip);
  else
    leftOut.push_back(one.chips + ": " + gsa_error_detail());
  for (int32_t i = 0; each && i < entry.kernel->num_images; ++i) {
    const gsa_image &image = entry.kernel->images[i];
    // One chip may have two images, assembled and not: a name picks the one
    // that runs here.
    if (image.backend != device.backend() ||
        std::find(names.begin(), names.end(), image.chip) != names.end())
      continue;
    if (ask(image.chip))
      names.emplace_back(image.chip);
    else
      leftOut.push_back(std::string(image.chip) + ": " + gsa_error_detail());
  }
  return names;
}

bool Call::choose(const std::string &wanted, int32_t threads,
                  std::string &message) {
  chip = wanted;
  params()->chip = chip.empty() ? nullptr : chip.c_str();
  params()->threads = threads;
  chosen = {};
  chosen.size = sizeof(chosen);
  if (gsa_query(entry.kernel, params(), &chosen) != GSA_SUCCESS) {
    message = gsa_error_detail();
    return false;
  }
  workspace.reset();
  params()->workspace = nullptr;
  params()->workspace_size = chosen.workspace_size;
  if (chosen.workspace_size) {
    workspace = std::make_unique<DeviceMemory>(device, chosen.workspace_size);
    if (!*workspace) {
      message = "the workspace must fit into the device's memory, got " +
                std::to_string(chosen.workspace_size) + " bytes";
      return false;
    }
    params()->workspace = workspace->get();
  }
  return true;
}

void Call::launch(gsa_stream stream) {
  if (gsa_launch(entry.kernel, params(), stream) != GSA_SUCCESS)
    fatal(std::string("a launch must succeed, got: ") + gsa_error_detail());
}

void Call::uploadInputs(const Arguments &host) {
  for (int32_t i = 0; i < host.count(); ++i) {
    const Tensor &tensor = host.tensors[i];
    if (host.describe(i).kind != GSA_OUTPUT)
      tensor.forEachPiece([&](char *piece, size_t bytes) {
        device.upload(data(i) + (piece - tensor.block()), piece, bytes);
      });
  }
}

void Call::clearOutputs(const Arguments &host) {
  for (int32_t i = 0; i < host.count(); ++i) {
    const Tensor &tensor = host.tensors[i];
    if (host.describe(i).kind == GSA_OUTPUT)
      tensor.forEachPiece([&](char *piece, size_t bytes) {
        if (bytes)
          device.fill(data(i) + (piece - tensor.block()), 0xff, bytes);
      });
  }
}

void Call::download(int32_t i, Tensor &tensor) {
  tensor.forEachPiece([&](char *piece, size_t bytes) {
    device.download(piece, data(i) + (piece - tensor.block()), bytes);
  });
}

double Call::bytes() const {
  double sum = 0;
  auto *self = const_cast<Call *>(this);
  for (int32_t i = 0; i < entry.kernel->num_arguments; ++i) {
    const gsa_tensor &tensor = self->tensors()[i];
    double elements = 1;
    for (int32_t d = 0; d < tensor.rank; ++d)
      elements *= double(tensor.shape[d]);
    sum += elements * double(gsa_dtype_bytes(tensor.dtype));
  }
  return sum;
}
