//===- Case.cpp - What the suite runs, as its lists say it ----------------===//

#include "Case.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>

using namespace suite;
using mlir::gsa::run::Storage;

static std::vector<std::string> split(const std::string &text, char separator) {
  std::vector<std::string> parts;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);)
    parts.push_back(part);
  return parts;
}

static bool parse(const std::string &text, int64_t &value) {
  char *end = nullptr;
  value = std::strtoll(text.c_str(), &end, 10);
  return !text.empty() && *end == '\0';
}

static bool parse(const std::string &text, double &value) {
  char *end = nullptr;
  value = std::strtod(text.c_str(), &end);
  return !text.empty() && *end == '\0';
}

static bool parseShape(const std::string &text, Case &one) {
  for (const std::string &part : split(text, ',')) {
    int64_t value;
    if (part.size() < 3 || part[1] != '=' || !parse(part.substr(2), value) ||
        value < 0)
      return false;
    switch (part[0]) {
    case 'B':
      one.batch = value;
      break;
    case 'T':
      one.time = value;
      break;
    case 'N':
      one.sequences = value;
      break;
    default:
      return false;
    }
  }
  return true;
}

static bool parseSet(const std::string &text, Case &one) {
  size_t at = text.find('@'), equals = text.rfind('=');
  Case::Set set;
  if (at == std::string::npos || equals == std::string::npos || equals < at ||
      !parse(text.substr(equals + 1), set.value))
    return false;
  set.name = text.substr(0, at);
  for (const std::string &part :
       split(text.substr(at + 1, equals - at - 1), ',')) {
    int64_t index;
    if (!parse(part, index) || index < 0)
      return false;
    set.index.push_back(index);
  }
  one.sets.push_back(set);
  return true;
}

static bool parseOption(const std::string &word, Case &one) {
  size_t equals = std::min(word.find('='), word.size());
  std::string name = word.substr(0, equals);
  bool hasValue = equals < word.size();
  std::string value = hasValue ? word.substr(equals + 1) : "";

  bool *flag = name == "--silu"       ? &one.silu
               : name == "--bench"    ? &one.bench
               : name == "--alone"    ? &one.alone
               : name == "--sanitize" ? &one.sanitize
                                      : nullptr;
  if (flag) {
    *flag = true;
    return !hasValue;
  }
  if (value.empty())
    return false;
  if (std::string *text = name == "--function" ? &one.function
                          : name == "--name"   ? &one.name
                          : name == "--chips"  ? &one.chips
                                               : nullptr) {
    *text = value;
    return true;
  }
  if (name == "--shape")
    return parseShape(value, one);
  if (name == "--set")
    return parseSet(value, one);
  if (name == "--gate-divisor")
    return parse(value, one.gateDivisor) && one.gateDivisor > 0;
  if (name == "--seed" || name == "--seconds") {
    int64_t number = 0;
    bool valid = parse(value, number) && number >= 0;
    if (name == "--seed")
      one.seed = uint64_t(number);
    else
      one.seconds = int(number);
    return valid;
  }
  if (name == "--layout") {
    one.storage = value == "strided" ? Storage::Strided
                  : value == "huge"  ? Storage::Huge
                                     : Storage::Dense;
    return one.storage != Storage::Dense || value == "dense";
  }
  if (name == "--concurrent") {
    one.concurrent =
        value == "streams" ? Concurrent::Streams : Concurrent::Threads;
    return value == "streams" || value == "threads";
  }
  if (name == "--lengths") {
    for (const std::string &part : split(value, ',')) {
      int64_t length;
      if (!parse(part, length) || length < 0)
        return false;
      one.lengths.push_back(length);
    }
    return true;
  }
  if (name == "--gate-value") {
    for (const std::string &part : split(value, ',')) {
      double gate;
      if (part == "random")
        one.gates.emplace_back();
      else if (parse(part, gate) && gate <= 0)
        one.gates.emplace_back(gate);
      else
        return false;
    }
    return true;
  }
  return false;
}

bool suite::readCases(const std::string &path, std::vector<Case> &cases,
                      std::string &message) {
  std::ifstream file(path);
  if (!file) {
    message = "'" + path + "' must be readable, got an error";
    return false;
  }
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    std::stringstream stream(line);
    Case one;
    if (!(stream >> one.group) || one.group[0] == '#')
      continue;
    for (std::string word; stream >> word;) {
      one.text += (one.text.empty() ? "" : " ") + word;
      if (!parseOption(word, one)) {
        message = path + ":" + std::to_string(number) +
                  ": a word of a case must be one of its options, got '" +
                  word + "'";
        return false;
      }
    }
    if (!findEntry(one)) {
      message = path + ":" + std::to_string(number) +
                ": --function must be in the bundle, got '" + one.function +
                "'";
      return false;
    }
    cases.push_back(one);
  }
  return true;
}

void suite::shrink(Case &one) {
  if (one.lengths.empty() && one.time)
    one.time = std::min<int64_t>(*one.time, 96);
  if (one.batch)
    one.batch = std::min<int64_t>(*one.batch, 2);
}

const Entry *suite::findEntry(const Case &one) {
  for (int i = 0; i < kNumEntries; ++i)
    if (one.function == kEntries[i].name)
      return &kEntries[i];
  return nullptr;
}

bool suite::findExtents(const Case &one, const gsa_kernel &kernel,
                        gsa_extents &extents, std::string &message) {
  bool packed = false, timed = false;
  for (int32_t i = 0; i < kernel.num_arguments; ++i) {
    const gsa_argument &argument = kernel.arguments[i];
    packed |= argument.kind == GSA_OFFSETS;
    for (int32_t d = 0; d < argument.rank; ++d)
      timed |= argument.shape[d] == GSA_EXTENT_TIME;
  }
  int64_t sum = 0;
  for (int64_t length : one.lengths)
    sum += length;
  bool hasLengths = !one.lengths.empty();
  if (hasLengths && (!packed || one.time.value_or(sum) != sum)) {
    message = "--lengths must be of packed sequences and add up to T";
    return false;
  }
  if (timed && !hasLengths && !one.time) {
    message = "--shape must say what T is";
    return false;
  }
  extents.batch = one.batch.value_or(1);
  extents.time = hasLengths ? sum : one.time.value_or(0);
  extents.sequences = hasLengths
                          ? int64_t(one.lengths.size())
                          : one.sequences.value_or(packed ? 1 : extents.batch);
  return true;
}
