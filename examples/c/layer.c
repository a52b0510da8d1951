//===- layer.c - A generated kernel in a C program ------------------------===//
//
// Runs the layer of layer.mlir on seeded input and compares it with the plain
// recurrence, token by token, in double. Exits with 0 if they agree.
//
//===----------------------------------------------------------------------===//

#include "layer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { B = 2, T = 77, HQ = 4, H = 2, D = 32, M = 16 };

static float q[B][T][HQ][D], k[B][T][H][D], v[B][T][H][D], f[B][T][H][M];
static float o[B][T][HQ][D];

/* Numbers in [-1, 1), the same on every machine (xorshift32). */
static void fill(float *values, size_t count, uint32_t seed) {
  for (size_t i = 0; i < count; ++i) {
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    values[i] = (float)(int32_t)seed / 2147483648.0f;
  }
}

/* K_t = a K_{t-1} + (1 - a) k^T, V likewise; o = V^T softmax(scale K q).
   Returns the sums of squares of the reference and of what `o` misses it by. */
static void compare(int b, int h, double *reference, double *difference) {
  static double keys[M][D], values[M][D];
  const double scale = 1.0 / sqrt((double)D);
  memset(keys, 0, sizeof keys);
  memset(values, 0, sizeof values);
  for (int t = 0; t < T; ++t) {
    for (int m = 0; m < M; ++m) {
      double a = 1.0 / (1.0 + exp(-(double)f[b][t][h][m]));
      for (int d = 0; d < D; ++d) {
        keys[m][d] = a * keys[m][d] + (1.0 - a) * k[b][t][h][d];
        values[m][d] = a * values[m][d] + (1.0 - a) * v[b][t][h][d];
      }
    }
    for (int g = h * (HQ / H); g < (h + 1) * (HQ / H); ++g) {
      double weights[M], largest = -INFINITY, sum = 0.0;
      for (int m = 0; m < M; ++m) {
        weights[m] = 0.0;
        for (int d = 0; d < D; ++d)
          weights[m] += scale * keys[m][d] * q[b][t][g][d];
        largest = fmax(largest, weights[m]);
      }
      for (int m = 0; m < M; ++m)
        sum += weights[m] = exp(weights[m] - largest);
      for (int d = 0; d < D; ++d) {
        double expected = 0.0;
        for (int m = 0; m < M; ++m)
          expected += weights[m] / sum * values[m][d];
        double missed = (double)o[b][t][g][d] - expected;
        *reference += expected * expected;
        *difference += missed * missed;
      }
    }
  }
}

int main(void) {
  fill(&q[0][0][0][0], sizeof q / sizeof(float), 1);
  fill(&k[0][0][0][0], sizeof k / sizeof(float), 2);
  fill(&v[0][0][0][0], sizeof v / sizeof(float), 3);
  fill(&f[0][0][0][0], sizeof f / sizeof(float), 4);

  const int64_t queries[] = {B, T, HQ, D}, keys[] = {B, T, H, D},
                gates[] = {B, T, H, M};
  layer_params params = layer_params_init();
  params.q = gsa_dense(q, GSA_F32, 4, queries);
  params.k = gsa_dense(k, GSA_F32, 4, keys);
  params.v = gsa_dense(v, GSA_F32, 4, keys);
  params.f = gsa_dense(f, GSA_F32, 4, gates);
  params.o = gsa_dense(o, GSA_F32, 4, queries);

  size_t bytes = 0;
  gsa_status status = layer_workspace_size(&params, &bytes);
  if (status == GSA_SUCCESS) {
    /* aligned_alloc takes multiples of the alignment. */
    void *workspace = aligned_alloc(64, (bytes + 64) / 64 * 64);
    params.header.workspace = workspace;
    params.header.workspace_size = bytes;
    status = layer_forward(&params, NULL);
    free(workspace);
  }
  if (status != GSA_SUCCESS) {
    fprintf(stderr, "%s: %s\n", gsa_status_name(status), gsa_error_detail());
    return 1;
  }

  double reference = 0.0, difference = 0.0;
  for (int b = 0; b < B; ++b)
    for (int h = 0; h < H; ++h)
      compare(b, h, &reference, &difference);
  double error = sqrt(difference / reference);
  printf("relative error %.1e\n", error);
  /* Written so that NaN fails. */
  return error <= 1e-4 ? 0 : 1;
}
