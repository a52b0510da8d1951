//===- GSAOps.td - Operations of the gsa dialect --------------*- tablegen -*-===//

#ifndef GSA_OPS
#define GSA_OPS

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
  let extraClassDeclaration = [{
    /// The rows of the write are 1 - exp(decay): there is no operand for them.
    bool isTied() { return !getRows(); }
  }];
}

def GSA_ReadOp : GSA_Op<"read", [Pure]> {
  let summary = "contracts a memory with a vector per token";
  let arguments = (ins GSA_SideAttr:$side, GSA_MemoryType:$memory,
      GSA_TimeTensor:$vector, DefaultValuedAttr<F64Attr, "1.0">:$scale);
  let results = (outs GSA_TimeTensor:$result);
  let assemblyFormat = [{
    $side $memory `,` $vector (`scale` $scale^)? attr-dict `:`
    type($memory) `,` type($vector) `->` type($result)
  }];
  let hasVerifier = 1;
}

def GSA_FinalStateOp : GSA_Op<"final_state", [Pure]> {
  let summary = "the memory after the last token of each sequence";
  let arguments = (ins GSA_MemoryType:$memory);
  let results = (outs GSA_StateTensor:$state);
  let assemblyFormat = "$memory attr-dict `:` type($memory) `->` type($state)";
  let hasVerifier = 1;
}

def GSA_SlotAttentionOp
    : GSA_Op<"slot_attention", [Pure, AttrSizedOperandSegments,
                                AttrSizedResultSegments]> {
  let summary = "gated slot attention: two memories and a softmax between";
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
  let extraClassDeclaration = [{
    /// M, the slots of each head: the rows of both memories.
    int64_t getSlots();
  }];
}

def GSA_SoftmaxDecayOp : GSA_Op<"softmax_decay", [Pure, AttrSizedOperandSegments]> {
  let summary = "the log decay under which a tied memory is a running softmax";
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
  let arguments = (ins FloatLike:$operand);
  let results = (outs FloatLike:$result);
}

def GSA_LogSigmoidOp : GSA_UnaryOp<"log_sigmoid", ElementwiseMappable.traits> {
  let summary = "log(1 / (1 + exp(-x)))";
  let arguments = (ins FloatLike:$operand);
  let results = (outs FloatLike:$result);
}

def GSA_SoftmaxOp : GSA_UnaryOp<"softmax"> {
  let summary = "softmax along the last dimension";
  let arguments = (ins GSA_TimeTensor:$operand);
  let results = (outs GSA_TimeTensor:$result);
}

//===----------------------------------------------------------------------===//
// Structure
//===----------------------------------------------------------------------===//

def GSA_SweepOp : GSA_Op<"sweep", [SingleBlock,
    SingleBlockImplicitTerminator<"YieldOp">, RecursiveMemoryEffects]> {
  let summary = "operations that one pass over time computes together";
  let arguments = (ins UnitAttr:$reverse);
  let results = (outs Variadic<AnyType>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    (`reverse` $reverse^)? (`->` type($results)^)? attr-dict-with-keyword
    $body
  }];
  let hasRegionVerifier = 1;
}

def GSA_YieldOp : GSA_Op<"yield", [Pure, Terminator, HasParent<"SweepOp">]> {
  let summary = "what a sweep hands out";
  let arguments = (ins Variadic<AnyType>:$operands);
  let assemblyFormat = "attr-dict ($operands^ `:` type($operands))?";
  let builders = [OpBuilder<(ins), [{ /* an empty sweep */ }]>];
}

#endif // GSA_OPS
