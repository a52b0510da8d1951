// exp2 of running sums: of each lane's 16 tokens one exponential and 15 products
// for each of its two rows, forward, and from the last back where the sums are
// negated. Ratios are shared by both. A minimum that is only compared with a
// bound is a vote, and no shuffles.

// RUN: gsa-opt %s --pass-pipeline='builtin.module(func.func(gsa-allocate-shared),convert-tile-to-gpu,canonicalize,cse)' | FileCheck %s

#tok = #tile.layout<[64, 64], reg = [[0, 1], [1, 0], [2, 0], [4, 0], [8, 0]], lane = [[0, 2], [0, 4], [0, 8], [0, 16], [0, 32]], warp = [[16, 0], [32, 0]]>
#cols = #tile.layout<[64], reg = [[1]], lane = [[2], [4], [8], [16], [32]], warp = [[0], [0]]>
!g = memref<?x?x8x64xf32, strided<[?, ?, ?, 1], offset: ?>>
module attributes {gsa.target = #gsa.target<"sm_90a">} {
// CHECK-LABEL: func.func @gates(
// CHECK: nvvm.barrier
// CHECK: %[[RATIOS:.*]] = math.exp2 %{{.*}} : vector<32xf32>
// CHECK-DAG: %[[R1:.*]] = vector.extract %[[RATIOS]][2]
// CHECK-DAG: %[[R2:.*]] = vector.extract %[[RATIOS]][4]
// CHECK-DAG: %[[R14:.*]] = vector.extract %[[RATIOS]][28]
// CHECK-DAG: %[[R15:.*]] = vector.extract %[[RATIOS]][30]
// CHECK: %[[FIRST:.*]] = math.exp2 %{{.*}} : f32
// CHECK: %[[SECOND:.*]] = arith.mulf %[[FIRST]], %[[R1]] : f32
// CHECK: arith.mulf %[[SECOND]], %[[R2]] : f32
// CHECK-COUNT-13: arith.mulf
// CHECK-NEXT: math.exp2 %{{.*}} : f32
// CHECK-COUNT-15: arith.mulf
// CHECK-NOT: arith.mulf
// CHECK: %[[LAST:.*]] = math.exp2 %{{.*}} : f32
// CHECK-NEXT: %[[BEFORE:.*]] = arith.mulf %[[LAST]], %[[R15]] : f32
// CHECK-NEXT: arith.mulf %[[BEFORE]], %[[R14]] : f32
// CHECK-COUNT-13: arith.mulf
// CHECK-NEXT: math.exp2 %{{.*}} : f32
// CHECK-COUNT-15: arith.mulf
// CHECK-NOT: math.exp2 %{{.*}} : f32
// Without leave to do so, each is an exponential.
// CHECK: math.exp2 %{{.*}} : vector<32xf32>
// CHECK-NOT: nvvm.shfl.sync bfly
// CHECK: %[[OWN:.*]] = arith.minimumf
// CHECK: %[[FITS:.*]] = arith.cmpf oge, %[[OWN]]
// CHECK: %[[ALL_FIT:.*]] = nvvm.vote.sync all %{{.*}}, %[[FITS]] -> i1
// CHECK: scf.if %[[ALL_FIT]]
// What is needed itself is reduced.
// CHECK-COUNT-5: nvvm.shfl.sync bfly
func.func @gates(%g: !g {gsa.name="g",gsa.kind="input"}, %o: !g {gsa.name="o",gsa.kind="output"}) attributes {gsa.kernel, gsa.schedule = #gsa.schedule<fused, chunk = 64>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %least = arith.constant -159.0 : f32
  %B = memref.dim %g, %c0 : !g
  scf.forall (%b, %h) in (%B, 8) {
    %T = memref.dim %g, %c1 : !g
    tile.roles warps [4] {
      %x = tile.load %g[%b, %c0, %h, %c0] dims [1, 3] rows %T : !g -> tensor<64x64xf32, #tok>
      %in, %ex, %total = tile.scan add %x along 0 : tensor<64x64xf32, #tok> -> tensor<64x64xf32, #tok>, tensor<64x64xf32, #tok>, tensor<64xf32, #cols>
      %start = arith.constant dense<-80.0> : tensor<64xf32, #cols>
      %reference = tile.broadcast %start along 0 : tensor<64xf32, #cols> -> tensor<64x64xf32, #tok>
      %sums = arith.subf %in, %reference : tensor<64x64xf32, #tok>
      %E = math.exp2 %sums fastmath<reassoc> : tensor<64x64xf32, #tok>
      %negated = arith.negf %sums : tensor<64x64xf32, #tok>
      %F = math.exp2 %negated fastmath<reassoc> : tensor<64x64xf32, #tok>
      %exact = math.exp2 %negated : tensor<64x64xf32, #tok>
      %lowest = tile.reduce min %total along [0] : tensor<64xf32, #cols> -> f32
      %fits = arith.cmpf oge, %lowest, %least : f32
      scf.if %fits {
        tile.store %E, %o[%b, %c0, %h, %c0] dims [1, 3] rows %T : tensor<64x64xf32, #tok>, !g
      }
      %highest = tile.reduce max %total along [0] : tensor<64xf32, #cols> -> f32
      %above = arith.cmpf oge, %highest, %least : f32
      scf.if %above {
        tile.store %F, %o[%b, %c1, %h, %c0] dims [1, 3] rows %T : tensor<64x64xf32, #tok>, !g
      } else {
        tile.store %exact, %o[%b, %c1, %h, %c0] dims [1, 3] rows %T : tensor<64x64xf32, #tok>, !g
      }
    }
  }
  return
}
}
