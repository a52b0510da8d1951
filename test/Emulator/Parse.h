//===- Parse.h - PTX text as data -------------------------------*- C++ -*-===//
//
// The grammar is that of the PTX ISA manual 9.0, chapters 4 and 5, as far as
// LLVM's back end and this project's atoms write it. Nothing is skipped: a
// directive that is not known is an error.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_TEST_EMULATOR_PARSE_H
#define GSA_TEST_EMULATOR_PARSE_H

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace emulator {

struct Operand {
  enum Kind {
    Register,  ///< `name`, unique in its kernel
    Special,   ///< `name` of a special register, as "%tid.x"
    Symbol,    ///< `name` of a parameter, a variable or a label
    Immediate, ///< `value`: the bits, two's complement or IEEE 754
    Vector,    ///< `parts`: the elements
    Address,   ///< `parts[0]` plus `value` bytes; then a box's coordinates
    Sink       ///< "_": what comes is dropped
  };
  Kind kind = Immediate;
  std::string name;
  int64_t value = 0;
  std::vector<Operand> parts;
};

/// An instruction, or a label before one.
struct Statement {
  unsigned line = 0;    ///< of the text, from 1
  std::string label;    ///< if not empty, there is no instruction
  std::string guard;    ///< the predicate's register; empty without one
  bool negated = false; ///< runs if the guard is false
  std::string text;     ///< "add.rn.ftz.f32"
  std::vector<std::string> words; ///< "add", "rn", "ftz", "f32"
  std::vector<Operand> operands;
};

struct Parameter {
  std::string name;
  uint64_t bytes, align, offset; ///< offset in the buffer of all parameters
};

struct Variable {
  std::string name;
  uint64_t bytes, align;
  std::vector<unsigned char> data; ///< of `bytes` bytes; empty: all zero
};

struct Kernel {
  std::string name;
  std::vector<Parameter> parameters;
  std::map<std::string, std::string> registers; ///< name -> "b32", "pred", ...
  std::vector<Variable> locals;                 ///< of each thread
  std::vector<Statement> body;
  unsigned maxThreads = 1024; ///< .maxntid
  unsigned cluster = 0;       ///< .reqnctapercluster; 0 without one
  uint64_t parameterBytes() const {
    return parameters.empty()
               ? 0
               : parameters.back().offset + parameters.back().bytes;
  }
};

struct Module {
  std::string target; ///< "sm_80"
  /// Names of the shared memory that a launch gives a size, all one place.
  std::vector<std::string> shared;
  std::vector<Variable> globals;
  std::vector<Kernel> kernels;
};

/// Parses `text`. On failure false, with "line 12: ..." in `message`.
bool parse(std::string_view text, Module &module, std::string &message);

} // namespace emulator

#endif // GSA_TEST_EMULATOR_PARSE_H
