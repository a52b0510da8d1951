//===- TileTypes.td - Types and attributes of staging ---------*- tablegen -*-===//

#ifndef TILE_TYPES
#define TILE_TYPES

include "mlir/IR/AttrTypeBase.td"
include "dialects/Tile/TileDialect.td"

def Tile_RingType : TypeDef<Tile_Dialect, "Ring"> {
  let mnemonic = "ring";
  let summary = "versions of a tile or a scalar in the block's shared memory";
  let description = [{
    Version v lies in slot v mod `slots`; writing it ends version v - slots. The
    only thing of the dialect that changes: everything else is a value.

    *Constraints*
    * ringtype-1: there is at least one slot.
    * ringtype-2: a version is a tile of static shape, an index, an integer or a
      float.

    ```mlir
    func.func private @crossing(!tile.ring<2 x tensor<64x64xbf16>>,
                                !tile.ring<2 x index>)
    ```
  }];
  let parameters = (ins "int64_t":$slots, "::mlir::Type":$version);
  let assemblyFormat = "`<` $slots `x` $version `>`";
  let genVerifyDecl = 1;
}

def Tile_AtomAttr : AttrDef<Tile_Dialect, "Atom"> {
  let mnemonic = "atom";
  let summary = "the matrix instruction of a product";
  let description = [{
    The name is looked up in the target's list of atoms, which says what the
    instruction takes and how it is spelled.

    ```mlir
    func.func private @product() attributes {
      atom = #tile.atom<"fma">
    }
    ```
  }];
  let parameters = (ins "::mlir::StringAttr":$name);
  let assemblyFormat = "`<` $name `>`";
}

#endif // TILE_TYPES
