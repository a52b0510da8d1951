//===- CudaFixture.h - Tests against the fake driver ------------*- C++ -*-===//

#ifndef GSA_TEST_UNIT_RUNTIME_CUDAFIXTURE_H
#define GSA_TEST_UNIT_RUNTIME_CUDAFIXTURE_H

#include "DeviceKernel.h"
#include "FakeDriver.h"

namespace gsa::test {

/// The fake driver of this process, which CudaMain.cpp has named to the
/// runtime.
FakeDriver &fakeDriver();

/// A driver that has seen nothing, with a device of architecture 90 and a
/// context of it that is current.
class Cuda : public testing::Test {
protected:
  Cuda() {
    fake.reset();
    context = fake.createContext(0);
    fake.setCurrent(context);
  }

  /// How often a function of the driver was called.
  int64_t calls(const char *name) {
    return std::count(fake.calls.begin(), fake.calls.end(), name);
  }

  FakeDriver &fake = fakeDriver();
  void *context;
};

} // namespace gsa::test

#endif // GSA_TEST_UNIT_RUNTIME_CUDAFIXTURE_H
