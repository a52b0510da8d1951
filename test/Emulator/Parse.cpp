//===- Parse.cpp - PTX text as data ---------------------------------------===//

#include "Parse.h"

#include <cstdlib>
#include <cstring>

using namespace emulator;

namespace {

bool isWordStart(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) || c == '_' || c == '$' ||
         c == '%' || c == '.';
}
bool isWordPart(char c) {
  return isWordStart(c) || std::isdigit(static_cast<unsigned char>(c));
}

std::vector<std::string> split(const std::string &text) {
  std::vector<std::string> words(1);
  for (char c : text)
    if (c == '.')
      words.emplace_back();
    else
      words.back() += c;
  return words;
}

/// Bytes of a scalar type such as "b8" or "f64"; 0 if it is none.
unsigned bytesOf(const std::string &type) {
  if (type.size() < 2 || !std::strchr("busf", type[0]))
    return 0;
  unsigned bits = std::strtoul(type.c_str() + 1, nullptr, 10);
  return bits / 8;
}

class Parser {
public:
  Parser(std::string_view text, Module &module, std::string &message)
      : text(text), module(module), message(message) {}

  bool run() {
    for (next(); !failed && !word.empty(); next())
      directive();
    if (!failed && position < text.size())
      fail("must be a directive");
    return !failed;
  }

private:
  //===--- Characters -----------------------------------------------------===//

  bool fail(const std::string &what) {
    if (!failed)
      message = "line " + std::to_string(line) + ": " + what;
    failed = true;
    return false;
  }

  void skip() {
    while (position < text.size()) {
      char c = text[position];
      if (c == '\n')
        ++line;
      if (std::isspace(static_cast<unsigned char>(c))) {
        ++position;
      } else if (text.compare(position, 2, "//") == 0) {
        while (position < text.size() && text[position] != '\n')
          ++position;
      } else {
        return;
      }
    }
  }
  /// The next character that is no space; 0 at the end.
  char peek() {
    skip();
    return position < text.size() ? text[position] : '\0';
  }
  bool take(char c) {
    if (peek() != c)
      return false;
    ++position;
    return true;
  }
  bool expect(char c) {
    if (take(c))
      return true;
    return fail(std::string("must have '") + c + "', got '" +
                (peek() ? std::string(1, peek()) : "the end") + "'");
  }
  /// A word into `word`, empty if there is none. "::" is part of one.
  bool next() {
    word.clear();
    if (!isWordStart(peek()))
      return false;
    while (position < text.size()) {
      if (isWordPart(text[position])) {
        word += text[position++];
      } else if (text.compare(position, 2, "::") == 0 &&
                 position + 2 < text.size() && isWordPart(text[position + 2])) {
        word += "::";
        position += 2;
      } else {
        break;
      }
    }
    return true;
  }
  int64_t number() {
    bool negative = take('-');
    peek();
    std::string digits;
    while (position < text.size() &&
           std::isalnum(static_cast<unsigned char>(text[position])))
      digits += text[position++];
    uint64_t value;
    char *end;
    if (digits.size() > 2 && digits[0] == '0' &&
        std::strchr("fFdD", digits[1])) {
      value = std::strtoull(digits.c_str() + 2, &end, 16);
    } else {
      while (!digits.empty() && (digits.back() == 'U' || digits.back() == 'u'))
        digits.pop_back();
      value = std::strtoull(digits.c_str(), &end, 0);
    }
    if (digits.empty() || *end)
      fail("must be a number, got '" + digits + "'");
    return static_cast<int64_t>(negative ? -value : value);
  }

  //===--- Module ---------------------------------------------------------===//

  void directive() {
    if (word == ".version") {
      number(), expect('.'), number();
    } else if (word == ".target") {
      next();
      module.target = word;
      while (take(','))
        next();
    } else if (word == ".address_size") {
      number();
    } else if (word == ".file") {
      number();
      if (take('"'))
        while (position < text.size() && text[position++] != '"')
          ;
    } else if (word == ".extern" || word == ".visible" || word == ".weak" ||
               word == ".global" || word == ".const" || word == ".entry") {
      std::string linkage = word == ".extern" ? word : "";
      while (word == ".extern" || word == ".visible" || word == ".weak")
        next();
      if (word == ".entry")
        kernel();
      else if (word == ".shared" && !linkage.empty())
        sharedSymbol();
      else if ((word == ".global" || word == ".const") && linkage.empty())
        global();
      else
        fail("directive must be known, got '" + linkage + " " + word + "'");
    } else {
      fail("directive must be known, got '" + word + "'");
    }
  }

  /// ".align 1024 .b8 name[12]", and no bytes for "name[]".
  bool variable(Variable &result) {
    result.align = 1;
    next();
    if (word == ".align") {
      result.align = static_cast<uint64_t>(number());
      next();
    }
    unsigned bytes = bytesOf(word.substr(word.empty() ? 0 : 1));
    if (!bytes)
      return fail("variable must have a type, got '" + word + "'");
    elementBytes = bytes;
    if (result.align < bytes)
      result.align = bytes;
    if (!next())
      return fail("variable must have a name");
    result.name = word;
    result.bytes = bytes;
    if (take('['))
      result.bytes =
          peek() == ']' ? 0 : bytes * static_cast<uint64_t>(number()),
      expect(']');
    return !failed;
  }
  void sharedSymbol() {
    Variable result;
    if (!variable(result))
      return;
    if (result.bytes)
      fail("shared memory must be of the launch's size, got '" + result.name +
           "' with one of its own");
    module.shared.push_back(result.name);
    expect(';');
  }
  void global() {
    Variable result;
    if (!variable(result))
      return;
    unsigned bytes = elementBytes;
    if (take('=')) {
      bool list = take('{');
      do {
        int64_t value = number();
        const char *from = reinterpret_cast<const char *>(&value);
        result.data.insert(result.data.end(), from, from + bytes);
      } while (list && take(','));
      if (list)
        expect('}');
      result.data.resize(result.bytes);
    }
    expect(';');
    module.globals.push_back(std::move(result));
  }

  //===--- Kernel ---------------------------------------------------------===//

  struct Scope {
    unsigned number;
    std::map<std::string, std::string> registers; ///< name -> unique name
    std::map<std::string, std::string> labels;
    size_t firstStatement;
  };

  void kernel() {
    module.kernels.emplace_back();
    Kernel &kernel = module.kernels.back();
    current = &kernel;
    next();
    kernel.name = word;
    if (take('(') && !take(')')) {
      uint64_t end = 0;
      do {
        next();
        if (word != ".param")
          return void(fail("parameter must be a .param, got '" + word + "'"));
        // A scalar's type stands where an array's alignment does.
        Variable each;
        if (!variable(each))
          return;
        end = (end + each.align - 1) / each.align * each.align;
        kernel.parameters.push_back({each.name, each.bytes, each.align, end});
        end += each.bytes;
      } while (take(','));
      expect(')');
    }
    while (!failed && !take('{')) {
      next();
      if (word == ".maxntid" || word == ".reqntid") {
        kernel.maxThreads = product();
      } else if (word == ".reqnctapercluster") {
        kernel.cluster = product();
      } else if (word == ".minnctapersm" || word == ".maxnreg" ||
                 word == ".maxclusterrank") {
        number();
      } else if (word != ".explicitcluster") {
        fail("kernel's directive must be known, got '" + word + "'");
      }
    }
    scopes.clear();
    scopeCount = 0;
    open();
    while (!failed && !scopes.empty())
      statement();
  }
  unsigned product() {
    int64_t result = number();
    while (take(','))
      result *= number();
    return static_cast<unsigned>(result);
  }

  void open() {
    scopes.push_back({scopeCount++, {}, {}, current->body.size()});
  }
  void close() {
    // Labels may be used before they stand.
    Scope &scope = scopes.back();
    for (size_t i = scope.firstStatement; i < current->body.size(); ++i)
      for (Operand &operand : current->body[i].operands)
        if (operand.kind == Operand::Symbol) {
          auto found = scope.labels.find(operand.name);
          if (found != scope.labels.end())
            operand.name = found->second;
        }
    scopes.pop_back();
  }
  std::string unique(const std::string &name) {
    unsigned number = scopes.back().number;
    return number ? name + "@" + std::to_string(number) : name;
  }

  void declare(const std::string &name, const std::string &type) {
    std::string own = unique(name);
    scopes.back().registers[name] = own;
    current->registers[own] = type;
  }
  void declareRegisters() {
    next();
    std::string type = word.substr(word.empty() ? 0 : 1);
    if (type != "pred" && !bytesOf(type))
      return void(fail("register must have a type, got '" + word + "'"));
    do {
      next();
      std::string name = word;
      int64_t count = -1;
      if (take('<'))
        count = number(), expect('>');
      if (count < 0)
        declare(name, type);
      for (int64_t i = 0; i < count; ++i)
        declare(name + std::to_string(i), type);
    } while (take(','));
    expect(';');
  }

  void statement() {
    if (take('}'))
      return close();
    if (take('{'))
      return open();
    Statement result;
    peek();
    result.line = line;
    if (take('@')) {
      result.negated = take('!');
      next();
      Operand guard;
      resolve(word, guard);
      if (guard.kind != Operand::Register)
        return void(fail("guard must be a register, got '" + word + "'"));
      result.guard = guard.name;
    }
    if (!next())
      return void(
          fail(std::string("must be an instruction, got '") + peek() + "'"));
    if (take(':')) {
      result.label = unique(word);
      scopes.back().labels[word] = result.label;
      current->body.push_back(std::move(result));
      return;
    }
    if (word[0] == '.')
      return bodyDirective();
    result.text = word;
    result.words = split(word);
    while (!failed && !take(';')) {
      if (!result.operands.empty() && !take('|'))
        expect(',');
      result.operands.emplace_back();
      operand(result.operands.back());
    }
    current->body.push_back(std::move(result));
  }

  void bodyDirective() {
    if (word == ".reg") {
      declareRegisters();
    } else if (word == ".local") {
      Variable result;
      if (variable(result))
        current->locals.push_back(std::move(result));
      expect(';');
    } else if (word == ".pragma") {
      // They advise the assembler, and change no meaning.
      expect('"');
      while (position < text.size() && text[position++] != '"')
        ;
      expect(';');
    } else {
      fail("directive must be known, got '" + word + "'");
    }
  }

  void resolve(const std::string &name, Operand &result) {
    result.name = name;
    for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope) {
      auto found = scope->registers.find(name);
      if (found == scope->registers.end())
        continue;
      result.kind = Operand::Register;
      result.name = found->second;
      return;
    }
    result.kind = name[0] == '%' ? Operand::Special : Operand::Symbol;
  }

  void list(std::vector<Operand> &parts) {
    do {
      parts.emplace_back();
      operand(parts.back());
    } while (!failed && take(','));
    expect('}');
  }

  void operand(Operand &result) {
    if (take('{')) {
      result.kind = Operand::Vector;
      return list(result.parts);
    }
    if (take('[')) {
      result.kind = Operand::Address;
      result.parts.emplace_back();
      operand(result.parts.back());
      if (take('+'))
        result.value = number();
      else if (peek() == '-')
        result.value = number();
      if (take(',') && expect('{'))
        list(result.parts);
      return void(expect(']'));
    }
    char c = peek();
    if (c == '-' || std::isdigit(static_cast<unsigned char>(c))) {
      result.kind = Operand::Immediate;
      result.value = number();
      return;
    }
    if (!next())
      return void(fail(std::string("must be an operand, got '") + c + "'"));
    if (word == "_")
      result.kind = Operand::Sink;
    else
      resolve(word, result);
  }

  std::string_view text;
  Module &module;
  std::string &message;
  size_t position = 0;
  unsigned line = 1;
  bool failed = false;
  std::string word;
  unsigned elementBytes = 0;
  Kernel *current = nullptr;
  std::vector<Scope> scopes;
  unsigned scopeCount = 0;
};

} // namespace

bool emulator::parse(std::string_view text, Module &module,
                     std::string &message) {
  return Parser(text, module, message).run();
}
