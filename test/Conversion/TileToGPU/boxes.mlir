// RUN: gsa-opt %s --pass-pipeline='builtin.module(builtin.module(func.func(gsa-allocate-shared),convert-tile-to-gpu))' | FileCheck %s
// RUN: sed 's/sm_90a/sm_80/' %s | gsa-opt --pass-pipeline='builtin.module(builtin.module(func.func(gsa-allocate-shared),convert-tile-to-gpu))' | FileCheck %s --check-prefix=LANES

// One thread starts the copies of tiles, a panel of 128 bytes a row at a time, if
// there is a map and rows that the tile has not are behind the tensor's end.
// Otherwise lanes copy, and wait at once. What is fetched backward, or to a place
// that no engine fills, has no map.

#swizzled = #tile.layout<[64, 128], offset = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [0, 32], [1, 8], [2, 16], [4, 32], [8, 0], [16, 0], [32, 0], [0, 64]]>
#plain = #tile.layout<[64, 128], offset = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [0, 32], [0, 64], [1, 0], [2, 0], [4, 0], [8, 0], [16, 0], [32, 0]]>
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
// LANES: nvvm.cp.async.shared.global
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
      // CHECK-NEXT: scf.if %[[MINE]] {
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
}
}
