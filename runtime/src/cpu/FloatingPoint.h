//===- FloatingPoint.h - One floating-point environment for all blocks ----===//
//
// A caller may have set flush-to-zero, a rounding mode or traps for its own
// thread; the workers have not. Blocks run in the default environment so that
// the bits of a result depend on neither, and no block raises a signal.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_RUNTIME_SRC_CPU_FLOATINGPOINT_H
#define GSA_RUNTIME_SRC_CPU_FLOATINGPOINT_H

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace gsa::runtime {

/// The default environment (to nearest, subnormal numbers kept, no traps)
/// until the end of the scope, which restores the thread's own, flags included.
class DefaultFloatingPoint {
public:
#if defined(__x86_64__)
  DefaultFloatingPoint() : saved(_mm_getcsr()) { _mm_setcsr(0x1f80); }
  ~DefaultFloatingPoint() { _mm_setcsr(saved); }

private:
  unsigned saved;
#else
  DefaultFloatingPoint() {}
  ~DefaultFloatingPoint() {}

private:
#endif
  DefaultFloatingPoint(const DefaultFloatingPoint &) = delete;
  DefaultFloatingPoint &operator=(const DefaultFloatingPoint &) = delete;
};

} // namespace gsa::runtime

#endif // GSA_RUNTIME_SRC_CPU_FLOATINGPOINT_H
