//===- Driver.h - What runs images of one backend ---------------*- C++ -*-===//
//
// A driver is one row of functions; `Driver.cpp` holds the table. The rest of
// the runtime neither knows nor asks what a backend is.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_RUNTIME_SRC_DRIVER_H
#define GSA_RUNTIME_SRC_DRIVER_H

#include "Status.h"

namespace gsa::runtime {

struct Driver;

/// A checked call and the image that was chosen for it.
struct Call {
  const gsa_kernel *kernel;
  const gsa_params *params;
  const gsa_tensor *tensors;
  gsa_extents extents;
  const Driver *driver;
  const gsa_image *image;
  int64_t blocks;        ///< what the image's grid answered, not negative
  int32_t workers;       ///< set by Driver::plan
  size_t workspaceBytes; ///< set by Driver::plan
};

struct Driver {
  const char *name;
  gsa_backend backend;
  /// Tensors lie in memory that the calling thread can read.
  bool readsHostMemory;
  /// Whether the image runs on this machine; if not, appends the reason, such
  /// as "lacks AVX2".
  bool (*canRun)(const gsa_image &image, Text &reason);
  /// How the call would run: its workers and its workspace.
  gsa_status (*plan)(Call &call);
  /// Runs a planned call, whose workspace was checked. On an error nothing was
  /// written.
  gsa_status (*launch)(const Call &call, gsa_stream stream);
};

/// The image with the best rank among those of gsa_params::backends that run
/// here (the first of equal ones), or the one that `chip` names if it is not
/// null.
gsa_status selectImage(const gsa_kernel &kernel, const gsa_params &params,
                       const Driver *&driver, const gsa_image *&image);

} // namespace gsa::runtime

#endif // GSA_RUNTIME_SRC_DRIVER_H
