//===- Progress.h - A bar for work that takes its time ----------*- C++ -*-===//

#ifndef GSA_TOOLS_RUN_PROGRESS_H
#define GSA_TOOLS_RUN_PROGRESS_H

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace mlir::gsa::run {

/// A line on standard error that says what is done and what is left. It
/// appears after two seconds, if `shown`, and is gone when this is.
class Progress {
public:
  Progress(bool shown, int64_t total);
  ~Progress();
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;

  /// Says that `step` begins, and that `done` of the total are behind it.
  void begin(const char *step, int64_t done);

private:
  void draw();

  std::mutex mutex;
  std::condition_variable ended;
  bool end = false, drawn = false;
  const char *step = "";
  int64_t done = 0, total;
  std::thread thread;
};

} // namespace mlir::gsa::run

#endif // GSA_TOOLS_RUN_PROGRESS_H
