//===- Geometry.h - Arithmetic on one tensor's extents and strides --------===//
//
// Nothing here reads an element, and nothing overflows: a caller may pass any
// numbers, and an answer that has no int64_t is reported as such.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_RUNTIME_SRC_GEOMETRY_H
#define GSA_RUNTIME_SRC_GEOMETRY_H

#include "gsa/kernel.h"

namespace gsa::runtime {

/// Bytes of all elements, without gaps, of a tensor whose rank is 0 to
/// GSA_MAX_RANK and whose extents are not negative. False if there are too
/// many to count in an int64_t.
bool countBytes(const gsa_tensor &tensor, int64_t &bytes);

/// Bytes from the start of the tensor's first element to the end of its last,
/// gaps included: 0 without elements. Extents and the strides of extents above
/// one must not be negative. False if an int64_t cannot hold the answer.
bool spanBytes(const gsa_tensor &tensor, int64_t &bytes);

/// True if every dimension steps over all of the dimensions with smaller
/// strides, so that no two elements share an address. Needs what `spanBytes`
/// needs, and a span that fits.
bool stridesNest(const gsa_tensor &tensor);

/// Addresses from `begin` to before `end`.
struct Range {
  uintptr_t begin, end;
};

/// The bytes of a tensor from its first element to its last, gaps included.
/// Its span must fit, and end in the address space.
Range rangeOf(const gsa_tensor &tensor);

/// How many bytes lie in both.
size_t commonBytes(Range a, Range b);

} // namespace gsa::runtime

#endif // GSA_RUNTIME_SRC_GEOMETRY_H
