//===- SharedAccess.h - Registers against a place -------------*- C++ -*-===//
//
// Where the registers of a lane lie in shared memory, and code that reads and
// writes them there. Offsets are linear over bits: lane and warp give one part,
// once; each register gives a constant.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_TARGET_SHAREDACCESS_H
#define GSA_TARGET_SHAREDACCESS_H

#include "gsa/Layout/Access.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"

namespace mlir::gsa {

class Device;

/// The lane that code is emitted for.
struct Worker {
  Value lane; ///< i32, below the number of lanes of a warp
  Value
      warp; ///< i32, below the number of warps of the role, equal in all lanes
};

/// XOR of bases[i] over the bits i that are set in `value`, i32 and below
/// 2^size.
Value emitBits(OpBuilder &builder, Location loc, Value value,
               ArrayRef<int64_t> bases);

/// The accesses of a role's lanes to a place, for a range of registers.
class SharedAccess {
public:
  /// Registers [first, first + count) of what was composed; the rest by
  /// default. Elements have 1, 2, 4 or 8 bytes.
  SharedAccess(const Composed &offsets, int64_t elementBytes, int64_t first = 0,
               int64_t count = -1);

  int64_t getElementBytes() const { return elementBytes; }
  /// Registers of the range.
  int64_t getCount() const { return registers.size(); }
  /// Bytes that register first + i adds to the place's address, by XOR with
  /// those of lane and warp.
  int64_t getRegister(int64_t i) const { return registers[i]; }
  /// Bytes that each bit of the lane and of the warp adds.
  ArrayRef<int64_t> getLanes() const { return lanes; }
  ArrayRef<int64_t> getWarps() const { return warps; }

  /// Registers of the range that lie side by side, aligned: element j of an
  /// access is register i + members[j], for each i that has none of the
  /// members' bits. At most `bytes` together.
  SmallVector<int64_t> getMembers(int64_t bytes) const;

private:
  int64_t elementBytes;
  SmallVector<int64_t> registers, lanes, warps;
};

/// Bytes that the bits of a number add to an address.
struct AddressTerm {
  Value number; ///< i32, below 2^bits.size()
  ArrayRef<int64_t> bits;
};

/// Addresses of an access, with as few additions as its XORs allow.
class SharedAddresses {
public:
  /// `address` plus what the terms XOR.
  SharedAddresses(OpBuilder &builder, Location loc, Value address,
                  ArrayRef<AddressTerm> terms);

  /// The pointer to `bytes`, which are XORed with the terms.
  Value getPointer(int64_t bytes);
  /// The same as an i32 address.
  Value getAddress(int64_t bytes);

private:
  /// An i32 address and the constant to add to it.
  std::pair<Value, int64_t> split(int64_t bytes);

  OpBuilder &builder;
  Location loc;
  Value address;                                ///< of the place
  Value own;                                    ///< of the terms, or null
  int64_t ownMask = 0;                          ///< bits that `own` may have
  SmallVector<std::pair<int64_t, Value>> bases; ///< by XORed constant
};

/// A lane's registers as 32-bit words in register order, two 16-bit elements a
/// word; elements of 32 bits as they are. Null if they are none of these.
SmallVector<Value> unpackWords(OpBuilder &builder, Location loc, Value vector);
Value packWords(OpBuilder &builder, Location loc, ArrayRef<Value> words,
                VectorType type);

/// The registers of `access` as a vector of `element`.
Value emitSharedLoad(OpBuilder &builder, Location loc, const Device &device,
                     const SharedAccess &access, const Worker &worker,
                     Value address, Type element);
/// Writes a vector of the registers of `access`.
void emitSharedStore(OpBuilder &builder, Location loc, const Device &device,
                     const SharedAccess &access, const Worker &worker,
                     Value address, Value vector);

} // namespace mlir::gsa

#endif // GSA_TARGET_SHAREDACCESS_H
