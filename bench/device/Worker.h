//===- Worker.h - Processes that run cases, and what watches them ---------===//

#ifndef GSA_BENCH_DEVICE_WORKER_H
#define GSA_BENCH_DEVICE_WORKER_H

#include "Case.h"

#include <functional>
#include <nlohmann/json.hpp>

namespace suite {

/// How this program was called.
struct Options {
  std::string backend = "cuda";
  std::string bundle; ///< the folder of lists and peers
  std::string out = "results";
  std::string work;   ///< a folder of this run's own, for logs
  std::string filter; ///< a part of a group, a title or a function
  std::vector<std::string> only = {"check", "sanitizer", "bench", "peer"};
  bool quick = false;
  int jobs = 0; ///< workers at a time; 0: half the cores, at most 8

  bool wants(const std::string &part) const;
};

/// Reads commands from standard input, one a line, and answers each with a line
/// of JSON on standard output, until the input ends:
///
///   check I      what case I's checks found
///   bench I      what measuring it found
///   facts        the device's facts
///   copy         the bandwidth of copies
int work(const Options &options, const std::vector<Case> &cases);

/// Checks the cases of those numbers in this process, which a sanitizer may
/// watch; the exit code says whether all passed.
int runCases(const Options &options, const std::vector<Case> &cases,
             const std::vector<int> &numbers);

/// One command for a worker.
struct Job {
  std::string command;
  int seconds; ///< after which the worker is ended
  /// Gets the answer, or {"fatal": why} if there is none: the worker crashed,
  /// took too long, or its device failed. Only the job that it was at is lost.
  std::function<void(const nlohmann::json &)> done;
};

/// Runs jobs on `workers` processes of this program. `what` names them in the
/// progress that is shown on standard error.
void runJobs(const Options &options, std::vector<Job> jobs, int workers,
             const std::string &what);

/// Runs a program with its output in a file, ends it after some seconds, and
/// returns its exit code; -1 if it did not end by itself or was not found.
int runProgram(const std::vector<std::string> &arguments,
               const std::string &log, int seconds,
               const std::vector<std::string> &environment = {});

/// This program's file.
std::string ownPath();

} // namespace suite

#endif // GSA_BENCH_DEVICE_WORKER_H
