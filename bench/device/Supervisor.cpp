//===- Supervisor.cpp - Watches the processes that run cases --------------===//

#include "Worker.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace suite;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

std::string suite::ownPath() {
  char path[4096];
  ssize_t size = readlink("/proc/self/exe", path, sizeof(path));
  return std::string(path, size > 0 ? size_t(size) : 0);
}

/// What a process that ended by itself, or was ended, says of it.
static std::string describeEnd(int status) {
  if (WIFSIGNALED(status))
    return std::string("signal ") + strsignal(WTERMSIG(status));
  return "exit code " + std::to_string(WEXITSTATUS(status));
}

namespace {
/// A process of this program at work.
class Process {
public:
  explicit Process(const Options &options) {
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
      return;
    std::vector<std::string> words = {ownPath(), "--worker",
                                      "--backend=" + options.backend,
                                      "--bundle=" + options.bundle};
    if (options.quick)
      words.emplace_back("--quick");
    std::vector<char *> arguments;
    for (std::string &word : words)
      arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid = fork();
    if (pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(in[0], STDIN_FILENO);
      dup2(out[1], STDOUT_FILENO);
      execv(arguments[0], arguments.data());
      _exit(127);
    }
    close(in[0]);
    close(out[1]);
    to = in[1];
    from = out[0];
  }
  Process(const Process &) = delete;
  ~Process() { end(); }

  bool isRunning() const { return pid > 0; }
  int descriptor() const { return from; }

  bool send(const std::string &line) {
    std::string text = line + "\n";
    return isRunning() &&
           write(to, text.data(), text.size()) == ssize_t(text.size());
  }

  enum class Read { Line, Partial, End };
  Read read(std::string &line) {
    char part[65536];
    ssize_t size = ::read(from, part, sizeof(part));
    if (size <= 0)
      return Read::End;
    buffer.append(part, size_t(size));
    size_t newline = buffer.find('\n');
    if (newline == std::string::npos)
      return Read::Partial;
    line = buffer.substr(0, newline);
    buffer.erase(0, newline + 1);
    return Read::Line;
  }

  /// Ends it if it still runs; how it ended.
  std::string end() {
    if (!isRunning())
      return "no process";
    // A worker ends with its input; one that hangs does not, and one that
    // hangs in the driver may not end at all.
    close(to);
    int status = 0;
    bool ended = wait(status, 1);
    if (!ended) {
      kill(pid, SIGKILL);
      ended = wait(status, 5);
    }
    pid = 0;
    close(from);
    return ended ? describeEnd(status) : "no end";
  }

private:
  bool wait(int &status, int seconds) const {
    for (int i = 0; i < 100 * seconds; ++i) {
      if (waitpid(pid, &status, WNOHANG) == pid)
        return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  pid_t pid = -1;
  int to = -1, from = -1;
  std::string buffer;
};

/// A place for one process after the other, and the job it is at.
struct Slot {
  std::unique_ptr<Process> process;
  Job *job = nullptr;
  Clock::time_point deadline;
};

/// Says how far a list of jobs is: on a terminal often, else now and then.
class Progress {
public:
  Progress(std::string what, size_t total)
      : what(std::move(what)), total(total), isTerminal(isatty(2)) {}
  ~Progress() {
    if (isTerminal)
      std::fprintf(stderr, "\r\033[K");
    else if (total)
      show();
  }
  void step() {
    ++done;
    auto now = Clock::now();
    if (now - shown < std::chrono::milliseconds(isTerminal ? 100 : 10000))
      return;
    shown = now;
    show();
  }

private:
  void show() const {
    double seconds =
        std::chrono::duration<double>(Clock::now() - start).count();
    std::fprintf(stderr,
                 isTerminal ? "\r\033[K%s %zu of %zu, %.0f s"
                            : "%s %zu of %zu, %.0f s\n",
                 what.c_str(), done, total, seconds);
  }

  std::string what;
  size_t done = 0, total;
  bool isTerminal;
  Clock::time_point start = Clock::now(), shown = start;
};
} // namespace

void suite::runJobs(const Options &options, std::vector<Job> jobs, int workers,
                    const std::string &what) {
  signal(SIGPIPE, SIG_IGN);
  Progress progress(what, jobs.size());
  std::vector<Slot> slots(std::min<size_t>(size_t(workers), jobs.size()));
  size_t next = 0, open = jobs.size();
  auto finish = [&](Slot &slot, const json &reply) {
    slot.job->done(reply);
    slot.job = nullptr;
    --open;
    progress.step();
  };
  auto give = [&](Slot &slot) {
    slot.job = &jobs[next++];
    slot.deadline = Clock::now() + std::chrono::seconds(slot.job->seconds);
    if (!slot.process)
      slot.process = std::make_unique<Process>(options);
    if (!slot.process->send(slot.job->command)) {
      std::string why = slot.process->end();
      slot.process.reset();
      finish(slot, {{"fatal", "a worker must start, got " + why}});
    }
  };
  while (open) {
    for (Slot &slot : slots)
      while (!slot.job && next < jobs.size())
        give(slot);
    std::vector<pollfd> waits;
    std::vector<Slot *> waiting;
    for (Slot &slot : slots)
      if (slot.job) {
        waits.push_back({slot.process->descriptor(), POLLIN, 0});
        waiting.push_back(&slot);
      }
    poll(waits.data(), waits.size(), 200);
    for (size_t i = 0; i < waits.size(); ++i) {
      Slot &slot = *waiting[i];
      if (waits[i].revents) {
        std::string line;
        switch (slot.process->read(line)) {
        case Process::Read::Partial:
          break;
        case Process::Read::End: {
          std::string why = slot.process->end();
          slot.process.reset();
          finish(slot, {{"fatal", "the process ended with " + why}});
          break;
        }
        case Process::Read::Line: {
          json reply = json::parse(line, nullptr, /*allow_exceptions=*/false);
          if (reply.is_discarded())
            reply = {{"fatal", "an answer must be JSON, got '" + line + "'"}};
          // A process whose device failed is of no use any more.
          if (reply.contains("fatal")) {
            slot.process->end();
            slot.process.reset();
          }
          finish(slot, reply);
          break;
        }
        }
      } else if (Clock::now() > slot.deadline) {
        int seconds = slot.job->seconds;
        slot.process.reset();
        finish(slot, {{"fatal", "took more than " + std::to_string(seconds) +
                                    " s, was ended"}});
      }
    }
  }
}

int suite::runProgram(const std::vector<std::string> &arguments,
                      const std::string &log, int seconds,
                      const std::vector<std::string> &environment) {
  std::vector<std::string> words = arguments;
  std::vector<char *> pointers;
  for (std::string &word : words)
    pointers.push_back(word.data());
  pointers.push_back(nullptr);
  pid_t pid = fork();
  if (pid == 0) {
    // A group of its own, so that what it started ends with it.
    setpgid(0, 0);
    int file = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644);
    dup2(file, STDOUT_FILENO);
    dup2(file, STDERR_FILENO);
    for (const std::string &variable : environment) {
      size_t equals = variable.find('=');
      setenv(variable.substr(0, equals).c_str(),
             variable.substr(equals + 1).c_str(), 1);
    }
    execvp(pointers[0], pointers.data());
    _exit(127);
  }
  auto deadline = Clock::now() + std::chrono::seconds(seconds);
  int status = 0;
  while (waitpid(pid, &status, WNOHANG) == 0) {
    if (Clock::now() > deadline) {
      kill(-pid, SIGKILL);
      waitpid(pid, &status, 0);
      return -1;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return WIFEXITED(status) && WEXITSTATUS(status) != 127 ? WEXITSTATUS(status)
                                                         : -1;
}
