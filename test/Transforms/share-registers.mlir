// RUN: gsa-opt %s --pass-pipeline='builtin.module(builtin.module(func.func(gsa-share-registers)))' --split-input-file | FileCheck %s

// Twelve warps have 170 registers a lane. The producer's loop needs 132 of them
// at once: there is room, where products read shared memory.

#c = #tile.layout<[64, 256], reg = [[0, 1], [8, 0], [0, 8], [0, 16], [0, 32], [0, 64]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[16, 0], [32, 0], [0, 128]]>
#h = #tile.layout<[64, 16], reg = [[0, 1], [8, 0]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[16, 0], [32, 0], [0, 8]]>
#sums = #tile.layout<[64, 64], reg = [[0, 1], [8, 0], [0, 8], [0, 16], [0, 32]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[16, 0], [32, 0]]>
#s128 = #tile.layout<[64, 128], offset = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [0, 32], [1, 8], [2, 16], [4, 32], [8, 0], [16, 0], [32, 0], [0, 64]]>
#s128t = #tile.layout<[128, 64], offset = [[1, 0], [2, 0], [4, 0], [8, 0], [16, 0], [32, 0], [8, 1], [16, 2], [32, 4], [0, 8], [0, 16], [0, 32], [64, 0]]>
!m = tensor<64x256xf32, #c>
!h = tensor<64x16xf32, #h>
module {
module attributes {gsa.target = #gsa.target<"sm_90a">} {
// CHECK-LABEL: @even
// CHECK-NOT: tile.scarce
// CHECK-NOT: tile.registers
func.func @even(%n: index) {
  %c0 = arith.constant 0 : index
  tile.roles warps [4, 8] {
    %a = arith.constant dense<0.0> : tensor<64x128xbf16, #s128>
    %b = arith.constant dense<0.0> : tensor<128x64xbf16, #s128t>
    %none = arith.constant dense<0.0> : tensor<64x64xf32, #sums>
    %sums = tile.mma %a, %b, %none {atom = #tile.atom<"wgmma.m64k16">} : tensor<64x128xbf16, #s128>, tensor<128x64xbf16, #s128t>, tensor<64x64xf32, #sums>
    %0 = scf.while (%i = %c0) : (index) -> index {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i : index
    } do {
    ^bb0(%i: index):
      %j = arith.addi %i, %n : index
      scf.yield %j : index
    }
  }, {
    %zero = arith.constant dense<0.0> : !m
    %none = arith.constant dense<0.0> : !h
    %0:3 = scf.while (%i = %c0, %k = %zero, %g = %none) : (index, !m, !h) -> (index, !m, !h) {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i, %k, %g : index, !m, !h
    } do {
    ^bb0(%i: index, %k: !m, %g: !h):
      %x = math.exp2 %k : !m
      %next = arith.addf %x, %k : !m
      %g2 = math.exp2 %g : !h
      %j = arith.addi %i, %n : index
      scf.yield %j, %next, %g2 : index, !m, !h
    }
  }
  return
}
}
}

// -----

// Lanes hold factors of products, too: it keeps no addresses.

#c = #tile.layout<[64, 256], reg = [[0, 1], [8, 0], [0, 8], [0, 16], [0, 32], [0, 64]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[16, 0], [32, 0], [0, 128]]>
#h = #tile.layout<[64, 16], reg = [[0, 1], [8, 0]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[16, 0], [32, 0], [0, 8]]>
!m = tensor<64x256xf32, #c>
!h = tensor<64x16xf32, #h>
module {
module attributes {gsa.target = #gsa.target<"sm_90a">} {
// CHECK-LABEL: @factors
// CHECK: }, {
// CHECK: attributes {tile.scarce}
// CHECK-NOT: tile.registers
func.func @factors(%n: index) {
  %c0 = arith.constant 0 : index
  tile.roles warps [4, 8] {
    %0 = scf.while (%i = %c0) : (index) -> index {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i : index
    } do {
    ^bb0(%i: index):
      %j = arith.addi %i, %n : index
      scf.yield %j : index
    }
  }, {
    %zero = arith.constant dense<0.0> : !m
    %none = arith.constant dense<0.0> : !h
    %0:3 = scf.while (%i = %c0, %k = %zero, %g = %none) : (index, !m, !h) -> (index, !m, !h) {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i, %k, %g : index, !m, !h
    } do {
    ^bb0(%i: index, %k: !m, %g: !h):
      %x = math.exp2 %k : !m
      %next = arith.addf %x, %k : !m
      %g2 = math.exp2 %g : !h
      %j = arith.addi %i, %n : index
      scf.yield %j, %next, %g2 : index, !m, !h
    }
  }
  return
}
}
}

// -----

// It needs 144 and so much as 12 beside: it has them, and keeps no addresses.

#c = #tile.layout<[64, 256], reg = [[0, 1], [8, 0], [0, 8], [0, 16], [0, 32], [0, 64]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[16, 0], [32, 0], [0, 128]]>
#h = #tile.layout<[64, 64], reg = [[0, 1], [8, 0], [0, 8], [0, 16]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[16, 0], [32, 0], [0, 32]]>
!m = tensor<64x256xf32, #c>
!h = tensor<64x64xf32, #h>
module {
module attributes {gsa.target = #gsa.target<"sm_90a">} {
// CHECK-LABEL: @scarce
// CHECK-NOT: tile.scarce
// CHECK: }, {
// CHECK: scf.while
// CHECK: attributes {tile.scarce}
// CHECK-NOT: tile.registers
func.func @scarce(%n: index) {
  %c0 = arith.constant 0 : index
  tile.roles warps [4, 8] {
    %0 = scf.while (%i = %c0) : (index) -> index {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i : index
    } do {
    ^bb0(%i: index):
      %j = arith.addi %i, %n : index
      scf.yield %j : index
    }
  }, {
    %zero = arith.constant dense<0.0> : !m
    %none = arith.constant dense<0.0> : !h
    %0:3 = scf.while (%i = %c0, %k = %zero, %g = %none) : (index, !m, !h) -> (index, !m, !h) {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i, %k, %g : index, !m, !h
    } do {
    ^bb0(%i: index, %k: !m, %g: !h):
      %x = math.exp2 %k : !m
      %next = arith.addf %x, %k : !m
      %g2 = math.exp2 %g : !h
      %j = arith.addi %i, %n : index
      scf.yield %j, %next, %g2 : index, !m, !h
    }
  }
  return
}
}
}

// -----

// It needs 160, and gets 176 of those that the consumer gives up.

#c = #tile.layout<[64, 256], reg = [[0, 1], [8, 0], [0, 8], [0, 16], [0, 32], [0, 64]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[16, 0], [32, 0], [0, 128]]>
#h = #tile.layout<[64, 128], reg = [[0, 1], [8, 0], [0, 8], [0, 16], [0, 32]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[16, 0], [32, 0], [0, 64]]>
!m = tensor<64x256xf32, #c>
!h = tensor<64x128xf32, #h>
module {
module attributes {gsa.target = #gsa.target<"sm_90a">} {
// CHECK-LABEL: @uneven
// CHECK: scf.while
// CHECK: attributes {tile.scarce}
// CHECK: }, {
// CHECK: scf.while
// CHECK: attributes {tile.scarce}
// CHECK: {tile.registers = array<i64: 24, 176>}
func.func @uneven(%n: index) {
  %c0 = arith.constant 0 : index
  tile.roles warps [4, 8] {
    %0 = scf.while (%i = %c0) : (index) -> index {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i : index
    } do {
    ^bb0(%i: index):
      %j = arith.addi %i, %n : index
      scf.yield %j : index
    }
  }, {
    %zero = arith.constant dense<0.0> : !m
    %none = arith.constant dense<0.0> : !h
    %0:3 = scf.while (%i = %c0, %k = %zero, %g = %none) : (index, !m, !h) -> (index, !m, !h) {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i, %k, %g : index, !m, !h
    } do {
    ^bb0(%i: index, %k: !m, %g: !h):
      %x = math.exp2 %k : !m
      %next = arith.addf %x, %k : !m
      %g2 = math.exp2 %g : !h
      %j = arith.addi %i, %n : index
      scf.yield %j, %next, %g2 : index, !m, !h
    }
  }
  return
}
}
}

// -----

// Here lanes all have as many.

#c = #tile.layout<[64, 256], reg = [[0, 1], [8, 0], [0, 8], [0, 16], [0, 32], [0, 64]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[16, 0], [32, 0], [0, 128]]>
#h = #tile.layout<[64, 128], reg = [[0, 1], [8, 0], [0, 8], [0, 16], [0, 32]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[16, 0], [32, 0], [0, 64]]>
!m = tensor<64x256xf32, #c>
!h = tensor<64x128xf32, #h>
module {
module attributes {gsa.target = #gsa.target<"sm_80">} {
// CHECK-LABEL: @same
// CHECK: }, {
// CHECK: scf.while
// CHECK: attributes {tile.scarce}
// CHECK-NOT: tile.registers
func.func @same(%n: index) {
  %c0 = arith.constant 0 : index
  tile.roles warps [4, 8] {
    %0 = scf.while (%i = %c0) : (index) -> index {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i : index
    } do {
    ^bb0(%i: index):
      %j = arith.addi %i, %n : index
      scf.yield %j : index
    }
  }, {
    %zero = arith.constant dense<0.0> : !m
    %none = arith.constant dense<0.0> : !h
    %0:3 = scf.while (%i = %c0, %k = %zero, %g = %none) : (index, !m, !h) -> (index, !m, !h) {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i, %k, %g : index, !m, !h
    } do {
    ^bb0(%i: index, %k: !m, %g: !h):
      %x = math.exp2 %k : !m
      %next = arith.addf %x, %k : !m
      %g2 = math.exp2 %g : !h
      %j = arith.addi %i, %n : index
      scf.yield %j, %next, %g2 : index, !m, !h
    }
  }
  return
}
}
}
