//===- Cluster.cpp - What blocks of a cluster tell each other -------------===//
//
// Compute capability 9.0 and later. A mailbox is an mbarrier that one arrival
// and the announced bytes complete (PTX ISA 9.0, 9.7.13.15); what others send
// carries its own signal (9.7.9.12, st.async), so that nobody needs a fence.
//
//===----------------------------------------------------------------------===//

#include "Instructions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::gsa;

Value NVIDIADevice::emitClusterRank(OpBuilder &builder, Location loc) const {
  return LLVM::CallIntrinsicOp::create(
             builder, loc, builder.getI32Type(),
             builder.getStringAttr("llvm.nvvm.read.ptx.sreg.cluster.ctarank"),
             ValueRange())
      .getResult(0);
}

void NVIDIADevice::emitClusterBarrier(OpBuilder &builder, Location loc) const {
  // 9.7.13.4, barrier.cluster: what was written before is seen behind it.
  Assembly assembly;
  assembly.text = "barrier.cluster.arrive.release.aligned;\n"
                  "barrier.cluster.wait.acquire.aligned;";
  assembly.emit(builder, loc);
}

Value NVIDIADevice::emitPeerAddress(OpBuilder &builder, Location loc,
                                    Value address, Value rank) const {
  Assembly assembly;
  assembly.hasSideEffects = assembly.touchesMemory = false;
  std::string result = assembly.addResult(builder.getI32Type(), "=r");
  std::string own = assembly.addOperand(address, "r");
  std::string block = assembly.addOperand(rank, "r");
  assembly.text =
      "mapa.shared::cluster.u32 " + result + ", " + own + ", " + block + ";";
  return assembly.emit(builder, loc).front();
}

void NVIDIADevice::emitMailbox(OpBuilder &builder, Location loc, Value address,
                               int64_t warps) const {
  Assembly assembly;
  std::string at = assembly.addOperand(address, "r");
  assembly.text = "mbarrier.init.shared::cta.b64 [" + at + "], " +
                  std::to_string(warps) +
                  ";\nfence.mbarrier_init.release.cluster;";
  assembly.emit(builder, loc);
}

Value NVIDIADevice::emitExpect(OpBuilder &builder, Location loc, Value mailbox,
                               int64_t bytes, Value isFirst) const {
  // Lane 0 arrives for its warp. The state tells the round, so that no lane
  // counts rounds.
  Assembly assembly;
  std::string state = assembly.addResult(builder.getI64Type(), "=l");
  std::string at = assembly.addOperand(mailbox, "r");
  std::string guard = assembly.addOperand(isFirst, "b");
  assembly.text = "@" + guard +
                  " mbarrier.arrive.expect_tx.release.cta.shared::cta.b64 " +
                  state + ", [" + at + "], " + std::to_string(bytes) + ";";
  Value round = assembly.emit(builder, loc).front();
  Value bits = arith::ConstantIntOp::create(builder, loc, 32, 64);
  auto half = [&](Value word) -> Value {
    Value low =
        arith::TruncIOp::create(builder, loc, builder.getI32Type(), word);
    return arith::ExtUIOp::create(builder, loc, builder.getI64Type(),
                                  emitUniform(builder, loc, low));
  };
  Value high = half(arith::ShRUIOp::create(builder, loc, round, bits));
  return arith::OrIOp::create(builder, loc, half(round),
                              arith::ShLIOp::create(builder, loc, high, bits));
}

void NVIDIADevice::emitSend(OpBuilder &builder, Location loc, Value to,
                            Value mailbox, ValueRange words) const {
  Assembly assembly;
  std::string at = assembly.addOperand(to, "r");
  std::string box = assembly.addOperand(mailbox, "r");
  std::string vector, names;
  for (Value word : words)
    names += (names.empty() ? "" : ", ") + assembly.addOperand(word, "r");
  if (words.size() > 1) {
    vector = ".v" + std::to_string(words.size());
    names = "{" + names + "}";
  }
  assembly.text = "st.async.weak.shared::cluster.mbarrier::complete_tx::bytes" +
                  vector + ".b32 [" + at + "], " + names + ", [" + box + "];";
  assembly.emit(builder, loc);
}

/// Waits for the phase of `mailbox` that `phase`, an operand, names.
static void emitAwait(OpBuilder &builder, Location loc, Assembly &assembly,
                      Value mailbox, StringRef form, StringRef phase) {
  std::string box = assembly.addOperand(mailbox, "r");
  assembly.text = ("{\n.reg .pred done;\nagain_${:uid}:\nmbarrier.try_wait" +
                   form + ".acquire.cluster.shared::cta.b64 done, [" + box +
                   "], " + phase + ";\n@!done bra again_${:uid};\n}")
                      .str();
  assembly.emit(builder, loc);
}

void NVIDIADevice::emitReceive(OpBuilder &builder, Location loc, Value mailbox,
                               Value round) const {
  Assembly assembly;
  std::string state = assembly.addOperand(round, "l");
  emitAwait(builder, loc, assembly, mailbox, "", state);
}

void NVIDIADevice::emitReceiveRound(OpBuilder &builder, Location loc,
                                    Value mailbox, int64_t bytes, Value isFirst,
                                    Value number) const {
  // Nobody waits for the state, which takes as long as a shuffle of it.
  Assembly expect;
  std::string at = expect.addOperand(mailbox, "r");
  std::string guard = expect.addOperand(isFirst, "b");
  expect.text = "{\n.reg .b64 state;\n@" + guard +
                " mbarrier.arrive.expect_tx.release.cta.shared::cta.b64 "
                "state, [" +
                at + "], " + std::to_string(bytes) + ";\n}";
  expect.emit(builder, loc);
  Assembly await;
  Value one = arith::ConstantIntOp::create(builder, loc, 1, 32);
  std::string parity =
      await.addOperand(arith::AndIOp::create(builder, loc, number, one), "r");
  emitAwait(builder, loc, await, mailbox, ".parity", parity);
}
