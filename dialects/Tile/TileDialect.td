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
  }];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let extraClassDeclaration = "void registerAttributes();";
}

#endif // TILE_DIALECT
