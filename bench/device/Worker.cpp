//===- Worker.cpp - A process that runs cases -----------------------------===//

#include "Worker.h"
#include "Run.h"

#include <cmath>
#include <cstdio>
#include <iostream>
#include <sstream>

using namespace suite;
using nlohmann::json;

bool Options::wants(const std::string &part) const {
  return std::find(only.begin(), only.end(), part) != only.end();
}

static const char *nameOf(Status status) {
  switch (status) {
  case Status::Pass:
    return "pass";
  case Status::Skip:
    return "skip";
  case Status::Fail:
    break;
  }
  return "fail";
}

/// JSON has no infinities.
static double asNumber(double number) {
  return std::isfinite(number) ? number : 1e308;
}

static json toJson(const CheckResult &result) {
  return {{"chip", result.chip},
          {"status", nameOf(result.status)},
          {"detail", result.detail},
          {"output", result.output},
          {"error", asNumber(result.error)},
          {"bound", result.bound},
          {"workspace", result.workspace}};
}

static json toJson(const BenchResult &result) {
  return {{"chip", result.chip},
          {"schedule", result.schedule},
          {"status", nameOf(result.status)},
          {"detail", result.detail},
          {"bytes", result.bytes},
          {"alone", result.alone},
          {"stream", result.stream},
          {"graph", result.graph},
          {"least", result.least},
          {"most", result.most},
          {"launches", result.launches},
          {"sets", result.sets},
          {"workspace", result.workspace}};
}

static void answer(const json &line) {
  std::string text = line.dump(-1, ' ', false, json::error_handler_t::replace);
  std::printf("%s\n", text.c_str());
  std::fflush(stdout);
}

static std::unique_ptr<Device> openDevice(const Options &options) {
  onFatal = [](const std::string &message) { answer({{"fatal", message}}); };
  std::string message;
  std::unique_ptr<Device> device = Device::open(options.backend, message);
  if (!device)
    fatal(message);
  return device;
}

int suite::work(const Options &options, const std::vector<Case> &cases) {
  std::unique_ptr<Device> device = openDevice(options);
  for (std::string line; std::getline(std::cin, line);) {
    std::stringstream stream(line);
    std::string command;
    size_t number = 0;
    stream >> command >> number;
    json reply = json::array();
    if (command == "facts") {
      for (auto &[label, text] : device->facts())
        reply.push_back({label, text});
    } else if (command == "copy") {
      reply = copyBandwidth(*device, options.quick);
    } else if (command == "check" && number < cases.size()) {
      for (const CheckResult &result : check(*device, cases[number]))
        reply.push_back(toJson(result));
    } else if (command == "bench" && number < cases.size()) {
      for (const BenchResult &result :
           bench(*device, cases[number], options.quick))
        reply.push_back(toJson(result));
    } else {
      fatal("a command must be one of a worker's, got '" + line + "'");
    }
    answer(reply);
  }
  return 0;
}

int suite::runCases(const Options &options, const std::vector<Case> &cases,
                    const std::vector<int> &numbers) {
  std::unique_ptr<Device> device = openDevice(options);
  int failed = 0;
  for (int number : numbers)
    for (const CheckResult &result : check(*device, cases[number])) {
      std::printf("%s %s %s: %s\n", nameOf(result.status), result.chip.c_str(),
                  cases[number].title().c_str(), result.detail.c_str());
      std::fflush(stdout);
      failed += result.status == Status::Fail;
    }
  return failed != 0;
}
