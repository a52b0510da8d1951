//===- gsa-opt.cpp - Runs any pass or pipeline on any stage ---------------===//

#include "dialects/GSA/GSA.h"
#include "dialects/Tile/Tile.h"
#include "gsa/Conversion/Passes.h"
#include "gsa/Pipelines/Pipelines.h"
#include "gsa/Transforms/Passes.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  registry.insert<mlir::gsa::GSADialect, mlir::tile::TileDialect>();
  mlir::registerAllPasses();
  mlir::gsa::registerGSAConversionPasses();
  mlir::gsa::registerGSATransformsPasses();
  mlir::gsa::registerPipelines();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "GSA optimizer driver\n", registry));
}
