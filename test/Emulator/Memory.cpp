//===- Memory.cpp - Memory, streams, events and graphs --------------------===//

#include "Driver.h"

#include <cstring>
#include <sys/mman.h>

using namespace emulator;
using namespace emulator::driver;

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

DRIVER cuMemAlloc_v2(unsigned long long *address, size_t bytes) {
  CHECK_STATE;
  if (!bytes)
    return InvalidValue;
  Machine &all = machine();
  constexpr size_t page = 4096;
  std::lock_guard<std::mutex> lock(all.mutex);
  if (bytes > all.memory || all.allocated > all.memory - bytes)
    return OutOfMemory;
  // The end is at a page's end, as near as the alignment that the driver
  // promises lets it; pages around it may not be touched.
  size_t rounded = (bytes + 255) / 256 * 256;
  size_t inside = (rounded + page - 1) / page * page;
  void *mapping = mmap(nullptr, inside + 2 * page, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED)
    return OutOfMemory;
  char *first = static_cast<char *>(mapping) + page;
  mprotect(first, inside, PROT_READ | PROT_WRITE);
  char *at = first + inside - rounded;
  // Not a number in every type; more would only cost memory.
  if (inside <= size_t(256) << 20)
    std::memset(first, 0xff, inside);
  all.allocated += bytes;
  *address = reinterpret_cast<uint64_t>(at);
  all.allocations[*address] = {bytes, inside + 2 * page,
                               static_cast<char *>(mapping)};
  return Success;
}

DRIVER cuMemFree_v2(unsigned long long address) {
  Machine &all = machine();
  std::lock_guard<std::mutex> lock(all.mutex);
  auto found = all.allocations.find(address);
  if (found == all.allocations.end())
    return address ? int(InvalidValue) : int(Success);
  munmap(found->second.mapping, found->second.mapped);
  all.allocated -= found->second.bytes;
  all.allocations.erase(found);
  return Success;
}

DRIVER cuMemGetInfo_v2(size_t *free, size_t *total) {
  CHECK_STATE;
  std::lock_guard<std::mutex> lock(machine().mutex);
  *total = machine().memory;
  *free = machine().memory - machine().allocated;
  return Success;
}

DRIVER cuMemcpyHtoD_v2(unsigned long long to, const void *from, size_t bytes) {
  CHECK_STATE;
  if (!machine().holds(to, bytes))
    return InvalidValue;
  std::memcpy(reinterpret_cast<void *>(to), from, bytes);
  return Success;
}

DRIVER cuMemcpyDtoH_v2(void *to, unsigned long long from, size_t bytes) {
  CHECK_STATE;
  if (!machine().holds(from, bytes))
    return InvalidValue;
  std::memcpy(to, reinterpret_cast<const void *>(from), bytes);
  return Success;
}

DRIVER cuMemcpyDtoDAsync_v2(unsigned long long to, unsigned long long from,
                            size_t bytes, void *stream) {
  CHECK_STATE;
  if (!machine().holds(to, bytes) || !machine().holds(from, bytes))
    return InvalidValue;
  return enqueue(stream, [=] {
    std::memmove(reinterpret_cast<void *>(to),
                 reinterpret_cast<const void *>(from), bytes);
    return int(Success);
  });
}

DRIVER cuMemsetD8_v2(unsigned long long to, unsigned char value, size_t bytes) {
  CHECK_STATE;
  if (!machine().holds(to, bytes))
    return InvalidValue;
  std::memset(reinterpret_cast<void *>(to), value, bytes);
  return Success;
}

//===----------------------------------------------------------------------===//
// Streams, events and graphs
//===----------------------------------------------------------------------===//

Stream &driver::streamOf(void *stream) {
  static Stream defaultStream;
  // 0, 1 and 2 are the default stream, of this or that kind.
  return reinterpret_cast<uintptr_t>(stream) <= 2
             ? defaultStream
             : *static_cast<Stream *>(stream);
}

int driver::enqueue(void *stream, Work work) {
  Stream &to = streamOf(stream);
  if (!to.isCapturing)
    return work();
  to.graph.work.push_back(std::move(work));
  return Success;
}

DRIVER cuStreamGetCtx(void *stream, void **context) {
  CHECK_STATE;
  bool isDefault = reinterpret_cast<uintptr_t>(stream) <= 2;
  if (isDefault && contexts.empty())
    return InvalidContext;
  *context = isDefault ? contexts.back() : &machine().context;
  return Success;
}

DRIVER cuThreadExchangeStreamCaptureMode(int *mode) {
  static thread_local int captureMode = 0;
  std::swap(*mode, captureMode);
  return Success;
}

DRIVER cuStreamCreate(void **stream, unsigned) {
  CHECK_STATE;
  *stream = new Stream();
  return Success;
}

DRIVER cuStreamDestroy_v2(void *stream) {
  delete static_cast<Stream *>(stream);
  return Success;
}

DRIVER cuStreamSynchronize(void *stream) {
  CHECK_STATE;
  return streamOf(stream).isCapturing ? int(CaptureUnsupported) : int(Success);
}

DRIVER cuEventCreate(void **event, unsigned) {
  CHECK_STATE;
  *event = new Event();
  return Success;
}

DRIVER cuEventRecord(void *event, void *stream) {
  CHECK_STATE;
  return enqueue(stream, [event] {
    static_cast<Event *>(event)->time = std::chrono::steady_clock::now();
    return int(Success);
  });
}

DRIVER cuEventSynchronize(void *) { return state(); }

DRIVER cuEventElapsedTime(float *milliseconds, void *first, void *last) {
  CHECK_STATE;
  *milliseconds =
      std::chrono::duration<float, std::milli>(
          static_cast<Event *>(last)->time - static_cast<Event *>(first)->time)
          .count();
  return Success;
}

DRIVER cuStreamBeginCapture_v2(void *stream, int) {
  CHECK_STATE;
  if (reinterpret_cast<uintptr_t>(stream) <= 2 || streamOf(stream).isCapturing)
    return CaptureUnsupported;
  streamOf(stream).isCapturing = true;
  streamOf(stream).graph = {};
  return Success;
}

DRIVER cuStreamEndCapture(void *stream, void **graph) {
  CHECK_STATE;
  if (!streamOf(stream).isCapturing)
    return InvalidValue;
  streamOf(stream).isCapturing = false;
  *graph = new Graph(std::move(streamOf(stream).graph));
  return Success;
}

DRIVER cuGraphInstantiateWithFlags(void **ready, void *graph,
                                   unsigned long long) {
  CHECK_STATE;
  *ready = new Graph(*static_cast<Graph *>(graph));
  return Success;
}

DRIVER cuGraphLaunch(void *ready, void *stream) {
  CHECK_STATE;
  for (const Work &work : static_cast<Graph *>(ready)->work)
    if (int result = enqueue(stream, work))
      return result;
  return Success;
}

DRIVER cuGraphDestroy(void *graph) {
  delete static_cast<Graph *>(graph);
  return Success;
}

DRIVER cuGraphExecDestroy(void *ready) {
  delete static_cast<Graph *>(ready);
  return Success;
}
