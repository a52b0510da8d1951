//===- DeviceKernel.h - The test kernel as device images --------*- C++ -*-===//

#ifndef GSA_TEST_UNIT_RUNTIME_DEVICEKERNEL_H
#define GSA_TEST_UNIT_RUNTIME_DEVICEKERNEL_H

#include "TestKernel.h"

namespace gsa::test {

/// Bytes of the parameter block of the test kernel, without offsets.
constexpr size_t blockBytes = 4 * sizeof(gsa_tensor);

/// f32 workspaces of 100 for each sequence, and of 15 for each cut.
inline const gsa_argument workspaces[] = {
    {"sums", {GSA_EXTENT_SEQUENCES, 100, 0, 0}, 2, GSA_F32, GSA_WORKSPACE, 0},
    {"cut",
     {GSA_EXTENT_CUTS, GSA_EXTENT_CUT_SEQUENCES, 5, 3},
     4,
     GSA_F32,
     GSA_WORKSPACE,
     0},
};

/// A stage with a block for each sequence and head.
inline gsa_stage stage(const char *symbol) {
  return {symbol, grid, nullptr, 128, 0, 1, 0, nullptr, 0, 0};
}

/// Code that the driver still compiles.
inline constexpr char text[] = "sum fold";
/// Machine code.
inline constexpr char binary[] = "\177ELF sum fold";

/// An image of one stage, "sum". The caller keeps `stages`.
inline gsa_image deviceImage(const char *chip, int32_t rank, int32_t arch,
                             gsa_arch_match match,
                             const std::vector<gsa_stage> &stages) {
  gsa_image image = {};
  image.chip = chip;
  image.backend = GSA_BACKEND_CUDA;
  image.rank = rank;
  image.schedule = "fused";
  image.code = match == GSA_ARCH_AT_LEAST ? text : binary;
  image.code_size =
      match == GSA_ARCH_AT_LEAST ? sizeof(text) : sizeof(binary) - 1;
  image.stages = stages.data();
  image.num_stages = static_cast<int32_t>(stages.size());
  image.arch = arch;
  image.match = match;
  return image;
}

/// A problem whose kernel has one image for a device, and perhaps others.
struct DeviceProblem : Problem {
  std::vector<gsa_stage> stages = {stage("sum")};

  DeviceProblem(int64_t batch, int64_t time) : Problem(batch, time) { use(); }

  /// Describes the one image with the current stages.
  void use(int32_t arch = 90, gsa_arch_match match = GSA_ARCH_EXACT) {
    images = {deviceImage("gpu", 1, arch, match, stages)};
    describe();
  }

  /// Describes the one image with the first of the workspaces.
  void useWorkspaces(int32_t count) {
    images[0].workspaces = workspaces;
    images[0].num_workspaces = count;
  }

  /// The chip that a query answers, or the status and the detail.
  std::string chosen() {
    gsa_query_result result = {};
    result.size = sizeof(result);
    if (gsa_status status = gsa_query(&kernel, &params.head, &result))
      return std::string(gsa_status_name(status)) + ": " + gsa_error_detail();
    return result.chip;
  }
};

} // namespace gsa::test

#endif // GSA_TEST_UNIT_RUNTIME_DEVICEKERNEL_H
