//===- Runtime.cpp - The calls: check, choose, plan, launch ---------------===//

#include "gsa/runtime.h"

#include "Check.h"
#include "Driver.h"
#include "Workspace.h"

namespace gsa::runtime {

/// Everything about a call but its workspace and its launch.
static gsa_status prepare(const gsa_kernel *kernel, const gsa_params *params,
                          gsa_stream stream, Call &call) {
  if (gsa_status status = checkKernel(kernel))
    return status;
  if (gsa_status status = checkParams(*kernel, params))
    return status;
  call.kernel = kernel;
  call.params = params;
  call.tensors = tensorsOf(*params);
  if (gsa_status status = checkTensors(*kernel, call.tensors, call.extents))
    return status;
  Choice choice;
  if (gsa_status status = selectImage(*kernel, params, stream, choice))
    return status;
  call.driver = choice.driver;
  call.image = choice.image;
  call.place = choice.place;
  if (call.driver->readsHostMemory)
    if (gsa_status status = checkOffsets(*kernel, call.tensors, call.extents))
      return status;
  if (gsa_status status = planWorkspaces(call))
    return status;
  return call.driver->plan(call);
}

} // namespace gsa::runtime

using namespace gsa::runtime;

gsa_status gsa_query(const gsa_kernel *kernel, const gsa_params *params,
                     gsa_query_result *result) {
  if (!result)
    return fail(GSA_ERROR_INVALID_ARGUMENT,
                "result must point to a gsa_query_result, got null");
  if (result->size != sizeof(gsa_query_result))
    return fail(GSA_ERROR_INVALID_ARGUMENT, "result->size must be %zu, got %zu",
                sizeof(gsa_query_result), result->size);
  Call call = {};
  if (gsa_status status = prepare(kernel, params, nullptr, call))
    return status;
  result->chip = call.image->chip;
  result->schedule = call.image->schedule;
  result->backend = call.image->backend;
  result->threads = call.workers;
  result->blocks = call.blocks;
  result->workspace_size = call.workspaceBytes;
  return GSA_SUCCESS;
}

gsa_status gsa_workspace_size(const gsa_kernel *kernel,
                              const gsa_params *params, size_t *bytes) {
  if (!bytes)
    return fail(GSA_ERROR_INVALID_ARGUMENT,
                "bytes must point to a size_t, got null");
  Call call = {};
  if (gsa_status status = prepare(kernel, params, nullptr, call))
    return status;
  *bytes = call.workspaceBytes;
  return GSA_SUCCESS;
}

gsa_status gsa_preload(const gsa_kernel *kernel, const gsa_params *params) {
  if (gsa_status status = checkKernel(kernel))
    return status;
  if (params)
    if (gsa_status status = checkParams(*kernel, params))
      return status;
  Choice choice;
  if (gsa_status status = selectImage(*kernel, params, nullptr, choice))
    return status;
  return choice.driver->preload(*kernel, *choice.image, choice.place);
}

gsa_status gsa_launch(const gsa_kernel *kernel, const gsa_params *params,
                      gsa_stream stream) {
  Call call = {};
  if (gsa_status status = prepare(kernel, params, stream, call))
    return status;
  if (gsa_status status = checkWorkspace(*kernel, *params, call.workspaceBytes))
    return status;
  return call.driver->launch(call, stream);
}
