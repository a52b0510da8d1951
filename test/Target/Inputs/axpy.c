//===- axpy.c - Calls a kernel by the contract ----------------------------===//
//
// Prints what the object of axpy.mlir says of itself, and checks one call of
// each image that runs here.
//
//===----------------------------------------------------------------------===//

#include "axpy.h"

#include <stdio.h>
#include <stdlib.h>

static void describe(const gsa_kernel *kernel) {
  printf("kernel %s abi %u role %d\n", kernel->name, kernel->abi_version,
         kernel->role);
  for (int i = 0; i < kernel->num_arguments; ++i) {
    const gsa_argument *a = &kernel->arguments[i];
    printf("argument %s kind %d dtype %d shape", a->name, a->kind, a->dtype);
    for (int d = 0; d < a->rank; ++d)
      printf(" %lld", (long long)a->shape[d]);
    printf("\n");
  }
  for (int i = 0; i < kernel->num_images; ++i) {
    const gsa_image *image = &kernel->images[i];
    const gsa_extents extents = {3, 5, 3, 1, 3};
    printf("image %s backend %d rank %d scratch %lld features %llu blocks %lld "
           "schedule %s\n",
           image->chip, image->backend, image->rank, (long long)image->scratch,
           (unsigned long long)image->features,
           (long long)image->stages[0].grid(&extents), image->schedule);
  }
}

enum { B = 3, T = 5, H = 2, D = 32, GAP = 7 };

/* Strided inputs; a row of the output beyond T that must stay as it was. */
static int check(const char *chip) {
  static float x[B * T * H * D + GAP * B], b[H] = {0.5f, -3.0f};
  static float o[B * (T + 1) * H * D];
  for (size_t i = 0; i < sizeof x / sizeof *x; ++i)
    x[i] = (float)(i % 113) - 50.0f;
  for (size_t i = 0; i < sizeof o / sizeof *o; ++i)
    o[i] = 777.0f;

  const int64_t shape[] = {B, T, H, D}, biases[] = {H};
  axpy_params params = axpy_params_init();
  params.header.chip = chip;
  params.x = gsa_dense(x, GSA_F32, 4, shape);
  params.x.stride[0] += GAP;
  params.b = gsa_dense(b, GSA_F32, 1, biases);
  params.o = gsa_dense(o, GSA_F32, 4, shape);
  params.o.stride[0] = (T + 1) * H * D;

  size_t bytes = 0;
  gsa_status status = axpy_workspace_size(&params, &bytes);
  if (status == GSA_ERROR_NO_IMAGE)
    return 0; /* not a chip of this machine */
  void *workspace = aligned_alloc(64, (bytes + 63) / 64 * 64);
  params.header.workspace = workspace;
  params.header.workspace_size = bytes;
  gsa_query_result query = {0};
  query.size = sizeof query;
  if (status == GSA_SUCCESS)
    status = axpy_query(&params, &query);
  if (status == GSA_SUCCESS)
    status = axpy_forward(&params, NULL);
  free(workspace);
  if (status != GSA_SUCCESS) {
    printf("%s: %s\n", gsa_status_name(status), gsa_error_detail());
    return 1;
  }
  if (query.blocks != B * H) {
    printf("blocks must be %d, got %lld\n", B * H, (long long)query.blocks);
    return 1;
  }
  for (int s = 0; s < B; ++s)
    for (int t = 0; t <= T; ++t)
      for (int h = 0; h < H; ++h)
        for (int d = 0; d < D; ++d) {
          float got = o[((s * (T + 1) + t) * H + h) * D + d];
          float in = x[s * (T * H * D + GAP) + (t * H + h) * D + d];
          float want = t == T ? 777.0f : 2.0f * in + b[h];
          if (got != want) {
            printf("%s: o[%d, %d, %d, %d] must be %g, got %g\n", query.chip, s,
                   t, h, d, want, got);
            return 1;
          }
        }
  return 0;
}

int main(void) {
  describe(&axpy_kernel);
  for (int i = 0; i < axpy_kernel.num_images; ++i)
    if (check(axpy_kernel.images[i].chip))
      return 1;
  if (check(NULL))
    return 1;
  printf("right\n");
  return 0;
}
