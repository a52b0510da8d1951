//===- Layer.h - Inputs of a layer, and runs of its kernel ----------------===//

#ifndef GSA_BENCH_CPU_LAYER_H
#define GSA_BENCH_CPU_LAYER_H

#include "Recurrence.h"

#include "gsa/gsa.hpp"

#include <string>
#include <vector>

namespace bench {

/// A kernel made from gsa.mlir.in with input for it: q, k, v normal, the decay
/// logsigmoid(normal) / `gate`.
class Layer {
public:
  /// `chip` is gsa_params::chip: null for the best image.
  Layer(const gsa_kernel &kernel, gsa_dtype dtype, int time, int size,
        double gate, const char *chip);
  Layer(const Layer &) = delete;
  Layer &operator=(const Layer &) = delete;

  /// What the recurrence needs of this layer, a head and token.
  double flops() const;
  LayerView view() const;

  /// Runs the kernel; exits the program if it refuses.
  void run(int threads);
  /// Of the kernel's last run: ||o - exact|| / ||exact||, where `exact` is the
  /// recurrence in f64 on the same (rounded) input.
  double error();
  /// The same of any f32 result.
  double error(const std::vector<float> &o);
  /// The largest error that is right, by DESIGN.md section 3 for this element
  /// type.
  double bound() const;

  /// The bytes of the kernel's last result.
  const std::vector<char> &result() const { return o; }
  /// The image that runs, and its schedule.
  std::string image();

private:
  struct Params {
    gsa_params header;
    gsa_tensor q, k, v, g, o;
  };

  const gsa_kernel &kernel;
  gsa_dtype dtype;
  int time, size;
  std::vector<float> q, k, v, g;        ///< as the kernel sees them
  std::vector<gsa::BF16> q16, k16, v16; ///< the same for bf16
  std::vector<char> o;
  std::vector<double> exact;
  Params params = {};
  gsa::Workspace workspace;
};

} // namespace bench

#endif // GSA_BENCH_CPU_LAYER_H
