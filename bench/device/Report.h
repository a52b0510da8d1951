//===- Report.h - What a run of the suite found ---------------------------===//

#ifndef GSA_BENCH_DEVICE_REPORT_H
#define GSA_BENCH_DEVICE_REPORT_H

#include "Peers.h"

namespace suite {

/// One image of one problem: what bench and check said of it, as JSON.
struct Row {
  std::string problem;
  nlohmann::json bench;
  nlohmann::json check = nlohmann::json::object(); ///< empty: not checked
};

/// A law of the issue: a time of `problem` over another one is at most `limit`.
struct Bar {
  std::string text;          ///< the line of the list
  std::string problem, chip; ///< `chip` empty: the image that is chosen
  std::string over; ///< "floor", a peer, a problem, or "MiB" of workspace, or
                    ///< "ms" to the first result
  double limit;
};

/// Everything.
struct Report {
  nlohmann::json machine; ///< label to text
  double bandwidth = 0;   ///< bytes a second
  double seconds = 0;     ///< that the run took
  nlohmann::json checks;  ///< by group: counts, the worst errors; and failures
  nlohmann::json sanitizers;
  nlohmann::json start; ///< problem to milliseconds
  std::vector<Row> rows;
  PeerResults peers;
  std::vector<Bar> bars;
};

/// Reads "PROBLEM[@CHIP] OVER LIMIT" lines. False, with a message, if one is
/// none.
bool readBars(const std::string &path, std::vector<Bar> &bars,
              std::string &message);

/// Tables for people, to standard output.
void print(const Report &report);

/// The same as JSON, to `path`. False, with a message, if it cannot be written.
bool writeJson(const Report &report, const std::string &path);

} // namespace suite

#endif // GSA_BENCH_DEVICE_REPORT_H
