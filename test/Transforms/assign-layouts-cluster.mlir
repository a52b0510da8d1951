// RUN: gsa-opt %s --pass-pipeline='builtin.module(func.func(gsa-assign-layouts))' --split-input-file | FileCheck %s
// RUN: gsa-opt %s --pass-pipeline='builtin.module(func.func(gsa-assign-layouts),cse)' --split-input-file | FileCheck %s --check-prefix=UNUSED

// What blocks have added up is shared among them by rows, and so is what follows
// from it elementwise or within rows; a product's factor is gathered in the
// registers in which it is read, once, and waited for there.

// CHECK-DAG: #[[SUMS:layout[0-9]*]] = #tile.layout<[64, 64], reg = {{\[}}[0, 1], [8, 0], [0, 8], [0, 16], [0, 32]], lane = {{\[}}[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = {{\[}}[16, 0], [32, 0]]>
// CHECK-DAG: #[[ROWS:layout[0-9]*]] = #tile.layout<[64, 64], reg = {{\[}}[0, 1], [8, 0], [0, 32]], lane = {{\[}}[0, 2], [0, 4], [1, 0], [0, 8], [0, 16]], warp = {{\[}}[2, 0], [4, 0], [16, 0], [32, 0]]>
// CHECK-LABEL: func.func @weights
// CHECK: %[[X:.*]] = tile.exchange %{{.*}} over 4 : tensor<64x64xf32, #[[SUMS]]> -> tensor<64x64xf32, #[[ROWS]]>
// CHECK: %[[S:.*]] = tile.wait %[[X]] : tensor<64x64xf32, #[[ROWS]]>
// CHECK: tile.reduce max %[[S]] along [1] : tensor<64x64xf32, #[[ROWS]]>
// CHECK: %[[P:.*]] = arith.truncf %{{.*}} : tensor<64x64xf32, #[[ROWS]]> to tensor<64x64xbf16, #[[ROWS]]>
// CHECK: %[[G:.*]] = tile.gather %[[P]] over 4 : tensor<64x64xbf16, #[[ROWS]]> -> tensor<64x64xbf16, #[[SUMS]]>
// CHECK-NOT: tile.gather
// CHECK: %[[W:.*]] = tile.wait %[[G]] : tensor<64x64xbf16, #[[SUMS]]>
// CHECK: tile.mma %[[W]],

// An exchange that nobody needs is none: its wait would go, and what is sent
// would arrive when this block may be gone.
// UNUSED-LABEL: func.func @weights
// UNUSED-COUNT-1: tile.exchange
// UNUSED-NOT: tile.exchange
module attributes {gsa.target = #gsa.target<"sm_90a">} {
func.func @weights(%n: index, %m: memref<64x64xbf16>, %o: memref<64x64xf32>) attributes {gsa.kernel, gsa.cluster = 4 : i64} {
  %c0 = arith.constant 0 : index
  scf.forall (%i) in (%n) {
    tile.roles warps [4] {
      %zero = arith.constant dense<0.0> : tensor<64x64xf32>
      %a = tile.load %m[%c0, %c0] dims [0, 1] : memref<64x64xbf16> -> tensor<64x64xbf16>
      %part = tile.mma %a, %a, %zero : tensor<64x64xbf16>, tensor<64x64xbf16>, tensor<64x64xf32>
      %x = tile.exchange %part over 4 : tensor<64x64xf32> -> tensor<64x64xf32>
      %unused = tile.exchange %part over 4 : tensor<64x64xf32> -> tensor<64x64xf32>
      %max = tile.reduce max %x along [1] : tensor<64x64xf32> -> tensor<64xf32>
      %all = tile.broadcast %max along 1 : tensor<64xf32> -> tensor<64x64xf32>
      %less = arith.subf %x, %all : tensor<64x64xf32>
      %p = arith.truncf %less : tensor<64x64xf32> to tensor<64x64xbf16>
      %y = tile.mma %p, %a, %zero : tensor<64x64xbf16>, tensor<64x64xbf16>, tensor<64x64xf32>
      tile.store %y, %o[%c0, %c0] dims [0, 1] : tensor<64x64xf32>, memref<64x64xf32>
    }
  }
  return
}
}

// -----

// Of f32 a factor is read in shared memory: two products of one read one place,
// which is gathered once.
// CHECK-LABEL: func.func @twice
// UNUSED-LABEL: func.func @twice
// CHECK: %[[G:.*]] = tile.gather
// CHECK-NOT: tile.gather
// CHECK: %[[W:.*]] = tile.wait %[[G]]
// CHECK: %[[F:.*]] = tile.convert %[[W]]
// CHECK: tile.mma %[[F]],
// CHECK: tile.mma %[[F]],
module attributes {gsa.target = #gsa.target<"sm_90a">} {
func.func @twice(%n: index, %m: memref<64x64xf32>, %o: memref<64x64xf32>) attributes {gsa.kernel, gsa.cluster = 4 : i64} {
  %c0 = arith.constant 0 : index
  scf.forall (%i) in (%n) {
    tile.roles warps [4] {
      %zero = arith.constant dense<0.0> : tensor<64x64xf32>
      %a = tile.load %m[%c0, %c0] dims [0, 1] : memref<64x64xf32> -> tensor<64x64xf32>
      %part = tile.mma %a, %a, %zero : tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>
      %x = tile.exchange %part over 4 : tensor<64x64xf32> -> tensor<64x64xf32>
      %p = math.exp2 %x : tensor<64x64xf32>
      %y = tile.mma %p, %a, %zero : tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>
      %z = tile.mma %p, %a, %y : tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>
      tile.store %z, %o[%c0, %c0] dims [0, 1] : tensor<64x64xf32>, memref<64x64xf32>
    }
  }
  return
}
}
