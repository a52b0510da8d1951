//===- gsa-compile.cpp - A spec to an object and its header ---------------===//

#include "gsa/Compiler.h"
#include "gsa/Report.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;

static llvm::cl::OptionCategory category("gsa-compile");
static llvm::cl::opt<std::string> input(llvm::cl::Positional,
                                        llvm::cl::desc("SPEC"),
                                        llvm::cl::Required,
                                        llvm::cl::cat(category));
static llvm::cl::list<std::string>
    targets("targets", llvm::cl::CommaSeparated, llvm::cl::value_desc("a,b,c"),
            llvm::cl::desc("Machines to compile for, for example "
                           "x86-64-v4,x86-64-v3,x86-64; x86-64, which runs "
                           "everywhere, by default"),
            llvm::cl::list_init<std::string>({gsa::kDefaultTarget.str()}),
            llvm::cl::cat(category));
static llvm::cl::opt<std::string>
    output("o", llvm::cl::value_desc("file"),
           llvm::cl::desc("Where to write; an object needs a name that ends in "
                          ".o and gets its header beside it. Text goes to "
                          "standard output by default"),
           llvm::cl::cat(category));
static llvm::cl::opt<std::string> emit(
    "emit", llvm::cl::value_desc("stage"), llvm::cl::init("object"),
    llvm::cl::desc("Stage to print instead of writing an object: gsa, "
                   "scheduled, specialized, chunked, tile, gpu (of devices) "
                   "or vector (of hosts), llvm or isa"),
    llvm::cl::cat(category));
static llvm::cl::opt<std::string>
    from("from", llvm::cl::value_desc("stage"), llvm::cl::init("spec"),
         llvm::cl::desc("Stage that the input is at, as --emit names it"),
         llvm::cl::cat(category));
static llvm::cl::opt<std::string> report(
    "report", llvm::cl::ValueOptional, llvm::cl::value_desc("B=4,T=2048"),
    llvm::cl::desc("Print what each kernel takes: registers, spills, shared "
                   "memory; and, for a call of these extents, bytes and flops "
                   "against the roofline. Needs no -o"),
    llvm::cl::cat(category));
static llvm::cl::opt<bool>
    verifyEach("verify-each", llvm::cl::desc("Verify the IR after each pass"),
               llvm::cl::cat(category));

static LogicalResult fail(const llvm::Twine &message) {
  llvm::WithColor::error(llvm::errs(), "gsa-compile") << message << "\n";
  return failure();
}

namespace {
/// A file under a name of its own, until all files of a run can have theirs.
class PendingFile {
public:
  explicit PendingFile(StringRef path) : path(path) {}
  ~PendingFile() {
    if (file)
      llvm::consumeError(file->discard());
  }

  LogicalResult write(StringRef content) {
    auto reason = [&](llvm::Error error) {
      return fail("'" + path + "' must be writable, got: " +
                  llvm::toString(std::move(error)));
    };
    // A directory would let the temporary file be made beside it.
    if (llvm::sys::fs::is_directory(path))
      return fail("'" + path + "' must be a file, got a directory");
    auto created = llvm::sys::fs::TempFile::create(
        path + ".%%%%%%", llvm::sys::fs::all_read | llvm::sys::fs::all_write);
    if (!created)
      return reason(created.takeError());
    file = std::move(*created);
    llvm::raw_fd_ostream stream(file->FD, /*shouldClose=*/false);
    stream << content;
    stream.flush();
    if (std::error_code code = stream.error()) {
      stream.clear_error();
      return reason(llvm::errorCodeToError(code));
    }
    return success();
  }

  LogicalResult keep() {
    if (llvm::Error error = file->keep(path))
      return fail("'" + path + "' must be writable, got: " +
                  llvm::toString(std::move(error)));
    file.reset();
    return success();
  }

private:
  std::string path;
  std::optional<llvm::sys::fs::TempFile> file;
};
} // namespace

static LogicalResult writeText(StringRef text) {
  if (output.empty() || output == "-") {
    llvm::outs() << text;
    return success();
  }
  PendingFile file(output);
  return success(succeeded(file.write(text)) && succeeded(file.keep()));
}

static LogicalResult writeObject(const gsa::CompiledObject &object) {
  SmallString<128> headerPath(output);
  llvm::sys::path::replace_extension(headerPath, "h");
  PendingFile code(output), header(headerPath);
  if (failed(
          code.write(StringRef(object.object.data(), object.object.size()))) ||
      failed(header.write(object.header)))
    return failure();
  if (failed(header.keep()))
    return failure();
  if (failed(code.keep())) {
    // A header without its object would hide what happened.
    llvm::sys::fs::remove(headerPath);
    return failure();
  }
  return success();
}

static LogicalResult run() {
  std::optional<gsa::Stage> to = gsa::parseStage(emit);
  std::optional<gsa::Stage> at = gsa::parseStage(from);
  for (auto [stage, option, name] : {std::tuple(to, "--emit", emit.getValue()),
                                     std::tuple(at, "--from", from.getValue())})
    if (!stage)
      return fail(llvm::Twine(option) + " must be one of " + gsa::stageNames() +
                  ", got '" + name + "'");
  if (*at > gsa::Stage::LLVM)
    return fail("--from must be a stage of IR, got '" + from + "'");
  bool wantsObject = *to == gsa::Stage::Object;
  bool wantsReport = report.getNumOccurrences() > 0;
  if (wantsReport && !wantsObject)
    return fail("--report must be of an object, got --emit=" + emit);
  std::optional<gsa::CallExtents> extents;
  if (!report.empty()) {
    llvm::Expected<gsa::CallExtents> parsed = gsa::parseExtents(report);
    if (!parsed)
      return fail("--report's " + llvm::toString(parsed.takeError()));
    extents = *parsed;
  }
  bool writesObject = wantsObject && !(wantsReport && output.empty());
  if (writesObject && llvm::sys::path::extension(output) != ".o")
    return fail("-o must end in .o, got '" + output + "'");

  std::string message;
  auto file = openInputFile(input, &message);
  if (!file)
    return fail(message);
  DialectRegistry registry;
  gsa::registerCompilerDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  // Messages point into the user's file; the IR of some later stage says less.
  context.printOpOnDiagnostic(false);
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(file), llvm::SMLoc());
  SourceMgrDiagnosticHandler handler(sources, &context);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(sources, &context);
  if (!module)
    return failure();

  gsa::CompileOptions options{targets, *at, verifyEach, extents.has_value()};
  if (!wantsObject) {
    FailureOr<std::string> text = gsa::emitStage(*module, *to, options);
    return failed(text) ? failure() : writeText(*text);
  }
  FailureOr<gsa::CompiledObject> object = gsa::compile(*module, options);
  if (failed(object))
    return failure();
  if (wantsReport)
    llvm::outs() << gsa::writeReport(*object, extents);
  return writesObject ? writeObject(*object) : success();
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::cl::HideUnrelatedOptions(category);
  llvm::cl::ParseCommandLineOptions(
      argc, argv, "Compiles specs to one object and a C header\n");
  return failed(run());
}
