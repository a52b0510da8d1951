// RUN: gsa-opt %s --pass-pipeline='builtin.module(builtin.module(func.func(gsa-check-registers)))' --split-input-file --verify-diagnostics

#c = #tile.layout<[64, 128], reg = [[0, 1], [8, 0], [0, 8], [0, 16], [0, 32], [0, 64]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[16, 0], [32, 0]]>
!m = tensor<64x128xf32, #c>

// Two memories of 64 registers a lane leave 127.
module {
module attributes {gsa.target = #gsa.target<"sm_90a">} {
func.func @fits(%n: index) {
  %c0 = arith.constant 0 : index
  tile.roles warps [4, 4] {
  }, {
    %zero = arith.constant dense<0.0> : !m
    %0:3 = scf.while (%i = %c0, %k = %zero, %v = %zero) : (index, !m, !m) -> (index, !m, !m) {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i, %k, %v : index, !m, !m
    } do {
    ^bb0(%i: index, %k: !m, %v: !m):
      %j = arith.addi %i, %n : index
      scf.yield %j, %k, %v : index, !m, !m
    }
  }
  return
}
}
}

// -----

#c = #tile.layout<[64, 256], reg = [[0, 1], [8, 0], [0, 8], [0, 16], [0, 32], [0, 64], [0, 128]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[16, 0], [32, 0]]>
!m = tensor<64x256xf32, #c>
module {
module attributes {gsa.target = #gsa.target<"sm_90a">} {
func.func @too_many(%n: index) {
  %c0 = arith.constant 0 : index
  tile.roles warps [4, 4] {
  }, {
    %zero = arith.constant dense<0.0> : !m
    // expected-error @below {{a loop must carry at most 191 registers of a lane's 255, got 256: 128 for 'tensor<64x256xf32>' 128 for 'tensor<64x256xf32>'}}
    %0:3 = scf.while (%i = %c0, %k = %zero, %v = %zero) : (index, !m, !m) -> (index, !m, !m) {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i, %k, %v : index, !m, !m
    } do {
    ^bb0(%i: index, %k: !m, %v: !m):
      %j = arith.addi %i, %n : index
      scf.yield %j, %k, %v : index, !m, !m
    }
  }
  return
}
}
}

// -----

// The more threads a block has, the fewer registers each.
#c = #tile.layout<[64, 128], reg = [[0, 1], [8, 0], [0, 8], [0, 16], [0, 32], [0, 64]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[16, 0], [32, 0]]>
!m = tensor<64x128xf32, #c>
module {
module attributes {gsa.target = #gsa.target<"sm_90a">} {
func.func @many_threads(%n: index) {
  %c0 = arith.constant 0 : index
  tile.roles warps [12, 4] {
  }, {
    %zero = arith.constant dense<0.0> : !m
    // expected-error @below {{a loop must carry at most 64 registers of a lane's 128, got 128: 64 for}}
    %0:3 = scf.while (%i = %c0, %k = %zero, %v = %zero) : (index, !m, !m) -> (index, !m, !m) {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i, %k, %v : index, !m, !m
    } do {
    ^bb0(%i: index, %k: !m, %v: !m):
      %j = arith.addi %i, %n : index
      scf.yield %j, %k, %v : index, !m, !m
    }
  }
  return
}
}
}

// -----

// One role computes in the order of its ops. Broadcasts, and what is rounded for
// shared memory, take no registers of their own; a product adds to its sums.
#c = #tile.layout<[64, 128], reg = [[0, 1], [8, 0], [0, 8], [0, 16], [0, 32], [0, 64]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[16, 0], [32, 0]]>
#r = #tile.layout<[64], reg = [[8]], lane = [[0], [0], [1], [2], [4]], warp = [[16], [32]]>
!m = tensor<64x128xf32, #c>
module {
module attributes {gsa.target = #gsa.target<"sm_80">} {
func.func @alive(%n: index) {
  %c0 = arith.constant 0 : index
  tile.roles warps [4] {
    %zero = arith.constant dense<0.0> : !m
    %0:2 = scf.while (%i = %c0, %k = %zero) : (index, !m) -> (index, !m) {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i, %k : index, !m
    } do {
    ^bb0(%i: index, %k: !m):
      %x = math.exp2 %k : !m
      %sum = tile.reduce add %x along [1] : !m -> tensor<64xf32, #r>
      %all = tile.broadcast %sum along 1 : tensor<64xf32, #r> -> !m
      %y = arith.mulf %x, %all : !m
      %z = arith.addf %y, %k : !m
      %j = arith.addi %i, %n : index
      scf.yield %j, %z : index, !m
    }
    // expected-error @below {{tiles that a loop needs at once must take at most 217 of a lane's registers, got 256}}
    %1:2 = scf.while (%i = %c0, %k = %zero) : (index, !m) -> (index, !m) {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i, %k : index, !m
    } do {
    ^bb0(%i: index, %k: !m):
      %x = math.exp2 %k : !m
      %y = math.exp2 %x : !m
      %z = math.exp2 %y : !m
      %xy = arith.addf %x, %y : !m
      %zk = arith.addf %z, %k : !m
      %next = arith.addf %xy, %zk : !m
      %j = arith.addi %i, %n : index
      scf.yield %j, %next : index, !m
    }
  }
  return
}
}
}

// -----

// Several roles move what waits behind what need not, and have more room: 224
// registers of 243 here, and of 158 where twelve warps share them.
#c = #tile.layout<[64, 128], reg = [[0, 1], [8, 0], [0, 8], [0, 16], [0, 32], [0, 64]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[16, 0], [32, 0]]>
#h = #tile.layout<[64, 64], reg = [[0, 1], [8, 0], [0, 8], [0, 16], [0, 32]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[16, 0], [32, 0]]>
!m = tensor<64x128xf32, #c>
!h = tensor<64x64xf32, #h>
module {
module attributes {gsa.target = #gsa.target<"sm_80">} {
func.func @roles(%n: index) {
  %c0 = arith.constant 0 : index
  tile.roles warps [4, 4] {
    %zero = arith.constant dense<0.0> : !m
    %none = arith.constant dense<0.0> : !h
    %0:3 = scf.while (%i = %c0, %k = %zero, %g = %none) : (index, !m, !h) -> (index, !m, !h) {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i, %k, %g : index, !m, !h
    } do {
    ^bb0(%i: index, %k: !m, %g: !h):
      %x = math.exp2 %k : !m
      %y = math.exp2 %x : !m
      %xy = arith.addf %x, %y : !m
      %next = arith.addf %xy, %k : !m
      %g2 = math.exp2 %g : !h
      %j = arith.addi %i, %n : index
      scf.yield %j, %next, %g2 : index, !m, !h
    }
  }, {
  }
  return
}
func.func @many_roles(%n: index) {
  %c0 = arith.constant 0 : index
  tile.roles warps [4, 8] {
    %zero = arith.constant dense<0.0> : !m
    // expected-error @below {{tiles that a loop needs at once must take at most 158 of a lane's registers, got 192}}
    %0:2 = scf.while (%i = %c0, %k = %zero) : (index, !m) -> (index, !m) {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i, %k : index, !m
    } do {
    ^bb0(%i: index, %k: !m):
      %x = math.exp2 %k : !m
      %y = math.exp2 %x : !m
      %xy = arith.addf %x, %y : !m
      %next = arith.addf %xy, %k : !m
      %j = arith.addi %i, %n : index
      scf.yield %j, %next : index, !m
    }
  }, {
  }
  return
}
}
}
