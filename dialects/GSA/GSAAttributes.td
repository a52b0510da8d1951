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

def GSA_DecayKind
    : I32EnumAttr<"DecayKind", "what shares one decay of a memory",
                  [I32EnumAttrCase<"None", 0, "none">,
                   I32EnumAttrCase<"Head", 1, "head">,
                   I32EnumAttrCase<"Token", 2, "token">,
                   I32EnumAttrCase<"Row", 3, "row">]> {
  let cppNamespace = "::mlir::gsa";
  let genSpecializedAttr = 0;
  let description = [{
    `none`: there is no decay. `head`: [H], one for all time. `token`: [B, T, H].
    `row`: [B, T, H, M].
  }];
}

def GSA_ScheduleKind
    : I32EnumAttr<"ScheduleKind", "how a recurrence is cut into kernels",
                  [I32EnumAttrCase<"Fused", 0, "fused">,
                   I32EnumAttrCase<"Plain", 1, "plain">,
                   I32EnumAttrCase<"Segmented", 2, "segmented">,
                   I32EnumAttrCase<"Staged", 3, "staged">]> {
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
    * `plain`: the same by the shortest way to code: one role, every factor
      through shared memory, no copies ahead. What the others are compared with;
      on hosts there is no difference.
    * `segmented`: each sequence is cut into segments of tokens, for few
      sequences and heads. One kernel makes the memories of all segments but the
      last, each from zero, and how much each decays; a second folds them into
      the memories at the cuts; a third, `fused`, walks all segments at once.
    * `staged`: memories that are read by columns have a kernel of their own,
      `plain`, before one for the rest, so that neither carries the other's: for
      memories that are larger than a processor. What a slice's columns add to a
      read goes through device memory, 4 bytes for each row, token and slice; the
      second kernel adds it up.
    * `chunk`: most tokens a loop iteration takes, C; `auto`, 0 in the program,
      until the target is known.
    * `slices`: blocks that share a head, each with a part of the output's
      columns. What does not depend on those columns is computed in each.
    * `segments`: of each sequence that is cut, empty ones included; without it
      the call decides which are cut into how many, by the device's processors,
      and one segment is the `fused` kernel alone.
    * `whole`: sequences, the first ones, that are not cut where `segments` is
      given; a call may have fewer.
    * `cluster`: neighbouring blocks that run at the same time and reach each
      other; 1 for none. Then memories that are read by columns are cut in slices
      too, and the blocks add up what each reads of its own.
    * `readers`: roles that share a block's reads in a cluster. With two, what
      the blocks add up is weighed by a role of its own, and the products behind
      it are a chunk behind. Only where a target's products of these elements
      are asynchronous.

    *Constraints*
    * schedule-1: chunk is `auto` or a power of two, 2 to 256.
    * schedule-2: slices is positive.
    * schedule-3: segments is 1 to 1024, and only of `segmented`.
    * schedule-4: cluster is 1, or slices.
    * schedule-5: whole is not negative, and only beside segments.
    * schedule-6: readers is 1, or 2 in a cluster and not of `plain`.
    * schedule-7: cluster is 1 of `staged`.

    It is attached to the spec's function; text in the spec wins over the
    default.

    ```mlir
    func.func private @spec(tensor<?x?x4x64xf32>) attributes {
      gsa.schedule = #gsa.schedule<fused, chunk = 16, slices = 2>
    }
    ```
  }];
  let parameters = (ins "ScheduleKind":$kind, "int64_t":$chunk,
      DefaultValuedParameter<"int64_t", "1">:$slices,
      DefaultValuedParameter<"int64_t", "0">:$segments,
      DefaultValuedParameter<"int64_t", "1">:$cluster,
      DefaultValuedParameter<"int64_t", "1">:$readers,
      DefaultValuedParameter<"int64_t", "0">:$whole);
  let assemblyFormat = [{
    `<` custom<ScheduleKind>($kind) `,` `chunk` `=`
    custom<ChunkAndCuts>($chunk, $slices, $segments, $cluster, $readers,
                         $whole) `>`
  }];
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Whether kernels are written by the shortest way to code: in one role.
    bool isPlain() const {
      return getKind() == ScheduleKind::Plain ||
             getKind() == ScheduleKind::Staged;
    }
  }];
}

def GSA_TargetAttr : AttrDef<GSA_Dialect, "Target"> {
  let mnemonic = "target";
  let summary = "the machine that a module is compiled for";
  let description = [{
    The name is looked up among the registered targets; shared passes ask the
    target for facts and never read the name. It is attached to a module.

    ```mlir
    module attributes {gsa.target = #gsa.target<"x86-64-v4">} {
    }
    ```
  }];
  let parameters = (ins "::mlir::StringAttr":$name);
  let assemblyFormat = "`<` $name `>`";
}

#endif // GSA_ATTRIBUTES
