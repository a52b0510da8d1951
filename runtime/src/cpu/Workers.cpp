//===- Workers.cpp - Spread blocks over threads ---------------------------===//
//
// OpenMP, because its pool outlives a call and a program that is itself
// parallel with OpenMP then shares one pool with us. A single worker does
// without it, so that callers with threads of their own never start more.
//
//===----------------------------------------------------------------------===//

#include "Workers.h"

#include "FloatingPoint.h"

#include <omp.h>

namespace gsa::runtime {

int32_t countWorkers(int32_t threads, int64_t blocks) {
  if (blocks <= 1 || threads == 1)
    return blocks < 1 ? 0 : 1;
  if (omp_in_parallel())
    return 1;
  int32_t workers = threads ? threads : omp_get_num_procs();
  if (workers > GSA_MAX_THREADS)
    workers = GSA_MAX_THREADS;
  return workers < blocks ? workers : static_cast<int32_t>(blocks);
}

void runBlocks(const Work &work) {
  if (work.workers <= 1) {
    DefaultFloatingPoint environment;
    for (int64_t block = 0; block < work.blocks; ++block)
      work.entry(work.tensors, block, work.workspace);
    return;
  }
  // The team may be smaller than asked for; then there are fewer of us and the
  // blocks still all run. Blocks can differ in cost (packed sequences), hence
  // one at a time.
#pragma omp parallel num_threads(work.workers)
  {
    DefaultFloatingPoint environment;
    void *scratch = work.stride
                        ? work.workspace + omp_get_thread_num() * work.stride
                        : nullptr;
#pragma omp for schedule(dynamic, 1) nowait
    for (int64_t block = 0; block < work.blocks; ++block)
      work.entry(work.tensors, block, scratch);
  }
}

} // namespace gsa::runtime
