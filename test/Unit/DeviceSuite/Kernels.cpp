//===- Kernels.cpp - Kernels that copy, but for one thing each ------------===//

#include "Table.h"

#include <atomic>
#include <cstdlib>
#include <limits>

namespace {
template <typename T>
T &element(const gsa_tensor &tensor, const int64_t (&index)[4]) {
  int64_t offset = 0;
  for (int d = 0; d < 4; ++d)
    offset += index[d] * tensor.stride[d];
  return static_cast<T *>(tensor.data)[offset];
}

/// y = change(x, index), element by element.
template <typename Change>
void forEach(const gsa_tensor *tensors, const Change &change) {
  int64_t i[4];
  const int64_t *shape = tensors[0].shape;
  for (i[0] = 0; i[0] < shape[0]; ++i[0])
    for (i[1] = 0; i[1] < shape[1]; ++i[1])
      for (i[2] = 0; i[2] < shape[2]; ++i[2])
        for (i[3] = 0; i[3] < shape[3]; ++i[3])
          change(element<float>(tensors[0], i), element<float>(tensors[1], i),
                 i);
}

void copy(const gsa_tensor *tensors) {
  forEach(tensors, [](float x, float &y, auto &) { y = x; });
}

void right(const gsa_tensor *tensors, int64_t, void *) { copy(tensors); }

void wrong(const gsa_tensor *tensors, int64_t, void *) {
  forEach(tensors,
          [](float x, float &y, auto &i) { y = i[1] == 3 ? x + 0.01F : x; });
}

void forgets(const gsa_tensor *tensors, int64_t, void *) {
  forEach(tensors, [](float x, float &y, auto &i) {
    if (i[1] != 3)
      y = x;
  });
}

void spreads(const gsa_tensor *tensors, int64_t, void *) {
  copy(tensors);
  // A NaN of one batch reaches the next.
  forEach(tensors, [&](float x, float &, auto &i) {
    int64_t next[4] = {i[0] + 1, i[1], i[2], i[3]};
    if (x != x && next[0] < tensors[0].shape[0])
      element<float>(tensors[1], next) = x;
  });
}

void changes(const gsa_tensor *tensors, int64_t, void *) {
  static std::atomic<int> runs;
  copy(tensors);
  int64_t first[4] = {};
  element<float>(tensors[1], first) += float(++runs) * 1e-6F;
}

void outside(const gsa_tensor *tensors, int64_t, void *) {
  copy(tensors);
  static_cast<float *>(tensors[1].data)[tensors[1].shape[3]] = 1;
}

void crashes(const gsa_tensor *, int64_t, void *) { std::abort(); }

void hangs(const gsa_tensor *, int64_t, void *) {
  static std::atomic<bool> end;
  while (!end)
    ;
}

int64_t oneBlock(const gsa_extents *) { return 1; }

const gsa_argument kArguments[] = {
    {"x", {GSA_EXTENT_BATCH, GSA_EXTENT_TIME, 1, 4}, 4, GSA_F32, GSA_INPUT, 0},
    {"y", {GSA_EXTENT_BATCH, GSA_EXTENT_TIME, 1, 4}, 4, GSA_F32, GSA_OUTPUT, 0},
};

template <gsa_host_entry entry> const gsa_kernel *kernel() {
  static gsa_image image;
  static gsa_kernel kernel;
  image.chip = "host";
  image.backend = GSA_BACKEND_CPU;
  static const gsa_stage stage = {"copy", oneBlock, entry, 0, 0, 0, 0};
  image.stages = &stage;
  image.num_stages = 1;
  image.schedule = "";
  kernel.abi_version = GSA_ABI_VERSION;
  kernel.role = GSA_ROLE_FORWARD;
  kernel.name = "copy";
  kernel.num_arguments = 2;
  kernel.num_images = 1;
  kernel.arguments = kArguments;
  kernel.images = &image;
  return &kernel;
}

/// The memrefs of x and y: {data, data, 0, shape[4], stride[4]}.
void reference(void **memrefs) {
  gsa_tensor tensors[2] = {};
  for (int t = 0; t < 2; ++t) {
    auto *words = static_cast<int64_t *>(memrefs[t]);
    tensors[t].data = reinterpret_cast<void *>(words[1]);
    for (int d = 0; d < 4; ++d) {
      tensors[t].shape[d] = words[3 + d];
      tensors[t].stride[d] = words[7 + d];
    }
  }
  int64_t i[4];
  const int64_t *shape = tensors[0].shape;
  for (i[0] = 0; i[0] < shape[0]; ++i[0])
    for (i[1] = 0; i[1] < shape[1]; ++i[1])
      for (i[2] = 0; i[2] < shape[2]; ++i[2])
        for (i[3] = 0; i[3] < shape[3]; ++i[3])
          element<double>(tensors[1], i) = element<double>(tensors[0], i);
}
} // namespace

const suite::Entry suite::kEntries[] = {
    {"right", kernel<right>(), reference, "00", nullptr},
    {"wrong", kernel<wrong>(), reference, "00", nullptr},
    {"forgets", kernel<forgets>(), reference, "00", nullptr},
    {"spreads", kernel<spreads>(), reference, "00", nullptr},
    {"changes", kernel<changes>(), reference, "00", nullptr},
    {"outside", kernel<outside>(), reference, "00", nullptr},
    {"crashes", kernel<crashes>(), reference, "00", nullptr},
    {"hangs", kernel<hangs>(), reference, "00", nullptr},
    {"missing", nullptr, reference, "", "no such thing"},
};
const int suite::kNumEntries = sizeof(kEntries) / sizeof(*kEntries);
