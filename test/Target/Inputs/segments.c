//===- segments.c - Prints which sequences calls would cut ----------------===//
//
// For each line "batch time sequences processors resident" of standard input:
// segments, whole sequences, MiB of workspaces and the blocks of each stage, as
// the first image of the kernel KERNEL has them. What is cut must be there, and
// fit: otherwise the program fails.
//
//===----------------------------------------------------------------------===//

#include "gsa/kernel.h"

#include <stdio.h>

extern const gsa_kernel KERNEL;

int main(void) {
  const gsa_image *image = &KERNEL.images[0];
  long long batch, time, sequences, processors, resident;
  while (scanf("%lld%lld%lld%lld%lld", &batch, &time, &sequences, &processors,
               &resident) == 5) {
    gsa_extents extents = {batch, time, sequences, 1, sequences};
    int64_t whole = -1;
    extents.segments = image->segments(&extents, processors, resident, &whole);
    extents.whole = whole;
    if (extents.segments < 1 || extents.segments > GSA_MAX_SEGMENTS ||
        whole < 0 || whole > sequences ||
        (extents.segments == 1) != (whole == sequences))
      return 1;
    int64_t bytes = 0;
    for (int32_t i = 0; i < image->num_workspaces; ++i) {
      const gsa_argument *tensor = &image->workspaces[i];
      int64_t size = 4;
      for (int32_t d = 0; d < tensor->rank; ++d)
        size *= tensor->shape[d] == GSA_EXTENT_CUTS ? extents.segments - 1
                : tensor->shape[d] == GSA_EXTENT_CUT_SEQUENCES
                    ? sequences - whole
                    : tensor->shape[d];
      bytes += size;
    }
    printf("segments %lld whole %lld MiB %.1f blocks",
           (long long)extents.segments, (long long)whole,
           (double)bytes / (1 << 20));
    for (int32_t i = 0; i < image->num_stages; ++i)
      printf(" %lld", (long long)image->stages[i].grid(&extents));
    printf("\n");
  }
  return 0;
}
