// Two roles: one reads the memories' snapshots, one updates the memories. Products
// run while gates are computed; no lane spills, and the assembler has no reason to
// make products wait for each other.

// RUN: gsa-opt %s --pass-pipeline='builtin.module(func.func(gsa-allocate-shared),convert-tile-to-gpu,canonicalize,cse)' -o %t.mlir
// RUN: FileCheck %s < %t.mlir

// CHECK: func.func @v2(
// CHECK-SAME: gsa.shared = 230944 : i64, gsa.threads = 256 : i64
// CHECK: %[[WARP:.*]] = nvvm.shfl.sync idx
// CHECK: arith.cmpi ult, %[[WARP]]
// CHECK: scf.if
// CHECK: scf.while
// The first score tile is waited for while the second product runs.
// CHECK: wgmma.commit_group
// CHECK: wgmma.commit_group
// CHECK: wgmma.wait_group.sync.aligned 1;
// CHECK: wgmma.commit_group
// CHECK: wgmma.wait_group.sync.aligned 0;
// CHECK: wgmma.commit_group
// CHECK: wgmma.commit_group
// CHECK: wgmma.wait_group.sync.aligned 1;
// CHECK: wgmma.commit_group
// CHECK: wgmma.wait_group.sync.aligned 0;
// What engines copied needs no fence.
// CHECK: mbarrier.try_wait.acquire.cta
// CHECK-NEXT: nvvm.barrier id = %{{.*}} number_of_threads = %{{.*}}
// CHECK: } else {
// The block meets behind the fence that snapshots need.
// CHECK: mbarrier.try_wait.acquire.cta
// CHECK-NEXT: fence.proxy.async.shared::cta
// CHECK-NEXT: nvvm.barrier id = %{{.*}} number_of_threads = %{{.*}}
// CHECK: scf.while
// CHECK: wgmma.commit_group
// CHECK: wgmma.commit_group
// CHECK-NOT: wgmma.wait_group
// CHECK: math.exp2
// CHECK: wgmma.wait_group.sync.aligned 1;
// CHECK: wgmma.wait_group.sync.aligned 0;

#c64 = #tile.layout<[64, 64], reg = [[0, 1], [8, 0], [0, 8], [0, 16], [0, 32]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[16, 0], [32, 0]]>
#rows = #tile.layout<[64], reg = [[8]], lane = [[0], [0], [1], [2], [4]], warp = [[16], [32]]>
#tok = #tile.layout<[64, 64], reg = [[0, 1], [1, 0], [2, 0], [4, 0], [8, 0]], lane = [[0, 2], [0, 4], [0, 8], [0, 16], [0, 32]], warp = [[16, 0], [32, 0]]>
#cols = #tile.layout<[64], reg = [[1]], lane = [[2], [4], [8], [16], [32]], warp = [[0], [0]]>
#s128 = #tile.layout<[64, 128], offset = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [0, 32], [1, 8], [2, 16], [4, 32], [8, 0], [16, 0], [32, 0], [0, 64]]>
#s128t = #tile.layout<[128, 64], offset = [[1, 0], [2, 0], [4, 0], [8, 0], [16, 0], [32, 0], [8, 1], [16, 2], [32, 4], [0, 8], [0, 16], [0, 32], [64, 0]]>
#s64 = #tile.layout<[64, 64], offset = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [0, 32], [1, 8], [2, 16], [4, 32], [8, 0], [16, 0], [32, 0]]>
#s64t = #tile.layout<[64, 64], offset = [[1, 0], [2, 0], [4, 0], [8, 0], [16, 0], [32, 0], [8, 1], [16, 2], [32, 4], [0, 8], [0, 16], [0, 32]]>
#m128 = #tile.layout<[64, 128], reg = [[0, 1], [8, 0], [0, 8], [0, 16], [0, 32], [0, 64]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[16, 0], [32, 0]]>
#e = #tile.layout<[64, 64], offset = [[0, 1], [0, 8], [0, 2], [0, 4], [0, 16], [0, 32], [1, 0], [2, 0], [4, 0], [8, 0], [16, 0], [32, 0]]>
#v = #tile.layout<[64], offset = [[1], [2], [4], [8], [16], [32]]>
!bsd = memref<?x?x8x128xbf16, strided<[?, ?, ?, 1], offset: ?>>
!bsm = memref<?x?x8x64xbf16, strided<[?, ?, ?, 1], offset: ?>>
!T128 = tensor<64x128xbf16, #s128>
!rk = !tile.ring<2 x tensor<64x128xbf16, #s128>>
!rw = !tile.ring<2 x tensor<64x64xbf16, #s64>>
!re = !tile.ring<2 x tensor<64x64xf32, #e>>
!rd = !tile.ring<2 x tensor<64xf32, #v>>
!ro = !tile.ring<1 x tensor<64x128xbf16, #s128>>
module attributes {gsa.target = #gsa.target<"sm_90a">} {
func.func @v2(%q: !bsd {gsa.name="q",gsa.kind="input"}, %k: !bsd {gsa.name="k",gsa.kind="input"}, %v: !bsd {gsa.name="v",gsa.kind="input"}, %g: !bsm {gsa.name="g",gsa.kind="input"}, %o: !bsd {gsa.name="o",gsa.kind="output"}) attributes {gsa.kernel, gsa.schedule = #gsa.schedule<fused, chunk = 64>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c64 = arith.constant 64 : index
  %B = memref.dim %q, %c0 : !bsd
  scf.forall (%b, %h) in (%B, 8) {
    %T = memref.dim %q, %c1 : !bsd
    %l2e = arith.constant 1.442695e+00 : f32
    %one = arith.constant 1.0 : f32
    %rq = tile.ring : !rk
    %rk = tile.ring : !rk
    %rv = tile.ring : !rk
    %rks = tile.ring : !rk
    %rvs = tile.ring : !rk
    %rw = tile.ring : !rw
    %re = tile.ring : !re
    %rd = tile.ring : !rd
    %rn = tile.ring : !tile.ring<2 x index>
    %left1 = arith.subi %T, %c64 : index
    tile.roles warps [4, 4] {
      %zero = arith.constant dense<0.0> : tensor<64x64xf32, #c64>
      %zeroo = arith.constant dense<0.0> : tensor<64x128xf32, #m128>
      tile.fetch %q[%b, %c0, %h, %c0] dims [1, 3] rows %T into %rq[%c0 + 0] : !bsd, !rk
      tile.wait_fetches
      tile.barrier
      %n0 = tile.get %rn[%c0 + 0] : !tile.ring<2 x index> -> index
      tile.fetch %q[%b, %c64, %h, %c0] dims [1, 3] rows %left1 into %rq[%c0 + 1] : !bsd, !rk
      %r:3 = scf.while (%i = %c0, %t = %c0, %tn = %n0) : (index, index, index) -> (index, index, index) {
        %more = arith.cmpi slt, %t, %T : index
        scf.condition(%more) %i, %t, %tn : index, index, index
      } do {
      ^bb0(%i: index, %t: index, %tn: index):
        %qq = tile.get %rq[%i + 0] : !rk -> !T128
        %kk = tile.get %rk[%i + 0] : !rk -> !T128
        %vv = tile.get %rv[%i + 0] : !rk -> !T128
        %ks = tile.get %rks[%i + 0] : !rk -> !T128
        %vs = tile.get %rvs[%i + 0] : !rk -> !T128
        %w = tile.get %rw[%i + 0] : !rw -> tensor<64x64xbf16, #s64>
        %kt = tile.transpose %kk : !T128 -> tensor<128x64xbf16, #s128t>
        %kst = tile.transpose %ks : !T128 -> tensor<128x64xbf16, #s128t>
        %wt = tile.transpose %w : tensor<64x64xbf16, #s64> -> tensor<64x64xbf16, #s64t>
        %a0 = tile.mma %qq, %kt, %zero {atom = #tile.atom<"wgmma.m64k16">} : !T128, tensor<128x64xbf16, #s128t>, tensor<64x64xf32, #c64>
        %x0 = tile.mma %qq, %kst, %zero {atom = #tile.atom<"wgmma.m64k16">} : !T128, tensor<128x64xbf16, #s128t>, tensor<64x64xf32, #c64>
        %ii = tile.iota along 0 : tensor<64x64xi32, #c64>
        %jj = tile.iota along 1 : tensor<64x64xi32, #c64>
        %past = arith.cmpi sge, %ii, %jj : tensor<64x64xi32, #c64>
        %a = tile.wait %a0 : tensor<64x64xf32, #c64>
        %am = arith.select %past, %a, %zero : tensor<64x64xi1, #c64>, tensor<64x64xf32, #c64>
        %ab = arith.truncf %am : tensor<64x64xf32, #c64> to tensor<64x64xbf16, #c64>
        %x1 = tile.mma %ab, %w, %x0 {atom = #tile.atom<"wgmma.m64k16">} : tensor<64x64xbf16, #c64>, tensor<64x64xbf16, #s64>, tensor<64x64xf32, #c64>
        %E = tile.get %re[%i + 0] : !re -> tensor<64x64xf32, #c64>
        %x = tile.wait %x1 : tensor<64x64xf32, #c64>
        %y = arith.mulf %x, %E : tensor<64x64xf32, #c64>
        %mx = tile.reduce max %y along [1] : tensor<64x64xf32, #c64> -> tensor<64xf32, #rows>
        %mb = tile.broadcast %mx along 1 : tensor<64xf32, #rows> -> tensor<64x64xf32, #c64>
        %ym = arith.subf %y, %mb : tensor<64x64xf32, #c64>
        %p = math.exp2 %ym : tensor<64x64xf32, #c64>
        %l = tile.reduce add %p along [1] : tensor<64x64xf32, #c64> -> tensor<64xf32, #rows>
        %pe = arith.mulf %p, %E : tensor<64x64xf32, #c64>
        %pb = arith.truncf %pe : tensor<64x64xf32, #c64> to tensor<64x64xbf16, #c64>
        %b0 = tile.mma %pb, %wt, %zero {atom = #tile.atom<"wgmma.m64k16">} : tensor<64x64xbf16, #c64>, tensor<64x64xbf16, #s64t>, tensor<64x64xf32, #c64>
        %o0 = tile.mma %pb, %vs, %zeroo {atom = #tile.atom<"wgmma.m64k16">} : tensor<64x64xbf16, #c64>, !T128, tensor<64x128xf32, #m128>
        %ones = tensor.splat %one : tensor<64xf32, #rows>
        %li = arith.divf %ones, %l : tensor<64xf32, #rows>
        %bb = tile.wait %b0 : tensor<64x64xf32, #c64>
        %bm = arith.select %past, %bb, %zero : tensor<64x64xi1, #c64>, tensor<64x64xf32, #c64>
        %bbf = arith.truncf %bm : tensor<64x64xf32, #c64> to tensor<64x64xbf16, #c64>
        %o1 = tile.mma %bbf, %vv, %o0 {atom = #tile.atom<"wgmma.m64k16">} : tensor<64x64xbf16, #c64>, !T128, tensor<64x128xf32, #m128>
        %oo = tile.wait %o1 : tensor<64x128xf32, #m128>
        %lb = tile.broadcast %li along 1 : tensor<64xf32, #rows> -> tensor<64x128xf32, #m128>
        %on = arith.mulf %oo, %lb : tensor<64x128xf32, #m128>
        %ob = arith.truncf %on : tensor<64x128xf32, #m128> to tensor<64x128xbf16, #m128>
        %os = tile.convert %ob : tensor<64x128xbf16, #m128> -> !T128
        %n = arith.subi %tn, %t : index
        tile.store %os, %o[%b, %t, %h, %c0] dims [1, 3] rows %n : !T128, !bsd
        tile.wait_fetches
        tile.barrier
        %n1 = tile.get %rn[%i + 1] : !tile.ring<2 x index> -> index
        %t2 = arith.addi %tn, %n1 : index
        %r2 = arith.subi %T, %t2 : index
        tile.fetch %q[%b, %t2, %h, %c0] dims [1, 3] rows %r2 into %rq[%i + 2] : !bsd, !rk
        %i1 = arith.addi %i, %c1 : index
        scf.yield %i1, %tn, %t2 : index, index, index
      }
      tile.yield
    }, {
      %K0 = arith.constant dense<0.0> : tensor<64x128xf32, #m128>
      tile.fetch %k[%b, %c0, %h, %c0] dims [1, 3] rows %T into %rk[%c0 + 0] : !bsd, !rk
      tile.fetch %v[%b, %c0, %h, %c0] dims [1, 3] rows %T into %rv[%c0 + 0] : !bsd, !rk
      %zb = arith.constant dense<0.0> : tensor<64x128xbf16, #m128>
      tile.put %zb, %rks[%c0 + 0] : tensor<64x128xbf16, #m128>, !rk
      tile.put %zb, %rvs[%c0 + 0] : tensor<64x128xbf16, #m128>, !rk
      tile.put %c64, %rn[%c0 + 0] : index, !tile.ring<2 x index>
      tile.wait_fetches
      tile.barrier
      %g1 = tile.load %g[%b, %c64, %h, %c0] dims [1, 3] rows %left1 : !bsm -> tensor<64x64xbf16, #tok>
      tile.fetch %k[%b, %c64, %h, %c0] dims [1, 3] rows %left1 into %rk[%c0 + 1] : !bsd, !rk
      tile.fetch %v[%b, %c64, %h, %c0] dims [1, 3] rows %left1 into %rv[%c0 + 1] : !bsd, !rk
      %r:6 = scf.while (%i = %c0, %t = %c0, %tn = %c64, %K = %K0, %V = %K0, %gr = %g1) : (index, index, index, tensor<64x128xf32, #m128>, tensor<64x128xf32, #m128>, tensor<64x64xbf16, #tok>) -> (index, index, index, tensor<64x128xf32, #m128>, tensor<64x128xf32, #m128>, tensor<64x64xbf16, #tok>) {
        %more = arith.cmpi slt, %t, %T : index
        scf.condition(%more) %i, %t, %tn, %K, %V, %gr : index, index, index, tensor<64x128xf32, #m128>, tensor<64x128xf32, #m128>, tensor<64x64xbf16, #tok>
      } do {
      ^bb0(%i: index, %t: index, %tn: index, %K: tensor<64x128xf32, #m128>, %V: tensor<64x128xf32, #m128>, %gr: tensor<64x64xbf16, #tok>):
        %kk = tile.get %rk[%i + 0] : !rk -> !T128
        %vv = tile.get %rv[%i + 0] : !rk -> !T128
        %w = tile.get %rw[%i + 0] : !rw -> tensor<64x64xbf16, #s64>
        %wt = tile.transpose %w : tensor<64x64xbf16, #s64> -> tensor<64x64xbf16, #s64t>
        %K1 = tile.mma %wt, %kk, %K {atom = #tile.atom<"wgmma.m64k16">} : tensor<64x64xbf16, #s64t>, !T128, tensor<64x128xf32, #m128>
        %V1 = tile.mma %wt, %vv, %V {atom = #tile.atom<"wgmma.m64k16">} : tensor<64x64xbf16, #s64t>, !T128, tensor<64x128xf32, #m128>
        %gf = arith.extf %gr : tensor<64x64xbf16, #tok> to tensor<64x64xf32, #tok>
        %ls = tensor.splat %l2e : tensor<64x64xf32, #tok>
        %g2 = arith.mulf %gf, %ls : tensor<64x64xf32, #tok>
        %G, %Gx, %tot = tile.scan add %g2 along 0 : tensor<64x64xf32, #tok> -> tensor<64x64xf32, #tok>, tensor<64x64xf32, #tok>, tensor<64xf32, #cols>
        %nG = arith.negf %G : tensor<64x64xf32, #tok>
        %nGx = arith.negf %Gx : tensor<64x64xf32, #tok>
        %u0 = math.exp2 %nG : tensor<64x64xf32, #tok>
        %u1 = math.exp2 %nGx : tensor<64x64xf32, #tok>
        %W0 = arith.subf %u0, %u1 : tensor<64x64xf32, #tok>
        %low = tile.reduce min %tot along [0] : tensor<64xf32, #cols> -> f32
        %lim = arith.constant -110.0 : f32
        %ok = arith.cmpf oge, %low, %lim : f32
        %c64s = arith.constant dense<64> : tensor<64x64xi32, #tok>
        %zt = arith.constant dense<0.0> : tensor<64x64xf32, #tok>
        %n, %W, %Tt = scf.if %ok -> (index, tensor<64x64xf32, #tok>, tensor<64xf32, #cols>) {
          scf.yield %c64, %W0, %tot : index, tensor<64x64xf32, #tok>, tensor<64xf32, #cols>
        } else {
          %j = tile.iota along 0 : tensor<64x64xi32, #tok>
          %lims = tensor.splat %lim : tensor<64x64xf32, #tok>
          %in = arith.cmpf oge, %G, %lims : tensor<64x64xf32, #tok>
          %stop = arith.select %in, %c64s, %j : tensor<64x64xi1, #tok>, tensor<64x64xi32, #tok>
          %f = tile.reduce min %stop along [0, 1] : tensor<64x64xi32, #tok> -> i32
          %fs = tensor.splat %f : tensor<64x64xi32, #tok>
          %live = arith.cmpi slt, %j, %fs : tensor<64x64xi32, #tok>
          %wl = arith.select %live, %W0, %zt : tensor<64x64xi1, #tok>, tensor<64x64xf32, #tok>
          %gl = arith.select %live, %g2, %zt : tensor<64x64xi1, #tok>, tensor<64x64xf32, #tok>
          %tl = tile.reduce add %gl along [0] : tensor<64x64xf32, #tok> -> tensor<64xf32, #cols>
          %fi = arith.index_cast %f : i32 to index
          scf.yield %fi, %wl, %tl : index, tensor<64x64xf32, #tok>, tensor<64xf32, #cols>
        }
        %Wb = arith.truncf %W : tensor<64x64xf32, #tok> to tensor<64x64xbf16, #tok>
        %E = math.exp2 %G : tensor<64x64xf32, #tok>
        %d = math.exp2 %Tt : tensor<64xf32, #cols>
        tile.put %Wb, %rw[%i + 1] : tensor<64x64xbf16, #tok>, !rw
        tile.put %E, %re[%i + 1] : tensor<64x64xf32, #tok>, !re
        tile.put %d, %rd[%i + 1] : tensor<64xf32, #cols>, !rd
        tile.put %n, %rn[%i + 1] : index, !tile.ring<2 x index>
        %t2 = arith.addi %tn, %n : index
        %r2 = arith.subi %T, %t2 : index
        %gr2 = tile.load %g[%b, %t2, %h, %c0] dims [1, 3] rows %r2 : !bsm -> tensor<64x64xbf16, #tok>
        %Kw = tile.wait %K1 : tensor<64x128xf32, #m128>
        %Vw = tile.wait %V1 : tensor<64x128xf32, #m128>
        %dr = tile.get %rd[%i + 0] : !rd -> tensor<64xf32, #rows>
        %db = tile.broadcast %dr along 1 : tensor<64xf32, #rows> -> tensor<64x128xf32, #m128>
        %K2 = arith.mulf %Kw, %db : tensor<64x128xf32, #m128>
        %V2 = arith.mulf %Vw, %db : tensor<64x128xf32, #m128>
        %Kb = arith.truncf %K2 : tensor<64x128xf32, #m128> to tensor<64x128xbf16, #m128>
        %Vb = arith.truncf %V2 : tensor<64x128xf32, #m128> to tensor<64x128xbf16, #m128>
        tile.put %Kb, %rks[%i + 1] : tensor<64x128xbf16, #m128>, !rk
        tile.put %Vb, %rvs[%i + 1] : tensor<64x128xbf16, #m128>, !rk
        tile.wait_fetches
        tile.barrier
        tile.fetch %k[%b, %t2, %h, %c0] dims [1, 3] rows %r2 into %rk[%i + 2] : !bsd, !rk
        tile.fetch %v[%b, %t2, %h, %c0] dims [1, 3] rows %r2 into %rv[%i + 2] : !bsd, !rk
        %i1 = arith.addi %i, %c1 : index
        scf.yield %i1, %tn, %t2, %K2, %V2, %gr2 : index, index, index, tensor<64x128xf32, #m128>, tensor<64x128xf32, #m128>, tensor<64x64xbf16, #tok>
      }
      tile.yield
    }
  }
  return
}
}
