//===- suite.cpp - Checks and measures compiled kernels on a device -------===//
//
// The program of a bundle that scripts/device-suite builds. This process only
// watches: others of the same program run cases and may fail alone.
//
//===----------------------------------------------------------------------===//

#include "Report.h"
#include "Run.h"

#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

using namespace suite;
using nlohmann::json;
namespace fs = std::filesystem;

static const char kUsage[] =
    R"(usage: run [options]
  --out=DIR          where results go (results)
  --only=a,b         of check, sanitizer, bench, peer; all of them by default
  --filter=TEXT      only cases with that in their group, name or options
  --quick            small shapes and few launches: whether it works, no times
  --backend=NAME     cuda, or cpu for the host's images (cuda)
  --jobs=N           processes that check at a time
)";

namespace {
/// One run.
class Suite {
public:
  Suite(const Options &options, std::vector<Case> cases)
      : options(options), cases(std::move(cases)) {}

  /// Fails with a message if the suite itself cannot run.
  bool prepare();
  /// Whether everything that ran is right.
  bool run();

private:
  bool wants(const Case &one) const;
  void askMachine();
  void checkCases();
  void sanitize();
  void benchCases();
  void measureStart();
  void keepLogs();
  void note(const Case &one, const json &result);
  int checkers() const;

  Options options;
  std::vector<Case> cases;
  Report report;
  std::vector<json> checkResults; ///< of each case; null if it did not run
  bool failed = false;
};
} // namespace

bool Suite::wants(const Case &one) const {
  return options.filter.empty() ||
         (one.group + " " + one.title() + " " + one.text)
                 .find(options.filter) != std::string::npos;
}

int Suite::checkers() const {
  if (options.jobs)
    return options.jobs;
  return std::clamp(int(std::thread::hardware_concurrency()) / 2, 1, 8);
}

bool Suite::prepare() {
  std::string message;
  if (!readBars(options.bundle + "/bars", report.bars, message)) {
    std::fprintf(stderr, "suite: %s\n", message.c_str());
    return false;
  }
  std::error_code error;
  fs::create_directories(options.out, error);
  if (error) {
    std::fprintf(stderr, "suite: '%s' must be a folder, got: %s\n",
                 options.out.c_str(), error.message().c_str());
    return false;
  }
  char work[] = "/tmp/device-suite-XXXXXX";
  if (!mkdtemp(work)) {
    std::fprintf(stderr, "suite: /tmp must be writable, got an error\n");
    return false;
  }
  options.work = work;
  checkResults.resize(cases.size());
  askMachine();
  if (report.machine.contains("error"))
    fs::remove_all(options.work, error);
  return !report.machine.contains("error");
}

void Suite::askMachine() {
  report.machine = json::object();
  runJobs(options,
          {{"facts", 60,
            [&](const json &reply) {
              if (reply.is_object())
                report.machine["error"] = reply["fatal"];
              else
                for (const json &fact : reply)
                  report.machine[fact[0].get<std::string>()] = fact[1];
            }}},
          1, "device");
  if (report.machine.contains("error"))
    std::fprintf(stderr, "suite: %s\n",
                 report.machine["error"].get<std::string>().c_str());
  if (options.quick)
    report.machine["mode"] = "quick: small shapes, times mean nothing";
  char date[64];
  std::time_t now = std::time(nullptr);
  std::strftime(date, sizeof(date), "%F %T UTC", std::gmtime(&now));
  report.machine["date"] = date;
  report.machine["cores"] = std::to_string(std::thread::hardware_concurrency());
  std::ifstream origin(options.bundle + "/origin");
  for (std::string line; std::getline(origin, line);) {
    size_t colon = line.find(": ");
    if (colon != std::string::npos)
      report.machine[line.substr(0, colon)] = line.substr(colon + 2);
  }
}

/// Adds a result to its group and to the lists of what is not right.
void Suite::note(const Case &one, const json &result) {
  json &group = report.checks["groups"][one.group];
  std::string status = result["status"];
  group[status] = group[status].get<int>() + 1;
  double error = result["error"], bound = result["bound"];
  if (bound > 0 &&
      error / bound > group["error"].get<double>() /
                          std::max(group["bound"].get<double>(), 1e-300)) {
    group["error"] = error;
    group["bound"] = bound;
    group["case"] = one.title();
  }
  failed |= status == "fail";
  if (status != "pass")
    report.checks[status == "fail" ? "failures" : "skips"].push_back(
        {{"case", one.group + " " + one.text},
         {"chip", result["chip"]},
         {"detail", result["detail"]}});
}

void Suite::checkCases() {
  report.checks = {{"groups", json::object()},
                   {"failures", json::array()},
                   {"skips", json::array()}};
  std::ofstream log(options.out + "/checks.jsonl");
  for (bool alone : {false, true}) {
    std::vector<Job> jobs;
    for (size_t i = 0; i < cases.size(); ++i) {
      if (!wants(cases[i]) || cases[i].alone != alone)
        continue;
      json &group = report.checks["groups"][cases[i].group];
      if (group.is_null())
        group = {{"pass", 0},    {"fail", 0},    {"skip", 0},
                 {"error", 0.0}, {"bound", 0.0}, {"case", ""}};
      auto done = [&, i](const json &reply) {
        json results = reply;
        if (reply.is_object())
          results = json::array({{{"status", "fail"},
                                  {"chip", ""},
                                  {"detail", reply["fatal"]},
                                  {"output", ""},
                                  {"error", 0.0},
                                  {"bound", 0.0}}});
        checkResults[i] = results;
        for (json &result : results) {
          note(cases[i], result);
          result["case"] = cases[i].group + " " + cases[i].text;
          log << result.dump(-1, ' ', false, json::error_handler_t::replace)
              << std::endl;
        }
      };
      int seconds = cases[i].seconds ? cases[i].seconds
                    : cases[i].bench ? 240
                                     : 60;
      jobs.push_back({"check " + std::to_string(i), seconds, done});
    }
    // What takes long begins first.
    std::stable_partition(jobs.begin(), jobs.end(),
                          [](const Job &job) { return job.seconds > 60; });
    runJobs(options, jobs, alone ? 1 : checkers(), "checks");
  }
}

void Suite::sanitize() {
  report.sanitizers = json::object();
  std::string numbers;
  for (size_t i = 0; i < cases.size(); ++i)
    if (cases[i].sanitize && wants(cases[i]) && findEntry(cases[i])->kernel)
      numbers += (numbers.empty() ? "" : ",") + std::to_string(i);
  if (numbers.empty())
    return;
  for (std::string tool : {"memcheck", "racecheck"}) {
    std::string log = options.work + "/sanitizer-" + tool + ".log";
    int code = -1;
    std::string text = "compute-sanitizer is not here";
    for (std::string program :
         {options.bundle + "/sanitizer/compute-sanitizer",
          std::string("compute-sanitizer"),
          std::string("/usr/local/cuda/bin/compute-sanitizer")}) {
      if (runProgram({program, "--version"}, log, 20) != 0)
        continue;
      // Calls that fail are the runtime's to judge: it makes some to learn what
      // a driver takes.
      code = runProgram({program, "--tool", tool, "--error-exitcode", "9",
                         "--print-limit", "20", "--report-api-errors", "no",
                         ownPath(), "--run=" + numbers, "--quick",
                         "--backend=" + options.backend,
                         "--bundle=" + options.bundle},
                        log, 180);
      text = code == 0   ? "no findings"
             : code == 9 ? "findings, see logs.txt"
             : code == 1 ? "wrong results, see logs.txt"
                         : "did not end by itself, see logs.txt";
      failed |= code != 0;
      break;
    }
    report.sanitizers[tool] = text;
  }
}

void Suite::benchCases() {
  std::vector<Job> jobs;
  jobs.push_back({"copy", 60, [&](const json &reply) {
                    if (reply.is_number())
                      report.bandwidth = reply;
                  }});
  for (size_t i = 0; i < cases.size(); ++i) {
    if (!cases[i].bench || !wants(cases[i]))
      continue;
    jobs.push_back(
        {"bench " + std::to_string(i), 90, [&, i](const json &reply) {
           json results = reply;
           if (reply.is_object())
             results = json::array({{{"status", "fail"},
                                     {"chip", ""},
                                     {"detail", reply["fatal"]}}});
           for (const json &result : results) {
             Row row;
             row.problem = cases[i].title();
             row.bench = result;
             for (const json &check : checkResults[i])
               if (check["chip"] == result["chip"])
                 row.check = check;
             failed |= result["status"] == "fail";
             report.rows.push_back(row);
           }
         }});
  }
  runJobs(options, jobs, 1, "bench");
}

void Suite::measureStart() {
  report.start = json::object();
  for (const Bar &bar : report.bars) {
    if (bar.over != "ms")
      continue;
    for (const Case &one : cases) {
      if (one.title() != bar.problem || !wants(one))
        continue;
      // The middle of three.
      std::vector<double> times;
      for (int i = 0; i < 3; ++i) {
        timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        int64_t start = int64_t(now.tv_sec) * 1000000000 + now.tv_nsec;
        std::string log = options.work + "/start.log";
        if (runProgram({ownPath(), "--start=" + bar.problem,
                        "--since=" + std::to_string(start),
                        "--backend=" + options.backend,
                        "--bundle=" + options.bundle},
                       log, 60) != 0)
          break;
        std::ifstream file(log);
        double time = 0;
        if (file >> time)
          times.push_back(time);
      }
      std::sort(times.begin(), times.end());
      if (!times.empty())
        report.start[bar.problem] = times[times.size() / 2];
    }
  }
}

/// Makes one file of what other programs said: a run leaves few files behind.
void Suite::keepLogs() {
  std::ofstream all(options.out + "/logs.txt");
  std::error_code ignored;
  for (const fs::directory_entry &entry :
       fs::directory_iterator(options.work, ignored)) {
    if (entry.path().extension() != ".log")
      continue;
    // Of a long one, the end: it is what says why.
    constexpr std::streamoff kMost = 1 << 20;
    std::ifstream file(entry.path(), std::ios::ate);
    std::streamoff size = file.tellg();
    if (size <= 0)
      continue;
    file.seekg(std::max<std::streamoff>(size - kMost, 0));
    all << "==== " << entry.path().filename().string() << "\n"
        << file.rdbuf() << "\n";
  }
  fs::remove_all(options.work, ignored);
}

bool Suite::run() {
  auto begin = std::chrono::steady_clock::now();
  PythonPeers peers(options);
  bool hasPeers = options.wants("peer") && peers.start(report.peers);
  if (options.wants("check"))
    checkCases();
  if (options.wants("sanitizer"))
    sanitize();
  // From here on nothing else runs on the device.
  if (hasPeers)
    peers.finish(report.peers, options.quick ? 120 : 240);
  if (options.wants("peer"))
    runPrototype(options, report.peers);
  if (options.wants("bench")) {
    benchCases();
    measureStart();
  }
  report.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin)
          .count();
  keepLogs();
  print(report);
  bool written = writeJson(report, options.out + "/results.json");
  return written && !failed;
}

//===----------------------------------------------------------------------===//
// The command line
//===----------------------------------------------------------------------===//

namespace {
/// What this process is, beside the one that watches.
struct Role {
  bool worker = false;
  std::vector<int> run;
  std::string start;
  int64_t since = 0;
};
} // namespace

static bool parse(int argc, char **argv, Options &options, Role &role) {
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i], value;
    size_t equals = word.find('=');
    if (equals != std::string::npos) {
      value = word.substr(equals + 1);
      word.resize(equals);
    } else if (word != "--quick" && word != "--worker" && i + 1 < argc) {
      value = argv[++i];
    }
    std::stringstream parts(value);
    if (word == "--quick") {
      options.quick = true;
    } else if (word == "--worker") {
      role.worker = true;
    } else if (value.empty()) {
      return false;
    } else if (word == "--out") {
      options.out = value;
    } else if (word == "--backend") {
      options.backend = value;
    } else if (word == "--bundle") {
      options.bundle = value;
    } else if (word == "--filter") {
      options.filter = value;
    } else if (word == "--jobs") {
      options.jobs = std::atoi(value.c_str());
    } else if (word == "--only") {
      options.only.clear();
      for (std::string part; std::getline(parts, part, ',');) {
        if (!Options().wants(part))
          return false;
        options.only.push_back(part);
      }
    } else if (word == "--run") {
      for (std::string part; std::getline(parts, part, ',');)
        role.run.push_back(std::atoi(part.c_str()));
    } else if (word == "--start") {
      role.start = value;
    } else if (word == "--since") {
      role.since = std::strtoll(value.c_str(), nullptr, 10);
    } else {
      return false;
    }
  }
  return options.jobs >= 0;
}

static int start(const Options &options, const Role &role,
                 const std::vector<Case> &cases) {
  for (const Case &one : cases) {
    if (one.title() != role.start)
      continue;
    std::string message;
    double time = firstResult(options.backend, one, role.since, message);
    if (time < 0) {
      std::fprintf(stderr, "suite: %s\n", message.c_str());
      return 1;
    }
    std::printf("%.3f\n", time);
    return 0;
  }
  return 1;
}

int main(int argc, char **argv) {
  Options options;
  Role role;
  options.bundle = fs::path(ownPath()).parent_path();
  if (!parse(argc, argv, options, role)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  std::vector<Case> cases;
  std::string message;
  if (!readCases(options.bundle + "/cases", cases, message)) {
    std::fprintf(stderr, "suite: %s\n", message.c_str());
    return 2;
  }
  if (options.quick)
    for (Case &one : cases)
      shrink(one);
  for (int number : role.run)
    if (number < 0 || size_t(number) >= cases.size())
      return 2;
  if (role.worker)
    return work(options, cases);
  if (!role.run.empty())
    return runCases(options, cases, role.run);
  if (!role.start.empty())
    return start(options, role, cases);

  Suite suite(options, std::move(cases));
  if (!suite.prepare())
    return 2;
  return suite.run() ? 0 : 1;
}
