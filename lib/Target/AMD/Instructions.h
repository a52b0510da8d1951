//===- Instructions.h - AMD's instructions for waves ------------*- C++ -*-===//

#ifndef GSA_LIB_TARGET_AMD_INSTRUCTIONS_H
#define GSA_LIB_TARGET_AMD_INSTRUCTIONS_H

#include "gsa/Target/Device.h"

namespace mlir::gsa {

/// How AMD's devices spell what lanes do together.
class AMDDevice final : public Device {
public:
  /// Of waves of 32 or 64 lanes.
  explicit AMDDevice(int64_t lanes) : lanes(lanes) {}

  int64_t getWarpLanes() const override { return lanes; }

  void emitBarrier(OpBuilder &builder, Location loc,
                   const Party &party) const override;
  Value emitShuffle(OpBuilder &builder, Location loc, Value value,
                    int64_t mask) const override;
  Value emitUniform(OpBuilder &builder, Location loc, Value value,
                    int64_t bound = 0) const override;
  Value emitOpaque(OpBuilder &builder, Location loc,
                   Value value) const override;
  SmallVector<Value> emitMatrixLoad(OpBuilder &builder, Location loc,
                                    const SharedAccess &access,
                                    const Worker &worker,
                                    Value address) const override;
  bool emitMatrixStore(OpBuilder &builder, Location loc,
                       const SharedAccess &access, const Worker &worker,
                       Value address, ArrayRef<Value> words) const override;

private:
  int64_t lanes;
};

} // namespace mlir::gsa

#endif // GSA_LIB_TARGET_AMD_INSTRUCTIONS_H
