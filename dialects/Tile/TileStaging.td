//===- TileStaging.td - What is staged where, and who waits ----*- tablegen -*-===//
//
// Ops of the `tile` stage only. A *role* is a region that a part of the block's
// warps runs; roles run side by side and meet at barriers. A tile in a register
// layout belongs to the role's lanes, a tile in a place to shared memory.
//
//===----------------------------------------------------------------------===//

#ifndef TILE_STAGING
#define TILE_STAGING

include "mlir/Interfaces/ControlFlowInterfaces.td"
include "dialects/Tile/TileTypes.td"

def Tile_StagedValue : AnyTypeOf<[Tile_Tile, Index, AnySignlessInteger, AnyFloat]>;

//===----------------------------------------------------------------------===//
// Roles
//===----------------------------------------------------------------------===//

def Tile_RolesOp : Tile_Op<"roles", [NoRegionArguments, SingleBlock,
    SingleBlockImplicitTerminator<"YieldOp">, RecursiveMemoryEffects]> {
  let summary = "regions that parts of the block run side by side";
  let description = [{
    Region i is run by the next `warps[i]` warps of the block. Loops of different
    roles that hold block barriers make the same number of iterations.

    *Lifespan*: `tile`.

    *Constraints*
    * roles-1: there is a number of warps for each region.
    * roles-2: each role has at least one warp.
    * roles-3: there are no roles in a role.
    * roles-4: no tile is made outside of roles and used in one.
    * roles-5: every role that meets the others passes as many barriers outside
      of loops, and per iteration of its loop with barriers, as those. One that
      does not is in step by what it is sent, and by what it sends.

    ```mlir
    func.func @two(%n: index) {
      %c0 = arith.constant 0 : index
      %r = tile.ring : !tile.ring<2 x index>
      tile.roles warps [4, 4] {
        tile.put %n, %r[%c0 + 0] : index, !tile.ring<2 x index>
        tile.barrier
      }, {
        tile.barrier
        %m = tile.get %r[%c0 + 0] : !tile.ring<2 x index> -> index
      }
      return
    }
    ```

    *Lowers to*: a branch on the warp's number, the same for all its lanes; no
    code for one role.
  }];
  let arguments = (ins DenseI64ArrayAttr:$warps);
  let regions = (region VariadicRegion<SizedRegion<1>>:$roles);
  let assemblyFormat = "`warps` $warps $roles attr-dict";
  let hasVerifier = 1;
}

def Tile_YieldOp : Tile_Op<"yield", [Pure, Terminator, ParentOneOf<["RolesOp"]>]> {
  let summary = "ends a role";
  let description = [{
    *Lifespan*: `tile`.

    *Constraints*: none but its parent.

    ```mlir
    func.func @nothing() {
      tile.roles warps [1] {
        tile.yield
      }
      return
    }
    ```

    *Lowers to*: nothing.
  }];
  let assemblyFormat = "attr-dict";
}

def Tile_BarrierOp : Tile_Op<"barrier", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "the roles of the block meet";
  let description = [{
    What any role has put before it, or waited for, every role can get behind it:
    every role that meets at all.

    *Lifespan*: `tile`.

    *Constraints*
    * barrier-1: it stands in a role, outside of branches: roles must agree on
      how often they meet.

    ```mlir
    func.func @meet() {
      tile.roles warps [4] {
        tile.barrier
      }
      return
    }
    ```

    *Lowers to*: the block's barrier, behind a fence where a later reader is an
    asynchronous unit.
  }];
  let assemblyFormat = "attr-dict";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Rings
//===----------------------------------------------------------------------===//

def Tile_RingOp : Tile_Op<"ring", [MemoryEffects<[MemAlloc]>]> {
  let summary = "room for versions of a tile in shared memory";
  let description = [{
    *Lifespan*: `tile`.

    *Constraints*
    * ring-1: it stands outside of roles, which share it.

    ```mlir
    func.func @room() {
      %r = tile.ring : !tile.ring<2 x tensor<64x128xbf16>>
      return
    }
    ```

    *Lowers to*: an offset into the block's shared memory.
  }];
  let results = (outs Tile_RingType:$ring);
  let assemblyFormat = "attr-dict `:` type($ring)";
  let hasVerifier = 1;
}

def Tile_PutOp : Tile_Op<"put", [MemoryEffects<[MemWrite]>]> {
  let summary = "writes a version";
  let description = [{
    Writes version `iteration + ahead`. A scalar is written by one lane.

    *Lifespan*: `tile`.

    *Constraints*
    * put-1: the value has the shape and element type of the ring's versions.

    ```mlir
    func.func @write(%w: tensor<64x64xbf16>, %i: index) {
      %r = tile.ring : !tile.ring<2 x tensor<64x64xbf16>>
      tile.put %w, %r[%i + 1] : tensor<64x64xbf16>,
          !tile.ring<2 x tensor<64x64xbf16>>
      return
    }
    ```

    *Lowers to*: stores to shared memory, of whole fragments where the target
    has such an instruction.
  }];
  let arguments = (ins Tile_StagedValue:$value, Tile_RingType:$ring,
      Index:$iteration, I64Attr:$ahead);
  let assemblyFormat = [{
    $value `,` $ring `[` $iteration `+` $ahead `]` attr-dict `:` type($value)
    `,` type($ring)
  }];
  let hasVerifier = 1;
}

def Tile_GetOp : Tile_Op<"get", [MemoryEffects<[MemRead]>]> {
  let summary = "reads a version";
  let description = [{
    Version `iteration + ahead`: as the place itself, which is read where it is
    used, or in registers.

    *Lifespan*: `tile`.

    *Constraints*
    * get-1: the result has the shape and element type of the ring's versions.

    ```mlir
    func.func @read(%i: index) -> tensor<64x64xbf16> {
      %r = tile.ring : !tile.ring<2 x tensor<64x64xbf16>>
      %w = tile.get %r[%i + 0] : !tile.ring<2 x tensor<64x64xbf16>>
          -> tensor<64x64xbf16>
      return %w : tensor<64x64xbf16>
    }
    ```

    *Lowers to*: no code for a place, else loads from shared memory.
  }];
  let arguments = (ins Tile_RingType:$ring, Index:$iteration, I64Attr:$ahead);
  let results = (outs Tile_StagedValue:$value);
  let assemblyFormat = [{
    $ring `[` $iteration `+` $ahead `]` attr-dict `:` type($ring) `->`
    type($value)
  }];
  let hasVerifier = 1;
}

def Tile_FetchOp : Tile_Op<"fetch", [AttrSizedOperandSegments,
    MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "starts to copy a tile from memory to a version";
  let description = [{
    The coordinates are those of `tile.load`; what lies outside becomes zero.
    The copy runs until a `tile.wait_fetches` of the same role. Before it starts
    to fill the only slot of a ring the role meets: what it read there and waited
    for, all its warps are done with.

    *Lifespan*: `tile`.

    *Constraints*
    * fetch-1: there is one index a memory dimension.
    * fetch-2: dims name one memory dimension for each tile dimension.
    * fetch-3: dims increase and are below the memory's rank.
    * fetch-4: tile and memory have one element type.
    * fetch-5: step is 1 or -1.
    * fetch-6: the ring's versions are tiles.

    ```mlir
    func.func @ahead(
        %k: memref<?x?x32x128xbf16, strided<[?, ?, ?, 1], offset: ?>>,
        %b: index, %t: index, %h: index, %n: index, %i: index) {
      %c0 = arith.constant 0 : index
      %r = tile.ring : !tile.ring<2 x tensor<64x128xbf16>>
      tile.fetch %k[%b, %t, %h, %c0] dims [1, 3] rows %n into %r[%i + 2]
          : memref<?x?x32x128xbf16, strided<[?, ?, ?, 1], offset: ?>>,
          !tile.ring<2 x tensor<64x128xbf16>>
      return
    }
    ```

    *Lowers to*: asynchronous copies where the target has them, else loads and
    stores.
  }];
  let arguments = (ins Arg<Tile_Memory, "", [MemRead]>:$source,
      Variadic<Index>:$indices, Optional<Index>:$rows, Tile_RingType:$ring,
      Index:$iteration, I64Attr:$ahead, DenseI64ArrayAttr:$dims,
      DefaultValuedAttr<I64Attr, "1">:$step);
  let assemblyFormat = [{
    $source `[` $indices `]` `dims` $dims (`rows` $rows^)? (`step` $step^)?
    `into` $ring `[` $iteration `+` $ahead `]` attr-dict `:` type($source) `,`
    type($ring)
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Waiting, and moving
//===----------------------------------------------------------------------===//

def Tile_WaitFetchesOp
    : Tile_Op<"wait_fetches", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "the role's fetches so far have landed";
  let description = [{
    Other roles see what was fetched behind the next barrier. So do the other
    warps of this one, or, with `together`, at once.

    *Lifespan*: `tile`.

    *Constraints*: none.

    ```mlir
    func.func @landed() {
      tile.wait_fetches
      return
    }
    ```

    *Lowers to*: a wait for all asynchronous copies; with `together`, and a
    barrier of the role.
  }];
  let arguments = (ins UnitAttr:$together);
  let assemblyFormat = "(`together` $together^)? attr-dict";
}

def Tile_WaitOp : Tile_Op<"wait", [Pure, AllTypesMatch<["product", "result"]>]> {
  let summary = "the result of what runs: a product, or a message";
  let description = [{
    A product with an asynchronous atom runs on while its role goes on. Its
    result may be used by another product that adds to it, and by this op; the
    result of this op may be used by any. So do an exchange and a gather: what
    other blocks send is on its way.

    *Lifespan*: `tile`.

    *Constraints*
    * wait-1: the operand is the result of a product, an exchange or a gather, or
      is carried by a loop.

    ```mlir
    func.func @sums(%a: tensor<64x16xbf16>, %b: tensor<16x64xbf16>,
                    %z: tensor<64x64xf32>) -> tensor<64x64xf32> {
      %x = tile.mma %a, %b, %z
          : tensor<64x16xbf16>, tensor<16x64xbf16>, tensor<64x64xf32>
      %y = tile.wait %x : tensor<64x64xf32>
      return %y : tensor<64x64xf32>
    }
    ```

    *Lowers to*: a wait that leaves the products begun later running; of an
    exchange, adding up the parts that this block answers for as well.
  }];
  let arguments = (ins Tile_Tile:$product);
  let results = (outs Tile_Tile:$result);
  let assemblyFormat = "$product attr-dict `:` type($product)";
  let hasVerifier = 1;
}

def Tile_ConvertOp : Tile_Op<"convert", [Pure]> {
  let summary = "the same tile, held by others";
  let description = [{
    Changes the layout and nothing else.

    *Lifespan*: `tile`.

    *Constraints*
    * convert-1: operand and result differ in their layout only.

    ```mlir
    func.func @held(%x: tensor<64x64xbf16>) -> tensor<64x64xbf16> {
      %y = tile.convert %x : tensor<64x64xbf16> -> tensor<64x64xbf16>
      return %y : tensor<64x64xbf16>
    }
    ```

    *Lowers to*: a permutation of registers, exchanges in a warp, or stores to
    and loads from shared memory. Equal layouts fold.
  }];
  let arguments = (ins Tile_Tile:$operand);
  let results = (outs Tile_Tile:$result);
  let assemblyFormat = "$operand attr-dict `:` type($operand) `->` type($result)";
  let hasFolder = 1;
  let hasVerifier = 1;
}

#endif // TILE_STAGING
