//===- Run.h - A case, checked and measured -------------------------------===//

#ifndef GSA_BENCH_DEVICE_RUN_H
#define GSA_BENCH_DEVICE_RUN_H

#include "Call.h"

namespace suite {

enum class Status { Pass, Fail, Skip };

/// What checking a case on one image found.
struct CheckResult {
  std::string chip; ///< empty if no image was chosen
  Status status = Status::Fail;
  std::string detail; ///< why, but for a pass
  /// Of the output whose error comes closest to its bound, or is furthest
  /// beyond it.
  std::string output;
  double error = 0, bound = 0;
  int64_t workspace = 0; ///< bytes
};

/// Compares a case's outputs with the recurrence, each image's launches with
/// each other, and looks for what was written beside outputs.
std::vector<CheckResult> check(Device &device, const Case &one);

/// What measuring a case on one image found.
struct BenchResult {
  std::string chip, schedule;
  Status status = Status::Fail;
  std::string detail;
  double bytes = 0; ///< of all arguments, each once
  /// Milliseconds of a launch, medians: alone on the device between two events;
  /// in a loop of launches on a stream; in a graph of launches.
  double alone = 0, stream = 0, graph = 0;
  double least = 0, most = 0; ///< of `alone`
  int launches = 0;           ///< that `alone` is the median of
  int sets = 0;               ///< of inputs, which launches take by turns
  int64_t workspace = 0;      ///< bytes
};

/// Measures a case on the images that it wants. No launch takes the inputs of
/// the one before it, so that no cache of the device has them. `quick` measures
/// a few launches only.
std::vector<BenchResult> bench(Device &device, const Case &one, bool quick);

/// Bytes a second, read and written, of a large copy on the device: median.
double copyBandwidth(Device &device, bool quick);

/// Milliseconds from `start`, of the monotonic clock, to the first result of a
/// case on its best image in this process, without the driver's own start. A
/// negative number if there is none, with a message.
double firstResult(const std::string &backend, const Case &one, int64_t start,
                   std::string &message);

} // namespace suite

#endif // GSA_BENCH_DEVICE_RUN_H
