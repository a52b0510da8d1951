//===- Races.h - Accesses to shared memory that nothing orders --*- C++ -*-===//
//
// Each warp has a vector clock (Lamport 1978; Flanagan and Freund, FastTrack,
// PLDI 2009): how far it knows what each other warp, and each mbarrier, has
// done. Barriers join them. Two accesses to the same two bytes, one of them a
// write, that are not ordered by the clocks are a race, in whatever order they
// happened to come; between lanes of one warp it takes a barrier in between,
// too. A second vector has what a fence.proxy.async has made visible to wgmma
// (PTX ISA 9.0, 8.9.1.1: proxy-preserved order).
//
//===----------------------------------------------------------------------===//

#ifndef GSA_TEST_EMULATOR_RACES_H
#define GSA_TEST_EMULATOR_RACES_H

#include "Machine.h"

namespace emulator {

/// Whether GSA_EMULATOR_RACES is set, and not to 0.
bool racesAreChecked();

enum class Access { Read, Write };

/// Of one gang. Addresses and bytes must lie in shared memory; an access that
/// does not, or a race, ends the launch.
class Races {
public:
  explicit Races(Gang &gang);

  /// `value` is what a write is going to write. Lanes may write the same value
  /// to the same place at a time.
  void touch(Thread &thread, uint64_t address, unsigned bytes, Access access,
             const void *value = nullptr);

  void arriveAtBarrier(Thread &thread, unsigned number);
  void completeBarrier(Block &block, unsigned number);
  /// bar.warp.sync
  void orderLanes(Warp &warp) { ++clockOf(warp); }
  void arriveAtCluster(Thread &thread);
  void completeCluster();

  void beginMailbox(Mailbox &mailbox);
  void arriveAtMailbox(Thread &thread, Mailbox &mailbox);
  void awaitMailbox(Thread &thread, Mailbox &mailbox);

  /// cp.async: nobody may touch its bytes until its thread has waited.
  void beginCopy(Thread &thread, const Copy &copy);
  void endCopy(Thread &thread, const Copy &copy);
  /// What lands, byte ranges of it: only who has waited at the mbarrier for
  /// this phase may touch them. `words`, if they are known, may be sent to the
  /// same place several times a phase.
  void beginFlight(Thread &thread, Mailbox &mailbox, uint64_t address,
                   unsigned bytes, const uint32_t *words);

  /// wgmma, and stores of boxes: pieces of 16 bytes that `reader` reads,
  /// through the async proxy, and nobody may write until it is waited for.
  void beginRead(Thread &thread, const std::vector<uint64_t> &pieces,
                 const std::string &reader);
  void endRead(Thread &thread, const std::vector<uint64_t> &pieces);
  /// fence.proxy.async
  void fence(Thread &thread);

private:
  using Clock = uint32_t;
  using Clocks = std::vector<Clock>;
  /// Two bytes.
  struct Cell {
    Clock clock = 0;     ///< of the last write; 0 if there was none
    uint32_t line = 0;   ///< of that
    uint32_t fences = 0; ///< that its thread had executed before it
    uint16_t actor = 0;  ///< who wrote: a warp, or behind these an mbarrier
    uint16_t sent = 0;   ///< what is on its way, if its words are known
    uint8_t lane = 0;
    bool isPending : 1;   ///< a cp.async that nobody has waited for
    bool isOfSeveral : 1; ///< lanes, which wrote the same value
    Cell() : isPending(false), isOfSeveral(false) {}
  };
  struct View {
    Clocks seen, fenced;
    void join(const View &other);
  };
  struct Site {
    std::vector<Cell> cells;
    std::vector<uint32_t> reads; ///< of each cell, of each warp: clock, lane
    std::map<unsigned, View> barriers; ///< what those who have come know
    std::map<unsigned, std::vector<Warp *>> atBarrier;
  };

  Clock &clockOf(const Warp &warp) {
    return views[warp.number].seen[warp.number];
  }
  /// The cells of [address, address + bytes).
  Site &locate(Thread &thread, uint64_t address, unsigned bytes, size_t &first,
               size_t &last);
  /// Whether wgmma sees the last write.
  bool isFenced(const Thread &thread, const Cell &cell) const;
  static void write(Cell &cell, Thread &thread, Clock clock);
  /// Whether the last write comes before what `thread` does now.
  bool isBehind(const Thread &thread, const Cell &cell) const;
  [[noreturn]] void failWrite(Thread &thread, const Cell &cell,
                              const char *what);
  void checkReads(Thread &thread, Site &site, size_t cell, const char *what);

  Gang &gang;
  size_t warpsOfBlock;
  std::vector<View> views;     ///< of warps
  std::vector<View> mailboxes; ///< what those who arrived knew
  std::vector<Site> sites;     ///< of blocks
  View cluster;
  std::vector<Warp *> atCluster;
};

} // namespace emulator

#endif // GSA_TEST_EMULATOR_RACES_H
