//===- Facts.cpp - What AMD's devices can do ------------------------------===//
//
// "AMD Instinct MI300" and "RDNA3" Instruction Set Architecture reference
// guides, and the AMDGPU usage guide of LLVM. A multiprocessor is a compute
// unit, a warp a wave. Parts: data sheets of MI300X and RX 7900 XTX;
// their last caches are called Infinity Cache.
//
//===----------------------------------------------------------------------===//

#include "AMD.h"
#include "gsa/kernel.h"

using namespace mlir;
using namespace mlir::gsa;

int32_t AMDTarget::getBackend() const { return GSA_BACKEND_HIP; }

ArrayRef<const Target *> gsa::getAMDTargets() {
  static const AMDTarget gfx942("gfx942", 942, [] {
    DeviceFacts facts;
    facts.warpLanes = 64;
    facts.sharedBytes = 65536;
    // Vector registers. Of accumulation registers there are as many, but from
    // two waves a SIMD on they come out of the same 512: moves for nothing.
    facts.laneRegisters = 256;
    // Four SIMDs, each 512 registers of 64 lanes.
    facts.registers = 4 * 512 * 64;
    facts.blockThreads = 1024;
    facts.clusterBlocks = 1;
    // Loads to LDS take 4 bytes a lane: not worth an address each.
    facts.hasAsyncCopies = false;
    facts.hasBoxCopies = false;
    facts.hasRoles = false;
    facts.roleRegisters = facts.leastRoleRegisters = 0;
    facts.startsEarly = false;
    facts.part = "MI300X";
    facts.multiprocessors = 304;
    facts.memoryBandwidth = 5.3e12;
    facts.matrixRate = 1307.4e12;
    facts.cacheBytes = 256 << 20;
    return facts;
  }());
  static const AMDTarget gfx1100("gfx1100", 1100, [] {
    DeviceFacts facts;
    facts.warpLanes = 32;
    facts.sharedBytes = 65536;
    facts.laneRegisters = 256;
    // Two SIMDs, each 1536 registers of 32 lanes.
    facts.registers = 2 * 1536 * 32;
    facts.blockThreads = 1024;
    facts.clusterBlocks = 1;
    facts.hasAsyncCopies = false;
    facts.hasBoxCopies = false;
    facts.hasRoles = false;
    facts.roleRegisters = facts.leastRoleRegisters = 0;
    facts.startsEarly = false;
    facts.part = "RX 7900 XTX";
    facts.multiprocessors = 96;
    facts.memoryBandwidth = 960e9;
    facts.matrixRate = 122.8e12;
    facts.cacheBytes = 96 << 20;
    return facts;
  }());
  static const Target *const targets[] = {&gfx942, &gfx1100};
  return targets;
}
