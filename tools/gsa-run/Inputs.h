//===- Inputs.h - What a kernel is run on -----------------------*- C++ -*-===//

#ifndef GSA_TOOLS_RUN_INPUTS_H
#define GSA_TOOLS_RUN_INPUTS_H

#include "Tensor.h"

#include "gsa/Target/Package.h"

#include "llvm/Support/Error.h"

#include <optional>
#include <string>
#include <vector>

namespace mlir::gsa::run {

/// What decides the inputs; each is an option of the same name.
struct InputOptions {
  std::string shape;              ///< "B=2,T=300,N=3"
  std::vector<std::string> input; ///< "q=path.npy"
  std::vector<std::string> set;   ///< "q@0,3,1,2=nan"
  std::vector<int64_t> lengths;   ///< of packed sequences
  std::vector<std::string> gates; ///< numbers, or "random"
  double gateDivisor = 8;
  std::string text; ///< a file
  uint64_t seed = 1;
};

/// The extents of one call, and what its inputs hold before they are rounded.
struct Inputs {
  gsa_extents extents;
  std::vector<Values> values; ///< one for each argument; outputs have none
};

/// An error whose text is `message`.
llvm::Error fail(const llvm::Twine &message);

/// The shape of `argument` in a call with `extents`.
Shape shapeOf(const PackagedArgument &argument, const gsa_extents &extents);

/// The inputs of a kernel. `decays` is from `findDecays` of its spec.
llvm::Expected<Inputs> makeInputs(const PackagedKernel &kernel,
                                  const std::vector<bool> &decays,
                                  const InputOptions &options);

} // namespace mlir::gsa::run

#endif // GSA_TOOLS_RUN_INPUTS_H
