//===- Passes.td - Passes within a dialect --------------------*- tablegen -*-===//

#ifndef GSA_TRANSFORMS_PASSES
#define GSA_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def DecomposePass : Pass<"gsa-decompose", "func::FuncOp"> {
  let summary = "Compositions become memories, reads and a softmax";
}


#endif // GSA_TRANSFORMS_PASSES
