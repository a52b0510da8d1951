//===- HelpersTest.cpp - gsa.hpp ------------------------------------------===//

#include "TestKernel.h"
#include "gsa/gsa.hpp"

using namespace gsa::test;

namespace {

/// As a generated header declares it.
struct SumParams {
  gsa_params head;
  gsa_tensor q, s0, o, sT;
};

} // namespace

TEST(Helpers, TensorsKnowTheirType) {
  float f;
  const double d = 0;
  gsa::BF16 b;
  gsa::F16 h;
  int32_t i;
  int64_t l;
  EXPECT_EQ(gsa::tensor(&f, {1}).dtype, GSA_F32);
  EXPECT_EQ(gsa::tensor(&d, {1}).dtype, GSA_F64);
  EXPECT_EQ(gsa::tensor(&b, {1}).dtype, GSA_BF16);
  EXPECT_EQ(gsa::tensor(&h, {1}).dtype, GSA_F16);
  EXPECT_EQ(gsa::tensor(&i, {1}).dtype, GSA_I32);
  EXPECT_EQ(gsa::tensor(&l, {1}).dtype, GSA_I64);
  EXPECT_EQ(gsa::tensor(&d, {1}).data, &d);
}

TEST(Helpers, TensorShapes) {
  float f = 0;
  gsa_tensor dense = gsa::tensor(&f, {2, 3, 5});
  EXPECT_EQ(dense.rank, 3);
  EXPECT_EQ(dense.stride[0], 15);
  EXPECT_EQ(dense.stride[2], 1);
  gsa_tensor strided = gsa::tensor(&f, {2, 3, 5}, {100, 0, 1});
  EXPECT_EQ(strided.shape[1], 3);
  EXPECT_EQ(strided.stride[0], 100);
  EXPECT_EQ(strided.stride[1], 0);
  // What no kernel takes.
  EXPECT_EQ(gsa::tensor(&f, {1, 1, 1, 1, 1}).rank, 5);
  EXPECT_EQ(gsa::tensor(&f, {2, 3}, {1}).rank, -1);
  EXPECT_EQ(gsa::tensor(&f, {1, 1, 1, 1, 1}, {1, 1, 1, 1, 1}).rank, -1);
}

TEST(Helpers, WorkspaceGrowsOnly) {
  gsa::Workspace workspace;
  EXPECT_EQ(workspace.data(), nullptr);
  EXPECT_EQ(workspace.size(), 0u);
  ASSERT_TRUE(workspace.reserve(100));
  void *first = workspace.data();
  EXPECT_EQ(reinterpret_cast<uintptr_t>(first) % GSA_WORKSPACE_ALIGNMENT, 0u);
  EXPECT_EQ(workspace.size(), 100u);
  ASSERT_TRUE(workspace.reserve(50));
  EXPECT_EQ(workspace.data(), first);
  EXPECT_EQ(workspace.size(), 100u);
  ASSERT_TRUE(workspace.reserve(5000));
  EXPECT_EQ(workspace.size(), 5000u);
  gsa::Workspace moved = std::move(workspace);
  EXPECT_EQ(moved.size(), 5000u);
}

TEST(Helpers, WorkspaceWithoutMemory) {
#if GSA_SANITIZED
  GTEST_SKIP() << "a sanitizer stops the program instead of returning null";
#endif
  gsa::Workspace workspace;
  ASSERT_TRUE(workspace.reserve(100));
  void *first = workspace.data();
  volatile size_t tooMuch = size_t(1) << 62;
  EXPECT_FALSE(workspace.reserve(tooMuch));
  EXPECT_EQ(workspace.data(), first);
  EXPECT_EQ(workspace.size(), 100u);
}

TEST(Helpers, QueryAndLaunch) {
  Problem problem(2, 3);
  SumParams params = {};
  params.head.size = sizeof(params);
  params.head.threads = 1;
  params.q = gsa::tensor(problem.q.data(), {2, 3, heads, size});
  params.s0 = gsa::tensor(problem.s0.data(), {2, heads, size});
  params.o = gsa::tensor(problem.o.data(), {2, 3, heads, size});
  params.sT = gsa::tensor(problem.sT.data(), {2, heads, size});

  gsa_query_result result;
  ASSERT_EQ(gsa::query(problem.kernel, params, result), GSA_SUCCESS)
      << gsa_error_detail();
  EXPECT_EQ(result.blocks, 2 * heads);

  gsa::Workspace workspace;
  ASSERT_EQ(gsa::launch(problem.kernel, params, workspace), GSA_SUCCESS)
      << gsa_error_detail();
  EXPECT_EQ(workspace.size(), result.workspace_size);
  EXPECT_EQ(params.head.workspace, workspace.data());
  Problem other(2, 3);
  other.run();
  EXPECT_EQ(problem.o, other.o);
  EXPECT_EQ(problem.sT, other.sT);

  params.q.dtype = GSA_F16;
  EXPECT_EQ(gsa::query(problem.kernel, params, result),
            GSA_ERROR_INVALID_DTYPE);
  EXPECT_EQ(gsa::launch(problem.kernel, params, workspace),
            GSA_ERROR_INVALID_DTYPE);
}
