//===- FakeDriver.h - A CUDA driver without a device ------------*- C++ -*-===//
//
// A library with the symbols of libcuda.so.1 that obeys the rules of the CUDA
// Driver API which the runtime relies on, and records what it is asked to do.
// It runs nothing. A test finds its settings and records with `fakeDriver`.
//
// Code is text: an optional "\177ELF", then the names of its kernels, separated
// by blanks. A name "broken" makes loading fail with a log.
//
// The environment of the process: GSA_FAKE_INIT is what cuInit returns.
// GSA_FAKE_OLD at build time leaves out what drivers before CUDA 11.8 lack.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_TEST_UNIT_RUNTIME_FAKEDRIVER_H
#define GSA_TEST_UNIT_RUNTIME_FAKEDRIVER_H

#include <map>
#include <string>
#include <vector>

namespace gsa::test {

class FakeDriver {
public:
  struct Device {
    int arch = 90;
    int sharedBytes = 232448;
    int processors = 132;
    int blocks = 1;    ///< that run at the same time on a processor
    int clusters = 30; ///< that run at the same time
  };

  /// A kernel that was enqueued.
  struct Launch {
    std::string function;
    void *context;
    void *stream;
    unsigned grid, threads, shared, cluster;
    bool overlap;
    bool extended; ///< by cuLaunchKernelEx
    std::vector<char> parameter;
    /// The second parameter and the third, if there are any.
    std::vector<char> maps;
    long long usable;
  };

  /// A tensor map that was encoded: as cuTensorMapEncodeTiled was asked.
  struct Map {
    int type;
    void *data;
    std::vector<unsigned long long> extents, strides;
    std::vector<unsigned> box, steps;
    int interleave, swizzle, promotion, fill;
  };

  struct Load {
    void *context;
    const void *code;
  };

  virtual ~FakeDriver() = default;

  /// Forgets what was set and recorded, but for primary contexts, which the
  /// runtime retains once a process; the calling thread has no current context.
  virtual void reset() = 0;

  virtual void *createContext(int device) = 0;
  /// A context created next has its address.
  virtual void destroyContext(void *context) = 0;
  virtual void *createStream(void *context) = 0;
  /// Of the calling thread.
  virtual void setCurrent(void *context) = 0;
  virtual void *current() = 0;

  // Settings.
  std::vector<Device> devices;
  /// What the call of a name returns instead of what it would.
  std::map<std::string, int> failures;
  /// Of every kernel's first parameter: as DeviceKernel.h needs it. Another one
  /// follows if not 0, and then one of 8 bytes.
  size_t parameterBytes = 0, secondParameterBytes = 0;
  /// A capture in the global mode is under way; false again when a call has
  /// spoiled it.
  bool capturing = false;

  // Records, to be read while no other thread calls.
  std::vector<std::string> calls;
  std::vector<Launch> launches;
  std::vector<Load> loads;
  std::vector<Map> maps;
  int unloads = 0;
  int primaries = 0; ///< how often a primary context was retained
  std::map<std::string, int> sharedLimit; ///< of functions, as set
  std::map<std::string, int> bigClusters; ///< of functions, as allowed
};

} // namespace gsa::test

/// The library's only driver.
extern "C" gsa::test::FakeDriver *gsaFakeDriver();

#endif // GSA_TEST_UNIT_RUNTIME_FAKEDRIVER_H
