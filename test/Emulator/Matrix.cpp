//===- Matrix.cpp - Instructions of whole warps ---------------------------===//
//
// Section numbers are those of the PTX ISA manual 9.0. The last lane that comes
// computes for all.
//
//===----------------------------------------------------------------------===//

#include "Operations.h"
#include "Races.h"

#include <cstring>

using namespace emulator;

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define WIDE __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define WIDE
#endif

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

static float fromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}
static uint32_t toBits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}
static float fromHalf(uint16_t bits) {
  uint32_t sign = uint32_t(bits & 0x8000) << 16;
  uint32_t exponent = bits >> 10 & 31, mantissa = bits & 1023;
  if (exponent == 31)
    return fromBits(sign | 0x7f800000 | mantissa << 13);
  if (exponent)
    return fromBits(sign | (exponent + 112) << 23 | mantissa << 13);
  float value = float(mantissa) * 0x1p-24f;
  return sign ? -value : value;
}
/// An element of a factor.
static float widen(uint16_t bits, bool isBF16) {
  return isBF16 ? fromBits(uint32_t(bits) << 16) : fromHalf(bits);
}

/// C (16 x N) += A (16 x 16) B (16 x N). Products are exact, sums are f32.
WIDE static void multiply(const float *a, const float *b, float *c,
                          unsigned n) {
  for (unsigned i = 0; i < 16; ++i)
    for (unsigned k = 0; k < 16; ++k) {
      float factor = a[i * 16 + k];
      const float *row = b + k * n;
      float *sum = c + i * n;
      for (unsigned j = 0; j < n; ++j)
        sum[j] += factor * row[j];
    }
}

static Thread &laneOf(Thread &thread, unsigned lane) {
  return thread.warp->threads[lane];
}

/// All lanes of a warp take part: what a mask of members must say.
static void checkMask(Thread &thread, uint64_t mask) {
  if (static_cast<uint32_t>(mask) != ~uint32_t(0))
    fail(thread, "mask must name all lanes, got others");
}

//===----------------------------------------------------------------------===//
// 9.7.9.6 shfl.sync, 9.7.13.9 vote.sync
//===----------------------------------------------------------------------===//

enum { ShuffleIdx, ShuffleBfly, ShuffleUp, ShuffleDown };

static void shuffle(Thread &thread, const Operation &operation) {
  checkMask(thread, thread.arguments[3]);
  if (!meet(thread, operation))
    return;
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    Thread &each = laneOf(thread, lane);
    unsigned b = each.arguments[1] & 31, c = each.arguments[2] & 0x1f1f;
    unsigned segment = c >> 8, clamp = c & 31;
    unsigned last = (lane & segment) | (clamp & ~segment & 31);
    unsigned first = lane & segment, from = lane;
    bool isThere = true;
    switch (operation.facts[0]) {
    case ShuffleIdx:
      from = first | (b & ~segment & 31);
      isThere = from <= last;
      break;
    case ShuffleBfly:
      from = lane ^ b;
      isThere = from <= last;
      break;
    case ShuffleUp:
      isThere = int(lane) - int(b) >= int(last);
      from = lane - b;
      break;
    case ShuffleDown:
      from = lane + b;
      isThere = from <= last;
      break;
    }
    each.results[0] = laneOf(thread, isThere ? from : lane).arguments[0];
    each.results[1] = isThere;
  }
  leave(thread);
}

static bool readShuffle(const Statement &statement, Reading &reading) {
  static const char *const modes[] = {"idx", "bfly", "up", "down"};
  for (int mode = 0; mode < 4; ++mode)
    if (statement.text == std::string("shfl.sync.") + modes[mode] + ".b32") {
      reading.operation.execute = shuffle;
      reading.operation.facts[0] = mode;
      reading.operation.numResults = statement.operands.size() == 6 ? 2 : 1;
      return true;
    }
  return false;
}

enum { VoteBallot, VoteAll, VoteAny };

static void vote(Thread &thread, const Operation &operation) {
  checkMask(thread, thread.arguments[1]);
  if (!meet(thread, operation))
    return;
  uint32_t ballot = 0;
  for (unsigned lane = 0; lane < kLanes; ++lane)
    ballot |= uint32_t(laneOf(thread, lane).arguments[0] & 1) << lane;
  uint32_t result = operation.facts[0] == VoteBallot ? ballot
                    : operation.facts[0] == VoteAll  ? ballot == ~uint32_t(0)
                                                     : ballot != 0;
  for (unsigned lane = 0; lane < kLanes; ++lane)
    laneOf(thread, lane).results[0] = result;
  leave(thread);
}

static bool readVote(const Statement &statement, Reading &reading) {
  static const char *const kinds[] = {"ballot.b32", "all.pred", "any.pred"};
  for (int kind = 0; kind < 3; ++kind)
    if (statement.text == std::string("vote.sync.") + kinds[kind]) {
      reading.operation.execute = vote;
      reading.operation.facts[0] = kind;
      reading.operation.numResults = 1;
      return true;
    }
  return false;
}

//===----------------------------------------------------------------------===//
// 9.7.14.5.15 ldmatrix, stmatrix
//===----------------------------------------------------------------------===//

/// Row `row` of matrix `matrix`: 8 elements of 16 bits.
static uint16_t *rowAt(Thread &thread, unsigned matrix, unsigned row,
                       Access access, const void *value = nullptr) {
  Thread &owner = laneOf(thread, matrix * 8 + row);
  uint64_t address = owner.arguments[0];
  if (address % 16)
    fail(owner,
         "row must be aligned to 16 bytes, got " + std::to_string(address));
  if (Races *races = thread.warp->block->gang->races.get())
    races->touch(owner, address, 16, access, value);
  return reinterpret_cast<uint16_t *>(address);
}

static void loadMatrix(Thread &thread, const Operation &operation) {
  if (!meet(thread, operation))
    return;
  unsigned count = operation.facts[0];
  bool isTransposed = operation.facts[1];
  for (unsigned matrix = 0; matrix < count; ++matrix) {
    uint16_t elements[8][8];
    for (unsigned row = 0; row < 8; ++row)
      std::memcpy(elements[row], rowAt(thread, matrix, row, Access::Read), 16);
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      unsigned i = lane / 4, j = lane % 4 * 2;
      uint16_t low = isTransposed ? elements[j][i] : elements[i][j];
      uint16_t high = isTransposed ? elements[j + 1][i] : elements[i][j + 1];
      laneOf(thread, lane).results[matrix] = low | uint32_t(high) << 16;
    }
  }
  leave(thread);
}

static void storeMatrix(Thread &thread, const Operation &operation) {
  if (!meet(thread, operation))
    return;
  unsigned count = operation.facts[0];
  bool isTransposed = operation.facts[1];
  for (unsigned matrix = 0; matrix < count; ++matrix)
    for (unsigned row = 0; row < 8; ++row) {
      uint16_t elements[8];
      for (unsigned column = 0; column < 8; ++column) {
        unsigned i = isTransposed ? column : row,
                 j = isTransposed ? row : column;
        uint64_t word = laneOf(thread, i * 4 + j / 2).arguments[1 + matrix];
        elements[column] = static_cast<uint16_t>(word >> (j % 2 * 16));
      }
      std::memcpy(rowAt(thread, matrix, row, Access::Write, elements), elements,
                  16);
    }
  leave(thread);
}

static bool readMatrixMove(const Statement &statement, Reading &reading) {
  bool isLoad = statement.words[0] == "ldmatrix";
  for (int count : {1, 2, 4})
    for (bool isTransposed : {false, true})
      for (const char *space : {"shared", "shared::cta"})
        if (statement.text == statement.words[0] + ".sync.aligned.m8n8.x" +
                                  std::to_string(count) +
                                  (isTransposed ? ".trans." : ".") + space +
                                  ".b16") {
          reading.operation.execute = isLoad ? loadMatrix : storeMatrix;
          reading.operation.facts[0] = count;
          reading.operation.facts[1] = isTransposed;
          reading.operation.numResults = isLoad ? count : 0;
          return true;
        }
  return false;
}

//===----------------------------------------------------------------------===//
// 9.7.14.5 mma.sync
//===----------------------------------------------------------------------===//

/// Words of fragments of m16n8k16: 9.7.14.5.8. Element `half` of word `word`
/// of A lies at row and column, of the sums at row and 2 * (lane % 4).
static void unpackA(const uint32_t *words, unsigned lane, bool isBF16,
                    float *a) {
  for (unsigned word = 0; word < 4; ++word)
    for (unsigned half = 0; half < 2; ++half) {
      unsigned row = lane / 4 + word % 2 * 8;
      unsigned column = lane % 4 * 2 + half + word / 2 * 8;
      a[row * 16 + column] =
          widen(static_cast<uint16_t>(words[word] >> (16 * half)), isBF16);
    }
}

static void multiplyWarp(Thread &thread, const Operation &operation) {
  if (!meet(thread, operation))
    return;
  bool isBF16 = operation.facts[0];
  float a[16 * 16], b[16 * 8], c[16 * 8];
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    const uint64_t *arguments = laneOf(thread, lane).arguments;
    uint32_t words[4];
    for (unsigned word = 0; word < 4; ++word)
      words[word] = static_cast<uint32_t>(arguments[word]);
    unpackA(words, lane, isBF16, a);
    for (unsigned word = 0; word < 2; ++word)
      for (unsigned half = 0; half < 2; ++half)
        b[(lane % 4 * 2 + half + word * 8) * 8 + lane / 4] = widen(
            static_cast<uint16_t>(arguments[4 + word] >> (16 * half)), isBF16);
    for (unsigned i = 0; i < 4; ++i)
      c[(lane / 4 + i / 2 * 8) * 8 + lane % 4 * 2 + i % 2] =
          fromBits(static_cast<uint32_t>(arguments[6 + i]));
  }
  multiply(a, b, c, 8);
  for (unsigned lane = 0; lane < kLanes; ++lane)
    for (unsigned i = 0; i < 4; ++i)
      laneOf(thread, lane).results[i] =
          toBits(c[(lane / 4 + i / 2 * 8) * 8 + lane % 4 * 2 + i % 2]);
  leave(thread);
}

static bool readMultiply(const Statement &statement, Reading &reading) {
  for (const char *type : {"f16", "bf16"})
    if (statement.text ==
        std::string("mma.sync.aligned.m16n8k16.row.col.f32.") + type + "." +
            type + ".f32") {
      reading.operation.execute = multiplyWarp;
      reading.operation.facts[0] = type[0] == 'b';
      reading.operation.numResults = 4;
      return true;
    }
  return false;
}

//===----------------------------------------------------------------------===//
// 9.7.15 wgmma
//===----------------------------------------------------------------------===//
//
// Each warp computes its 16 rows by itself. A product reads its factors in
// shared memory, and in registers, at once or when it is waited for; its sums
// are in the registers only then, and before that they are not numbers.
//
//===----------------------------------------------------------------------===//

enum { GroupColumns, GroupBF16, GroupRegisters };
static constexpr uint32_t kNotYet = 0x7fffdead;

namespace {
/// 9.7.15.5.1.2, a matrix descriptor.
struct Descriptor {
  uint64_t start, leading, stride;
  unsigned swizzle; ///< as swizzled() has it
  bool isKMajor;

  Descriptor(Thread &thread, uint64_t bits, bool isKMajor)
      : isKMajor(isKMajor) {
    uint64_t base = thread.warp->block->base;
    start = base + ((bits & 0x3fff) << 4);
    leading = (bits >> 16 & 0x3fff) << 4;
    stride = (bits >> 32 & 0x3fff) << 4;
    unsigned code = bits >> 62;
    swizzle = code == 0 ? 0 : 4 - code;
    if (!swizzle)
      fail(thread, "descriptor must have a swizzle, got none");
    if (bits >> 49 & 7)
      fail(thread, "descriptor's base offset must be 0, got another");
  }
  /// Address of 8 elements that begin at (`row`, `depth`), of which the one
  /// along which elements lie side by side is a multiple of 8.
  uint64_t at(unsigned row, unsigned depth) const {
    unsigned bytes = 16u << swizzle; // of a panel's row
    uint64_t address;
    if (isKMajor)
      address = start + row / 8 * stride + row % 8 * bytes + depth * 2;
    else
      address = start + row * 2 / bytes * leading + row * 2 % bytes +
                depth / 8 * stride + depth % 8 * bytes;
    return swizzled(address, swizzle);
  }
};
} // namespace

/// Calls visit(address, row, depth) for each 8 elements of rows [first, first +
/// count) of a factor, 16 deep; `row` counts from `first`.
template <typename Visit>
static void forEachPiece(const Descriptor &descriptor, unsigned first,
                         unsigned count, Visit visit) {
  unsigned rowStep = descriptor.isKMajor ? 1 : 8;
  unsigned depthStep = descriptor.isKMajor ? 8 : 1;
  for (unsigned row = 0; row < count; row += rowStep)
    for (unsigned depth = 0; depth < 16; depth += depthStep)
      visit(descriptor.at(first + row, depth), row, depth);
}

/// The same rows into out[row * rowStep + depth * depthStep].
static void gather(const Descriptor &descriptor, bool isBF16, unsigned first,
                   unsigned count, float *out, unsigned rowStep,
                   unsigned depthStep) {
  unsigned step = descriptor.isKMajor ? depthStep : rowStep;
  forEachPiece(descriptor, first, count,
               [&](uint64_t address, unsigned row, unsigned depth) {
                 uint16_t elements[8];
                 std::memcpy(elements, reinterpret_cast<const void *>(address),
                             16);
                 float *to = out + row * rowStep + depth * depthStep;
                 for (unsigned i = 0; i < 8; ++i)
                   to[i * step] = widen(elements[i], isBF16);
               });
}

/// What the warp reads: its own 16 rows of A, and all of B.
static void listPieces(Thread &thread, Product &product) {
  auto keep = [&](uint64_t address, unsigned, unsigned) {
    product.pieces.push_back(address);
  };
  const Operation &operation = *product.operation;
  if (!operation.facts[GroupRegisters])
    forEachPiece(Descriptor(thread, product.a, product.isAKMajor),
                 thread.special[WarpId] % 4 * 16, 16, keep);
  forEachPiece(Descriptor(thread, product.b, product.isBKMajor), 0,
               static_cast<unsigned>(operation.facts[GroupColumns]), keep);
}

/// Reads the factors and multiplies.
static void readFactors(Thread &thread, Product &product) {
  const Operation &operation = *product.operation;
  unsigned columns = operation.facts[GroupColumns];
  bool isBF16 = operation.facts[GroupBF16];
  float a[16 * 16];
  std::vector<float> b(16 * columns);
  if (operation.facts[GroupRegisters]) {
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      uint32_t words[4];
      for (unsigned i = 0; i < 4; ++i)
        words[i] =
            *product.registers[lane * (columns / 2 + 4) + columns / 2 + i];
      unpackA(words, lane, isBF16, a);
    }
  } else {
    Descriptor descriptor(thread, product.a, product.isAKMajor);
    unsigned rank = thread.special[WarpId] % 4;
    gather(descriptor, isBF16, rank * 16, 16, a, 16, 1);
  }
  Descriptor descriptor(thread, product.b, product.isBKMajor);
  gather(descriptor, isBF16, 0, columns, b.data(), 1, columns);
  product.product.assign(16 * columns, 0.0f);
  multiply(a, b.data(), product.product.data(), columns);
  product.isRead = true;
}

/// Of the sums in flight, the place of lane's `i`-th.
static unsigned placeOf(unsigned lane, unsigned i, unsigned columns) {
  return (lane / 4 + i / 2 % 2 * 8) * columns + i / 4 * 8 + lane % 4 * 2 +
         i % 2;
}

static void complete(Thread &thread, Product &product) {
  if (!product.isRead)
    readFactors(thread, product);
  unsigned columns = product.operation->facts[GroupColumns];
  unsigned each = product.registers.size() / kLanes;
  auto found = thread.warp->sums.find(product.registers[0]);
  Sums &sums = found->second;
  for (unsigned i = 0; i < 16 * columns; ++i)
    sums.values[i] =
        product.product[i] + (product.accumulates ? sums.values[i] : 0.0f);
  if (--sums.users)
    return;
  for (unsigned lane = 0; lane < kLanes; ++lane)
    for (unsigned i = 0; i < columns / 2; ++i)
      *product.registers[lane * each + i] =
          toBits(sums.values[placeOf(lane, i, columns)]);
  thread.warp->sums.erase(found);
}

static void beginProduct(Thread &thread, const Operation &operation) {
  if (!meet(thread, operation))
    return;
  Warp &warp = *thread.warp;
  unsigned columns = operation.facts[GroupColumns];
  bool hasRegisters = operation.facts[GroupRegisters];
  unsigned each = columns / 2 + (hasRegisters ? 4 : 0);
  Product product = {};
  product.operation = &operation;
  const uint64_t *rest = laneOf(thread, 0).arguments + each;
  unsigned numRest = hasRegisters ? 5 : 7;
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    uint64_t *arguments = laneOf(thread, lane).arguments;
    for (unsigned i = 0; i < each; ++i)
      product.registers.push_back(reinterpret_cast<uint32_t *>(arguments[i]));
    if (std::memcmp(arguments + each, rest, numRest * 8))
      fail(laneOf(thread, lane),
           "descriptors and scales must be the same in all lanes, got others");
  }
  if (!hasRegisters)
    product.a = *rest++;
  product.b = *rest++;
  product.accumulates = rest[0] & 1;
  if (rest[1] != 1 || rest[2] != 1)
    fail(thread, "factors must be scaled by 1, got another number");
  product.isAKMajor = hasRegisters || rest[3] == 0;
  product.isBKMajor = rest[hasRegisters ? 3 : 4] == 0;
  Sums &sums = warp.sums[product.registers[0]];
  if (sums.users++ == 0) {
    sums.values.resize(16 * columns);
    for (unsigned lane = 0; lane < kLanes; ++lane)
      for (unsigned i = 0; i < columns / 2; ++i) {
        uint32_t *at = product.registers[lane * each + i];
        sums.values[placeOf(lane, i, columns)] = fromBits(*at);
        *at = kNotYet;
      }
  }
  if (Races *races = warp.block->gang->races.get()) {
    listPieces(thread, product);
    races->beginRead(thread, product.pieces, "a product");
  }
  if (thread.warp->block->gang->random.oneIn(2))
    readFactors(thread, product);
  warp.open.push_back(std::move(product));
  leave(thread);
}

static bool readProduct(const Statement &statement, Reading &reading) {
  // wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16
  const std::vector<std::string> &words = statement.words;
  unsigned columns = 0;
  if (words.size() != 8 || statement.operands.size() < 7 ||
      std::sscanf(words[4].c_str(), "m64n%uk16", &columns) != 1)
    return false;
  for (const char *type : {"f16", "bf16"})
    if (statement.text == "wgmma.mma_async.sync.aligned.m64n" +
                              std::to_string(columns) + "k16.f32." + type +
                              "." + type) {
      Operation &operation = reading.operation;
      operation.execute = beginProduct;
      operation.facts[GroupColumns] = static_cast<int>(columns);
      operation.facts[GroupBF16] = type[0] == 'b';
      operation.facts[GroupRegisters] =
          statement.operands[1].kind == Operand::Vector;
      reading.vectorsByAddress = true;
      return statement.operands.size() ==
             (operation.facts[GroupRegisters] ? 7 : 8);
    }
  return false;
}

static void fenceProducts(Thread &thread, const Operation &operation) {
  if (meet(thread, operation))
    leave(thread);
}

static void commitProducts(Thread &thread, const Operation &operation) {
  if (!meet(thread, operation))
    return;
  thread.warp->groups.push_back(std::move(thread.warp->open));
  thread.warp->open.clear();
  leave(thread);
}

static void awaitProducts(Thread &thread, const Operation &operation) {
  if (!meet(thread, operation))
    return;
  Warp &warp = *thread.warp;
  Races *races = warp.block->gang->races.get();
  while (warp.groups.size() > thread.arguments[0]) {
    for (Product &product : warp.groups.front()) {
      complete(thread, product);
      if (races)
        races->endRead(thread, product.pieces);
    }
    warp.groups.pop_front();
    // What those behind it read, too, is still being read.
    if (races)
      for (auto &group : warp.groups)
        for (Product &product : group)
          races->beginRead(thread, product.pieces, "a product");
  }
  leave(thread);
}

static bool readProductOrder(const Statement &statement, Reading &reading) {
  reading.operation.execute =
      statement.text == "wgmma.fence.sync.aligned"          ? fenceProducts
      : statement.text == "wgmma.commit_group.sync.aligned" ? commitProducts
      : statement.text == "wgmma.wait_group.sync.aligned"   ? awaitProducts
                                                            : nullptr;
  return reading.operation.execute;
}

const OperationRow emulator::matrixOperations[] = {
    {"shfl.", readShuffle},        {"vote.", readVote},
    {"ldmatrix.", readMatrixMove}, {"stmatrix.", readMatrixMove},
    {"mma.", readMultiply},        {"wgmma.mma_async.", readProduct},
    {"wgmma.", readProductOrder},  {nullptr, nullptr}};
