//===- Case.h - What the suite runs, as its lists say it ------------------===//

#ifndef GSA_BENCH_DEVICE_CASE_H
#define GSA_BENCH_DEVICE_CASE_H

#include "Table.h"
#include "Tensor.h"

#include <optional>
#include <string>
#include <vector>

namespace suite {

/// Who launches at the same time.
enum class Concurrent { None, Streams, Threads };

/// One line of a list: a group, then options. Those that gsa-run has mean the
/// same here.
struct Case {
  std::string group, text; ///< `text`: the options as they stand
  std::string function, name;
  std::string chips = "best"; ///< or "each", or the name of an image
  std::optional<int64_t> batch, time, sequences;
  std::vector<int64_t> lengths;
  std::vector<std::optional<double>> gates; ///< none: random
  double gateDivisor = 8;
  /// "name@i,j=value".
  struct Set {
    std::string name;
    std::vector<int64_t> index;
    double value;
  };
  std::vector<Set> sets;
  mlir::gsa::run::Storage storage = mlir::gsa::run::Storage::Dense;
  uint64_t seed = 1;
  bool silu = false; ///< numbers that are no decays: silu of normal ones
  Concurrent concurrent = Concurrent::None;
  bool bench = false;    ///< measured, too
  bool alone = false;    ///< takes so much memory that nothing runs beside it
  bool sanitize = false; ///< small: run under a sanitizer, too
  int seconds = 0;       ///< after which a check is ended; 0: 60, or 240 of
                         ///< what is measured

  /// What a report calls it.
  const std::string &title() const { return name.empty() ? text : name; }
};

/// Reads a list; an empty line or one that begins with '#' is no case. False,
/// with a message that says where and what, if a line is wrong.
bool readCases(const std::string &path, std::vector<Case> &cases,
               std::string &message);

/// Makes a case small enough to run in a moment.
void shrink(Case &one);

/// The entry of a case's function; null if there is none.
const Entry *findEntry(const Case &one);

/// The extents that a case gives a kernel. False, with a message, if it gives
/// none.
bool findExtents(const Case &one, const gsa_kernel &kernel,
                 gsa_extents &extents, std::string &message);

} // namespace suite

#endif // GSA_BENCH_DEVICE_CASE_H
