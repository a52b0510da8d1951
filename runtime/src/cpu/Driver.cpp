//===- Driver.cpp - The driver of images for the host ---------------------===//

#include "Driver.h"

#include "Features.h"
#include "Workers.h"

namespace gsa::runtime {

static bool canRun(const gsa_image &image, Text &reason) {
  if (!image.entry) {
    reason.append("has no entry");
    return false;
  }
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
  call.workers = countWorkers(call.params->threads, call.blocks);
  call.workspaceBytes =
      static_cast<size_t>(call.workers) * scratchStride(*call.image);
  return GSA_SUCCESS;
}

static gsa_status launch(const Call &call, gsa_stream stream) {
  if (stream)
    return fail(GSA_ERROR_INVALID_ARGUMENT,
                "stream must be null for image '%s', which runs on the host, "
                "got an address",
                call.image->chip);
  size_t stride = scratchStride(*call.image);
  void *workspace = stride ? call.params->workspace : nullptr;
  runBlocks({call.image->entry, call.tensors, call.blocks, call.workers,
             static_cast<char *>(workspace), stride});
  return GSA_SUCCESS;
}

const Driver cpuDriver = {
    "cpu", GSA_BACKEND_CPU, /*readsHostMemory=*/true, canRun, plan, launch};

} // namespace gsa::runtime
