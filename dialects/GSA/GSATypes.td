//===- GSATypes.td - Types of the gsa dialect -----------------*- tablegen -*-===//

#ifndef GSA_TYPES
#define GSA_TYPES

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/CommonTypeConstraints.td"
include "dialects/GSA/GSADialect.td"

def GSA_MemoryType : TypeDef<GSA_Dialect, "Memory"> {
  let mnemonic = "memory";
  let summary = "the sequence of states of a memory, never materialised";
  let description = [{
    Stands for all states S_0 .. S_T of every sequence and head; only reads
    and the final state make numbers of it. Elements are f32 always.

    *Constraints*
    * memory_type-1: heads, rows and columns are positive.

    8 heads, each with 64 rows and 128 columns:

    ```mlir
    func.func private @eight_heads(!gsa.memory<8x64x128>)
    ```
  }];
  let parameters = (ins "int64_t":$heads, "int64_t":$rows, "int64_t":$columns);
  let assemblyFormat = "`<` custom<Extents>($heads, $rows, $columns) `>`";
  let genVerifyDecl = 1;
}

/// f32, bf16 or f16: what the tensors of a spec hold.
def GSA_Element : AnyTypeOf<[F32, BF16, F16]>;

/// [B, T, H, size]: static heads and size, checked by the op's verifier.
def GSA_TimeTensor : RankedTensorOf<[GSA_Element], [HasAnyRankOfPred<[4]>],
                                    "[B, T, H, size] tensor">;
/// [B, T, H, M], [B, T, H] or [H].
def GSA_DecayTensor
    : RankedTensorOf<[GSA_Element], [HasAnyRankOfPred<[1, 3, 4]>],
                     "[B, T, H, M], [B, T, H] or [H] tensor">;
/// [N, H, M, D] or, for a vector state, [N, H, M].
def GSA_StateTensor : RankedTensorOf<[F32], [HasAnyRankOfPred<[3, 4]>],
                                     "[N, H, M, D] or [N, H, M] tensor">;
/// N + 1 cumulative offsets of packed sequences.
def GSA_OffsetsTensor : RankedTensorOf<[I32, I64], [HasAnyRankOfPred<[1]>],
                                       "[N + 1] tensor">;

#endif // GSA_TYPES
