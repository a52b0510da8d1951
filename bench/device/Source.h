//===- Source.h - The numbers that a kernel is run on ---------------------===//

#ifndef GSA_BENCH_DEVICE_SOURCE_H
#define GSA_BENCH_DEVICE_SOURCE_H

#include "Case.h"

namespace suite {

/// The numbers of one input before they are rounded. Each depends on nothing
/// but the case and its place, so any part can be made at any time.
class Source {
public:
  /// `shape` is that of the argument in the case's call. Fails with a message
  /// if the case sets an element that is not there.
  static bool create(const Case &one, const Entry &entry, int32_t argument,
                     const gsa_extents &extents, Source &source,
                     std::string &message);

  /// The numbers of elements `first` to `first + count - 1`, row-major.
  void fill(double *values, int64_t first, int64_t count) const;

private:
  const Case *one = nullptr;
  std::string name;
  mlir::gsa::run::Shape shape;
  bool decay = false;
  std::vector<double> offsets; ///< of packed sequences; else empty
  std::vector<std::pair<int64_t, double>> sets;
};

} // namespace suite

#endif // GSA_BENCH_DEVICE_SOURCE_H
