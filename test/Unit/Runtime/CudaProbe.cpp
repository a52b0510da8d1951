//===- CudaProbe.cpp - One launch in a process of its own -----------------===//
//
// What the runtime finds of a driver it finds once a process, so CudaTest.cpp
// runs this program, with an environment, to see what a first call says.
//
//   CudaProbe (plain | cluster | overlap) BACKENDS
//
// launches a kernel with an image for a device and one for the host, and prints
// the backend that ran it, or the status and the detail.
//
//===----------------------------------------------------------------------===//

#include "DeviceKernel.h"

#include <cstdio>
#include <cstdlib>

using namespace gsa::test;

int main(int argc, char **argv) {
  if (argc != 3)
    return 2;
  std::string kind = argv[1];
  DeviceProblem problem(1, 3);
  problem.stages = {stage("sum"), stage("fold")};
  if (kind == "cluster")
    problem.stages[0].cluster = 2;
  if (kind == "overlap")
    problem.stages[1].flags = GSA_STAGE_OVERLAP;
  problem.use();
  problem.images.push_back(hostImage("host", 0, denseEntry));
  problem.describe();
  problem.params.head.backends = std::atoi(argv[2]);
  problem.giveWorkspace(64);

  gsa_query_result result = {};
  result.size = sizeof(result);
  gsa_status status = gsa_query(&problem.kernel, &problem.params.head, &result);
  if (status == GSA_SUCCESS)
    status = problem.launch();
  if (status == GSA_SUCCESS)
    std::printf("backend %d\n", result.backend);
  else
    std::printf("%s: %s\n", gsa_status_name(status), gsa_error_detail());
  return 0;
}
