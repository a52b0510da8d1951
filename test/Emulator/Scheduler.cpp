//===- Scheduler.cpp - Fibers, and in which order they run ----------------===//

#include "Machine.h"
#include "Races.h"

#include <boost/context/detail/fcontext.hpp>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <sys/mman.h>
#include <xmmintrin.h>

using namespace emulator;
using boost::context::detail::fcontext_t;
using boost::context::detail::jump_fcontext;
using boost::context::detail::make_fcontext;
using boost::context::detail::transfer_t;

const char *const emulator::specialNames[NumSpecials] = {
    "%tid.x",       "%tid.y",       "%tid.z",           "%ntid.x",
    "%ntid.y",      "%ntid.z",      "%ctaid.x",         "%ctaid.y",
    "%ctaid.z",     "%nctaid.x",    "%nctaid.y",        "%nctaid.z",
    "%laneid",      "%warpid",      "%cluster_ctarank", "%cluster_nctarank",
    "%clusterid.x", "%nclusterid.x"};

static thread_local Thread *running = nullptr;
/// Whose flight lands while nobody runs.
static thread_local Thread *landing = nullptr;

Thread *emulator::currentThread() { return running; }

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

namespace {
constexpr size_t kPage = 4096;
constexpr size_t kStack = 128 * 1024; // the lowest page is a guard
} // namespace

static char *map(size_t bytes, int protection, int flags) {
  void *memory =
      mmap(nullptr, bytes, protection,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
  if (memory == MAP_FAILED) {
    std::perror("emulator: memory for threads");
    std::abort();
  }
  return static_cast<char *>(memory);
}

Ground::Ground() {
  // Low, so that 32 bits are the whole address.
  size_t bytes = (kMaxCluster + 1) * kWindow;
  uint64_t at = reinterpret_cast<uint64_t>(map(bytes, PROT_NONE, MAP_32BIT));
  windows = (at + kWindow - 1) / kWindow * kWindow;
}

Ground::~Ground() {
  munmap(reinterpret_cast<void *>(windows), kMaxCluster * kWindow);
  for (char *stack : stacks)
    munmap(stack, kStack);
}

void Ground::prepare(unsigned blocks, unsigned threads, uint64_t sharedBytes) {
  while (stacks.size() < threads) {
    stacks.push_back(map(kStack, PROT_READ | PROT_WRITE, MAP_STACK));
    mprotect(stacks.back(), kPage, PROT_NONE);
  }
  if (sharedBytes != preparedBytes || blocks > preparedBlocks) {
    uint64_t end = kWindow - kPage;
    sharedOffset = end - (sharedBytes + 1023) / 1024 * 1024;
    for (unsigned i = 0; i < kMaxCluster; ++i) {
      char *base = reinterpret_cast<char *>(window(i));
      mprotect(base, kWindow, PROT_NONE);
      uint64_t first = sharedOffset / kPage * kPage;
      if (i < blocks && sharedBytes)
        mprotect(base + first, end - first, PROT_READ | PROT_WRITE);
    }
    preparedBytes = sharedBytes;
    preparedBlocks = blocks;
  }
  // Not a number in every type; of nobody.
  for (unsigned i = 0; i < blocks && sharedBytes; ++i) {
    uint64_t first = sharedOffset / kPage * kPage;
    std::memset(reinterpret_cast<char *>(window(i) + first), 0xff,
                kWindow - kPage - first);
  }
}

char *Ground::stack(unsigned thread) const {
  // Where the same function's variables of different threads would share the
  // sets of the host's caches, they are moved apart.
  return stacks[thread] + kStack - thread * 832 % (16 * kPage);
}

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

static std::string describe(const Thread &thread, unsigned line) {
  const Gang &gang = *thread.warp->block->gang;
  return "kernel '" + gang.launch->name + "', block " +
         std::to_string(thread.special[CtaidX]) + ", thread " +
         std::to_string(thread.special[TidX]) + ", line " +
         std::to_string(line);
}

static void giveUp(Thread &thread) {
  Gang &gang = *thread.warp->block->gang;
  jump_fcontext(gang.scheduler, nullptr);
  std::abort(); // nobody comes back
}

void emulator::failAt(Thread &thread, unsigned line,
                      const std::string &message) {
  Gang &gang = *thread.warp->block->gang;
  gang.error = describe(thread, line) + ": " + message;
  if (running)
    giveUp(thread);
  siglongjmp(gang.escape, 1);
}

void emulator::fail(Thread &thread, const std::string &message) {
  failAt(thread, thread.line, message);
}

static struct sigaction previousAction[2];

/// An access to memory that is not there.
static void onFault(int number, siginfo_t *information, void *context) {
  if (Thread *thread = running ? running : landing) {
    Gang &gang = *thread->warp->block->gang;
    char text[64];
    std::snprintf(text, sizeof(text), ": touches %p, which is not there",
                  information->si_addr);
    gang.error = describe(*thread, thread->line) + text;
    siglongjmp(gang.escape, 1);
  }
  // Not ours: as if nothing had been installed.
  struct sigaction &previous = previousAction[number == SIGBUS];
  if (previous.sa_flags & SA_SIGINFO)
    return previous.sa_sigaction(number, information, context);
  if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN)
    return previous.sa_handler(number);
  signal(number, SIG_DFL);
  raise(number);
}

static void catchFaults() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action = {};
    action.sa_sigaction = onFault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigaction(SIGSEGV, &action, &previousAction[0]);
    sigaction(SIGBUS, &action, &previousAction[1]);
  });
  // Fibers may be at the ends of their stacks.
  static thread_local std::unique_ptr<char[]> alternate;
  if (!alternate) {
    constexpr size_t bytes = 64 * 1024;
    alternate.reset(new char[bytes]);
    stack_t stack = {};
    stack.ss_sp = alternate.get();
    stack.ss_size = bytes;
    sigaltstack(&stack, nullptr);
  }
}

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

static void yield(Thread &thread) {
  Gang &gang = *thread.warp->block->gang;
  gang.scheduler = jump_fcontext(gang.scheduler, &thread).fctx;
}

void emulator::sleep(Thread &thread, const Operation &operation) {
  thread.operation = &operation;
  thread.warp->ready &= ~(1u << thread.lane());
  yield(thread);
  thread.operation = nullptr;
  thread.line = operation.line;
}

void emulator::pause(Thread &thread) { yield(thread); }

void emulator::wake(Thread &thread) {
  thread.warp->ready |= 1u << thread.lane();
}

bool emulator::meet(Thread &thread, const Operation &operation) {
  Warp &warp = *thread.warp;
  if (warp.arrived && warp.operation != &operation)
    fail(thread, "'" + operation.text +
                     "' must be executed by all lanes of the warp together, "
                     "got others at line " +
                     std::to_string(warp.operation->line) + " ('" +
                     warp.operation->text + "')");
  warp.operation = &operation;
  warp.arrived |= 1u << thread.lane();
  if (warp.arrived == warp.everyone() && warp.threads.size() == kLanes)
    return true;
  sleep(thread, operation);
  return false;
}

void emulator::leave(Thread &thread) {
  Warp &warp = *thread.warp;
  warp.arrived = 0;
  warp.operation = nullptr;
  warp.ready = warp.everyone();
}

Block *emulator::blockOf(Gang &gang, uint64_t address) {
  uint64_t first = gang.blocks.front()->base;
  if (address < first || address - first >= gang.blocks.size() * kWindow)
    return nullptr;
  return gang.blocks[(address - first) / kWindow].get();
}

static void start(transfer_t from) {
  // As .ftz asks: results and operands that are subnormal are zero. It is said
  // of every f32 instruction or of none; the conversions of f16 do not care.
  _mm_setcsr(_mm_getcsr() | 0x8040);
  Thread &thread = *static_cast<Thread *>(from.data);
  Gang &gang = *thread.warp->block->gang;
  gang.scheduler = from.fctx;
  gang.launch->code(&thread);
  if (!thread.copies.empty())
    failAt(thread, thread.copies.front().line,
           "copy must have landed before its thread ends, got no wait for it");
  if (!thread.stores.empty())
    failAt(thread, thread.stores.front().line,
           "store of a box must have read before its thread ends, got no wait "
           "for it");
  Warp &warp = *thread.warp;
  thread.isDone = true;
  warp.ready &= ~(1u << thread.lane());
  --warp.block->live;
  --gang.live;
  jump_fcontext(gang.scheduler, &thread);
}

/// Runs `thread` until it waits. False if the launch has failed.
static bool resume(Thread &thread) {
  running = &thread;
  transfer_t back =
      jump_fcontext(static_cast<fcontext_t>(thread.context), &thread);
  running = nullptr;
  thread.context = back.fctx;
  return back.data != nullptr;
}

//===----------------------------------------------------------------------===//
// Gangs
//===----------------------------------------------------------------------===//

static void create(Gang &gang, const Launch &launch, unsigned first,
                   Ground &ground) {
  unsigned size = launch.block[0] * launch.block[1] * launch.block[2];
  gang.launch = &launch;
  gang.random.state = launch.seed * 0x2545f4914f6cdd1du + first;
  gang.live = size * launch.cluster;
  ground.prepare(launch.cluster, gang.live, launch.sharedBytes);
  unsigned number = 0;
  for (unsigned rank = 0; rank < launch.cluster; ++rank) {
    gang.blocks.push_back(std::make_unique<Block>());
    Block &block = *gang.blocks.back();
    block.gang = &gang;
    block.rank = rank;
    block.base = ground.window(rank);
    block.shared = block.base + ground.offset();
    block.live = size;
    unsigned index = first + rank;
    for (unsigned tid = 0; tid < size; ++tid, ++number) {
      if (tid % kLanes == 0) {
        block.warps.push_back(std::make_unique<Warp>());
        Warp &warp = *block.warps.back();
        warp.block = &block;
        warp.number = static_cast<unsigned>(gang.warps.size());
        gang.warps.push_back(&warp);
        warp.threads.resize(size - tid < kLanes ? size - tid : kLanes);
        warp.ready = warp.everyone();
      }
      Thread &thread = block.warps.back()->threads[tid % kLanes];
      thread.warp = block.warps.back().get();
      thread.parameters = reinterpret_cast<uint64_t>(launch.parameters);
      thread.shared = block.shared;
      thread.line = 0;
      uint32_t *special = thread.special;
      special[TidX] = tid % launch.block[0];
      special[TidY] = tid / launch.block[0] % launch.block[1];
      special[TidZ] = tid / launch.block[0] / launch.block[1];
      special[CtaidX] = index % launch.grid[0];
      special[CtaidY] = index / launch.grid[0] % launch.grid[1];
      special[CtaidZ] = index / launch.grid[0] / launch.grid[1];
      for (unsigned i = 0; i < 3; ++i) {
        special[NtidX + i] = launch.block[i];
        special[NctaidX + i] = launch.grid[i];
      }
      special[LaneId] = tid % kLanes;
      special[WarpId] = tid / kLanes;
      special[ClusterCtarank] = rank;
      special[ClusterNctarank] = launch.cluster;
      special[ClusteridX] = special[CtaidX] / launch.cluster;
      special[NclusteridX] = launch.grid[0] / launch.cluster;
      char *top = ground.stack(number);
      thread.context = make_fcontext(top, kStack / 2, start);
    }
  }
  if (launch.checkRaces)
    gang.races = std::make_unique<Races>(gang);
}

/// Who waits where, when nobody can go on.
static std::string explainDeadlock(Gang &gang) {
  std::string text = "kernel '" + gang.launch->name +
                     "': nobody can go on, and nothing is under way:";
  for (Warp *warp : gang.warps) {
    std::map<unsigned, std::pair<unsigned, const Operation *>> places;
    unsigned done = 0;
    for (Thread &thread : warp->threads)
      if (thread.isDone) {
        ++done;
      } else {
        auto &place = places[thread.operation->line];
        ++place.first;
        place.second = thread.operation;
      }
    const Thread &first = warp->threads.front();
    text += "\n  block " + std::to_string(first.special[CtaidX]) + ", warp " +
            std::to_string(first.special[WarpId]) + ":";
    if (done)
      text += " " + std::to_string(done) + " threads have ended;";
    for (auto &[line, place] : places)
      text += " " + std::to_string(place.first) + " threads at line " +
              std::to_string(line) + " (" + place.second->text + ");";
  }
  return text;
}

/// Lets one of the flights land while nobody runs.
static void landAny(Gang &gang) {
  size_t which = gang.random.below(gang.flights.size());
  landing = gang.flights[which].thread;
  landing->line = gang.flights[which].line;
  land(gang, which);
  landing = nullptr;
}

/// Lets the gang's threads run until all have ended or none can.
static void schedule(Gang &gang) {
  Warp *warp = nullptr;
  std::vector<Warp *> ready;
  while (gang.live) {
    // A warp tends to go on; every other order comes up, too.
    if (!warp || !warp->ready || gang.random.oneIn(24)) {
      if (!gang.flights.empty() && gang.random.oneIn(64))
        landAny(gang);
      ready.clear();
      for (Warp *each : gang.warps)
        if (each->ready)
          ready.push_back(each);
      if (ready.empty()) {
        if (gang.flights.empty()) {
          gang.error = explainDeadlock(gang);
          return;
        }
        landAny(gang);
        warp = nullptr;
        continue;
      }
      warp = ready[gang.random.below(ready.size())];
    }
    unsigned size = warp->threads.size();
    unsigned rotation = gang.random.below(size);
    for (unsigned i = 0; i < size; ++i) {
      unsigned lane = (i + rotation) % size;
      if (warp->ready >> lane & 1 && !resume(warp->threads[lane]))
        return;
    }
  }
  if (!gang.flights.empty())
    gang.error =
        "kernel '" + gang.launch->name + "': copy of line " +
        std::to_string(gang.flights.front().line) +
        " must have landed before its cluster ends, got no wait for it";
  for (Warp *each : gang.warps)
    if (!each->open.empty() || !each->groups.empty())
      gang.error = "kernel '" + gang.launch->name +
                   "': product must have been waited for before its warp ends";
}

bool emulator::runGang(const Launch &launch, unsigned first, Ground &ground,
                       std::string &error) {
  catchFaults();
  auto gang = std::make_unique<Gang>();
  create(*gang, launch, first, ground);
  if (sigsetjmp(gang->escape, /*savemask=*/1) == 0)
    schedule(*gang);
  running = landing = nullptr;
  error = gang->error;
  return error.empty();
}
