//===- Driver.h - What the functions of the driver share --------*- C++ -*-===//
//
// Declared as cuda.h has it, on purpose not with the runtime's declarations.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_TEST_EMULATOR_DRIVER_H
#define GSA_TEST_EMULATOR_DRIVER_H

#include "Translate.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <thread>

#define DRIVER extern "C" __attribute__((visibility("default"))) int

namespace emulator::driver {

enum {
  Success = 0,
  InvalidValue = 1,
  OutOfMemory = 2,
  NotInitialized = 3,
  InvalidDevice = 101,
  InvalidContext = 201,
  NoBinaryForGpu = 209,
  InvalidPtx = 218,
  NotFound = 500,
  LaunchFailed = 719,
  CaptureUnsupported = 900
};

/// cuda.h: CUdevice_attribute
enum {
  MultiprocessorCount = 16,
  L2CacheSize = 38,
  ComputeCapabilityMajor = 75,
  ComputeCapabilityMinor = 76,
  MaxSharedOfBlock = 97
};
/// cuda.h: CUfunction_attribute
enum { MaxDynamicShared = 8, NonPortableCluster = 14 };

struct Context {
  int device = 0;
};
struct Function {
  Program *program;
  const Kernel *kernel;
  unsigned sharedLimit = 48 * 1024;
  bool bigClusters = false;
};
struct LoadedModule {
  std::unique_ptr<Program> program;
  std::vector<std::unique_ptr<Function>> functions;
};
using Work = std::function<int()>;
struct Graph {
  std::vector<Work> work;
};
struct Stream {
  bool isCapturing = false;
  Graph graph;
};
struct Event {
  std::chrono::steady_clock::time_point time;
};
struct Allocation {
  size_t bytes, mapped;
  char *mapping;
};

inline uint64_t environmentNumber(const char *name, uint64_t otherwise) {
  const char *text = std::getenv(name);
  return text && *text ? std::strtoull(text, nullptr, 0) : otherwise;
}

/// The machine.
class Machine {
public:
  Machine() {
    const char *text = std::getenv("GSA_EMULATED_CHIP");
    chip = text && *text ? text : "sm_90a";
    arch = chip == "sm_90a" ? 90 : chip == "sm_80" ? 80 : 0;
    processors = environmentNumber("GSA_EMULATED_SMS", 4);
    memory = environmentNumber("GSA_EMULATED_MEMORY", uint64_t(8) << 30);
    seed = environmentNumber("GSA_EMULATOR_SEED", 1);
    threads = environmentNumber("GSA_EMULATOR_THREADS",
                                std::thread::hardware_concurrency());
  }

  std::string chip;
  int arch; ///< 0 if the chip is not known
  unsigned processors;
  uint64_t memory, seed, threads;
  std::atomic<bool> initialised{false};
  /// A launch has failed, and with it the context.
  std::atomic<bool> isBroken{false};
  std::atomic<uint64_t> launches{0};
  Context context;

  std::mutex mutex; ///< of what follows
  std::map<uint64_t, Allocation> allocations;
  uint64_t allocated = 0;
  std::vector<std::unique_ptr<Ground>> grounds;

  /// Bytes of shared memory that a block may have.
  int maxShared() const { return arch == 90 ? int(kMaxShared) : 163 * 1024; }
  std::unique_ptr<Ground> takeGround() {
    std::lock_guard<std::mutex> lock(mutex);
    if (grounds.empty())
      return std::make_unique<Ground>();
    std::unique_ptr<Ground> ground = std::move(grounds.back());
    grounds.pop_back();
    return ground;
  }
  void giveGround(std::unique_ptr<Ground> ground) {
    std::lock_guard<std::mutex> lock(mutex);
    grounds.push_back(std::move(ground));
  }
  /// Whether all of [address, address + bytes) is one allocation's.
  bool holds(uint64_t address, size_t bytes) {
    std::lock_guard<std::mutex> lock(mutex);
    auto after = allocations.upper_bound(address);
    if (after == allocations.begin())
      return false;
    auto &[first, allocation] = *std::prev(after);
    return address - first <= allocation.bytes &&
           bytes <= allocation.bytes - (address - first);
  }
};

/// Never destroyed: other threads may still run when the process ends.
Machine &machine();

/// Of the calling thread; the last is current.
extern thread_local std::vector<Context *> contexts;

Stream &streamOf(void *stream);

/// Does `work` now, or when a graph is launched.
int enqueue(void *stream, Work work);

/// Success, or why nothing can be done.
int state();
#define CHECK_STATE                                                            \
  if (int result = state())                                                    \
  return result

/// Tells it on stderr.
void complain(const std::string &message);

/// cuda.h: CUlaunchAttribute, CUlaunchConfig
struct LaunchAttribute {
  int id;
  char pad[4];
  union {
    char bytes[64];
    unsigned cluster[3];
  };
};
struct LaunchConfig {
  unsigned grid[3], block[3], sharedBytes;
  void *stream;
  LaunchAttribute *attributes;
  unsigned numAttributes;
};
enum { ClusterDimension = 4, ProgrammaticSerialization = 6 };

} // namespace emulator::driver

#endif // GSA_TEST_EMULATOR_DRIVER_H
