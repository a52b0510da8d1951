//===- Reference.cpp - What a kernel's outputs should be, in f64 ----------===//

#include "Reference.h"
#include "Parallel.h"

using namespace suite;
using namespace mlir::gsa::run;

static bool isPerBatch(const gsa_argument &argument) {
  return argument.rank >= 2 && (argument.shape[0] == GSA_EXTENT_BATCH ||
                                argument.shape[0] == GSA_EXTENT_SEQUENCES);
}

Reference::Reference(const Arguments &arguments) : arguments(arguments) {
  bool splits = arguments.extents.batch > 0;
  for (int32_t i = 0; i < arguments.count(); ++i) {
    const gsa_argument &argument = arguments.describe(i);
    if (argument.kind != GSA_OUTPUT)
      firstOutput = i + 1;
    bool isDynamic = false;
    for (int32_t d = 0; d < argument.rank; ++d)
      isDynamic |= argument.shape[d] < 0;
    // What all batches share has no extent of the call.
    splits &=
        argument.kind != GSA_OFFSETS && (isPerBatch(argument) || !isDynamic);
  }
  if (splits)
    slices = arguments.extents.batch;
}

void Reference::rows(int32_t i, int64_t slice, int64_t &first,
                     int64_t &count) const {
  count = arguments.tensors[i].countRows();
  first = 0;
  if (slices > 1 && isPerBatch(arguments.describe(i))) {
    count /= slices;
    first = slice * count;
  }
}

Sequences Reference::sequences(int64_t slice) const {
  (void)slice;
  Sequences result{arguments.extents, {}};
  if (slices > 1)
    result.extents.batch = result.extents.sequences = 1;
  for (int32_t i = 0; i < arguments.count(); ++i)
    if (arguments.describe(i).kind == GSA_OFFSETS)
      result.offsets = arguments.tensors[i].load().data;
  return result;
}

std::vector<Values> Reference::runSlice(int64_t slice, bool exact) const {
  std::vector<std::vector<double>> numbers(arguments.count());
  std::vector<std::vector<int64_t>> memrefs(arguments.count());
  std::vector<void *> pointers;
  std::vector<Values> results;
  for (int32_t i = 0; i < arguments.count(); ++i) {
    const Tensor &tensor = arguments.tensors[i];
    const gsa_argument &argument = arguments.describe(i);
    int64_t first, count, size = tensor.rowSize();
    rows(i, slice, first, count);
    Shape shape = tensor.shape();
    if (slices > 1 && isPerBatch(argument))
      shape[0] = 1;
    void *data = tensor.get().data;
    if (argument.kind == GSA_OUTPUT) {
      results.push_back({shape, std::vector<double>(count * size)});
      data = nullptr; // known when no result moves any more
    } else if (argument.kind == GSA_INPUT) {
      std::vector<double> &values = numbers[i];
      values.resize(count * size);
      if (exact)
        arguments.sources[i].fill(values.data(), first * size, count * size);
      else
        tensor.load(values.data(), first, count);
      data = values.data();
    }
    auto address = static_cast<int64_t>(reinterpret_cast<uintptr_t>(data));
    std::vector<int64_t> &words = memrefs[i];
    words = {address, address, 0};
    words.insert(words.end(), shape.begin(), shape.end());
    size_t strides = words.size();
    words.resize(strides + shape.size());
    int64_t step = 1;
    for (size_t d = shape.size(); d-- > 0; step *= shape[d])
      words[strides + d] = step;
    pointers.push_back(words.data());
  }
  for (size_t i = 0; i < results.size(); ++i) {
    auto address = static_cast<int64_t>(
        reinterpret_cast<uintptr_t>(results[i].data.data()));
    memrefs[firstOutput + i][0] = memrefs[firstOutput + i][1] = address;
  }
  arguments.entry->reference(pointers.data());
  return results;
}

void Reference::run() {
  outputs.resize(slices);
  parallelFor(slices, [&](int64_t slice) {
    outputs[slice] = runSlice(slice, /*exact=*/false);
  });
}

std::vector<Difference>
Reference::merge(std::vector<std::vector<Difference>> parts) const {
  std::vector<Difference> result(arguments.count() - firstOutput);
  for (size_t slice = 0; slice < parts.size(); ++slice)
    for (size_t i = 0; i < result.size(); ++i) {
      Difference &part = parts[slice][i];
      if (!part.broken.empty() && slices > 1)
        part.broken = "batch " + std::to_string(slice) + ": " + part.broken;
      result[i].merge(part);
    }
  return result;
}

std::vector<Difference> Reference::compare() const {
  std::vector<std::vector<Difference>> parts(slices);
  parallelFor(slices, [&](int64_t slice) {
    for (int32_t i = firstOutput; i < arguments.count(); ++i) {
      const Values &reference = outputs[slice][i - firstOutput];
      int64_t first, count;
      rows(i, slice, first, count);
      Values output{reference.shape,
                    std::vector<double>(reference.data.size())};
      arguments.tensors[i].load(output.data.data(), first, count);
      parts[slice].push_back(mlir::gsa::run::compare(
          arguments.describe(i).shape, sequences(slice), output, reference));
    }
  });
  return merge(std::move(parts));
}

std::vector<Difference> Reference::rounding() const {
  std::vector<std::vector<Difference>> parts(slices);
  parallelFor(slices, [&](int64_t slice) {
    std::vector<Values> exact = runSlice(slice, /*exact=*/true);
    for (int32_t i = firstOutput; i < arguments.count(); ++i) {
      Values output = outputs[slice][i - firstOutput];
      int32_t dtype = arguments.describe(i).dtype;
      for (double &value : output.data)
        value = decode(encode(value, dtype), dtype);
      parts[slice].push_back(
          mlir::gsa::run::compare(arguments.describe(i).shape, sequences(slice),
                                  output, exact[i - firstOutput]));
    }
  });
  return merge(std::move(parts));
}
