//===- TileAttributes.td - Attributes of the tile dialect -----*- tablegen -*-===//

#ifndef TILE_ATTRIBUTES
#define TILE_ATTRIBUTES

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/TensorEncoding.td"
include "dialects/Tile/TileDialect.td"

def Tile_LayoutAttr : AttrDef<Tile_Dialect, "Layout", [
    DeclareAttrInterfaceMethods<VerifiableTensorEncoding>, OpAsmAttrInterface]> {
  let mnemonic = "layout";
  let summary = "which worker, or which address, holds which element";
  let description = [{
    The encoding of a tile: a map from hardware positions to its coordinates, XOR
    over the bits of a position (see `Layout`). A value in registers lists what
    each bit of the register, of the lane and of the warp adds, lowest bit first;
    a place in shared memory what each bit of the offset adds, in elements.
    Sizes that are no powers of two repeat a block, in the slowest registers or
    offsets, the first dimension fastest unless `order` says otherwise: 96 columns
    are 32 with `repeat = [1, 3]`.

    Equal maps print equally: registers that a lane holds twice are left out, and
    even repeats of the fastest repeated dimension are written as bits.

    *Constraints*
    * layout-1: sizes are positive.
    * layout-2: repeat names a number for each dimension, and its size divided by
      that is a power of two.
    * layout-3: a basis has one coordinate a dimension, inside the repeated block.
    * layout-4: positions reach every element.
    * layout-5: a place has each element once.
    * layout-6: order names each dimension once.
    * layout-7: a tensor has the shape of its layout.

    ```mlir
    #acc = #tile.layout<[16, 8], reg = [[0, 1], [8, 0]],
        lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = []>
    #rows = #tile.layout<[16], reg = [[8]],
        lane = [[0], [0], [1], [2], [4]], warp = []>
    #panel = #tile.layout<[16, 24], offset = [[0, 1], [0, 2], [0, 4], [1, 4],
        [2, 0], [4, 0], [8, 0]], repeat = [1, 3]>
    func.func @largest(%x: tensor<16x8xf32, #acc>) -> tensor<16xf32, #rows> {
      %m = tile.reduce max %x along [1]
          : tensor<16x8xf32, #acc> -> tensor<16xf32, #rows>
      return %m : tensor<16xf32, #rows>
    }
    ```
  }];
  let parameters = (ins "::mlir::gsa::Layout":$layout);
  let hasCustomAssemblyFormat = 1;
  let genMnemonicAlias = 1;
}

#endif // TILE_ATTRIBUTES
