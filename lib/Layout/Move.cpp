//===- Move.cpp - What a change of layout takes ---------------------------===//

#include "gsa/Layout/Move.h"
#include "Linear.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SmallVectorExtras.h"

using namespace mlir;
using namespace mlir::gsa;

using Input = Layout::Input;

/// What each register adds to a lane's coordinates, packed.
static SmallVector<uint64_t> packRegisters(const Layout &layout) {
  Packing pack(layout.getShape());
  SmallVector<uint64_t> packed;
  for (int64_t reg = 0; reg < layout.getNumRegisters(); ++reg)
    packed.push_back(pack(layout.apply(reg, 0, 0)));
  return packed;
}

static SmallVector<uint64_t> packBases(const Layout &layout, Input input) {
  Packing pack(layout.getShape());
  return llvm::map_to_vector(
      layout.getBases(input),
      [&](const Coordinates &basis) { return pack(basis); });
}

/// The number of the first register for each thing that registers add.
static llvm::DenseMap<uint64_t, int64_t> numberRegisters(const Layout &layout) {
  llvm::DenseMap<uint64_t, int64_t> numbers;
  for (auto [reg, packed] : llvm::enumerate(packRegisters(layout)))
    numbers.try_emplace(packed, reg);
  return numbers;
}

/// Whether each lane of `dst` has what it needs, if it may read all lanes of
/// the same warp in `src`.
static bool staysInWarps(const Layout &src, const Layout &dst) {
  SmallVector<uint64_t> srcWarp = packBases(src, Input::Warp);
  SmallVector<uint64_t> dstWarp = packBases(dst, Input::Warp);
  if (srcWarp.size() != dstWarp.size() ||
      src.getNumLanes() != dst.getNumLanes())
    return false;

  // A warp of `src` holds the span of its bases, shifted by each block.
  Span held;
  for (Input input : {Input::Register, Input::Lane})
    for (uint64_t basis : packBases(src, input))
      held.add(basis);
  llvm::DenseSet<uint64_t> shifts;
  for (uint64_t packed : packRegisters(src))
    shifts.insert(held.reduce(packed));

  // It needs the same of `dst`, and what the two differ by in warp's bases.
  Span needed;
  SmallVector<uint64_t> generators;
  auto need = [&](uint64_t basis) {
    basis = held.reduce(basis);
    if (needed.add(basis))
      generators.push_back(basis);
  };
  for (uint64_t basis : packBases(dst, Input::Lane))
    need(basis);
  for (auto [from, to] : llvm::zip_equal(srcWarp, dstWarp))
    need(from ^ to);
  SmallVector<uint64_t> sums = allSums(generators);
  llvm::DenseSet<uint64_t> registers;
  for (uint64_t packed : packRegisters(dst))
    registers.insert(held.reduce(packed));
  return llvm::all_of(registers, [&](uint64_t packed) {
    return llvm::all_of(sums, [&](uint64_t sum) {
      return shifts.contains(held.reduce(packed ^ sum));
    });
  });
}

MoveKind gsa::move(const Layout &src, const Layout &dst) {
  assert(!src.isPlace() && !dst.isPlace() && "values in registers");
  assert(src.getShape() == dst.getShape() && "one tile");
  if (src == dst)
    return MoveKind::None;
  if (src.getBases(Input::Lane) == dst.getBases(Input::Lane) &&
      src.getBases(Input::Warp) == dst.getBases(Input::Warp)) {
    auto numbers = numberRegisters(src);
    if (llvm::all_of(packRegisters(dst),
                     [&](uint64_t packed) { return numbers.contains(packed); }))
      return MoveKind::Registers;
  }
  return staysInWarps(src, dst) ? MoveKind::Lanes : MoveKind::Warps;
}

SmallVector<int64_t> gsa::registerMap(const Layout &src, const Layout &dst) {
  assert(move(src, dst) <= MoveKind::Registers && "no other lane is asked");
  auto numbers = numberRegisters(src);
  return llvm::map_to_vector(packRegisters(dst), [&](uint64_t packed) {
    return numbers.lookup(packed);
  });
}
