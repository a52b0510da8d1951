//===- Machine.h - Threads, warps, blocks and clusters ----------*- C++ -*-===//
//
// A gang is the blocks that are on the machine together: a cluster, or a block
// without one. Each thread of it is a fiber; all of a gang's run on one thread
// of the host, in an order that a seeded generator chooses. A thread runs until
// an instruction lets it wait for others.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_TEST_EMULATOR_MACHINE_H
#define GSA_TEST_EMULATOR_MACHINE_H

#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace emulator {

struct Thread;
struct Warp;
struct Block;
struct Gang;
class Races;

/// Special registers, in the order of specialNames.
enum Special {
  TidX,
  TidY,
  TidZ,
  NtidX,
  NtidY,
  NtidZ,
  CtaidX,
  CtaidY,
  CtaidZ,
  NctaidX,
  NctaidY,
  NctaidZ,
  LaneId,
  WarpId,
  ClusterCtarank,
  ClusterNctarank,
  ClusteridX,
  NclusteridX,
  NumSpecials
};
extern const char *const specialNames[NumSpecials];

/// An instruction that the run time executes.
struct Operation {
  void (*execute)(Thread &, const Operation &) = nullptr;
  unsigned line = 0;
  std::string text;
  unsigned numResults = 0; ///< words that it sets
  int facts[6] = {};       ///< of the instruction, as its reader keeps them
};

constexpr unsigned kLanes = 32;
constexpr unsigned kMaxArguments = 288, kMaxResults = 8;

/// What a launch is told.
struct Launch {
  void (*code)(Thread *) = nullptr;
  std::string name;
  unsigned grid[3], block[3];
  unsigned cluster = 1;
  uint64_t sharedBytes = 0;
  unsigned char *parameters = nullptr;
  uint64_t seed = 0;
  bool checkRaces = false;
};

/// A small generator of numbers: splitmix64.
struct Random {
  uint64_t state;
  uint64_t operator()() {
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  unsigned below(unsigned n) { return static_cast<unsigned>((*this)() % n); }
  bool oneIn(unsigned n) { return below(n) == 0; }
};

/// cp.async: a copy that its thread has begun.
struct Copy {
  uint64_t to, from;
  unsigned bytes, present; ///< the rest of `bytes` becomes zero
  unsigned line;
};

/// wgmma.mma_async: a product that a warp has begun, of its 16 rows.
struct Product {
  const Operation *operation;
  bool accumulates, isRead, isAKMajor, isBKMajor;
  uint64_t a, b;              ///< descriptors; `a` is not used with registers
  std::vector<float> product; ///< 16 x N, once `isRead`
  /// Of each lane: where its sums are, then its words of A.
  std::vector<uint32_t *> registers;
  /// What it reads, 16 bytes each; kept if races are checked.
  std::vector<uint64_t> pieces;
};

/// Sums that products in flight add up, of a warp's 16 rows.
struct Sums {
  std::vector<float> values;
  unsigned users = 0; ///< products in flight
};

/// mbarrier
struct Mailbox {
  uint32_t address;
  unsigned count;    ///< arrivals of a phase
  unsigned pending;  ///< of this phase
  int64_t bytes = 0; ///< expected and not there yet
  uint64_t phase = 0;
  std::vector<Thread *> waiting;
  unsigned actor = 0; ///< of the race checker
};

/// What lands later: a box or some words, and then bytes in a mailbox.
struct Flight {
  Block *block; ///< to which it goes
  uint32_t mailbox;
  unsigned line;
  /// A box: the bytes' places and values, which are read when it lands.
  const unsigned char *map = nullptr;
  uint64_t to = 0;
  int32_t corner[5] = {};
  unsigned rank = 0;
  /// Words, without a map.
  uint32_t words[4] = {};
  unsigned numWords = 0;
  Thread *thread = nullptr; ///< that began it
};

struct Thread {
  // Read by generated code at these offsets.
  uint64_t parameters; ///< address of the kernel's parameters
  uint64_t shared;     ///< address of the block's shared memory
  uint32_t special[NumSpecials];
  uint32_t line; ///< where it is, in the text
  uint64_t arguments[kMaxArguments];
  uint64_t results[kMaxResults];

  // The scheduler's.
  void *context = nullptr;
  Warp *warp = nullptr;
  const Operation *operation = nullptr; ///< at which it waits
  bool isDone = false;
  uint64_t clusterPhase = 0;     ///< of barrier.cluster, after its arrival
  uint32_t fences = 0;           ///< fence.proxy.async that it has executed
  std::vector<Copy> copies;      ///< not in a group yet, or landing with it
  std::deque<size_t> copyGroups; ///< sizes of the groups, oldest first
  std::vector<Flight> stores;    ///< of boxes, which it has not waited for
  size_t committedStores = 0;    ///< the first of these

  unsigned lane() const { return special[LaneId]; }
};

struct Warp {
  Block *block = nullptr;
  unsigned number = 0; ///< in the gang
  std::vector<Thread> threads;
  uint32_t ready = 0;
  uint32_t arrived = 0; ///< at `operation`
  const Operation *operation = nullptr;
  std::vector<Product> open;               ///< not committed yet
  std::deque<std::vector<Product>> groups; ///< oldest first
  std::map<uint32_t *, Sums> sums;         ///< by lane 0's first register

  uint32_t everyone() const {
    return static_cast<uint32_t>((uint64_t(1) << threads.size()) - 1);
  }
};

struct Barrier {
  unsigned expected = 0, arrived = 0;
  std::vector<Thread *> waiting;
};

struct Block {
  Gang *gang = nullptr;
  unsigned rank = 0;
  uint64_t base = 0;   ///< of the window of shared memory, 256 KiB
  uint64_t shared = 0; ///< where the block's begins
  unsigned live = 0;   ///< threads that have not ended
  std::vector<std::unique_ptr<Warp>> warps;
  Barrier barriers[16];
  std::map<uint32_t, Mailbox> mailboxes;
};

/// A window of shared addresses: what 14 + 4 bits of a descriptor can tell.
constexpr uint64_t kWindow = 256 * 1024;
constexpr unsigned kMaxCluster = 16;
/// Of the device: sm_90's; sm_80's smaller limit is the driver's concern.
constexpr uint64_t kMaxShared = 227 * 1024;

/// Stacks and windows of shared memory, which launches use again.
class Ground {
public:
  Ground();
  ~Ground();
  Ground(const Ground &) = delete;
  Ground &operator=(const Ground &) = delete;
  /// Memory for `blocks` windows of which each has `sharedBytes`, and `threads`
  /// stacks.
  void prepare(unsigned blocks, unsigned threads, uint64_t sharedBytes);
  uint64_t window(unsigned block) const { return windows + block * kWindow; }
  /// Where a block's memory begins in its window: its end is at a page's end,
  /// behind which nothing may be touched.
  uint64_t offset() const { return sharedOffset; }
  /// One behind the highest address of a stack.
  char *stack(unsigned thread) const;

private:
  uint64_t windows = 0;
  uint64_t sharedOffset = 0, preparedBytes = ~uint64_t(0);
  unsigned preparedBlocks = 0;
  std::vector<char *> stacks;
};

struct Gang {
  const Launch *launch = nullptr;
  Random random{0};
  std::vector<std::unique_ptr<Block>> blocks;
  std::vector<Warp *> warps;
  std::vector<Flight> flights;
  unsigned live = 0;
  unsigned clusterArrived = 0;
  uint64_t clusterPhase = 0;
  std::vector<Thread *> clusterWaiting;
  std::unique_ptr<Races> races; ///< null unless asked for

  void *scheduler = nullptr; ///< the context to go back to
  sigjmp_buf escape;         ///< from a signal handler
  std::string error;
};

/// Runs the blocks of one cluster, from block `first` of the grid on. False
/// with an error's text if it failed.
bool runGang(const Launch &launch, unsigned first, Ground &ground,
             std::string &error);

//===----------------------------------------------------------------------===//
// For instructions
//===----------------------------------------------------------------------===//

/// Ends the launch with "kernel 'x', block 1, thread 2, line 3 (instruction):
/// message". Does not return.
[[noreturn]] void fail(Thread &thread, const std::string &message);
/// The same of an instruction that has been left behind.
[[noreturn]] void failAt(Thread &thread, unsigned line,
                         const std::string &message);

/// Lets the others go on until somebody wakes `thread`, which waits at
/// `operation`.
void sleep(Thread &thread, const Operation &operation);
/// Lets the others go on, and comes back at any time.
void pause(Thread &thread);
void wake(Thread &thread);

/// A lane comes to an instruction of its whole warp. True for the last one,
/// which computes for all and then calls `leave`; the others come back behind
/// that.
bool meet(Thread &thread, const Operation &operation);
void leave(Thread &thread);

/// The block of the gang in whose window `address` is; null if there is none.
Block *blockOf(Gang &gang, uint64_t address);

/// Lets one of the gang's flights land.
void land(Gang &gang, size_t which);

/// A thread of a gang that runs on this thread of the host, or null.
Thread *currentThread();

} // namespace emulator

#endif // GSA_TEST_EMULATOR_MACHINE_H
