//===- TileOps.td - Operations of the tile dialect ------------*- tablegen -*-===//

#ifndef TILE_OPS
#define TILE_OPS

include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "dialects/Tile/TileDialect.td"

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
// Arithmetic
//===----------------------------------------------------------------------===//

def Tile_MmaOp : Tile_Op<"mma", [Pure, AllTypesMatch<["acc", "result"]>]> {
  let summary = "acc + a * b in f32";
  let arguments = (ins Tile_Matrix:$a, Tile_Matrix:$b, Tile_Matrix:$acc);
  let results = (outs Tile_Matrix:$result);
  let assemblyFormat = [{
    $a `,` $b `,` $acc attr-dict `:` type($a) `,` type($b) `,` type($acc)
  }];
  let hasVerifier = 1;
}

def Tile_ScanOp : Tile_Op<"scan", [Pure]> {
  let summary = "running sums along a dimension";
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
  let arguments = (ins Tile_Tile:$operand, I64Attr:$dim);
  let results = (outs Tile_Tile:$result);
  let assemblyFormat = [{
    $operand `along` $dim attr-dict `:` type($operand) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Tile_TransposeOp : Tile_Op<"transpose", [Pure]> {
  let summary = "swaps the coordinates of a matrix";
  let arguments = (ins Tile_Matrix:$operand);
  let results = (outs Tile_Matrix:$result);
  let assemblyFormat = [{
    $operand attr-dict `:` type($operand) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Tile_IotaOp : Tile_Op<"iota", [Pure]> {
  let summary = "each element's coordinate along a dimension";
  let arguments = (ins I64Attr:$dim);
  let results = (outs Tile_Tile:$result);
  let assemblyFormat = "`along` $dim attr-dict `:` type($result)";
  let hasVerifier = 1;
}

#endif // TILE_OPS
