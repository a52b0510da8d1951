/*===- c99.c - The runtime from C99 ---------------------------------------===*/
/* Both headers in C99, a kernel as the compiler emits it, and a launch.      */
/*===----------------------------------------------------------------------===*/

#include "gsa/kernel.h"
#include "gsa/runtime.h"

#include <stdio.h>
#include <string.h>

/* y = 2 x, a block each token; x, y [T, 3] */
static void twice(const gsa_tensor *tensors, int64_t block, void *scratch) {
  const float *x = (const float *)tensors[0].data;
  float *y = (float *)tensors[1].data;
  int64_t i;
  (void)scratch;
  for (i = 0; i < 3; ++i)
    y[block * tensors[1].stride[0] + i] =
        2 * x[block * tensors[0].stride[0] + i];
}

static int64_t tokens(const gsa_extents *extents) { return extents->time; }

static const gsa_argument arguments[] = {
    {"x", {GSA_EXTENT_TIME, 3, 0, 0}, 2, GSA_F32, GSA_INPUT, 0},
    {"y", {GSA_EXTENT_TIME, 3, 0, 0}, 2, GSA_F32, GSA_OUTPUT, 0},
};

static const gsa_stage stages[] = {{"twice", tokens, twice, 0, 0, 0, 0}};

static const gsa_image images[] = {
    {"host", GSA_BACKEND_CPU, 0, 0, "step", 0, NULL, 0, stages, NULL, NULL, 1,
     0, 0, 0},
};

static const gsa_kernel kernel = {
    GSA_ABI_VERSION, GSA_ROLE_FORWARD, "twice", 2, 1, arguments, images};

struct twice_params {
  gsa_params head;
  gsa_tensor x;
  gsa_tensor y;
};

static int expect(int holds, const char *what) {
  if (!holds)
    fprintf(stderr, "c99: %s: %s\n", what, gsa_error_detail());
  return !holds;
}

int main(void) {
  float x[12], y[12];
  const int64_t shape[] = {4, 3};
  struct twice_params params;
  gsa_query_result result;
  int i, wrong = 0;

  for (i = 0; i < 12; ++i) {
    x[i] = (float)i;
    y[i] = -1;
  }
  memset(&params, 0, sizeof params);
  params.head.size = sizeof params;
  params.head.threads = 2;
  params.x = gsa_dense(x, GSA_F32, 2, shape);
  params.y = gsa_dense(y, GSA_F32, 2, shape);

  memset(&result, 0, sizeof result);
  result.size = sizeof result;
  wrong += expect(gsa_query(&kernel, &params.head, &result) == GSA_SUCCESS,
                  "query succeeds");
  wrong += expect(result.blocks == 4 && result.threads == 2 &&
                      result.workspace_size == 0,
                  "query answers");
  wrong += expect(gsa_preload(&kernel, &params.head) == GSA_SUCCESS,
                  "preload succeeds");
  wrong += expect(gsa_launch(&kernel, &params.head, NULL) == GSA_SUCCESS,
                  "launch succeeds");
  for (i = 0; i < 12; ++i)
    wrong += expect(y[i] == 2 * x[i], "launch computes");

  params.y.data = NULL;
  wrong += expect(gsa_launch(&kernel, &params.head, NULL) ==
                      GSA_ERROR_INVALID_ARGUMENT,
                  "launch refuses null");
  wrong += expect(strcmp(gsa_error_detail(),
                         "data of 'y' must point to 48 bytes, got null") == 0,
                  "launch says why");
  return wrong != 0;
}
