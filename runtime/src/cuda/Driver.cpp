//===- Driver.cpp - The driver of images for CUDA devices -----------------===//
//
// A launch asks the driver for contexts and attributes and enqueues kernels:
// it waits for nothing, and does nothing that a stream capture forbids.
//
//===----------------------------------------------------------------------===//

#include "Driver.h"

#include "../Workspace.h"
#include "Images.h"
#include "Maps.h"
#include "Place.h"

#include <cinttypes>

using namespace gsa::runtime::cuda;

namespace gsa::runtime {

/// CUDA C++ Programming Guide, Technical Specifications per Compute Capability:
/// the largest x-dimension of a grid.
static constexpr int64_t maxBlocks = 0x7fffffff;

/// Lanes count tokens in 32 bits, with a sign: twice as many registers would
/// hold what no device has the memory for (gsa-share-registers).
static constexpr int64_t maxTime = 0x7fffffff;

/// Devices from this on have clusters and programmatic dependent launch.
static constexpr int32_t archOfClusters = 90;

/// Captures keep programmatic dependent launches since CUDA 12.3.
static constexpr int versionOfCapturedOverlap = 12030;

static bool matches(const gsa_image &image, int32_t arch) {
  switch (image.match) {
  case GSA_ARCH_EXACT:
    return arch == image.arch;
  case GSA_ARCH_FAMILY:
    return arch / 10 == image.arch / 10 && arch >= image.arch;
  default: // checkKernel lets no other value through than AT_LEAST
    return arch >= image.arch;
  }
}

static bool canRun(const gsa_image &image, const Place &place, Text &reason) {
  if (!matches(image, place.arch)) {
    const char *law[] = {"", "", " or later of its major version", " or later"};
    reason.append("needs compute capability %" PRId32 ".%" PRId32
                  "%s, device %" PRId32 " has %" PRId32 ".%" PRId32,
                  image.arch / 10, image.arch % 10, law[image.match],
                  place.device, place.arch / 10, place.arch % 10);
    return false;
  }
  for (int32_t i = 0; i < image.num_stages; ++i) {
    const gsa_stage &stage = image.stages[i];
    if (stage.shared_bytes > place.sharedBytes) {
      reason.append("needs %" PRId32 " bytes of shared memory a block, device "
                    "%" PRId32 " has %" PRId32,
                    stage.shared_bytes, place.device, place.sharedBytes);
      return false;
    }
    if (stage.cluster > 1 && !findApi(reason)->cuLaunchKernelEx) {
      reason.append("needs clusters, which the driver knows from CUDA 11.8 on");
      return false;
    }
  }
  return true;
}

/// The blocks of one stage.
static gsa_status countBlocks(const Call &call, const gsa_stage &stage,
                              int64_t &blocks) {
  blocks = stage.grid(&call.extents);
  if (blocks < 0 || blocks % stage.cluster != 0)
    return fail(GSA_ERROR_ABI,
                "grid of '%s' of image '%s' of kernel '%s' must be a multiple "
                "of %" PRId32 " and not negative, got %" PRId64,
                stage.symbol, call.image->chip, call.kernel->name,
                stage.cluster, blocks);
  if (blocks > maxBlocks)
    return fail(GSA_ERROR_INVALID_SHAPE,
                "blocks of '%s' of image '%s' of kernel '%s' must be at most "
                "%" PRId64 ", got %" PRId64,
                stage.symbol, call.image->chip, call.kernel->name, maxBlocks,
                blocks);
  return GSA_SUCCESS;
}

static gsa_status plan(Call &call) {
  const gsa_image &image = *call.image;
  if (call.extents.time > maxTime)
    return fail(GSA_ERROR_INVALID_SHAPE,
                "time of image '%s' of kernel '%s' must be at most %" PRId64
                ", got %" PRId64,
                image.chip, call.kernel->name, maxTime, call.extents.time);
  for (int32_t i = 0; i < image.num_stages; ++i) {
    int64_t blocks;
    if (gsa_status status = countBlocks(call, image.stages[i], blocks))
      return status;
    if (i == 0 || blocks > call.blocks) {
      call.blocks = blocks;
      call.workers = image.stages[i].threads;
    }
  }
  return GSA_SUCCESS;
}

/// Finds the image at a place, which is entered and left again.
static gsa_status findAt(const gsa_kernel &kernel, const gsa_image &image,
                         const Place &place, LoadedImage &found) {
  Text reason = {};
  const Api &api = *findApi(reason); // there, or there were no place
  Inside inside(api);
  if (gsa_status status = inside.enter(place, kernel, image))
    return status;
  return findImage(api, kernel, image, inside.context(), place.processors,
                   found);
}

static gsa_status countResident(const Call &call, int64_t &blocks) {
  LoadedImage found;
  if (gsa_status status = findAt(*call.kernel, *call.image, call.place, found))
    return status;
  blocks = found.resident;
  return GSA_SUCCESS;
}

static gsa_status preload(const gsa_kernel &kernel, const gsa_image &image,
                          const Place &place) {
  LoadedImage found;
  return findAt(kernel, image, place, found);
}

/// Enqueues one stage. On failure `call` is the name of what failed.
static Result launchStage(const Api &api, const gsa_stage &stage,
                          Function function, int64_t blocks, bool overlap,
                          Stream stream, const gsa_tensor *tensors,
                          const char *&call) {
  unsigned grid = static_cast<unsigned>(blocks);
  unsigned threads = static_cast<unsigned>(stage.threads);
  unsigned shared = static_cast<unsigned>(stage.shared_bytes);
  StageMaps maps(api, stage, tensors);
  // Read, not written, by the driver, and only as many as the kernel has.
  void *parameters[] = {const_cast<gsa_tensor *>(tensors), maps.maps(),
                        maps.usable()};
  call = "cuLaunchKernel";
  if (stage.cluster == 1 && !overlap)
    return api.cuLaunchKernel(function, grid, 1, 1, threads, 1, 1, shared,
                              stream, parameters, nullptr);
  call = "cuLaunchKernelEx";
  LaunchAttribute attributes[2] = {};
  unsigned count = 0;
  if (stage.cluster > 1) {
    attributes[count].id = clusterDimension;
    attributes[count++].cluster = {static_cast<unsigned>(stage.cluster), 1, 1};
  }
  if (overlap) {
    attributes[count].id = programmaticStreamSerialization;
    attributes[count++].allowed = 1;
  }
  LaunchConfig config = {grid, 1,      1,      threads,    1,
                         1,    shared, stream, attributes, count};
  return api.cuLaunchKernelEx(&config, function, parameters, nullptr);
}

static gsa_status launch(const Call &call, gsa_stream stream) {
  if (call.blocks == 0) // of the stage with the most
    return GSA_SUCCESS;
  Text reason = {};
  const Api &api = *findApi(reason); // there, or there were no place
  const gsa_image &image = *call.image;
  Inside inside(api);
  if (gsa_status status = inside.enter(call.place, *call.kernel, image))
    return status;
  LoadedImage found;
  if (gsa_status status = findImage(api, *call.kernel, image, inside.context(),
                                    call.place.processors, found))
    return status;

  StageTensors tensors(call);
  bool canOverlap = api.cuLaunchKernelEx && call.place.arch >= archOfClusters &&
                    api.version >= versionOfCapturedOverlap;
  bool first = true;
  for (int32_t i = 0; i < image.num_stages; ++i) {
    const gsa_stage &stage = image.stages[i];
    int64_t blocks;
    if (gsa_status status = countBlocks(call, stage, blocks))
      return status;
    if (blocks == 0)
      continue;
    // The first one that is launched would overlap with the caller's work.
    bool overlap = canOverlap && !first && (stage.flags & GSA_STAGE_OVERLAP);
    first = false;
    const char *name;
    Result result =
        launchStage(api, stage, found.functions[i], blocks, overlap,
                    static_cast<Stream>(stream), tensors.data(), name);
    if (result == 0)
      continue;
    Text note = {};
    note.append(" for '%s' with %" PRId64 " blocks of %" PRId32 " threads",
                stage.symbol, blocks, stage.threads);
    return refuse(api, name, result, *call.kernel, image, note.buffer);
  }
  return GSA_SUCCESS;
}

const Driver cudaDriver = {"cuda",
                           GSA_BACKEND_CUDA,
                           /*readsHostMemory=*/false,
                           locate,
                           canRun,
                           plan,
                           countResident,
                           preload,
                           launch};

} // namespace gsa::runtime
