//===- Status.cpp - How the runtime says what went wrong ------------------===//

#include "Status.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace gsa::runtime {

// Trivial, so that a thread's copy needs neither constructor nor destructor.
static thread_local Text detail;

static void appendArguments(Text &text, const char *format, va_list arguments) {
  size_t room = Text::capacity - text.length;
  int wanted =
      std::vsnprintf(text.buffer + text.length, room, format, arguments);
  if (wanted < 0)
    return;
  if (static_cast<size_t>(wanted) < room) {
    text.length += static_cast<size_t>(wanted);
    return;
  }
  text.length = Text::capacity - 1;
  std::memcpy(text.buffer + text.length - 3, "...", 4);
}

void Text::append(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  appendArguments(*this, format, arguments);
  va_end(arguments);
}

gsa_status fail(gsa_status status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  detail.length = 0;
  appendArguments(detail, format, arguments);
  va_end(arguments);
  return status;
}

} // namespace gsa::runtime

const char *gsa_status_name(gsa_status status) {
  switch (status) {
  case GSA_SUCCESS:
    return "GSA_SUCCESS";
  case GSA_ERROR_INVALID_ARGUMENT:
    return "GSA_ERROR_INVALID_ARGUMENT";
  case GSA_ERROR_INVALID_SHAPE:
    return "GSA_ERROR_INVALID_SHAPE";
  case GSA_ERROR_INVALID_STRIDE:
    return "GSA_ERROR_INVALID_STRIDE";
  case GSA_ERROR_INVALID_DTYPE:
    return "GSA_ERROR_INVALID_DTYPE";
  case GSA_ERROR_INVALID_OFFSETS:
    return "GSA_ERROR_INVALID_OFFSETS";
  case GSA_ERROR_WORKSPACE:
    return "GSA_ERROR_WORKSPACE";
  case GSA_ERROR_NO_IMAGE:
    return "GSA_ERROR_NO_IMAGE";
  case GSA_ERROR_ABI:
    return "GSA_ERROR_ABI";
  case GSA_ERROR_DRIVER:
    return "GSA_ERROR_DRIVER";
  case GSA_ERROR_NO_DEVICE:
    return "GSA_ERROR_NO_DEVICE";
  }
  return "unknown gsa_status";
}

const char *gsa_error_detail(void) { return gsa::runtime::detail.buffer; }
