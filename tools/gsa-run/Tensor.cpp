//===- Tensor.cpp - Tensors in memory, of any element type and layout -----===//

#include "Tensor.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <sys/mman.h>

using namespace mlir::gsa;
using namespace mlir::gsa::run;

int64_t run::countElements(const Shape &shape) {
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  return count;
}

std::string run::printShape(const Shape &shape) {
  std::string text = "[";
  for (int64_t extent : shape)
    text += (text.size() > 1 ? ", " : "") + std::to_string(extent);
  return text + "]";
}

Shape run::shapeOf(const int64_t *argument, int32_t rank,
                   const gsa_extents &extents) {
  Shape shape(argument, argument + rank);
  for (int64_t &extent : shape)
    switch (extent) {
    case GSA_EXTENT_BATCH:
      extent = extents.batch;
      break;
    case GSA_EXTENT_TIME:
      extent = extents.time;
      break;
    case GSA_EXTENT_SEQUENCES:
      extent = extents.sequences;
      break;
    case GSA_EXTENT_OFFSETS:
      extent = extents.sequences + 1;
      break;
    default:
      break;
    }
  return shape;
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

/// The bits of a `From` as a `To`.
template <typename To, typename From> static To bitCast(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof(To));
  return to;
}

namespace {
/// A float type of IEEE 754's kind.
struct Format {
  int exponentBits, fractionBits;

  int smallestExponent() const { return 2 - (1 << (exponentBits - 1)); }
  uint64_t infinity() const {
    return ((uint64_t(1) << exponentBits) - 1) << fractionBits;
  }
  uint64_t sign() const { return uint64_t(1) << (exponentBits + fractionBits); }
};
} // namespace

static Format formatOf(int32_t dtype) {
  switch (gsa_dtype(dtype)) {
  case GSA_F16:
    return {5, 10};
  case GSA_BF16:
    return {8, 7};
  case GSA_F32:
    return {8, 23};
  default:
    return {11, 52};
  }
}

uint64_t run::encode(double value, int32_t dtype) {
  if (dtype == GSA_I32 || dtype == GSA_I64)
    return uint64_t(int64_t(value));
  Format format = formatOf(dtype);
  auto bits = bitCast<uint64_t>(value);
  if (dtype == GSA_F64)
    return bits;
  uint64_t sign = bits >> 63 ? format.sign() : 0;
  uint64_t fraction = bits & ((uint64_t(1) << 52) - 1);
  int exponent = int(bits >> 52 & 0x7ff);
  if (exponent == 0x7ff) // A quiet NaN keeps no payload.
    return sign | format.infinity() |
           (fraction ? uint64_t(1) << (format.fractionBits - 1) : 0);
  exponent -= 1023;
  int below = format.smallestExponent() - exponent; // > 0: subnormal
  int shift = 52 - format.fractionBits + std::max(below, 0);
  if (shift > 54) // Zero, f64's subnormal numbers, and all less than half of
    return sign;  // the smallest number.
  uint64_t significand = uint64_t(1) << 52 | fraction;
  uint64_t rounded = significand >> shift;
  uint64_t rest = significand & ((uint64_t(1) << shift) - 1);
  uint64_t half = uint64_t(1) << (shift - 1);
  if (rest > half || (rest == half && rounded & 1))
    ++rounded;
  // The leading one, and a carry out of the fraction, add to the exponent.
  if (below < 0)
    rounded += uint64_t(-below) << format.fractionBits;
  return sign | std::min(rounded, format.infinity());
}

double run::decode(uint64_t bits, int32_t dtype) {
  if (dtype == GSA_I32)
    return double(int32_t(bits));
  if (dtype == GSA_I64)
    return double(int64_t(bits));
  if (dtype == GSA_F64)
    return bitCast<double>(bits);
  Format format = formatOf(dtype);
  uint64_t sign = bits & format.sign() ? uint64_t(1) << 63 : 0;
  uint64_t magnitude = bits & (format.sign() - 1);
  uint64_t one = uint64_t(1) << format.fractionBits;
  if (magnitude >= one) { // Normal, infinite, or NaN: the fields move.
    uint64_t exponent = magnitude >> format.fractionBits;
    exponent = magnitude >= format.infinity()
                   ? 0x7ff
                   : exponent - 1 + format.smallestExponent() + 1023;
    uint64_t fraction = (magnitude & (one - 1)) << (52 - format.fractionBits);
    return bitCast<double>(sign | exponent << 52 | fraction);
  }
  double value = std::ldexp(double(magnitude),
                            format.smallestExponent() - format.fractionBits);
  return sign ? -value : value;
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// What gaps and elements hold before anything is written.
static constexpr unsigned char kBlank = 0xff;

/// Strides of `shape`, and in `reach` how many elements they step over.
static void layOut(gsa_tensor &tensor, Storage storage, __int128 &reach) {
  int32_t rank = tensor.rank;
  // Dimensions from the inside out.
  std::vector<int32_t> order;
  for (int32_t i = rank - 1; i >= 0; --i)
    order.push_back(i);
  if (storage == Storage::Strided && rank >= 3) {
    auto heads = std::find(order.begin(), order.end(), rank == 4 ? 2 : 1);
    std::rotate(heads, heads + 1, order.end());
  }
  __int128 step = 1;
  for (int32_t i : order) {
    tensor.stride[i] = int64_t(step);
    step *= tensor.shape[i];
    // Gaps of odd sizes: no alignment comes out of them.
    if (storage == Storage::Strided && rank > 1)
      step += 3;
  }
  if (storage == Storage::Huge)
    for (int32_t i = 0; i + 1 < rank; ++i)
      if (tensor.shape[i] > 1) {
        tensor.stride[i] += (int64_t(1) << 31) + 64;
        break;
      }
  reach = 1;
  for (int32_t i = 0; i < rank; ++i)
    reach += __int128(tensor.shape[i] - 1) * tensor.stride[i];
}

std::optional<Tensor> Tensor::create(const Shape &shape, int32_t dtype,
                                     Storage storage) {
  Tensor result;
  gsa_tensor &tensor = result.tensor;
  tensor.dtype = dtype;
  tensor.rank = int32_t(shape.size());
  std::copy(shape.begin(), shape.end(), tensor.shape);
  __int128 reach;
  layOut(tensor, storage, reach);
  result.storage = storage;
  // A tensor without elements has an address all the same.
  if (std::find(shape.begin(), shape.end(), 0) != shape.end())
    reach = 0;
  // An element before and one after, so that a strided tensor starts at an odd
  // one, and neighbours of its ends show when they are written.
  __int128 bytes = (reach + 2) * gsa_dtype_bytes(dtype);
  if (bytes > std::numeric_limits<int64_t>::max())
    return std::nullopt;
  result.size = size_t(bytes);
  int flags = MAP_PRIVATE | MAP_ANONYMOUS;
  if (storage == Storage::Huge)
    flags |= MAP_NORESERVE;
  void *memory =
      mmap(nullptr, result.size, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (memory == MAP_FAILED)
    return std::nullopt;
  result.memory = static_cast<char *>(memory);
  tensor.data = result.memory +
                (storage == Storage::Strided ? gsa_dtype_bytes(dtype) : 0);
  if (storage == Storage::Huge)
    result.clear();
  else
    std::memset(result.memory, kBlank, result.size);
  return result;
}

Tensor::Tensor(Tensor &&other)
    : tensor(other.tensor), storage(other.storage), memory(other.memory),
      size(other.size) {
  other.memory = nullptr;
}

Tensor::~Tensor() {
  if (memory)
    munmap(memory, size);
}

int64_t Tensor::rowSize() const {
  return tensor.rank ? tensor.shape[tensor.rank - 1] : 1;
}

int64_t Tensor::countRows() const {
  int64_t rows = 1;
  for (int32_t i = 0; i + 1 < tensor.rank; ++i)
    rows *= tensor.shape[i];
  return rows;
}

void Tensor::forEachRow(int64_t first, int64_t rows,
                        const std::function<void(char *, int64_t)> &row) const {
  int32_t outer = std::max(tensor.rank - 1, 0);
  for (int64_t number = first; number < first + rows; ++number) {
    int64_t offset = 0, rest = number;
    for (int32_t d = outer; d-- > 0;) {
      offset += rest % tensor.shape[d] * tensor.stride[d];
      rest /= tensor.shape[d];
    }
    row(static_cast<char *>(tensor.data) +
            offset * gsa_dtype_bytes(tensor.dtype),
        number);
  }
}

void Tensor::forEachPiece(
    const std::function<void(char *, size_t)> &piece) const {
  int32_t huge = 0; // the dimension that has the gap
  while (huge + 1 < tensor.rank && tensor.shape[huge] <= 1)
    ++huge;
  if (storage != Storage::Huge || huge + 1 >= tensor.rank)
    return piece(memory, size);
  size_t bytes = gsa_dtype_bytes(tensor.dtype);
  for (int32_t i = huge + 1; i < tensor.rank; ++i)
    bytes *= tensor.shape[i];
  for (int64_t i = 0; i < tensor.shape[huge]; ++i)
    piece(static_cast<char *>(tensor.data) +
              i * tensor.stride[huge] * gsa_dtype_bytes(tensor.dtype),
          bytes);
}

template <typename T>
static void storeRow(char *row, const double *values, int64_t size,
                     int32_t dtype) {
  for (int64_t i = 0; i < size; ++i) {
    auto bits = T(encode(values[i], dtype));
    std::memcpy(row + i * sizeof(T), &bits, sizeof(T));
  }
}

template <typename T>
static void loadRow(const char *row, double *values, int64_t size,
                    int32_t dtype) {
  for (int64_t i = 0; i < size; ++i) {
    T bits;
    std::memcpy(&bits, row + i * sizeof(T), sizeof(T));
    values[i] = decode(bits, dtype);
  }
}

void Tensor::store(const Values &values) {
  store(values.data.data(), 0, countRows());
}

void Tensor::store(const double *values, int64_t first, int64_t rows) {
  int64_t size = rowSize();
  forEachRow(first, rows, [&](char *row, int64_t number) {
    const double *from = values + (number - first) * size;
    switch (gsa_dtype_bytes(tensor.dtype)) {
    case 2:
      return storeRow<uint16_t>(row, from, size, tensor.dtype);
    case 4:
      return storeRow<uint32_t>(row, from, size, tensor.dtype);
    default:
      return storeRow<uint64_t>(row, from, size, tensor.dtype);
    }
  });
}

Values Tensor::load() const {
  Values values{shape(), {}};
  values.data.resize(countElements(values.shape));
  load(values.data.data(), 0, countRows());
  return values;
}

void Tensor::load(double *values, int64_t first, int64_t rows) const {
  int64_t size = rowSize();
  forEachRow(first, rows, [&](const char *row, int64_t number) {
    double *to = values + (number - first) * size;
    switch (gsa_dtype_bytes(tensor.dtype)) {
    case 2:
      return loadRow<uint16_t>(row, to, size, tensor.dtype);
    case 4:
      return loadRow<uint32_t>(row, to, size, tensor.dtype);
    default:
      return loadRow<uint64_t>(row, to, size, tensor.dtype);
    }
  });
}

std::vector<char> Tensor::bytes() const {
  int64_t size = rowSize() * gsa_dtype_bytes(tensor.dtype);
  std::vector<char> result(countElements(shape()) *
                           gsa_dtype_bytes(tensor.dtype));
  forEachRow(0, countRows(), [&](const char *row, int64_t number) {
    std::memcpy(result.data() + number * size, row, size);
  });
  return result;
}

void Tensor::clear() {
  int64_t size = rowSize() * gsa_dtype_bytes(tensor.dtype);
  forEachRow(0, countRows(),
             [&](char *row, int64_t) { std::memset(row, kBlank, size); });
}

bool Tensor::gapsAreUntouched() const {
  if (storage == Storage::Huge)
    return true;
  std::vector<char> copy(memory, memory + size);
  int64_t row = rowSize() * gsa_dtype_bytes(tensor.dtype);
  forEachRow(0, countRows(), [&](const char *data, int64_t) {
    std::memset(copy.data() + (data - memory), kBlank, row);
  });
  return std::all_of(copy.begin(), copy.end(),
                     [](char c) { return c == char(kBlank); });
}
