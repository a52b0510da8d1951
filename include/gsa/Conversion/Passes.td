//===- Passes.td - Passes from one dialect to another ---------*- tablegen -*-===//

#ifndef GSA_CONVERSION_PASSES
#define GSA_CONVERSION_PASSES

include "mlir/Pass/PassBase.td"

def ConvertGSAToLoopsPass : Pass<"convert-gsa-to-loops", "func::FuncOp"> {
  let summary = "The oracle: a spec as the plain recurrence";
  let options = [Option<"f64", "f64", "bool", "false",
                        "compute in f64, and write f64 results">];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect"];
}

#endif // GSA_CONVERSION_PASSES
