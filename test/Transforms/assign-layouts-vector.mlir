// RUN: gsa-opt %s --pass-pipeline='builtin.module(builtin.module(func.func(gsa-assign-layouts)))' | FileCheck %s

// What a vector is computed from is each lane's own part, from its load on; the
// scan has all elements in each lane, and what follows from it, too.

// CHECK-DAG: #[[OWN:.*]] = #tile.layout<[64], reg = {{\[}}[32]], lane = {{\[}}[1], [2], [4], [8], [16]], warp = {{\[}}[0], [0]]>
// CHECK-DAG: #[[ALL:.*]] = #tile.layout<[64], reg = {{\[}}[1], [2], [4], [8], [16], [32]], lane = {{\[}}[0], [0], [0], [0], [0]], warp = {{\[}}[0], [0]]>
// CHECK-LABEL: func.func @decays
// CHECK: tile.load {{.*}} -> tensor<64xbf16, #[[OWN]]>
// CHECK: arith.extf {{.*}} to tensor<64xf32, #[[OWN]]>
// CHECK: %[[G:.*]] = math.exp2 {{.*}} : tensor<64xf32, #[[OWN]]>
// CHECK: %[[A:.*]] = tile.convert %[[G]] : {{.*}} -> tensor<64xf32, #[[ALL]]>
// CHECK: %[[IN:.*]], %{{.*}}, %{{.*}} = tile.scan add %[[A]] along 0 : tensor<64xf32, #[[ALL]]>
// CHECK: math.exp2 %[[IN]] : tensor<64xf32, #[[ALL]]>
module {
module attributes {gsa.target = #gsa.target<"sm_90a">} {
func.func @decays(%n: index, %m: memref<64xbf16>, %o: memref<64xf32>) attributes {gsa.kernel} {
  %c0 = arith.constant 0 : index
  scf.forall (%i) in (%n) {
    tile.roles warps [4] {
      %g = tile.load %m[%c0] dims [0] : memref<64xbf16> -> tensor<64xbf16>
      %wide = arith.extf %g : tensor<64xbf16> to tensor<64xf32>
      %e = math.exp2 %wide : tensor<64xf32>
      %in, %ex, %all = tile.scan add %e along 0 : tensor<64xf32> -> tensor<64xf32>, tensor<64xf32>, tensor<f32>
      %w = math.exp2 %in : tensor<64xf32>
      tile.store %w, %o[%c0] dims [0] : tensor<64xf32>, memref<64xf32>
    }
  }
  return
}
}
}
