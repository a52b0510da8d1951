//===- Report.cpp - What a run of the suite found -------------------------===//

#include "Report.h"

#include <cmath>
#include <cstdio>
#include <fstream>
#include <sstream>

using namespace suite;
using nlohmann::json;

bool suite::readBars(const std::string &path, std::vector<Bar> &bars,
                     std::string &message) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::stringstream stream(line);
    Bar bar;
    bar.text = line;
    if (!(stream >> bar.problem) || bar.problem[0] == '#')
      continue;
    std::string limit;
    stream >> bar.over >> limit;
    double upper = 0, lower = 1;
    int read = std::sscanf(limit.c_str(), "%lf/%lf", &upper, &lower);
    if (read < 1 || !(upper > 0) || !(lower > 0)) {
      message = path + ": a bar must be PROBLEM OVER LIMIT, got '" + line + "'";
      return false;
    }
    bar.limit = upper / lower;
    size_t at = bar.problem.find('@');
    if (at != std::string::npos) {
      bar.chip = bar.problem.substr(at + 1);
      bar.problem.resize(at);
    }
    bars.push_back(bar);
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

static double timeOf(const Row &row) {
  return row.bench.value("status", "") == "pass" ? row.bench.value("alone", 0.)
                                                 : 0.;
}

static double floorOf(const Report &report, const Row &row) {
  double bytes = row.bench.value("bytes", 0.);
  return report.bandwidth > 0 ? bytes / report.bandwidth * 1e3 : 0;
}

static double peerOf(const Report &report, const std::string &peer,
                     const std::string &problem) {
  auto found = report.peers.times.find(peer);
  if (found == report.peers.times.end())
    return 0;
  auto time = found->second.find(problem);
  return time == found->second.end() ? 0 : time->second.alone;
}

/// The row of a problem on an image; the first is the one that is chosen.
static const Row *findRow(const Report &report, const std::string &problem,
                          const std::string &chip) {
  for (const Row &row : report.rows)
    if (row.problem == problem &&
        (chip.empty() || row.bench.value("chip", "") == chip))
      return &row;
  return nullptr;
}

/// What a bar is about; not positive if it was not measured.
static double measure(const Report &report, const Bar &bar) {
  if (bar.over == "ms")
    return report.start.value(bar.problem, 0.);
  const Row *row = findRow(report, bar.problem, bar.chip);
  if (!row || timeOf(*row) <= 0)
    return 0;
  if (bar.over == "MiB")
    // None is as good as it gets, and measured.
    return std::max(row->bench.value("workspace", 0.) / (1 << 20), 1e-9);
  double other = 0;
  if (bar.over == "floor")
    other = floorOf(report, *row);
  else if (const Row *second = findRow(report, bar.over, bar.chip))
    other = timeOf(*second);
  else
    other = peerOf(report, bar.over, bar.problem);
  return other > 0 ? timeOf(*row) / other : 0;
}

static const char *verdict(const Report &report, const Bar &bar) {
  double got = measure(report, bar);
  const Row *row = findRow(report, bar.problem, bar.chip);
  if (row && row->check.value("status", "pass") != "pass")
    return "WRONG";
  return got <= 0 ? "NONE" : got <= bar.limit ? "PASS" : "MISS";
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

static void cell(double number, const char *format) {
  if (number > 0)
    std::printf(format, number);
  else
    std::printf("%9s", "-");
}

static void printChecks(const Report &report) {
  if (report.checks.is_null())
    return;
  std::printf("\n%-22s %6s %6s %6s  %s\n", "checks", "pass", "fail", "skip",
              "closest to its bound");
  for (const auto &[name, group] : report.checks["groups"].items())
    std::printf("%-22s %6d %6d %6d  %.2e of %.2e  %s\n", name.c_str(),
                group["pass"].get<int>(), group["fail"].get<int>(),
                group["skip"].get<int>(), group["error"].get<double>(),
                group["bound"].get<double>(),
                group["case"].get<std::string>().c_str());
  for (const char *kind : {"failures", "skips"})
    for (const json &each : report.checks[kind])
      std::printf("%s %s %s\n    %s\n", kind[0] == 'f' ? "FAIL" : "skip",
                  each["chip"].get<std::string>().c_str(),
                  each["case"].get<std::string>().c_str(),
                  each["detail"].get<std::string>().c_str());
}

static void printProblems(const Report &report) {
  if (report.rows.empty())
    return;
  std::printf("\ncopy bandwidth %.3f TB/s, read and written\n\n",
              report.bandwidth * 1e-12);
  std::printf("%-16s %-14s %9s%9s%9s%9s%9s%9s%9s%9s  %-9s %s\n", "problem",
              "image", "ms", "stream", "graph", "floor", "x floor", "x proto",
              "x fla", "x sdpa", "error", "workspace");
  for (const Row &row : report.rows) {
    double time = timeOf(row);
    std::string chip = row.bench.value("chip", "");
    std::printf("%-16s %-14s ", row.problem.c_str(), chip.c_str());
    if (time <= 0) {
      std::printf("%s: %s\n", row.bench.value("status", "fail").c_str(),
                  row.bench.value("detail", "").c_str());
      continue;
    }
    double floor = floorOf(report, row);
    auto over = [&](const char *peer) {
      double other = peerOf(report, peer, row.problem);
      cell(other > 0 ? time / other : 0, "%9.3f");
    };
    for (const char *kind : {"alone", "stream", "graph"})
      cell(row.bench.value(kind, 0.), "%9.4f");
    cell(floor, "%9.4f");
    cell(floor > 0 ? time / floor : 0, "%9.2f");
    over("prototype");
    over("fla");
    over("sdpa");
    const json &check = row.check;
    if (check.empty())
      std::printf("  %-9s", "unchecked");
    else if (check.value("status", "") != "pass")
      std::printf("  %-9s", "WRONG");
    else
      std::printf("  %-9.2e", check.value("error", 0.));
    std::printf(" %.1f MiB\n", row.bench.value("workspace", 0.) / (1 << 20));
  }
}

void suite::print(const Report &report) {
  for (const auto &[label, text] : report.machine.items())
    std::printf("%-20s %s\n", label.c_str(), text.get<std::string>().c_str());
  printChecks(report);
  if (!report.sanitizers.is_null())
    for (const auto &[tool, text] : report.sanitizers.items())
      std::printf("%-20s %s\n", tool.c_str(), text.get<std::string>().c_str());
  printProblems(report);
  for (const auto &[peer, problems] : report.peers.times)
    for (const auto &[problem, time] : problems)
      std::printf(
          "%-18s %-16s %9.4f ms alone%s\n", peer.c_str(), problem.c_str(),
          time.alone,
          time.stream > 0
              ? (", " + std::to_string(time.stream) + " in a loop").c_str()
              : "");
  for (const std::string &note : report.peers.notes)
    std::printf("note: %s\n", note.c_str());
  if (!report.start.is_null())
    for (const auto &[problem, time] : report.start.items())
      std::printf("first result of %s after %.1f ms, without the driver's "
                  "start\n",
                  problem.c_str(), time.get<double>());
  if (!report.rows.empty()) {
    std::printf("\n%-44s %8s %8s\n", "bar", "limit", "got");
    for (const Bar &bar : report.bars)
      std::printf("%-44s %8.3f %8.3f  %s\n", bar.text.c_str(), bar.limit,
                  measure(report, bar), verdict(report, bar));
  }
  std::printf("\n%.0f s in all\n", report.seconds);
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

bool suite::writeJson(const Report &report, const std::string &path) {
  json all = {{"machine", report.machine},
              {"seconds", report.seconds},
              {"copy_bytes_per_second", report.bandwidth},
              {"checks", report.checks},
              {"sanitizers", report.sanitizers},
              {"first_result_ms", report.start}};
  for (const Row &row : report.rows) {
    json each = row.bench;
    each["problem"] = row.problem;
    each["floor"] = floorOf(report, row);
    each["check"] = row.check;
    double time = timeOf(row);
    if (time > 0 && floorOf(report, row) > 0)
      each["over"]["floor"] = time / floorOf(report, row);
    for (const auto &[peer, problems] : report.peers.times)
      if (time > 0 && peerOf(report, peer, row.problem) > 0)
        each["over"][peer] = time / peerOf(report, peer, row.problem);
    all["problems"].push_back(each);
  }
  for (const auto &[peer, problems] : report.peers.times)
    for (const auto &[problem, time] : problems)
      all["peers"][peer][problem] = {{"alone", time.alone},
                                     {"stream", time.stream}};
  all["notes"] = report.peers.notes;
  if (!report.rows.empty())
    for (const Bar &bar : report.bars)
      all["bars"].push_back({{"bar", bar.text},
                             {"limit", bar.limit},
                             {"got", measure(report, bar)},
                             {"verdict", verdict(report, bar)}});
  std::ofstream file(path);
  file << all.dump(1, ' ', false, json::error_handler_t::replace) << "\n";
  file.close();
  if (!file)
    std::fprintf(stderr, "suite: '%s' must be writable, got an error\n",
                 path.c_str());
  return bool(file);
}
