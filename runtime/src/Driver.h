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

/// Where a call runs, in a driver's own terms.
struct Place {
  void *context;       ///< null: the driver's choice, made when code is loaded
  int32_t device;      ///< its number
  int32_t arch;        ///< as gsa_image::arch
  int32_t sharedBytes; ///< the most that a block can have
  int32_t processors;  ///< that run blocks, 1 or more
};

/// A checked call and the image that was chosen for it.
struct Call {
  const gsa_kernel *kernel;
  const gsa_params *params;
  const gsa_tensor *tensors;
  gsa_extents extents;
  const Driver *driver;
  const gsa_image *image;
  Place place;
  size_t tensorBytes;    ///< of the image's workspaces, which lie first
  int64_t blocks;        ///< set by Driver::plan, not negative
  int32_t workers;       ///< set by Driver::plan
  size_t workspaceBytes; ///< of the call; Driver::plan adds the workers'
};

struct Driver {
  const char *name;
  gsa_backend backend;
  /// Tensors lie in memory that the calling thread can read.
  bool readsHostMemory;
  /// Finds where a call on `stream` runs; a null stream asks for the calling
  /// thread's own place. If there is none, appends the reason, such as "...
  /// driver must be found, got ...", and returns GSA_ERROR_NO_DEVICE or
  /// GSA_ERROR_DRIVER.
  gsa_status (*locate)(gsa_stream stream, Place &place, Text &reason);
  /// Whether the image runs there; if not, appends the reason, such as "lacks
  /// AVX2".
  bool (*canRun)(const gsa_image &image, const Place &place, Text &reason);
  /// How the call would run: its blocks, those of the stage with the most, its
  /// workers, and the bytes that they need behind the workspaces.
  gsa_status (*plan)(Call &call);
  /// How many blocks of the image's last stage run at the same time, 1 or more.
  /// Asked for images that may cut sequences; loads the image if it has to.
  gsa_status (*countResident)(const Call &call, int64_t &blocks);
  /// Does what a first launch of the image there would do before it runs.
  gsa_status (*preload)(const gsa_kernel &kernel, const gsa_image &image,
                        const Place &place);
  /// Runs a planned call, whose workspace was checked. On an error but
  /// GSA_ERROR_DRIVER nothing was written.
  gsa_status (*launch)(const Call &call, gsa_stream stream);
};

/// What a call may run, and where.
struct Choice {
  const Driver *driver;
  const gsa_image *image;
  Place place;
};

/// The image with the best rank among those of gsa_params::backends that run
/// here (the first of equal ones), or the one that gsa_params::chip names if it
/// is not null. `params` may be null: all of its head is zero. If none is left,
/// GSA_ERROR_NO_IMAGE, or what Driver::locate says if it fails for every image
/// that may run.
gsa_status selectImage(const gsa_kernel &kernel, const gsa_params *params,
                       gsa_stream stream, Choice &choice);

} // namespace gsa::runtime

#endif // GSA_RUNTIME_SRC_DRIVER_H
