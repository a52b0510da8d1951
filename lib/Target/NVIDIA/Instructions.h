//===- Instructions.h - NVIDIA's instructions for warps ---------*- C++ -*-===//

#ifndef GSA_LIB_TARGET_NVIDIA_INSTRUCTIONS_H
#define GSA_LIB_TARGET_NVIDIA_INSTRUCTIONS_H

#include "gsa/Target/Device.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace mlir::gsa {

/// How NVIDIA's devices spell what lanes do together; sections are those of the
/// PTX ISA 9.0.
class NVIDIADevice final : public Device {
public:
  /// Whether there is `stmatrix` (compute capability 9.0) besides `ldmatrix`,
  /// and whether loops vote on their conditions (see emitUniformCondition).
  NVIDIADevice(bool storesMatrices, bool loopsVote)
      : storesMatrices(storesMatrices), loopsVote(loopsVote) {}

  int64_t getWarpLanes() const override { return 32; }

  void emitBarrier(OpBuilder &builder, Location loc,
                   const Party &party) const override;
  void emitRegisters(OpBuilder &builder, Location loc, int64_t count,
                     int64_t before) const override;
  Value emitShuffle(OpBuilder &builder, Location loc, Value value,
                    int64_t mask) const override;
  bool hasVotes() const override { return true; }
  Value emitAll(OpBuilder &builder, Location loc,
                Value condition) const override;
  Value emitUniform(OpBuilder &builder, Location loc, Value value,
                    int64_t bound = 0) const override;
  Value emitUniformCondition(OpBuilder &builder, Location loc,
                             Value condition) const override;
  Value emitOpaque(OpBuilder &builder, Location loc,
                   Value value) const override;
  SmallVector<Value> emitOrderMasks(OpBuilder &builder, Location loc,
                                    Value number,
                                    ArrayRef<int32_t> limits) const override;
  Value emitTruncation(OpBuilder &builder, Location loc, Value vector,
                       Type element) const override;
  Value emitLoad(OpBuilder &builder, Location loc, Value pointer, int64_t bytes,
                 Value present) const override;
  void emitStore(OpBuilder &builder, Location loc, Value value, Value pointer,
                 Value present) const override;
  int64_t getCopyBytes() const override { return 16; }
  void emitCopy(OpBuilder &builder, Location loc, Value to, Value pointer,
                int64_t bytes, Value present) const override;
  void emitWaitCopies(OpBuilder &builder, Location loc) const override;
  void emitAwaitLaunch(OpBuilder &builder, Location loc) const override;
  void emitReleaseLaunch(OpBuilder &builder, Location loc) const override;
  void emitExpectBoxes(OpBuilder &builder, Location loc, Value mailbox,
                       int64_t bytes) const override;
  void emitCopyBox(OpBuilder &builder, Location loc, Value to, Value map,
                   ValueRange coordinates, Value mailbox) const override;
  void emitStoreBox(OpBuilder &builder, Location loc, Value from, Value map,
                    ValueRange coordinates) const override;
  void emitAwaitStores(OpBuilder &builder, Location loc) const override;
  void emitWaitBoxes(OpBuilder &builder, Location loc, Value mailbox,
                     Value isFirst) const override;
  Value emitClusterRank(OpBuilder &builder, Location loc) const override;
  void emitClusterBarrier(OpBuilder &builder, Location loc) const override;
  Value emitPeerAddress(OpBuilder &builder, Location loc, Value address,
                        Value rank) const override;
  void emitMailbox(OpBuilder &builder, Location loc, Value address,
                   int64_t warps) const override;
  Value emitExpect(OpBuilder &builder, Location loc, Value mailbox,
                   int64_t bytes, Value isFirst) const override;
  void emitSend(OpBuilder &builder, Location loc, Value to, Value mailbox,
                ValueRange words) const override;
  void emitReceive(OpBuilder &builder, Location loc, Value mailbox,
                   Value round) const override;
  void emitReceiveRound(OpBuilder &builder, Location loc, Value mailbox,
                        int64_t bytes, Value isFirst,
                        Value number) const override;
  void emitMatrixFence(OpBuilder &builder, Location loc) const override;
  SmallVector<Value> emitWaitProducts(OpBuilder &builder, Location loc,
                                      int64_t left, ValueRange sums,
                                      ValueRange factors) const override;
  SmallVector<Value> emitMatrixLoad(OpBuilder &builder, Location loc,
                                    const SharedAccess &access,
                                    const Worker &worker,
                                    Value address) const override;
  bool emitMatrixStore(OpBuilder &builder, Location loc,
                       const SharedAccess &access, const Worker &worker,
                       Value address, ArrayRef<Value> words) const override;

private:
  bool storesMatrices, loopsVote;
};

/// Inline assembly of one instruction, or of one group of them that must not be
/// torn apart. Operands and results are scalars of 32 or 64 bits.
struct Assembly {
  std::string text;
  SmallVector<Type> results;
  SmallVector<Value> operands;
  /// In LLVM's form: results, then operands.
  SmallVector<std::string> constraints;
  /// It does more than compute its results.
  bool hasSideEffects = true;
  /// It reads or writes memory, or orders those who do.
  bool touchesMemory = true;

  /// The placeholder of the next operand, or of the next result.
  std::string addOperand(Value value, StringRef constraint);
  std::string addResult(Type type, StringRef constraint);
  /// The results.
  SmallVector<Value> emit(OpBuilder &builder, Location loc) const;
};

} // namespace mlir::gsa

#endif // GSA_LIB_TARGET_NVIDIA_INSTRUCTIONS_H
