//===- Device.h - What the suite needs of the machine's device ------------===//

#ifndef GSA_BENCH_DEVICE_DEVICE_H
#define GSA_BENCH_DEVICE_DEVICE_H

#include "gsa/runtime.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace suite {

/// Ends this process because the device cannot go on; the supervisor is told
/// `message` and starts another process for what is left.
[[noreturn]] void fatal(const std::string &message);
/// Who is told, before the process ends.
extern std::function<void(const std::string &)> onFatal;

/// Memory, streams, events and graphs of one device. What fails is fatal; all
/// but the constructor may be called from threads that called `enter`.
class Device {
public:
  /// "cpu" or "cuda". None, with a message, if there is no such device here.
  static std::unique_ptr<Device> open(const std::string &backend,
                                      std::string &message);
  virtual ~Device() = default;

  virtual gsa_backend backend() const = 0;
  /// What a report says of it: labels and texts.
  virtual std::vector<std::pair<std::string, std::string>> facts() = 0;
  /// Makes this thread's launches go to the device.
  virtual void enter() {}

  /// Bytes aligned to 256; null without memory for them.
  virtual void *allocate(size_t bytes) = 0;
  virtual void release(void *memory) = 0;
  virtual size_t freeBytes() = 0;
  virtual size_t cacheBytes() = 0; ///< of the last level
  virtual void upload(void *to, const void *from, size_t bytes) = 0;
  virtual void download(void *to, const void *from, size_t bytes) = 0;
  virtual void fill(void *to, unsigned char byte, size_t bytes) = 0;
  /// From device to device, in the order of the stream.
  virtual void copy(void *to, const void *from, size_t bytes,
                    gsa_stream stream) = 0;

  virtual gsa_stream createStream() = 0;
  virtual void releaseStream(gsa_stream stream) = 0;
  virtual void synchronize(gsa_stream stream) = 0;

  virtual void *createEvent() = 0;
  virtual void record(void *event, gsa_stream stream) = 0;
  /// Waits for `last`; the milliseconds between the two.
  virtual double between(void *first, void *last) = 0;

  /// A graph of what `launches` puts on `stream`, ready to be launched.
  virtual void *capture(gsa_stream stream,
                        const std::function<void()> &launches) = 0;
  virtual void launchGraph(void *graph, gsa_stream stream) = 0;
  virtual void releaseGraph(void *graph) = 0;
};

/// Memory of a device, as long as this lives.
class DeviceMemory {
public:
  /// Has no memory if the device has not that much.
  DeviceMemory(Device &device, size_t bytes)
      : device(device), memory(device.allocate(bytes ? bytes : 1)) {}
  DeviceMemory(DeviceMemory &&other)
      : device(other.device), memory(other.memory) {
    other.memory = nullptr;
  }
  DeviceMemory &operator=(DeviceMemory &&) = delete;
  ~DeviceMemory() {
    if (memory)
      device.release(memory);
  }
  char *get() const { return static_cast<char *>(memory); }
  explicit operator bool() const { return memory; }

private:
  Device &device;
  void *memory;
};

std::unique_ptr<Device> openHost();
std::unique_ptr<Device> openCuda(std::string &message);

} // namespace suite

#endif // GSA_BENCH_DEVICE_DEVICE_H
