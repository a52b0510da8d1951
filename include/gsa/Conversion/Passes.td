//===- Passes.td - Passes from one dialect to another ---------*- tablegen -*-===//

#ifndef GSA_CONVERSION_PASSES
#define GSA_CONVERSION_PASSES

include "mlir/Pass/PassBase.td"

def ConvertGSAToLoopsPass : Pass<"convert-gsa-to-loops", "func::FuncOp"> {
  let summary = "The oracle: a spec as the plain recurrence";
  let options = [Option<"f64", "f64", "bool", "false",
                        "compute in f64, and write f64 results">];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect"];
}

def OutlineBlocksPass : Pass<"gsa-outline-blocks", "ModuleOp"> {
  let summary = "Kernels become what the runtime calls: one block, and a grid";
  let description = [{
    Of each kernel of the `vector` or `gpu` stage this makes the two functions
    of `runtime/include/gsa/kernel.h`: the entry and `<name>_grid`, which tells
    from `gsa_extents` how many blocks there are.

    A host's entry runs the block of a given number on an array of `gsa_tensor`;
    the kernel's last argument is its scratch memory. A device's entry has one
    pointer to the struct of `gsa_stage`, asks the target for the block's
    number, and is one thread of that block; the kernel's arguments are its
    tensors.

    The entry's attributes say what the object describes: `gsa.arguments`,
    `gsa.grid`, `gsa.schedule`, and `gsa.scratch` (bytes) of a host's,
    `gsa.threads`, `gsa.shared` and `gsa.cluster` of a device's.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::LLVM::LLVMDialect"];
}

def MarkKernelsPass : Pass<"gsa-mark-kernels", "::mlir::LLVM::LLVMFuncOp"> {
  let summary = "A device's entries get what the driver must know of them";
  let description = [{
    Calling convention, threads of a block, blocks of a cluster and how the
    parameters are passed, as the module's target spells them. Functions that
    are not kernels stay as they are.
  }];
}

def ExpandBF16Pass : Pass<"gsa-expand-bf16", "func::FuncOp"> {
  let summary = "Conversions to bf16 become integer arithmetic";
  let description = [{
    Rounds to nearest even, NaN stays NaN. Does nothing where the target has
    instructions for bf16.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def BF16AsIntegersPass
    : Pass<"gsa-bf16-as-integers", "::mlir::LLVM::LLVMFuncOp"> {
  let summary = "What only moves bf16 moves integers";
  let description = [{
    Replaces bf16 by i16 in the bodies of functions, whose arithmetic was
    expanded before. Does nothing where the target has instructions for bf16.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def ChunkMemoryPass : Pass<"gsa-chunk-memory", "func::FuncOp"> {
  let summary = "A sweep becomes a kernel: one loop over chunks of tokens";
  let description = [{
    Turns a function with one `gsa.sweep` into a kernel: an `scf.forall` over
    sequences, key/value heads and slices, each a loop that walks windows of at
    most `chunk` tokens and carries the memories as tiles (the chunked form of
    DESIGN.md, section 2).

    Row-wise decays are factored, W_j = r_j exp(-G_j), with G the running sum
    from the window's start. The factor grows, so a window ends before G falls
    below a limit that the factors' element type can hold; decays are clamped
    at -100 (log2) so that one token always fits. Decays that are equal for all
    rows have exponents G_i - G_j that are never positive; their windows end
    only where running sums would round away the differences.

    Products have factors of the spec's element type where the target multiplies
    it, else f32.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::tensor::TensorDialect",
                           "::mlir::tile::TileDialect",
                           "::mlir::vector::VectorDialect"];
}

def AllocateSharedPass : Pass<"gsa-allocate-shared", "func::FuncOp"> {
  let summary = "Rings and tiles get bytes of the block's shared memory";
  let description = [{
    For kernels of the `tile` stage: sets `tile.offset` of rings and of ops whose
    result is a place, `tile.scratch` of ops that exchange values between warps,
    and the kernel's `gsa.shared`, all in bytes. Places of a role that are not
    alive together may share bytes. An error tells who needs how much when it is
    more than the target's blocks may use.
  }];
}

def ConvertTileToGPUPass : Pass<"convert-tile-to-gpu", "ModuleOp"> {
  let summary = "Tiles become vectors that lanes hold";
  let description = [{
    For devices: makes of each kernel of the `tile` stage, with shared memory
    allocated, the code of one thread. A tile in registers becomes the vector of
    what a lane holds, in register order; a place its address in the dynamic
    shared memory `<kernel>_shared`; roles become branches on the warp's number.
    Sets `gsa.threads`. Instructions that are not arithmetic are the target's
    (`Device`, `MatrixAtom`).
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect",
                           "::mlir::LLVM::LLVMDialect"];
}

def ConvertTileToVectorPass
    : Pass<"convert-tile-to-vector", "func::FuncOp"> {
  let summary = "Tiles become vectors over a scratch buffer";
  let description = [{
    For processors: one core computes a block. Tiles lie in a scratch buffer
    that becomes the kernel's last argument, each in the forms that its uses
    need (lanes along columns or rows, pairs side by side for dot products);
    carried tiles are updated in place. Products keep a block of accumulators in
    registers; elementwise operations between loads, products, reductions and
    stores are computed vector by vector on the way.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect",
                           "::mlir::LLVM::LLVMDialect"];
}

#endif // GSA_CONVERSION_PASSES
