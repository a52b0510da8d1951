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
  // Blocks can differ in cost (packed sequences), so each worker takes the next
  // one when it is free. Counting by hand, and not `omp for`, asks less of the
  // OpenMP library: the code of a newer compiler then runs with an older one.
  // The team may be smaller than asked for; the blocks still all run.
  int64_t next = 0;
#pragma omp parallel num_threads(work.workers)
  {
    DefaultFloatingPoint environment;
    void *scratch = work.workspace;
    if (scratch)
      scratch = work.workspace +
                static_cast<size_t>(omp_get_thread_num()) * work.stride;
    for (;;) {
      int64_t block = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED);
      if (block >= work.blocks)
        break;
      work.entry(work.tensors, block, scratch);
    }
  }
}

} // namespace gsa::runtime
