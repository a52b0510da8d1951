// One role: tiles copied to places, products, a mask, a scan, changes of layout,
// reductions and a store. The atom and the target are filled in.

// RUN: sed -e s/TARGET/sm_80/ -e s/ATOM/mma.m16n8k16/ %s | gsa-opt --pass-pipeline='builtin.module(func.func(gsa-allocate-shared),convert-tile-to-gpu,canonicalize,cse)' -o %t.80.mlir
// RUN: FileCheck %s --check-prefixes=GPU,SM80 --implicit-check-not='= tile.' --implicit-check-not=tile.store < %t.80.mlir
// RUN: sed -e s/TARGET/sm_90a/ -e s/ATOM/wgmma.m64k16/ %s | gsa-opt --pass-pipeline='builtin.module(func.func(gsa-allocate-shared),convert-tile-to-gpu,canonicalize,cse)' -o %t.90.mlir
// RUN: FileCheck %s --check-prefixes=GPU,SM90 --implicit-check-not='= tile.' --implicit-check-not=tile.store < %t.90.mlir

// GPU: llvm.mlir.global external @k_shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>
// GPU-LABEL: func.func @k(
// GPU-SAME: gsa.shared = 50176 : i64, gsa.threads = 128 : i64
// GPU: %[[THREAD:.*]] = nvvm.read.ptx.sreg.tid.x
// GPU: nvvm.shfl.sync idx

// 64 x 128 elements are eight copies of 16 bytes a lane, where rows are aligned.
// GPU: nvvm.barrier
// GPU: scf.if
// GPU-COUNT-8: nvvm.cp.async.shared.global {{.*}}, 16, cache = cg
// GPU-NOT: nvvm.cp.async.shared.global
// GPU: } else {
// GPU: scf.for
// GPU: @{{.*}}ld.global.b16
// GPU: llvm.call_intrinsic "llvm.nvvm.cp.async.wait.all"

// The first product's factors are fragments, eight steps deep, or descriptors.
// SM80-COUNT-32: mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32
// SM90: fence.proxy.async.shared::cta
// SM90: wgmma.fence.sync.aligned
// SM90-SAME: wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16
// SM90-SAME: fresh, 1, 1, 0, 0
// SM90-SAME: wgmma.commit_group.sync.aligned
// SM90: wgmma.wait_group.sync.aligned 0

// The mask compares one difference of coordinates with constants.
// GPU: arith.cmpi sge, %{{.*}}, %{{.*}} : vector<32xi32>

// Scores become the next product's factor without leaving their lanes; the second
// factor is read along the other dimension.
// GPU: "llvm.nvvm.ff2bf16x2.rn"
// SM90: wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16
// SM90-SAME: }, b, fresh, 1, 1, 1
// SM90-COUNT-8: nvvm.stmatrix
// GPU: st.global.v4.b32

#c64 = #tile.layout<[64, 64], reg = [[0, 1], [8, 0], [0, 8], [0, 16], [0, 32]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[16, 0], [32, 0]]>
#rows = #tile.layout<[64], reg = [[8]], lane = [[0], [0], [1], [2], [4]], warp = [[16], [32]]>
#tok = #tile.layout<[64, 64], reg = [[0, 1], [1, 0], [2, 0], [4, 0], [8, 0]], lane = [[0, 2], [0, 4], [0, 8], [0, 16], [0, 32]], warp = [[16, 0], [32, 0]]>
#cols = #tile.layout<[64], reg = [[1]], lane = [[2], [4], [8], [16], [32]], warp = [[0], [0]]>
#s128 = #tile.layout<[64, 128], offset = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [0, 32], [1, 8], [2, 16], [4, 32], [8, 0], [16, 0], [32, 0], [0, 64]]>
#s128t = #tile.layout<[128, 64], offset = [[1, 0], [2, 0], [4, 0], [8, 0], [16, 0], [32, 0], [8, 1], [16, 2], [32, 4], [0, 8], [0, 16], [0, 32], [64, 0]]>
#s64 = #tile.layout<[64, 64], offset = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [0, 32], [1, 8], [2, 16], [4, 32], [8, 0], [16, 0], [32, 0]]>
#m128 = #tile.layout<[64, 128], reg = [[0, 1], [8, 0], [0, 8], [0, 16], [0, 32], [0, 64]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[16, 0], [32, 0]]>
!bsd = memref<?x?x8x128xbf16, strided<[?, ?, ?, 1], offset: ?>>
!bsm = memref<?x?x8x64xbf16, strided<[?, ?, ?, 1], offset: ?>>
module attributes {gsa.target = #gsa.target<"TARGET">} {
func.func @k(%q: !bsd {gsa.name="q",gsa.kind="input"}, %k: !bsd {gsa.name="k",gsa.kind="input"}, %v: !bsd {gsa.name="v",gsa.kind="input"}, %g: !bsm {gsa.name="g",gsa.kind="input"}, %o: !bsd {gsa.name="o",gsa.kind="output"}) attributes {gsa.kernel, gsa.schedule = #gsa.schedule<fused, chunk = 64>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %B = memref.dim %q, %c0 : !bsd
  scf.forall (%b, %h) in (%B, 8) {
    %T = memref.dim %q, %c1 : !bsd
    tile.roles warps [4] {
      %zero = arith.constant dense<0.0> : tensor<64x64xf32, #c64>
      %zero128 = arith.constant dense<0.0> : tensor<64x128xf32, #m128>
      %qs = tile.load %q[%b, %c0, %h, %c0] dims [1, 3] rows %T : !bsd -> tensor<64x128xbf16, #s128>
      %ks = tile.load %k[%b, %c0, %h, %c0] dims [1, 3] rows %T : !bsd -> tensor<64x128xbf16, #s128>
      %vs = tile.load %v[%b, %c0, %h, %c0] dims [1, 3] rows %T : !bsd -> tensor<64x128xbf16, #s128>
      %kt = tile.transpose %ks : tensor<64x128xbf16, #s128> -> tensor<128x64xbf16, #s128t>
      %a0 = tile.mma %qs, %kt, %zero {atom = #tile.atom<"ATOM">} : tensor<64x128xbf16, #s128>, tensor<128x64xbf16, #s128t>, tensor<64x64xf32, #c64>
      %a = tile.wait %a0 : tensor<64x64xf32, #c64>
      %i = tile.iota along 0 : tensor<64x64xi32, #c64>
      %j = tile.iota along 1 : tensor<64x64xi32, #c64>
      %past = arith.cmpi sge, %i, %j : tensor<64x64xi32, #c64>
      %am = arith.select %past, %a, %zero : tensor<64x64xi1, #c64>, tensor<64x64xf32, #c64>
      %gr = tile.load %g[%b, %c0, %h, %c0] dims [1, 3] rows %T : !bsm -> tensor<64x64xbf16, #tok>
      %gf = arith.extf %gr : tensor<64x64xbf16, #tok> to tensor<64x64xf32, #tok>
      %in, %ex, %tot = tile.scan add %gf along 0 : tensor<64x64xf32, #tok> -> tensor<64x64xf32, #tok>, tensor<64x64xf32, #tok>, tensor<64xf32, #cols>
      %E = math.exp2 %in : tensor<64x64xf32, #tok>
      %Ec = tile.convert %E : tensor<64x64xf32, #tok> -> tensor<64x64xf32, #c64>
      %y = arith.mulf %am, %Ec : tensor<64x64xf32, #c64>
      %mx = tile.reduce max %y along [1] : tensor<64x64xf32, #c64> -> tensor<64xf32, #rows>
      %mb = tile.broadcast %mx along 1 : tensor<64xf32, #rows> -> tensor<64x64xf32, #c64>
      %ym = arith.subf %y, %mb : tensor<64x64xf32, #c64>
      %p = math.exp2 %ym : tensor<64x64xf32, #c64>
      %pb = arith.truncf %p : tensor<64x64xf32, #c64> to tensor<64x64xbf16, #c64>
      %x0 = tile.mma %pb, %vs, %zero128 {atom = #tile.atom<"ATOM">} : tensor<64x64xbf16, #c64>, tensor<64x128xbf16, #s128>, tensor<64x128xf32, #m128>
      %x = tile.wait %x0 : tensor<64x128xf32, #m128>
      %xb = arith.truncf %x : tensor<64x128xf32, #m128> to tensor<64x128xbf16, #m128>
      %xs = tile.convert %xb : tensor<64x128xbf16, #m128> -> tensor<64x128xbf16, #s128>
      tile.store %xs, %o[%b, %c0, %h, %c0] dims [1, 3] rows %T : tensor<64x128xbf16, #s128>, !bsd
    }
  }
  return
}
}
