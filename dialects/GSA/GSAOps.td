//===- GSAOps.td - Operations of the gsa dialect --------------*- tablegen -*-===//
//
// Every description has the same parts: formula and meaning, lifespan, numbered
// constraints (the verifier prints the number, test/Dialect/GSA/invalid.mlir has
// a function of that name), an example that a test parses, and what the op
// lowers to. B is the batch, T time, N the number of sequences: B, or one less
// than there are offsets. H heads share a memory of M rows and D columns each;
// HQ query heads fall into H groups of HQ / H consecutive ones.
//
//===----------------------------------------------------------------------===//

#ifndef GSA_OPS
#define GSA_OPS

include "mlir/IR/CommonTypeConstraints.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "dialects/GSA/GSAAttributes.td"
include "dialects/GSA/GSATypes.td"

class GSA_Op<string mnemonic, list<Trait> traits = []>
    : Op<GSA_Dialect, mnemonic, traits>;

//===----------------------------------------------------------------------===//
// Memories and reads
//===----------------------------------------------------------------------===//

def GSA_MemoryOp : GSA_Op<"memory", [Pure, AttrSizedOperandSegments]> {
  let summary = "a decaying sum of outer products over time";
  let description = [{
        S_t = Diag(exp decay_t) S_{t-1} + rows_t columns_t^T     S in R^{M x D}

    for every sequence and head; S before the first token is `initial`, or zero.
    The result stands for all S_t and is never materialised.

    * `rows` absent: the write is *tied* to the decay, rows_t = 1 - exp decay_t.
    * `decay` is a natural logarithm, at most 0 (-inf clears a row): [B, T, H, M]
      has one per row, [B, T, H] one per head and token, [H] one per head for all
      time; absent means 0.
    * `offsets` packs N sequences into T with B = 1: sequence n holds tokens
      offsets[n] up to offsets[n+1], not included. Each starts from its own
      initial state. Without offsets sequence n is batch entry n.
    * `reverse`: time runs from the last token of a sequence to its first, that
      is t-1 above reads t+1. Nothing else changes.

    Numbers that break a law at run time (positive decay, decreasing offsets)
    are the caller's error; the packaged kernel's entry checks the offsets.

    *Lifespan*: `gsa` to `specialized`; chunking consumes it.

    *Constraints*
    * memory-1: rows, columns and decay have static, positive heads and sizes.
    * memory-2: rows, columns and decay have the same B and T: both dynamic, or
      both the same number.
    * memory-3: columns are [B, T, H, D] with the memory's H and D.
    * memory-4: rows are [B, T, H, M] with the memory's H and M.
    * memory-5: decay is [B, T, H, M], [B, T, H] or [H] with the memory's H, M.
    * memory-6: a tied write has a decay per row, [B, T, H, M].
    * memory-7: initial is [N, H, M, D] with the memory's H, M and D.
    * memory-8: with offsets, B is statically 1.
    * memory-9: initial has one state a sequence, where both are static.

    ```mlir
    func.func @gated(%k: tensor<?x?x4x128xbf16>, %v: tensor<?x?x4x256xbf16>,
                     %g: tensor<?x?x4x128xf32>, %s: tensor<?x4x128x256xf32>)
        -> tensor<?x4x128x256xf32> {
      %m = gsa.memory rows(%k : tensor<?x?x4x128xbf16>)
          columns(%v : tensor<?x?x4x256xbf16>)
          decay(%g : tensor<?x?x4x128xf32>)
          initial(%s : tensor<?x4x128x256xf32>) : !gsa.memory<4x128x256>
      %end = gsa.final_state %m : !gsa.memory<4x128x256> -> tensor<?x4x128x256xf32>
      return %end : tensor<?x4x128x256xf32>
    }
    func.func @tied_packed_reverse(
        %v: tensor<1x?x4x256xbf16>, %g: tensor<1x?x4x128xf32>,
        %ends: tensor<?xi32>, %q: tensor<1x?x4x128xbf16>)
        -> tensor<1x?x4x256xbf16> {
      %m = gsa.memory columns(%v : tensor<1x?x4x256xbf16>)
          decay(%g : tensor<1x?x4x128xf32>) offsets(%ends : tensor<?xi32>)
          reverse : !gsa.memory<4x128x256>
      %o = gsa.read rows %m, %q : !gsa.memory<4x128x256>,
          tensor<1x?x4x128xbf16> -> tensor<1x?x4x256xbf16>
      return %o : tensor<1x?x4x256xbf16>
    }
    ```

    *Lowers to*: a loop over chunks that carries an f32 tile per head
    (`--gsa-chunk-memory`), or a loop over tokens (`--convert-gsa-to-loops`).
  }];
  let arguments = (ins Optional<GSA_TimeTensor>:$rows, GSA_TimeTensor:$columns,
      Optional<GSA_DecayTensor>:$decay, Optional<GSA_StateTensor>:$initial,
      Optional<GSA_OffsetsTensor>:$offsets, UnitAttr:$reverse);
  let results = (outs GSA_MemoryType:$memory);
  let assemblyFormat = [{
    (`rows` `(` $rows^ `:` type($rows) `)`)?
    `columns` `(` $columns `:` type($columns) `)`
    (`decay` `(` $decay^ `:` type($decay) `)`)?
    (`initial` `(` $initial^ `:` type($initial) `)`)?
    (`offsets` `(` $offsets^ `:` type($offsets) `)`)?
    (`reverse` $reverse^)? attr-dict `:` type($memory)
  }];
  let hasVerifier = 1;
  let hasCanonicalizeMethod = 1;
  let extraClassDeclaration = [{
    /// The rows of the write are 1 - exp(decay): there is no operand for them.
    bool isTied() { return !getRows(); }
    /// What shares one decay: read off the operand's rank.
    DecayKind getDecayKind() { return gsa::getDecayKind(getDecay()); }
    /// [B, T, H, D].
    RankedTensorType getColumnsType() {
      return ::llvm::cast<RankedTensorType>(getColumns().getType());
    }
  }];
}

def GSA_ReadOp : GSA_Op<"read", [Pure]> {
  let summary = "contracts a memory with a vector per token";
  let description = [{
        rows:     result_t = scale * S_t^T vector_t      M -> D
        columns:  result_t = scale * S_t   vector_t      D -> M

    S_t is the memory *after* token t's write, in the memory's direction of time.
    Query head h reads memory head h / (HQ / H), rounded down: a group shares its
    memory, nothing is repeated. The contraction accumulates in f32; the result
    is rounded once, to its element type. Every token of every sequence has a
    result; tokens outside all sequences of a packed batch have an unspecified
    one.

    *Lifespan*: `gsa` to `specialized`; chunking consumes it.

    *Constraints*
    * read-1: vector and result have static, positive heads and sizes.
    * read-2: the vector's HQ is a multiple of the memory's H.
    * read-3: the vector's size is the contracted side's: M by rows, D by columns.
    * read-4: the result is [B, T, HQ, other side] with the vector's B and T.
    * read-5: the vector has the B and T of what the memory was made of.
    * read-6: scale is finite and not zero.

    ```mlir
    func.func @two_sides(%c: tensor<?x?x2x128xf32>, %g: tensor<?x?x2x64xf32>,
                         %q: tensor<?x?x8x128xf32>) -> tensor<?x?x8x128xf32> {
      %m = gsa.memory columns(%c : tensor<?x?x2x128xf32>)
          decay(%g : tensor<?x?x2x64xf32>) : !gsa.memory<2x64x128>
      %y = gsa.read columns %m, %q scale 0.125
          : !gsa.memory<2x64x128>, tensor<?x?x8x128xf32> -> tensor<?x?x8x64xf32>
      %p = gsa.softmax %y : tensor<?x?x8x64xf32>
      %o = gsa.read rows %m, %p
          : !gsa.memory<2x64x128>, tensor<?x?x8x64xf32> -> tensor<?x?x8x128xf32>
      return %o : tensor<?x?x8x128xf32>
    }
    ```

    *Lowers to*: per chunk, one product with the memory before the chunk and a
    masked pair of products for the writes within it.
  }];
  let arguments = (ins GSA_SideAttr:$side, GSA_MemoryType:$memory,
      GSA_TimeTensor:$vector, DefaultValuedAttr<F64Attr, "1.0">:$scale);
  let results = (outs GSA_TimeTensor:$result);
  let assemblyFormat = [{
    $side $memory `,` $vector (`scale` $scale^)? attr-dict `:`
    type($memory) `,` type($vector) `->` type($result)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    MemoryType getMemoryType() {
      return ::llvm::cast<MemoryType>(getMemory().getType());
    }
    /// [B, T, HQ, contracted side].
    RankedTensorType getVectorType() {
      return ::llvm::cast<RankedTensorType>(getVector().getType());
    }
    /// HQ / H, the query heads that share one head of the memory.
    int64_t getGroup() {
      return getVectorType().getDimSize(2) / getMemoryType().getHeads();
    }
  }];
}

def GSA_FinalStateOp : GSA_Op<"final_state", [Pure]> {
  let summary = "the memory after the last token of each sequence";
  let description = [{
    S after the last token in the memory's direction of time; the initial state
    (or zero) for a sequence without tokens. Always f32, [N, H, M, D].

    *Lifespan*: `gsa` to `specialized`; chunking consumes it.

    *Constraints*
    * final_state-1: the state is [N, H, M, D] with the memory's H, M and D.
    * final_state-2: there is one state a sequence, where both are static.

    ```mlir
    func.func @summary(%k: tensor<2x?x4x64xf32>, %v: tensor<2x?x4x64xf32>)
        -> tensor<2x4x64x64xf32> {
      %m = gsa.memory rows(%k : tensor<2x?x4x64xf32>)
          columns(%v : tensor<2x?x4x64xf32>) : !gsa.memory<4x64x64>
      %s = gsa.final_state %m : !gsa.memory<4x64x64> -> tensor<2x4x64x64xf32>
      return %s : tensor<2x4x64x64xf32>
    }
    ```

    *Lowers to*: a store of the tile that the chunk loop carried.
  }];
  let arguments = (ins GSA_MemoryType:$memory);
  let results = (outs GSA_StateTensor:$state);
  let assemblyFormat = "$memory attr-dict `:` type($memory) `->` type($state)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    MemoryType getMemoryType() {
      return ::llvm::cast<MemoryType>(getMemory().getType());
    }
  }];
}

def GSA_SlotAttentionOp
    : GSA_Op<"slot_attention", [Pure, AttrSizedOperandSegments,
                                AttrSizedResultSegments]> {
  let summary = "gated slot attention: two memories and a softmax between";
  let description = [{
        K_t = Diag(a_t) K_{t-1} + s_t k_t^T      V_t = Diag(a_t) V_{t-1} + s_t v_t^T
        result_t = V_t^T softmax(scale * K_t q_t)                  a = exp decay

    with M slots; `s` is `writes`, or 1 - a when absent (the write is tied).
    Decay, offsets and direction mean what they mean for `gsa.memory`, groups of
    query heads what they mean for `gsa.read`. Logits and probabilities are f32.
    (arXiv 2409.07146, section 3.)

    *Lifespan*: `gsa` only; `--gsa-decompose` removes it.

    *Constraints*
    * slot_attention-1: all time tensors have static, positive heads and sizes.
    * slot_attention-2: all time tensors have the same B and T.
    * slot_attention-3: values have the heads of keys.
    * slot_attention-4: the queries' HQ is a multiple of H.
    * slot_attention-5: queries have the size of keys.
    * slot_attention-6: without writes there is a decay per row, [B, T, H, M].
    * slot_attention-7: writes are [B, T, H, M] with the H of keys.
    * slot_attention-8: decay is [B, T, H, M], [B, T, H] or [H], of that H and M.
    * slot_attention-9: the result is [B, T, HQ, size of values].
    * slot_attention-10: initial and final states are [N, H, M, size], with the
      size of keys for keys, of values for values.
    * slot_attention-11: all states have one entry a sequence, where static.
    * slot_attention-12: with offsets, B is statically 1.
    * slot_attention-13: scale is finite and not zero.

    ```mlir
    func.func @layer(%q: tensor<?x?x8x128xbf16>, %k: tensor<?x?x2x128xbf16>,
                     %v: tensor<?x?x2x128xbf16>, %g: tensor<?x?x2x64xf32>)
        -> (tensor<?x?x8x128xbf16>, tensor<?x2x64x128xf32>) {
      %o, %keys = gsa.slot_attention queries(%q : tensor<?x?x8x128xbf16>)
          keys(%k : tensor<?x?x2x128xbf16>) values(%v : tensor<?x?x2x128xbf16>)
          decay(%g : tensor<?x?x2x64xf32>) scale 0.08838834764831845
          : tensor<?x?x8x128xbf16> final_keys tensor<?x2x64x128xf32>
      return %o, %keys : tensor<?x?x8x128xbf16>, tensor<?x2x64x128xf32>
    }
    ```

    *Lowers to*: two `gsa.memory`, a `gsa.read columns` of keys with the scale, a
    `gsa.softmax`, a `gsa.read rows` of values, `gsa.final_state` as asked for.
  }];
  let arguments = (ins GSA_TimeTensor:$queries, GSA_TimeTensor:$keys,
      GSA_TimeTensor:$values, Optional<GSA_TimeTensor>:$writes,
      Optional<GSA_DecayTensor>:$decay,
      Optional<GSA_StateTensor>:$initial_keys,
      Optional<GSA_StateTensor>:$initial_values,
      Optional<GSA_OffsetsTensor>:$offsets,
      DefaultValuedAttr<F64Attr, "1.0">:$scale, UnitAttr:$reverse);
  let results = (outs GSA_TimeTensor:$result,
      Optional<GSA_StateTensor>:$final_keys,
      Optional<GSA_StateTensor>:$final_values);
  let assemblyFormat = [{
    `queries` `(` $queries `:` type($queries) `)`
    `keys` `(` $keys `:` type($keys) `)`
    `values` `(` $values `:` type($values) `)`
    (`writes` `(` $writes^ `:` type($writes) `)`)?
    (`decay` `(` $decay^ `:` type($decay) `)`)?
    (`initial_keys` `(` $initial_keys^ `:` type($initial_keys) `)`)?
    (`initial_values` `(` $initial_values^ `:` type($initial_values) `)`)?
    (`offsets` `(` $offsets^ `:` type($offsets) `)`)?
    (`scale` $scale^)? (`reverse` $reverse^)? attr-dict
    `:` type($result) (`final_keys` type($final_keys)^)?
    (`final_values` type($final_values)^)?
  }];
  let hasVerifier = 1;
  let hasCanonicalizeMethod = 1;
  let extraClassDeclaration = [{
    /// M, the slots of each head: the rows of both memories.
    int64_t getSlots();
    /// The write is 1 - exp(decay): there is no operand for it.
    bool isTied() { return !getWrites(); }
    /// What shares one decay: read off the operand's rank.
    DecayKind getDecayKind() { return gsa::getDecayKind(getDecay()); }
  }];
}

def GSA_SoftmaxDecayOp : GSA_Op<"softmax_decay", [Pure, AttrSizedOperandSegments]> {
  let summary = "the log decay under which a tied memory is a running softmax";
  let description = [{
        z_t = log(exp z_{t-1} + exp logits_t)       decay_t = z_{t-1} - z_t

    per slot, with z before the first token `initial`, or -inf. A memory with
    this decay and a tied write holds sum_u softmax_u(logits)_u c_u^T over the
    tokens so far, since 1 - exp decay_t = exp(logits_t - z_t): the write of ABC
    (arXiv 2110.02488). `final` is z after the last token. Computed in f32 with
    the largest exponent taken out, so that no exponential overflows.

    *Lifespan*: `gsa` to `specialized`; chunking consumes it.

    *Constraints*
    * softmax_decay-1: logits have static, positive heads and size.
    * softmax_decay-2: the decay is f32, of the logits' shape.
    * softmax_decay-3: initial and final are [N, H, M] with the logits' H and M.
    * softmax_decay-4: states have one entry a sequence, where both are static.
    * softmax_decay-5: with offsets, B is statically 1.

    ```mlir
    func.func @abc(%s: tensor<?x?x4x64xbf16>, %z: tensor<?x4x64xf32>)
        -> (tensor<?x?x4x64xf32>, tensor<?x4x64xf32>) {
      %g, %end = gsa.softmax_decay %s initial(%z : tensor<?x4x64xf32>)
          : tensor<?x?x4x64xbf16> -> tensor<?x?x4x64xf32> final tensor<?x4x64xf32>
      return %g, %end : tensor<?x?x4x64xf32>, tensor<?x4x64xf32>
    }
    ```

    *Lowers to*: `tile.scan logaddexp` and a vector of M carried between chunks.
  }];
  let arguments = (ins GSA_TimeTensor:$logits,
      Optional<GSA_StateTensor>:$initial, Optional<GSA_OffsetsTensor>:$offsets,
      UnitAttr:$reverse);
  let results = (outs GSA_TimeTensor:$decay, Optional<GSA_StateTensor>:$final);
  let assemblyFormat = [{
    $logits (`initial` `(` $initial^ `:` type($initial) `)`)?
    (`offsets` `(` $offsets^ `:` type($offsets) `)`)?
    (`reverse` $reverse^)? attr-dict `:` type($logits) `->` type($decay)
    (`final` type($final)^)?
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Stable functions
//===----------------------------------------------------------------------===//

class GSA_UnaryOp<string mnemonic, list<Trait> traits = []>
    : GSA_Op<mnemonic, [Pure, SameOperandsAndResultType] # traits> {
  let arguments = (ins AnyType:$operand);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$operand attr-dict `:` type($result)";
}

def GSA_SiluOp : GSA_UnaryOp<"silu", ElementwiseMappable.traits> {
  let summary = "x * sigmoid(x)";
  let description = [{
        silu(x) = x / (1 + exp(-x))

    Right for every finite x (x for large, 0 for very negative ones) and for
    infinities: silu(-inf) = 0, silu(inf) = inf. NaN stays NaN. Computed in f32.

    *Lifespan*: `gsa` to `chunked`, where it acts on tiles.

    *Constraints*: operand and result have one type, a float or a tensor or
    vector of floats.

    ```mlir
    func.func @map(%x: tensor<?x?x4x64xbf16>) -> tensor<?x?x4x64xbf16> {
      %y = gsa.silu %x : tensor<?x?x4x64xbf16>
      return %y : tensor<?x?x4x64xbf16>
    }
    ```

    *Lowers to*: `arith` and `math` ops in f32 (`--gsa-expand-functions`).
  }];
  let arguments = (ins FloatLike:$operand);
  let results = (outs FloatLike:$result);
}

def GSA_LogSigmoidOp : GSA_UnaryOp<"log_sigmoid", ElementwiseMappable.traits> {
  let summary = "log(1 / (1 + exp(-x)))";
  let description = [{
        log_sigmoid(x) = min(x, 0) - log1p(exp(-|x|))

    Never positive, exact to rounding on both sides; log_sigmoid(-inf) = -inf,
    log_sigmoid(inf) = 0. NaN stays NaN. -softplus(x) is log_sigmoid(-x).
    Computed in f32.

    *Lifespan*: `gsa` to `chunked`, where it acts on tiles.

    *Constraints*: operand and result have one type, a float or a tensor or
    vector of floats.

    ```mlir
    func.func @gate(%x: tensor<?x?x4x64xf32>) -> tensor<?x?x4x64xf32> {
      %g = gsa.log_sigmoid %x : tensor<?x?x4x64xf32>
      return %g : tensor<?x?x4x64xf32>
    }
    ```

    *Lowers to*: `arith` and `math` ops in f32 (`--gsa-expand-functions`).
  }];
  let arguments = (ins FloatLike:$operand);
  let results = (outs FloatLike:$result);
}

def GSA_SoftmaxOp : GSA_UnaryOp<"softmax"> {
  let summary = "softmax along the last dimension";
  let description = [{
        result_i = exp(x_i - max x) / sum_j exp(x_j - max x)

    over the last dimension; in f32, rounded once to the element type.

    *Lifespan*: `gsa` to `specialized`; chunking consumes it.

    *Constraints*
    * softmax-1: the operand has static, positive heads and size.

    ```mlir
    func.func @weights(%y: tensor<?x?x8x64xf32>) -> tensor<?x?x8x64xf32> {
      %p = gsa.softmax %y : tensor<?x?x8x64xf32>
      return %p : tensor<?x?x8x64xf32>
    }
    ```

    *Lowers to*: `tile.reduce max`, `math.exp2`, `tile.reduce add`, a division.
  }];
  let arguments = (ins GSA_TimeTensor:$operand);
  let results = (outs GSA_TimeTensor:$result);
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Structure
//===----------------------------------------------------------------------===//

def GSA_SweepOp : GSA_Op<"sweep", [SingleBlock,
    SingleBlockImplicitTerminator<"YieldOp">, RecursiveMemoryEffects]> {
  let summary = "operations that one pass over time computes together";
  let description = [{
    A region that becomes one loop over chunks: its memories are carried
    together, what it reads is loaded once, and only what it yields is written.
    It computes what its operations would compute outside of it.

    *Lifespan*: made by `--gsa-fuse-scans`; chunking consumes it.

    *Constraints*
    * sweep-1: `gsa.yield` hands out values of the result types.
    * sweep-2: only ops that follow one token at a time are inside: gsa.memory,
      gsa.read, gsa.softmax, gsa.softmax_decay, gsa.final_state, elementwise ops,
      tensor.splat, tensor.dim and constants.
    * sweep-3: all memories and softmax decays run in the sweep's direction.
    * sweep-4: all memories and softmax decays have the same offsets, or none.
    * sweep-5: all memories and softmax decays have the same H.

    ```mlir
    func.func @one_loop(%k: tensor<?x?x4x64xf32>, %v: tensor<?x?x4x64xf32>,
                        %q: tensor<?x?x4x64xf32>) -> tensor<?x?x4x64xf32> {
      %o = gsa.sweep -> tensor<?x?x4x64xf32> {
        %m = gsa.memory rows(%k : tensor<?x?x4x64xf32>)
            columns(%v : tensor<?x?x4x64xf32>) : !gsa.memory<4x64x64>
        %y = gsa.read rows %m, %q : !gsa.memory<4x64x64>,
            tensor<?x?x4x64xf32> -> tensor<?x?x4x64xf32>
        gsa.yield %y : tensor<?x?x4x64xf32>
      }
      return %o : tensor<?x?x4x64xf32>
    }
    ```

    *Lowers to*: one loop over chunks (`--gsa-chunk-memory`).
  }];
  let arguments = (ins UnitAttr:$reverse);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    (`reverse` $reverse^)? (`->` type($results)^)? attr-dict-with-keyword
    $body
  }];
  let hasRegionVerifier = 1;
}

def GSA_YieldOp : GSA_Op<"yield", [Pure, Terminator, HasParent<"SweepOp">]> {
  let summary = "what a sweep hands out";
  let description = [{
    Ends a sweep; operand i is the sweep's result i.

    *Lifespan*: that of `gsa.sweep`.

    *Constraints*: those of sweep-1.

    ```mlir
    func.func @through(%x: tensor<?x?x4x64xf32>) -> tensor<?x?x4x64xf32> {
      %y = gsa.sweep -> tensor<?x?x4x64xf32> {
        %p = gsa.softmax %x : tensor<?x?x4x64xf32>
        gsa.yield %p : tensor<?x?x4x64xf32>
      }
      return %y : tensor<?x?x4x64xf32>
    }
    ```

    *Lowers to*: stores at the end of the chunk loop's body.
  }];
  let arguments = (ins Variadic<AnyType>:$operands);
  let assemblyFormat = "attr-dict ($operands^ `:` type($operands))?";
  let builders = [OpBuilder<(ins), [{ /* an empty sweep */ }]>];
}

#endif // GSA_OPS
