// RUN: gsa-opt %s --pass-pipeline='builtin.module(builtin.module(func.func(gsa-allocate-shared),convert-tile-to-gpu))' | FileCheck %s
// RUN: sed 's/sm_90a/sm_80/; s/ {tile.registers = .*}//' %s | gsa-opt --pass-pipeline='builtin.module(builtin.module(func.func(gsa-allocate-shared),convert-tile-to-gpu))' | FileCheck %s --check-prefix=LANES

// One thread starts the copies of tiles, a panel of 128 bytes a row at a time, if
// there is a map and rows that the tile has not are behind the tensor's end.
// Otherwise lanes copy, and wait at once. What is fetched backward, or to a place
// that no engine fills, has no map.

#swizzled = #tile.layout<[64, 128], offset = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [0, 32], [1, 8], [2, 16], [4, 32], [8, 0], [16, 0], [32, 0], [0, 64]]>
#plain = #tile.layout<[64, 128], offset = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [0, 32], [0, 64], [1, 0], [2, 0], [4, 0], [8, 0], [16, 0], [32, 0]]>
#rows = #tile.layout<[64, 128], reg = [[0, 1], [8, 0], [0, 8], [0, 16], [0, 32], [0, 64]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[16, 0], [32, 0]]>
!x = memref<?x?x4x128xbf16, strided<[?, ?, ?, 1], offset: ?>>
!ring = !tile.ring<2 x tensor<64x128xbf16, #swizzled>>
!other = !tile.ring<2 x tensor<64x128xbf16, #plain>>
module {
module attributes {gsa.target = #gsa.target<"sm_90a">} {
// CHECK-LABEL: func.func @fetches(
// CHECK-SAME: %[[X:[a-z0-9]+]]: memref{{.*}}, %[[MAPS:[a-z0-9]+]]: !llvm.ptr, %[[USABLE:[a-z0-9]+]]: i64)
// CHECK-SAME: gsa.maps = [{box = array<i64: 1, 64, 1, 64>, swizzle = 128 : i64, tensor = 0 : i64}]
// LANES-LABEL: func.func @fetches(
// LANES-NOT: gsa.maps
// LANES-NOT: mbarrier
// One question for tiles that are fetched one behind the other, here six: 8 pieces
// of 16 bytes a lane each, or single elements in loops.
// LANES-NOT: scf.if
// LANES-COUNT-5: arith.andi %{{.*}} : i1
// LANES: scf.if %
// LANES-COUNT-48: nvvm.cp.async.shared.global
// LANES-NOT: nvvm.cp.async.shared.global
// LANES: } else {
// LANES-COUNT-6: scf.for
// LANES-NOT: scf.for
// LANES: cp.async.wait.all
func.func @fetches(%x: !x {gsa.name = "x", gsa.kind = "input"}) attributes {gsa.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c63 = arith.constant 63 : index
  %n = memref.dim %x, %c0 : !x
  %t = memref.dim %x, %c1 : !x
  scf.forall (%i, %h) in (%n, 4) {
    %r = tile.ring : !ring
    %s = tile.ring : !ring
    %o = tile.ring : !other
    tile.roles warps [4] {
      // CHECK: %[[MINE:.*]] = arith.cmpi eq
      // CHECK: scf.if %[[MINE]] {
      // CHECK: mbarrier.init.shared::cta.b64
      // CHECK: }
      // CHECK: arith.andi %[[USABLE]], %{{.*}} : i64
      // CHECK: arith.addi %{{.*}}, %[[ROWS:.*]] : index
      // CHECK: arith.cmpi sge
      // CHECK: arith.cmpi sge, %[[ROWS]], %{{.*}} : index
      // CHECK: %[[FITS:.*]] = arith.andi
      // CHECK: %[[THERE:.*]] = arith.cmpi sge, %[[ROWS]], %{{.*}} : index
      // CHECK: scf.if %[[THERE]] {
      // CHECK-NEXT: scf.if %[[FITS]] {
      // CHECK: %[[STARTS:.*]] = arith.cmpi eq
      // CHECK-NEXT: scf.if %[[STARTS]] {
      // CHECK-NEXT: mbarrier.expect_tx.relaxed.cta.shared::cta.b64 [$0], 16384;
      // CHECK-NEXT: llvm.getelementptr %[[MAPS]][0]
      // CHECK: cp.async.bulk.tensor.4d
      // CHECK: cp.async.bulk.tensor.4d
      // CHECK: } else {
      // CHECK: scf.for
      // CHECK: nvvm.cp.async.shared.global
      // CHECK: llvm.nvvm.cp.async.wait.all
      // CHECK: }
      tile.fetch %x[%i, %c0, %h, %c0] dims [1, 3] rows %t into %r[%c0 + 0] : !x, !ring
      // A second fetch has the same map; without rows the tensor's end decides.
      // CHECK: %[[BIT:.*]] = arith.andi %[[USABLE]], %{{.*}} : i64
      // CHECK: %[[FITS:.*]] = arith.cmpi eq, %[[BIT]]
      // CHECK-NEXT: scf.if %[[FITS]] {
      // CHECK: cp.async.bulk.tensor.4d
      // CHECK: cp.async.bulk.tensor.4d
      tile.fetch %x[%i, %c0, %h, %c0] dims [1, 3] into %s[%c0 + 0] : !x, !ring
      // CHECK-NOT: cp.async.bulk
      // CHECK: nvvm.cp.async.shared.global
      tile.fetch %x[%i, %c63, %h, %c0] dims [1, 3] step -1 into %s[%c0 + 1] : !x, !ring
      tile.fetch %x[%i, %c0, %h, %c0] dims [1, 3] into %o[%c0 + 0] : !x, !other
      // Two tiles from one row on are one question.
      // CHECK: mbarrier.expect_tx.relaxed.cta.shared::cta.b64 [$0], 32768;
      // CHECK-COUNT-4: cp.async.bulk.tensor.4d
      // CHECK: } else {
      // CHECK-NOT: cp.async.bulk.tensor
      tile.fetch %x[%i, %c63, %h, %c0] dims [1, 3] rows %t into %r[%c0 + 1] : !x, !ring
      tile.fetch %x[%i, %c63, %h, %c0] dims [1, 3] rows %t into %s[%c0 + 1] : !x, !ring
      // CHECK: llvm.nvvm.cp.async.wait.all
      // CHECK: mbarrier.arrive.release.cta{{.*}}mbarrier.try_wait.acquire.cta
      // CHECK: nvvm.barrier
      tile.wait_fetches
      tile.barrier
    }
  }
  return
}

// The engine stores a tile that has bytes of its own if it is whole, and lanes
// else. Before the tile is written again, and behind the loop, the thread that
// started this waits until it has been read.

// CHECK-LABEL: func.func @stores(
// CHECK-SAME: %[[MAPS:[a-z0-9]+]]: !llvm.ptr, %[[USABLE:[a-z0-9]+]]: i64)
// CHECK-SAME: gsa.maps = [{box = array<i64: 1, 64, 1, 64>, swizzle = 128 : i64, tensor = 0 : i64}]
// LANES-LABEL: func.func @stores(
// LANES-NOT: bulk
func.func @stores(%x: !x {gsa.name = "x", gsa.kind = "output"}) attributes {gsa.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %n = memref.dim %x, %c0 : !x
  %t = memref.dim %x, %c1 : !x
  scf.forall (%i, %h) in (%n, 4) {
    tile.roles warps [4] {
      // CHECK: scf.for %[[AT:[a-z0-9]+]] =
      scf.for %at = %c0 to %t step %c64 {
        %rest = arith.subi %t, %at : index
        %tile = arith.constant dense<1.0> : tensor<64x128xbf16, #rows>
        // CHECK: %[[MINE:.*]] = arith.cmpi eq
        // CHECK-NEXT: scf.if %[[MINE]] {
        // CHECK-NEXT: cp.async.bulk.commit_group;{{.*}}cp.async.bulk.wait_group.read 0;
        // CHECK: }
        // CHECK: nvvm.barrier
        // CHECK: stmatrix
        // CHECK: fence.proxy.async.shared::cta
        // CHECK: nvvm.barrier
        %place = tile.convert %tile : tensor<64x128xbf16, #rows> -> tensor<64x128xbf16, #swizzled>
        // CHECK: arith.andi %[[USABLE]], %{{.*}} : i64
        // CHECK: arith.cmpi sge, %{{.*}}, %c64{{.*}} : index
        // CHECK: %[[FITS:.*]] = arith.andi
        // CHECK: scf.if %[[FITS]] {
        // CHECK: %[[STARTS:.*]] = arith.cmpi eq
        // CHECK-NEXT: scf.if %[[STARTS]] {
        // CHECK-NEXT: llvm.getelementptr %[[MAPS]][0]
        // CHECK: cp.async.bulk.tensor.4d.global.shared::cta.tile.bulk_group [$1, {$2, $3, $4, $5}], [$0];
        // CHECK: cp.async.bulk.tensor.4d.global.shared::cta.tile.bulk_group
        // CHECK: } else {
        // CHECK-NOT: bulk
        // CHECK: nvvm.barrier
        tile.store %place, %x[%i, %at, %h, %c0] dims [1, 3] rows %rest : tensor<64x128xbf16, #swizzled>, !x
        tile.barrier
      }
      // CHECK: }
      // CHECK: %[[LAST:.*]] = arith.cmpi eq
      // CHECK-NEXT: scf.if %[[LAST]] {
      // CHECK-NEXT: cp.async.bulk.commit_group;{{.*}}cp.async.bulk.wait_group.read 0;
    }
  }
  return
}

// Where roles share registers, and where others have the bytes as well, lanes
// do.
// CHECK-LABEL: func.func @lanesStore(
// CHECK-NOT: bulk
// CHECK: func.func @other(
func.func @lanesStore(%x: !x {gsa.name = "x", gsa.kind = "output"}) attributes {gsa.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %n = memref.dim %x, %c0 : !x
  %t = memref.dim %x, %c1 : !x
  scf.forall (%i, %h) in (%n, 4) {
    tile.roles warps [4] {
      %tile = arith.constant dense<1.0> : tensor<64x128xbf16, #rows>
      scf.for %at = %c0 to %t step %c64 {
        %place = tile.convert %tile : tensor<64x128xbf16, #rows> -> tensor<64x128xbf16, #swizzled>
        tile.store %place, %x[%i, %at, %h, %c0] dims [1, 3] : tensor<64x128xbf16, #swizzled>, !x
        tile.barrier
      }
    } {tile.registers = array<i64: 128>}
  }
  return
}
func.func @other(%x: !x {gsa.name = "x", gsa.kind = "output"}) attributes {gsa.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %n = memref.dim %x, %c0 : !x
  %t = memref.dim %x, %c1 : !x
  // CHECK-NOT: bulk
  // CHECK: return
  scf.forall (%i, %h) in (%n, 4) {
    tile.roles warps [4] {
      %tile = arith.constant dense<1.0> : tensor<64x128xbf16, #rows>
      scf.for %at = %c0 to %t step %c64 {
        %place = tile.convert %tile : tensor<64x128xbf16, #rows> -> tensor<64x128xbf16, #swizzled>
        tile.store %place, %x[%i, %at, %h, %c0] dims [1, 3] : tensor<64x128xbf16, #swizzled>, !x
      }
    }
  }
  return
}
}
}
