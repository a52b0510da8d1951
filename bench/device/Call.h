//===- Call.h - One call of a kernel on a device --------------------------===//

#ifndef GSA_BENCH_DEVICE_CALL_H
#define GSA_BENCH_DEVICE_CALL_H

#include "Device.h"
#include "Source.h"

#include "gsa/runtime.h"

#include <memory>

namespace suite {

/// The arguments of a case's call in the host's memory, inputs rounded to their
/// element types.
struct Arguments {
  const Case *one;
  const Entry *entry;
  gsa_extents extents = {};
  std::vector<Source> sources; ///< one for each argument
  std::vector<mlir::gsa::run::Tensor> tensors;

  /// False, with a message, if the case is wrong or too large for this machine.
  bool create(const Case &one, std::string &message);
  int32_t count() const { return entry->kernel->num_arguments; }
  const gsa_argument &describe(int32_t i) const {
    return entry->kernel->arguments[i];
  }
};

/// The same arguments in a device's memory, with a workspace. Nothing is copied
/// by `create`.
class Call {
public:
  /// With the inputs of `shared` if it is given, and outputs of its own. None
  /// if the device has not the memory.
  static std::unique_ptr<Call> create(Device &device, const Arguments &host,
                                      const Call *shared = nullptr);

  /// Which images a case wants of those that run here, the best first;
  /// `leftOut` gets a line for each that does not.
  std::vector<std::string> images(const Case &one,
                                  std::vector<std::string> &leftOut);
  /// Chooses an image, the best if `chip` is empty, and gets its workspace.
  /// False, with a message, if it does
  /// not run. `threads` is of host images.
  bool choose(const std::string &chip, int32_t threads, std::string &message);
  const gsa_query_result &plan() const { return chosen; }
  /// Puts the kernel on a stream; fatal if that fails.
  void launch(gsa_stream stream);

  void uploadInputs(const Arguments &host);
  /// Makes outputs what the host's blank ones are.
  void clearOutputs(const Arguments &host);
  /// Output `i` into the host's tensor.
  void download(int32_t i, mlir::gsa::run::Tensor &tensor);
  /// Bytes of all elements, each once: what a call must move at least.
  double bytes() const;
  /// The device's address of argument `i`, and the bytes behind it.
  char *data(int32_t i) const { return memory[i]->get(); }
  size_t size(int32_t i) const { return sizes[i]; }

private:
  Call(Device &device, const Entry &entry) : device(device), entry(entry) {}
  gsa_params *params() { return reinterpret_cast<gsa_params *>(words.data()); }
  gsa_tensor *tensors() { return reinterpret_cast<gsa_tensor *>(params() + 1); }

  Device &device;
  const Entry &entry;
  std::vector<std::shared_ptr<DeviceMemory>> memory;
  std::vector<size_t> sizes;
  std::unique_ptr<DeviceMemory> workspace;
  std::vector<uint64_t> words; ///< the params struct
  std::string chip;
  gsa_query_result chosen = {};
};

} // namespace suite

#endif // GSA_BENCH_DEVICE_CALL_H
