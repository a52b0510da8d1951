//===- Facts.cpp - What NVIDIA's devices can do ---------------------------===//
//
// CUDA C++ Programming Guide 13.0, "Compute Capabilities": technical
// specifications per compute capability. A block's shared memory is the
// multiprocessor's less 1 KiB that the system keeps of each block. Parts: data
// sheets of A100 80GB SXM, A10, L40S, H100 SXM and B200, and the white paper of
// GeForce RTX Blackwell (RTX 5090); second-level caches: white papers of their
// architectures.
//
//===----------------------------------------------------------------------===//

#include "NVIDIA.h"
#include "gsa/kernel.h"

using namespace mlir;
using namespace mlir::gsa;

int32_t NVIDIATarget::getBackend() const { return GSA_BACKEND_CUDA; }

/// What all of them have in common.
static DeviceFacts facts(int64_t sharedKiB, int64_t clusterBlocks,
                         StringRef part, int64_t multiprocessors,
                         double gigabytesPerSecond, double teraflops,
                         int64_t cacheMiB) {
  DeviceFacts facts;
  facts.warpLanes = 32;
  facts.sharedBytes = sharedKiB * 1024;
  facts.laneRegisters = 255;
  facts.registers = 65536;
  facts.blockThreads = 1024;
  facts.clusterBlocks = clusterBlocks;
  facts.hasAsyncCopies = true;
  // The tensor memory accelerator came with clusters (9.0).
  facts.hasBoxCopies = clusterBlocks > 1;
  facts.hasRoles = true;
  // As did setmaxnreg (PTX ISA 9.7.19.5).
  facts.roleRegisters = clusterBlocks > 1 ? 8 : 0;
  facts.leastRoleRegisters = 24;
  // Programmatic dependent launch came with clusters, in 9.0.
  facts.startsEarly = clusterBlocks > 1;
  facts.part = part;
  facts.multiprocessors = multiprocessors;
  facts.memoryBandwidth = gigabytesPerSecond * 1e9;
  facts.matrixRate = teraflops * 1e12;
  facts.cacheBytes = cacheMiB << 20;
  return facts;
}

ArrayRef<const Target *> gsa::getNVIDIATargets() {
  static const NVIDIATarget sm80(
      "sm_80", 80, "+ptx70",
      facts(163, 1, "A100 80GB SXM", 108, 2039, 312, 40));
  static const NVIDIATarget sm86("sm_86", 86, "+ptx71",
                                 facts(99, 1, "A10", 72, 600, 125, 6));
  static const NVIDIATarget sm89("sm_89", 89, "+ptx78",
                                 facts(99, 1, "L40S", 142, 864, 362, 96));
  // Of clusters, 8 blocks is the portable limit.
  static const NVIDIATarget sm90a(
      "sm_90a", 90, "+ptx81", facts(227, 8, "H100 SXM", 132, 3350, 989.4, 50));
  static const NVIDIATarget sm100a("sm_100a", 100, "+ptx86",
                                   facts(227, 8, "B200", 148, 8000, 2250, 126));
  static const NVIDIATarget sm120a(
      "sm_120a", 120, "+ptx87", facts(99, 8, "RTX 5090", 170, 1792, 209.5, 96));
  static const Target *const targets[] = {&sm80,  &sm86,   &sm89,
                                          &sm90a, &sm100a, &sm120a};
  return targets;
}
