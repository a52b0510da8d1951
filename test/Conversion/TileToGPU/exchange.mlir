// RUN: gsa-opt %s --pass-pipeline='builtin.module(builtin.module(func.func(gsa-allocate-shared),convert-tile-to-gpu,canonicalize,cse))' --split-input-file --verify-diagnostics | FileCheck %s

// A 64x64 tile over four blocks. A warp's 16 rows are those of one block, to
// which it sends 32 registers in eight times four words. Other blocks hear of it
// by the warps that it met before: what they send comes over what all of them
// have read. The sums of a block's rows are 8 registers a lane, in four times two
// loads of four words. Gathered, they go to four blocks in two times four words.
// Rooms take 16 KiB each; each message has a mailbox, at which four warps expect
// 4 KiB.

#c = #tile.layout<[64, 64], reg = [[0, 1], [8, 0], [0, 8], [0, 16], [0, 32]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[16, 0], [32, 0]]>
#s = #tile.layout<[64, 64], reg = [[0, 1], [8, 0], [0, 32]], lane = [[0, 2], [0, 4], [1, 0], [0, 8], [0, 16]], warp = [[2, 0], [4, 0], [16, 0], [32, 0]]>
!x = tensor<64x64xf32, #c>
!y = tensor<64x64xf32, #s>
module {
module attributes {gsa.target = #gsa.target<"sm_90a">} {
// CHECK-LABEL: func.func @four(
// CHECK-SAME: gsa.cluster = 4 : i64, {{.*}}gsa.shared = 32792 : i64
// Before the roles one thread makes the mailboxes, and the cluster meets.
// CHECK: scf.if
// CHECK-COUNT-2: mbarrier.init.shared::cta.b64 [$0], 4;
// CHECK: barrier.cluster.arrive.release.aligned
// CHECK-SAME: barrier.cluster.wait.acquire.aligned
// CHECK: scf.while
// CHECK: nvvm.barrier id = %c1_i32 number_of_threads = %c128_i32
// CHECK-NOT: nvvm.barrier
// CHECK-COUNT-8: st.async{{.*}}.v4.b32
// CHECK-NOT: st.async
// CHECK: mbarrier.arrive.expect_tx{{.*}}, 4096;
// CHECK: mbarrier.try_wait.acquire.cluster
// CHECK-COUNT-8: llvm.load {{.*}} : !llvm.ptr<3> -> vector<4xf32>
// CHECK-NOT: llvm.load
// CHECK-COUNT-8: st.async{{.*}}.v4.b32
// CHECK-NOT: st.async
// CHECK: mbarrier.arrive.expect_tx{{.*}}, 4096;
// CHECK: mbarrier.try_wait.acquire.cluster
// CHECK-COUNT-8: llvm.load {{.*}} : !llvm.ptr<3> -> vector<4xf32>
// CHECK-NOT: llvm.load
// No block leaves before the others.
// CHECK: barrier.cluster.arrive
func.func @four(%n: index, %m: memref<64x64xf32>) attributes {gsa.kernel, gsa.cluster = 4 : i64} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.forall (%i) in (%n) {
    tile.roles warps [4, 4] {
      %x = tile.load %m[%c0, %c0] dims [0, 1] : memref<64x64xf32> -> !x
      %0:2 = scf.while (%j = %c0, %a = %x) : (index, !x) -> (index, !x) {
        %more = arith.cmpi slt, %j, %n : index
        scf.condition(%more) %j, %a : index, !x
      } do {
      ^bb0(%j: index, %a: !x):
        %parts = tile.exchange %a over 4 : !x -> !y
        %sum = tile.wait %parts : !y
        %twice = arith.addf %sum, %sum : !y
        %rows = tile.gather %twice over 4 : !y -> !x
        %all = tile.wait %rows : !x
        %k = arith.addi %j, %c1 : index
        scf.yield %k, %all : index, !x
      }
    }, {
    }
  }
  return
}
}
}

// -----

// Which block a row is of may be told by lanes and registers, so that each warp
// sends to all and none need meet before, and several lanes may hold the same:
// 2 warps of 16x16 over eight blocks.

#c = #tile.layout<[16, 16], reg = [[0, 1], [8, 0]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[0, 8]]>
#s = #tile.layout<[16, 16], reg = [[0, 1]], lane = [[0, 2], [0, 4], [0, 8], [0, 0], [0, 0]], warp = [[1, 0], [2, 0], [4, 0], [8, 0]]>
!x = tensor<16x16xf32, #c>
!y = tensor<16x16xf32, #s>
module {
module attributes {gsa.target = #gsa.target<"sm_90a">} {
// CHECK-LABEL: func.func @lanes(
// Two registers of row r and two of row r + 8, to blocks that lanes tell.
// CHECK-NOT: nvvm.barrier
// CHECK: mapa{{.*}} "=r,r,r" %{{.*}}, %[[LANES:.*]] : (i32, i32) -> i32
// CHECK: st.async{{.*}}.v2.b32
// CHECK: %[[OTHER:.*]] = arith.xori %[[LANES]], %c4_i32
// CHECK: mapa{{.*}} %[[OTHER]] : (i32, i32) -> i32
// CHECK: st.async{{.*}}.v2.b32
// CHECK-NOT: st.async
// CHECK: expect_tx{{.*}}, 512;
func.func @lanes(%n: index, %m: memref<16x16xf32>) attributes {gsa.kernel, gsa.cluster = 8 : i64} {
  %c0 = arith.constant 0 : index
  scf.forall (%i) in (%n) {
    tile.roles warps [2] {
      %x = tile.load %m[%c0, %c0] dims [0, 1] : memref<16x16xf32> -> !x
      %parts = tile.exchange %x over 8 : !x -> !y
      %sum = tile.wait %parts : !y
      %rows = tile.gather %sum over 8 : !y -> !x
      %all = tile.wait %rows : !x
      tile.store %all, %m[%c0, %c0] dims [0, 1] : !x, memref<16x16xf32>
    }
  }
  return
}
}
}

// -----

#c = #tile.layout<[16, 16], reg = [[0, 1], [8, 0]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[0, 8]]>
#s = #tile.layout<[16, 16], reg = [[0, 1]], lane = [[0, 2], [0, 4], [1, 0], [0, 8], [0, 0]], warp = [[2, 0], [4, 0], [8, 0]]>
!x = tensor<16x16xf32, #c>
!y = tensor<16x16xf32, #s>
module {
module attributes {gsa.target = #gsa.target<"sm_90a">} {
func.func @other_cluster(%n: index, %m: memref<16x16xf32>) attributes {gsa.kernel, gsa.cluster = 2 : i64} {
  %c0 = arith.constant 0 : index
  scf.forall (%i) in (%n) {
    tile.roles warps [2] {
      %x = tile.load %m[%c0, %c0] dims [0, 1] : memref<16x16xf32> -> !x
      // expected-error @below {{must be over the 2 blocks of its kernel's cluster, got 4}}
      %y = tile.exchange %x over 4 : !x -> !y
      %z = tile.wait %y : !y
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
func.func @not_shared(%n: index, %m: memref<16x16xf32>) attributes {gsa.kernel, gsa.cluster = 4 : i64} {
  %c0 = arith.constant 0 : index
  scf.forall (%i) in (%n) {
    tile.roles warps [2] {
      %x = tile.load %m[%c0, %c0] dims [0, 1] : memref<16x16xf32> -> !x
      // expected-error @below {{must share rows among 4 times 2 warps, got 'tensor<16x16xf32, }}
      %y = tile.exchange %x over 4 : !x -> !x
      %z = tile.wait %y : !x
    }
  }
  return
}
}
}

// -----

// From role to role: the first sends parts, which the second adds up, and receives
// the rows that the second sends to all blocks, 8 KiB, before it sends parts again.
// Only roles that meet are at the barrier. Lanes' registers are shared.

#a = #tile.layout<[64, 64], reg = [[0, 1], [8, 0], [0, 8], [0, 16], [0, 32]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[16, 0], [32, 0]]>
#s = #tile.layout<[64, 64], reg = [[0, 1], [8, 0], [0, 32]], lane = [[0, 2], [0, 4], [1, 0], [0, 8], [0, 16]], warp = [[2, 0], [4, 0], [16, 0], [32, 0]]>
#p = #tile.layout<[64, 64], offset = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [0, 32], [1, 0], [2, 0], [4, 0], [8, 0], [16, 0], [32, 0]]>
!x = tensor<64x64xf32, #a>
!y = tensor<64x64xf32, #s>
!w = tensor<64x64xbf16, #s>
!all = tensor<64x64xbf16, #a>
!parts = !tile.ring<1 x tensor<64x64xf32, #p>>
!ring = !tile.ring<2 x tensor<64x64xbf16, #p>>
module {
module attributes {gsa.target = #gsa.target<"sm_90a">} {
// CHECK-LABEL: func.func @roles(
// CHECK-SAME: gsa.shared = 32792 : i64
// CHECK-COUNT-2: mbarrier.init.shared::cta.b64 [$0], 4;
// CHECK-NOT: mbarrier.init
// CHECK: nvvm.setmaxregister decrease 96
// CHECK: st.async{{.*}}.v2.b32
// CHECK: nvvm.barrier id = %{{.*}} number_of_threads = %c128_i32
// CHECK: scf.while
// CHECK: mbarrier.arrive.expect_tx{{.*}}, 2048;
// CHECK: mbarrier.try_wait.parity.acquire.cluster
// CHECK: nvvm.ldmatrix
// CHECK: st.async{{.*}}.v2.b32
// What the second sends behind its last round arrives, too.
// CHECK: mbarrier.try_wait.parity.acquire.cluster
// CHECK: nvvm.setmaxregister decrease 72
// CHECK: mbarrier.arrive.expect_tx{{.*}}, 4096;
// CHECK: mbarrier.try_wait.parity.acquire.cluster
// CHECK-COUNT-3: arith.addf
// CHECK: st.async{{.*}}.b32
// CHECK: scf.while
// CHECK: mbarrier.try_wait.parity.acquire.cluster
// CHECK-COUNT-3: arith.addf
// The next version's slot.
// CHECK: arith.remui
// CHECK: st.async{{.*}}.b32
// CHECK: barrier.cluster.arrive
func.func @roles(%n: index, %m: memref<64x64xf32>) attributes {gsa.kernel, gsa.cluster = 4 : i64} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.forall (%i) in (%n) {
    %p = tile.ring : !parts
    %r = tile.ring : !ring
    tile.roles warps [4, 4] {
      %x = tile.load %m[%c0, %c0] dims [0, 1] : memref<64x64xf32> -> !x
      tile.send_parts %x to %p[%c0 + 0] over 4 : !x, !parts
      tile.barrier
      %0 = scf.while (%j = %c0) : (index) -> index {
        %more = arith.cmpi slt, %j, %n : index
        scf.condition(%more) %j : index
      } do {
      ^bb0(%j: index):
        %all = tile.receive %r[%j + 0] : !ring -> !all
        tile.send_parts %x to %p[%j + 1] over 4 : !x, !parts
        %wide = arith.extf %all : !all to !x
        tile.store %wide, %m[%c0, %c0] dims [0, 1] : !x, memref<64x64xf32>
        tile.barrier
        %k = arith.addi %j, %c1 : index
        scf.yield %k : index
      }
      %last = tile.receive %r[%0 + 0] : !ring -> !all
    }, {
      %sum0 = tile.receive_sums %p[%c0 + 0] : !parts -> !y
      %weights0 = arith.truncf %sum0 : !y to !w
      tile.send %weights0 to %r[%c0 + 0] over 4 : !w, !ring
      %0 = scf.while (%j = %c0) : (index) -> index {
        %more = arith.cmpi slt, %j, %n : index
        scf.condition(%more) %j : index
      } do {
      ^bb0(%j: index):
        %sum = tile.receive_sums %p[%j + 1] : !parts -> !y
        %weights = arith.truncf %sum : !y to !w
        tile.send %weights to %r[%j + 1] over 4 : !w, !ring
        %k = arith.addi %j, %c1 : index
        scf.yield %k : index
      }
    } {tile.registers = array<i64: 96, 72>}
  }
  return
}
}
}
