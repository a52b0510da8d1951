//===- Access.h - Registers that are read from or written to a place ------===//

#ifndef GSA_LAYOUT_ACCESS_H
#define GSA_LAYOUT_ACCESS_H

#include "gsa/Layout/Layout.h"

#include <optional>

namespace mlir::gsa {

/// The offsets in a place of what registers hold. Offsets count elements and
/// combine by XOR, repeats or not: a lane's base, then a constant per register.
struct Composed {
  SmallVector<int64_t> reg;  ///< one a register
  SmallVector<int64_t> lane; ///< what each bit of the lane adds
  SmallVector<int64_t> warp; ///< what each bit of the warp adds

  int64_t getOffset(int64_t r, int64_t l, int64_t w) const;
};

/// place^-1 after registers. None if the place's block is smaller than what
/// lanes and warps span, so that they would have to add where this one XORs.
std::optional<Composed> compose(const Layout &place, const Layout &registers);

/// How lanes read or write registers in a place.
struct Access {
  Composed offsets;
  /// Elements that are moved together; a power of two. Their offsets follow
  /// each other, and the first is a multiple of their number.
  int64_t elementsPerInstruction;
  /// All registers, each instruction's together in order of offset. Instruction
  /// i moves those from i * elementsPerInstruction on and adds to the lane's
  /// base offsets.reg of the first of them.
  SmallVector<int64_t> registers;
  /// Groups of lanes that are served one after the other: each takes at most a
  /// row of all banks, 128 bytes.
  int64_t phases;
  /// What a warp's instruction takes: in each phase, most words (4 bytes) that
  /// one of 32 banks must give. It is `phases` if there is no conflict. Equal
  /// for all instructions and warps.
  int64_t passes;

  int64_t getNumInstructions() const {
    return registers.size() / elementsPerInstruction;
  }
  int64_t getConstant(int64_t instruction) const {
    return offsets.reg[registers[instruction * elementsPerInstruction]];
  }
};

/// The access by the widest instructions, of at most maxBytes a lane. Lanes
/// that hold copies read the same address, or write the same to it. elementBits
/// is 8 to 128, a power of two. None if `compose` gives none.
std::optional<Access> access(const Layout &place, const Layout &registers,
                             int64_t elementBits, int64_t maxBytes = 16);

} // namespace mlir::gsa

#endif // GSA_LAYOUT_ACCESS_H
