//===- Driver.cpp - The driver of images for the host ---------------------===//

#include "Driver.h"

#include "../Workspace.h"
#include "Features.h"
#include "Workers.h"

#include <cinttypes>

namespace gsa::runtime {

/// Results must not depend on the number of cores.
static gsa_status locate(gsa_stream, Place &place, Text &) {
  place.processors = 1;
  return GSA_SUCCESS;
}

static bool canRun(const gsa_image &image, const Place &, Text &reason) {
  uint64_t lacking = image.features & ~hostFeatures();
  if (!lacking)
    return true;
  appendFeatures(reason, lacking);
  return false;
}

static size_t scratchStride(const gsa_image &image) {
  // checkKernel bounds the scratch far below where this could wrap.
  size_t scratch = static_cast<size_t>(image.scratch);
  return (scratch + GSA_WORKSPACE_ALIGNMENT - 1) / GSA_WORKSPACE_ALIGNMENT *
         GSA_WORKSPACE_ALIGNMENT;
}

static gsa_status plan(Call &call) {
  for (int32_t i = 0; i < call.image->num_stages; ++i) {
    const gsa_stage &stage = call.image->stages[i];
    int64_t blocks = stage.grid(&call.extents);
    if (blocks < 0)
      return fail(GSA_ERROR_ABI,
                  "grid of '%s' of image '%s' of kernel '%s' must not be "
                  "negative, got %" PRId64,
                  stage.symbol, call.image->chip, call.kernel->name, blocks);
    if (blocks > call.blocks)
      call.blocks = blocks;
  }
  call.workers = countWorkers(call.params->threads, call.blocks);
  call.workspaceBytes +=
      static_cast<size_t>(call.workers) * scratchStride(*call.image);
  return GSA_SUCCESS;
}

/// Nor on that of its workers.
static gsa_status countResident(const Call &, int64_t &blocks) {
  blocks = 1;
  return GSA_SUCCESS;
}

static gsa_status preload(const gsa_kernel &, const gsa_image &,
                          const Place &) {
  return GSA_SUCCESS; // code of the program itself
}

static gsa_status launch(const Call &call, gsa_stream stream) {
  if (stream)
    return fail(GSA_ERROR_INVALID_ARGUMENT,
                "stream must be null for image '%s', which runs on the host, "
                "got an address",
                call.image->chip);
  size_t stride = scratchStride(*call.image);
  char *scratch = nullptr;
  if (stride)
    scratch = static_cast<char *>(call.params->workspace) + call.tensorBytes;
  StageTensors tensors(call);
  for (int32_t i = 0; i < call.image->num_stages; ++i) {
    const gsa_stage &stage = call.image->stages[i];
    int64_t blocks = stage.grid(&call.extents);
    int32_t workers = call.workers;
    if (blocks < workers)
      workers = static_cast<int32_t>(blocks);
    runBlocks({stage.entry, tensors.data(), blocks, workers, scratch, stride});
  }
  return GSA_SUCCESS;
}

const Driver cpuDriver = {"cpu",
                          GSA_BACKEND_CPU,
                          /*readsHostMemory=*/true,
                          locate,
                          canRun,
                          plan,
                          countResident,
                          preload,
                          launch};

} // namespace gsa::runtime
