//===- Workspace.h - Tensors in the workspace of a call ---------*- C++ -*-===//

#ifndef GSA_RUNTIME_SRC_WORKSPACE_H
#define GSA_RUNTIME_SRC_WORKSPACE_H

#include "Driver.h"

namespace gsa::runtime {

/// Asks the image of a call, whose place is known, into how many segments it
/// cuts which sequences, and how many bytes its workspaces take.
gsa_status planWorkspaces(Call &call);

/// The tensors that the call's stages see: its arguments, and behind them the
/// image's workspaces, if it has any, in the memory that the caller gave.
class StageTensors {
public:
  explicit StageTensors(const Call &call);
  StageTensors(const StageTensors &) = delete;
  StageTensors &operator=(const StageTensors &) = delete;

  const gsa_tensor *data() const { return tensors; }
  size_t size() const { return count; }

private:
  gsa_tensor together[GSA_MAX_TENSORS];
  const gsa_tensor *tensors;
  size_t count;
};

} // namespace gsa::runtime

#endif // GSA_RUNTIME_SRC_WORKSPACE_H
