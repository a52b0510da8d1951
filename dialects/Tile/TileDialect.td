//===- TileDialect.td - Tiles of a chunk loop's body ----------*- tablegen -*-===//

#ifndef TILE_DIALECT
#define TILE_DIALECT

include "mlir/IR/DialectBase.td"

def Tile_Dialect : Dialect {
  let name = "tile";
  let cppNamespace = "::mlir::tile";
  let summary = "Tiles that one block of workers holds";
  let description = [{
    Says *where*: what one block loads, multiplies, scans and stores in one
    iteration of the loop over chunks. A tile is a ranked tensor of static
    shape, so that `arith`, `math` and `scf` apply to it unchanged; the ops here
    are what those lack. Memory is a strided memref.

    *Constraints*
    * dialect-1: tile.registers is a positive i64 for each role of a tile.roles.
    * dialect-2: tile.zeros is a unit attribute of a tile.fetch.
    * dialect-3: tile.shared_by is an i64 from 2 on of a tile.ring.
    * dialect-4: tile.scarce is a unit attribute of an scf.while.
  }];
  let hasOperationAttrVerify = 1;
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let extraClassDeclaration = "void registerAttributes();";
}

#endif // TILE_DIALECT
