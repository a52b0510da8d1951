//===- Workers.h - Spread blocks over threads -------------------*- C++ -*-===//

#ifndef GSA_RUNTIME_SRC_CPU_WORKERS_H
#define GSA_RUNTIME_SRC_CPU_WORKERS_H

#include "gsa/kernel.h"

namespace gsa::runtime {

/// How many workers run `blocks` blocks if the caller asks for `threads` (0:
/// one a core that the process may use): never more than there are blocks, and
/// one inside a parallel region of the caller.
int32_t countWorkers(int32_t threads, int64_t blocks);

/// Blocks to run, and with what.
struct Work {
  gsa_host_entry entry;
  const gsa_tensor *tensors;
  int64_t blocks;
  int32_t workers; ///< from countWorkers
  char *workspace; ///< `workers` slices of `stride` bytes; null without any
  size_t stride;
};

/// Runs every block once and returns after the last. The result does not
/// depend on the number of workers.
void runBlocks(const Work &work);

} // namespace gsa::runtime

#endif // GSA_RUNTIME_SRC_CPU_WORKERS_H
