//===- Maps.cpp - What a device's copies of boxes know of tensors ---------===//
//
// CUDA Driver API, cuTensorMapEncodeTiled: a function of its arguments, without
// a context, a stream or memory. It takes a tenth of a microsecond.
//
//===----------------------------------------------------------------------===//

#include "Maps.h"

#include "../Geometry.h"

#include <cstring>

namespace gsa::runtime::cuda {

/// Coordinates are 32 bits with a sign, and kernels start boxes up to one
/// behind the last that begins in the tensor.
static constexpr int64_t maxExtent = INT32_MAX - 2 * GSA_MAX_BOX_EXTENT;

/// CUtensorMapDataType; -1 if boxes of that type are not copied.
static int typeOf(int32_t dtype) {
  switch (dtype) {
  case GSA_F16:
    return 6;
  case GSA_F32:
    return 7;
  case GSA_BF16:
    return 9;
  default:
    return -1;
  }
}

/// CUtensorMapSwizzle
static int swizzleOf(int32_t bytes) {
  return bytes == 128 ? 3 : bytes == 64 ? 2 : 1;
}

/// Encodes a map at `to`, which is aligned to GSA_MAP_ALIGNMENT.
static bool encode(const Api &api, const gsa_map &map, const gsa_tensor &tensor,
                   void *to) {
  int type = typeOf(tensor.dtype);
  int32_t rank = tensor.rank;
  if (!api.cuTensorMapEncodeTiled || type < 0 || rank < 2)
    return false;
  uint64_t extents[GSA_MAX_RANK], strides[GSA_MAX_RANK];
  uint32_t box[GSA_MAX_RANK], steps[GSA_MAX_RANK];
  int64_t elementBytes = gsa_dtype_bytes(tensor.dtype);
  for (int32_t i = 0; i < rank; ++i) {
    // The driver's first dimension is the one whose elements lie side by side.
    int32_t dim = rank - 1 - i;
    int64_t extent = tensor.shape[dim];
    if (extent < 1 || extent > maxExtent)
      return false;
    extents[i] = static_cast<uint64_t>(extent);
    box[i] = static_cast<uint32_t>(map.box[dim]);
    steps[i] = 1;
    if (i == 0)
      continue;
    // One element's stride says nothing: any that the driver takes will do.
    int64_t bytes = extent == 1 ? 16 : tensor.stride[dim] * elementBytes;
    strides[i - 1] = static_cast<uint64_t>(bytes);
  }
  constexpr int notInterleaved = 0, promoteTo128Bytes = 2, fillWithZeros = 0;
  return api.cuTensorMapEncodeTiled(to, type, static_cast<uint32_t>(rank),
                                    tensor.data, extents, strides, box, steps,
                                    notInterleaved, swizzleOf(map.swizzle),
                                    promoteTo128Bytes, fillWithZeros) == 0;
}

StageMaps::StageMaps(const Api &api, const gsa_stage &stage,
                     const gsa_tensor *tensors) {
  for (int32_t i = 0; i < stage.num_maps; ++i) {
    const gsa_map &map = stage.maps[i];
    unsigned char *to = storage + static_cast<ptrdiff_t>(i) * GSA_MAP_BYTES;
    if (encode(api, map, tensors[map.tensor], to))
      set |= int64_t(1) << i;
    else
      std::memset(to, 0, GSA_MAP_BYTES);
  }
}

} // namespace gsa::runtime::cuda
