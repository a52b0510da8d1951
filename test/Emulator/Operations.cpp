//===- Operations.cpp - The tables of instructions, looked through ------===//

#include "Operations.h"

#include <cstring>

using namespace emulator;

bool emulator::readOperation(const Statement &statement, Reading &reading,
                             bool &isKnown) {
  isKnown = false;
  for (const OperationRow *table :
       {matrixOperations, barrierOperations, copyOperations})
    for (const OperationRow *row = table; row->prefix; ++row) {
      if (statement.text.compare(0, std::strlen(row->prefix), row->prefix))
        continue;
      isKnown = true;
      Reading candidate;
      candidate.operation.line = statement.line;
      candidate.operation.text = statement.text;
      if (!row->read(statement, candidate))
        continue;
      reading = candidate;
      return true;
    }
  return false;
}
