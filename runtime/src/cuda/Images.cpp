//===- Images.cpp - Load images, once for each context --------------------===//
//
// A hash table of lists that only grow: nodes are pushed under a lock and never
// change afterwards, so a launch reads without one. Loaded images are kept for
// as long as the process lives; the driver unloads them with their context.
//
//===----------------------------------------------------------------------===//

#include "Images.h"

#include "Place.h"

#include <cinttypes>
#include <cstdlib>
#include <cstring>
#include <pthread.h>

namespace gsa::runtime::cuda {

namespace {

/// An image in a context.
struct Loaded {
  Loaded *next;
  const gsa_image *image;
  uint64_t context; ///< see identify
  Module module;
  int64_t resident; ///< see LoadedImage

  /// One for each stage, right behind.
  const Function *functions() const {
    return reinterpret_cast<const Function *>(this + 1);
  }
  Function *functions() { return reinterpret_cast<Function *>(this + 1); }
};

} // namespace

static constexpr size_t numLists = 256;
static Loaded *lists[numLists];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/// A number that no other context of the process has or will have. Drivers that
/// have no such number give the address of a destroyed context to another one;
/// with them a context that images ran in must not be destroyed.
static Result identify(const Api &api, Context context, uint64_t &identity) {
  if (!api.cuCtxGetId) {
    identity = reinterpret_cast<uintptr_t>(context);
    return 0;
  }
  unsigned long long number = 0;
  Result result = api.cuCtxGetId(context, &number);
  identity = number;
  return result;
}

static Loaded *&listOf(const gsa_image *image, uint64_t context) {
  uint64_t key = reinterpret_cast<uintptr_t>(image) / alignof(gsa_image);
  // Fibonacci hashing: Knuth, The Art of Computer Programming 3, 6.4.
  uint64_t hash = (key + context * 31) * 0x9e3779b97f4a7c15u;
  return lists[hash >> 56];
}

static const Loaded *lookUp(const gsa_image *image, uint64_t context) {
  const Loaded *each =
      __atomic_load_n(&listOf(image, context), __ATOMIC_ACQUIRE);
  while (each && (each->image != image || each->context != context))
    each = each->next;
  return each;
}

//===----------------------------------------------------------------------===//
// Load
//===----------------------------------------------------------------------===//

static gsa_status loadModule(const Api &api, const gsa_kernel &kernel,
                             const gsa_image &image, Module &module) {
  const char *code = static_cast<const char *>(image.code);
  bool isElf = image.code_size >= 4 && std::memcmp(code, "\177ELF", 4) == 0;
  // The driver reads text up to its zero.
  if (!isElf && code[image.code_size - 1] != 0)
    return fail(GSA_ERROR_ABI,
                "code of image '%s' of kernel '%s' must be an ELF file or end "
                "with a zero, got neither",
                image.chip, kernel.name);
  // What the driver's compiler says of code that is not machine code yet. The
  // values are numbers or pointers in the space of a pointer.
  char log[512] = "";
  int options[] = {jitErrorLog, jitErrorLogBytes};
  void *values[] = {log, reinterpret_cast<void *>(sizeof(log) - 1)};
  Result result =
      api.cuModuleLoadDataEx(&module, image.code, 2, options, values);
  if (result == 0)
    return GSA_SUCCESS;
  log[sizeof(log) - 1] = 0;
  Text note = {};
  if (log[0]) {
    for (char *each = log; *each; ++each)
      if (*each == '\n')
        *each = *(each + 1) ? ' ' : 0;
    note.append(": %s", log);
  }
  return refuse(api, "cuModuleLoadDataEx", result, kernel, image, note.buffer);
}

/// A launch hands over addresses, and the driver copies as many bytes from each
/// as the code says.
static gsa_status checkParameters(const Api &api, const gsa_kernel &kernel,
                                  const gsa_image &image,
                                  const gsa_stage &stage, Function function) {
  if (!api.cuFuncGetParamInfo)
    return GSA_SUCCESS;
  const size_t wanted[] = {
      static_cast<size_t>(kernel.num_arguments + image.num_workspaces) *
          sizeof(gsa_tensor),
      static_cast<size_t>(stage.num_maps) * GSA_MAP_BYTES, sizeof(int64_t)};
  const size_t count = stage.num_maps ? 3 : 1;
  for (size_t i = 0; i <= count; ++i) {
    size_t offset = 0, size = 0;
    bool isThere = api.cuFuncGetParamInfo(function, i, &offset, &size) == 0;
    if (isThere ? i < count && size == wanted[i] : i == count)
      continue;
    return fail(GSA_ERROR_ABI,
                "parameter %zu of '%s' of image '%s' of kernel '%s' must have "
                "%zu bytes (0: not be there), got %zu",
                i, stage.symbol, image.chip, kernel.name,
                i < count ? wanted[i] : 0, isThere ? size : 0);
  }
  return GSA_SUCCESS;
}

/// The function of one stage, ready to be launched.
static gsa_status loadFunction(const Api &api, const gsa_kernel &kernel,
                               const gsa_image &image, const gsa_stage &stage,
                               Module module, Function &function) {
  auto check = [&](const char *call, Result result) {
    if (result == 0)
      return GSA_SUCCESS;
    Text note = {};
    note.append(" for '%s'", stage.symbol);
    return refuse(api, call, result, kernel, image, note.buffer);
  };
  if (gsa_status status =
          check("cuModuleGetFunction",
                api.cuModuleGetFunction(&function, module, stage.symbol)))
    return status;

  if (gsa_status status = checkParameters(api, kernel, image, stage, function))
    return status;

  // Limits belong to the function, which stages may share.
  int32_t shared = 0, cluster = 1;
  for (int32_t i = 0; i < image.num_stages; ++i) {
    const gsa_stage &other = image.stages[i];
    if (std::strcmp(other.symbol, stage.symbol) != 0)
      continue;
    shared = other.shared_bytes > shared ? other.shared_bytes : shared;
    cluster = other.cluster > cluster ? other.cluster : cluster;
  }
  if (shared > 0)
    if (gsa_status status = check(
            "cuFuncSetAttribute",
            api.cuFuncSetAttribute(function, maxDynamicSharedBytes, shared)))
      return status;
  // CUDA C++ Programming Guide, Thread Block Clusters: 8 run on every device.
  if (cluster > 8)
    if (gsa_status status = check(
            "cuFuncSetAttribute",
            api.cuFuncSetAttribute(function, nonPortableClusterAllowed, 1)))
      return status;
  // Without this the driver may leave the work to the first launch (CUDA C++
  // Programming Guide, Lazy Loading), which then waits for the device. Before
  // CUDA 12.4 a question about the finished code has the same effect.
  if (api.cuFuncLoad)
    return check("cuFuncLoad", api.cuFuncLoad(function));
  int registers;
  return check("cuFuncGetAttribute",
               api.cuFuncGetAttribute(&registers, numRegisters, function));
}

/// Blocks of `stage` that run at the same time, or of clusters that do: groups
/// of processors that a cluster does not fill are left over, and how many these
/// are differs between devices of one kind.
static gsa_status countResident(const Api &api, const gsa_kernel &kernel,
                                const gsa_image &image, const gsa_stage &stage,
                                Function function, int32_t processors,
                                int64_t &blocks) {
  int count = 0;
  int64_t each = processors;
  const char *call = "cuOccupancyMaxActiveBlocksPerMultiprocessor";
  Result result;
  if (stage.cluster > 1 && api.cuOccupancyMaxActiveClusters) {
    call = "cuOccupancyMaxActiveClusters";
    each = stage.cluster;
    LaunchAttribute attribute = {};
    attribute.id = clusterDimension;
    attribute.cluster = {static_cast<unsigned>(stage.cluster), 1, 1};
    LaunchConfig config = {static_cast<unsigned>(stage.cluster),
                           1,
                           1,
                           static_cast<unsigned>(stage.threads),
                           1,
                           1,
                           static_cast<unsigned>(stage.shared_bytes),
                           nullptr,
                           &attribute,
                           1};
    result = api.cuOccupancyMaxActiveClusters(&count, function, &config);
  } else {
    result = api.cuOccupancyMaxActiveBlocksPerMultiprocessor(
        &count, function, stage.threads,
        static_cast<size_t>(stage.shared_bytes));
  }
  if (result) {
    Text note = {};
    note.append(" for '%s'", stage.symbol);
    return refuse(api, call, result, kernel, image, note.buffer);
  }
  // None fits: then the launch fails, and says why.
  blocks = each * (count > 0 ? count : 1);
  return GSA_SUCCESS;
}

static gsa_status loadFunctions(const Api &api, const gsa_kernel &kernel,
                                const gsa_image &image, int32_t processors,
                                Loaded &loaded) {
  for (int32_t i = 0; i < image.num_stages; ++i)
    if (gsa_status status = loadFunction(api, kernel, image, image.stages[i],
                                         loaded.module, loaded.functions()[i]))
      return status;
  loaded.resident = 0;
  if (!image.segments)
    return GSA_SUCCESS;
  int32_t last = image.num_stages - 1;
  return countResident(api, kernel, image, image.stages[last],
                       loaded.functions()[last], processors, loaded.resident);
}

static gsa_status load(const Api &api, const gsa_kernel &kernel,
                       const gsa_image &image, int32_t processors,
                       Loaded &loaded) {
  OutsideCapture outside(api);
  if (gsa_status status = loadModule(api, kernel, image, loaded.module))
    return status;
  gsa_status status = loadFunctions(api, kernel, image, processors, loaded);
  if (status)
    (void)api.cuModuleUnload(loaded.module);
  return status;
}

static gsa_status loadNew(const Api &api, const gsa_kernel &kernel,
                          const gsa_image &image, uint64_t context,
                          int32_t processors, const Loaded *&found) {
  size_t bytes =
      sizeof(Loaded) + static_cast<size_t>(image.num_stages) * sizeof(Function);
  Loaded *loaded = static_cast<Loaded *>(std::malloc(bytes));
  if (!loaded)
    return fail(GSA_ERROR_DRIVER,
                "image '%s' of kernel '%s' must be loaded, got no memory for "
                "%" PRId32 " stages",
                image.chip, kernel.name, image.num_stages);
  Loaded *&list = listOf(&image, context);
  loaded->next = list;
  loaded->image = &image;
  loaded->context = context;
  if (gsa_status status = load(api, kernel, image, processors, *loaded)) {
    std::free(loaded);
    return status;
  }
  __atomic_store_n(&list, loaded, __ATOMIC_RELEASE);
  found = loaded;
  return GSA_SUCCESS;
}

gsa_status findImage(const Api &api, const gsa_kernel &kernel,
                     const gsa_image &image, Context context,
                     int32_t processors, LoadedImage &found) {
  uint64_t identity;
  if (Result result = identify(api, context, identity))
    return refuse(api, "cuCtxGetId", result, kernel, image);
  const Loaded *loaded = lookUp(&image, identity);
  if (!loaded) {
    pthread_mutex_lock(&mutex);
    gsa_status status = GSA_SUCCESS;
    loaded = lookUp(&image, identity);
    if (!loaded)
      status = loadNew(api, kernel, image, identity, processors, loaded);
    pthread_mutex_unlock(&mutex);
    if (status)
      return status;
  }
  found = {loaded->functions(), loaded->resident};
  return GSA_SUCCESS;
}

} // namespace gsa::runtime::cuda
