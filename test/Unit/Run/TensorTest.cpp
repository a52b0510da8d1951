//===- TensorTest.cpp - Layouts, gaps, and rounding -----------------------===//

#include "Tensor.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

using namespace mlir::gsa;
using namespace mlir::gsa::run;

namespace {
TEST(EncodeTest, F32IsTheProcessorsRounding) {
  for (double value : {0.0, -0.0, 1.0, 1 + 0x1p-24, 1 + 0x3p-24, 1e-40, 1e-46,
                       0x1p-150, 0x3p-150, 3.5e38, -1e300, 0x1.fffffffp127}) {
    auto expected = float(value);
    uint32_t bits;
    memcpy(&bits, &expected, sizeof bits);
    EXPECT_EQ(encode(value, GSA_F32), bits) << value;
    EXPECT_EQ(decode(bits, GSA_F32), double(expected)) << value;
  }
}

TEST(EncodeTest, NarrowTypesKeepEachOfTheirNumbers) {
  for (int32_t dtype : {GSA_F16, GSA_BF16})
    for (uint64_t bits = 0; bits < 0x10000; ++bits) {
      double value = decode(bits, dtype);
      if (std::isnan(value))
        EXPECT_TRUE(std::isnan(decode(encode(value, dtype), dtype)));
      else
        ASSERT_EQ(encode(value, dtype), bits) << dtype;
    }
}

TEST(EncodeTest, NarrowTypesRoundToNearestEven) {
  for (int32_t dtype : {GSA_F16, GSA_BF16}) {
    uint64_t infinity = dtype == GSA_F16 ? 0x7c00 : 0x7f80;
    for (uint64_t bits = 0; bits + 1 < infinity; ++bits) {
      double low = decode(bits, dtype), high = decode(bits + 1, dtype);
      double middle = (low + high) / 2;
      ASSERT_EQ(encode(middle, dtype), bits + (bits & 1));
      ASSERT_EQ(encode(std::nextafter(middle, low), dtype), bits);
      ASSERT_EQ(encode(std::nextafter(middle, high), dtype), bits + 1);
    }
    EXPECT_EQ(encode(1e300, dtype), infinity);
    EXPECT_EQ(encode(65519.99, GSA_F16), 0x7bffu);
    EXPECT_EQ(encode(65520, GSA_F16), 0x7c00u);
  }
}

class StorageTest : public ::testing::TestWithParam<Storage> {};

TEST_P(StorageTest, KeepsValuesAndItsGaps) {
  auto tensor = Tensor::create({2, 3, 2, 5}, GSA_F16, GetParam());
  ASSERT_TRUE(bool(tensor));
  Values values{{2, 3, 2, 5}, {}};
  for (int i = 0; i < 60; ++i)
    values.data.push_back(i);
  tensor->store(values);
  EXPECT_EQ(tensor->load().data, values.data);
  EXPECT_TRUE(tensor->gapsAreUntouched());
  EXPECT_EQ(tensor->get().stride[3], 1);
  tensor->clear();
  for (double value : tensor->load().data)
    EXPECT_TRUE(std::isnan(value));
}

TEST_P(StorageTest, RowsAndPiecesHoldAllElements) {
  auto tensor = Tensor::create({2, 3, 2, 5}, GSA_F32, GetParam());
  auto other = Tensor::create({2, 3, 2, 5}, GSA_F32, GetParam());
  ASSERT_TRUE(tensor && other);
  EXPECT_EQ(tensor->rowSize(), 5);
  ASSERT_EQ(tensor->countRows(), 12);
  std::vector<double> all(60), some(20);
  for (int i = 0; i < 60; ++i)
    all[i] = i;
  tensor->store(all.data(), 0, 4);
  tensor->store(all.data() + 20, 4, 8);
  tensor->load(some.data(), 3, 4);
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(some[i], 15 + i);

  // What a copy of the pieces holds.
  size_t bytes = 0;
  tensor->forEachPiece([&](char *data, size_t size) {
    memcpy(other->block() + (data - tensor->block()), data, size);
    bytes += size;
  });
  EXPECT_EQ(other->load().data, all);
  EXPECT_LE(bytes, 4096u);
  EXPECT_GE(bytes, 240u);
}

INSTANTIATE_TEST_SUITE_P(All, StorageTest,
                         ::testing::Values(Storage::Dense, Storage::Strided,
                                           Storage::Huge));

TEST(StorageTest, StridedSeesWhatIsWrittenAround) {
  auto tensor = Tensor::create({2, 3, 2, 5}, GSA_F32, Storage::Strided);
  ASSERT_TRUE(bool(tensor));
  const gsa_tensor &view = tensor->get();
  EXPECT_GT(view.stride[2], view.stride[0]); // heads outside
  auto *data = static_cast<float *>(view.data);
  for (int64_t place : {int64_t(-1), int64_t(5), view.stride[1] - 1}) {
    float kept = data[place];
    data[place] = 0;
    EXPECT_FALSE(tensor->gapsAreUntouched()) << place;
    data[place] = kept;
  }
  EXPECT_TRUE(tensor->gapsAreUntouched());
}

TEST(StorageTest, HugeStepsOverMoreThanTwoToThe31) {
  for (auto [batch, step] : {std::pair(2, 0), {1, 1}}) {
    auto tensor = Tensor::create({batch, 3, 2, 5}, GSA_F32, Storage::Huge);
    ASSERT_TRUE(bool(tensor));
    EXPECT_GT(tensor->get().stride[step], int64_t(1) << 31);
  }
}
} // namespace
