//===- bench-cpu.cpp - Kernels against the machine, and against C++ -------===//
//
// Gated slot attention forward at T = 2048, 4 heads, 64 slots. Checks every
// result before it times anything. Exits with 0 however slow it is, 1 if a
// result is wrong, 2 if the command line is.
//
//===----------------------------------------------------------------------===//

#include "Layer.h"
#include "Measure.h"
#include "Peak.h"
#include "Report.h"

#include "gsa_bf16_d128.h"
#include "gsa_bf16_d512.h"
#include "gsa_f32_d128.h"
#include "gsa_f32_d512.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>

using namespace bench;

namespace {

constexpr int tokens = 2048;

const char usage[] =
    R"(usage: bench-cpu [--quick] [--cpu-time] [--only TEXT] [--chip CHIP]
                 [--json FILE] [--compiler GSA-COMPILE]

  --quick      fewer rounds, in ten seconds
  --cpu-time   by the processor's time, for a machine that does other work;
               not two threads
  --only       times only what has TEXT in its name
  --chip       that image of the kernels, not the best one
  --json       also writes what it prints to FILE
  --compiler   the compiler to time
)";

struct Options {
  bool quick = false;
  Clock clock = Clock::Wall;
  std::string only, json, chip;
  std::string compiler = GSA_COMPILE;
};

bool parse(int argc, char **argv, Options &options) {
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    std::string *value = argument == "--only"       ? &options.only
                         : argument == "--json"     ? &options.json
                         : argument == "--chip"     ? &options.chip
                         : argument == "--compiler" ? &options.compiler
                                                    : nullptr;
    if (argument == "--help") {
      std::fputs(usage, stdout);
      std::exit(0);
    } else if (argument == "--quick") {
      options.quick = true;
    } else if (argument == "--cpu-time") {
      options.clock = Clock::Processor;
    } else if (value && i + 1 < argc) {
      *value = argv[++i];
    } else {
      std::fprintf(stderr, "bench-cpu: %s must be an option%s\n%s",
                   argument.c_str(), value ? " with a value" : "", usage);
      return false;
    }
  }
  return true;
}

/// The processor's name, or what we know instead.
std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.rfind("model name", 0) == 0)
      return line.substr(line.find(": ") + 2);
  return "unknown";
}

/// A folder for what the timed compiler writes, gone with this object.
class Folder {
public:
  Folder() {
    if (!mkdtemp(path)) {
      std::perror("bench-cpu: a folder in /tmp");
      std::exit(1);
    }
  }
  ~Folder() {
    std::remove((path + std::string("/kernel.o")).c_str());
    std::remove((path + std::string("/kernel.h")).c_str());
    std::remove(path);
  }
  Folder(const Folder &) = delete;
  Folder &operator=(const Folder &) = delete;

  std::string object() const { return path + std::string("/kernel.o"); }

private:
  char path[32] = "/tmp/bench-cpu-XXXXXX";
};

/// Everything this program can time, as far as the options want it.
class Benchmark {
public:
  explicit Benchmark(const Options &options) : options(options) {
    const Peak peak = findPeak();
    report.machine = {
        {"processor", processor()},
        {"cores", std::to_string(countCores())},
        {"clock", options.clock == Clock::Wall ? "wall" : "processor time"},
        {"peak",
         std::string("f32 multiply-adds on registers, ") + peak.vectors},
        {"recurrence", "g++ " __VERSION__ " -O3 -march=native [-ffast-math]"},
    };
    if (wanted("peak"))
      report.contenders.push_back({"peak", peak.flops, 1, peak.run});
    addKernels("f32", GSA_F32, 128, gsa_f32_d128_kernel);
    addKernels("bf16", GSA_BF16, 128, gsa_bf16_d128_kernel);
    addKernels("f32", GSA_F32, 512, gsa_f32_d512_kernel);
    addKernels("bf16", GSA_BF16, 512, gsa_bf16_d512_kernel);
    addBars();
  }

  /// False if a result is wrong or cannot be had.
  bool run() {
    if (!right)
      return false;
    measure(report.contenders, options.quick ? 5 : 25, options.clock);
    return timeCompiler();
  }

  const Report &results() const { return report; }

private:
  bool wanted(const std::string &name) const {
    return name.find(options.only) != std::string::npos;
  }

  void check(const std::string &what, double error, double bound) {
    report.checks.push_back({what, error, bound});
    if (error <= bound) // not so if it is NaN
      return;
    right = false;
    std::fprintf(stderr,
                 "bench-cpu: the error of %s must be at most %g, got %g\n",
                 what.c_str(), bound, error);
  }

  /// Checks the layer once, at the first contender that wants it.
  void addKernel(const std::string &name, Layer &layer, int threads,
                 bool &checked) {
    if (!wanted(name))
      return;
    if (!checked) {
      layer.run(1);
      check(name, layer.error(), layer.bound());
      checked = true;
    }
    if (threads > 1) {
      layer.run(1);
      const std::vector<char> alone = layer.result();
      layer.run(threads);
      if (alone != layer.result()) {
        right = false;
        std::fprintf(stderr, "bench-cpu: %s must give the bits of one thread\n",
                     name.c_str());
      }
    }
    report.contenders.push_back({name, layer.flops(), threads,
                                 [&layer, threads] { layer.run(threads); }});
  }

  void addRecurrence(const std::string &name, Layer &layer,
                     void (*function)(const LayerView &, float *)) {
    if (!wanted(name))
      return;
    auto o = std::make_shared<std::vector<float>>(size_t(tokens) * heads *
                                                  layer.view().size);
    function(layer.view(), o->data());
    check(name, layer.error(*o), layer.bound());
    report.contenders.push_back({name, layer.flops(), 1, [&layer, o, function] {
                                   function(layer.view(), o->data());
                                 }});
  }

  void addKernels(const std::string &element, gsa_dtype dtype, int size,
                  const gsa_kernel &kernel) {
    const char *chip = options.chip.empty() ? nullptr : options.chip.c_str();
    const std::string name = element + "/d" + std::to_string(size);
    auto make = [&](double gate) -> Layer & {
      layers.push_back(
          std::make_unique<Layer>(kernel, dtype, tokens, size, gate, chip));
      return *layers.back();
    };
    Layer &layer = make(8);
    report.machine.push_back({name, layer.image()});
    bool checked = false;
    addKernel(name, layer, 1, checked);
    if (countCores() > 1 && options.clock == Clock::Wall)
      addKernel(name + "/2-threads", layer, 2, checked);
    bool strongChecked = false;
    addKernel(name + "/strong-gates", make(0.25), 1, strongChecked);
    if (dtype == GSA_F32) {
      addRecurrence(name + "/recurrence", layer, recurrence);
      addRecurrence(name + "/recurrence/fast-math", layer, recurrenceFastMath);
    }
  }

  void addBars() {
    auto bar = [&](const char *what, const char *left, const char *right,
                   double asked) {
      report.bars.push_back({what, left, right, true, asked});
    };
    bar("part of the peak, f32, D 128", "f32/d128", "peak", 0.5);
    for (const char *flags : {"", "/fast-math"}) {
      const std::string end = std::string("/recurrence") + flags;
      bar(("times recurrence" + std::string(flags) + ", D 128").c_str(),
          "f32/d128", ("f32/d128" + end).c_str(), 1.2);
      bar(("times recurrence" + std::string(flags) + ", D 512").c_str(),
          "f32/d512", ("f32/d512" + end).c_str(), 2.0);
    }
    bar("two threads, times one, f32, D 128", "f32/d128/2-threads", "f32/d128",
        1.8);
    bar("two threads, times one, f32, D 512", "f32/d512/2-threads", "f32/d512",
        1.8);
    bar("bf16, times f32, D 128", "bf16/d128", "f32/d128", 1.3);
    bar("bf16, times f32, D 512", "bf16/d512", "f32/d512", 1.3);
    for (const char *name : {"f32/d128", "f32/d512", "bf16/d128", "bf16/d512"})
      report.bars.push_back(
          {"gates / 8, times gates / 0.25, " + std::string(name), name,
           std::string(name) + "/strong-gates", false, 3.0});
    report.bars.push_back(
        {"seconds to compile for one target", compileName, "", false, 1.0});
  }

  bool timeCompiler() {
    if (!wanted(compileName))
      return true;
    Folder folder;
    bool ran = true;
    std::vector<Contender> compiler = {
        {compileName, 0, 1, [&] {
           ran = ran &&
                 runProgram({options.compiler, GSA_COMPILE_SPEC,
                             "--targets=x86-64-v4", "-o", folder.object()});
         }}};
    measure(compiler, options.quick ? 3 : 5, options.clock);
    report.contenders.push_back(std::move(compiler.front()));
    return ran;
  }

  static constexpr const char *compileName = "gsa-compile";

  const Options &options;
  std::vector<std::unique_ptr<Layer>> layers;
  Report report;
  bool right = true;
};

} // namespace

int main(int argc, char **argv) {
  Options options;
  if (!parse(argc, argv, options))
    return 2;
  Benchmark benchmark(options);
  if (!benchmark.run())
    return 1;
  print(benchmark.results());
  return options.json.empty() || writeJSON(benchmark.results(), options.json)
             ? 0
             : 1;
}
