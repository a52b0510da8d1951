//===- CheckTensors.cpp - The laws of a call's tensors --------------------===//

#include "Check.h"

#include "Geometry.h"
#include "Status.h"

#include <cinttypes>

namespace gsa::runtime {

namespace {

/// An extent of the call, known from the first argument that has it.
struct Known {
  int64_t value;
  const char *argument; ///< null: no argument had it yet
};

struct KnownExtents {
  Known batch, time, sequences;
};

} // namespace

/// "shape [2, 3] and strides [3, 1]"
static void appendGeometry(Text &text, const gsa_tensor &tensor) {
  text.append("shape [");
  for (int32_t i = 0; i < tensor.rank; ++i)
    text.append("%s%" PRId64, i ? ", " : "", tensor.shape[i]);
  text.append("] and strides [");
  for (int32_t i = 0; i < tensor.rank; ++i)
    text.append("%s%" PRId64, i ? ", " : "", tensor.stride[i]);
  text.append("]");
}

static gsa_status agree(Known &known, const char *what, const char *argument,
                        int64_t value) {
  if (!known.argument) {
    known = {value, argument};
    return GSA_SUCCESS;
  }
  if (known.value != value)
    return fail(GSA_ERROR_INVALID_SHAPE,
                "%s of '%s' must be %" PRId64 " as in '%s', got %" PRId64, what,
                argument, known.value, known.argument, value);
  return GSA_SUCCESS;
}

static gsa_status checkExtent(const gsa_argument &argument,
                              const gsa_tensor &tensor, int32_t i,
                              KnownExtents &known) {
  int64_t law = argument.shape[i];
  int64_t found = tensor.shape[i];
  if (law >= 0) {
    if (found != law)
      return fail(GSA_ERROR_INVALID_SHAPE,
                  "extent %" PRId32 " of '%s' must be %" PRId64
                  ", got %" PRId64,
                  i, argument.name, law, found);
    return GSA_SUCCESS;
  }
  int64_t least = law == GSA_EXTENT_OFFSETS ? 1 : 0;
  if (found < least || found > GSA_MAX_EXTENT + least)
    return fail(GSA_ERROR_INVALID_SHAPE,
                "extent %" PRId32 " of '%s' must be %" PRId64 " to %" PRId64
                ", got %" PRId64,
                i, argument.name, least, GSA_MAX_EXTENT + least, found);
  switch (law) {
  case GSA_EXTENT_BATCH:
    return agree(known.batch, "batch", argument.name, found);
  case GSA_EXTENT_TIME:
    return agree(known.time, "time", argument.name, found);
  default: // checkKernel lets no other value through
    return agree(known.sequences, "sequences", argument.name, found - least);
  }
}

static gsa_status checkTensor(const gsa_argument &argument,
                              const gsa_tensor &tensor, KnownExtents &known) {
  const char *name = argument.name;
  if (tensor.dtype != argument.dtype) {
    if (!gsa_dtype_bytes(tensor.dtype))
      return fail(GSA_ERROR_INVALID_DTYPE,
                  "type of '%s' must be %s, got %" PRId32 ", not a gsa_dtype",
                  name, gsa_dtype_name(argument.dtype), tensor.dtype);
    return fail(GSA_ERROR_INVALID_DTYPE, "type of '%s' must be %s, got %s",
                name, gsa_dtype_name(argument.dtype),
                gsa_dtype_name(tensor.dtype));
  }
  if (tensor.rank != argument.rank)
    return fail(GSA_ERROR_INVALID_SHAPE,
                "rank of '%s' must be %" PRId32 ", got %" PRId32, name,
                argument.rank, tensor.rank);
  for (int32_t i = 0; i < tensor.rank; ++i)
    if (gsa_status status = checkExtent(argument, tensor, i, known))
      return status;
  int64_t bytes;
  if (!countBytes(tensor, bytes)) {
    Text found = {};
    appendGeometry(found, tensor);
    return fail(GSA_ERROR_INVALID_SHAPE,
                "elements of '%s' must fill less than 2^63 bytes, got %s", name,
                found.buffer);
  }

  for (int32_t i = 0; i < tensor.rank; ++i) {
    if (tensor.shape[i] <= 1) // never stepped over
      continue;
    if (i == tensor.rank - 1 && tensor.stride[i] != 1)
      return fail(GSA_ERROR_INVALID_STRIDE,
                  "last stride of '%s' must be 1, got %" PRId64, name,
                  tensor.stride[i]);
    if (tensor.stride[i] < 0)
      return fail(GSA_ERROR_INVALID_STRIDE,
                  "stride %" PRId32
                  " of '%s' must not be negative, got %" PRId64,
                  i, name, tensor.stride[i]);
  }
  int64_t span;
  if (!spanBytes(tensor, span)) {
    Text found = {};
    appendGeometry(found, tensor);
    return fail(GSA_ERROR_INVALID_STRIDE,
                "'%s' must span less than 2^63 bytes, got %s", name,
                found.buffer);
  }
  if (argument.kind == GSA_OUTPUT && !stridesNest(tensor)) {
    Text found = {};
    appendGeometry(found, tensor);
    return fail(GSA_ERROR_INVALID_STRIDE,
                "strides of output '%s' must each step over all smaller ones, "
                "got %s",
                name, found.buffer);
  }

  if (span == 0)
    return GSA_SUCCESS;
  if (!tensor.data)
    return fail(GSA_ERROR_INVALID_ARGUMENT,
                "data of '%s' must point to %" PRId64 " bytes, got null", name,
                span);
  uintptr_t address = reinterpret_cast<uintptr_t>(tensor.data);
  uintptr_t alignment = static_cast<uintptr_t>(gsa_dtype_bytes(tensor.dtype));
  if (address % alignment)
    return fail(GSA_ERROR_INVALID_ARGUMENT,
                "data of '%s' must be aligned to %zu bytes, got an address %zu "
                "past a multiple",
                name, static_cast<size_t>(alignment),
                static_cast<size_t>(address % alignment));
  if (static_cast<uintptr_t>(span) > UINTPTR_MAX - address)
    return fail(GSA_ERROR_INVALID_ARGUMENT,
                "data of '%s' must lie in the address space, got %" PRId64
                " bytes at an address %zu below its end",
                name, span, static_cast<size_t>(UINTPTR_MAX - address));
  return GSA_SUCCESS;
}

static gsa_status checkOverlaps(const gsa_kernel &kernel,
                                const gsa_tensor *tensors) {
  for (int32_t i = 0; i < kernel.num_arguments; ++i) {
    if (kernel.arguments[i].kind != GSA_OUTPUT)
      continue;
    Range output = rangeOf(tensors[i]);
    for (int32_t j = 0; j < kernel.num_arguments; ++j) {
      // A pair of outputs is looked at once.
      if (j == i || (j > i && kernel.arguments[j].kind == GSA_OUTPUT))
        continue;
      if (size_t common = commonBytes(output, rangeOf(tensors[j])))
        return fail(GSA_ERROR_INVALID_ARGUMENT,
                    "output '%s' must not overlap '%s', got %zu bytes in both",
                    kernel.arguments[i].name, kernel.arguments[j].name, common);
    }
  }
  return GSA_SUCCESS;
}

gsa_status checkTensors(const gsa_kernel &kernel, const gsa_tensor *tensors,
                        gsa_extents &extents) {
  KnownExtents known = {};
  const char *offsets = nullptr;
  for (int32_t i = 0; i < kernel.num_arguments; ++i) {
    if (gsa_status status = checkTensor(kernel.arguments[i], tensors[i], known))
      return status;
    if (kernel.arguments[i].kind == GSA_OFFSETS)
      offsets = kernel.arguments[i].name;
  }

  if (offsets) {
    if (known.batch.argument && known.batch.value != 1)
      return fail(GSA_ERROR_INVALID_SHAPE,
                  "batch of '%s' must be 1 with offsets '%s', got %" PRId64,
                  known.batch.argument, offsets, known.batch.value);
  } else if (known.sequences.argument && known.batch.argument &&
             known.sequences.value != known.batch.value) {
    return fail(GSA_ERROR_INVALID_SHAPE,
                "sequences of '%s' must be %" PRId64
                " as the batch of '%s', got %" PRId64,
                known.sequences.argument, known.batch.value,
                known.batch.argument, known.sequences.value);
  }
  // What no argument says: one sequence of no tokens, in a batch of as many
  // sequences as there are.
  extents.time = known.time.value;
  if (!known.sequences.argument)
    known.sequences.value = known.batch.argument ? known.batch.value : 1;
  extents.sequences = known.sequences.value;
  if (offsets)
    extents.batch = 1;
  else
    extents.batch =
        known.batch.argument ? known.batch.value : known.sequences.value;
  return checkOverlaps(kernel, tensors);
}

template <typename T>
static gsa_status checkTable(const char *name, const gsa_tensor &tensor,
                             int64_t time) {
  const T *table = static_cast<const T *>(tensor.data);
  int64_t last = tensor.shape[0] - 1;
  if (table[0] != 0)
    return fail(GSA_ERROR_INVALID_OFFSETS,
                "entry 0 of '%s' must be 0, got %" PRId64, name,
                static_cast<int64_t>(table[0]));
  for (int64_t i = 1; i <= last; ++i)
    if (table[i] < table[i - 1])
      return fail(GSA_ERROR_INVALID_OFFSETS,
                  "entry %" PRId64 " of '%s' must be at least %" PRId64
                  ", the one before it, got %" PRId64,
                  i, name, static_cast<int64_t>(table[i - 1]),
                  static_cast<int64_t>(table[i]));
  if (table[last] != time)
    return fail(GSA_ERROR_INVALID_OFFSETS,
                "entry %" PRId64
                ", the last, of '%s' must be the time, %" PRId64
                ", got %" PRId64,
                last, name, time, static_cast<int64_t>(table[last]));
  return GSA_SUCCESS;
}

gsa_status checkOffsets(const gsa_kernel &kernel, const gsa_tensor *tensors,
                        const gsa_extents &extents) {
  for (int32_t i = 0; i < kernel.num_arguments; ++i) {
    const gsa_argument &argument = kernel.arguments[i];
    if (argument.kind != GSA_OFFSETS)
      continue;
    gsa_status status =
        argument.dtype == GSA_I32
            ? checkTable<int32_t>(argument.name, tensors[i], extents.time)
            : checkTable<int64_t>(argument.name, tensors[i], extents.time);
    if (status)
      return status;
  }
  return GSA_SUCCESS;
}

} // namespace gsa::runtime
