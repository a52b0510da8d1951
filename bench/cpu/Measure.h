//===- Measure.h - Times of things that run in turns ----------------------===//

#ifndef GSA_BENCH_CPU_MEASURE_H
#define GSA_BENCH_CPU_MEASURE_H

#include <functional>
#include <string>
#include <vector>

namespace bench {

/// One thing to time.
struct Contender {
  std::string name;
  double flops; ///< of one run; 0 if that has no meaning
  int threads;  ///< 1: the run is pinned to one core
  std::function<void()> run;
  std::vector<double> seconds = {}; ///< sorted by `measure`

  double median() const { return seconds[seconds.size() / 2]; }
  double best() const { return seconds.front(); }
  double worst() const { return seconds.back(); }
};

/// Cores that this process may use.
int countCores();

/// What passes while something runs. The processor's own time leaves out what
/// other programs took, so it can be had on a busy machine, of one thread.
enum class Clock { Wall, Processor };

/// Runs each contender `rounds` times, one after the other in each round, so
/// that what else the machine does meets all of them alike. The first round is
/// for warming up and not counted. Shows progress on a terminal.
void measure(std::vector<Contender> &contenders, int rounds, Clock clock);

/// Runs a program and waits for it, which counts as this thread's own time.
/// False, with a message, if it could not be run or failed.
bool runProgram(const std::vector<std::string> &arguments);

} // namespace bench

#endif // GSA_BENCH_CPU_MEASURE_H
