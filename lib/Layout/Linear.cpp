//===- Linear.cpp - Linear algebra over bits ------------------------------===//

#include "Linear.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::gsa;

/// The highest set bit, alone.
static uint64_t leading(uint64_t vector) {
  return uint64_t(1) << llvm::Log2_64(vector);
}

Span::Row Span::eliminate(Row row) const {
  // Rows are in order of their leading bits, highest first.
  for (const Row &each : rows)
    if (row.vector & leading(each.vector)) {
      row.vector ^= each.vector;
      row.members ^= each.members;
    }
  return row;
}

bool Span::add(uint64_t vector) {
  assert(numAdded < 64 && "sets of vectors are 64 bits");
  Row row = eliminate({vector, uint64_t(1) << numAdded++});
  if (!row.vector) {
    relations.push_back(row.members);
    return false;
  }
  rows.insert(
      llvm::partition_point(
          rows, [&](const Row &each) { return each.vector > row.vector; }),
      row);
  return true;
}

uint64_t Span::reduce(uint64_t vector) const {
  return eliminate({vector, 0}).vector;
}

std::optional<uint64_t> Span::solve(uint64_t vector) const {
  Row row = eliminate({vector, 0});
  if (row.vector)
    return std::nullopt;
  return row.members;
}

SmallVector<uint64_t> gsa::allSums(ArrayRef<uint64_t> generators) {
  SmallVector<uint64_t> sums = {0};
  for (uint64_t generator : generators)
    for (size_t i = 0, size = sums.size(); i < size; ++i)
      sums.push_back(sums[i] ^ generator);
  return sums;
}

Packing::Packing(ArrayRef<int64_t> shape) {
  unsigned bits = 0;
  for (int64_t size : shape) {
    first.push_back(bits);
    bits += llvm::Log2_64_Ceil(size);
  }
  assert(bits <= 64 && "coordinates must fit 64 bits");
}

uint64_t Packing::operator()(ArrayRef<int64_t> coordinates) const {
  assert(coordinates.size() == first.size() && "one coordinate a dimension");
  uint64_t packed = 0;
  for (auto [coordinate, bit] : llvm::zip_equal(coordinates, first))
    packed |= coordinate ? static_cast<uint64_t>(coordinate) << bit : 0;
  return packed;
}
