//===- Geometry.cpp - Arithmetic on one tensor's extents and strides ------===//

#include "Geometry.h"

#include "gsa/runtime.h"

namespace gsa::runtime {

static bool isEmpty(const gsa_tensor &tensor) {
  for (int32_t i = 0; i < tensor.rank; ++i)
    if (tensor.shape[i] == 0)
      return true;
  return false;
}

bool countBytes(const gsa_tensor &tensor, int64_t &bytes) {
  bytes = 0;
  if (isEmpty(tensor))
    return true;
  int64_t product = gsa_dtype_bytes(tensor.dtype);
  for (int32_t i = 0; i < tensor.rank; ++i)
    if (__builtin_mul_overflow(product, tensor.shape[i], &product))
      return false;
  bytes = product;
  return true;
}

bool spanBytes(const gsa_tensor &tensor, int64_t &bytes) {
  bytes = 0;
  if (isEmpty(tensor))
    return true;
  int64_t elements = 1;
  for (int32_t i = 0; i < tensor.rank; ++i) {
    if (tensor.shape[i] == 1)
      continue;
    int64_t reach;
    if (__builtin_mul_overflow(tensor.shape[i] - 1, tensor.stride[i], &reach) ||
        __builtin_add_overflow(elements, reach, &elements))
      return false;
  }
  return !__builtin_mul_overflow(elements, gsa_dtype_bytes(tensor.dtype),
                                 &bytes);
}

bool stridesNest(const gsa_tensor &tensor) {
  if (isEmpty(tensor))
    return true;
  int32_t order[GSA_MAX_RANK]; // dimensions that step, by growing stride
  int32_t count = 0;
  for (int32_t i = 0; i < tensor.rank; ++i) {
    if (tensor.shape[i] == 1)
      continue;
    int32_t place = count++;
    for (; place > 0 && tensor.stride[order[place - 1]] > tensor.stride[i];
         --place)
      order[place] = order[place - 1];
    order[place] = i;
  }
  int64_t reach = 0; // the farthest element of the dimensions seen so far
  for (int32_t i = 0; i < count; ++i) {
    if (tensor.stride[order[i]] <= reach)
      return false;
    reach += (tensor.shape[order[i]] - 1) * tensor.stride[order[i]];
  }
  return true;
}

Range rangeOf(const gsa_tensor &tensor) {
  int64_t span = 0;
  spanBytes(tensor, span);
  uintptr_t begin = reinterpret_cast<uintptr_t>(tensor.data);
  return {begin, begin + static_cast<uintptr_t>(span)};
}

size_t commonBytes(Range a, Range b) {
  uintptr_t begin = a.begin > b.begin ? a.begin : b.begin;
  uintptr_t end = a.end < b.end ? a.end : b.end;
  return begin < end ? end - begin : 0;
}

} // namespace gsa::runtime

gsa_tensor gsa_dense(void *data, gsa_dtype dtype, int32_t rank,
                     const int64_t *shape) {
  gsa_tensor tensor = {};
  tensor.data = data;
  tensor.dtype = dtype;
  tensor.rank = rank;
  if (rank < 0 || rank > GSA_MAX_RANK || !shape)
    return tensor;
  int64_t stride = 1;
  for (int32_t i = rank - 1; i >= 0; --i) {
    tensor.shape[i] = shape[i];
    tensor.stride[i] = stride;
    // A product without an int64_t belongs to a tensor that no kernel takes;
    // the largest stride keeps it so.
    if (shape[i] > 0 && __builtin_mul_overflow(stride, shape[i], &stride))
      stride = INT64_MAX;
  }
  return tensor;
}
