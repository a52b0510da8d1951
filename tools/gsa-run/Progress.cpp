//===- Progress.cpp - A bar for work that takes its time ------------------===//
//
// A thread of its own draws it: one step may take minutes.
//
//===----------------------------------------------------------------------===//

#include "Progress.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

using namespace mlir::gsa::run;

Progress::Progress(bool shown, int64_t total)
    : total(std::max<int64_t>(total, 1)) {
  if (shown)
    thread = std::thread([this] { draw(); });
}

Progress::~Progress() {
  if (!thread.joinable())
    return;
  {
    std::lock_guard<std::mutex> lock(mutex);
    end = true;
  }
  ended.notify_one();
  thread.join();
  if (drawn)
    std::fputs("\r\033[K", stderr);
}

void Progress::begin(const char *name, int64_t behind) {
  std::lock_guard<std::mutex> lock(mutex);
  step = name;
  done = std::min(behind, total);
}

void Progress::draw() {
  using namespace std::chrono_literals;
  constexpr int width = 30;
  auto start = std::chrono::steady_clock::now();
  std::unique_lock<std::mutex> lock(mutex);
  auto pause = std::chrono::milliseconds(2000);
  while (!ended.wait_for(lock, pause, [&] { return end; })) {
    pause = std::chrono::milliseconds(200);
    double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
            .count();
    int filled = int(width * done / total);
    std::fprintf(stderr, "\r\033[K[%.*s%*s] %s, %.0f s", filled,
                 "##############################", width - filled, "", step,
                 seconds);
    std::fflush(stderr);
    drawn = true;
  }
}
