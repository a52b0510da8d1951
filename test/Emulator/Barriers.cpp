//===- Barriers.cpp - Where threads wait for each other -----------------===//
//
// Section numbers are those of the PTX ISA manual 9.0.
//
//===----------------------------------------------------------------------===//

#include "Operations.h"
#include "Races.h"

#include <algorithm>

using namespace emulator;

//===----------------------------------------------------------------------===//
// 9.7.13.1 bar, barrier
//===----------------------------------------------------------------------===//

enum { BarrierWaits, BarrierHasCount };

static void meetAtBarrier(Thread &thread, const Operation &operation) {
  Block &block = *thread.warp->block;
  uint32_t number = static_cast<uint32_t>(thread.arguments[0]);
  unsigned size = 0;
  for (auto &warp : block.warps)
    size += static_cast<unsigned>(warp->threads.size());
  unsigned count = operation.facts[BarrierHasCount]
                       ? static_cast<uint32_t>(thread.arguments[1])
                       : size;
  if (number >= 16)
    fail(thread, "barrier must be one of 16, got " + std::to_string(number));
  if (!count || count % kLanes)
    fail(thread, "threads of a barrier must be a multiple of 32, got " +
                     std::to_string(count));
  Barrier &barrier = block.barriers[number];
  if (barrier.arrived && barrier.expected != count)
    fail(thread, "threads of barrier " + std::to_string(number) + " must be " +
                     std::to_string(barrier.expected) +
                     " as for those who wait there, got " +
                     std::to_string(count));
  barrier.expected = count;
  if (Races *races = racesOf(thread))
    races->arriveAtBarrier(thread, number);
  if (++barrier.arrived == count) {
    barrier.arrived = 0;
    for (Thread *each : barrier.waiting)
      wake(*each);
    barrier.waiting.clear();
    if (Races *races = racesOf(thread))
      races->completeBarrier(block, number);
    return;
  }
  if (!operation.facts[BarrierWaits])
    return;
  barrier.waiting.push_back(&thread);
  sleep(thread, operation);
}

static bool readBarrier(const Statement &statement, Reading &reading) {
  const std::string &text = statement.text;
  bool waits = text == "bar.sync" || text == "barrier.sync" ||
               text == "barrier.sync.aligned" || text == "bar.cta.sync" ||
               text == "barrier.cta.sync" || text == "barrier.cta.sync.aligned";
  bool arrives = text == "bar.arrive" || text == "barrier.arrive" ||
                 text == "barrier.cta.arrive" ||
                 text == "barrier.cta.arrive.aligned";
  reading.operation.execute = meetAtBarrier;
  reading.operation.facts[BarrierWaits] = waits;
  reading.operation.facts[BarrierHasCount] = statement.operands.size() == 2;
  return waits || arrives;
}

static void meetWarp(Thread &thread, const Operation &operation) {
  if (static_cast<uint32_t>(thread.arguments[0]) != ~uint32_t(0))
    fail(thread, "mask must name all lanes, got others");
  if (!meet(thread, operation))
    return;
  if (Races *races = racesOf(thread))
    races->orderLanes(*thread.warp);
  leave(thread);
}

static bool readWarpBarrier(const Statement &statement, Reading &reading) {
  reading.operation.execute = meetWarp;
  return statement.text == "bar.warp.sync";
}

//===----------------------------------------------------------------------===//
// 9.7.13.4 barrier.cluster
//===----------------------------------------------------------------------===//

static void arriveAtCluster(Thread &thread, const Operation &) {
  Gang &gang = *thread.warp->block->gang;
  thread.clusterPhase = gang.clusterPhase + 1;
  if (gang.races)
    gang.races->arriveAtCluster(thread);
  // Who has ended is as good as there.
  if (++gang.clusterArrived < gang.live)
    return;
  gang.clusterArrived = 0;
  ++gang.clusterPhase;
  if (gang.races)
    gang.races->completeCluster();
  for (Thread *each : gang.clusterWaiting)
    wake(*each);
  gang.clusterWaiting.clear();
}

static void waitForCluster(Thread &thread, const Operation &operation) {
  Gang &gang = *thread.warp->block->gang;
  if (thread.clusterPhase == 0)
    fail(thread, "wait must come after an arrival, got none");
  if (gang.clusterPhase < thread.clusterPhase) {
    gang.clusterWaiting.push_back(&thread);
    sleep(thread, operation);
  }
}

static bool readClusterBarrier(const Statement &statement, Reading &reading) {
  const std::string &text = statement.text;
  bool arrives = text == "barrier.cluster.arrive.release.aligned" ||
                 text == "barrier.cluster.arrive.aligned" ||
                 text == "barrier.cluster.arrive";
  bool waits = text == "barrier.cluster.wait.acquire.aligned" ||
               text == "barrier.cluster.wait.aligned" ||
               text == "barrier.cluster.wait";
  reading.operation.execute = arrives ? arriveAtCluster : waitForCluster;
  return arrives || waits;
}

/// 9.7.9.24 mapa: the same place in another block of the cluster.
static void mapAddress(Thread &thread, const Operation &) {
  Block &block = *thread.warp->block;
  uint64_t address = thread.arguments[0];
  uint32_t rank = static_cast<uint32_t>(thread.arguments[1]);
  if (blockOf(*block.gang, address) != &block)
    fail(thread, "address must be of the block's shared memory, got " +
                     std::to_string(address));
  if (rank >= block.gang->blocks.size())
    fail(thread,
         "rank must be of a block of the cluster, got " + std::to_string(rank));
  thread.results[0] = address - block.base + block.gang->blocks[rank]->base;
}

static bool readMapAddress(const Statement &statement, Reading &reading) {
  reading.operation.execute = mapAddress;
  reading.operation.numResults = 1;
  return statement.text == "mapa.shared::cluster.u32";
}

//===----------------------------------------------------------------------===//
// 9.7.13.15 mbarrier
//===----------------------------------------------------------------------===//

/// Of the 64 bits of a state, those that tell that it is one.
static constexpr uint64_t kState = uint64_t(0xb0a7) << 48;

Mailbox &emulator::mailboxAt(Thread &thread, uint64_t address) {
  Block *block = blockOf(*thread.warp->block->gang, address);
  if (block) {
    auto found = block->mailboxes.find(static_cast<uint32_t>(address));
    if (found != block->mailboxes.end())
      return found->second;
  }
  fail(thread, "mbarrier must have been initialised, got none at " +
                   std::to_string(address));
}

void emulator::settle(Mailbox &mailbox) {
  if (mailbox.pending || mailbox.bytes)
    return;
  ++mailbox.phase;
  mailbox.pending = mailbox.count;
  for (Thread *each : mailbox.waiting)
    wake(*each);
  mailbox.waiting.clear();
}

static void initialise(Thread &thread, const Operation &) {
  Block &block = *thread.warp->block;
  uint64_t address = thread.arguments[0];
  if (blockOf(*block.gang, address) != &block || address % 8)
    fail(thread, "mbarrier must lie in the block's shared memory, aligned to 8 "
                 "bytes, got " +
                     std::to_string(address));
  Mailbox mailbox = {};
  mailbox.address = static_cast<uint32_t>(address);
  mailbox.count = mailbox.pending = static_cast<unsigned>(thread.arguments[1]);
  if (!mailbox.count)
    fail(thread, "mbarrier must expect an arrival, got 0");
  if (Races *races = racesOf(thread)) {
    races->touch(thread, address, 8, Access::Write);
    races->beginMailbox(mailbox);
  }
  if (!block.mailboxes.emplace(mailbox.address, mailbox).second)
    fail(thread, "mbarrier must be initialised once, got it again");
}

enum { ArrivalExpects, ArrivalArrives };

static void arrive(Thread &thread, const Operation &operation) {
  Mailbox &mailbox = mailboxAt(thread, thread.arguments[0]);
  thread.results[0] = kState | mailbox.phase;
  if (operation.facts[ArrivalExpects])
    mailbox.bytes += static_cast<uint32_t>(thread.arguments[1]);
  if (operation.facts[ArrivalArrives]) {
    if (mailbox.pending == 0)
      fail(thread, "arrivals of a phase must be " +
                       std::to_string(mailbox.count) + ", got one more");
    --mailbox.pending;
    if (Races *races = racesOf(thread))
      races->arriveAtMailbox(thread, mailbox);
    settle(mailbox);
  }
}

enum { AwaitByParity };

static void await(Thread &thread, const Operation &operation) {
  Mailbox &mailbox = mailboxAt(thread, thread.arguments[0]);
  uint64_t state = thread.arguments[1];
  // The first phase that says that the one waited for is over. By parity that
  // is the present one or the one before, which is over before the first, too.
  uint64_t next = (state ^ kState) + 1;
  if (operation.facts[AwaitByParity])
    next = mailbox.phase + 1 - ((mailbox.phase ^ state) & 1);
  else if ((state & kState) != kState || next > mailbox.phase + 1)
    fail(thread, "state must be that of an arrival, got another number");
  thread.results[0] = 0;
  // It may be told that it is too early.
  if (thread.results[1] != operation.line && randomOf(thread).oneIn(4)) {
    thread.results[1] = operation.line;
    return pause(thread);
  }
  while (mailbox.phase < next) {
    mailbox.waiting.push_back(&thread);
    sleep(thread, operation);
  }
  if (Races *races = racesOf(thread))
    races->awaitMailbox(thread, mailbox);
  thread.results[1] = 0;
  thread.results[0] = 1;
}

static bool contains(const std::vector<std::string> &words, const char *word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

static bool readMailbox(const Statement &statement, Reading &reading) {
  const std::vector<std::string> &words = statement.words;
  auto has = [&](const char *word) { return contains(words, word); };
  Operation &operation = reading.operation;
  if (!has("b64") || !(has("shared::cta") || has("shared")))
    return false;
  // What else there may be; a scope says with whom, which here is all.
  for (size_t i = 1; i < words.size(); ++i) {
    static const std::vector<std::string> known = {
        "init",    "expect_tx",   "arrive",  "try_wait", "test_wait",
        "release", "acquire",     "relaxed", "cta",      "cluster",
        "shared",  "shared::cta", "b64",     "parity"};
    if (!contains(known, words[i].c_str()))
      return false;
  }
  if (words[1] == "init") {
    operation.execute = initialise;
  } else if (words[1] == "arrive" || words[1] == "expect_tx") {
    operation.execute = arrive;
    operation.facts[ArrivalArrives] = words[1] == "arrive";
    operation.facts[ArrivalExpects] = has("expect_tx");
    operation.numResults = words[1] == "arrive";
  } else if (words[1] == "try_wait" || words[1] == "test_wait") {
    operation.execute = await;
    operation.facts[AwaitByParity] = has("parity");
    operation.numResults = 1;
  } else {
    return false;
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Fences, and what needs nothing here
//===----------------------------------------------------------------------===//

static void fenceProxies(Thread &thread, const Operation &) {
  if (Races *races = racesOf(thread))
    races->fence(thread);
}
static void nothing(Thread &, const Operation &) {}

static bool readFence(const Statement &statement, Reading &reading) {
  const std::string &text = statement.text;
  if (text == "fence.proxy.async.shared::cta" || text == "fence.proxy.async") {
    reading.operation.execute = fenceProxies;
    return true;
  }
  // Initialisation is seen at once; launches run one after the other.
  reading.operation.execute = nothing;
  return text == "fence.mbarrier_init.release.cluster" ||
         text == "griddepcontrol.wait" ||
         text == "griddepcontrol.launch_dependents";
}

/// 9.7.19.5 setmaxnreg: a thread has all registers that it names.
static void setRegisterCount(Thread &thread, const Operation &operation) {
  if (meet(thread, operation))
    leave(thread);
}

static bool readRegisterCount(const Statement &statement, Reading &reading) {
  reading.operation.execute = setRegisterCount;
  return statement.text == "setmaxnreg.inc.sync.aligned.u32" ||
         statement.text == "setmaxnreg.dec.sync.aligned.u32";
}

const OperationRow emulator::barrierOperations[] = {
    {"bar.warp.", readWarpBarrier},
    {"barrier.cluster.", readClusterBarrier},
    {"bar.", readBarrier},
    {"barrier.", readBarrier},
    {"mapa.", readMapAddress},
    {"mbarrier.", readMailbox},
    {"fence.", readFence},
    {"griddepcontrol.", readFence},
    {"setmaxnreg.", readRegisterCount},
    {nullptr, nullptr}};
