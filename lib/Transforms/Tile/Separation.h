//===- Separation.h - Accesses and messages of roles, played ----*- C++ -*-===//

#ifndef GSA_LIB_TRANSFORMS_TILE_SEPARATION_H
#define GSA_LIB_TRANSFORMS_TILE_SEPARATION_H

#include "dialects/Tile/Tile.h"

namespace mlir::gsa {

/// One execution of an op that reads or writes a version.
struct Event {
  Operation *op;
  unsigned role;
  int64_t order; ///< in the program of its role
  bool isWrite;
  int64_t version;
  int64_t begin, end; ///< epochs
  Attribute layout;   ///< of a tile that lanes read or write themselves
  int64_t endOrder;   ///< `order` of the op at which it ends
  int64_t met = 0;    ///< `order` of its role's last meeting before it
};

/// One execution of an op that takes part in a message from role to role.
struct Message {
  Operation *op;
  unsigned role;
  int64_t order, epoch;
  Value ring;
  int64_t version;
  bool isBefore(const Message &other) const {
    return role == other.role && order < other.order;
  }
};

/// Messages of one ring: they are in turn, and both roles count the rounds of
/// its mailbox from 0. Errors: law 4.
LogicalResult checkTurns(ArrayRef<Message> messages);

/// What becomes of a version of parts, of all roles' `messages`, each role's in
/// its order. Errors: laws 5 to 7.
LogicalResult checkAnswer(const Message &parts, ArrayRef<Message> messages);

/// That rows are made of the sums of their version. Errors: law 5.
LogicalResult checkSource(const Message &rows, ArrayRef<Message> messages);

/// Gives what `role`, which never meets, does to a ring the epochs that follow
/// from its messages. Errors: a write, or a read that is not between messages.
LogicalResult findEpochs(unsigned role, ArrayRef<Message> messages,
                         MutableArrayRef<Event> accesses);

} // namespace mlir::gsa

#endif // GSA_LIB_TRANSFORMS_TILE_SEPARATION_H
