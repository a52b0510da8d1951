//===- Features.h - What the host's processor can do ------------*- C++ -*-===//

#ifndef GSA_RUNTIME_SRC_CPU_FEATURES_H
#define GSA_RUNTIME_SRC_CPU_FEATURES_H

#include "../Status.h"

namespace gsa::runtime {

/// The registers that say what the processor and the operating system support;
/// zero where the processor has no such leaf.
struct ProcessorWords {
  uint32_t leaf1Ecx;
  uint32_t leaf7Ebx;
  uint32_t leaf7Sub1Eax;
  uint32_t extended1Ecx;
  uint64_t xcr0; ///< which registers the operating system saves
};

/// The set of gsa_host_feature that the words mean.
uint64_t featuresOf(const ProcessorWords &words);

/// The set of gsa_host_feature of this machine; asked of it once.
uint64_t hostFeatures();

/// Appends "lacks AVX2, AVX512" for a set of features.
void appendFeatures(Text &text, uint64_t lacking);

} // namespace gsa::runtime

#endif // GSA_RUNTIME_SRC_CPU_FEATURES_H
