//===- Boxes.cpp - The tensor memory accelerator --------------------------===//
//
// Compute capability 9.0 and later. A map is a CUtensorMap of the kernel's
// parameters; a mailbox is an mbarrier that one arrival and the expected bytes
// complete (PTX ISA 9.0, 9.7.13.15). Completion is seen together with what was
// copied (9.7.9.25, completion mechanisms), so nobody needs a fence. What is
// stored was written through the generic proxy, and needs one.
//
//===----------------------------------------------------------------------===//

#include "Instructions.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::gsa;

void NVIDIADevice::emitExpectBoxes(OpBuilder &builder, Location loc,
                                   Value mailbox, int64_t bytes) const {
  Assembly assembly;
  std::string at = assembly.addOperand(mailbox, "r");
  assembly.text = "mbarrier.expect_tx.relaxed.cta.shared::cta.b64 [" + at +
                  "], " + std::to_string(bytes) + ";";
  assembly.emit(builder, loc);
}

/// The operand of a box's corner in a tensor. The instruction's dimensions
/// begin with the one whose elements lie side by side.
static std::string addCorner(Assembly &assembly, Value map,
                             ValueRange coordinates) {
  std::string tensor = assembly.addOperand(map, "l");
  SmallVector<std::string> corner;
  for (Value coordinate : llvm::reverse(coordinates))
    corner.push_back(assembly.addOperand(coordinate, "r"));
  return "[" + tensor + ", {" + llvm::join(corner, ", ") + "}]";
}

void NVIDIADevice::emitCopyBox(OpBuilder &builder, Location loc, Value to,
                               Value map, ValueRange coordinates,
                               Value mailbox) const {
  // 9.7.9.27.1.2, cp.async.bulk.tensor.
  Assembly assembly;
  std::string at = assembly.addOperand(to, "r");
  std::string counter = assembly.addOperand(mailbox, "r");
  assembly.text = "cp.async.bulk.tensor." + std::to_string(coordinates.size()) +
                  "d.shared::cluster.global.tile.mbarrier::complete_tx::bytes "
                  "[" +
                  at + "], " + addCorner(assembly, map, coordinates) + ", [" +
                  counter + "];";
  assembly.emit(builder, loc);
}

void NVIDIADevice::emitStoreBox(OpBuilder &builder, Location loc, Value from,
                                Value map, ValueRange coordinates) const {
  // 9.7.9.27.1.2, cp.async.bulk.tensor.
  Assembly assembly;
  std::string at = assembly.addOperand(from, "r");
  assembly.text = "cp.async.bulk.tensor." + std::to_string(coordinates.size()) +
                  "d.global.shared::cta.tile.bulk_group " +
                  addCorner(assembly, map, coordinates) + ", [" + at + "];";
  assembly.emit(builder, loc);
}

void NVIDIADevice::emitAwaitStores(OpBuilder &builder, Location loc) const {
  // 9.7.9.25.4, cp.async.bulk.commit_group and wait_group.
  Assembly assembly;
  assembly.text =
      "cp.async.bulk.commit_group;\ncp.async.bulk.wait_group.read 0;";
  assembly.emit(builder, loc);
}

void NVIDIADevice::emitWaitBoxes(OpBuilder &builder, Location loc,
                                 Value mailbox, Value isFirst) const {
  Assembly assembly;
  std::string at = assembly.addOperand(mailbox, "r");
  std::string guard = assembly.addOperand(isFirst, "b");
  assembly.text = "{\n.reg .pred done;\n.reg .b64 round;\n@!" + guard +
                  " bra end_${:uid};\n"
                  "mbarrier.arrive.release.cta.shared::cta.b64 round, [" +
                  at +
                  "];\nagain_${:uid}:\n"
                  "mbarrier.try_wait.acquire.cta.shared::cta.b64 done, [" +
                  at + "], round;\n@!done bra again_${:uid};\nend_${:uid}:\n}";
  assembly.emit(builder, loc);
}
