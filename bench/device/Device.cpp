//===- Device.cpp - Which device, and the host as one ---------------------===//

#include "Device.h"

#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sys/mman.h>
#include <unistd.h>

using namespace suite;

std::function<void(const std::string &)> suite::onFatal;

void suite::fatal(const std::string &message) {
  if (onFatal)
    onFatal(message);
  else
    std::fprintf(stderr, "suite: %s\n", message.c_str());
  // Neither destructors nor the driver's: both may hang by now.
  _exit(3);
}

std::unique_ptr<Device> Device::open(const std::string &backend,
                                     std::string &message) {
  if (backend == "cpu")
    return openHost();
  if (backend == "cuda")
    return openCuda(message);
  message = "--backend must be cpu or cuda, got '" + backend + "'";
  return nullptr;
}

namespace {
/// The host: what is on a stream has run when the call returns.
class Host : public Device {
public:
  gsa_backend backend() const override { return GSA_BACKEND_CPU; }

  std::vector<std::pair<std::string, std::string>> facts() override {
    std::ifstream file("/proc/cpuinfo");
    std::string name = "unknown";
    for (std::string line; std::getline(file, line);)
      if (line.rfind("model name", 0) == 0) {
        name = line.substr(line.find(':') + 2);
        break;
      }
    return {{"device", name}};
  }

  // The size is kept in front. Memory is taken when it is touched.
  void *allocate(size_t bytes) override {
    void *memory = mmap(nullptr, bytes + kFront, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
      return nullptr;
    std::memcpy(memory, &bytes, sizeof(bytes));
    return static_cast<char *>(memory) + kFront;
  }
  void release(void *memory) override {
    void *front = static_cast<char *>(memory) - kFront;
    size_t bytes;
    std::memcpy(&bytes, front, sizeof(bytes));
    munmap(front, bytes + kFront);
  }
  // Untouched memory costs nothing: what is not there shows as an error.
  size_t freeBytes() override { return size_t(1) << 46; }
  size_t cacheBytes() override { return size_t(32) << 20; }
  void upload(void *to, const void *from, size_t bytes) override {
    std::memcpy(to, from, bytes);
  }
  void download(void *to, const void *from, size_t bytes) override {
    std::memcpy(to, from, bytes);
  }
  void fill(void *to, unsigned char byte, size_t bytes) override {
    std::memset(to, byte, bytes);
  }
  void copy(void *to, const void *from, size_t bytes, gsa_stream) override {
    std::memmove(to, from, bytes);
  }

  gsa_stream createStream() override { return nullptr; }
  void releaseStream(gsa_stream) override {}
  void synchronize(gsa_stream) override {}

  void *createEvent() override { return new Clock::time_point; }
  void record(void *event, gsa_stream) override {
    *static_cast<Clock::time_point *>(event) = Clock::now();
  }
  double between(void *first, void *last) override {
    return std::chrono::duration<double, std::milli>(
               *static_cast<Clock::time_point *>(last) -
               *static_cast<Clock::time_point *>(first))
        .count();
  }

  void *capture(gsa_stream, const std::function<void()> &launches) override {
    return new std::function<void()>(launches);
  }
  void launchGraph(void *graph, gsa_stream) override {
    (*static_cast<std::function<void()> *>(graph))();
  }
  void releaseGraph(void *graph) override {
    delete static_cast<std::function<void()> *>(graph);
  }

private:
  using Clock = std::chrono::steady_clock;
  static constexpr size_t kFront = 4096;
};
} // namespace

std::unique_ptr<Device> suite::openHost() { return std::make_unique<Host>(); }
