//===- Check.cpp - The laws of kernel descriptions and params heads -------===//

#include "Check.h"

#include "Geometry.h"
#include "Status.h"

#include <cinttypes>

namespace gsa::runtime {

/// Of an argument, or of a workspace of one of its images.
static gsa_status checkDescription(const gsa_kernel &kernel,
                                   const gsa_argument &argument, int32_t index,
                                   bool isWorkspace) {
  if (!argument.name)
    return fail(GSA_ERROR_ABI,
                "argument %" PRId32 " of kernel '%s' must have a name, got "
                "null",
                index, kernel.name);
  if (argument.rank < 0 || argument.rank > GSA_MAX_RANK)
    return fail(GSA_ERROR_ABI,
                "rank of '%s' in the description of kernel '%s' must be 0 to "
                "%d, got %" PRId32,
                argument.name, kernel.name, GSA_MAX_RANK, argument.rank);
  if (!gsa_dtype_bytes(argument.dtype))
    return fail(GSA_ERROR_ABI,
                "type of '%s' in the description of kernel '%s' must be a "
                "gsa_dtype, got %" PRId32,
                argument.name, kernel.name, argument.dtype);
  if (argument.kind < GSA_INPUT || argument.kind > GSA_WORKSPACE ||
      (argument.kind == GSA_WORKSPACE) != isWorkspace)
    return fail(GSA_ERROR_ABI,
                "kind of '%s' in the description of kernel '%s' must be a "
                "gsa_argument_kind, got %" PRId32,
                argument.name, kernel.name, argument.kind);
  for (int32_t i = 0; i < argument.rank; ++i)
    if (argument.shape[i] <
            (isWorkspace ? GSA_EXTENT_CUT_SEQUENCES : GSA_EXTENT_OFFSETS) ||
        argument.shape[i] > GSA_MAX_EXTENT)
      return fail(GSA_ERROR_ABI,
                  "extent %" PRId32 " of '%s' in the description of kernel "
                  "'%s' must be a gsa_extent or 0 to %" PRId64 ", got %" PRId64,
                  i, argument.name, kernel.name, GSA_MAX_EXTENT,
                  argument.shape[i]);
  if (argument.kind == GSA_OFFSETS &&
      (argument.rank != 1 || argument.shape[0] != GSA_EXTENT_OFFSETS ||
       (argument.dtype != GSA_I32 && argument.dtype != GSA_I64)))
    return fail(GSA_ERROR_ABI,
                "offsets '%s' in the description of kernel '%s' must be a "
                "vector of N + 1 i32 or i64, got rank %" PRId32 " of %s",
                argument.name, kernel.name, argument.rank,
                gsa_dtype_name(argument.dtype));
  return GSA_SUCCESS;
}

static gsa_status checkHostImage(const gsa_kernel &kernel,
                                 const gsa_image &image) {
  for (int32_t i = 0; i < image.num_stages; ++i)
    if (!image.stages[i].entry)
      return fail(GSA_ERROR_ABI,
                  "'%s' of image '%s' of kernel '%s' must have an entry, got "
                  "null",
                  image.stages[i].symbol, image.chip, kernel.name);
  if (image.scratch < 0 || image.scratch > GSA_MAX_EXTENT)
    return fail(GSA_ERROR_ABI,
                "scratch of image '%s' of kernel '%s' must be 0 to %" PRId64
                " bytes, got %" PRId64,
                image.chip, kernel.name, GSA_MAX_EXTENT, image.scratch);
  return GSA_SUCCESS;
}

static gsa_status checkMap(const gsa_kernel &kernel, const gsa_image &image,
                           const gsa_stage &stage, const gsa_map &map) {
  int32_t tensors = kernel.num_arguments + image.num_workspaces;
  auto refuse = [&](const char *what, const char *law, int32_t value) {
    return fail(GSA_ERROR_ABI,
                "%s of a map of '%s' of image '%s' of kernel '%s' must be %s, "
                "got %" PRId32,
                what, stage.symbol, image.chip, kernel.name, law, value);
  };
  if (map.tensor < 0 || map.tensor >= tensors)
    return refuse("tensor", "one of the stage's", map.tensor);
  if (map.swizzle != 32 && map.swizzle != 64 && map.swizzle != 128)
    return refuse("swizzle", "32, 64 or 128", map.swizzle);
  int32_t rank = map.tensor < kernel.num_arguments
                     ? kernel.arguments[map.tensor].rank
                     : image.workspaces[map.tensor - kernel.num_arguments].rank;
  if (rank < 2)
    return refuse("the tensor's rank", "2 or more", rank);
  for (int32_t i = 0; i < rank; ++i)
    if (map.box[i] < 1 || map.box[i] > GSA_MAX_BOX_EXTENT)
      return refuse("box", "1 to 256 along each dimension", map.box[i]);
  return GSA_SUCCESS;
}

static gsa_status checkLaunch(const gsa_kernel &kernel, const gsa_image &image,
                              int32_t index) {
  const gsa_stage &stage = image.stages[index];
  // No stage may overlap with what it does not know: the first one with the
  // caller's own work.
  int32_t flags = index == 0 ? 0 : GSA_STAGE_OVERLAP;
  const struct {
    const char *what;
    int32_t value, least, most;
  } laws[] = {{"threads", stage.threads, 1, 1024},
              {"shared bytes", stage.shared_bytes, 0, INT32_MAX},
              {"cluster", stage.cluster, 1, 16},
              {"flags", stage.flags, 0, flags},
              {"number of maps", stage.num_maps, 0, GSA_MAX_MAPS}};
  for (const auto &law : laws)
    if (law.value < law.least || law.value > law.most)
      return fail(GSA_ERROR_ABI,
                  "%s of '%s' of image '%s' of kernel '%s' must be %" PRId32
                  " to %" PRId32 ", got %" PRId32,
                  law.what, stage.symbol, image.chip, kernel.name, law.least,
                  law.most, law.value);
  if (stage.num_maps > 0 && !stage.maps)
    return fail(GSA_ERROR_ABI,
                "'%s' of image '%s' of kernel '%s' must have a list of maps, "
                "got null of %" PRId32,
                stage.symbol, image.chip, kernel.name, stage.num_maps);
  for (int32_t i = 0; i < stage.num_maps; ++i)
    if (gsa_status status = checkMap(kernel, image, stage, stage.maps[i]))
      return status;
  return GSA_SUCCESS;
}

static gsa_status checkDeviceImage(const gsa_kernel &kernel,
                                   const gsa_image &image) {
  if (!image.code || image.code_size == 0)
    return fail(GSA_ERROR_ABI,
                "image '%s' of kernel '%s' must have code, got %s", image.chip,
                kernel.name, image.code ? "0 bytes" : "null");
  if (image.arch < 1 || image.match < GSA_ARCH_EXACT ||
      image.match > GSA_ARCH_AT_LEAST)
    return fail(GSA_ERROR_ABI,
                "image '%s' of kernel '%s' must say with an arch and a "
                "gsa_arch_match where it runs, got %" PRId32 " and %" PRId32,
                image.chip, kernel.name, image.arch, image.match);
  for (int32_t i = 0; i < image.num_stages; ++i)
    if (gsa_status status = checkLaunch(kernel, image, i))
      return status;
  return GSA_SUCCESS;
}

static gsa_status checkImage(const gsa_kernel &kernel, int32_t index) {
  const gsa_image &image = kernel.images[index];
  if (!image.chip || !image.schedule)
    return fail(GSA_ERROR_ABI,
                "image %" PRId32 " of kernel '%s' must have a %s, got null",
                index, kernel.name, !image.chip ? "chip" : "schedule");
  if (!image.stages || image.num_stages < 1)
    return fail(GSA_ERROR_ABI,
                "image '%s' of kernel '%s' must have a list of stages, got %s "
                "of %" PRId32,
                image.chip, kernel.name, image.stages ? "one" : "null",
                image.num_stages);
  for (int32_t i = 0; i < image.num_stages; ++i)
    if (!image.stages[i].symbol || !image.stages[i].grid)
      return fail(GSA_ERROR_ABI,
                  "stage %" PRId32 " of image '%s' of kernel '%s' must have a "
                  "%s, got null",
                  i, image.chip, kernel.name,
                  !image.stages[i].symbol ? "symbol" : "grid");
  if (image.num_workspaces < 0 ||
      (image.num_workspaces > 0 && !image.workspaces))
    return fail(GSA_ERROR_ABI,
                "image '%s' of kernel '%s' must have a list of workspaces, got "
                "%s of %" PRId32,
                image.chip, kernel.name, image.workspaces ? "one" : "null",
                image.num_workspaces);
  // Of the image's own: kernels for the host alone have as many as they like.
  bool isBounded = !isHostImage(image) || image.num_workspaces > 0;
  if (isBounded &&
      (image.num_workspaces > GSA_MAX_TENSORS ||
       kernel.num_arguments > GSA_MAX_TENSORS - image.num_workspaces))
    return fail(GSA_ERROR_ABI,
                "kernel '%s' with image '%s' must have at most %d arguments "
                "and workspaces, got %" PRId32 " and %" PRId32,
                kernel.name, image.chip, GSA_MAX_TENSORS, kernel.num_arguments,
                image.num_workspaces);
  for (int32_t i = 0; i < image.num_workspaces; ++i)
    if (gsa_status status = checkDescription(kernel, image.workspaces[i], i,
                                             /*isWorkspace=*/true))
      return status;
  return isHostImage(image) ? checkHostImage(kernel, image)
                            : checkDeviceImage(kernel, image);
}

gsa_status checkKernel(const gsa_kernel *kernel) {
  if (!kernel)
    return fail(GSA_ERROR_INVALID_ARGUMENT,
                "kernel must point to a gsa_kernel, got null");
  // Before any other field, which a different version may have moved.
  if (kernel->abi_version != GSA_ABI_VERSION)
    return fail(GSA_ERROR_ABI,
                "kernel must have ABI version %d as this runtime, got %" PRIu32,
                GSA_ABI_VERSION, kernel->abi_version);
  if (!kernel->name)
    return fail(GSA_ERROR_ABI, "kernel must have a name, got null");
  if (kernel->num_arguments < 0 ||
      (kernel->num_arguments > 0 && !kernel->arguments))
    return fail(GSA_ERROR_ABI,
                "kernel '%s' must have a list of arguments, got %s of %" PRId32,
                kernel->name, kernel->arguments ? "one" : "null",
                kernel->num_arguments);
  if (kernel->num_images < 0 || (kernel->num_images > 0 && !kernel->images))
    return fail(GSA_ERROR_ABI,
                "kernel '%s' must have a list of images, got %s of %" PRId32,
                kernel->name, kernel->images ? "one" : "null",
                kernel->num_images);
  for (int32_t i = 0; i < kernel->num_arguments; ++i)
    if (gsa_status status = checkDescription(*kernel, kernel->arguments[i], i,
                                             /*isWorkspace=*/false))
      return status;
  for (int32_t i = 0; i < kernel->num_images; ++i)
    if (gsa_status status = checkImage(*kernel, i))
      return status;
  return GSA_SUCCESS;
}

gsa_status checkParams(const gsa_kernel &kernel, const gsa_params *params) {
  if (!params)
    return fail(GSA_ERROR_INVALID_ARGUMENT,
                "params must point to the params struct of kernel '%s', got "
                "null",
                kernel.name);
  size_t size = sizeof(gsa_params) +
                static_cast<size_t>(kernel.num_arguments) * sizeof(gsa_tensor);
  if (params->size != size)
    return fail(GSA_ERROR_INVALID_ARGUMENT,
                "params->size must be %zu (gsa_params and %" PRId32
                " tensors), got %zu",
                size, kernel.num_arguments, params->size);
  if (params->threads < 0 || params->threads > GSA_MAX_THREADS)
    return fail(GSA_ERROR_INVALID_ARGUMENT,
                "params->threads must be 0 to %d, got %" PRId32,
                GSA_MAX_THREADS, params->threads);
  if (params->backends < 0 || params->backends >= 1 << GSA_NUM_BACKENDS)
    return fail(GSA_ERROR_INVALID_ARGUMENT,
                "params->backends must be a set of 1 << gsa_backend, 0 to %d, "
                "got %" PRId32,
                (1 << GSA_NUM_BACKENDS) - 1, params->backends);
  return GSA_SUCCESS;
}

const gsa_tensor *tensorsOf(const gsa_params &params) {
  return reinterpret_cast<const gsa_tensor *>(&params + 1);
}

gsa_status checkWorkspace(const gsa_kernel &kernel, const gsa_params &params,
                          size_t bytes) {
  if (bytes == 0)
    return GSA_SUCCESS;
  if (!params.workspace)
    return fail(GSA_ERROR_WORKSPACE,
                "params->workspace must point to %zu bytes, got null", bytes);
  if (params.workspace_size < bytes)
    return fail(GSA_ERROR_WORKSPACE,
                "params->workspace_size must be at least %zu, got %zu", bytes,
                params.workspace_size);
  uintptr_t begin = reinterpret_cast<uintptr_t>(params.workspace);
  if (begin % GSA_WORKSPACE_ALIGNMENT)
    return fail(GSA_ERROR_WORKSPACE,
                "params->workspace must be aligned to %d bytes, got an address "
                "%zu past a multiple",
                GSA_WORKSPACE_ALIGNMENT,
                static_cast<size_t>(begin % GSA_WORKSPACE_ALIGNMENT));
  if (bytes > UINTPTR_MAX - begin)
    return fail(GSA_ERROR_WORKSPACE,
                "params->workspace must lie in the address space, got %zu "
                "bytes at an address %zu below its end",
                bytes, static_cast<size_t>(UINTPTR_MAX - begin));
  // Only what the launch will write counts: a larger buffer may hold tensors
  // behind it.
  const gsa_tensor *tensors = tensorsOf(params);
  for (int32_t i = 0; i < kernel.num_arguments; ++i) {
    if (size_t common =
            commonBytes({begin, begin + bytes}, rangeOf(tensors[i])))
      return fail(GSA_ERROR_WORKSPACE,
                  "params->workspace must not overlap '%s', got %zu bytes in "
                  "both",
                  kernel.arguments[i].name, common);
  }
  return GSA_SUCCESS;
}

} // namespace gsa::runtime
