//===- Workspace.cpp - Tensors in the workspace of a call -----------------===//
//-----------------------===//

#include "Workspace.h"

#include "Geometry.h"

#include <cinttypes>
#include <cstring>

namespace gsa::runtime {

/// The tensor that a workspace is in this call, without its data.
static gsa_tensor describe(const gsa_argument &workspace,
                           const gsa_extents &extents) {
  int64_t shape[GSA_MAX_RANK] = {};
  for (int32_t i = 0; i < workspace.rank; ++i)
    switch (workspace.shape[i]) {
    case GSA_EXTENT_BATCH:
      shape[i] = extents.batch;
      break;
    case GSA_EXTENT_TIME:
      shape[i] = extents.time;
      break;
    case GSA_EXTENT_SEQUENCES:
      shape[i] = extents.sequences;
      break;
    case GSA_EXTENT_OFFSETS:
      shape[i] = extents.sequences + 1;
      break;
    case GSA_EXTENT_CUTS:
      shape[i] = extents.segments - 1;
      break;
    case GSA_EXTENT_CUT_SEQUENCES:
      shape[i] = extents.sequences - extents.whole;
      break;
    default:
      shape[i] = workspace.shape[i];
    }
  return gsa_dense(nullptr, static_cast<gsa_dtype>(workspace.dtype),
                   workspace.rank, shape);
}

/// Rounds up to where the next one may start. `bytes` are far from wrapping.
static int64_t align(int64_t bytes) {
  return (bytes + GSA_WORKSPACE_ALIGNMENT - 1) / GSA_WORKSPACE_ALIGNMENT *
         GSA_WORKSPACE_ALIGNMENT;
}

/// Asks the image into how many segments it cuts which sequences.
static gsa_status cutSequences(Call &call) {
  const gsa_image &image = *call.image;
  gsa_extents &extents = call.extents;
  extents.segments = 1;
  extents.whole = extents.sequences;
  if (!image.segments)
    return GSA_SUCCESS;
  int64_t resident;
  if (gsa_status status = call.driver->countResident(call, resident))
    return status;
  int64_t whole = extents.whole;
  int64_t segments =
      image.segments(&extents, call.place.processors, resident, &whole);
  if (segments < 1 || segments > GSA_MAX_SEGMENTS)
    return fail(GSA_ERROR_ABI,
                "segments of image '%s' of kernel '%s' must be 1 to %d, got "
                "%" PRId64,
                image.chip, call.kernel->name, GSA_MAX_SEGMENTS, segments);
  if (whole < 0 || whole > extents.sequences)
    return fail(GSA_ERROR_ABI,
                "whole sequences of image '%s' of kernel '%s' must be 0 to "
                "%" PRId64 ", got %" PRId64,
                image.chip, call.kernel->name, extents.sequences, whole);
  extents.segments = segments;
  extents.whole = whole;
  return GSA_SUCCESS;
}

gsa_status planWorkspaces(Call &call) {
  const gsa_image &image = *call.image;
  if (gsa_status status = cutSequences(call))
    return status;
  int64_t total = 0;
  for (int32_t i = 0; i < image.num_workspaces; ++i) {
    int64_t bytes;
    if (!countBytes(describe(image.workspaces[i], call.extents), bytes) ||
        bytes > GSA_MAX_EXTENT || (total += align(bytes)) > GSA_MAX_EXTENT)
      return fail(GSA_ERROR_INVALID_SHAPE,
                  "workspaces of image '%s' of kernel '%s' must be at most "
                  "%" PRId64 " bytes, got more with '%s'",
                  image.chip, call.kernel->name, GSA_MAX_EXTENT,
                  image.workspaces[i].name);
  }
  call.tensorBytes = static_cast<size_t>(total);
  call.workspaceBytes = call.tensorBytes;
  return GSA_SUCCESS;
}

StageTensors::StageTensors(const Call &call)
    : tensors(call.tensors),
      count(static_cast<size_t>(call.kernel->num_arguments)) {
  const gsa_image &image = *call.image;
  if (image.num_workspaces == 0)
    return;
  // checkKernel bounds the number of both together.
  std::memcpy(together, tensors, count * sizeof(gsa_tensor));
  tensors = together;
  char *at = static_cast<char *>(call.params->workspace);
  for (int32_t i = 0; i < image.num_workspaces; ++i) {
    gsa_tensor tensor = describe(image.workspaces[i], call.extents);
    int64_t bytes = 0;
    (void)countBytes(tensor, bytes); // planWorkspaces did
    if (bytes > 0) {
      tensor.data = at;
      at += align(bytes);
    }
    together[count++] = tensor;
  }
}

} // namespace gsa::runtime
