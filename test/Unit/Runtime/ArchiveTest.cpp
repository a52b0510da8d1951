//===- ArchiveTest.cpp - What linking the runtime brings with it ----------===//
//
// The paths are those of this build, from CMakeLists.txt.
//
//===----------------------------------------------------------------------===//

#include "TestKernel.h"

#include <cstdlib>
#include <string>

static int run(const std::string &command) {
  return std::system(command.c_str());
}

TEST(Archive, NeedsOnlyWhatItMay) {
#if GSA_SANITIZED
  GTEST_SKIP() << "the sanitizer adds calls and constructors of its own";
#endif
  EXPECT_EQ(run("\"" GSA_PYTHON "\" \"" GSA_CHECK_ARCHIVE "\" --nm \"" GSA_NM
                "\" --objdump \"" GSA_OBJDUMP "\" \"" GSA_ARCHIVE "\""),
            0);
}

// The check itself sees what it is there to see.
TEST(Archive, CheckRefusesAnArchiveThatBreaksTheLaws) {
  EXPECT_NE(run("\"" GSA_PYTHON "\" \"" GSA_CHECK_ARCHIVE "\" --nm \"" GSA_NM
                "\" --objdump \"" GSA_OBJDUMP "\" \"" GSA_BAD_ARCHIVE
                "\" 2>/dev/null"),
            0);
}

TEST(Archive, ACProgramLinksItWithTheCLinker) {
  GSA_SKIP_TEAMS_UNDER_TSAN();
  EXPECT_EQ(run("\"" GSA_C99_PROGRAM "\""), 0);
}
