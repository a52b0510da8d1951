// RUN: gsa-opt %s | gsa-opt | FileCheck %s
// RUN: gsa-opt %s --mlir-print-op-generic | gsa-opt | FileCheck %s

// CHECK-LABEL: func @access
func.func @access(%m: memref<?x?x4x64xbf16, strided<[?, ?, ?, 1], offset: ?>>,
                  %v: memref<8xf32>, %i: index, %n: index) {
  // CHECK: %[[X:.*]] = tile.load %{{.*}}[%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}] dims [1, 3] rows %{{.*}} step -1 : memref<?x?x4x64xbf16, strided<[?, ?, ?, 1], offset: ?>> -> tensor<16x32xbf16>
  %x = tile.load %m[%i, %i, %i, %i] dims [1, 3] rows %n step -1
      : memref<?x?x4x64xbf16, strided<[?, ?, ?, 1], offset: ?>>
      -> tensor<16x32xbf16>
  // A step of 1 and no rows are not spelled.
  // CHECK: %[[Y:.*]] = tile.load %{{.*}}[%{{.*}}] dims [0] : memref<8xf32> -> tensor<8xf32>
  %y = tile.load %v[%i] dims [0] step 1 : memref<8xf32> -> tensor<8xf32>
  // CHECK: tile.store %[[X]], %{{.*}}[%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}] dims [1, 3] rows %{{.*}} step -1 : tensor<16x32xbf16>, memref
  tile.store %x, %m[%i, %i, %i, %i] dims [1, 3] rows %n step -1
      : tensor<16x32xbf16>,
        memref<?x?x4x64xbf16, strided<[?, ?, ?, 1], offset: ?>>
  // CHECK: tile.store %[[Y]], %{{.*}}[%{{.*}}] dims [0] : tensor<8xf32>, memref<8xf32>
  tile.store %y, %v[%i] dims [0] : tensor<8xf32>, memref<8xf32>
  return
}

// CHECK-LABEL: func @products
func.func @products(%a: tensor<16x64xf16>, %b: tensor<16x64xf16>,
                    %c: tensor<16x16xf32>) -> tensor<16x16xf32> {
  // CHECK: %[[T:.*]] = tile.transpose %{{.*}} : tensor<16x64xf16> -> tensor<64x16xf16>
  %t = tile.transpose %b : tensor<16x64xf16> -> tensor<64x16xf16>
  // CHECK: tile.mma %{{.*}}, %[[T]], %{{.*}} : tensor<16x64xf16>, tensor<64x16xf16>, tensor<16x16xf32>
  %r = tile.mma %a, %t, %c
      : tensor<16x64xf16>, tensor<64x16xf16>, tensor<16x16xf32>
  return %r : tensor<16x16xf32>
}

// CHECK-LABEL: func @along
func.func @along(%x: tensor<16x64xf32>, %n: tensor<16xi32>) {
  // CHECK: tile.scan add %{{.*}} along 0 : tensor<16x64xf32> -> tensor<16x64xf32>, tensor<16x64xf32>, tensor<64xf32>
  %0:3 = tile.scan add %x along 0 : tensor<16x64xf32>
      -> tensor<16x64xf32>, tensor<16x64xf32>, tensor<64xf32>
  // CHECK: tile.scan logaddexp %{{.*}} along 1 : tensor<16x64xf32> -> tensor<16x64xf32>, tensor<16x64xf32>, tensor<16xf32>
  %1:3 = tile.scan logaddexp %x along 1 : tensor<16x64xf32>
      -> tensor<16x64xf32>, tensor<16x64xf32>, tensor<16xf32>
  // CHECK: tile.reduce add %{{.*}} along [0] : tensor<16x64xf32> -> tensor<64xf32>
  %2 = tile.reduce add %x along [0] : tensor<16x64xf32> -> tensor<64xf32>
  // CHECK: tile.reduce max %{{.*}} along [0, 1] : tensor<16x64xf32> -> f32
  %3 = tile.reduce max %x along [0, 1] : tensor<16x64xf32> -> f32
  // CHECK: tile.reduce min %{{.*}} along [0] : tensor<16xi32> -> i32
  %4 = tile.reduce min %n along [0] : tensor<16xi32> -> i32
  // CHECK: tile.broadcast %{{.*}} along 1 : tensor<16xi32> -> tensor<16x4xi32>
  %5 = tile.broadcast %n along 1 : tensor<16xi32> -> tensor<16x4xi32>
  // CHECK: tile.iota along 1 : tensor<16x4xi32>
  %6 = tile.iota along 1 : tensor<16x4xi32>
  return
}

// CHECK-LABEL: func @staged
func.func @staged(%m: memref<?x?x8x64xbf16, strided<[?, ?, ?, 1], offset: ?>>,
                  %b: index, %t: index, %h: index, %n: index) {
  %c0 = arith.constant 0 : index
  // CHECK: %[[K:.*]] = tile.ring : <2 x tensor<16x64xbf16>>
  %k = tile.ring : !tile.ring<2 x tensor<16x64xbf16>>
  // CHECK: %[[N:.*]] = tile.ring : <2 x index>
  %r = tile.ring : !tile.ring<2 x index>
  // CHECK: tile.roles warps [4, 1] {
  tile.roles warps [4, 1] {
    // CHECK: tile.fetch %{{.*}}[%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}] dims [1, 3] rows %{{.*}} step -1 into %[[K]][%{{.*}} + 1] : memref<{{.*}}>, <2 x tensor<16x64xbf16>>
    tile.fetch %m[%b, %t, %h, %c0] dims [1, 3] rows %n step -1
        into %k[%c0 + 1]
        : memref<?x?x8x64xbf16, strided<[?, ?, ?, 1], offset: ?>>,
        !tile.ring<2 x tensor<16x64xbf16>>
    // CHECK: tile.put %{{.*}}, %[[N]][%{{.*}} + 1] : index, <2 x index>
    tile.put %n, %r[%c0 + 1] : index, !tile.ring<2 x index>
    // CHECK: tile.wait_fetches
    tile.wait_fetches
    // CHECK: tile.wait_fetches together
    tile.wait_fetches together
    // CHECK: tile.barrier
    tile.barrier
    // CHECK: %[[V:.*]] = tile.get %[[K]][%{{.*}} + 1] : <2 x tensor<16x64xbf16>> -> tensor<16x64xbf16>
    %v = tile.get %k[%c0 + 1] : !tile.ring<2 x tensor<16x64xbf16>>
        -> tensor<16x64xbf16>
    // CHECK: %[[T:.*]] = tile.transpose %[[V]]
    %vt = tile.transpose %v : tensor<16x64xbf16> -> tensor<64x16xbf16>
    %z = arith.constant dense<0.0> : tensor<16x16xf32>
    // CHECK: %[[X:.*]] = tile.mma %[[V]], %[[T]], %{{.*}} {atom = #tile.atom<"fma">}
    %x = tile.mma %v, %vt, %z {atom = #tile.atom<"fma">}
        : tensor<16x64xbf16>, tensor<64x16xbf16>, tensor<16x16xf32>
    // CHECK: %[[Y:.*]] = tile.wait %[[X]] : tensor<16x16xf32>
    %y = tile.wait %x : tensor<16x16xf32>
  // CHECK: }, {
  }, {
    tile.barrier
  }
  return
}

#acc = #tile.layout<[16, 8], reg = [[0, 1], [8, 0]],
    lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = []>
#turned = #tile.layout<[8, 16], reg = [[1, 0], [0, 8]],
    lane = [[2, 0], [4, 0], [0, 1], [0, 2], [0, 4]], warp = []>
#rows = #tile.layout<[16], reg = [[8]],
    lane = [[0], [0], [1], [2], [4]], warp = []>
#columns = #tile.layout<[8], reg = [[1]],
    lane = [[2], [4], [0], [0], [0]], warp = []>

// CHECK-LABEL: func @layouts
// CHECK-SAME: (%[[X:.*]]: tensor<16x8xf32, #[[ACC:layout[0-9]*]]>,
func.func @layouts(%x: tensor<16x8xf32, #acc>, %n: tensor<16x8xi1, #acc>)
    -> (tensor<8x16xbf16, #turned>, tensor<16x8xf32, #acc>) {
  // CHECK: tile.scan add %[[X]] along 0 : tensor<16x8xf32, #[[ACC]]> -> tensor<16x8xf32, #[[ACC]]>, tensor<16x8xf32, #[[ACC]]>, tensor<8xf32, #[[COLUMNS:layout[0-9]*]]>
  %0:3 = tile.scan add %x along 0 : tensor<16x8xf32, #acc>
      -> tensor<16x8xf32, #acc>, tensor<16x8xf32, #acc>, tensor<8xf32, #columns>
  // CHECK: tile.reduce max %{{.*}} along [1] : tensor<16x8xf32, #[[ACC]]> -> tensor<16xf32, #[[ROWS:layout[0-9]*]]>
  %1 = tile.reduce max %0#0 along [1]
      : tensor<16x8xf32, #acc> -> tensor<16xf32, #rows>
  // CHECK: tile.broadcast %{{.*}} along 1 : tensor<16xf32, #[[ROWS]]> -> tensor<16x8xf32, #[[ACC]]>
  %2 = tile.broadcast %1 along 1
      : tensor<16xf32, #rows> -> tensor<16x8xf32, #acc>
  // CHECK: arith.subf %[[X]], %{{.*}} : tensor<16x8xf32, #[[ACC]]>
  %3 = arith.subf %x, %2 : tensor<16x8xf32, #acc>
  // CHECK: math.exp2 %{{.*}} : tensor<16x8xf32, #[[ACC]]>
  %4 = math.exp2 %3 : tensor<16x8xf32, #acc>
  %5 = arith.select %n, %4, %x : tensor<16x8xi1, #acc>, tensor<16x8xf32, #acc>
  // CHECK: arith.truncf %{{.*}} : tensor<16x8xf32, #[[ACC]]> to tensor<16x8xbf16, #[[ACC]]>
  %6 = arith.truncf %5 : tensor<16x8xf32, #acc> to tensor<16x8xbf16, #acc>
  // CHECK: tile.transpose %{{.*}} : tensor<16x8xbf16, #[[ACC]]> -> tensor<8x16xbf16, #[[TURNED:layout[0-9]*]]>
  %7 = tile.transpose %6
      : tensor<16x8xbf16, #acc> -> tensor<8x16xbf16, #turned>
  return %7, %4 : tensor<8x16xbf16, #turned>, tensor<16x8xf32, #acc>
}

// CHECK-LABEL: func @between_blocks
// CHECK-SAME: (%[[X:.*]]: tensor<16x8xf32>, %[[Y:.*]]: tensor<16x8xf32, #[[ACC]]>,
func.func @between_blocks(%x: tensor<16x8xf32>, %y: tensor<16x8xf32, #acc>,
                          %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // CHECK: scf.for
  scf.for %i = %c0 to %n step %c1 {
    // CHECK: tile.exchange %[[X]] over 4 : tensor<16x8xf32> -> tensor<16x8xf32>
    %0 = tile.exchange %x over 4 : tensor<16x8xf32> -> tensor<16x8xf32>
  }
  // CHECK: tile.exchange %[[Y]] over 2 : tensor<16x8xf32, #[[ACC]]> -> tensor<16x8xf32, #[[ACC]]>
  %1 = tile.exchange %y over 2 : tensor<16x8xf32, #acc> -> tensor<16x8xf32, #acc>
  // CHECK: tile.gather %[[Y]] over 2 : tensor<16x8xf32, #[[ACC]]> -> tensor<16x8xf32, #[[ACC]]>
  %2 = tile.gather %y over 2 : tensor<16x8xf32, #acc> -> tensor<16x8xf32, #acc>
  return
}
