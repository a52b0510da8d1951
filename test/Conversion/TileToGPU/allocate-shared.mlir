// RUN: gsa-opt %s --pass-pipeline='builtin.module(builtin.module(func.func(gsa-allocate-shared)))' --split-input-file --verify-diagnostics | FileCheck %s

// Rings lie apart, largest first; places of one role that are not alive together
// share bytes, those of two roles do not. The scan has scratch memory of its own,
// what a branch skips shares.

#tok = #tile.layout<[64, 64], reg = [[0, 1], [1, 0], [2, 0], [4, 0], [8, 0]], lane = [[0, 2], [0, 4], [0, 8], [0, 16], [0, 32]], warp = [[16, 0], [32, 0]]>
#cols = #tile.layout<[64], reg = [[1]], lane = [[2], [4], [8], [16], [32]], warp = [[0], [0]]>
#p = #tile.layout<[64, 64], offset = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [0, 32], [1, 0], [2, 0], [4, 0], [8, 0], [16, 0], [32, 0]]>
!p = tensor<64x64xf32, #p>
!r = tensor<64x64xf32, #tok>
module {
module attributes {gsa.target = #gsa.target<"sm_80">} {
// CHECK-LABEL: func.func @shares(
// CHECK-SAME: gsa.shared = [[TOTAL:[0-9]+]] : i64
func.func @shares(%n: index, %x: memref<64x64xf32>) attributes {gsa.kernel} {
  %c0 = arith.constant 0 : index
  %yes = arith.constant true
  scf.forall (%i) in (%n) {
    // CHECK: tile.ring {tile.offset = [[SCALAR:[0-9]+]] : i64} : <2 x index>
    %s = tile.ring : !tile.ring<2 x index>
    // CHECK: tile.ring {tile.offset = 0 : i64} : <2 x tensor<64x64xf32
    %r = tile.ring : !tile.ring<2 x !p>
    tile.roles warps [4, 4] {
      // CHECK: tile.load {{.*}}tile.offset = 32768 : i64
      %a = tile.load %x[%c0, %c0] dims [0, 1] : memref<64x64xf32> -> !p
      %ar = tile.convert %a : !p -> !r
      // CHECK: tile.convert {{.*}}tile.offset = 32768 : i64
      %b = tile.convert %ar : !r -> !p
      %br = tile.convert %b : !p -> !r
      // CHECK: tile.scan {{.*}}tile.scratch = 65536 : i64
      %in, %ex, %tot = tile.scan add %br along 0 : !r -> !r, !r, tensor<64xf32, #cols>
      scf.if %yes {
        // CHECK: tile.reduce {{.*}}tile.scratch = 32768 : i64
        %m = tile.reduce max %in along [0] : !r -> tensor<64xf32, #cols>
        tile.put %n, %s[%c0 + 0] : index, !tile.ring<2 x index>
      }
    }, {
      // CHECK: tile.load {{.*}}tile.offset = 49152 : i64
      %c = tile.load %x[%c0, %c0] dims [0, 1] : memref<64x64xf32> -> !p
      tile.store %c, %x[%c0, %c0] dims [0, 1] : !p, memref<64x64xf32>
    }
  }
  return
}
}
}

// -----

// A loop in which the block does not meet: the role does, before each exchange,
// and its scratch memory is shared.

#tok = #tile.layout<[64, 64], reg = [[0, 1], [1, 0], [2, 0], [4, 0], [8, 0]], lane = [[0, 2], [0, 4], [0, 8], [0, 16], [0, 32]], warp = [[16, 0], [32, 0]]>
#cols = #tile.layout<[64], reg = [[1]], lane = [[2], [4], [8], [16], [32]], warp = [[0], [0]]>
!r = tensor<64x64xf32, #tok>
module {
module attributes {gsa.target = #gsa.target<"gfx1100">} {
// CHECK-LABEL: func.func @noBarrier(
// CHECK-SAME: gsa.shared = 1024 : i64
func.func @noBarrier(%n: index) attributes {gsa.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.forall (%i) in (%n) {
    tile.roles warps [4] {
      %x = arith.constant dense<1.0> : !r
      scf.for %j = %c0 to %n step %c1 {
        // CHECK: tile.scan {{.*}}tile.scratch = 0 : i64
        %in, %ex, %tot = tile.scan add %x along 0 : !r -> !r, !r, tensor<64xf32, #cols>
        // CHECK: tile.reduce {{.*}}tile.scratch = 0 : i64
        %m = tile.reduce max %in along [0] : !r -> tensor<64xf32, #cols>
      }
    }
  }
  return
}
}
}

// -----

#p = #tile.layout<[64, 64], offset = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [0, 32], [1, 0], [2, 0], [4, 0], [8, 0], [16, 0], [32, 0]]>
module {
module attributes {gsa.target = #gsa.target<"sm_86">} {
// expected-error @below {{a block must use at most 101376 bytes of shared memory, got 114688 (largest: 114688 for tile.ring of 7 x tensor<64x64xf32>); shorter chunks and narrower heads take less}}
func.func @tooMuch(%n: index) attributes {gsa.kernel} {
  scf.forall (%i) in (%n) {
    %r = tile.ring : !tile.ring<7 x tensor<64x64xf32, #p>>
    tile.roles warps [4] {
    }
  }
  return
}
}
}

// -----

// What is gathered of the first exchange may arrive before this block begins the
// second: its room is nobody else's between the two.

#c = #tile.layout<[16, 16], reg = [[0, 1], [8, 0]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[0, 8]]>
#s = #tile.layout<[16, 16], reg = [[0, 1]], lane = [[0, 2], [0, 4], [1, 0], [0, 8], [0, 0]], warp = [[2, 0], [4, 0], [8, 0]]>
#p = #tile.layout<[16, 16], offset = [[0, 1], [0, 2], [0, 4], [0, 8], [1, 0], [2, 0], [4, 0], [8, 0]]>
!x = tensor<16x16xf32, #c>
!y = tensor<16x16xf32, #s>
module {
module attributes {gsa.target = #gsa.target<"sm_90a">} {
// CHECK-LABEL: func.func @twoExchanges(
// CHECK: tile.exchange {{.*}} tile.offset = 0 : i64
// CHECK: tile.convert {{.*}}tile.offset = 1024 : i64
// CHECK: tile.exchange {{.*}} tile.offset = 2048 : i64
// CHECK: tile.gather {{.*}} tile.offset = 3072 : i64
// CHECK: tile.gather {{.*}} tile.offset = 4096 : i64
func.func @twoExchanges(%n: index, %m: memref<16x16xf32>) attributes {gsa.kernel, gsa.cluster = 4 : i64} {
  %c0 = arith.constant 0 : index
  scf.forall (%i) in (%n) {
    tile.roles warps [2] {
      %x = tile.load %m[%c0, %c0] dims [0, 1] : memref<16x16xf32> -> !x
      %parts = tile.exchange %x over 4 : !x -> !y
      %place = tile.convert %x : !x -> tensor<16x16xf32, #p>
      %moved = tile.convert %place : tensor<16x16xf32, #p> -> !x
      %others = tile.exchange %moved over 4 : !x -> !y
      %sum = tile.wait %parts : !y
      %rows = tile.gather %sum over 4 : !y -> !x
      %all = tile.wait %rows : !x
      %otherSum = tile.wait %others : !y
      %otherRows = tile.gather %otherSum over 4 : !y -> !x
      %otherAll = tile.wait %otherRows : !x
      %total = arith.addf %all, %otherAll : !x
      tile.store %total, %m[%c0, %c0] dims [0, 1] : !x, memref<16x16xf32>
    }
  }
  return
}
}
}

// -----

// What is converted in a loop that meets the block has bytes of its own if there
// are enough, and is marked: no barrier is needed before it is written. Without
// a meeting, or between the uses of one iteration only, bytes are shared.

#r = #tile.layout<[64, 64], reg = [[0, 1], [8, 0], [0, 8], [0, 16], [0, 32]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[16, 0], [32, 0]]>
#p = #tile.layout<[64, 64], offset = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [0, 32], [1, 0], [2, 0], [4, 0], [8, 0], [16, 0], [32, 0]]>
!r = tensor<64x64xf32, #r>
!p = tensor<64x64xf32, #p>
module {
module attributes {gsa.target = #gsa.target<"sm_90a">} {
// CHECK-LABEL: func.func @own(
// CHECK-SAME: gsa.shared = 32768 : i64
// CHECK: tile.convert {{.*}}tile.offset = 0 : i64, tile.own
// CHECK: tile.convert {{.*}}tile.offset = 16384 : i64, tile.own
// CHECK: tile.convert {{.*}}tile.offset = 0 : i64}
// CHECK-NOT: tile.own
// CHECK: return
func.func @own(%n: index, %m: memref<64x64xf32>) attributes {gsa.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.forall (%i) in (%n) {
    tile.roles warps [4] {
      %x = tile.load %m[%c0, %c0] dims [0, 1] : memref<64x64xf32> -> !r
      scf.for %j = %c0 to %n step %c1 {
        %a = tile.convert %x : !r -> !p
        %b = tile.convert %a : !p -> !r
        tile.store %b, %m[%c0, %c0] dims [0, 1] : !r, memref<64x64xf32>
        %c = tile.convert %x : !r -> !p
        %d = tile.convert %c : !p -> !r
        tile.store %d, %m[%c0, %c0] dims [0, 1] : !r, memref<64x64xf32>
        tile.barrier
      }
      %e = tile.convert %x : !r -> !p
      %f = tile.convert %e : !p -> !r
      tile.store %f, %m[%c0, %c0] dims [0, 1] : !r, memref<64x64xf32>
    }
  }
  return
}

// CHECK-LABEL: func.func @shared(
// CHECK-SAME: gsa.shared = 16384 : i64
// CHECK-NOT: tile.own
// CHECK: func.func @between(
func.func @shared(%n: index, %m: memref<64x64xf32>) attributes {gsa.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.forall (%i) in (%n) {
    tile.roles warps [4] {
      %x = tile.load %m[%c0, %c0] dims [0, 1] : memref<64x64xf32> -> !r
      scf.for %j = %c0 to %n step %c1 {
        %a = tile.convert %x : !r -> !p
        %b = tile.convert %a : !p -> !r
        tile.store %b, %m[%c0, %c0] dims [0, 1] : !r, memref<64x64xf32>
        %c = tile.convert %x : !r -> !p
        %d = tile.convert %c : !p -> !r
        tile.store %d, %m[%c0, %c0] dims [0, 1] : !r, memref<64x64xf32>
      }
    }
  }
  return
}

// CHECK-NOT: tile.own
// CHECK: func.func @tooMany(
func.func @between(%n: index, %m: memref<64x64xf32>) attributes {gsa.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.forall (%i) in (%n) {
    tile.roles warps [4] {
      %x = tile.load %m[%c0, %c0] dims [0, 1] : memref<64x64xf32> -> !r
      scf.for %j = %c0 to %n step %c1 {
        %a = tile.convert %x : !r -> !p
        tile.barrier
        %b = tile.convert %a : !p -> !r
        tile.store %b, %m[%c0, %c0] dims [0, 1] : !r, memref<64x64xf32>
      }
    }
  }
  return
}

// Of 227 KiB a ring takes 208: the two share the rest.
// CHECK-SAME: gsa.shared = 229376 : i64
// CHECK-NOT: tile.own
// CHECK: return
func.func @tooMany(%n: index, %m: memref<64x64xf32>) attributes {gsa.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.forall (%i) in (%n) {
    %ring = tile.ring : !tile.ring<13 x !p>
    tile.roles warps [4] {
      %x = tile.load %m[%c0, %c0] dims [0, 1] : memref<64x64xf32> -> !r
      scf.for %j = %c0 to %n step %c1 {
        %a = tile.convert %x : !r -> !p
        %b = tile.convert %a : !p -> !r
        tile.put %b, %ring[%j + 0] : !r, !tile.ring<13 x !p>
        %c = tile.convert %x : !r -> !p
        %d = tile.convert %c : !p -> !r
        tile.store %d, %m[%c0, %c0] dims [0, 1] : !r, memref<64x64xf32>
        tile.barrier
      }
    }
  }
  return
}
}
}
