//===- CheckCase.cpp - Whether a case's outputs are right -----------------===//

#include "Reference.h"
#include "Run.h"

#include <cstdio>
#include <thread>

using namespace suite;
using namespace mlir::gsa::run;

static std::string format(double number) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.2e", number);
  return text;
}

namespace {
/// One case's arguments, on the host and on the device.
class Checker {
public:
  Checker(Device &device, Arguments &arguments, Call &call)
      : device(device), arguments(arguments), call(call),
        stream(device.createStream()), reference(arguments) {}
  Checker(const Checker &) = delete;
  ~Checker() { device.releaseStream(stream); }

  void run(CheckResult &result);

private:
  /// Runs once and gets all outputs' bits.
  std::vector<std::vector<char>> launch();
  /// Whether launches at the same time give `bits`, too.
  bool repeats(const std::vector<std::vector<char>> &bits, std::string &detail);
  std::vector<std::vector<char>> download(Call &from);
  int32_t threads() const {
    // Host images: callers on threads of their own bring no more.
    return arguments.one->concurrent == Concurrent::Threads ? 1 : 0;
  }

  Device &device;
  Arguments &arguments;
  Call &call;
  gsa_stream stream;
  Reference reference;
  bool hasReference = false;
};
} // namespace

std::vector<std::vector<char>> Checker::download(Call &from) {
  std::vector<std::vector<char>> bits;
  for (int32_t i = 0; i < arguments.count(); ++i)
    if (arguments.describe(i).kind == GSA_OUTPUT) {
      from.download(i, arguments.tensors[i]);
      bits.push_back(arguments.tensors[i].bytes());
    }
  return bits;
}

std::vector<std::vector<char>> Checker::launch() {
  call.clearOutputs(arguments);
  call.launch(stream);
  device.synchronize(stream);
  return download(call);
}

bool Checker::repeats(const std::vector<std::vector<char>> &bits,
                      std::string &detail) {
  constexpr int kCallers = 2, kLaunches = 8;
  std::vector<std::unique_ptr<Call>> calls;
  std::vector<gsa_stream> streams;
  for (int i = 0; i < kCallers; ++i) {
    calls.push_back(Call::create(device, arguments, &call));
    if (!calls[i] || !calls[i]->choose(call.plan().chip, threads(), detail)) {
      detail = "the device's memory must hold a caller more, got no room";
      return false;
    }
    calls[i]->clearOutputs(arguments);
    streams.push_back(device.createStream());
  }
  if (arguments.one->concurrent == Concurrent::Streams) {
    for (int i = 0; i < kLaunches * kCallers; ++i)
      calls[i % kCallers]->launch(streams[i % kCallers]);
  } else {
    std::vector<std::thread> threads;
    for (int i = 0; i < kCallers; ++i)
      threads.emplace_back([&, i] {
        device.enter();
        for (int j = 0; j < kLaunches; ++j)
          calls[i]->launch(streams[i]);
      });
    for (std::thread &thread : threads)
      thread.join();
  }
  for (int i = 0; i < kCallers; ++i) {
    device.synchronize(streams[i]);
    device.releaseStream(streams[i]);
    if (download(*calls[i]) != bits) {
      detail = "launches at the same time must give the bits of one alone, got "
               "others on stream " +
               std::to_string(i);
      return false;
    }
  }
  return true;
}

void Checker::run(CheckResult &result) {
  if (!call.choose(result.chip, threads(), result.detail))
    return;
  result.workspace = int64_t(call.plan().workspace_size);
  std::vector<std::vector<char>> bits = launch();
  for (int again = 0; again < 2; ++again)
    if (launch() != bits) {
      result.detail = "every launch must give the same bits, got others";
      return;
    }
  if (arguments.one->concurrent != Concurrent::None &&
      !repeats(bits, result.detail))
    return;

  if (!hasReference)
    reference.run();
  hasReference = true;
  std::vector<Difference> found = reference.compare(), rounding;
  result.status = Status::Pass;
  for (size_t i = 0; i < found.size(); ++i) {
    int32_t number = arguments.count() - int32_t(found.size() - i);
    const gsa_argument &argument = arguments.describe(number);
    double bound = errorBound(argument.dtype), error = found[i].error();
    std::string &broken = found[i].broken;
    if (broken.empty() && error > bound) {
      if (rounding.empty())
        rounding = reference.rounding();
      if (rounding[i].broken.empty())
        bound = std::max(bound, 2 * rounding[i].error());
    }
    if (!arguments.tensors[number].gapsAreUntouched())
      broken = "the gaps between its elements must stay as they are, got "
               "others";
    if (broken.empty() && !(error <= bound))
      broken = "its error must be at most " + format(bound) + ", got " +
               format(error);
    if (!broken.empty()) {
      result.status = Status::Fail;
      result.detail += (result.detail.empty() ? "output '" : "; output '") +
                       std::string(argument.name) + "': " + broken;
    }
    if (result.output.empty() || error / bound > result.error / result.bound) {
      result.output = argument.name;
      result.error = error;
      result.bound = bound;
    }
  }
}

/// Bytes of a case's tensors on the device, without making them.
static double neededBytes(const Case &one, const Entry &entry,
                          const gsa_extents &extents) {
  double sum = 0;
  for (int32_t i = 0; i < entry.kernel->num_arguments; ++i) {
    const gsa_argument &argument = entry.kernel->arguments[i];
    Shape shape = shapeOf(argument.shape, argument.rank, extents);
    double elements = 1;
    for (int64_t extent : shape)
      elements *= double(extent);
    if (one.storage == Storage::Huge && elements > 0)
      for (size_t d = 0; d + 1 < shape.size(); ++d)
        if (shape[d] > 1) {
          elements += double(shape[d] - 1) * double(int64_t(1) << 31);
          break;
        }
    sum += elements * double(gsa_dtype_bytes(argument.dtype));
  }
  return sum;
}

std::vector<CheckResult> suite::check(Device &device, const Case &one) {
  CheckResult result;
  const Entry &entry = *findEntry(one);
  if (!entry.kernel) {
    result.detail = std::string("the spec must compile, got: ") + entry.failure;
    return {result};
  }
  gsa_extents extents;
  if (!findExtents(one, *entry.kernel, extents, result.detail))
    return {result};
  double needed = neededBytes(one, entry, extents);
  auto skip = [&] {
    char text[128];
    std::snprintf(text, sizeof(text),
                  "needs %.1f GiB of the device's memory, which has %.1f free",
                  needed / (1 << 30), double(device.freeBytes()) / (1 << 30));
    result.status = Status::Skip;
    result.detail = text;
    return std::vector<CheckResult>{result};
  };
  if (needed > double(device.freeBytes()))
    return skip();
  Arguments arguments;
  if (!arguments.create(one, result.detail))
    return {result};
  std::unique_ptr<Call> call = Call::create(device, arguments);
  if (!call)
    return skip();
  // Gaps are blank on both sides, so that a download shows what was written.
  if (one.storage != Storage::Huge)
    for (int32_t i = 0; i < arguments.count(); ++i)
      if (call->size(i))
        device.fill(call->data(i), 0xff, call->size(i));
  call->uploadInputs(arguments);

  std::vector<CheckResult> results;
  std::vector<std::string> leftOut;
  Checker checker(device, arguments, *call);
  for (const std::string &chip : call->images(one, leftOut)) {
    CheckResult image;
    image.chip = chip;
    checker.run(image);
    results.push_back(image);
  }
  if (results.empty()) {
    result.detail = "an image must run here, got none:";
    for (const std::string &line : leftOut)
      result.detail += " " + line;
    return {result};
  }
  return results;
}
