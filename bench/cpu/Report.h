//===- Report.h - What was measured, against what was asked for -----------===//

#ifndef GSA_BENCH_CPU_REPORT_H
#define GSA_BENCH_CPU_REPORT_H

#include "Measure.h"

#include <string>
#include <vector>

namespace bench {

/// A number that must be at least, or at most, another one: how many times
/// faster (more flops a second) `left` is than `right`, or without `right` how
/// many seconds `left` takes.
struct Bar {
  std::string what;
  std::string left, right; ///< names of contenders
  bool atLeast;
  double asked;
};

/// One correctness check that was made.
struct Check {
  std::string what;
  double error, bound;
};

struct Report {
  std::vector<std::pair<std::string, std::string>> machine; ///< label, text
  std::vector<Check> checks;
  std::vector<Contender> contenders;
  std::vector<Bar> bars;
};

/// Tables for people, to standard output.
void print(const Report &report);

/// The same as JSON. False, with a message, if it cannot be written.
bool writeJSON(const Report &report, const std::string &path);

} // namespace bench

#endif // GSA_BENCH_CPU_REPORT_H
