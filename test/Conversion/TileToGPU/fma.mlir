// Factors of f32, in places whose blocks repeat, rows backwards, columns that the
// memory does not have.

// RUN: sed -e s/TARGET/sm_80/ -e s/WARPS/8/ %s | gsa-opt --pass-pipeline='builtin.module(func.func(gsa-allocate-shared),convert-tile-to-gpu,canonicalize,cse)' | FileCheck %s

// CHECK-LABEL: func.func @fma(
// CHECK-SAME: gsa.shared = 36864 : i64, gsa.threads = 256 : i64
// Three blocks of 32 steps, four at a time.
// CHECK-COUNT-3: scf.for {{.*}} -> (vector<8xf32>)
// CHECK-COUNT-32: math.fma
// CHECK: st.global.v4.b32
// CHECK: st.global.b32

#sums = #tile.layout<[32, 64], reg = [[0, 1], [0, 2], [0, 32]], lane = [[0, 4], [0, 8], [0, 16], [1, 0], [2, 0]], warp = [[4, 0], [8, 0], [16, 0]]>
#a = #tile.layout<[32, 96], offset = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [1, 0], [2, 0], [4, 0], [8, 0], [16, 0]], repeat = [1, 3]>
#b = #tile.layout<[96, 64], offset = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [0, 32], [1, 0], [2, 0], [4, 0], [8, 0], [16, 0]], repeat = [3, 1]>
!x = memref<?x?x3x100xf32, strided<[?, ?, ?, 1], offset: ?>>
!s = memref<?x3x96x60xf32, strided<[?, ?, ?, 1], offset: ?>>
!o = memref<?x?x3x60xf32, strided<[?, ?, ?, 1], offset: ?>>
module attributes {gsa.target = #gsa.target<"TARGET">} {
func.func @fma(%x: !x {gsa.name="x",gsa.kind="input"}, %s: !s {gsa.name="s",gsa.kind="input"}, %o: !o {gsa.name="o",gsa.kind="output"}) attributes {gsa.kernel, gsa.schedule = #gsa.schedule<fused, chunk = 32>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %B = memref.dim %x, %c0 : !x
  scf.forall (%b, %h) in (%B, 3) {
    %T = memref.dim %x, %c1 : !x
    %last = arith.subi %T, %c1 : index
    tile.roles warps [WARPS] {
      %zero = arith.constant dense<0.0> : tensor<32x64xf32, #sums>
      %xs = tile.load %x[%b, %last, %h, %c0] dims [1, 3] rows %T step -1 : !x -> tensor<32x96xf32, #a>
      %ss = tile.load %s[%b, %h, %c0, %c0] dims [2, 3] : !s -> tensor<96x64xf32, #b>
      %y = tile.mma %xs, %ss, %zero {atom = #tile.atom<"fma">} : tensor<32x96xf32, #a>, tensor<96x64xf32, #b>, tensor<32x64xf32, #sums>
      tile.store %y, %o[%b, %last, %h, %c0] dims [1, 3] rows %T step -1 : tensor<32x64xf32, #sums>, !o
    }
  }
  return
}
}
