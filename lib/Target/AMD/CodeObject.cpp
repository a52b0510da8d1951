//===- CodeObject.cpp - Code objects, linked and read ---------------------===//
//
// A code object is a shared ELF file with a note of metadata in MessagePack:
// "User Guide for AMDGPU Backend", LLVM, sections "Code Object Metadata" and
// "Linking and Loading".
//
//===----------------------------------------------------------------------===//

#include "AMD.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/BinaryFormat/MsgPackDocument.h"
#include "llvm/Object/ELF.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::gsa;

using EmitDiagnostic = llvm::function_ref<InFlightDiagnostic()>;

//===----------------------------------------------------------------------===//
// Linking
//===----------------------------------------------------------------------===//

/// LLVM's linker of the version that made the object.
static llvm::ErrorOr<std::string> findLinker() {
  auto program = llvm::sys::findProgramByName(
      "ld.lld-" + std::to_string(LLVM_VERSION_MAJOR));
  return program ? program : llvm::sys::findProgramByName("ld.lld");
}

FailureOr<SmallVector<char, 0>> gsa::linkCodeObject(ArrayRef<char> object,
                                                    EmitDiagnostic emitError) {
  llvm::ErrorOr<std::string> linker = findLinker();
  if (!linker)
    return emitError() << "a code object must be linked by LLVM's ld.lld, got "
                          "none in PATH";
  SmallString<128> input, output, log;
  auto create = [](StringRef suffix, SmallString<128> &path) {
    return !llvm::sys::fs::createTemporaryFile("gsa", suffix, path);
  };
  auto remove = llvm::make_scope_exit([&] {
    for (StringRef path : {input, output, log})
      if (!path.empty())
        llvm::sys::fs::remove(path);
  });
  std::error_code code;
  if (create("o", input) && create("hsaco", output) && create("log", log)) {
    llvm::raw_fd_ostream stream(input, code);
    if (!code)
      stream << StringRef(object.data(), object.size());
  } else {
    code = std::make_error_code(std::errc::io_error);
  }
  if (code)
    return emitError() << "a temporary file must be writable, got: "
                       << code.message();

  std::optional<StringRef> redirects[] = {StringRef(), log.str(), log.str()};
  std::string error;
  int status = llvm::sys::ExecuteAndWait(
      *linker, {*linker, "-shared", "--build-id=none", input, "-o", output},
      /*Env=*/std::nullopt, redirects, /*SecondsToWait=*/0, /*MemoryLimit=*/0,
      &error);
  auto read = [](StringRef path) {
    return llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                       /*RequiresNullTerminator=*/false);
  };
  if (status == 0)
    if (auto buffer = read(output)) {
      StringRef bytes = (*buffer)->getBuffer();
      return SmallVector<char, 0>(bytes.begin(), bytes.end());
    }
  if (auto buffer = read(log))
    error += (*buffer)->getBuffer();
  return emitError() << "a code object must link, got from " << *linker << ": "
                     << StringRef(error).trim();
}

//===----------------------------------------------------------------------===//
// Metadata
//===----------------------------------------------------------------------===//

/// The bytes of the note with metadata; empty if there is none.
static llvm::Expected<std::string> readNote(ArrayRef<char> object) {
  using File = llvm::object::ELFFile<llvm::object::ELF64LE>;
  auto file = File::create(StringRef(object.data(), object.size()));
  if (!file)
    return file.takeError();
  auto sections = file->sections();
  if (!sections)
    return sections.takeError();
  std::string metadata;
  for (const File::Elf_Shdr &section : *sections) {
    if (section.sh_type != llvm::ELF::SHT_NOTE)
      continue;
    llvm::Error error = llvm::Error::success();
    for (auto note : file->notes(section, error))
      if (note.getName() == "AMDGPU" &&
          note.getType() == llvm::ELF::NT_AMDGPU_METADATA)
        metadata = note.getDescAsStringRef(section.sh_addralign).str();
    if (error)
      return std::move(error);
  }
  return metadata;
}

FailureOr<std::vector<KernelUse>>
gsa::readCodeObject(ArrayRef<char> object, EmitDiagnostic emitError) {
  llvm::Expected<std::string> note = readNote(object);
  if (!note)
    return emitError() << "a code object must be readable, got "
                       << llvm::toString(note.takeError());
  llvm::msgpack::Document document;
  if (!document.readFromBlob(*note, /*Multi=*/false) ||
      !document.getRoot().isMap())
    return emitError() << "a code object must have metadata, got none";
  llvm::msgpack::DocNode kernels =
      document.getRoot().getMap()["amdhsa.kernels"];
  std::vector<KernelUse> uses;
  if (!kernels.isArray())
    return uses;
  for (llvm::msgpack::DocNode &node : kernels.getArray()) {
    auto &map = node.getMap();
    auto number = [&](StringRef key) -> int64_t {
      llvm::msgpack::DocNode &value = map[key];
      return value.getKind() == llvm::msgpack::Type::UInt ? value.getUInt()
             : value.getKind() == llvm::msgpack::Type::Int
                 ? int64_t(value.getInt())
                 : 0;
    };
    KernelUse use;
    use.kernel = map[".name"].toString();
    // One file holds both kinds where there are accumulation registers, and
    // .vgpr_count counts both then.
    use.registers = number(".vgpr_count");
    use.stack = number(".private_segment_fixed_size");
    use.spilled = 4 * number(".vgpr_spill_count");
    use.staticShared = number(".group_segment_fixed_size");
    uses.push_back(std::move(use));
  }
  return uses;
}
