// RUN: gsa-opt %s --pass-pipeline='builtin.module(builtin.module(func.func(gsa-allocate-shared),convert-tile-to-gpu,canonicalize,cse))' --split-input-file --verify-diagnostics | FileCheck %s

// A 64x64 tile over four blocks: a lane's 32 registers in four parts of two
// times four words. Parts have bytes of their own and sums scratch memory: 16 KiB
// each, and 16 bytes for the mailboxes of each of four warps.

#c = #tile.layout<[64, 64], reg = [[0, 1], [8, 0], [0, 8], [0, 16], [0, 32]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[16, 0], [32, 0]]>
!x = tensor<64x64xf32, #c>
module {
module attributes {gsa.target = #gsa.target<"sm_90a">} {
// CHECK-LABEL: func.func @four(
// CHECK-SAME: gsa.cluster = 4 : i64, {{.*}}gsa.shared = 33792 : i64
// Before the roles one thread makes the mailboxes, and the cluster meets.
// CHECK: scf.if
// CHECK-COUNT-8: mbarrier.init
// CHECK: barrier.cluster.arrive.release.aligned
// CHECK-SAME: barrier.cluster.wait.acquire.aligned
// CHECK: scf.while
// CHECK: nvvm.barrier id
// CHECK-COUNT-2: mbarrier.arrive.expect_tx{{.*}}, 4096;
// CHECK-COUNT-8: st.async{{.*}}.v4.b32
// CHECK-NOT: st.async
// CHECK: mbarrier.try_wait.acquire.cluster
// CHECK-COUNT-8: llvm.load {{.*}} : !llvm.ptr<3> -> vector<4xf32>
// CHECK-COUNT-8: st.async{{.*}}.v4.b32
// CHECK-NOT: st.async
// CHECK: mbarrier.try_wait.acquire.cluster
// CHECK-COUNT-8: llvm.load {{.*}} : !llvm.ptr<3> -> vector<4xf32>
// CHECK-NOT: llvm.load
// No block leaves before the others.
// CHECK: barrier.cluster.arrive
func.func @four(%n: index, %m: memref<64x64xf32>) attributes {gsa.kernel, gsa.cluster = 4 : i64} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.forall (%s) in (%n) {
    tile.roles warps [4, 4] {
      %x = tile.load %m[%c0, %c0] dims [0, 1] : memref<64x64xf32> -> !x
      %0:2 = scf.while (%i = %c0, %a = %x) : (index, !x) -> (index, !x) {
        %more = arith.cmpi slt, %i, %n : index
        scf.condition(%more) %i, %a : index, !x
      } do {
      ^bb0(%i: index, %a: !x):
        %sum = tile.exchange %a over 4 : !x
        %y = tile.wait %sum : !x
        %j = arith.addi %i, %c1 : index
        scf.yield %j, %y : index, !x
      }
    }, {
    }
  }
  return
}
}
}

// -----

// Parts are padded to what is sent at once: 3 of 4 words, here one of two.

#c = #tile.layout<[16, 16], reg = [[0, 1], [8, 0]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[0, 8]]>
!x = tensor<16x16xf32, #c>
module {
module attributes {gsa.target = #gsa.target<"sm_90a">} {
// CHECK-LABEL: func.func @padded(
// CHECK-COUNT-8: mapa
// CHECK-COUNT-1: st.async{{.*}}bytes.b32
func.func @padded(%n: index, %m: memref<16x16xf32>) attributes {gsa.kernel, gsa.cluster = 8 : i64} {
  %c0 = arith.constant 0 : index
  scf.forall (%s) in (%n) {
    tile.roles warps [2] {
      %x = tile.load %m[%c0, %c0] dims [0, 1] : memref<16x16xf32> -> !x
      %sum = tile.exchange %x over 8 : !x
      %y = tile.wait %sum : !x
      tile.store %y, %m[%c0, %c0] dims [0, 1] : !x, memref<16x16xf32>
    }
  }
  return
}
}
}

// -----

#c = #tile.layout<[16, 16], reg = [[0, 1], [8, 0]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[0, 8]]>
!x = tensor<16x16xf32, #c>
module {
module attributes {gsa.target = #gsa.target<"sm_90a">} {
func.func @other_cluster(%n: index, %m: memref<16x16xf32>) attributes {gsa.kernel, gsa.cluster = 2 : i64} {
  %c0 = arith.constant 0 : index
  scf.forall (%s) in (%n) {
    tile.roles warps [2] {
      %x = tile.load %m[%c0, %c0] dims [0, 1] : memref<16x16xf32> -> !x
      // expected-error @below {{must be over the 2 blocks of its kernel's cluster, got 4}}
      %y = tile.exchange %x over 4 : !x
      tile.store %y, %m[%c0, %c0] dims [0, 1] : !x, memref<16x16xf32>
    }
  }
  return
}
}
}
