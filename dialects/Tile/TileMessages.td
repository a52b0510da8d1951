//===- TileMessages.td - What blocks tell each other ----------*- tablegen -*-===//
//
// Messages between the blocks of a cluster. One role of each block may send to
// itself in all of them (`exchange`, `gather`), or to another role (`send_parts`
// to `receive_sums`, `send` to `receive`), with no barrier for it. How many
// messages may be on their way is the separation law's concern
// (CheckSeparation.cpp), and why their room suffices the lowering's
// (TileToGPU/Exchange.cpp).
//
//===----------------------------------------------------------------------===//

#ifndef TILE_MESSAGES
#define TILE_MESSAGES

include "dialects/Tile/TileTypes.td"

//===----------------------------------------------------------------------===//
// In one role
//===----------------------------------------------------------------------===//

def Tile_ExchangeOp : Tile_Op<"exchange", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "the sum of a tile over the blocks of a cluster";
  let description = [{
    Each block of the cluster gives its part of all rows. With layouts, each gets
    the sum of a run of rows: the result lies over the warps of all blocks (see
    `lib/Layout`'s `shareRows`), and `tile.gather` collects what is made of it.
    All blocks must come by equally often: whatever decides that follows from
    values that are equal in all of them.

    *Lifespan*: `chunked` and `tile`.

    *Constraints*
    * exchange-1: the tile's elements are f32.
    * exchange-2: there are two blocks or more.
    * exchange-3: it stands outside of branches.
    * exchange-4: operand and result differ in their layout only.

    ```mlir
    func.func @logits(%part: tensor<64x64xf32>) -> tensor<64x64xf32> {
      %x = tile.exchange %part over 4 : tensor<64x64xf32> -> tensor<64x64xf32>
      return %x : tensor<64x64xf32>
    }
    ```

    *Lowers to*: stores to shared memory of the cluster's other blocks, which
    count what arrives. At the stage `tile` a `tile.wait` gives the result.
  }];
  let arguments = (ins Tile_FloatTile:$operand, I64Attr:$blocks);
  let results = (outs Tile_FloatTile:$result);
  let assemblyFormat = "$operand `over` $blocks attr-dict `:` type($operand) "
                       "`->` type($result)";
  let hasVerifier = 1;
}

def Tile_GatherOp : Tile_Op<"gather", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "a tile whose rows the blocks of a cluster share, in each";
  let description = [{
    The other way than `tile.exchange`, which begins what this op ends: each block
    of the cluster has a run of rows, and each gets all of them.

    *Lifespan*: `tile`.

    *Constraints*
    * gather-1: operand and result differ in their layout only.
    * gather-2: there are two blocks or more.
    * gather-3: it stands outside of branches.

    ```mlir
    func.func @weights(%mine: tensor<64x64xbf16>) -> tensor<64x64xbf16> {
      %x = tile.gather %mine over 4 : tensor<64x64xbf16> -> tensor<64x64xbf16>
      %y = tile.wait %x : tensor<64x64xbf16>
      return %y : tensor<64x64xbf16>
    }
    ```

    *Lowers to*: stores to shared memory of all blocks of the cluster, which
    count what arrives.
  }];
  let arguments = (ins Tile_Tile:$operand, I64Attr:$blocks);
  let results = (outs Tile_Tile:$result);
  let assemblyFormat = "$operand `over` $blocks attr-dict `:` type($operand) "
                       "`->` type($result)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// From role to role
//===----------------------------------------------------------------------===//

def Tile_SendOp : Tile_Op<"send", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "a tile whose rows the blocks of a cluster share, to another role of each";
  let description = [{
    As `tile.gather`, but another role of each block gets all rows, by
    `tile.receive`: each block sends its own to version `iteration + ahead` of
    the ring of all blocks. The roles meet by no barrier for it.

    *Lifespan*: `tile`.

    *Constraints*
    * send-1: the ring has versions of the shape and element type of the
      operand.
    * send-2: there are two blocks or more.
    * send-3: it stands outside of branches.

    ```mlir
    func.func @to_readers(%mine: tensor<64x64xbf16>, %i: index) {
      %r = tile.ring : !tile.ring<2 x tensor<64x64xbf16>>
      tile.send %mine to %r[%i + 1] over 4 : tensor<64x64xbf16>,
          !tile.ring<2 x tensor<64x64xbf16>>
      return
    }
    ```

    *Lowers to*: stores to shared memory of all blocks of the cluster, which
    count what arrives.
  }];
  let arguments = (ins Tile_Tile:$operand, Tile_RingType:$ring,
      Index:$iteration, I64Attr:$ahead, I64Attr:$blocks);
  let assemblyFormat = [{
    $operand `to` $ring `[` $iteration `+` $ahead `]` `over` $blocks attr-dict
    `:` type($operand) `,` type($ring)
  }];
  let hasVerifier = 1;
}

def Tile_ReceiveOp
    : Tile_Op<"receive", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "the tile whose rows were sent to this role";
  let description = [{
    Waits until all blocks have sent their rows of version `iteration + ahead`,
    and reads them into registers. Every version that is sent is received, one
    after the other.

    *Lifespan*: `tile`.

    *Constraints*
    * receive-1: the ring has versions of the shape and element type of the
      result.

    ```mlir
    func.func @in_readers(%i: index) -> tensor<64x64xbf16> {
      %r = tile.ring : !tile.ring<2 x tensor<64x64xbf16>>
      %x = tile.receive %r[%i + 0] : !tile.ring<2 x tensor<64x64xbf16>>
          -> tensor<64x64xbf16>
      return %x : tensor<64x64xbf16>
    }
    ```

    *Lowers to*: a wait for all bytes, and loads from shared memory.
  }];
  let arguments = (ins Tile_RingType:$ring, Index:$iteration, I64Attr:$ahead);
  let results = (outs Tile_Tile:$result);
  let assemblyFormat = [{
    $ring `[` $iteration `+` $ahead `]` attr-dict `:` type($ring) `->`
    type($result)
  }];
  let hasVerifier = 1;
}

def Tile_SendPartsOp
    : Tile_Op<"send_parts", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "a block's part of a tile of sums, to another role of each block";
  let description = [{
    As `tile.exchange`, but another role of each block gets the sums of its run of
    rows, by `tile.receive_sums`: each block sends its parts of those rows to
    version `iteration + ahead` of the ring of that block. The roles meet by no
    barrier for it.

    *Lifespan*: `tile`.

    *Constraints*
    * send_parts-1: the ring has versions of the shape and element type of the
      operand, f32.
    * send_parts-2: there are two blocks or more.
    * send_parts-3: it stands outside of branches.

    ```mlir
    func.func @logits(%part: tensor<64x64xf32>, %i: index) {
      %r = tile.ring : !tile.ring<1 x tensor<64x64xf32>>
      tile.send_parts %part to %r[%i + 1] over 4 : tensor<64x64xf32>,
          !tile.ring<1 x tensor<64x64xf32>>
      return
    }
    ```

    *Lowers to*: stores to shared memory of the cluster's blocks, which count
    what arrives.
  }];
  let arguments = (ins Tile_FloatTile:$operand, Tile_RingType:$ring,
      Index:$iteration, I64Attr:$ahead, I64Attr:$blocks);
  let assemblyFormat = [{
    $operand `to` $ring `[` $iteration `+` $ahead `]` `over` $blocks attr-dict
    `:` type($operand) `,` type($ring)
  }];
  let hasVerifier = 1;
}

def Tile_ReceiveSumsOp
    : Tile_Op<"receive_sums", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "the sums of the parts that were sent to this role";
  let description = [{
    Waits until all blocks have sent their parts of version `iteration + ahead`,
    and adds them up in the order of blocks. With layouts, the result lies over
    the warps of this role in all blocks, as that of `tile.exchange`. Every
    version that is sent is received, one after the other.

    *Lifespan*: `tile`.

    *Constraints*
    * receive_sums-1: the ring has versions of the shape and element type of the
      result.

    ```mlir
    func.func @in_weighers(%i: index) -> tensor<64x64xf32> {
      %r = tile.ring : !tile.ring<1 x tensor<64x64xf32>>
      %x = tile.receive_sums %r[%i + 0] : !tile.ring<1 x tensor<64x64xf32>>
          -> tensor<64x64xf32>
      return %x : tensor<64x64xf32>
    }
    ```

    *Lowers to*: a wait for all bytes, loads from shared memory, and additions.
  }];
  let arguments = (ins Tile_RingType:$ring, Index:$iteration, I64Attr:$ahead);
  let results = (outs Tile_FloatTile:$result);
  let assemblyFormat = [{
    $ring `[` $iteration `+` $ahead `]` attr-dict `:` type($ring) `->`
    type($result)
  }];
  let hasVerifier = 1;
}

#endif // TILE_MESSAGES
