//===- Api.cpp - Open and start the CUDA driver ---------------------------===//

#include "Api.h"

#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <pthread.h>

namespace gsa::runtime::cuda {

namespace {
enum State { Unknown, Ready, Failed };
} // namespace

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int state = Unknown;
// Written under the mutex before `state` leaves Unknown, and never again.
static Api table;
static Text failure;

/// A function pointer as dlsym gives it (POSIX.1-2008, dlsym, application
/// usage).
template <typename Pointer>
static bool find(void *library, const char *symbol, Pointer &function) {
  static_assert(sizeof(Pointer) == sizeof(void *));
  void *address = dlsym(library, symbol);
  std::memcpy(static_cast<void *>(&function), static_cast<void *>(&address),
              sizeof(address));
  return address != nullptr;
}

static State open() {
  const char *name = secure_getenv("GSA_CUDA_DRIVER");
  if (!name || !*name)
    name = "libcuda.so.1";
  // Never closed: its threads and handlers live as long as the process.
  void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *error = dlerror();
    failure.append("CUDA driver must be found, got: %s", error ? error : name);
    return Failed;
  }
#define GSA_CUDA_FIND(name_, symbol, parameters)                               \
  if (!find(library, #symbol, table.name_)) {                                  \
    failure.append("CUDA driver must have " #symbol ", got '%s' without it",   \
                   name);                                                      \
    return Failed;                                                             \
  }
#define GSA_CUDA_TRY(name_, symbol, parameters)                                \
  (void)find(library, #symbol, table.name_);
  GSA_CUDA_FUNCTIONS(GSA_CUDA_FIND, GSA_CUDA_TRY)
#undef GSA_CUDA_FIND
#undef GSA_CUDA_TRY
  Result result = table.cuInit(0);
  if (result == 0)
    result = table.cuDriverGetVersion(&table.version);
  if (result == 0)
    return Ready;
  failure.append("CUDA driver must start, got ");
  appendResult(failure, table, result);
  return Failed;
}

const Api *findApi(Text &reason) {
  int found = __atomic_load_n(&state, __ATOMIC_ACQUIRE);
  if (found == Unknown) {
    pthread_mutex_lock(&mutex);
    found = __atomic_load_n(&state, __ATOMIC_RELAXED);
    if (found == Unknown) {
      found = open();
      __atomic_store_n(&state, found, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&mutex);
  }
  if (found == Ready)
    return &table;
  reason.append("%s", failure.buffer);
  return nullptr;
}

void appendResult(Text &text, const Api &api, Result result) {
  const char *name = nullptr, *words = nullptr;
  if (result == stubLibrary) { // whose other functions say no more than this
    name = "CUDA_ERROR_STUB_LIBRARY";
    words = "the toolkit's library to link with, not a driver";
  } else if (api.cuGetErrorName(result, &name) != 0 || !name) {
    name = nullptr;
  } else if (api.cuGetErrorString(result, &words) != 0) {
    words = nullptr;
  }
  if (!name)
    text.append("error %d", result);
  else if (!words)
    text.append("%s", name);
  else
    text.append("%s (%s)", name, words);
}

gsa_status refuse(const Api &api, const char *call, Result result,
                  const gsa_kernel &kernel, const gsa_image &image,
                  const char *note) {
  Text found = {};
  appendResult(found, api, result);
  return fail(GSA_ERROR_DRIVER,
              "%s must succeed for image '%s' of kernel '%s', got %s%s", call,
              image.chip, kernel.name, found.buffer, note);
}

} // namespace gsa::runtime::cuda
