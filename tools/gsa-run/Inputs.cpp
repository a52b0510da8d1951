//===- Inputs.cpp - What a kernel is run on -------------------------------===//

#include "Inputs.h"
#include "Npy.h"
#include "Random.h"

#include "gsa/kernel.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cmath>

using namespace mlir;
using namespace mlir::gsa;
using namespace mlir::gsa::run;

llvm::Error run::fail(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

Shape run::shapeOf(const PackagedArgument &argument,
                   const gsa_extents &extents) {
  return shapeOf(argument.shape.data(), int32_t(argument.shape.size()),
                 extents);
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

static llvm::Expected<Values> readInput(const PackagedArgument &argument,
                                        const std::string &path) {
  NpyArray array;
  std::string message;
  if (!readNpy(path, array, message))
    return fail(message);

  int32_t dtype = 0;
  for (auto [name, type] : {std::pair("<f2", GSA_F16),
                            {"<f4", GSA_F32},
                            {"<f8", GSA_F64},
                            {"<i4", GSA_I32},
                            {"<i8", GSA_I64}})
    if (array.dtype == name)
      dtype = type;
  bool integers = argument.kind == GSA_OFFSETS;
  bool holdsIntegers = dtype == GSA_I32 || dtype == GSA_I64;
  if (!dtype || integers != holdsIntegers)
    return fail("'" + path + "' must hold " +
                (integers ? "<i4 or <i8" : "<f2, <f4 or <f8") + ", got " +
                array.dtype);

  Values values{Shape(array.shape.begin(), array.shape.end()), {}};
  int64_t bytes = gsa_dtype_bytes(dtype), count = countElements(values.shape);
  values.data.reserve(count);
  for (int64_t i = 0; i < count; ++i) {
    uint64_t bits = 0;
    std::memcpy(&bits, array.data.data() + i * bytes, bytes);
    values.data.push_back(decode(bits, dtype));
  }
  return values;
}

//===----------------------------------------------------------------------===//
// Extents
//===----------------------------------------------------------------------===//

namespace {
/// The extents of a call as options and files tell them.
struct Extents {
  std::optional<int64_t> batch, time, sequences;

  std::optional<int64_t> *find(int64_t code) {
    switch (code) {
    case GSA_EXTENT_BATCH:
      return &batch;
    case GSA_EXTENT_TIME:
      return &time;
    case GSA_EXTENT_SEQUENCES:
      return &sequences;
    default:
      return nullptr;
    }
  }
};
} // namespace

static llvm::Error readShape(StringRef text, Extents &extents) {
  SmallVector<StringRef> parts;
  text.split(parts, ',', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (StringRef part : parts) {
    auto [name, number] = part.split('=');
    std::optional<int64_t> *extent = name == "B"   ? &extents.batch
                                     : name == "T" ? &extents.time
                                     : name == "N" ? &extents.sequences
                                                   : nullptr;
    int64_t value;
    if (!extent || *extent || number.getAsInteger(10, value) || value < 0 ||
        value > GSA_MAX_EXTENT)
      return fail("--shape must be B, T and N once each, with a number from 0 "
                  "to 2^40, as in B=2,T=300, got '" +
                  text + "'");
    *extent = value;
  }
  return llvm::Error::success();
}

/// Takes what the shape of a file tells.
static llvm::Error unify(const PackagedArgument &argument, const Shape &shape,
                         Extents &extents) {
  auto wrong = [&](const llvm::Twine &law) {
    return fail("input '" + argument.name + "' must have " + law + ", got " +
                printShape(shape));
  };
  if (shape.size() != argument.shape.size())
    return wrong("rank " + llvm::Twine(argument.shape.size()));
  for (size_t i = 0; i < shape.size(); ++i) {
    int64_t found = shape[i];
    int64_t code = argument.shape[i];
    if (code == GSA_EXTENT_OFFSETS) {
      if (found < 1)
        return wrong("an entry");
      code = GSA_EXTENT_SEQUENCES;
      --found;
    }
    std::optional<int64_t> *extent = extents.find(code);
    int64_t expected = extent ? extent->value_or(found) : code;
    if (found != expected)
      return wrong("extent " + llvm::Twine(expected) + " in dimension " +
                   llvm::Twine(i));
    if (extent)
      *extent = found;
  }
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

static double logSigmoid(double x) {
  return std::min(x, 0.0) - std::log1p(std::exp(-std::abs(x)));
}

/// Log decays: the gates of the options by turns, in time and along a row.
static llvm::Error fillDecays(Values &values, Random &random,
                              const InputOptions &options, bool isRandom) {
  SmallVector<std::optional<double>> gates; // none: random
  for (const std::string &text : options.gates) {
    double value = 0;
    if (text == "random")
      gates.emplace_back();
    else if (StringRef(text).getAsDouble(value) || !(value <= 0))
      return fail("--gate-value must be numbers up to 0, or random, got '" +
                  text + "'");
    else
      gates.push_back(value);
  }
  SmallVector<int64_t, 4> index(values.shape.size());
  for (double &value : values.data) {
    double logits = isRandom ? random.normal() : value;
    value = logSigmoid(logits) / options.gateDivisor;
    if (!gates.empty()) {
      int64_t turn = 0;
      for (int64_t i : index)
        turn += i;
      value = gates[turn % gates.size()].value_or(value);
    }
    for (size_t d = index.size(); d-- > 0;) {
      if (++index[d] < values.shape[d])
        break;
      index[d] = 0;
    }
  }
  return llvm::Error::success();
}

/// Rows of `text` through an embedding of its bytes and a projection to
/// `values`, both fixed by the seed.
static void fillFromText(Values &values, StringRef text, StringRef name,
                         uint64_t seed) {
  constexpr int64_t size = 64;
  int64_t tokens = values.shape[0] * values.shape[1];
  int64_t row = tokens ? int64_t(values.data.size()) / tokens : 0;
  std::vector<double> table(256 * size), projection(size * row),
      rows(256 * row);
  Random embedding(seed, "embedding"), random(seed, name);
  for (double &x : table)
    x = embedding.normal();
  for (double &x : projection)
    x = random.normal() / std::sqrt(double(size));
  for (int64_t byte = 0; byte < 256; ++byte)
    for (int64_t i = 0; i < size; ++i)
      for (int64_t j = 0; j < row; ++j)
        rows[byte * row + j] +=
            table[byte * size + i] * projection[i * row + j];
  for (int64_t t = 0; t < tokens; ++t)
    std::copy_n(rows.begin() + uint8_t(text[t]) * row, row,
                values.data.begin() + t * row);
}

/// "q@0,3,1,2=nan": one element of one input.
static llvm::Error applySet(const PackagedKernel &kernel, StringRef text,
                            std::vector<Values> &inputs) {
  auto wrong = [&](const llvm::Twine &got) {
    return fail("--set must be an input's name, an index in it and a value, "
                "as in q@0,3,1,2=nan, got " +
                got);
  };
  auto [place, valueText] = text.rsplit('=');
  auto [name, indexText] = place.split('@');
  double value;
  if (valueText.getAsDouble(value))
    return wrong("'" + text + "'");
  for (auto [argument, values] : llvm::zip(kernel.arguments, inputs)) {
    if (argument.name != name || argument.kind == GSA_OUTPUT)
      continue;
    SmallVector<StringRef> parts;
    indexText.split(parts, ',');
    int64_t offset = 0, index = 0;
    bool fits = parts.size() == values.shape.size();
    for (size_t i = 0; fits && i < parts.size(); ++i) {
      fits = !parts[i].getAsInteger(10, index) && index >= 0 &&
             index < values.shape[i];
      offset = offset * values.shape[i] + index;
    }
    if (!fits)
      return wrong("'" + text + "' for shape " + printShape(values.shape));
    values.data[offset] = value;
    return llvm::Error::success();
  }
  return wrong("'" + text + "' where no input has that name");
}

//===----------------------------------------------------------------------===//
// All of them
//===----------------------------------------------------------------------===//

llvm::Expected<Inputs> run::makeInputs(const PackagedKernel &kernel,
                                       const std::vector<bool> &decays,
                                       const InputOptions &options) {
  Inputs result;
  result.values.resize(kernel.arguments.size());
  Extents extents;
  if (llvm::Error error = readShape(options.shape, extents))
    return error;

  // A text has as many tokens as bytes, or as many as asked for.
  std::unique_ptr<llvm::MemoryBuffer> text;
  if (!options.text.empty()) {
    auto file = llvm::MemoryBuffer::getFile(options.text);
    if (!file)
      return fail("'" + options.text +
                  "' must be readable, got: " + file.getError().message());
    text = std::move(*file);
    auto bytes = int64_t(text->getBufferSize());
    extents.time = std::min(extents.time.value_or(bytes), bytes);
    if (extents.batch.value_or(1) != 1)
      return fail("--shape of a text must have B=1, got B=" +
                  llvm::Twine(*extents.batch));
    extents.batch = 1;
  }

  // Files.
  std::vector<bool> given(kernel.arguments.size());
  for (StringRef option : options.input) {
    auto [name, path] = option.split('=');
    auto found = llvm::find_if(kernel.arguments, [&](auto &argument) {
      return argument.name == name && argument.kind != GSA_OUTPUT;
    });
    size_t i = found - kernel.arguments.begin();
    if (i == kernel.arguments.size() || given[i]) {
      std::string names;
      for (const PackagedArgument &argument : kernel.arguments)
        if (argument.kind != GSA_OUTPUT)
          names += (names.empty() ? "" : ", ") + argument.name;
      return fail("--input must name each of " + names +
                  " at most once, got '" + name + "'");
    }
    llvm::Expected<Values> values = readInput(*found, path.str());
    if (!values)
      return values.takeError();
    if (llvm::Error error = unify(*found, values->shape, extents))
      return error;
    result.values[i] = std::move(*values);
    given[i] = true;
  }

  // Extents that nothing said.
  bool packed = false, dynamicTime = false;
  for (const PackagedArgument &argument : kernel.arguments) {
    packed |= argument.kind == GSA_OFFSETS;
    dynamicTime |= llvm::is_contained(argument.shape, GSA_EXTENT_TIME);
  }
  if (!options.lengths.empty()) {
    if (!packed)
      return fail("--lengths must be for a kernel with offsets, got '" +
                  kernel.name + "'");
    int64_t sum = 0;
    for (int64_t length : options.lengths) {
      if (length < 0)
        return fail("--lengths must be 0 or more, got " + llvm::Twine(length));
      sum += length;
    }
    int64_t count = int64_t(options.lengths.size());
    if (extents.time.value_or(sum) != sum)
      return fail("--lengths must add up to T, got " + llvm::Twine(sum) +
                  " for T=" + llvm::Twine(*extents.time));
    if (extents.sequences.value_or(count) != count)
      return fail("--lengths must be N, got " + llvm::Twine(count) +
                  " for N=" + llvm::Twine(*extents.sequences));
    extents.time = sum;
    extents.sequences = count;
  }
  if (dynamicTime && !extents.time)
    return fail("--shape must say what T is, got '" + options.shape + "'");
  int64_t batch = extents.batch.value_or(1);
  result.extents = {batch, extents.time.value_or(0),
                    extents.sequences.value_or(packed ? 1 : batch)};
  if (packed && result.extents.sequences == 0 && result.extents.time > 0)
    return fail("--shape must have a sequence for its tokens, got '" +
                options.shape + "'");

  bool hasDecay = false;
  for (auto [i, argument] : llvm::enumerate(kernel.arguments)) {
    if (argument.kind == GSA_OUTPUT || given[i])
      continue;
    Values &values = result.values[i];
    values.shape = shapeOf(argument, result.extents);
    // The largest of tensors is far more than any memory.
    double count = 1;
    for (int64_t extent : values.shape)
      count *= double(extent);
    if (count > 1e11)
      return fail("input '" + argument.name +
                  "' must fit into memory, got shape " +
                  printShape(values.shape));
    values.data.resize(countElements(values.shape));
    if (argument.kind == GSA_OFFSETS) {
      int64_t sequences = result.extents.sequences;
      for (int64_t n = 0; n < sequences; ++n)
        values.data[n + 1] =
            options.lengths.empty()
                ? double(result.extents.time * (n + 1) / sequences)
                : values.data[n] + double(options.lengths[n]);
      continue;
    }
    Random random(options.seed, argument.name);
    bool isText = text && llvm::is_contained(argument.shape, GSA_EXTENT_TIME);
    if (isText)
      fillFromText(values, text->getBuffer(), argument.name, options.seed);
    if (decays[i]) {
      hasDecay = true;
      if (llvm::Error error = fillDecays(values, random, options, !isText))
        return error;
    } else if (!isText) {
      for (double &value : values.data)
        value = random.normal();
    }
  }
  if (!options.gates.empty() && !hasDecay)
    return fail("--gate-value must be for a kernel with a decay among its "
                "random inputs, got '" +
                kernel.name + "'");
  for (StringRef option : options.set)
    if (llvm::Error error = applySet(kernel, option, result.values))
      return error;
  return result;
}
