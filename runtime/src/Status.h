//===- Status.h - How the runtime says what went wrong ----------*- C++ -*-===//
//
// Every failure is `return fail(status, "<what> must <law>, got <found>")`.
// The words go to a fixed buffer of the calling thread, because the runtime
// neither allocates nor prints.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_RUNTIME_SRC_STATUS_H
#define GSA_RUNTIME_SRC_STATUS_H

#include "gsa/runtime.h"

namespace gsa::runtime {

/// Text in a fixed buffer. What does not fit is cut, and the text then ends
/// with "...". Zero-initialized it is empty.
struct Text {
  static constexpr size_t capacity = 1024;

  /// Appends as printf would. The arguments may not point into this text.
  void append(const char *format, ...) __attribute__((format(printf, 2, 3)));

  char buffer[capacity];
  size_t length;
};

/// Makes the words the calling thread's detail text, and returns `status`.
gsa_status fail(gsa_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

} // namespace gsa::runtime

#endif // GSA_RUNTIME_SRC_STATUS_H
