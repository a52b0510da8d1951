//===- Async.cpp - Barriers, and copies that land later -------------------===//
//
// Section numbers are those of the PTX ISA manual 9.0. What may land at any
// time lands at once, or as late as anything that waits for it allows, or in
// between; the generator chooses.
//
//===----------------------------------------------------------------------===//

#include "Operations.h"
#include "Races.h"

#include <cstring>

using namespace emulator;

static Random &randomOf(Thread &thread) {
  return thread.warp->block->gang->random;
}

/// Null unless races are looked for.
static Races *racesOf(Thread &thread) {
  return thread.warp->block->gang->races.get();
}

static bool contains(const std::vector<std::string> &words, const char *word) {
  for (const std::string &each : words)
    if (each == word)
      return true;
  return false;
}

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
// 9.7.9.25.3 cp.async
//===----------------------------------------------------------------------===//

static void finish(Thread &thread, size_t which) {
  Copy copy = thread.copies[which];
  char *to = reinterpret_cast<char *>(copy.to);
  uint32_t line = thread.line;
  thread.line = copy.line;
  if (copy.present)
    std::memcpy(to, reinterpret_cast<const char *>(copy.from), copy.present);
  std::memset(to + copy.present, 0, copy.bytes - copy.present);
  thread.line = line;
}

/// Lets the copies that are not in place land, but for the last `left` groups.
static void finishGroups(Thread &thread, uint64_t left) {
  while (thread.copyGroups.size() > left) {
    size_t count = thread.copyGroups.front();
    thread.copyGroups.pop_front();
    for (size_t i = 0; i < count; ++i) {
      finish(thread, i);
      if (Races *races = racesOf(thread))
        races->endCopy(thread, thread.copies[i]);
    }
    thread.copies.erase(thread.copies.begin(), thread.copies.begin() + count);
  }
}

static size_t grouped(const Thread &thread) {
  size_t count = 0;
  for (size_t each : thread.copyGroups)
    count += each;
  return count;
}

enum { CopyHasPresent };

static void beginCopy(Thread &thread, const Operation &operation) {
  Copy copy = {thread.arguments[0], thread.arguments[1],
               static_cast<unsigned>(thread.arguments[2]), 0, operation.line};
  copy.present = operation.facts[CopyHasPresent]
                     ? static_cast<uint32_t>(thread.arguments[3])
                     : copy.bytes;
  if (copy.bytes != 16 && copy.bytes != 8 && copy.bytes != 4)
    fail(thread,
         "copy must have 4, 8 or 16 bytes, got " + std::to_string(copy.bytes));
  if (copy.present > copy.bytes)
    fail(thread, "bytes that are there must be at most those that are copied, "
                 "got " +
                     std::to_string(copy.present));
  if (copy.to % copy.bytes || (copy.present && copy.from % copy.bytes))
    fail(thread, "addresses must be aligned to the copy's bytes, got others");
  if (Races *races = racesOf(thread))
    races->beginCopy(thread, copy);
  thread.copies.push_back(copy);
  // Landing twice changes nothing: what is copied stays what it is.
  if (randomOf(thread).oneIn(3))
    finish(thread, randomOf(thread).below(thread.copies.size()));
}

static bool readCopy(const Statement &statement, Reading &reading) {
  const std::vector<std::string> &words = statement.words;
  // cp.async.cg.shared.global, with a hint of a prefetch at most
  if (words.size() < 5 || (words[2] != "ca" && words[2] != "cg") ||
      (words[3] != "shared" && words[3] != "shared::cta") ||
      words[4] != "global" ||
      (words.size() > 5 && words[5].compare(0, 4, "L2::")) || words.size() > 6)
    return false;
  size_t operands = statement.operands.size();
  reading.operation.execute = beginCopy;
  reading.operation.facts[CopyHasPresent] = operands == 4;
  return operands == 3 || operands == 4;
}

static void commitCopies(Thread &thread, const Operation &) {
  thread.copyGroups.push_back(thread.copies.size() - grouped(thread));
}

static void awaitCopies(Thread &thread, const Operation &operation) {
  bool all = operation.facts[0];
  if (all)
    commitCopies(thread, operation);
  finishGroups(thread, all ? 0 : thread.arguments[0]);
}

static bool readCopyOrder(const Statement &statement, Reading &reading) {
  const std::string &text = statement.text;
  reading.operation.facts[0] = text == "cp.async.wait_all";
  reading.operation.execute =
      text == "cp.async.commit_group" ? commitCopies : awaitCopies;
  return text == "cp.async.commit_group" || text == "cp.async.wait_group" ||
         text == "cp.async.wait_all";
}

//===----------------------------------------------------------------------===//
// 9.7.13.15 mbarrier
//===----------------------------------------------------------------------===//

/// Of the 64 bits of a state, those that tell that it is one.
static constexpr uint64_t kState = uint64_t(0xb0a7) << 48;

static Mailbox &mailboxAt(Thread &thread, uint64_t address) {
  Block *block = blockOf(*thread.warp->block->gang, address);
  if (block) {
    auto found = block->mailboxes.find(static_cast<uint32_t>(address));
    if (found != block->mailboxes.end())
      return found->second;
  }
  fail(thread, "mbarrier must have been initialised, got none at " +
                   std::to_string(address));
}

/// Begins the next phase if this one is complete.
static void settle(Mailbox &mailbox) {
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

static void await(Thread &thread, const Operation &operation) {
  Mailbox &mailbox = mailboxAt(thread, thread.arguments[0]);
  uint64_t state = thread.arguments[1];
  if ((state & kState) != kState || (state ^ kState) > mailbox.phase)
    fail(thread, "state must be that of an arrival, got another number");
  uint64_t phase = state ^ kState;
  thread.results[0] = 0;
  // It may be told that it is too early.
  if (thread.results[1] != operation.line && randomOf(thread).oneIn(4)) {
    thread.results[1] = operation.line;
    return pause(thread);
  }
  while (mailbox.phase <= phase) {
    mailbox.waiting.push_back(&thread);
    sleep(thread, operation);
  }
  if (Races *races = racesOf(thread))
    races->awaitMailbox(thread, mailbox);
  thread.results[1] = 0;
  thread.results[0] = 1;
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
        "shared",  "shared::cta", "b64"};
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
    operation.numResults = 1;
  } else {
    return false;
  }
  return true;
}

//===----------------------------------------------------------------------===//
// 9.7.9.25 st.async, 9.7.9.27 cp.async.bulk.tensor
//===----------------------------------------------------------------------===//

static Block &addressee(Thread &thread, uint64_t address) {
  Block *block = blockOf(*thread.warp->block->gang, address);
  if (!block)
    fail(thread, "address must be of the cluster's shared memory, got " +
                     std::to_string(address));
  if (!block->live)
    fail(thread, "block must not have ended when something is sent to it, got "
                 "one that has");
  return *block;
}

static uint64_t bytesOf(const Flight &flight) {
  if (!flight.map)
    return flight.numWords * 4;
  TensorMap map;
  std::memcpy(&map, flight.map, sizeof(map));
  uint64_t bytes = map.elementBytes;
  for (unsigned i = 0; i < map.rank; ++i)
    bytes *= map.box[i];
  return bytes;
}

static void launchFlight(Thread &thread, Flight flight) {
  Gang &gang = *thread.warp->block->gang;
  Mailbox &mailbox = mailboxAt(thread, flight.mailbox);
  flight.thread = &thread;
  gang.flights.push_back(flight);
  if (gang.races)
    gang.races->beginFlight(thread, mailbox, flight.to,
                            static_cast<unsigned>(bytesOf(flight)));
  if (gang.random.oneIn(4))
    land(gang, gang.random.below(gang.flights.size()));
}

enum { SendWords };

static void send(Thread &thread, const Operation &operation) {
  Flight flight = {};
  flight.numWords = operation.facts[SendWords];
  flight.to = thread.arguments[0];
  for (unsigned i = 0; i < flight.numWords; ++i)
    flight.words[i] = static_cast<uint32_t>(thread.arguments[1 + i]);
  flight.mailbox = static_cast<uint32_t>(thread.arguments[1 + flight.numWords]);
  flight.line = operation.line;
  flight.block = &addressee(thread, flight.to);
  if (flight.to % (4 * flight.numWords))
    fail(thread, "address must be aligned to what is sent, got " +
                     std::to_string(flight.to));
  if (blockOf(*thread.warp->block->gang, flight.mailbox) != flight.block)
    fail(thread, "mbarrier must be of the block that is sent to, got another");
  launchFlight(thread, flight);
}

static bool readSend(const Statement &statement, Reading &reading) {
  const std::string prefix =
      "st.async.weak.shared::cluster.mbarrier::complete_tx::bytes";
  reading.operation.execute = send;
  for (int count : {1, 2, 4})
    if (statement.text ==
        prefix + (count == 1 ? "" : ".v" + std::to_string(count)) + ".b32") {
      reading.operation.facts[SendWords] = count;
      return true;
    }
  return false;
}

enum { BoxRank };

static void beginBox(Thread &thread, const Operation &operation) {
  Flight flight = {};
  flight.rank = operation.facts[BoxRank];
  flight.to = thread.arguments[0];
  flight.map = reinterpret_cast<const unsigned char *>(thread.arguments[1]);
  for (unsigned i = 0; i < flight.rank; ++i)
    flight.corner[i] = static_cast<int32_t>(thread.arguments[2 + i]);
  flight.mailbox = static_cast<uint32_t>(thread.arguments[2 + flight.rank]);
  flight.line = operation.line;
  TensorMap map;
  if (thread.arguments[1] % 64)
    fail(thread, "map must be aligned to 64 bytes, got another address");
  std::memcpy(&map, flight.map, sizeof(map));
  if (map.magic != TensorMap::kMagic || map.rank != flight.rank)
    fail(thread, "map must have been encoded for this many dimensions, got "
                 "another or none");
  flight.block = &addressee(thread, flight.to);
  if (flight.to % (map.swizzle ? 128u << map.swizzle : 128u))
    fail(thread, "box must lie where its swizzle begins, got " +
                     std::to_string(flight.to));
  launchFlight(thread, flight);
}

static bool readBox(const Statement &statement, Reading &reading) {
  reading.operation.execute = beginBox;
  for (int rank = 1; rank <= 5; ++rank)
    if (statement.text ==
        "cp.async.bulk.tensor." + std::to_string(rank) +
            "d.shared::cluster.global.tile.mbarrier::complete_tx::bytes") {
      reading.operation.facts[BoxRank] = rank;
      return statement.operands.size() == 3 &&
             statement.operands[1].parts.size() == size_t(1 + rank);
    }
  return false;
}

/// Copies a box, zeros where it lies outside of the tensor.
static void copyBox(const Flight &flight) {
  TensorMap map;
  std::memcpy(&map, flight.map, sizeof(map));
  uint64_t rows = 1;
  for (unsigned i = 1; i < map.rank; ++i)
    rows *= map.box[i];
  uint64_t rowBytes = uint64_t(map.box[0]) * map.elementBytes;
  for (uint64_t row = 0; row < rows; ++row) {
    uint64_t from = map.data, rest = row;
    bool isInside = true;
    for (unsigned i = 1; i < map.rank; ++i) {
      int64_t at = flight.corner[i] + int64_t(rest % map.box[i]);
      rest /= map.box[i];
      isInside &= at >= 0 && uint64_t(at) < map.extents[i];
      from += uint64_t(at) * map.strides[i - 1];
    }
    for (uint64_t piece = 0; piece < rowBytes; piece += 16) {
      char *to = reinterpret_cast<char *>(
          swizzled(flight.to + row * rowBytes + piece, map.swizzle));
      for (unsigned i = 0; i < 16; i += map.elementBytes) {
        int64_t at = flight.corner[0] + int64_t((piece + i) / map.elementBytes);
        if (isInside && at >= 0 && uint64_t(at) < map.extents[0])
          std::memcpy(to + i,
                      reinterpret_cast<const char *>(
                          from + uint64_t(at) * map.elementBytes),
                      map.elementBytes);
        else
          std::memset(to + i, 0, map.elementBytes);
      }
    }
  }
}

void emulator::land(Gang &gang, size_t which) {
  Flight flight = gang.flights[which];
  gang.flights.erase(gang.flights.begin() + which);
  if (!flight.block->live)
    failAt(
        *flight.thread, flight.line,
        "block must not have ended when something arrives, got one that has");
  uint64_t bytes = bytesOf(flight);
  if (flight.map)
    copyBox(flight);
  else
    std::memcpy(reinterpret_cast<void *>(flight.to), flight.words, bytes);
  Mailbox &mailbox = flight.block->mailboxes.at(flight.mailbox);
  mailbox.bytes -= static_cast<int64_t>(bytes);
  settle(mailbox);
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
static bool readRegisterCount(const Statement &statement, Reading &reading) {
  reading.operation.execute = nothing;
  return statement.text == "setmaxnreg.inc.sync.aligned.u32" ||
         statement.text == "setmaxnreg.dec.sync.aligned.u32";
}

const OperationRow emulator::asyncOperations[] = {
    {"bar.warp.", readWarpBarrier},
    {"barrier.cluster.", readClusterBarrier},
    {"bar.", readBarrier},
    {"barrier.", readBarrier},
    {"mapa.", readMapAddress},
    {"cp.async.bulk.tensor.", readBox},
    {"cp.async.", readCopyOrder},
    {"cp.async.", readCopy},
    {"mbarrier.", readMailbox},
    {"st.async.", readSend},
    {"fence.", readFence},
    {"griddepcontrol.", readFence},
    {"setmaxnreg.", readRegisterCount},
    {nullptr, nullptr}};

bool emulator::readOperation(const Statement &statement, Reading &reading,
                             bool &isKnown) {
  isKnown = false;
  for (const OperationRow *table : {matrixOperations, asyncOperations})
    for (const OperationRow *row = table; row->prefix; ++row) {
      if (statement.text.compare(0, std::strlen(row->prefix), row->prefix))
        continue;
      isKnown = true;
      Reading candidate;
      candidate.operation.line = statement.line;
      candidate.operation.text = statement.text;
      if (!row->read(statement, candidate))
        continue;
      reading = candidate;
      return true;
    }
  return false;
}
