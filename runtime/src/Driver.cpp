//===- Driver.cpp - The table of drivers, and the choice of an image ------===//

#include "Driver.h"

#include "cpu/Driver.h"

#include <cinttypes>
#include <cstring>

namespace gsa::runtime {

static const Driver *const drivers[] = {&cpuDriver};

static const Driver *findDriver(int32_t backend) {
  for (const Driver *driver : drivers)
    if (driver->backend == backend)
      return driver;
  return nullptr;
}

/// The set of backends whose images may run: what the call says, or else its
/// default, see gsa_params::backends.
static int32_t allowedBackends(const gsa_kernel &kernel,
                               const gsa_params &params) {
  constexpr int32_t host = 1 << GSA_BACKEND_CPU;
  constexpr int32_t all = (1 << GSA_NUM_BACKENDS) - 1;
  if (params.backends)
    return params.backends;
  if (params.chip)
    return all;
  for (int32_t i = 0; i < kernel.num_images; ++i)
    if (kernel.images[i].backend != GSA_BACKEND_CPU)
      return all & ~host;
  return host;
}

/// The driver that runs the image here; null, with the reason, if none does.
static const Driver *driverFor(const gsa_image &image, int32_t allowed,
                               Text &reason) {
  if (image.backend >= 0 && image.backend < GSA_NUM_BACKENDS &&
      !(allowed & 1 << image.backend)) {
    reason.append("not of params->backends");
    return nullptr;
  }
  const Driver *driver = findDriver(image.backend);
  if (!driver) {
    reason.append("no driver for backend %" PRId32 " in this runtime",
                  image.backend);
    return nullptr;
  }
  return driver->canRun(image, reason) ? driver : nullptr;
}

/// "x86-64-v4 (lacks AVX512), x86-64 (runs here)"
static void appendImages(Text &text, const gsa_kernel &kernel,
                         int32_t allowed) {
  if (kernel.num_images == 0)
    text.append("none");
  for (int32_t i = 0; i < kernel.num_images; ++i) {
    Text reason = {};
    bool runs = driverFor(kernel.images[i], allowed, reason);
    text.append("%s%s (%s)", i ? ", " : "", kernel.images[i].chip,
                runs ? "runs here" : reason.buffer);
  }
}

gsa_status selectImage(const gsa_kernel &kernel, const gsa_params &params,
                       const Driver *&driver, const gsa_image *&image) {
  const char *chip = params.chip;
  int32_t allowed = allowedBackends(kernel, params);
  driver = nullptr;
  image = nullptr;
  bool known = false;
  for (int32_t i = 0; i < kernel.num_images; ++i) {
    const gsa_image &candidate = kernel.images[i];
    if (chip && std::strcmp(candidate.chip, chip) != 0)
      continue;
    known = true;
    if (image && candidate.rank <= image->rank)
      continue;
    Text reason = {};
    if (const Driver *found = driverFor(candidate, allowed, reason)) {
      driver = found;
      image = &candidate;
    }
  }
  if (image)
    return GSA_SUCCESS;

  Text images = {};
  appendImages(images, kernel, allowed);
  if (!chip)
    return fail(GSA_ERROR_NO_IMAGE,
                "kernel '%s' must have an image that runs here, got %s",
                kernel.name, images.buffer);
  return fail(GSA_ERROR_NO_IMAGE,
              "params->chip must name an image of kernel '%s'%s, got '%s' of "
              "%s",
              kernel.name, known ? " that runs here" : "", chip, images.buffer);
}

} // namespace gsa::runtime
