//===- Translate.h - Kernels to LLVM IR, and to code ------------*- C++ -*-===//

#ifndef GSA_TEST_EMULATOR_TRANSLATE_H
#define GSA_TEST_EMULATOR_TRANSLATE_H

#include "Machine.h"
#include "Parse.h"

#include <memory>
#include <mutex>

namespace llvm {
class LLVMContext;
class Module;
namespace orc {
class LLJIT;
class ThreadSafeContext;
} // namespace orc
} // namespace llvm

namespace emulator {

/// A module's code. Instructions are checked when it is made, a kernel is
/// compiled when it is first asked for.
class Program {
public:
  /// Null, with the reason, if there is an instruction that is not known.
  static std::unique_ptr<Program> create(std::string_view text,
                                         std::string &message);
  ~Program();

  const Module &module() const { return parsed; }
  /// Null, with the reason, if the host's compiler refuses it.
  void (*code(const Kernel &kernel, std::string &message))(Thread *);

private:
  Program() = default;

  Module parsed;
  std::vector<std::unique_ptr<Operation>> operations;
  std::vector<std::unique_ptr<unsigned char[]>> globals;
  struct Compiler;
  std::unique_ptr<Compiler> compiler;
  std::mutex mutex;
};

/// Translates `kernel` into a function void(ptr thread) of its name in
/// `module`. `globals` are the addresses of the variables of `program`.
/// `checkRaces` makes it tell the race checker of accesses. On failure false,
/// with "line 12: ...".
bool translate(const Module &program, const Kernel &kernel,
               const std::map<std::string, uint64_t> &globals, bool checkRaces,
               std::vector<std::unique_ptr<Operation>> &operations,
               llvm::Module &module, std::string &message);

/// What generated code calls before it accesses shared memory. What a write is
/// going to write is in the thread's `arguments`, side by side.
extern "C" void gsaEmulatorTouch(Thread *thread, uint64_t address,
                                 uint32_t bytes, uint32_t isWrite);
/// What generated code calls where an address is not aligned, or an instruction
/// stops the kernel.
extern "C" void gsaEmulatorFail(Thread *thread, const char *message);

} // namespace emulator

#endif // GSA_TEST_EMULATOR_TRANSLATE_H
