//===- gsa-run.cpp - Runs a spec's kernel, checks it, times it ------------===//

#include "Run.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/StringSaver.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;
using namespace mlir::gsa::run;
namespace cl = llvm::cl;

namespace {
/// What can be said on the command line. Made in main, after the options of
/// LLVM's libraries are gone: one of them is called --threads, too.
struct Options {
  cl::OptionCategory category{"gsa-run"};
  cl::opt<std::string> spec{cl::Positional, cl::desc("SPEC"), cl::Required,
                            cl::cat(category)};
  cl::list<std::string> targets{
      "targets", cl::CommaSeparated, cl::value_desc("a,b,c"),
      cl::desc("Machines to compile for; by default the best that this "
               "one can run"),
      cl::cat(category)};
  cl::opt<bool> verifyEach{"verify-each",
                           cl::desc("Verify the IR after each pass"),
                           cl::cat(category)};
  cl::opt<std::string> cases{
      "cases", cl::value_desc("file"),
      cl::desc("Run once for each line of the file, which holds options "
               "from below, after those of the command line"),
      cl::cat(category)};
  cl::opt<bool> progress{
      "progress",
      cl::desc("Show progress even if standard error is no terminal"),
      cl::cat(category)};

  cl::OptionCategory caseCategory{"gsa-run, each run"};
  cl::opt<std::string> function{
      "function", cl::value_desc("name"),
      cl::desc("Which one; may be left out if the spec has one"),
      cl::cat(caseCategory)};
  cl::opt<std::string> chip{
      "chip", cl::value_desc("name"),
      cl::desc("Which image; by default the best, 'each' for all that run "
               "here one after the other"),
      cl::cat(caseCategory)};
  cl::opt<int32_t> threads{"threads", cl::value_desc("n"),
                           cl::desc("Workers; 0, the default, is one a "
                                    "core"),
                           cl::cat(caseCategory)};
  cl::opt<std::string> shape{
      "shape", cl::value_desc("B=b,T=t,N=n"),
      cl::desc("Batch (1 by default), tokens, packed sequences"),
      cl::cat(caseCategory)};
  cl::opt<uint64_t> seed{"seed", cl::init(1), cl::value_desc("n"),
                         cl::desc("Of random inputs; 1 by default"),
                         cl::cat(caseCategory)};
  cl::list<std::string> input{
      "input", cl::value_desc("name=path.npy"),
      cl::desc("An input from a file; it is rounded to the input's type"),
      cl::cat(caseCategory)};
  cl::opt<std::string> text{
      "text", cl::value_desc("file"),
      cl::desc("Inputs from the bytes of a file through seeded embeddings "
               "and projections, a token a byte, T of them at most"),
      cl::cat(caseCategory)};
  cl::list<int64_t> lengths{
      "lengths", cl::CommaSeparated, cl::value_desc("n,n"),
      cl::desc("Of packed sequences; even by default"), cl::cat(caseCategory)};
  cl::list<std::string> gateValue{
      "gate-value", cl::CommaSeparated, cl::value_desc("x,x"),
      cl::desc("Log decays that the spec takes as they are, by turns; "
               "'random', the default, is one of --gate-divisor"),
      cl::cat(caseCategory)};
  cl::opt<double> gateDivisor{
      "gate-divisor", cl::init(8), cl::value_desc("x"),
      cl::desc("Random log decays are logsigmoid(normal) / x; 8 by "
               "default"),
      cl::cat(caseCategory)};
  cl::list<std::string> set{"set", cl::value_desc("name@i,j,k=x"),
                            cl::desc("Replaces one element of an input"),
                            cl::cat(caseCategory)};
  cl::opt<Storage> storage{
      "layout", cl::init(Storage::Dense), cl::desc("How tensors lie in memory"),
      cl::values(clEnumValN(Storage::Dense, "dense", "row-major"),
                 clEnumValN(Storage::Strided, "strided",
                            "heads first, gaps, no alignment"),
                 clEnumValN(Storage::Huge, "huge",
                            "offsets beyond 2^31 elements, sparse")),
      cl::cat(caseCategory)};
  cl::opt<bool> check{
      "check",
      cl::desc("Compare with the recurrence in f64, and runs with each "
               "other; fails if an error is above its bound"),
      cl::cat(caseCategory)};
  cl::opt<double> bench{"bench", cl::ValueOptional, cl::value_desc("seconds"),
                        cl::desc("Measure for as long; 1 by default"),
                        cl::cat(caseCategory)};
  cl::opt<std::string> output{"output", cl::value_desc("folder"),
                              cl::desc("Where to write results, one .npy "
                                       "each; bf16 as f32"),
                              cl::cat(caseCategory)};
  cl::opt<std::string> dumpInputs{
      "dump-inputs", cl::value_desc("folder"),
      cl::desc("Where to write inputs, as the kernel got them"),
      cl::cat(caseCategory)};
};
} // namespace

/// The options as a case.
static llvm::Expected<Case> readCase(Options &options) {
  Case result;
  result.function = options.function;
  result.chip = options.chip;
  if (options.threads < 0 || options.threads > GSA_MAX_THREADS)
    return fail("--threads must be from 0 to " +
                llvm::Twine(int(GSA_MAX_THREADS)) + ", got " +
                llvm::Twine(int(options.threads)));
  result.threads = options.threads;
  result.storage = options.storage;
  result.check = options.check;
  if (options.bench.getNumOccurrences()) {
    // Without a value it reads as 0.
    result.benchSeconds = options.bench == 0 ? 1 : double(options.bench);
    if (!(result.benchSeconds > 0 && result.benchSeconds < 1e6))
      return fail("--bench must be a number of seconds, got " +
                  std::to_string(options.bench));
  }
  result.output = options.output;
  result.dumpInputs = options.dumpInputs;
  if (!(options.gateDivisor > 0))
    return fail("--gate-divisor must be positive, got " +
                std::to_string(options.gateDivisor));
  result.inputs = {options.shape,   options.input,     options.set,
                   options.lengths, options.gateValue, options.gateDivisor,
                   options.text,    options.seed};
  return result;
}

/// Reports an error of a run, which `place` is part of.
static int report(llvm::Error error, const llvm::Twine &place = "") {
  llvm::handleAllErrors(std::move(error), [&](const llvm::ErrorInfoBase &info) {
    std::string message = info.message();
    // Diagnostics have been printed already.
    if (!message.empty())
      llvm::WithColor::error(llvm::errs(), "gsa-run")
          << place << message << "\n";
  });
  return 1;
}

/// Runs each line of `--cases`. The command line is parsed again with it.
static int runCases(Session &session, Options &options,
                    ArrayRef<const char *> arguments) {
  std::string path = options.cases;
  auto file = llvm::MemoryBuffer::getFile(path);
  if (!file)
    return report(fail(
        "'" + path + "' must be readable, got: " + file.getError().message()));
  SmallVector<StringRef> lines;
  (*file)->getBuffer().split(lines, '\n');
  int count = 0, failed = 0;
  for (auto [number, line] : llvm::enumerate(lines)) {
    if (line.trim().empty())
      continue;
    ++count;
    llvm::BumpPtrAllocator allocator;
    llvm::StringSaver saver(allocator);
    SmallVector<const char *> words(arguments);
    cl::TokenizeGNUCommandLine(line, saver, words);
    cl::ResetAllOptionOccurrences();
    std::string place = path + ":" + std::to_string(number + 1) + ": ";
    llvm::outs() << line << "\n";
    llvm::outs().flush();
    if (!cl::ParseCommandLineOptions(int(words.size()), words.data(), "",
                                     &llvm::errs())) {
      ++failed;
      report(fail("a line must be options, got '" + line + "'"), place);
      continue;
    }
    llvm::Expected<Case> one = readCase(options);
    llvm::Error error = one ? session.run(*one) : one.takeError();
    if (error) {
      ++failed;
      report(std::move(error), place);
    }
  }
  llvm::outs() << count << " cases, " << failed << " failed\n";
  if (count == 0)
    return report(fail("'" + path + "' must have a line, got none"));
  return failed != 0;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::ResetCommandLineParser();
  Options options;
  SmallVector<const char *> arguments(argv, argv + argc);
  cl::ParseCommandLineOptions(argc, argv,
                              "Runs, checks and times the kernel of a spec\n");

  llvm::Expected<Case> one = readCase(options);
  if (!one)
    return report(one.takeError());
  auto session =
      Session::create({options.spec,
                       {options.targets.begin(), options.targets.end()},
                       options.verifyEach,
                       options.progress});
  if (!session)
    return report(session.takeError());
  if (!options.cases.empty())
    return runCases(**session, options, arguments);
  if (llvm::Error error = (*session)->run(*one))
    return report(std::move(error));
  return 0;
}
