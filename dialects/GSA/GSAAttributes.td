//===- GSAAttributes.td - Attributes of the gsa dialect -------*- tablegen -*-===//

#ifndef GSA_ATTRIBUTES
#define GSA_ATTRIBUTES

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "dialects/GSA/GSADialect.td"

def GSA_Side : I32EnumAttr<"Side", "the side of a memory that a read contracts",
                           [I32EnumAttrCase<"Rows", 0, "rows">,
                            I32EnumAttrCase<"Columns", 1, "columns">]> {
  let cppNamespace = "::mlir::gsa";
  let genSpecializedAttr = 0;
}
def GSA_SideAttr : EnumAttr<GSA_Dialect, GSA_Side, "side">;

def GSA_ScheduleKind
    : I32EnumAttr<"ScheduleKind", "how a recurrence is cut into kernels",
                  [I32EnumAttrCase<"Fused", 0, "fused">]> {
  let cppNamespace = "::mlir::gsa";
  let genSpecializedAttr = 0;
}

def GSA_ScheduleAttr : AttrDef<GSA_Dialect, "Schedule"> {
  let mnemonic = "schedule";
  let summary = "a point in the space of schedules";
  let description = [{
    How a function's recurrence is cut into kernels, blocks and chunks.

    * `fused`: one block per sequence, key/value head and slice walks all
      chunks, memories on chip.
    * `chunk`: most tokens a loop iteration takes, C. A power of two, 2 to 256.
    * `slices`: blocks that share a head, each with a part of the output's
      columns. What does not depend on those columns is computed in each.

    Example: `#gsa.schedule<fused, chunk = 16, slices = 1>`. It is attached to
    the spec's function as `gsa.schedule`; text in the spec wins over the
    default.
  }];
  let parameters = (ins "ScheduleKind":$kind, "int64_t":$chunk,
      DefaultValuedParameter<"int64_t", "1">:$slices);
  let assemblyFormat = [{
    `<` custom<ScheduleKind>($kind) `,` `chunk` `=` $chunk
    (`,` `slices` `=` $slices^)? `>`
  }];
  let genVerifyDecl = 1;
}

def GSA_TargetAttr : AttrDef<GSA_Dialect, "Target"> {
  let mnemonic = "target";
  let summary = "the machine that a module is compiled for";
  let description = [{
    `#gsa.target<"x86-64-v4">`. The name is looked up among the registered
    targets; shared passes ask the target for facts and never read the name.
  }];
  let parameters = (ins "::mlir::StringAttr":$name);
  let assemblyFormat = "`<` $name `>`";
}

#endif // GSA_ATTRIBUTES
