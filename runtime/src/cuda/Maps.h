//===- Maps.h - What a device's copies of boxes know of tensors -*- C++ -*-===//

#ifndef GSA_RUNTIME_SRC_CUDA_MAPS_H
#define GSA_RUNTIME_SRC_CUDA_MAPS_H

#include "Api.h"
#include "gsa/kernel.h"

namespace gsa::runtime::cuda {

/// The second and third parameter of a stage with maps, see gsa_stage.
class StageMaps {
public:
  /// `tensors` are all that the stage sees. A map that the driver does not
  /// make, because of the tensor or because it knows none (before CUDA 12.0),
  /// is zero and not in the set.
  StageMaps(const Api &api, const gsa_stage &stage, const gsa_tensor *tensors);
  StageMaps(const StageMaps &) = delete;
  StageMaps &operator=(const StageMaps &) = delete;

  void *maps() { return storage; }
  int64_t *usable() { return &set; }

private:
  alignas(
      GSA_MAP_ALIGNMENT) unsigned char storage[GSA_MAX_MAPS * GSA_MAP_BYTES];
  int64_t set = 0;
};

} // namespace gsa::runtime::cuda

#endif // GSA_RUNTIME_SRC_CUDA_MAPS_H
