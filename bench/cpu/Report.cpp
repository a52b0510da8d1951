//===- Report.cpp - What was measured, against what was asked for ---------===//
//
// A bar is judged by medians, and of the peak by its best: it is a property of
// the machine that noise can only hide. The quotient of the best runs stands
// beside it, which is what a machine without other work would tend to.
//
//===----------------------------------------------------------------------===//

#include "Report.h"

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

using namespace bench;

namespace {

struct Outcome {
  double value, best;
  bool reached;
};

const Contender *find(const Report &report, const std::string &name) {
  for (const Contender &contender : report.contenders)
    if (contender.name == name)
      return &contender;
  return nullptr;
}

/// Nothing if what the bar compares was not measured.
std::optional<Outcome> judge(const Report &report, const Bar &bar) {
  const Contender *left = find(report, bar.left);
  const Contender *right = find(report, bar.right);
  if (!left || (!right && !bar.right.empty()))
    return std::nullopt;
  Outcome outcome;
  if (!right) {
    outcome.value = left->median();
    outcome.best = left->best();
  } else {
    const double work = left->flops / right->flops;
    const double against =
        right->name == "peak" ? right->best() : right->median();
    outcome.value = work * against / left->median();
    outcome.best = work * right->best() / left->best();
  }
  outcome.reached =
      bar.atLeast ? outcome.value >= bar.asked : outcome.value <= bar.asked;
  return outcome;
}

} // namespace

void bench::print(const Report &report) {
  for (const auto &[label, text] : report.machine)
    std::printf("%-12s %s\n", label.c_str(), text.c_str());

  std::printf("\n%-34s %10s %10s\n", "checked against f64", "error", "bound");
  for (const Check &check : report.checks)
    std::printf("%-34s %10.1e %10.1e\n", check.what.c_str(), check.error,
                check.bound);

  std::printf("\n%-34s %9s %9s %9s %9s %9s\n", "", "median ms", "min", "max",
              "GFLOP/s", "at best");
  for (const Contender &contender : report.contenders) {
    std::printf("%-34s %9.2f %9.2f %9.2f", contender.name.c_str(),
                1e3 * contender.median(), 1e3 * contender.best(),
                1e3 * contender.worst());
    if (contender.flops > 0)
      std::printf(" %9.1f %9.1f", 1e-9 * contender.flops / contender.median(),
                  1e-9 * contender.flops / contender.best());
    std::printf("\n");
  }

  std::printf("\n%-44s %8s %8s %8s\n", "bar", "asked", "median", "best");
  for (const Bar &bar : report.bars) {
    std::printf("%-44s %s%6.2f ", bar.what.c_str(),
                bar.atLeast ? ">=" : "<=", bar.asked);
    if (std::optional<Outcome> outcome = judge(report, bar))
      std::printf("%8.2f %8.2f  %s\n", outcome->value, outcome->best,
                  outcome->reached ? "PASS" : "MISS");
    else
      std::printf("%8s %8s  not measured\n", "-", "-");
  }
}

bool bench::writeJSON(const Report &report, const std::string &path) {
  using nlohmann::ordered_json;
  ordered_json root;
  for (const auto &[label, text] : report.machine)
    root["machine"][label] = text;
  for (const Check &check : report.checks)
    root["checks"].push_back(
        {{"what", check.what}, {"error", check.error}, {"bound", check.bound}});
  for (const Contender &contender : report.contenders)
    root["times"].push_back({{"name", contender.name},
                             {"flops", contender.flops},
                             {"threads", contender.threads},
                             {"runs", contender.seconds.size()},
                             {"median_s", contender.median()},
                             {"min_s", contender.best()},
                             {"max_s", contender.worst()}});
  for (const Bar &bar : report.bars) {
    ordered_json entry = {{"what", bar.what},
                          {"law", bar.atLeast ? "at least" : "at most"},
                          {"asked", bar.asked}};
    if (std::optional<Outcome> outcome = judge(report, bar)) {
      entry["median"] = outcome->value;
      entry["best"] = outcome->best;
      entry["reached"] = outcome->reached;
    }
    root["bars"].push_back(std::move(entry));
  }
  std::ofstream file(path);
  file << root.dump(2) << '\n';
  file.close();
  if (!file)
    std::fprintf(stderr, "bench-cpu: cannot write %s\n", path.c_str());
  return bool(file);
}
