//===- Measure.cpp - Times of things that run in turns --------------------===//

#include "Measure.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <sched.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace bench;

namespace {

/// The cores of this process when it began.
const cpu_set_t &allCores() {
  static const cpu_set_t cores = [] {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) {
      CPU_ZERO(&set);
      CPU_SET(0, &set);
    }
    return set;
  }();
  return cores;
}

/// The last core: the first ones answer most interrupts.
cpu_set_t lastCore() {
  int last = 0;
  for (int core = 0; core < CPU_SETSIZE; ++core)
    if (CPU_ISSET(core, &allCores()))
      last = core;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(last, &set);
  return set;
}

double toSeconds(const timeval &time) {
  return double(time.tv_sec) + 1e-6 * double(time.tv_usec);
}

double now(Clock clock) {
  timespec time;
  if (clock == Clock::Wall) {
    clock_gettime(CLOCK_MONOTONIC, &time);
    return double(time.tv_sec) + 1e-9 * double(time.tv_nsec);
  }
  // Of programs that ran on our behalf the kernel keeps only a sum.
  rusage programs;
  getrusage(RUSAGE_CHILDREN, &programs);
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return double(time.tv_sec) + 1e-9 * double(time.tv_nsec) +
         toSeconds(programs.ru_utime) + toSeconds(programs.ru_stime);
}

double time(Contender &contender, Clock clock) {
  // Pinning is best effort: where it is refused, times are noisier. Workers of
  // the runtime are born while the caller may use every core.
  const cpu_set_t cores = contender.threads == 1 ? lastCore() : allCores();
  (void)sched_setaffinity(0, sizeof cores, &cores);
  const double start = now(clock);
  contender.run();
  return now(clock) - start;
}

} // namespace

int bench::countCores() { return CPU_COUNT(&allCores()); }

void bench::measure(std::vector<Contender> &contenders, int rounds,
                    Clock clock) {
  const bool terminal = isatty(STDERR_FILENO);
  for (int round = 0; round <= rounds; ++round) {
    for (Contender &contender : contenders) {
      const double seconds = time(contender, clock);
      if (round > 0)
        contender.seconds.push_back(seconds);
    }
    if (terminal)
      std::fprintf(stderr, "\rround %d of %d", round, rounds);
  }
  if (terminal)
    std::fputs("\r\033[K", stderr);
  for (Contender &contender : contenders)
    std::sort(contender.seconds.begin(), contender.seconds.end());
  (void)sched_setaffinity(0, sizeof(cpu_set_t), &allCores());
}

bool bench::runProgram(const std::vector<std::string> &arguments) {
  std::vector<char *> argv;
  for (const std::string &argument : arguments)
    argv.push_back(const_cast<char *>(argument.c_str()));
  argv.push_back(nullptr);
  pid_t child;
  if (int error = posix_spawn(&child, argv[0], nullptr, nullptr, argv.data(),
                              environ)) {
    std::fprintf(stderr, "bench-cpu: %s: %s\n", argv[0], std::strerror(error));
    return false;
  }
  int status = 0;
  if (waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
      WEXITSTATUS(status) != 0) {
    std::fprintf(stderr, "bench-cpu: %s must exit with 0, got status %d\n",
                 argv[0], status);
    return false;
  }
  return true;
}
