//===- device.c - Prints what an object says of its device images ---------===//
//
// With an argument, writes the first image's code to that file.
//
//===----------------------------------------------------------------------===//

#include "axpy.h"

#include <stdio.h>

int main(int argc, char **argv) {
  const gsa_extents extents = {5, 7, 5, 1, 5};
  printf("kernel %s abi %u\n", axpy_kernel.name, axpy_kernel.abi_version);
  for (int i = 0; i < axpy_kernel.num_images; ++i) {
    const gsa_image *image = &axpy_kernel.images[i];
    const char *code = image->code;
    printf("image %s backend %d rank %d arch %d match %d %s\n", image->chip,
           image->backend, image->rank, image->arch, image->match,
           code[0] == 0x7f && code[1] == 'E' ? "elf"
           : code[image->code_size - 1] == 0 ? "text"
                                             : "unknown");
    for (int j = 0; j < image->num_stages; ++j) {
      const gsa_stage *stage = &image->stages[j];
      printf("stage %s threads %d shared %d cluster %d flags %d blocks %lld\n",
             stage->symbol, stage->threads, stage->shared_bytes, stage->cluster,
             stage->flags, (long long)stage->grid(&extents));
    }
  }
  if (argc > 1) {
    const gsa_image *image = &axpy_kernel.images[0];
    FILE *file = fopen(argv[1], "wb");
    if (!file ||
        fwrite(image->code, 1, image->code_size, file) != image->code_size ||
        fclose(file) != 0)
      return 1;
  }
  return 0;
}
