//===- Assemble.cpp - PTX to machine code ---------------------------------===//
//
// NVIDIA's assembler is part of the CUDA toolkit, which a machine that compiles
// specs need not have. It is looked for when it is needed, in this order:
//
//   1. the program that GSA_PTXAS names; if it is set but empty, none is used
//   2. the program ptxas in PATH, then in CUDA_HOME and /usr/local/cuda
//   3. the library nvJitLink, in this process: where the loader finds it, then
//      in CUDA_HOME and /usr/local/cuda
//
// The program knows that it sees all of a kernel. The library assembles for
// linking, whatever its options say: what lanes do together may be a call there
// that any register might not survive, and kernels spill that do not otherwise
// (bench/NOTES.md); and it ignores `setmaxnreg`, so that text that has it is
// left to the program.
//
//===----------------------------------------------------------------------===//

#include "NVIDIA.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/DynamicLibrary.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::gsa;

using EmitDiagnostic = llvm::function_ref<InFlightDiagnostic()>;
using Bytes = SmallVector<char, 0>;

//===----------------------------------------------------------------------===//
// What assemblers say
//===----------------------------------------------------------------------===//

/// Takes out of an assembler's `words` what -v adds, and reads it: bytes that
/// each kernel spills. Both ways to assemble say it in the same lines:
///
///   ptxas info    : Compiling entry function 'k' for 'sm_80'
///   ptxas info    : Function properties for k
///       8 bytes stack frame, 4 bytes spill stores, 4 bytes spill loads
///   ptxas info    : Used 40 registers, used 1 barriers, 400 bytes cmem[0]
///
/// Other information stays: that products had to wait for each other is said in
/// such a line, too.
static llvm::StringMap<int64_t> takeSpills(std::string &words) {
  llvm::StringMap<int64_t> spills;
  std::string rest;
  StringRef kernel;
  SmallVector<StringRef> lines;
  StringRef(words).split(lines, '\n', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (StringRef line : lines) {
    auto [before, behind] = line.split("Compiling entry function '");
    if (!behind.empty()) {
      kernel = behind.take_until([](char c) { return c == '\''; });
      continue;
    }
    SmallVector<StringRef> parts;
    line.split(parts, ", ");
    if (parts.size() == 3 && parts[0].ends_with("bytes stack frame")) {
      int64_t stores = 0;
      if (!parts[1].trim().consumeInteger(10, stores))
        spills[kernel] = stores;
      continue;
    }
    bool isInfo = line.split(':').first.trim().ends_with("info");
    StringRef said = line.split(':').second.trim();
    if (isInfo && (said.ends_with("bytes gmem") || said.starts_with("Used ") ||
                   said.starts_with("used ") ||
                   said.starts_with("Function properties for") ||
                   said.starts_with("Compile time")))
      continue;
    rest += line.str() + "\n";
  }
  words = std::move(rest);
  return spills;
}

/// The toolkit's folders, best first.
static SmallVector<std::string> toolkits() {
  SmallVector<std::string> folders;
  if (auto home = llvm::sys::Process::GetEnv("CUDA_HOME"))
    folders.push_back(*home);
  folders.push_back("/usr/local/cuda");
  return folders;
}

static InFlightDiagnostic refused(EmitDiagnostic emitError, StringRef chip,
                                  StringRef who, StringRef words) {
  return emitError() << "PTX for " << chip << " must assemble, got from " << who
                     << ": " << words.trim();
}

//===----------------------------------------------------------------------===//
// nvJitLink
//===----------------------------------------------------------------------===//

namespace {
/// The functions of nvJitLink.h that are used here; results are 0 for success.
struct JitLink {
  using Handle = void *;
  int (*create)(Handle *, uint32_t, const char **);
  int (*destroy)(Handle *);
  int (*addData)(Handle, int inputType, const void *, size_t, const char *);
  int (*complete)(Handle);
  int (*getSize)(Handle, size_t *);
  int (*getCode)(Handle, void *);
  int (*getErrorSize)(Handle, size_t *);
  int (*getError)(Handle, char *);
  int (*getInfoSize)(Handle, size_t *);
  int (*getInfo)(Handle, char *);
};
} // namespace

/// NVJITLINK_INPUT_PTX
static constexpr int kInputPTX = 2;

static std::optional<JitLink> loadJitLink() {
  SmallVector<std::string> names = {"libnvJitLink.so.13", "libnvJitLink.so.12"};
  for (const std::string &folder : toolkits())
    for (StringRef file : {"libnvJitLink.so.13", "libnvJitLink.so.12"})
      names.push_back(folder + "/lib64/" + file.str());
  for (const std::string &name : names) {
    auto library = llvm::sys::DynamicLibrary::getPermanentLibrary(name.c_str());
    if (!library.isValid())
      continue;
    JitLink link;
    bool complete = true;
    auto get = [&](auto &function, const char *symbol) {
      void *address = library.getAddressOfSymbol(symbol);
      complete &= address != nullptr;
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(
          address);
    };
    get(link.create, "nvJitLinkCreate");
    get(link.destroy, "nvJitLinkDestroy");
    get(link.addData, "nvJitLinkAddData");
    get(link.complete, "nvJitLinkComplete");
    get(link.getSize, "nvJitLinkGetLinkedCubinSize");
    get(link.getCode, "nvJitLinkGetLinkedCubin");
    get(link.getErrorSize, "nvJitLinkGetErrorLogSize");
    get(link.getError, "nvJitLinkGetErrorLog");
    get(link.getInfoSize, "nvJitLinkGetInfoLogSize");
    get(link.getInfo, "nvJitLinkGetInfoLog");
    if (complete)
      return link;
  }
  return std::nullopt;
}

/// A log of the library.
static std::string readLog(JitLink::Handle handle,
                           int (*getSize)(JitLink::Handle, size_t *),
                           int (*getText)(JitLink::Handle, char *)) {
  size_t size = 0;
  if (getSize(handle, &size) != 0 || size == 0)
    return "";
  std::string text(size, '\0');
  if (getText(handle, text.data()) != 0)
    return "";
  return text.c_str(); // Up to the zero that the size counts.
}

/// Machine code; `words` has what the library says of it, or why there is none:
/// the text is wrong, or the library is of an older toolkit.
static std::optional<Bytes> link(const JitLink &functions, StringRef text,
                                 StringRef chip, std::string &words) {
  std::string arch = ("-arch=" + chip).str();
  const char *options[] = {arch.c_str(), "-O3", "-verbose"};
  JitLink::Handle handle = nullptr;
  if (functions.create(&handle, std::size(options), options) != 0) {
    words = "unknown option " + arch;
    return std::nullopt;
  }
  auto destroy =
      llvm::make_scope_exit([&] { (void)functions.destroy(&handle); });
  std::string terminated = text.str();
  size_t size = 0;
  if (functions.addData(handle, kInputPTX, terminated.c_str(),
                        terminated.size() + 1, "kernels") == 0 &&
      functions.complete(handle) == 0 &&
      functions.getSize(handle, &size) == 0) {
    Bytes code(size);
    if (functions.getCode(handle, code.data()) == 0) {
      words = readLog(handle, functions.getInfoSize, functions.getInfo);
      return code;
    }
  }
  words = readLog(handle, functions.getErrorSize, functions.getError);
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// ptxas
//===----------------------------------------------------------------------===//

static std::optional<std::string> findProgram() {
  if (auto found = llvm::sys::findProgramByName("ptxas"))
    return *found;
  for (const std::string &folder : toolkits()) {
    std::string path = folder + "/bin/ptxas";
    if (llvm::sys::fs::can_execute(path))
      return path;
  }
  return std::nullopt;
}

/// Machine code by ptxas with `options` besides its usual ones; `words` has
/// what it says of it, or why there is none. `isRefused`: it ran, and does not
/// take the text.
static std::optional<Bytes> runProgram(StringRef program, StringRef text,
                                       StringRef chip,
                                       ArrayRef<StringRef> options,
                                       std::string &words, bool &isRefused) {
  isRefused = false;
  SmallString<128> input, output, log;
  auto create = [](StringRef suffix, SmallString<128> &path) {
    return !llvm::sys::fs::createTemporaryFile("gsa", suffix, path);
  };
  auto remove = llvm::make_scope_exit([&] {
    for (StringRef path : {input, output, log})
      if (!path.empty())
        llvm::sys::fs::remove(path);
  });
  if (!create("ptx", input) || !create("cubin", output) ||
      !create("log", log)) {
    words = "temporary files cannot be made";
    return std::nullopt;
  }
  std::error_code code;
  {
    llvm::raw_fd_ostream stream(input, code);
    if (!code)
      stream << text;
  }
  std::string arch = ("-arch=" + chip).str();
  std::optional<StringRef> redirects[] = {StringRef(), log.str(), log.str()};
  SmallVector<StringRef> arguments = {program, arch, "-O3", "-v",
                                      input,   "-o", output};
  llvm::append_range(arguments, options);
  int status = llvm::sys::ExecuteAndWait(
      program, arguments, /*Env=*/std::nullopt, redirects, /*SecondsToWait=*/0,
      /*MemoryLimit=*/0, &words);
  auto read = [](StringRef path) {
    return llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                       /*RequiresNullTerminator=*/false);
  };
  if (auto buffer = read(log))
    words += (*buffer)->getBuffer();
  if (status == 0 && !code)
    if (auto buffer = read(output)) {
      StringRef bytes = (*buffer)->getBuffer();
      return Bytes(bytes.begin(), bytes.end());
    }
  isRefused = status > 0;
  if (words.empty())
    words = "exit status " + std::to_string(status);
  return std::nullopt;
}

/// Machine code by ptxas, with what it says of it. How many registers it takes
/// for what it moves out of loops, or computes once, is a guess of its own:
/// where it spills it is asked again, for as few and then for as many as it can
/// take, and what spills least counts. Code that it warns of loses.
static std::optional<MachineCode> assemble(StringRef program, StringRef text,
                                           StringRef chip, std::string &words,
                                           bool &isRefused) {
  auto run = [&](ArrayRef<StringRef> options, std::string &said,
                 bool &fails) -> std::optional<MachineCode> {
    std::optional<Bytes> code =
        runProgram(program, text, chip, options, said, fails);
    if (!code)
      return std::nullopt;
    llvm::StringMap<int64_t> spills = takeSpills(said);
    return MachineCode{std::move(*code), std::move(spills)};
  };
  auto countSpilled = [](const MachineCode &code) {
    int64_t bytes = 0;
    for (const auto &kernel : code.spills)
      bytes += kernel.second;
    return bytes;
  };
  std::optional<MachineCode> best = run({}, words, isRefused);
  for (StringRef option :
       {"--register-usage-level=0", "--register-usage-level=10"}) {
    if (!best || countSpilled(*best) == 0)
      break;
    std::string said;
    bool isUnknown; // To an older ptxas, the option is.
    std::optional<MachineCode> other = run(option, said, isUnknown);
    if (!other || countSpilled(*other) >= countSpilled(*best) ||
        said.size() > words.size())
      continue;
    best = std::move(other);
    words = std::move(said);
  }
  return best;
}

//===----------------------------------------------------------------------===//
// The choice
//===----------------------------------------------------------------------===//

FailureOr<std::optional<MachineCode>>
gsa::assemblePTX(StringRef text, StringRef chip, EmitDiagnostic emitError,
                 EmitDiagnostic emitRemark) {
  auto withoutCode = [&](StringRef reason) {
    emitRemark() << "no machine code for " << chip
                 << ", the driver will compile PTX when it loads it: "
                 << reason;
    return std::optional<MachineCode>();
  };
  // What an assembler says of code that it makes is a warning, for example
  // that it had to serialise what was to overlap.
  std::string words;
  auto withCode = [&](MachineCode &code) {
    if (!StringRef(words).trim().empty())
      emitRemark() << "of PTX for " << chip
                   << " the assembler says: " << StringRef(words).trim();
    return std::optional<MachineCode>(std::move(code));
  };
  std::optional<std::string> program = llvm::sys::Process::GetEnv("GSA_PTXAS");
  bool isNamed = program.has_value();
  if (isNamed && program->empty())
    return withoutCode("GSA_PTXAS is empty");
  if (!isNamed)
    program = findProgram();
  else if (auto found = llvm::sys::findProgramByName(*program))
    program = *found;
  if (program) {
    bool isRefused = false;
    if (std::optional<MachineCode> code =
            assemble(*program, text, chip, words, isRefused))
      return withCode(*code);
    if (isNamed || !isRefused)
      return refused(emitError, chip, *program, words);
  }
  // A program of an older toolkit does not know this PTX; a library may.
  bool isForProgram = text.contains("setmaxnreg");
  std::optional<JitLink> library;
  if (!isForProgram)
    library = loadJitLink();
  if (library) {
    std::string theirs;
    if (std::optional<Bytes> code = link(*library, text, chip, theirs)) {
      words = std::move(theirs);
      MachineCode result{std::move(*code), takeSpills(words)};
      return withCode(result);
    }
    if (!program)
      return refused(emitError, chip, "nvJitLink", theirs);
  }
  if (program)
    return refused(emitError, chip, *program, words);
  return withoutCode(isForProgram
                         ? "there is no ptxas, and nvJitLink ignores setmaxnreg"
                         : "there is neither ptxas nor nvJitLink");
}
