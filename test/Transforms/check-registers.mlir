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
