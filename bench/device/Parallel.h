//===- Parallel.h - Work on all cores -------------------------------------===//

#ifndef GSA_BENCH_DEVICE_PARALLEL_H
#define GSA_BENCH_DEVICE_PARALLEL_H

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace suite {

/// Calls `body` with 0 to `count - 1`, each once, on as many threads as the
/// machine has cores.
template <typename Body> void parallelFor(int64_t count, const Body &body) {
  auto workers =
      std::min<int64_t>(count, int64_t(std::thread::hardware_concurrency()));
  if (workers <= 1) {
    for (int64_t i = 0; i < count; ++i)
      body(i);
    return;
  }
  std::atomic<int64_t> next = 0;
  std::vector<std::thread> threads;
  for (int64_t w = 0; w < workers; ++w)
    threads.emplace_back([&] {
      for (int64_t i; (i = next++) < count;)
        body(i);
    });
  for (std::thread &thread : threads)
    thread.join();
}

} // namespace suite

#endif // GSA_BENCH_DEVICE_PARALLEL_H
