//===- Operations.h - Instructions that the run time executes ---*- C++ -*-===//
//
// Those in which threads meet, that touch memory later, or that are too big to
// be code in line. Generated code puts their operands, one word each, into the
// thread's `arguments`, calls `execute`, and takes the results.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_TEST_EMULATOR_OPERATIONS_H
#define GSA_TEST_EMULATOR_OPERATIONS_H

#include "Machine.h"
#include "Parse.h"

namespace emulator {

/// What a reader makes of a statement.
struct Reading {
  Operation operation;
  /// Registers of vectors come as their addresses, not as their values: they
  /// are read or set later.
  bool vectorsByAddress = false;
};

/// A row of a table: `read` makes an operation of the instructions whose text
/// begins with `prefix`, or answers false if it does not know this one.
struct OperationRow {
  const char *prefix;
  bool (*read)(const Statement &, Reading &);
};

/// Matrix.cpp, Barriers.cpp, Copies.cpp; each ends with a null.
extern const OperationRow matrixOperations[], barrierOperations[],
    copyOperations[];

/// The operation of `statement`. False if there is none with that name, or with
/// these modifiers; `isKnown` tells which.
bool readOperation(const Statement &statement, Reading &reading, bool &isKnown);

//===----------------------------------------------------------------------===//
// What instructions do outside of their table
//===----------------------------------------------------------------------===//

inline Random &randomOf(Thread &thread) {
  return thread.warp->block->gang->random;
}

/// Null unless races are looked for.
inline Races *racesOf(Thread &thread) {
  return thread.warp->block->gang->races.get();
}

/// The mbarrier at `address`, of any block of the cluster. Fails if there is
/// none.
Mailbox &mailboxAt(Thread &thread, uint64_t address);
/// Begins the mbarrier's next phase if this one is complete.
void settle(Mailbox &mailbox);

/// CUtensorMap, as this driver encodes it.
struct TensorMap {
  static constexpr uint64_t kMagic = 0x70616d726f736e65;
  uint64_t magic;
  uint64_t data;
  uint64_t extents[5];
  uint64_t strides[4]; ///< bytes, from the second dimension on
  uint16_t box[5];
  uint8_t rank, elementBytes, swizzle; ///< swizzle: 0 to 3, as in cuda.h
};
static_assert(sizeof(TensorMap) <= 128);

/// 16-byte pieces of a panel change places: PTX ISA 9.0, 5.5.7. `swizzle` as
/// cuda.h numbers it: 0 for none, 1 to 3 for 32, 64 and 128 bytes.
inline uint64_t swizzled(uint64_t address, unsigned swizzle) {
  uint64_t bits = swizzle == 3 ? 7 : swizzle == 2 ? 3 : swizzle == 1 ? 1 : 0;
  return address ^ ((address >> 7 & bits) << 4);
}

} // namespace emulator

#endif // GSA_TEST_EMULATOR_OPERATIONS_H
