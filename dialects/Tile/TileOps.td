//===- TileOps.td - Operations of the tile dialect ------------*- tablegen -*-===//
//
// Every description has the same parts: meaning, lifespan, numbered constraints
// (the verifier prints the number, test/Dialect/Tile/invalid.mlir has a function
// of that name), an example that a test parses, and what the op lowers to.
//
//===----------------------------------------------------------------------===//

#ifndef TILE_OPS
#define TILE_OPS

include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "dialects/Tile/TileAttributes.td"
include "dialects/Tile/TileDialect.td"
include "dialects/Tile/TileTypes.td"

class Tile_Op<string mnemonic, list<Trait> traits = []>
    : Op<Tile_Dialect, mnemonic, traits>;

def Tile_Tile : StaticShapeTensorOf<[AnyFloat, AnySignlessInteger]>;
def Tile_FloatTile : StaticShapeTensorOf<[AnyFloat]>;
def Tile_Matrix : TypeConstraint<
    And<[Tile_FloatTile.predicate, HasAnyRankOfPred<[2]>]>,
    "2-D tile of floats", "::mlir::RankedTensorType">;
def Tile_Memory : MemRefRankOf<[AnyFloat], [1, 2, 3, 4]>;

def Tile_ScanKind
    : I32EnumAttr<"ScanKind", "the operation of a scan",
                  [I32EnumAttrCase<"Add", 0, "add">,
                   I32EnumAttrCase<"LogAddExp", 1, "logaddexp">]> {
  let cppNamespace = "::mlir::tile";
  let genSpecializedAttr = 0;
}
def Tile_ScanKindAttr : EnumAttr<Tile_Dialect, Tile_ScanKind, "scan_kind"> {
  let assemblyFormat = "$value";
}

def Tile_ReduceKind
    : I32EnumAttr<"ReduceKind", "the operation of a reduction",
                  [I32EnumAttrCase<"Add", 0, "add">,
                   I32EnumAttrCase<"Max", 1, "max">,
                   I32EnumAttrCase<"Min", 2, "min">]> {
  let cppNamespace = "::mlir::tile";
  let genSpecializedAttr = 0;
}
def Tile_ReduceKindAttr
    : EnumAttr<Tile_Dialect, Tile_ReduceKind, "reduce_kind"> {
  let assemblyFormat = "$value";
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

def Tile_LoadOp : Tile_Op<"load", [AttrSizedOperandSegments,
                                   MemoryEffects<[MemRead]>]> {
  let summary = "reads a tile; what lies outside is zero";
  let description = [{
    Tile dimension i runs along the memory's dimension dims[i], from the index
    given for it; the other indices pick one element of their dimension. Along
    the first tile dimension coordinate j is index + step * j, so that `step -1`
    reads time backwards; along the others it is index + j.

    Coordinates of the first dimension from `rows` on read as zero; below `rows`
    they lie inside the memory, which whoever made the op answers for. Other
    coordinates, and those of the first dimension when there is no `rows`, read
    as zero past the memory's extent. So a ragged tail, a packed sequence's end
    and sizes that are no multiple of the tile's need no code of their own.

    *Lifespan*: `chunked` and `tile`.

    *Constraints*
    * load-1: there is one index a memory dimension.
    * load-2: dims name one memory dimension for each tile dimension.
    * load-3: dims increase and are below the memory's rank.
    * load-4: tile and memory have one element type.
    * load-5: step is 1 or -1.

    ```mlir
    func.func @tokens(
        %q: memref<?x?x32x128xbf16, strided<[?, ?, ?, 1], offset: ?>>,
        %b: index, %t: index, %h: index, %left: index) -> tensor<16x128xbf16> {
      %c0 = arith.constant 0 : index
      %x = tile.load %q[%b, %t, %h, %c0] dims [1, 3] rows %left step -1
          : memref<?x?x32x128xbf16, strided<[?, ?, ?, 1], offset: ?>>
          -> tensor<16x128xbf16>
      return %x : tensor<16x128xbf16>
    }
    ```

    *Lowers to*: on the CPU `vector.load`, at the edges `vector.maskedload`.
  }];
  let arguments = (ins Arg<Tile_Memory, "", [MemRead]>:$source,
      Variadic<Index>:$indices, Optional<Index>:$rows,
      DenseI64ArrayAttr:$dims, DefaultValuedAttr<I64Attr, "1">:$step);
  let results = (outs Tile_FloatTile:$result);
  let assemblyFormat = [{
    $source `[` $indices `]` `dims` $dims (`rows` $rows^)? (`step` $step^)?
    attr-dict `:` type($source) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Tile_StoreOp : Tile_Op<"store", [AttrSizedOperandSegments,
                                     MemoryEffects<[MemWrite]>]> {
  let summary = "writes the part of a tile that lies inside";
  let description = [{
    The counterpart of `tile.load`: the same coordinates, and what a load would
    read as zero is not written.

    *Lifespan*: `chunked` and `tile`.

    *Constraints*
    * store-1: there is one index a memory dimension.
    * store-2: dims name one memory dimension for each tile dimension.
    * store-3: dims increase and are below the memory's rank.
    * store-4: tile and memory have one element type.
    * store-5: step is 1 or -1.

    ```mlir
    func.func @state(%s: tensor<64x128xf32>,
        %out: memref<?x8x60x100xf32, strided<[?, ?, ?, 1], offset: ?>>,
        %n: index, %h: index) {
      %c0 = arith.constant 0 : index
      tile.store %s, %out[%n, %h, %c0, %c0] dims [2, 3] : tensor<64x128xf32>,
          memref<?x8x60x100xf32, strided<[?, ?, ?, 1], offset: ?>>
      return
    }
    ```

    *Lowers to*: on the CPU `vector.store`, at the edges `vector.maskedstore`.
  }];
  let arguments = (ins Tile_FloatTile:$value,
      Arg<Tile_Memory, "", [MemWrite]>:$target, Variadic<Index>:$indices,
      Optional<Index>:$rows, DenseI64ArrayAttr:$dims,
      DefaultValuedAttr<I64Attr, "1">:$step);
  let assemblyFormat = [{
    $value `,` $target `[` $indices `]` `dims` $dims (`rows` $rows^)?
    (`step` $step^)? attr-dict `:` type($value) `,` type($target)
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Stages
//===----------------------------------------------------------------------===//

def Tile_AwaitStagesOp
    : Tile_Op<"await_stages", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "what the stages before this one wrote is there";
  let description = [{
    A kernel of several launches runs its stages in order, but a stage's blocks
    may start while the stage before it still runs. Behind this op, if the
    condition holds, all stages before have ended, and the block sees what they
    wrote; what they touch may be touched there alone. One that never waits must
    touch nothing of theirs, and other blocks of the same stage must wait: that
    stage's end then is the end of those before it too, which is all that the
    next stage waits for.

    *Lifespan*: `chunked` and `tile`.

    *Constraints*: none. The condition is the same for all lanes of a block.

    ```mlir
    func.func @from(%folded: memref<?x?x128x128xf32>, %s: index, %n: index,
                    %cut: i1) -> tensor<64x128xf32> {
      %c0 = arith.constant 0 : index
      tile.await_stages if %cut
      %x = tile.load %folded[%s, %n, %c0, %c0] dims [2, 3]
          : memref<?x?x128x128xf32> -> tensor<64x128xf32>
      return %x : tensor<64x128xf32>
    }
    ```

    *Lowers to*: an instruction of devices that start stages early
    (`DeviceFacts::startsEarly`), on others nothing.
  }];
  let arguments = (ins Optional<I1>:$condition);
  let assemblyFormat = "(`if` $condition^)? attr-dict";
}

def Tile_ReleaseStageOp
    : Tile_Op<"release_stage", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "blocks of the next stage may start";
  let description = [{
    Once all blocks of a stage have come here or ended, blocks of the next one
    take what room theirs leave: they delay no block of this stage, for all of
    them run already. What the next stage reads may be written behind this op.

    *Lifespan*: `chunked` and `tile`.

    *Constraints*: none.

    ```mlir
    func.func @early() {
      tile.release_stage
      return
    }
    ```

    *Lowers to*: as `tile.await_stages` does.
  }];
  let assemblyFormat = "attr-dict";
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

def Tile_MmaOp : Tile_Op<"mma", [Pure, AllTypesMatch<["acc", "result"]>]> {
  let summary = "acc + a * b in f32";
  let description = [{
    The product of an MxK and a KxN tile, added to an MxN accumulator. Factors
    are not rounded further, sums are f32; their order is the target's but the
    same on every run. At the `tile` stage `atom` names the instruction.

    *Lifespan*: `chunked` and `tile`.

    *Constraints*
    * mma-1: both factors have one element type.
    * mma-2: the accumulator is f32.
    * mma-3: the shapes are MxK, KxN and MxN.

    ```mlir
    func.func @scores(%q: tensor<16x128xbf16>, %k: tensor<128x16xbf16>,
                      %a: tensor<16x16xf32>) -> tensor<16x16xf32> {
      %r = tile.mma %q, %k, %a
          : tensor<16x128xbf16>, tensor<128x16xbf16>, tensor<16x16xf32>
      return %r : tensor<16x16xf32>
    }
    ```

    *Lowers to*: the target's matrix or dot-product instruction; on the CPU
    `vector.fma` over a register block.
  }];
  let arguments = (ins Tile_Matrix:$a, Tile_Matrix:$b, Tile_Matrix:$acc,
      OptionalAttr<Tile_AtomAttr>:$atom);
  let builders = [OpBuilder<(ins "::mlir::Value":$a, "::mlir::Value":$b,
      "::mlir::Value":$acc), [{
    build($_builder, $_state, acc.getType(), a, b, acc, AtomAttr());
  }]>];
  let results = (outs Tile_Matrix:$result);
  let assemblyFormat = [{
    $a `,` $b `,` $acc attr-dict `:` type($a) `,` type($b) `,` type($acc)
  }];
  let hasVerifier = 1;
}

def Tile_ScanOp : Tile_Op<"scan", [Pure]> {
  let summary = "running sums along a dimension";
  let description = [{
        add:        inclusive_i = sum_{j <= i} x_j
        logaddexp:  inclusive_i = log sum_{j <= i} exp x_j

    exclusive_i is inclusive_{i-1}, first the neutral element: 0 for add, -inf for
    logaddexp. The total is the last inclusive one. NaN and infinities pass on to
    later elements only.

    *Lifespan*: `chunked` and `tile`.

    *Constraints*
    * scan-1: the dimension is below the tile's rank.
    * scan-2: inclusive and exclusive have the operand's type.
    * scan-3: the total is the operand without the dimension.

    ```mlir
    func.func @gates(%g: tensor<16x64xf32>) -> tensor<64xf32> {
      %in, %ex, %total = tile.scan add %g along 0 : tensor<16x64xf32>
          -> tensor<16x64xf32>, tensor<16x64xf32>, tensor<64xf32>
      return %total : tensor<64xf32>
    }
    ```

    *Lowers to*: one vector operation a row on the CPU.
  }];
  let arguments = (ins Tile_ScanKindAttr:$kind, Tile_FloatTile:$operand,
      I64Attr:$dim);
  let results = (outs Tile_FloatTile:$inclusive, Tile_FloatTile:$exclusive,
      Tile_FloatTile:$total);
  let assemblyFormat = [{
    $kind $operand `along` $dim attr-dict `:` type($operand) `->`
    type($inclusive) `,` type($exclusive) `,` type($total)
  }];
  let hasVerifier = 1;
}

def Tile_ReduceOp : Tile_Op<"reduce", [Pure]> {
  let summary = "sum, largest or smallest along dimensions; NaN stays";
  let description = [{
    Drops the dimensions named; if none is left, the result is a scalar, equal
    for all workers of the block. max and min of floats give NaN if there is one
    (`maximumf`, `minimumf`); integers are signed.

    *Lifespan*: `chunked` and `tile`.

    *Constraints*
    * reduce-1: each dimension is below the tile's rank.
    * reduce-2: each dimension is named once.
    * reduce-3: the result is the operand without these dimensions.

    ```mlir
    func.func @lowest(%x: tensor<16x64xf32>) -> (tensor<16xf32>, f32) {
      %rows = tile.reduce max %x along [1] : tensor<16x64xf32> -> tensor<16xf32>
      %all = tile.reduce min %x along [0, 1] : tensor<16x64xf32> -> f32
      return %rows, %all : tensor<16xf32>, f32
    }
    ```

    *Lowers to*: vector operations between rows, `vector.reduction` in a row.
  }];
  let arguments = (ins Tile_ReduceKindAttr:$kind, Tile_Tile:$operand,
      DenseI64ArrayAttr:$dims);
  let results = (outs AnyType:$result);
  let assemblyFormat = [{
    $kind $operand `along` $dims attr-dict `:` type($operand) `->`
    type($result)
  }];
  let hasVerifier = 1;
}

def Tile_BroadcastOp : Tile_Op<"broadcast", [Pure]> {
  let summary = "repeats a tile along a new dimension";
  let description = [{
    result[.., j, ..] = operand[.., ..] for every j of the new dimension.

    *Lifespan*: `chunked` and `tile`.

    *Constraints*
    * broadcast-1: the dimension is below the result's rank.
    * broadcast-2: the operand is the result without the dimension.

    ```mlir
    func.func @rows(%x: tensor<16xf32>) -> tensor<16x64xf32> {
      %r = tile.broadcast %x along 1 : tensor<16xf32> -> tensor<16x64xf32>
      return %r : tensor<16x64xf32>
    }
    ```

    *Lowers to*: `vector.broadcast`, or nothing where its user takes a scalar.
  }];
  let arguments = (ins Tile_Tile:$operand, I64Attr:$dim);
  let results = (outs Tile_Tile:$result);
  let assemblyFormat = [{
    $operand `along` $dim attr-dict `:` type($operand) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Tile_TransposeOp : Tile_Op<"transpose", [Pure]> {
  let summary = "swaps the coordinates of a matrix";
  let description = [{
    result[j, i] = operand[i, j].

    *Lifespan*: `chunked` and `tile`.

    *Constraints*
    * transpose-1: the result is the operand with its dimensions swapped.

    ```mlir
    func.func @keys(%k: tensor<16x128xbf16>) -> tensor<128x16xbf16> {
      %t = tile.transpose %k : tensor<16x128xbf16> -> tensor<128x16xbf16>
      return %t : tensor<128x16xbf16>
    }
    ```

    *Lowers to*: no code where its user, a `tile.mma`, reads either way.
  }];
  let arguments = (ins Tile_Matrix:$operand);
  let results = (outs Tile_Matrix:$result);
  let assemblyFormat = [{
    $operand attr-dict `:` type($operand) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Tile_IotaOp : Tile_Op<"iota", [Pure]> {
  let summary = "each element's coordinate along a dimension";
  let description = [{
    result[i, j] is i along 0, j along 1. Masks are comparisons of it.

    *Lifespan*: `chunked` and `tile`.

    *Constraints*
    * iota-1: the result is i32.
    * iota-2: the dimension is below the result's rank.

    ```mlir
    func.func @causal(%x: tensor<16x16xf32>) -> tensor<16x16xf32> {
      %i = tile.iota along 0 : tensor<16x16xi32>
      %j = tile.iota along 1 : tensor<16x16xi32>
      %past = arith.cmpi sge, %i, %j : tensor<16x16xi32>
      %zero = arith.constant dense<0.0> : tensor<16x16xf32>
      %r = arith.select %past, %x, %zero
          : tensor<16x16xi1>, tensor<16x16xf32>
      return %r : tensor<16x16xf32>
    }
    ```

    *Lowers to*: constants, or a worker's own coordinate plus constants.
  }];
  let arguments = (ins I64Attr:$dim);
  let results = (outs Tile_Tile:$result);
  let assemblyFormat = "`along` $dim attr-dict `:` type($result)";
  let hasVerifier = 1;
}

include "dialects/Tile/TileStaging.td"
include "dialects/Tile/TileMessages.td"

#endif // TILE_OPS
