// A causal mask of what is rounded to 16 bits: words of two elements and a mask
// for each distance to the diagonal, 9 of them, not a predicate an element.

// RUN: gsa-opt %s --pass-pipeline='builtin.module(func.func(gsa-allocate-shared),convert-tile-to-gpu,canonicalize,cse)' | FileCheck %s --check-prefixes=CHECK,COMPARED

// One comparison of two halves makes a mask, but where roles share registers.

// RUN: sed 's|} // ROLES|} {tile.registers = array<i64: 128>}|' %s | gsa-opt --pass-pipeline='builtin.module(func.func(gsa-allocate-shared),convert-tile-to-gpu,canonicalize,cse)' | FileCheck %s --check-prefixes=CHECK,SHIFTED

// Where products are there at once, the words are only more work.

// RUN: gsa-compile %src/examples/specs/gsa-mistral-7b.mlir --targets=sm_80 --emit=gpu | FileCheck %s --check-prefix=AT-ONCE --implicit-check-not='arith.shrui %c-1_i32' --implicit-check-not=set.ge
// AT-ONCE: mma.sync
// RUN: gsa-compile %src/examples/specs/gsa-mistral-7b.mlir --targets=sm_90a --emit=gpu | FileCheck %s --check-prefix=LATER
// LATER: set.ge.u32.f16x2

#c64 = #tile.layout<[64, 64], reg = [[0, 1], [8, 0], [0, 8], [0, 16], [0, 32]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[16, 0], [32, 0]]>
!f = memref<?x?x8x64xf32, strided<[?, ?, ?, 1], offset: ?>>
!h = memref<?x?x8x64xbf16, strided<[?, ?, ?, 1], offset: ?>>
module attributes {gsa.target = #gsa.target<"sm_90a">} {
// CHECK-LABEL: func.func @masks(
// SHIFTED-COUNT-9: arith.shrui %c-1_i32
// SHIFTED-NOT: arith.shrui %c-1_i32
// SHIFTED-NOT: set.ge
// i - j and i - j - 1, as halves, from 1536 on, of which the bits count.
// COMPARED: %[[PAIR:.*]] = arith.muli %{{.*}}, %c65537_i32 : i32
// COMPARED: arith.addi %[[PAIR]], %c1711236608_i32 : i32
// COMPARED-COUNT-9: set.ge.u32.f16x2
// COMPARED-NOT: set.ge
// COMPARED-NOT: arith.shrui %c-1_i32
// CHECK-COUNT-16: "llvm.nvvm.ff2bf16x2.rn"
// CHECK-COUNT-16: arith.andi %{{.*}} : i32
// CHECK-NOT: arith.select {{.*}} vector<32xf32>
// What else uses the tile, or is zero elsewhere, is selected.
// CHECK: arith.cmpi slt, {{.*}} vector<32xi32>
// CHECK: arith.select {{.*}} vector<32xf32>
func.func @masks(%x: !f {gsa.name="x",gsa.kind="input"}, %o: !h {gsa.name="o",gsa.kind="output"}) attributes {gsa.kernel, gsa.schedule = #gsa.schedule<fused, chunk = 64>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %B = memref.dim %x, %c0 : !f
  scf.forall (%b, %h) in (%B, 8) {
    %T = memref.dim %x, %c1 : !f
    tile.roles warps [4] {
      %zero = arith.constant dense<0.0> : tensor<64x64xf32, #c64>
      %s = tile.load %x[%b, %c0, %h, %c0] dims [1, 3] rows %T : !f -> tensor<64x64xf32, #c64>
      %i = tile.iota along 0 : tensor<64x64xi32, #c64>
      %j = tile.iota along 1 : tensor<64x64xi32, #c64>
      %past = arith.cmpi sge, %i, %j : tensor<64x64xi32, #c64>
      %kept = arith.select %past, %s, %zero : tensor<64x64xi1, #c64>, tensor<64x64xf32, #c64>
      %rounded = arith.truncf %kept : tensor<64x64xf32, #c64> to tensor<64x64xbf16, #c64>
      tile.store %rounded, %o[%b, %c0, %h, %c0] dims [1, 3] rows %T : tensor<64x64xbf16, #c64>, !h
      %future = arith.cmpi slt, %i, %j : tensor<64x64xi32, #c64>
      %rest = arith.select %future, %s, %zero : tensor<64x64xi1, #c64>, tensor<64x64xf32, #c64>
      %other = arith.truncf %rest : tensor<64x64xf32, #c64> to tensor<64x64xbf16, #c64>
      tile.store %other, %o[%b, %c1, %h, %c0] dims [1, 3] rows %T : tensor<64x64xbf16, #c64>, !h
    } // ROLES
  }
  return
}
}
