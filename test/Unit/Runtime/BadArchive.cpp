//===- BadArchive.cpp - A library that runs before main and allocates -----===//
//
// For the test that check-archive.py refuses it.
//
//===----------------------------------------------------------------------===//

#include <cstdlib>

int *badArchiveMemory = static_cast<int *>(std::malloc(sizeof(int)));
