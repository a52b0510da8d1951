//===- StatusTest.cpp - Names and words -----------------------------------===//

#include "Status.h"
#include "TestKernel.h"

#include <thread>

using namespace gsa::test;
using gsa::runtime::fail;
using gsa::runtime::Text;

TEST(Status, Names) {
  EXPECT_STREQ(gsa_status_name(GSA_SUCCESS), "GSA_SUCCESS");
  EXPECT_STREQ(gsa_status_name(GSA_ERROR_INVALID_ARGUMENT),
               "GSA_ERROR_INVALID_ARGUMENT");
  EXPECT_STREQ(gsa_status_name(GSA_ERROR_INVALID_SHAPE),
               "GSA_ERROR_INVALID_SHAPE");
  EXPECT_STREQ(gsa_status_name(GSA_ERROR_INVALID_STRIDE),
               "GSA_ERROR_INVALID_STRIDE");
  EXPECT_STREQ(gsa_status_name(GSA_ERROR_INVALID_DTYPE),
               "GSA_ERROR_INVALID_DTYPE");
  EXPECT_STREQ(gsa_status_name(GSA_ERROR_INVALID_OFFSETS),
               "GSA_ERROR_INVALID_OFFSETS");
  EXPECT_STREQ(gsa_status_name(GSA_ERROR_WORKSPACE), "GSA_ERROR_WORKSPACE");
  EXPECT_STREQ(gsa_status_name(GSA_ERROR_NO_IMAGE), "GSA_ERROR_NO_IMAGE");
  EXPECT_STREQ(gsa_status_name(GSA_ERROR_ABI), "GSA_ERROR_ABI");
  EXPECT_STREQ(gsa_status_name(GSA_ERROR_DRIVER), "GSA_ERROR_DRIVER");
  EXPECT_STREQ(gsa_status_name(GSA_ERROR_NO_DEVICE), "GSA_ERROR_NO_DEVICE");
  // Within the enum's range, where a value without a name is still defined.
  EXPECT_STREQ(gsa_status_name(gsa_status(15)), "unknown gsa_status");
}

TEST(Status, DetailIsEmptyBeforeTheFirstError) {
  std::string detail = "x";
  std::thread([&] { detail = gsa_error_detail(); }).join();
  EXPECT_EQ(detail, "");
}

TEST(Status, DetailBelongsToTheThread) {
  fail(GSA_ERROR_ABI, "mine");
  std::string other;
  std::thread([&] {
    fail(GSA_ERROR_ABI, "theirs");
    other = gsa_error_detail();
  }).join();
  EXPECT_EQ(other, "theirs");
  EXPECT_STREQ(gsa_error_detail(), "mine");
}

TEST(Status, SuccessKeepsTheDetailOfTheLastFailure) {
  fail(GSA_ERROR_ABI, "before");
  Problem problem(1, 1);
  problem.run();
  EXPECT_STREQ(gsa_error_detail(), "before");
}

TEST(Status, LongTextIsCutAndSaysSo) {
  std::string fits(Text::capacity - 1, 'a');
  fail(GSA_ERROR_ABI, "%s", fits.c_str());
  EXPECT_EQ(gsa_error_detail(), fits);

  fail(GSA_ERROR_ABI, "%s", (fits + "a").c_str());
  EXPECT_EQ(gsa_error_detail(), fits.substr(3) + "...");

  Text text = {};
  for (int i = 0; i < 5000; ++i)
    text.append("bc");
  EXPECT_EQ(std::strlen(text.buffer), Text::capacity - 1);
  EXPECT_EQ(std::string(text.buffer).substr(Text::capacity - 4), "...");
}
