// RUN: gsa-opt %s --pass-pipeline='builtin.module(builtin.module(func.func(gsa-allocate-shared),convert-tile-to-gpu,canonicalize,cse))' --split-input-file --verify-diagnostics | FileCheck %s

// Twelve warps are launched with 168 registers a lane: what four give up, eight
// get. Where a loop leaves few, lane and warp follow from its counter.

// CHECK-LABEL: @shares
// CHECK: nvvm.setmaxregister decrease 120
// CHECK: scf.while
// CHECK: } do {
// CHECK-NEXT: ^bb0(%[[I:.*]]: i32):
// CHECK: llvm.inline_asm {{.*}} %[[I]]
// CHECK: nvvm.shfl.sync
// CHECK: nvvm.barrier
// CHECK: nvvm.setmaxregister increase 192
module {
module attributes {gsa.target = #gsa.target<"sm_90a">} {
func.func @shares(%n: index, %m: memref<16xf32>) attributes {gsa.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.forall (%i) in (%n) {
    tile.roles warps [4, 8] {
      %0 = scf.while (%j = %c0) : (index) -> index {
        %more = arith.cmpi slt, %j, %n : index
        scf.condition(%more) %j : index
      } do {
      ^bb0(%j: index):
        tile.barrier
        %k = arith.addi %j, %c1 : index
        scf.yield %k : index
      } attributes {tile.scarce}
    }, {
    } {tile.registers = array<i64: 120, 192>}
  }
  return
}
}
}

// -----

module {
module attributes {gsa.target = #gsa.target<"sm_90a">} {
func.func @too_many(%n: index) attributes {gsa.kernel} {
  scf.forall (%i) in (%n) {
    // expected-error @below {{roles must share the 2016 registers of a lane of each warp that 12 warps are launched with, got 2048}}
    tile.roles warps [4, 8] {
    }, {
    } {tile.registers = array<i64: 96, 208>}
  }
  return
}
}
}

// -----

module {
module attributes {gsa.target = #gsa.target<"sm_80">} {
func.func @none_shared(%n: index) attributes {gsa.kernel} {
  scf.forall (%i) in (%n) {
    // expected-error @below {{roles must be of a target that lets them share registers, got another}}
    tile.roles warps [4, 8] {
    }, {
    } {tile.registers = array<i64: 120, 184>}
  }
  return
}
}
}

// -----

module {
module attributes {gsa.target = #gsa.target<"sm_90a">} {
func.func @too_few(%n: index) attributes {gsa.kernel} {
  scf.forall (%i) in (%n) {
    // expected-error @below {{roles must have multiples of 8 registers a lane, at least 24, got 16}}
    tile.roles warps [4, 8] {
    }, {
    } {tile.registers = array<i64: 16, 192>}
  }
  return
}
}
}
