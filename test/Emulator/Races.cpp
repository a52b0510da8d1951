//===- Races.cpp - Accesses to shared memory that nothing orders ----------===//

#include "Races.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

using namespace emulator;

namespace {
constexpr unsigned kCellBytes = 2;
constexpr unsigned kMaxMailboxes = 256; // of a gang
/// Of a read: which lane, or several.
constexpr uint32_t kManyLanes = 0xff;
/// A clock that nobody has seen: of a read that is going on.
constexpr uint32_t kNow = 0xffffff;
} // namespace

bool emulator::racesAreChecked() {
  static const bool areChecked = [] {
    const char *text = std::getenv("GSA_EMULATOR_RACES");
    return text && *text && std::string(text) != "0";
  }();
  return areChecked;
}

void Races::View::join(const View &other) {
  for (size_t i = 0; i < seen.size(); ++i) {
    seen[i] = std::max(seen[i], other.seen[i]);
    fenced[i] = std::max(fenced[i], other.fenced[i]);
  }
}

Races::Races(Gang &gang) : gang(gang) {
  warpsOfBlock = gang.blocks.front()->warps.size();
  size_t actors = gang.warps.size() + kMaxMailboxes;
  View nothing = {Clocks(actors), Clocks(actors)};
  views.assign(gang.warps.size(), nothing);
  for (size_t i = 0; i < views.size(); ++i)
    views[i].seen[i] = 1;
  cluster = nothing;
  sites.resize(gang.blocks.size());
  size_t cells = gang.launch->sharedBytes / kCellBytes;
  for (Site &site : sites) {
    site.cells.resize(cells);
    site.reads.resize(cells * warpsOfBlock);
  }
}

Races::Site &Races::locate(Thread &thread, uint64_t address, unsigned bytes,
                           size_t &first, size_t &last) {
  // Windows lie side by side, and in each the memory begins at the same place.
  const Block &front = *gang.blocks.front();
  uint64_t offset = address - front.shared, rank = offset / kWindow;
  offset %= kWindow;
  if (address < front.shared || rank >= sites.size() ||
      offset + bytes > gang.launch->sharedBytes)
    fail(thread, "address must be of the block's shared memory, got " +
                     std::to_string(address));
  first = offset / kCellBytes;
  last = (offset + bytes - 1) / kCellBytes;
  return sites[rank];
}

static std::string nameOf(const Gang &gang, unsigned actor) {
  if (actor >= gang.warps.size())
    return "a copy";
  const Thread &first = gang.warps[actor]->threads.front();
  return "warp " + std::to_string(first.special[WarpId]) + " of block " +
         std::to_string(first.special[CtaidX]);
}

inline bool Races::isBehind(const Thread &thread, const Cell &cell) const {
  if (!cell.clock)
    return true;
  unsigned me = thread.warp->number;
  const Clock *seen = views[me].seen.data();
  // Lanes of a warp know each other's past up to the last barrier.
  if (cell.actor == me && (cell.lane != thread.lane() || cell.isOfSeveral) &&
      cell.clock >= seen[me])
    return false;
  return seen[cell.actor] >= cell.clock && !cell.isPending;
}

void Races::failWrite(Thread &thread, const Cell &cell, const char *what) {
  fail(thread, std::string("race: ") + what + " what line " +
                   std::to_string(cell.line) + " wrote, " +
                   nameOf(gang, cell.actor) +
                   (cell.actor < gang.warps.size()
                        ? ", lane " + std::to_string(cell.lane)
                        : "") +
                   (cell.isPending ? ", a copy that nobody has waited for"
                                   : ", and nothing orders the two"));
}

/// All reads must come before it.
void Races::checkReads(Thread &thread, Site &site, size_t cell,
                       const char *what) {
  const Warp &warp = *thread.warp;
  const View &view = views[warp.number];
  unsigned base = static_cast<unsigned>(&site - sites.data()) * warpsOfBlock;
  const uint32_t *reads = &site.reads[cell * warpsOfBlock];
  for (size_t i = 0; i < warpsOfBlock; ++i) {
    if (!reads[i])
      continue;
    uint32_t clock = reads[i] >> 8, lane = reads[i] & 0xff;
    bool isOrdered = view.seen[base + i] >= clock;
    if (base + i == warp.number)
      isOrdered =
          clock != kNow && (lane == thread.lane() || clock < clockOf(warp));
    if (!isOrdered)
      fail(thread,
           std::string("race: ") + what + " what " +
               nameOf(gang, static_cast<unsigned>(base + i)) + " reads" +
               (clock == kNow ? " by a product or a box that it has not waited "
                                "for"
                              : ", and nothing orders the two"));
  }
}

void Races::write(Cell &cell, Thread &thread, Clock clock) {
  cell.clock = clock;
  cell.line = thread.line;
  cell.fences = thread.fences;
  cell.actor = static_cast<uint16_t>(thread.warp->number);
  cell.lane = static_cast<uint8_t>(thread.lane());
  cell.isPending = cell.isOfSeveral = false;
}

void Races::touch(Thread &thread, uint64_t address, unsigned bytes,
                  Access access, const void *value) {
  size_t first, last;
  Site &site = locate(thread, address, bytes, first, last);
  Warp &warp = *thread.warp;
  bool isWrite = access == Access::Write;
  Clock clock = clockOf(warp);
  size_t column = warp.number % warpsOfBlock;
  for (size_t i = first; i <= last; ++i) {
    Cell &cell = site.cells[i];
    if (isWrite) {
      size_t offset = (i - first) * kCellBytes;
      bool isSame =
          value && cell.clock && !cell.isPending &&
          !std::memcmp(reinterpret_cast<const char *>(address) + offset,
                       static_cast<const char *>(value) + offset,
                       std::min<size_t>(kCellBytes, bytes - offset));
      if (!isSame && !isBehind(thread, cell))
        failWrite(thread, cell, "writes over");
      checkReads(thread, site, i, "writes");
      bool isOfSeveral = isSame && cell.actor == warp.number &&
                         cell.clock == clock &&
                         (cell.lane != thread.lane() || cell.isOfSeveral);
      write(cell, thread, clock);
      cell.isOfSeveral = isOfSeveral;
      continue;
    }
    if (!isBehind(thread, cell))
      failWrite(thread, cell, "reads");
    uint32_t &read = site.reads[i * warpsOfBlock + column];
    if (read >> 8 == kNow)
      continue;
    uint32_t lane = read >> 8 == clock && (read & 0xff) != thread.lane()
                        ? kManyLanes
                        : thread.lane();
    read = clock << 8 | lane;
  }
}

//===----------------------------------------------------------------------===//
// What orders
//===----------------------------------------------------------------------===//

void Races::arriveAtBarrier(Thread &thread, unsigned number) {
  Site &site = sites[thread.warp->block->rank];
  std::vector<Warp *> &warps = site.atBarrier[number];
  if (std::find(warps.begin(), warps.end(), thread.warp) == warps.end())
    warps.push_back(thread.warp);
}

void Races::completeBarrier(Block &block, unsigned number) {
  std::vector<Warp *> &warps = sites[block.rank].atBarrier[number];
  View all = views[warps.front()->number];
  for (Warp *warp : warps)
    all.join(views[warp->number]);
  for (Warp *warp : warps) {
    views[warp->number] = all;
    ++clockOf(*warp);
  }
  warps.clear();
}

void Races::arriveAtCluster(Thread &thread) {
  if (std::find(atCluster.begin(), atCluster.end(), thread.warp) ==
      atCluster.end())
    atCluster.push_back(thread.warp);
}

void Races::completeCluster() {
  for (Warp *warp : atCluster)
    cluster.join(views[warp->number]);
  // Arrival and wait stand together in what is emitted, so that nothing
  // happens between them.
  for (Warp *warp : atCluster) {
    views[warp->number].join(cluster);
    ++clockOf(*warp);
  }
  atCluster.clear();
}

void Races::beginMailbox(Mailbox &mailbox) {
  mailbox.actor = static_cast<unsigned>(mailboxes.size());
  View nothing = {Clocks(cluster.seen.size()), Clocks(cluster.seen.size())};
  mailboxes.push_back(nothing);
  if (mailboxes.size() > kMaxMailboxes)
    std::abort();
}

void Races::arriveAtMailbox(Thread &thread, Mailbox &mailbox) {
  mailboxes[mailbox.actor].join(views[thread.warp->number]);
}

void Races::awaitMailbox(Thread &thread, Mailbox &mailbox) {
  View &view = views[thread.warp->number];
  view.join(mailboxes[mailbox.actor]);
  Clock &phases = view.seen[gang.warps.size() + mailbox.actor];
  phases = std::max(phases, static_cast<Clock>(mailbox.phase));
}

void Races::fence(Thread &thread) {
  // What this thread wrote, and what all others wrote before a barrier.
  ++thread.fences;
  View &view = views[thread.warp->number];
  for (size_t i = 0; i < view.seen.size(); ++i) {
    Clock known = i == thread.warp->number ? view.seen[i] - 1 : view.seen[i];
    view.fenced[i] = std::max(view.fenced[i], known);
  }
}

//===----------------------------------------------------------------------===//
// What lands later
//===----------------------------------------------------------------------===//

void Races::beginCopy(Thread &thread, const Copy &copy) {
  touch(thread, copy.to, copy.bytes, Access::Write);
  size_t first, last;
  Site &site = locate(thread, copy.to, copy.bytes, first, last);
  for (size_t i = first; i <= last; ++i)
    site.cells[i].isPending = true;
}

void Races::endCopy(Thread &thread, const Copy &copy) {
  size_t first, last;
  Site &site = locate(thread, copy.to, copy.bytes, first, last);
  for (size_t i = first; i <= last; ++i) {
    // A fence before the wait was of no use.
    write(site.cells[i], thread, clockOf(*thread.warp));
  }
}

void Races::beginFlight(Thread &thread, Mailbox &mailbox, uint64_t address,
                        unsigned bytes, const uint32_t *words) {
  size_t first, last;
  Site &site = locate(thread, address, bytes, first, last);
  // Who gets it knows that the sender was here.
  arriveAtMailbox(thread, mailbox);
  auto actor = static_cast<uint16_t>(gang.warps.size() + mailbox.actor);
  auto clock = static_cast<Clock>(mailbox.phase + 1);
  for (size_t i = first; i <= last; ++i) {
    Cell &cell = site.cells[i];
    uint16_t sent = 0;
    if (words)
      std::memcpy(&sent,
                  reinterpret_cast<const char *>(words) +
                      (i - first) * kCellBytes,
                  kCellBytes);
    bool isSame = words && cell.actor == actor && cell.clock == clock &&
                  cell.line == thread.line && cell.sent == sent;
    if (!isSame && !isBehind(thread, cell))
      failWrite(thread, cell, "sends over");
    checkReads(thread, site, i, "sends over");
    write(cell, thread, clock);
    cell.actor = actor;
    cell.sent = sent;
  }
}

bool Races::isFenced(const Thread &thread, const Cell &cell) const {
  // Boxes land where wgmma reads.
  if (!cell.clock || cell.actor >= gang.warps.size() ||
      views[thread.warp->number].fenced[cell.actor] >= cell.clock)
    return true;
  return gang.warps[cell.actor]->threads[cell.lane].fences > cell.fences;
}

void Races::beginRead(Thread &thread, const std::vector<uint64_t> &pieces,
                      const std::string &reader) {
  Warp &warp = *thread.warp;
  for (uint64_t address : pieces) {
    size_t first, last;
    Site &site = locate(thread, address, 16, first, last);
    for (size_t i = first; i <= last; ++i) {
      Cell &cell = site.cells[i];
      // All lanes issue it together, so each must be behind the write.
      if (cell.actor == warp.number && cell.clock >= clockOf(warp) &&
          cell.clock)
        fail(thread, "race: " + reader + " reads what line " +
                         std::to_string(cell.line) +
                         " of the same warp wrote, "
                         "with no barrier between them");
      if (!isBehind(thread, cell))
        failWrite(thread, cell, (reader + " reads").c_str());
      if (!isFenced(thread, cell))
        fail(thread, reader + " reads what line " + std::to_string(cell.line) +
                         " wrote, with no fence.proxy.async between them");
      site.reads[i * warpsOfBlock + warp.number % warpsOfBlock] = kNow << 8;
    }
  }
}

void Races::endRead(Thread &thread, const std::vector<uint64_t> &pieces) {
  Warp &warp = *thread.warp;
  uint32_t read = clockOf(warp) << 8 | kManyLanes;
  for (uint64_t address : pieces) {
    size_t first, last;
    Site &site = locate(thread, address, 16, first, last);
    for (size_t i = first; i <= last; ++i)
      site.reads[i * warpsOfBlock + warp.number % warpsOfBlock] = read;
  }
}
