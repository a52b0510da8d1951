//===- Driver.cpp - The table of drivers, and the choice of an image ------===//

#include "Driver.h"

#include "Check.h"
#include "cpu/Driver.h"
#include "cuda/Driver.h"

#include <cinttypes>
#include <cstring>

namespace gsa::runtime {

static const Driver *const drivers[] = {
    &cpuDriver,
    &cudaDriver,
};

namespace {

/// What is known of the images of one call.
class Selection {
public:
  Selection(const gsa_kernel &kernel, const char *chip, int32_t allowed,
            gsa_stream stream)
      : kernel(kernel), chip(chip), allowed(allowed), stream(stream) {}

  gsa_status choose(Choice &choice);

private:
  /// What a driver said when it was first asked.
  struct Site {
    bool asked;
    gsa_status status;
    Place place;
  };

  const Driver *findDriver(const gsa_image &image, Text &reason, Site *&site);
  bool canRun(const gsa_image &image, Text &reason, Choice &choice);
  void appendImages(Text &text);
  gsa_status refuse(bool known);

  const gsa_kernel &kernel;
  const char *chip;
  int32_t allowed;
  gsa_stream stream;
  Site sites[sizeof(drivers) / sizeof(*drivers)] = {};
  /// Why images could not run: there was no place, or another reason.
  gsa_status nowhere = GSA_SUCCESS;
  bool unfit = false;
};

} // namespace

/// The driver of an image that may run; null, with the reason, if there is
/// none.
const Driver *Selection::findDriver(const gsa_image &image, Text &reason,
                                    Site *&site) {
  if (image.backend >= 0 && image.backend < GSA_NUM_BACKENDS &&
      !(allowed & 1 << image.backend)) {
    reason.append("not of params->backends");
    return nullptr;
  }
  site = sites;
  for (const Driver *driver : drivers) {
    if (driver->backend == image.backend)
      return driver;
    ++site;
  }
  reason.append("no driver for backend %" PRId32 " in this runtime",
                image.backend);
  unfit = true;
  return nullptr;
}

bool Selection::canRun(const gsa_image &image, Text &reason, Choice &choice) {
  Site *site;
  const Driver *driver = findDriver(image, reason, site);
  if (!driver)
    return false;
  // Asked again after a failure for its reason, which nobody keeps.
  if (!site->asked || site->status) {
    site->asked = true;
    site->status = driver->locate(stream, site->place, reason);
    if (site->status) {
      nowhere = site->status;
      return false;
    }
  }
  if (!driver->canRun(image, site->place, reason)) {
    unfit = true;
    return false;
  }
  choice = {driver, &image, site->place};
  return true;
}

/// "x86-64-v4 (lacks AVX512), x86-64 (runs here)"; a reason that the next image
/// shares is said once, behind the last: "a, b (lacks AVX512)".
void Selection::appendImages(Text &text) {
  if (kernel.num_images == 0)
    text.append("none");
  Text last = {};
  for (int32_t i = 0; i < kernel.num_images; ++i) {
    Text reason = {};
    Choice choice;
    if (canRun(kernel.images[i], reason, choice))
      reason.append("runs here");
    if (i > 0 && std::strcmp(reason.buffer, last.buffer) != 0)
      text.append(" (%s)", last.buffer);
    text.append("%s%s", i > 0 ? ", " : "", kernel.images[i].chip);
    last = reason;
  }
  if (kernel.num_images > 0)
    text.append(" (%s)", last.buffer);
}

gsa_status Selection::refuse(bool known) {
  gsa_status status = nowhere && !unfit ? nowhere : GSA_ERROR_NO_IMAGE;
  Text images = {};
  appendImages(images);
  if (!chip)
    return fail(status, "kernel '%s' must have an image that runs here, got %s",
                kernel.name, images.buffer);
  return fail(status,
              "params->chip must name an image of kernel '%s'%s, got '%s' of "
              "%s",
              kernel.name, known ? " that runs here" : "", chip, images.buffer);
}

gsa_status Selection::choose(Choice &choice) {
  choice = {};
  bool known = false;
  for (int32_t i = 0; i < kernel.num_images; ++i) {
    const gsa_image &candidate = kernel.images[i];
    if (chip && std::strcmp(candidate.chip, chip) != 0)
      continue;
    known = true;
    if (choice.image && candidate.rank <= choice.image->rank)
      continue;
    Text reason = {};
    (void)canRun(candidate, reason, choice);
  }
  return choice.image ? GSA_SUCCESS : refuse(known);
}

/// The set of backends whose images may run: what the call says, or else its
/// default, see gsa_params::backends.
static int32_t allowedBackends(const gsa_kernel &kernel,
                               const gsa_params &head) {
  constexpr int32_t host = 1 << GSA_BACKEND_CPU;
  constexpr int32_t all = (1 << GSA_NUM_BACKENDS) - 1;
  if (head.backends)
    return head.backends;
  if (head.chip)
    return all;
  for (int32_t i = 0; i < kernel.num_images; ++i)
    if (!isHostImage(kernel.images[i]))
      return all & ~host;
  return host;
}

gsa_status selectImage(const gsa_kernel &kernel, const gsa_params *params,
                       gsa_stream stream, Choice &choice) {
  const gsa_params head = params ? *params : gsa_params{};
  Selection selection(kernel, head.chip, allowedBackends(kernel, head), stream);
  return selection.choose(choice);
}

} // namespace gsa::runtime
