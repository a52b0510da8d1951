//===- Bench.cpp - How long a case takes ----------------------------------===//

#include "Run.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>

using namespace suite;
using namespace mlir::gsa::run;

static double median(std::vector<double> &times) {
  std::sort(times.begin(), times.end());
  size_t middle = times.size() / 2;
  return times.size() % 2 ? times[middle]
                          : (times[middle - 1] + times[middle]) / 2;
}

/// What a device that was idle, while an image was assembled say, is kept at
/// work before anything counts: its clocks rise within tens of milliseconds.
/// With 15 launches, a kernel measured right behind its loading took 1 to 3%
/// longer than a second time.
static constexpr double kWarmMilliseconds = 100;

/// Takes a device 0.2 ms to copy. With 64 MiB, a host that was slow for a while
/// counted again: 18 us of the median launch, in 1 of 29 rows.
static constexpr size_t kBusyBytes = size_t(256) << 20;

double suite::copyBandwidth(Device &device, bool quick) {
  size_t bytes = size_t(quick ? 64 : 1024) << 20;
  DeviceMemory from(device, bytes), to(device, bytes);
  if (!from || !to)
    return 0;
  device.fill(from.get(), 0x3c, bytes);
  gsa_stream stream = device.createStream();
  void *first = device.createEvent(), *last = device.createEvent();
  std::vector<double> times;
  for (double warm = 0; times.size() < size_t(quick ? 3 : 30);) {
    device.record(first, stream);
    device.copy(to.get(), from.get(), bytes, stream);
    device.record(last, stream);
    double time = device.between(first, last);
    if (quick || warm >= kWarmMilliseconds)
      times.push_back(time);
    warm += time;
  }
  return 2 * double(bytes) / (median(times) * 1e-3);
}

/// Fills an input on the device: a part of its numbers, over and over. Values
/// that decide how fast a kernel is, gates above all, do not change by that.
static void fillInput(Device &device, Call &call, const Arguments &arguments,
                      int32_t i, gsa_stream stream) {
  Shape shape = shapeOf(arguments.describe(i).shape, arguments.describe(i).rank,
                        arguments.extents);
  int64_t count = std::min<int64_t>(countElements(shape), 1 << 20);
  if (count == 0)
    return;
  int32_t dtype = arguments.describe(i).dtype;
  std::vector<double> values(count);
  arguments.sources[i].fill(values.data(), 0, count);
  size_t element = gsa_dtype_bytes(dtype), filled = count * element;
  std::vector<char> bytes(filled);
  for (int64_t j = 0; j < count; ++j) {
    uint64_t bits = encode(values[j], dtype);
    std::memcpy(bytes.data() + j * element, &bits, element);
  }
  device.upload(call.data(i), bytes.data(), filled);
  size_t all = countElements(shape) * element;
  while (filled < all) {
    size_t more = std::min(filled, all - filled);
    device.copy(call.data(i) + filled, call.data(i), more, stream);
    filled += more;
  }
}

/// The case without its inputs' numbers on the host, which large problems take
/// long to make.
static bool describe(const Case &one, Arguments &arguments,
                     std::string &message) {
  arguments.one = &one;
  arguments.entry = findEntry(one);
  if (!findExtents(one, *arguments.entry->kernel, arguments.extents, message))
    return false;
  for (int32_t i = 0; i < arguments.count(); ++i) {
    const gsa_argument &argument = arguments.describe(i);
    auto tensor = Tensor::create(
        shapeOf(argument.shape, argument.rank, arguments.extents),
        argument.dtype, Storage::Dense);
    Source source;
    if (!tensor) {
      message = "a tensor must fit into the host's memory";
      return false;
    }
    if (!Source::create(one, *arguments.entry, i, arguments.extents, source,
                        message))
      return false;
    arguments.sources.push_back(std::move(source));
    arguments.tensors.push_back(std::move(*tensor));
  }
  return true;
}

namespace {
using Clock = std::chrono::steady_clock;

/// Launches of one image, each with the next of some sets of inputs.
class Meter {
public:
  Meter(Device &device, std::vector<std::unique_ptr<Call>> &sets, bool quick)
      : device(device), sets(sets), quick(quick), stream(device.createStream()),
        busy(device, quick ? 1 : 2 * kBusyBytes) {}
  Meter(const Meter &) = delete;
  ~Meter() { device.releaseStream(stream); }

  void measure(BenchResult &result);

private:
  void launch() { sets[next++ % sets.size()]->launch(stream); }
  /// Whether `times` are enough: as many as asked for, or fewer of a kernel
  /// that takes long.
  bool isEnough(const std::vector<double> &times, size_t wanted) const {
    double sum = 0;
    for (double time : times)
      sum += time;
    size_t least = quick ? 2 : 5;
    return times.size() >= (quick ? least : wanted) ||
           (times.size() >= least && sum > 2000);
  }

  Device &device;
  std::vector<std::unique_ptr<Call>> &sets;
  bool quick;
  gsa_stream stream;
  DeviceMemory busy;
  size_t next = 0;
};
} // namespace

void Meter::measure(BenchResult &result) {
  void *first = device.createEvent(), *last = device.createEvent();
  // While the device copies, the host asks for all that is to be timed: else a
  // host that was away for a moment would count, up to 50 us of a launch.
  auto time = [&](const std::function<void()> &body) {
    if (!quick && busy)
      device.copy(busy.get() + kBusyBytes, busy.get(), kBusyBytes, stream);
    device.record(first, stream);
    body();
    device.record(last, stream);
    return device.between(first, last);
  };
  for (double warm = 0; warm < (quick ? 0 : kWarmMilliseconds);)
    warm += time([&] { launch(); });

  std::vector<double> alone;
  while (!isEnough(alone, 60))
    alone.push_back(time([&] { launch(); }));
  result.alone = median(alone);
  result.least = alone.front();
  result.most = alone.back();
  result.launches = int(alone.size());

  // As many launches as take a tenth of a second, in rounds.
  int count =
      quick ? 2 : int(std::clamp(100 / std::max(result.alone, 1e-3), 2., 60.));
  auto launchAll = [&] {
    for (int i = 0; i < count; ++i)
      launch();
  };
  std::vector<double> stream, graph;
  while (!isEnough(stream, 7))
    stream.push_back(time(launchAll) / count);
  result.stream = median(stream);
  void *captured = device.capture(this->stream, launchAll);
  time([&] { device.launchGraph(captured, this->stream); });
  while (!isEnough(graph, 7))
    graph.push_back(time([&] { device.launchGraph(captured, this->stream); }) /
                    count);
  result.graph = median(graph);
  device.releaseGraph(captured);
}

std::vector<BenchResult> suite::bench(Device &device, const Case &one,
                                      bool quick) {
  BenchResult result;
  const Entry &entry = *findEntry(one);
  if (!entry.kernel) {
    result.detail = std::string("the spec must compile, got: ") + entry.failure;
    return {result};
  }
  Arguments arguments;
  if (!describe(one, arguments, result.detail))
    return {result};
  std::vector<std::unique_ptr<Call>> sets;
  sets.push_back(Call::create(device, arguments));
  size_t wanted = 2;
  if (sets[0] && !quick)
    // Between two uses of a set, twice of what the cache holds passes.
    wanted = std::max<size_t>(
        3, 1 + size_t(2 * double(device.cacheBytes()) / sets[0]->bytes()));
  while (sets.size() < wanted && sets.back())
    sets.push_back(Call::create(device, arguments));
  if (!sets.back()) {
    result.status = Status::Skip;
    result.detail = "the device's memory must hold the problem's inputs, got "
                    "room for " +
                    std::to_string(sets.size() - 1) + " sets";
    return {result};
  }
  gsa_stream stream = device.createStream();
  for (std::unique_ptr<Call> &set : sets)
    for (int32_t i = 0; i < arguments.count(); ++i)
      if (arguments.describe(i).kind != GSA_OUTPUT)
        fillInput(device, *set, arguments, i, stream);
  device.synchronize(stream);

  std::vector<BenchResult> results;
  std::vector<std::string> leftOut;
  for (const std::string &chip : sets[0]->images(one, leftOut)) {
    BenchResult image;
    image.chip = chip;
    image.bytes = sets[0]->bytes();
    image.sets = int(sets.size());
    bool chosen = true;
    for (std::unique_ptr<Call> &set : sets)
      chosen = chosen && set->choose(chip, 0, image.detail);
    if (chosen) {
      image.schedule = sets[0]->plan().schedule;
      image.workspace = int64_t(sets[0]->plan().workspace_size);
      Meter(device, sets, quick).measure(image);
      // Every set had the same inputs, so all outputs are the same.
      image.status = Status::Pass;
      for (int32_t i = 0; i < arguments.count(); ++i) {
        if (arguments.describe(i).kind != GSA_OUTPUT)
          continue;
        sets[0]->download(i, arguments.tensors[i]);
        std::vector<char> bits = arguments.tensors[i].bytes();
        for (std::unique_ptr<Call> &set : sets) {
          set->download(i, arguments.tensors[i]);
          if (arguments.tensors[i].bytes() != bits) {
            image.status = Status::Fail;
            image.detail = "every launch must give the same bits, got others";
          }
        }
      }
    }
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

double suite::firstResult(const std::string &backend, const Case &one,
                          int64_t start, std::string &message) {
  auto now = [] {
    return std::chrono::duration<double, std::milli>(
               Clock::now().time_since_epoch())
        .count();
  };
  double before = now();
  std::unique_ptr<Device> device = Device::open(backend, message);
  if (!device)
    return -1;
  gsa_stream stream = device->createStream();
  double driver = now() - before;

  const Entry &entry = *findEntry(one);
  Case small = one;
  small.batch = 1;
  small.time = 64;
  Arguments arguments;
  if (!entry.kernel) {
    message = entry.failure;
    return -1;
  }
  if (!arguments.create(small, message))
    return -1;
  std::unique_ptr<Call> call = Call::create(*device, arguments);
  if (!call || !call->choose("", 0, message))
    return -1;
  call->uploadInputs(arguments);
  call->launch(stream);
  device->synchronize(stream);
  return now() - double(start) * 1e-6 - driver;
}
