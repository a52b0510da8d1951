//===- Copies.cpp - Copies that land later ------------------------------===//
//
// Section numbers are those of the PTX ISA manual 9.0. What may land
// at any time lands at once, or as late as anything that waits for it allows,
// or in between; the generator chooses.
//
//===----------------------------------------------------------------------===//

#include "Operations.h"
#include "Races.h"

#include <cstring>

using namespace emulator;

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
// 9.7.9.25 st.async, 9.7.9.27 cp.async.bulk.tensor and its groups
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
                            static_cast<unsigned>(bytesOf(flight)),
                            flight.map ? nullptr : flight.words);
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

/// A box as arguments from number `first` on say it: a map and a corner.
static Flight boxAt(Thread &thread, const Operation &operation, uint64_t shared,
                    unsigned first) {
  Flight flight = {};
  flight.rank = operation.facts[BoxRank];
  flight.to = shared;
  flight.map = reinterpret_cast<const unsigned char *>(thread.arguments[first]);
  for (unsigned i = 0; i < flight.rank; ++i)
    flight.corner[i] = static_cast<int32_t>(thread.arguments[first + 1 + i]);
  flight.line = operation.line;
  TensorMap map;
  if (thread.arguments[first] % 64)
    fail(thread, "map must be aligned to 64 bytes, got another address");
  std::memcpy(&map, flight.map, sizeof(map));
  if (map.magic != TensorMap::kMagic || map.rank != flight.rank)
    fail(thread, "map must have been encoded for this many dimensions, got "
                 "another or none");
  flight.block = &addressee(thread, flight.to);
  if (flight.to % (map.swizzle ? 128u << map.swizzle : 128u))
    fail(thread, "box must lie where its swizzle begins, got " +
                     std::to_string(flight.to));
  return flight;
}

static void beginBox(Thread &thread, const Operation &operation) {
  Flight flight = boxAt(thread, operation, thread.arguments[0], 1);
  flight.mailbox = static_cast<uint32_t>(thread.arguments[2 + flight.rank]);
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

/// Calls `move` with each element of a box: its address in shared memory, in
/// the tensor, or 0 outside of it, and its bytes.
template <typename Move> static void walkBox(const Flight &flight, Move move) {
  TensorMap map;
  std::memcpy(&map, flight.map, sizeof(map));
  uint64_t rows = 1;
  for (unsigned i = 1; i < map.rank; ++i)
    rows *= map.box[i];
  uint64_t rowBytes = uint64_t(map.box[0]) * map.elementBytes;
  for (uint64_t row = 0; row < rows; ++row) {
    uint64_t global = map.data, rest = row;
    bool isInside = true;
    for (unsigned i = 1; i < map.rank; ++i) {
      int64_t at = flight.corner[i] + int64_t(rest % map.box[i]);
      rest /= map.box[i];
      isInside &= at >= 0 && uint64_t(at) < map.extents[i];
      global += uint64_t(at) * map.strides[i - 1];
    }
    for (uint64_t piece = 0; piece < rowBytes; piece += 16) {
      uint64_t shared =
          swizzled(flight.to + row * rowBytes + piece, map.swizzle);
      for (unsigned i = 0; i < 16; i += map.elementBytes) {
        int64_t at = flight.corner[0] + int64_t((piece + i) / map.elementBytes);
        bool isThere = isInside && at >= 0 && uint64_t(at) < map.extents[0];
        move(shared + i, isThere ? global + uint64_t(at) * map.elementBytes : 0,
             map.elementBytes);
      }
    }
  }
}

/// Copies a box to shared memory, zeros where it lies outside of the tensor.
static void copyBox(const Flight &flight) {
  walkBox(flight, [](uint64_t shared, uint64_t global, uint64_t bytes) {
    auto *to = reinterpret_cast<char *>(shared);
    if (global)
      std::memcpy(to, reinterpret_cast<const char *>(global), bytes);
    else
      std::memset(to, 0, bytes);
  });
}

/// And back, what lies inside.
static void storeBox(const Flight &flight) {
  walkBox(flight, [](uint64_t shared, uint64_t global, uint64_t bytes) {
    if (global)
      std::memcpy(reinterpret_cast<char *>(global),
                  reinterpret_cast<const char *>(shared), bytes);
  });
}

/// 16 bytes each of what a store of a box reads.
static std::vector<uint64_t> piecesOf(const Flight &flight) {
  std::vector<uint64_t> pieces;
  for (uint64_t at = 0, bytes = bytesOf(flight); at < bytes; at += 16)
    pieces.push_back(flight.to + at);
  return pieces;
}

static void beginStore(Thread &thread, const Operation &operation) {
  Flight flight =
      boxAt(thread, operation, thread.arguments[1 + operation.facts[BoxRank]],
            /*first=*/0);
  if (flight.block != thread.warp->block)
    fail(thread, "box must be stored from the block's own shared memory, got "
                 "another's");
  if (Races *races = racesOf(thread))
    races->beginRead(thread, piecesOf(flight), "a store of a box");
  thread.stores.push_back(flight);
  // What it reads stays until it is waited for, so that storing twice changes
  // nothing.
  if (randomOf(thread).oneIn(3))
    storeBox(flight);
}

static bool readStore(const Statement &statement, Reading &reading) {
  reading.operation.execute = beginStore;
  for (int rank = 1; rank <= 5; ++rank)
    if (statement.text == "cp.async.bulk.tensor." + std::to_string(rank) +
                              "d.global.shared::cta.tile.bulk_group") {
      reading.operation.facts[BoxRank] = rank;
      return statement.operands.size() == 2 &&
             statement.operands[0].parts.size() == size_t(1 + rank);
    }
  return false;
}

static void commitStores(Thread &thread, const Operation &) {
  thread.committedStores = thread.stores.size();
}

/// Only for all groups.
static void awaitStores(Thread &thread, const Operation &) {
  if (thread.arguments[0])
    fail(thread, "groups that may still read must be none, got " +
                     std::to_string(thread.arguments[0]));
  for (size_t i = 0; i < thread.committedStores; ++i) {
    storeBox(thread.stores[i]);
    if (Races *races = racesOf(thread))
      races->endRead(thread, piecesOf(thread.stores[i]));
  }
  thread.stores.erase(thread.stores.begin(),
                      thread.stores.begin() + thread.committedStores);
  thread.committedStores = 0;
}

static bool readStoreOrder(const Statement &statement, Reading &reading) {
  bool commits = statement.text == "cp.async.bulk.commit_group";
  reading.operation.execute = commits ? commitStores : awaitStores;
  return commits || statement.text == "cp.async.bulk.wait_group.read";
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

const OperationRow emulator::copyOperations[] = {
    {"cp.async.bulk.tensor.", readBox},
    {"cp.async.bulk.tensor.", readStore},
    {"cp.async.bulk.", readStoreOrder},
    {"cp.async.", readCopyOrder},
    {"cp.async.", readCopy},
    {"st.async.", readSend},
    {nullptr, nullptr}};
