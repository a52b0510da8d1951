//===- Peers.cpp - Other implementations, measured in the same run --------===//

#include "Peers.h"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace suite;
using nlohmann::json;
namespace fs = std::filesystem;

//===----------------------------------------------------------------------===//
// Python
//===----------------------------------------------------------------------===//

PythonPeers::PythonPeers(const Options &options) : options(options) {}

PythonPeers::~PythonPeers() {
  if (pid > 0) {
    kill(-pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
}

bool PythonPeers::start(PeerResults &results) {
  std::string script = options.bundle + "/peer/peer.py";
  if (!fs::exists(script)) {
    results.notes.push_back("peers in Python: not in the bundle");
    return false;
  }
  std::string log = options.work + "/peer.log";
  int ends[2];
  if (pipe2(ends, O_CLOEXEC))
    return false;
  std::vector<std::string> words = {
      "python3", script, options.bundle + "/peer/problems.json",
      options.work + "/peer.jsonl",
      fs::absolute(options.out).string() + "/peer-tuned.json"};
  if (options.quick)
    words.emplace_back("--quick");
  std::vector<char *> arguments;
  for (std::string &word : words)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid = fork();
  if (pid == 0) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(ends[0], STDIN_FILENO);
    int file = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    dup2(file, STDOUT_FILENO);
    dup2(file, STDERR_FILENO);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  close(ends[0]);
  go = ends[1];
  return pid > 0;
}

void PythonPeers::finish(PeerResults &results, int seconds) {
  if (pid <= 0)
    return;
  (void)!write(go, "go\n", 3);
  close(go);
  int status = 0;
  bool ended = false;
  for (int i = 0; i < seconds * 20 && !ended; ++i) {
    ended = waitpid(pid, &status, WNOHANG) == pid;
    if (!ended)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  if (!ended) {
    kill(-pid, SIGKILL);
    waitpid(pid, &status, 0);
    results.notes.push_back("peers in Python: took more than " +
                            std::to_string(seconds) +
                            " s after all else, were ended");
  } else if (!WIFEXITED(status) || WEXITSTATUS(status)) {
    results.notes.push_back("peers in Python: failed, see logs.txt");
  }
  pid = -1;
  std::ifstream file(options.work + "/peer.jsonl");
  for (std::string line; std::getline(file, line);) {
    json row = json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!row.is_object())
      continue;
    if (row.contains("note"))
      results.notes.push_back(row["note"]);
    else
      results.times[row["peer"]][row["problem"]] = {row["alone"],
                                                    row["stream"]};
  }
}

//===----------------------------------------------------------------------===//
// The prototype
//===----------------------------------------------------------------------===//

namespace {
/// A line that the prototype prints, and the problem that it is about.
struct PrototypeLine {
  const char *argument; ///< what makes it print the line
  const char *begin;    ///< how the line begins, where it has its times behind
  const char *peer, *problem;
};
} // namespace

static const PrototypeLine kPrototypeLines[] = {
    {"v2", "bench v2 ", "prototype", "t2r7b"},
    {"v2", "bench v2mma ", "prototype-mma", "t2r7b"},
    {"v10", "bench v10mma ", "prototype-async", "t2r7b"},
    {"v6", "bench v6 ", "prototype-guarded", "t2r7b"},
    {"v6", "v6 slow path gn=0.25:", "prototype-guarded", "t2r7b-strong"},
    {"seg", "T8192 4seg+pdl ", "prototype", "t2r7b-8k"},
    {"d512", "d512v8 B8 mode0 ", "prototype", "paper1b3"},
    {"d512", "d512v8 B32 mode0 ", "prototype", "paper1b3-b32"},
};

/// The number behind `label` in a line, or 0.
static double numberAfter(const std::string &line, const std::string &label) {
  size_t at = line.find(label);
  return at == std::string::npos ? 0
                                 : std::atof(line.c_str() + at + label.size());
}

void suite::runPrototype(const Options &options, PeerResults &results) {
  std::string program = options.bundle + "/prototype";
  if (!fs::exists(program)) {
    results.notes.push_back("prototype: not in the bundle");
    return;
  }
  for (std::string argument : {"v2", "v10", "v6", "seg", "d512"}) {
    std::string log = options.work + "/prototype-" + argument + ".log";
    int code = runProgram({program, argument}, log, 90);
    if (code != 0)
      results.notes.push_back("prototype " + argument +
                              ": ended with exit code " + std::to_string(code) +
                              ", see logs.txt");
    std::ifstream file(log);
    for (std::string line; std::getline(file, line);)
      for (const PrototypeLine &each : kPrototypeLines) {
        if (argument != each.argument || line.rfind(each.begin, 0) != 0)
          continue;
        PeerTime time{numberAfter(line, " med "),
                      numberAfter(line, "back-to-back ")};
        if (time.alone == 0)
          time.alone = numberAfter(line, each.begin);
        PeerTime &best = results.times[each.peer][each.problem];
        // It measures some variants more than once.
        if (best.alone == 0 || time.alone < best.alone)
          best = time;
      }
  }
}
