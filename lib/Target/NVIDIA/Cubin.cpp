//===- Cubin.cpp - What the kernels in a cubin take -----------------------===//
//
// A cubin is an ELF file. Each kernel is a function in a section of its own,
// `.text.<kernel>`; `.nv.shared.<kernel>` has the size of its static shared
// memory, with what the system keeps of each block; `.nv.info` holds
// attributes, of which those used here are a format (4: sized), a number, the
// size 8, the index of a symbol and a value. The numbers are those that
// cuobjdump --dump-elf prints by name.
//
//===----------------------------------------------------------------------===//

#include "NVIDIA.h"

#include "llvm/Object/ELF.h"
#include "llvm/Support/Endian.h"

using namespace mlir;
using namespace mlir::gsa;

namespace {
using File = llvm::object::ELFFile<llvm::object::ELF64LE>;

enum Attribute : uint8_t {
  FrameSize = 0x11, // EIATTR_FRAME_SIZE
  RegCount = 0x2f   // EIATTR_REGCOUNT
};

/// Calls `visit` with number, symbol and value of each sized attribute of two
/// words in a section's bytes.
void visitAttributes(
    ArrayRef<uint8_t> bytes,
    llvm::function_ref<void(uint8_t, uint32_t, uint32_t)> visit) {
  constexpr uint8_t sized = 4;
  while (bytes.size() >= 4) {
    uint8_t format = bytes[0], number = bytes[1];
    size_t size =
        format == sized ? llvm::support::endian::read16le(&bytes[2]) : 0;
    if (bytes.size() < 4 + size)
      return;
    if (size == 8)
      visit(number, llvm::support::endian::read32le(&bytes[4]),
            llvm::support::endian::read32le(&bytes[8]));
    bytes = bytes.drop_front(4 + size);
  }
}

llvm::Expected<std::vector<KernelUse>> read(const MachineCode &code,
                                            int64_t reservedBytes) {
  auto file = File::create(StringRef(code.bytes.data(), code.bytes.size()));
  if (!file)
    return file.takeError();
  auto sections = file->sections();
  if (!sections)
    return sections.takeError();

  llvm::StringMap<int64_t> shared;
  llvm::DenseMap<uint32_t, int64_t> frames, registers;
  const File::Elf_Shdr *symbolTable = nullptr;
  for (const File::Elf_Shdr &section : *sections) {
    if (section.sh_type == llvm::ELF::SHT_SYMTAB)
      symbolTable = &section;
    auto name = file->getSectionName(section);
    if (!name)
      return name.takeError();
    if (name->consume_front(".nv.shared."))
      shared[*name] = section.sh_size;
    if (*name != ".nv.info")
      continue;
    auto bytes = file->getSectionContents(section);
    if (!bytes)
      return bytes.takeError();
    visitAttributes(*bytes,
                    [&](uint8_t number, uint32_t symbol, uint32_t value) {
                      if (number == FrameSize)
                        frames[symbol] = value;
                      if (number == RegCount)
                        registers[symbol] = value;
                    });
  }

  auto symbols = file->symbols(symbolTable);
  if (!symbols)
    return symbols.takeError();
  auto names = symbolTable ? file->getStringTableForSymtab(*symbolTable)
                           : llvm::Expected<StringRef>("");
  if (!names)
    return names.takeError();
  std::vector<KernelUse> uses;
  for (auto [index, symbol] : llvm::enumerate(*symbols)) {
    if (symbol.getType() != llvm::ELF::STT_FUNC || !registers.count(index))
      continue;
    auto name = symbol.getName(*names);
    if (!name)
      return name.takeError();
    KernelUse use;
    use.kernel = name->str();
    use.registers = registers.lookup(index);
    use.stack = frames.lookup(index);
    // No attribute counts spills: without a word of them all memory may be it.
    auto spilled = code.spills.find(*name);
    use.spilled = spilled == code.spills.end() ? use.stack : spilled->second;
    use.staticShared =
        std::max<int64_t>(shared.lookup(*name) - reservedBytes, 0);
    uses.push_back(std::move(use));
  }
  return uses;
}
} // namespace

FailureOr<std::vector<KernelUse>>
gsa::readCubin(const MachineCode &code, int64_t reservedBytes,
               llvm::function_ref<InFlightDiagnostic()> emitError) {
  llvm::Expected<std::vector<KernelUse>> uses = read(code, reservedBytes);
  if (!uses)
    return emitError() << "a cubin must be readable, got "
                       << llvm::toString(uses.takeError());
  return std::move(*uses);
}
