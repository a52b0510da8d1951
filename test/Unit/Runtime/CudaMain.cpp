//===- CudaMain.cpp - Run tests with the fake driver ----------------------===//
//
// The paths are those of this build, from CMakeLists.txt.
//
//===----------------------------------------------------------------------===//

#include "CudaFixture.h"

#include <cstdlib>
#include <dlfcn.h>

static gsa::test::FakeDriver *driver;

gsa::test::FakeDriver &gsa::test::fakeDriver() { return *driver; }

int main(int argc, char **argv) {
  testing::InitGoogleTest(&argc, argv);
  // The runtime opens the same file, which is the same library.
  void *library = dlopen(GSA_FAKE_DRIVER, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    std::fprintf(stderr, "the fake driver must open, got: %s\n", dlerror());
    return 1;
  }
  auto find = reinterpret_cast<gsa::test::FakeDriver *(*)()>(
      dlsym(library, "gsaFakeDriver"));
  driver = find();
  setenv("GSA_CUDA_DRIVER", GSA_FAKE_DRIVER, /*overwrite=*/1);
  return RUN_ALL_TESTS();
}
