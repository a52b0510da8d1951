// Lanes that work together leave a loop together: before 9.0 they vote on its
// condition, which the assembler knows to be the warp's own then. Where each
// lane works for itself nobody votes. Behind a loop lane and warp are found anew,
// by what nobody sees through, so that no address is kept for what comes there.

// RUN: sed s/TARGET/sm_80/ %s | gsa-opt --pass-pipeline='builtin.module(func.func(gsa-allocate-shared),convert-tile-to-gpu,canonicalize,cse)' | FileCheck %s --check-prefixes=CHECK,VOTE
// RUN: sed s/TARGET/sm_89/ %s | gsa-opt --pass-pipeline='builtin.module(func.func(gsa-allocate-shared),convert-tile-to-gpu,canonicalize,cse)' | FileCheck %s --check-prefixes=CHECK,VOTE
// RUN: sed s/TARGET/sm_90a/ %s | gsa-opt --pass-pipeline='builtin.module(func.func(gsa-allocate-shared),convert-tile-to-gpu,canonicalize,cse)' | FileCheck %s --check-prefixes=CHECK,NONE

#tok = #tile.layout<[64, 64], reg = [[0, 1], [1, 0], [2, 0], [4, 0], [8, 0]], lane = [[0, 2], [0, 4], [0, 8], [0, 16], [0, 32]], warp = [[16, 0], [32, 0]]>
#cols = #tile.layout<[64], reg = [[1]], lane = [[2], [4], [8], [16], [32]], warp = [[0], [0]]>
!g = memref<?x?x8x64xf32, strided<[?, ?, ?, 1], offset: ?>>
module attributes {gsa.target = #gsa.target<"TARGET">} {
// CHECK-LABEL: func.func @loops(
// CHECK: %[[THREAD:.*]] = nvvm.read.ptx.sreg.tid.x
// CHECK: scf.while
// CHECK: %[[MORE:.*]] = arith.cmpi slt
// VOTE-NEXT: %[[ALL:.*]] = nvvm.vote.sync all {{.*}}%[[MORE]]
// VOTE-NEXT: scf.condition(%[[ALL]])
// NONE-NEXT: scf.condition(%[[MORE]])
// CHECK: nvvm.barrier
// CHECK: %[[COUNTER:.*]] = llvm.inline_asm {{.*}}"mov.b32 $0, $1;"
// CHECK-NEXT: %[[ZERO:.*]] = arith.shrui %[[COUNTER]], %c31_i32
// CHECK-NEXT: arith.addi %[[THREAD]], %[[ZERO]]
// CHECK: scf.while
// CHECK: %[[MORE:.*]] = arith.cmpi slt
// CHECK-NEXT: scf.condition(%[[MORE]])
func.func @loops(%g: !g {gsa.name="g",gsa.kind="input"}, %o: !g {gsa.name="o",gsa.kind="output"}) attributes {gsa.kernel, gsa.schedule = #gsa.schedule<fused, chunk = 64>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %c64 = arith.constant 64 : index
  %T = memref.dim %g, %c1 : !g
  scf.forall (%b, %h) in (%c1, %c8) {
    tile.roles warps [4] {
      %one:2 = scf.while (%t = %c0, %n = %c64) : (index, index) -> (index, index) {
        %more = arith.cmpi slt, %t, %T : index
        scf.condition(%more) %t, %n : index, index
      } do {
      ^bb0(%t: index, %n: index):
        %G = tile.load %g[%b, %t, %h, %c0] dims [1, 3] rows %n : !g -> tensor<64x64xf32, #tok>
        %sums = tile.reduce add %G along [0] : tensor<64x64xf32, #tok> -> tensor<64xf32, #cols>
        %all = tile.broadcast %sums along 0 : tensor<64xf32, #cols> -> tensor<64x64xf32, #tok>
        tile.store %all, %o[%b, %t, %h, %c0] dims [1, 3] rows %n : tensor<64x64xf32, #tok>, !g
        %next = arith.addi %t, %n : index
        scf.yield %next, %n : index, index
      }
      %two:2 = scf.while (%t = %c0, %n = %c64) : (index, index) -> (index, index) {
        %more = arith.cmpi slt, %t, %T : index
        scf.condition(%more) %t, %n : index, index
      } do {
      ^bb0(%t: index, %n: index):
        %G = tile.load %g[%b, %t, %h, %c0] dims [1, 3] rows %n : !g -> tensor<64x64xf32, #tok>
        tile.store %G, %o[%b, %t, %h, %c0] dims [1, 3] rows %n : tensor<64x64xf32, #tok>, !g
        %next = arith.addi %t, %n : index
        scf.yield %next, %n : index, index
      }
    }
  } {mapping = [#gpu.block<x>, #gpu.block<y>]}
  return
}
}
