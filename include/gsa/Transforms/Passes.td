//===- Passes.td - Passes within a dialect --------------------*- tablegen -*-===//

#ifndef GSA_TRANSFORMS_PASSES
#define GSA_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def CheckSpecPass : Pass<"gsa-check-spec", "func::FuncOp"> {
  let summary = "Refuses what a spec may not contain";
  let description = [{
    Holds a function to the list in `dialects/GSA/README.md` and changes
    nothing. The passes that follow rely on it. Also takes functions that
    `--gsa-decompose` has been over.
  }];
}

def DecomposePass : Pass<"gsa-decompose", "func::FuncOp"> {
  let summary = "Compositions become memories, reads and a softmax";
}

def FuseScansPass : Pass<"gsa-fuse-scans", "func::FuncOp"> {
  let summary = "Operations along one time axis become one sweep";
  let description = [{
    Clusters everything that walks the same time axis (same offsets, same
    direction, same heads) into `gsa.sweep` ops, so that a sweep reads its
    inputs once and nothing between two of its operations reaches memory.
    Elementwise operations that depend on no memory join every sweep that uses
    them; the others join the sweep that makes their operands.

    A final state is known only when its sweep has ended; a memory that starts
    from it belongs to a later sweep.

    Expects a function that computes nothing of states and of sizes, as
    `--gsa-check-spec` says.
  }];
}

def ExpandFunctionsPass : Pass<"gsa-expand-functions"> {
  let summary = "Stable functions become arith and math operations";
  let description = [{
    `gsa.silu` and `gsa.log_sigmoid` on scalars, vectors and ranked tensors;
    elements narrower than f32 are computed in f32. No exponent is positive, so
    nothing overflows; the limits at -inf and +inf hold and NaN stays NaN.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::tensor::TensorDialect"];
}

def SchedulePass : Pass<"gsa-schedule", "func::FuncOp"> {
  let summary = "Gives a function without a schedule the default one";
  let description = [{
    A `gsa.schedule` that the spec has wins. The default is
    `#gsa.schedule<segmented, chunk = auto>`.
  }];
  let dependentDialects = ["::mlir::gsa::GSADialect"];
}

def SpecializePass : Pass<"gsa-specialize", "ModuleOp"> {
  let summary = "One nested module for each target";
  let description = [{
    Copies the module's functions into a module for each of `targets`, with
    attribute `gsa.target`. Functions that compute with bf16 also get one for
    the target's bf16 variant, if it has one. On hosts an `auto` chunk becomes
    16 tokens, and segments whose number nobody gave are not cut.
  }];
  let options = [ListOption<"targets", "targets", "std::string",
                            "machines to compile for">];
  let dependentDialects = ["::mlir::gsa::GSADialect"];
}

def CutStagesPass : Pass<"gsa-cut-stages", "ModuleOp"> {
  let summary = "A function per launch for schedules that have several";
  let description = [{
    A function whose schedule is `segmented` is three launches, in this order:
    `<name>__states` makes the memories of segments, `<name>__fold` folds them,
    and the function itself computes its outputs. One whose schedule is `staged`
    is two: `<name>__reads` reads by columns, and the function itself does the
    rest. Each is a copy of the function whose `gsa.stage` says what
    gsa-chunk-memory is to make of it; all have the same arguments.
  }];
  let dependentDialects = ["::mlir::gsa::GSADialect"];
}

def ApproximateMathPass : Pass<"gsa-approximate-math"> {
  let summary = "Functions of scalars and vectors become arithmetic";
  let description = [{
    Rewrites what would become calls of a library, on scalars and vectors of f32
    and, computed in f32, of bf16 and f16. `math.exp2`, `exp`, `expm1`, `log`,
    `log2`, `log10`, `log1p`, `tanh`, `erf` and `rsqrt` by range reduction and a
    polynomial: relative error below 3e-7, results below 2^-125 may be zero,
    limits exact, NaN stays NaN. `math.ceil`, `floor`, `round`, `roundeven`,
    `trunc`, `copysign`, `arith.maxnumf` and `minnumf` exactly;
    `math.fma` fused if the processor fuses. Functions that are left and need a
    library are errors.

    With `device`, what devices have instructions for stays, computed in f32:
    `math.exp2` and `rsqrt`, right to two units in the last place, and exactly
    `ceil`, `floor`, `roundeven`, `trunc`, `copysign`, `fma`, `arith.maxnumf`
    and `minnumf`. `exp`, `expm1`, `tanh` and `erf` are made of `exp2`: `exp` and
    `expm1` of x are right to 1e-6 + 1e-7 |x|, the others to 1e-6. Divisions on
    the way allow reciprocals (`arcp`).
  }];
  let options = [Option<"device", "device", "bool", "false",
                        "keep what devices have instructions for">];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect"];
}

//===----------------------------------------------------------------------===//
// The `tile` stage
//===----------------------------------------------------------------------===//

def SplitRolesPass : Pass<"gsa-split-roles", "func::FuncOp"> {
  let summary = "Warps of a block share the loop over windows by roles";
  let description = [{
    Splits the body of a kernel's loop by what an op touches. The producer
    updates the memories and computes the decays and factors of the window
    behind, the consumer reads. What crosses goes through rings of two slots;
    loads of both run two windows ahead; one barrier ends an iteration.

    With the schedule `plain`, or where the target has no roles, one role has
    everything.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::tile::TileDialect"];
}

def AssignLayoutsPass : Pass<"gsa-assign-layouts", "func::FuncOp"> {
  let summary = "Every tile gets a layout, every product an atom";
  let description = [{
    Chooses for each product the first atom of the target that can compute it,
    and layouts by rules that start from products and scans (see LayoutPlan).
    Factors stay in registers where that takes no move, and else lie in shared
    memory; conversions that are left are explicit. Running products are waited
    for before their first use.
  }];
  let dependentDialects = ["::mlir::tile::TileDialect"];
}

def CheckSeparationPass : Pass<"gsa-check-separation", "func::FuncOp"> {
  let summary = "No version of a ring is read too early or written too soon";
  let description = [{
    Proves the separation law for every ring: a version is written before it is
    read, and read before its slot is written again, whatever the speed of the
    roles. Changes nothing.
  }];
}

def ShareRegistersPass : Pass<"gsa-share-registers", "func::FuncOp"> {
  let summary = "Registers go to the roles that need them";
  let description = [{
    Where a lane's even share of the block's registers leaves less than 32
    beside the tiles that a role's loop needs at once, and other roles need
    less, gives a `tile.roles` the attribute `tile.registers`: how many a lane
    of each role has. Roles that multiply share what nobody needs. Changes
    nothing on targets whose lanes all have as many.
  }];
}

def CheckRegistersPass : Pass<"gsa-check-registers", "func::FuncOp"> {
  let summary = "What loops carry leaves room in a lane's registers";
  let description = [{
    A tile that a role's loop carries lies in its lanes' registers all the time.
    An error tells what they take when less than 64 registers of a lane are left
    for everything else. Changes nothing.
  }];
}

#endif // GSA_TRANSFORMS_PASSES
