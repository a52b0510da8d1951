//===- Layout.cpp - Which worker, or which address, holds which element ---===//

#include "gsa/Layout/Layout.h"
#include "Linear.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <numeric>
#include <tuple>

using namespace mlir;
using namespace mlir::gsa;

using Input = Layout::Input;
using Bases = Layout::Bases;

static int64_t product(ArrayRef<int64_t> factors) {
  return std::accumulate(factors.begin(), factors.end(), int64_t(1),
                         std::multiplies<>());
}

static Coordinates unit(int64_t rank, int64_t dim, int64_t size) {
  Coordinates coordinates(rank, 0);
  coordinates[dim] = size;
  return coordinates;
}

static int64_t powerOfTwoIn(int64_t size) { return size & -size; }

int64_t gsa::getRank(ArrayRef<Coordinates> coordinates) {
  if (coordinates.empty())
    return 0;
  SmallVector<int64_t> shape(coordinates.front().size(), 1);
  for (const Coordinates &each : coordinates)
    for (auto [size, coordinate] : llvm::zip_equal(shape, each))
      size = std::max(size, coordinate + 1);
  Packing pack(shape);
  Span span;
  for (const Coordinates &each : coordinates)
    span.add(pack(each));
  return span.getRank();
}

//===----------------------------------------------------------------------===//
// Construction
//===----------------------------------------------------------------------===//

Layout::Layout(bool place, ArrayRef<int64_t> shape,
               std::array<Bases, kNumInputs> bases, ArrayRef<int64_t> repeat,
               ArrayRef<int64_t> order)
    : inMemory(place), shape(shape), repeat(repeat), order(order),
      bases(std::move(bases)) {
  if (repeat.empty())
    this->repeat.assign(shape.size(), 1);
  if (order.empty())
    llvm::append_range(this->order, llvm::seq<int64_t>(0, shape.size()));
  assert(this->repeat.size() == shape.size() && "one repeat a dimension");
  assert(llvm::all_of(llvm::zip(this->shape, this->repeat),
                      [](auto sizes) {
                        auto [size, times] = sizes;
                        return times > 0 && size % times == 0 &&
                               llvm::isPowerOf2_64(size / times);
                      }) &&
         "blocks are powers of two");
  canonicalise();
}

void Layout::canonicalise() {
  // What a lane has already.
  Packing pack(shape);
  Span span;
  llvm::erase_if(basesOf(own()), [&](const Coordinates &basis) {
    return !span.add(pack(basis));
  });

  // Even repeats of the fastest repeated dimension are bits.
  for (int64_t dim : order) {
    for (; repeat[dim] % 2 == 0; repeat[dim] /= 2)
      basesOf(own()).push_back(unit(getRank(), dim, shape[dim] / repeat[dim]));
    if (repeat[dim] != 1)
      break;
  }

  // The order of dimensions that do not repeat means nothing.
  assert(order.size() == shape.size() && "each dimension once");
  SmallVector<int64_t, 2> repeated, once;
  for (int64_t dim : order)
    (repeat[dim] != 1 ? repeated : once).push_back(dim);
  llvm::sort(once);
  bool ascending = llvm::is_sorted(repeated);
  order = repeated;
  llvm::append_range(order, once);
  if (ascending)
    llvm::sort(order);

#ifndef NDEBUG
  Bases all;
  for (const Bases &each : bases)
    llvm::append_range(all, each);
  for (const Coordinates &basis : all)
    for (auto [coordinate, size] : llvm::zip_equal(basis, getBlock()))
      assert(coordinate >= 0 && coordinate < size && "inside the block");
  assert(gsa::getRank(all) ==
             static_cast<int64_t>(llvm::Log2_64(product(getBlock()))) &&
         "a layout must hold every element");
#endif
}

Layout Layout::registers(ArrayRef<int64_t> shape, ArrayRef<Coordinates> reg,
                         ArrayRef<Coordinates> lane, ArrayRef<Coordinates> warp,
                         ArrayRef<int64_t> repeat, ArrayRef<int64_t> order) {
  return Layout(/*place=*/false, shape,
                {Bases(reg), Bases(lane), Bases(warp), Bases()}, repeat, order);
}

Layout Layout::place(ArrayRef<int64_t> shape, ArrayRef<Coordinates> offset,
                     ArrayRef<int64_t> repeat, ArrayRef<int64_t> order) {
  return Layout(/*place=*/true, shape,
                {Bases(), Bases(), Bases(), Bases(offset)}, repeat, order);
}

Layout Layout::tile(const Layout &atom, ArrayRef<int64_t> shape,
                    ArrayRef<int64_t> warps) {
  assert(!atom.isPlace() && "a place has no warps");
  int64_t rank = atom.getRank();
  Layout result = atom;
  result.shape.assign(shape.begin(), shape.end());

  SmallVector<int64_t, 2> done = atom.shape, copies;
  for (int64_t dim = 0; dim < rank; ++dim) {
    assert(shape[dim] % atom.shape[dim] == 0 && "a whole number of atoms");
    copies.push_back(shape[dim] / atom.shape[dim]);
    assert(llvm::isPowerOf2_64(warps[dim]) && "warps are bits");
    for (int64_t rest = warps[dim]; rest > 1; rest /= 2) {
      if (copies[dim] == 1) {
        result.basesOf(Input::Warp).push_back(Coordinates(rank, 0));
        continue;
      }
      assert(copies[dim] % 2 == 0 && atom.repeat[dim] == 1 &&
             "as many atoms for each warp");
      result.basesOf(Input::Warp).push_back(unit(rank, dim, done[dim]));
      copies[dim] /= 2;
      done[dim] *= 2;
    }
  }
  for (int64_t dim = rank - 1; dim >= 0; --dim) {
    // Copies of a repeated block are further repeats.
    for (; copies[dim] % 2 == 0 && atom.repeat[dim] == 1; copies[dim] /= 2) {
      result.basesOf(Input::Register).push_back(unit(rank, dim, done[dim]));
      done[dim] *= 2;
    }
    result.repeat[dim] *= copies[dim];
  }
  return Layout(/*place=*/false, result.shape, std::move(result.bases),
                result.repeat, result.order);
}

//===----------------------------------------------------------------------===//
// Counts
//===----------------------------------------------------------------------===//

Coordinates Layout::getBlock() const {
  Coordinates block;
  for (auto [size, times] : llvm::zip_equal(shape, repeat))
    block.push_back(size / times);
  return block;
}

int64_t Layout::getNumElements() const { return product(shape); }

int64_t Layout::getNumRegisters() const {
  assert(!isPlace() && "a place has no registers");
  return product(repeat) << getBases(Input::Register).size();
}

int64_t Layout::getNumLanes() const {
  return int64_t(1) << getBases(Input::Lane).size();
}

int64_t Layout::getNumWarps() const {
  return int64_t(1) << getBases(Input::Warp).size();
}

//===----------------------------------------------------------------------===//
// The map
//===----------------------------------------------------------------------===//

void Layout::addBits(Input input, int64_t position, Coordinates &to) const {
  for (auto [bit, basis] : llvm::enumerate(getBases(input)))
    if (position >> bit & 1)
      for (auto [sum, coordinate] : llvm::zip_equal(to, basis))
        sum ^= coordinate;
  if (input != own())
    return;
  int64_t blocks = position >> getBases(input).size();
  for (int64_t dim : order) {
    to[dim] ^= blocks % repeat[dim] * (shape[dim] / repeat[dim]);
    blocks /= repeat[dim];
  }
  assert(blocks == 0 && "position out of range");
}

Coordinates Layout::apply(int64_t reg, int64_t lane, int64_t warp) const {
  assert(!isPlace() && "a place has offsets");
  assert(lane < getNumLanes() && warp < getNumWarps() && "out of range");
  Coordinates result(getRank(), 0);
  addBits(Input::Register, reg, result);
  addBits(Input::Lane, lane, result);
  addBits(Input::Warp, warp, result);
  return result;
}

Coordinates Layout::apply(int64_t offset) const {
  assert(isPlace() && "registers have lanes");
  Coordinates result(getRank(), 0);
  addBits(Input::Offset, offset, result);
  return result;
}

/// The number of the block that holds the coordinates.
static int64_t blockOf(const Layout &layout, ArrayRef<int64_t> coordinates) {
  int64_t number = 0;
  for (int64_t dim : llvm::reverse(layout.getOrder()))
    number = number * layout.getRepeat()[dim] +
             coordinates[dim] / layout.getBlock()[dim];
  return number;
}

static uint64_t packInBlock(const Layout &layout,
                            ArrayRef<int64_t> coordinates) {
  Coordinates inside;
  for (auto [coordinate, size] :
       llvm::zip_equal(coordinates, layout.getBlock()))
    inside.push_back(coordinate % size);
  return Packing(layout.getBlock())(inside);
}

SmallVector<Holder> Layout::preimage(ArrayRef<int64_t> coordinates) const {
  assert(!isPlace() && "a place has offsets");
  // Bits of a position: register, lane, warp.
  Packing pack(getBlock());
  Span span;
  for (Input input : {Input::Register, Input::Lane, Input::Warp})
    for (const Coordinates &basis : getBases(input))
      span.add(pack(basis));
  uint64_t first = *span.solve(packInBlock(*this, coordinates));

  unsigned regBits = getBases(Input::Register).size();
  unsigned laneBits = getBases(Input::Lane).size();
  int64_t block = blockOf(*this, coordinates);
  SmallVector<Holder> holders;
  for (uint64_t relation : allSums(span.getRelations())) {
    uint64_t position = first ^ relation;
    uint64_t lanes = position >> regBits;
    holders.push_back(
        {static_cast<int64_t>(position &
                              llvm::maskTrailingOnes<uint64_t>(regBits)) +
             (block << regBits),
         static_cast<int64_t>(lanes &
                              llvm::maskTrailingOnes<uint64_t>(laneBits)),
         static_cast<int64_t>(lanes >> laneBits)});
  }
  llvm::sort(holders, [](const Holder &a, const Holder &b) {
    return std::tie(a.warp, a.lane, a.reg) < std::tie(b.warp, b.lane, b.reg);
  });
  return holders;
}

int64_t Layout::getOffset(ArrayRef<int64_t> coordinates) const {
  assert(isPlace() && "registers have lanes");
  Packing pack(getBlock());
  Span span;
  for (const Coordinates &basis : getBases(Input::Offset))
    span.add(pack(basis));
  return static_cast<int64_t>(*span.solve(packInBlock(*this, coordinates))) +
         (blockOf(*this, coordinates) << getBases(Input::Offset).size());
}

//===----------------------------------------------------------------------===//
// Changes of the tile's dimensions
//===----------------------------------------------------------------------===//

Layout Layout::transpose() const {
  assert(getRank() == 2 && "a matrix");
  Layout result = *this;
  std::swap(result.shape[0], result.shape[1]);
  std::swap(result.repeat[0], result.repeat[1]);
  for (int64_t &dim : result.order)
    dim = 1 - dim;
  for (Bases &each : result.bases)
    for (Coordinates &basis : each)
      std::swap(basis[0], basis[1]);
  result.canonicalise();
  return result;
}

Layout Layout::drop(int64_t dim) const {
  assert(dim >= 0 && dim < getRank() && "a dimension of the tile");
  Layout result = *this;
  result.shape.erase(result.shape.begin() + dim);
  result.repeat.erase(result.repeat.begin() + dim);
  llvm::erase(result.order, dim);
  for (int64_t &each : result.order)
    each -= each > dim;
  for (Bases &each : result.bases)
    for (Coordinates &basis : each)
      basis.erase(basis.begin() + dim);
  result.canonicalise();
  return result;
}

Layout Layout::expand(int64_t dim, const Layout &like) const {
  if (like.isPlace() == isPlace() && like.drop(dim) == *this)
    return like;
  Layout result = *this;
  result.shape.assign(like.shape.begin(), like.shape.end());
  for (int64_t &each : result.order)
    each += each >= dim;
  result.order.push_back(dim);
  for (Bases &each : result.bases)
    for (Coordinates &basis : each)
      basis.insert(basis.begin() + dim, 0);
  int64_t block = powerOfTwoIn(like.shape[dim]);
  result.repeat.insert(result.repeat.begin() + dim, like.shape[dim] / block);
  for (int64_t size = 1; size < block; size *= 2)
    result.basesOf(own()).push_back(unit(result.getRank(), dim, size));
  result.canonicalise();
  assert(result.drop(dim) == *this && "shapes must agree in other dimensions");
  return result;
}

Layout Layout::replicateWarps(int64_t inner, int64_t outer) const {
  assert(llvm::isPowerOf2_64(inner) && llvm::isPowerOf2_64(outer) &&
         "warps are bits");
  Layout result = *this;
  Bases &warp = result.basesOf(Input::Warp);
  Coordinates zero(getRank(), 0);
  warp.insert(warp.begin(), llvm::Log2_64(inner), zero);
  warp.append(llvm::Log2_64(outer), zero);
  return result;
}

//===----------------------------------------------------------------------===//
// Identity and text
//===----------------------------------------------------------------------===//

llvm::hash_code Layout::hash() const {
  llvm::hash_code code = llvm::hash_combine(
      inMemory, llvm::hash_combine_range(shape),
      llvm::hash_combine_range(repeat), llvm::hash_combine_range(order));
  for (const Bases &each : bases) {
    code = llvm::hash_combine(code, each.size());
    for (const Coordinates &basis : each)
      code = llvm::hash_combine(code, llvm::hash_combine_range(basis));
  }
  return code;
}

static void printList(raw_ostream &os, ArrayRef<int64_t> list) {
  os << '[';
  llvm::interleaveComma(list, os);
  os << ']';
}

void Layout::print(raw_ostream &os) const {
  auto printBases = [&](StringRef name, Input input) {
    os << ", " << name << " = [";
    llvm::interleaveComma(getBases(input), os, [&](const Coordinates &basis) {
      printList(os, basis);
    });
    os << ']';
  };
  printList(os, shape);
  if (isPlace()) {
    printBases("offset", Input::Offset);
  } else {
    printBases("reg", Input::Register);
    printBases("lane", Input::Lane);
    printBases("warp", Input::Warp);
  }
  if (llvm::any_of(repeat, [](int64_t times) { return times != 1; })) {
    os << ", repeat = ";
    printList(os, repeat);
  }
  if (!llvm::is_sorted(order)) {
    os << ", order = ";
    printList(os, order);
  }
}

raw_ostream &gsa::operator<<(raw_ostream &os, const Layout &layout) {
  layout.print(os);
  return os;
}
