//===- GeometryTest.cpp - Laws of extents and strides ---------------------===//

#include "Geometry.h"
#include "gsa/runtime.h"

#include "gtest/gtest.h"

#include <set>
#include <vector>

using namespace gsa::runtime;

static gsa_tensor make(std::vector<int64_t> shape, std::vector<int64_t> stride,
                       gsa_dtype dtype = GSA_F32) {
  gsa_tensor tensor = {};
  tensor.dtype = dtype;
  tensor.rank = static_cast<int32_t>(shape.size());
  for (size_t i = 0; i < shape.size(); ++i) {
    tensor.shape[i] = shape[i];
    tensor.stride[i] = stride[i];
  }
  return tensor;
}

TEST(Geometry, ElementTypes) {
  EXPECT_EQ(gsa_dtype_bytes(GSA_F32), 4);
  EXPECT_EQ(gsa_dtype_bytes(GSA_F16), 2);
  EXPECT_EQ(gsa_dtype_bytes(GSA_BF16), 2);
  EXPECT_EQ(gsa_dtype_bytes(GSA_F64), 8);
  EXPECT_EQ(gsa_dtype_bytes(GSA_I32), 4);
  EXPECT_EQ(gsa_dtype_bytes(GSA_I64), 8);
  EXPECT_EQ(gsa_dtype_bytes(0), 0);
  EXPECT_EQ(gsa_dtype_bytes(7), 0);
  EXPECT_STREQ(gsa_dtype_name(GSA_BF16), "bf16");
  EXPECT_STREQ(gsa_dtype_name(GSA_I64), "i64");
  EXPECT_STREQ(gsa_dtype_name(-1), "an unknown type");
}

TEST(Geometry, DenseIsRowMajor) {
  int64_t shape[] = {2, 3, 5, 7};
  int data;
  gsa_tensor tensor = gsa_dense(&data, GSA_BF16, 4, shape);
  EXPECT_EQ(tensor.data, &data);
  EXPECT_EQ(tensor.dtype, GSA_BF16);
  EXPECT_EQ(tensor.rank, 4);
  int64_t stride[] = {105, 35, 7, 1};
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(tensor.shape[i], shape[i]);
    EXPECT_EQ(tensor.stride[i], stride[i]);
  }
}

TEST(Geometry, DenseOfARankOutOfRangeReadsNothing) {
  int64_t one = 1;
  EXPECT_EQ(gsa_dense(nullptr, GSA_F32, 5, &one).rank, 5);
  EXPECT_EQ(gsa_dense(nullptr, GSA_F32, -1, &one).rank, -1);
  gsa_tensor tensor = gsa_dense(nullptr, GSA_F32, 2, nullptr);
  EXPECT_EQ(tensor.rank, 2);
  EXPECT_EQ(tensor.shape[0], 0);
}

TEST(Geometry, DenseOfHugeExtentsDoesNotWrap) {
  int64_t shape[] = {INT64_MAX, INT64_MAX, INT64_MAX, 2};
  gsa_tensor tensor = gsa_dense(nullptr, GSA_F32, 4, shape);
  EXPECT_EQ(tensor.stride[2], 2);
  EXPECT_EQ(tensor.stride[1], INT64_MAX);
  EXPECT_EQ(tensor.stride[0], INT64_MAX);
}

TEST(Geometry, Bytes) {
  int64_t bytes = -1;
  EXPECT_TRUE(countBytes(make({}, {}), bytes));
  EXPECT_EQ(bytes, 4);
  EXPECT_TRUE(countBytes(make({2, 3}, {100, 1}), bytes));
  EXPECT_EQ(bytes, 24);
  EXPECT_TRUE(spanBytes(make({2, 3}, {100, 1}), bytes));
  EXPECT_EQ(bytes, 103 * 4);
  EXPECT_TRUE(spanBytes(make({}, {}, GSA_F64), bytes));
  EXPECT_EQ(bytes, 8);
  // The stride of a single element is never stepped over.
  EXPECT_TRUE(spanBytes(make({1, 3}, {INT64_MIN, 1}), bytes));
  EXPECT_EQ(bytes, 12);
  EXPECT_TRUE(spanBytes(make({5, 3}, {0, 1}), bytes));
  EXPECT_EQ(bytes, 12);
}

TEST(Geometry, EmptyIsEmptyWhateverElseItSays) {
  int64_t bytes = -1;
  gsa_tensor tensor =
      make({INT64_MAX, 0, INT64_MAX}, {INT64_MAX, INT64_MAX, INT64_MAX});
  EXPECT_TRUE(countBytes(tensor, bytes));
  EXPECT_EQ(bytes, 0);
  EXPECT_TRUE(spanBytes(tensor, bytes));
  EXPECT_EQ(bytes, 0);
  EXPECT_TRUE(stridesNest(tensor));
}

TEST(Geometry, WhatDoesNotFitIsSaid) {
  int64_t bytes;
  int64_t big = int64_t(1) << 40;
  EXPECT_FALSE(countBytes(make({big, big}, {0, 1}), bytes));
  EXPECT_TRUE(countBytes(make({big, 1 << 20}, {0, 1}), bytes));
  EXPECT_EQ(bytes, int64_t(1) << 62);
  EXPECT_FALSE(countBytes(make({big, 1 << 21}, {0, 1}), bytes));
  EXPECT_FALSE(spanBytes(make({3, 1}, {int64_t(1) << 62, 1}), bytes));
  EXPECT_FALSE(spanBytes(make({2, 1}, {int64_t(1) << 61, 1}), bytes));
  EXPECT_TRUE(spanBytes(make({2, 1}, {(int64_t(1) << 61) - 2, 1}), bytes));
  EXPECT_EQ(bytes, INT64_MAX - 3);
  EXPECT_FALSE(spanBytes(make({2, 2}, {INT64_MAX, 1}), bytes));
}

// Nested strides never share an address, checked against the addresses
// themselves; the converse holds for all but strides that interleave.
TEST(Geometry, NestedStridesShareNoAddress) {
  int nested = 0, shared = 0;
  for (int64_t a = 1; a <= 3; ++a)
    for (int64_t b = 1; b <= 4; ++b)
      for (int64_t c = 1; c <= 3; ++c)
        for (int64_t x = 0; x <= 12; ++x)
          for (int64_t y = 0; y <= 12; ++y)
            for (int64_t z = 0; z <= 3; ++z) {
              std::set<int64_t> addresses;
              for (int64_t i = 0; i < a; ++i)
                for (int64_t j = 0; j < b; ++j)
                  for (int64_t k = 0; k < c; ++k)
                    addresses.insert(i * x + j * y + k * z);
              bool distinct = int64_t(addresses.size()) == a * b * c;
              bool nests = stridesNest(make({a, b, c}, {x, y, z}));
              ASSERT_TRUE(distinct || !nests)
                  << a << b << c << " " << x << " " << y << " " << z;
              nested += nests;
              shared += !distinct;
            }
  EXPECT_GT(nested, 1000);
  EXPECT_GT(shared, 1000);
}

TEST(Geometry, LayoutsThatPeopleUseNest) {
  EXPECT_TRUE(stridesNest(make({2, 5, 4, 8}, {160, 32, 8, 1})));  // BTHD
  EXPECT_TRUE(stridesNest(make({2, 5, 4, 8}, {160, 8, 40, 1})));  // BHTD
  EXPECT_TRUE(stridesNest(make({2, 5, 4, 8}, {999, 96, 24, 1}))); // a slice
  EXPECT_TRUE(stridesNest(make({1, 5, 1, 8}, {0, 8, 0, 1})));
  EXPECT_FALSE(stridesNest(make({2, 5, 4, 8}, {160, 31, 8, 1})));
  EXPECT_FALSE(stridesNest(make({2, 5, 4, 8}, {160, 32, 7, 1})));
  EXPECT_FALSE(stridesNest(make({2, 5, 4, 8}, {0, 32, 8, 1})));
}

TEST(Geometry, CommonBytes) {
  EXPECT_EQ(commonBytes({0, 10}, {10, 20}), 0u);
  EXPECT_EQ(commonBytes({0, 10}, {9, 20}), 1u);
  EXPECT_EQ(commonBytes({0, 30}, {10, 20}), 10u);
  EXPECT_EQ(commonBytes({10, 20}, {0, 30}), 10u);
  EXPECT_EQ(commonBytes({15, 15}, {0, 30}), 0u);
}
