//===- Peers.h - Other implementations, measured in the same run ----------===//

#ifndef GSA_BENCH_DEVICE_PEERS_H
#define GSA_BENCH_DEVICE_PEERS_H

#include "Worker.h"

#include <map>

namespace suite {

/// Milliseconds, alone on the device; and in a loop of launches, 0 if unknown.
struct PeerTime {
  double alone = 0, stream = 0;
};

/// What was measured of others: peer and problem, "fla" and "t2r7b", to times.
struct PeerResults {
  std::map<std::string, std::map<std::string, PeerTime>> times;
  std::vector<std::string> notes; ///< what could not be measured, and why
};

/// The libraries that Python knows: compiled and tuned from `start` on, beside
/// whatever else runs, and measured by `finish`, beside nothing.
class PythonPeers {
public:
  explicit PythonPeers(const Options &options);
  ~PythonPeers();
  /// Starts to compile. False, with a note, if there is nothing to run.
  bool start(PeerResults &results);
  /// Measures, and waits for it for at most `seconds`.
  void finish(PeerResults &results, int seconds);

private:
  const Options &options;
  int pid = -1, go = -1;
};

/// Runs the prototype's binary, if the bundle has it.
void runPrototype(const Options &options, PeerResults &results);

} // namespace suite

#endif // GSA_BENCH_DEVICE_PEERS_H
