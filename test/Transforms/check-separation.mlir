// RUN: gsa-opt %s --split-input-file --verify-diagnostics --gsa-check-separation

#regs = #tile.layout<[16, 8], reg = [[0, 1], [8, 0]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = []>

// Two slots and one barrier: written one iteration ahead.
func.func @ahead(%n: index, %x: tensor<16x8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = tile.ring : !tile.ring<2 x index>
  tile.roles warps [4, 4] {
    tile.barrier
    %0 = scf.while (%i = %c0) : (index) -> index {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i : index
    } do {
    ^bb0(%i: index):
      %v = tile.get %r[%i + 0] : !tile.ring<2 x index> -> index
      tile.barrier
      %j = arith.addi %i, %c1 : index
      scf.yield %j : index
    }
  }, {
    tile.put %n, %r[%c0 + 0] : index, !tile.ring<2 x index>
    tile.barrier
    %0 = scf.while (%i = %c0) : (index) -> index {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i : index
    } do {
    ^bb0(%i: index):
      tile.put %n, %r[%i + 1] : index, !tile.ring<2 x index>
      tile.barrier
      %j = arith.addi %i, %c1 : index
      scf.yield %j : index
    }
  }
  return
}

// -----

// One slot is too few: the next version may overwrite what is being read.
func.func @one_slot(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = tile.ring : !tile.ring<1 x index>
  tile.roles warps [4, 4] {
    tile.barrier
    %0 = scf.while (%i = %c0) : (index) -> index {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i : index
    } do {
    ^bb0(%i: index):
      // expected-note @below {{the other access}}
      %v = tile.get %r[%i + 0] : !tile.ring<1 x index> -> index
      tile.barrier
      %j = arith.addi %i, %c1 : index
      scf.yield %j : index
    }
  }, {
    tile.put %n, %r[%c0 + 0] : index, !tile.ring<1 x index>
    tile.barrier
    %0 = scf.while (%i = %c0) : (index) -> index {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i : index
    } do {
    ^bb0(%i: index):
      // expected-error @below {{'tile.put' op a slot must be read before it is reused, got tile.get of version 0 in epochs 1 to 1 and tile.put of version 1 in epochs 1 to 1}}
      tile.put %n, %r[%i + 1] : index, !tile.ring<1 x index>
      tile.barrier
      %j = arith.addi %i, %c1 : index
      scf.yield %j : index
    }
  }
  return
}

// -----

// Written in the iteration that reads it: the roles race.
func.func @too_late(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = tile.ring : !tile.ring<3 x index>
  tile.roles warps [4, 4] {
    %0 = scf.while (%i = %c0) : (index) -> index {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i : index
    } do {
    ^bb0(%i: index):
      // expected-error @below {{'tile.get' op a version must be written before it is read, got tile.put of version 0 in epochs 0 to 0 and tile.get of version 0 in epochs 0 to 0}}
      %v = tile.get %r[%i + 0] : !tile.ring<3 x index> -> index
      tile.barrier
      %j = arith.addi %i, %c1 : index
      scf.yield %j : index
    }
  }, {
    %0 = scf.while (%i = %c0) : (index) -> index {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i : index
    } do {
    ^bb0(%i: index):
      // expected-note @below {{the other access}}
      tile.put %n, %r[%i + 0] : index, !tile.ring<3 x index>
      tile.barrier
      %j = arith.addi %i, %c1 : index
      scf.yield %j : index
    }
  }
  return
}

// -----

func.func @never_written(%n: index) {
  %c0 = arith.constant 0 : index
  %r = tile.ring : !tile.ring<2 x index>
  tile.roles warps [4] {
    // expected-error @below {{'tile.get' op a version must be written before it is read, got no write of version 0}}
    %v = tile.get %r[%c0 + 0] : !tile.ring<2 x index> -> index
  }
  return
}

// -----

// A fetch runs until its role waits; a barrier alone does not end it.
func.func @not_landed(%m: memref<16x8xf32>) {
  %c0 = arith.constant 0 : index
  %r = tile.ring : !tile.ring<2 x tensor<16x8xf32>>
  tile.roles warps [4] {
    // expected-note @below {{the other access}}
    tile.fetch %m[%c0, %c0] dims [0, 1] into %r[%c0 + 0] : memref<16x8xf32>, !tile.ring<2 x tensor<16x8xf32>>
    tile.barrier
    // expected-error @below {{'tile.get' op a version must be written before it is read, got tile.fetch of version 0 in epochs 0 to 1 and tile.get of version 0 in epochs 1 to 1}}
    %v = tile.get %r[%c0 + 0] : !tile.ring<2 x tensor<16x8xf32>> -> tensor<16x8xf32>
    tile.wait_fetches
  }
  return
}

// -----

func.func @never_landed(%m: memref<16x8xf32>) {
  %c0 = arith.constant 0 : index
  %r = tile.ring : !tile.ring<2 x tensor<16x8xf32>>
  tile.roles warps [4] {
    // expected-error @below {{'tile.fetch' op a fetch must be waited for in its role, got none}}
    tile.fetch %m[%c0, %c0] dims [0, 1] into %r[%c0 + 0] : memref<16x8xf32>, !tile.ring<2 x tensor<16x8xf32>>
  }
  return
}

// -----

// What a running product reads in place is read until the wait.
func.func @running_product(%x: tensor<16x16xbf16>, %z: tensor<16x16xf32>) {
  %c0 = arith.constant 0 : index
  %r = tile.ring : !tile.ring<1 x tensor<16x16xbf16>>
  tile.roles warps [4] {
    %a = arith.constant dense<1.0> : tensor<16x16xbf16>
    %acc = arith.constant dense<0.0> : tensor<16x16xf32>
    tile.put %a, %r[%c0 + 0] : tensor<16x16xbf16>, !tile.ring<1 x tensor<16x16xbf16>>
    tile.barrier
    // expected-note @below {{the other access}}
    %v = tile.get %r[%c0 + 0] : !tile.ring<1 x tensor<16x16xbf16>> -> tensor<16x16xbf16>
    %p = tile.mma %a, %v, %acc : tensor<16x16xbf16>, tensor<16x16xbf16>, tensor<16x16xf32>
    tile.barrier
    // expected-error @below {{'tile.put' op a slot must be read before it is reused, got tile.get of version 0 in epochs 1 to 2 and tile.put of version 1 in epochs 2 to 2}}
    tile.put %a, %r[%c0 + 1] : tensor<16x16xbf16>, !tile.ring<1 x tensor<16x16xbf16>>
    %s = tile.wait %p : tensor<16x16xf32>
  }
  return
}

// -----

// In one role, lanes that read what they wrote themselves need no barrier.
#regs = #tile.layout<[16, 8], reg = [[0, 1], [8, 0]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = []>
func.func @own_lane() {
  %c0 = arith.constant 0 : index
  %r = tile.ring : !tile.ring<1 x tensor<16x8xf32>>
  tile.roles warps [1] {
    %x = arith.constant dense<1.0> : tensor<16x8xf32, #regs>
    tile.put %x, %r[%c0 + 0] : tensor<16x8xf32, #regs>, !tile.ring<1 x tensor<16x8xf32>>
    %v = tile.get %r[%c0 + 0] : !tile.ring<1 x tensor<16x8xf32>> -> tensor<16x8xf32, #regs>
  }
  return
}

// -----

func.func @uncounted(%i: index) {
  %r = tile.ring : !tile.ring<1 x index>
  tile.roles warps [1] {
    // expected-error @below {{'tile.put' op a version must be counted by its loop or be constant, got something else}}
    tile.put %i, %r[%i + 0] : index, !tile.ring<1 x index>
  }
  return
}

// -----

// One slot is enough for what its own role fetches once it has waited for those
// who read it: it meets before.
func.func @fetched_behind(%n: index, %a: memref<64x64xbf16>, %z: tensor<64x64xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = tile.ring : !tile.ring<1 x tensor<64x64xbf16>>
  tile.roles warps [4, 4] {
    tile.fetch %a[%c0, %c0] dims [0, 1] into %r[%c0 + 0] : memref<64x64xbf16>, !tile.ring<1 x tensor<64x64xbf16>>
    tile.wait_fetches
    tile.barrier
    %zero = arith.constant dense<0.0> : tensor<64x64xf32>
    %0 = scf.while (%i = %c0) : (index) -> index {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i : index
    } do {
    ^bb0(%i: index):
      %q = tile.get %r[%i + 0] : !tile.ring<1 x tensor<64x64xbf16>> -> tensor<64x64xbf16>
      %p = tile.mma %q, %q, %zero : tensor<64x64xbf16>, tensor<64x64xbf16>, tensor<64x64xf32>
      %w = tile.wait %p : tensor<64x64xf32>
      tile.fetch %a[%c0, %c0] dims [0, 1] into %r[%i + 1] : memref<64x64xbf16>, !tile.ring<1 x tensor<64x64xbf16>>
      tile.wait_fetches
      tile.barrier
      %j = arith.addi %i, %c1 : index
      scf.yield %j : index
    }
  }, {
    tile.barrier
    %0 = scf.while (%i = %c0) : (index) -> index {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i : index
    } do {
    ^bb0(%i: index):
      tile.barrier
      %j = arith.addi %i, %c1 : index
      scf.yield %j : index
    }
  }
  return
}

// -----

// Fetched while the product still reads.
func.func @fetched_too_early(%n: index, %a: memref<64x64xbf16>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = tile.ring : !tile.ring<1 x tensor<64x64xbf16>>
  tile.roles warps [4] {
    tile.fetch %a[%c0, %c0] dims [0, 1] into %r[%c0 + 0] : memref<64x64xbf16>, !tile.ring<1 x tensor<64x64xbf16>>
    tile.wait_fetches
    tile.barrier
    %zero = arith.constant dense<0.0> : tensor<64x64xf32>
    %0 = scf.while (%i = %c0) : (index) -> index {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i : index
    } do {
    ^bb0(%i: index):
      // expected-note @below {{the other access}}
      %q = tile.get %r[%i + 0] : !tile.ring<1 x tensor<64x64xbf16>> -> tensor<64x64xbf16>
      %p = tile.mma %q, %q, %zero : tensor<64x64xbf16>, tensor<64x64xbf16>, tensor<64x64xf32>
      // expected-error @below {{a slot must be read before it is reused, got tile.get of version 0 in epochs 1 to 1 and tile.fetch of version 1 in epochs 1 to 1}}
      tile.fetch %a[%c0, %c0] dims [0, 1] into %r[%i + 1] : memref<64x64xbf16>, !tile.ring<1 x tensor<64x64xbf16>>
      %w = tile.wait %p : tensor<64x64xf32>
      tile.wait_fetches
      tile.barrier
      %j = arith.addi %i, %c1 : index
      scf.yield %j : index
    }
  }
  return
}

// -----

// Parts are sent when the rows made of those before are received; the role that
// makes them meets nobody, and reads what was put before the parts.
func.func @sent(%n: index, %m: memref<16x8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %p = tile.ring : !tile.ring<1 x tensor<16x8xf32>>
  %r = tile.ring : !tile.ring<2 x tensor<16x8xf32>>
  %e = tile.ring : !tile.ring<3 x tensor<16x8xf32>>
  tile.roles warps [4, 4, 4] {
    %x = tile.load %m[%c0, %c0] dims [0, 1] : memref<16x8xf32> -> tensor<16x8xf32>
    tile.barrier
    tile.send_parts %x to %p[%c0 + 0] over 4 : tensor<16x8xf32>, !tile.ring<1 x tensor<16x8xf32>>
    tile.barrier
    %0 = scf.while (%i = %c0) : (index) -> index {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i : index
    } do {
    ^bb0(%i: index):
      %y1 = tile.receive %r[%i + 0] : !tile.ring<2 x tensor<16x8xf32>> -> tensor<16x8xf32>
      tile.send_parts %x to %p[%i + 1] over 4 : tensor<16x8xf32>, !tile.ring<1 x tensor<16x8xf32>>
      tile.barrier
      %j = arith.addi %i, %c1 : index
      scf.yield %j : index
    }
    %y2 = tile.receive %r[%0 + 0] : !tile.ring<2 x tensor<16x8xf32>> -> tensor<16x8xf32>
  }, {
    %s = tile.receive_sums %p[%c0 + 0] : !tile.ring<1 x tensor<16x8xf32>> -> tensor<16x8xf32>
    %f = tile.get %e[%c0 + 0] : !tile.ring<3 x tensor<16x8xf32>> -> tensor<16x8xf32>
    %w = arith.mulf %s, %f : tensor<16x8xf32>
    tile.send %w to %r[%c0 + 0] over 4 : tensor<16x8xf32>, !tile.ring<2 x tensor<16x8xf32>>
    %0 = scf.while (%i = %c0) : (index) -> index {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i : index
    } do {
    ^bb0(%i: index):
      %t = tile.receive_sums %p[%i + 1] : !tile.ring<1 x tensor<16x8xf32>> -> tensor<16x8xf32>
      %h = tile.get %e[%i + 1] : !tile.ring<3 x tensor<16x8xf32>> -> tensor<16x8xf32>
      %u = arith.mulf %t, %h : tensor<16x8xf32>
      tile.send %u to %r[%i + 1] over 4 : tensor<16x8xf32>, !tile.ring<2 x tensor<16x8xf32>>
      %j = arith.addi %i, %c1 : index
      scf.yield %j : index
    }
  }, {
    %x = tile.load %m[%c0, %c0] dims [0, 1] : memref<16x8xf32> -> tensor<16x8xf32>
    tile.put %x, %e[%c0 + 0] : tensor<16x8xf32>, !tile.ring<3 x tensor<16x8xf32>>
    tile.barrier
    tile.put %x, %e[%c0 + 1] : tensor<16x8xf32>, !tile.ring<3 x tensor<16x8xf32>>
    tile.barrier
    %0 = scf.while (%i = %c0) : (index) -> index {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i : index
    } do {
    ^bb0(%i: index):
      tile.put %x, %e[%i + 2] : tensor<16x8xf32>, !tile.ring<3 x tensor<16x8xf32>>
      tile.barrier
      %j = arith.addi %i, %c1 : index
      scf.yield %j : index
    }
  }
  return
}

// -----

// It reads on while the others have met once more: two slots are too few.
func.func @read_too_late(%n: index, %m: memref<16x8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %p = tile.ring : !tile.ring<1 x tensor<16x8xf32>>
  %r = tile.ring : !tile.ring<2 x tensor<16x8xf32>>
  %e = tile.ring : !tile.ring<2 x tensor<16x8xf32>>
  tile.roles warps [4, 4, 4] {
    %x = tile.load %m[%c0, %c0] dims [0, 1] : memref<16x8xf32> -> tensor<16x8xf32>
    tile.barrier
    tile.send_parts %x to %p[%c0 + 0] over 4 : tensor<16x8xf32>, !tile.ring<1 x tensor<16x8xf32>>
    tile.barrier
    %0 = scf.while (%i = %c0) : (index) -> index {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i : index
    } do {
    ^bb0(%i: index):
      %y3 = tile.receive %r[%i + 0] : !tile.ring<2 x tensor<16x8xf32>> -> tensor<16x8xf32>
      tile.send_parts %x to %p[%i + 1] over 4 : tensor<16x8xf32>, !tile.ring<1 x tensor<16x8xf32>>
      tile.barrier
      %j = arith.addi %i, %c1 : index
      scf.yield %j : index
    }
    %y4 = tile.receive %r[%0 + 0] : !tile.ring<2 x tensor<16x8xf32>> -> tensor<16x8xf32>
  }, {
    %s = tile.receive_sums %p[%c0 + 0] : !tile.ring<1 x tensor<16x8xf32>> -> tensor<16x8xf32>
    // expected-note @below {{the other access}}
    %f = tile.get %e[%c0 + 0] : !tile.ring<2 x tensor<16x8xf32>> -> tensor<16x8xf32>
    %w = arith.mulf %s, %f : tensor<16x8xf32>
    tile.send %w to %r[%c0 + 0] over 4 : tensor<16x8xf32>, !tile.ring<2 x tensor<16x8xf32>>
    %0 = scf.while (%i = %c0) : (index) -> index {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i : index
    } do {
    ^bb0(%i: index):
      %t = tile.receive_sums %p[%i + 1] : !tile.ring<1 x tensor<16x8xf32>> -> tensor<16x8xf32>
      %h = tile.get %e[%i + 1] : !tile.ring<2 x tensor<16x8xf32>> -> tensor<16x8xf32>
      %u = arith.mulf %t, %h : tensor<16x8xf32>
      tile.send %u to %r[%i + 1] over 4 : tensor<16x8xf32>, !tile.ring<2 x tensor<16x8xf32>>
      %j = arith.addi %i, %c1 : index
      scf.yield %j : index
    }
  }, {
    %x = tile.load %m[%c0, %c0] dims [0, 1] : memref<16x8xf32> -> tensor<16x8xf32>
    tile.put %x, %e[%c0 + 0] : tensor<16x8xf32>, !tile.ring<2 x tensor<16x8xf32>>
    tile.barrier
    tile.put %x, %e[%c0 + 1] : tensor<16x8xf32>, !tile.ring<2 x tensor<16x8xf32>>
    tile.barrier
    %0 = scf.while (%i = %c0) : (index) -> index {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i : index
    } do {
    ^bb0(%i: index):
      // expected-error @below {{'tile.put' op a slot must be read before it is reused, got tile.get of version 0 in epochs 1 to 2 and tile.put of version 2 in epochs 2 to 2}}
      tile.put %x, %e[%i + 2] : tensor<16x8xf32>, !tile.ring<2 x tensor<16x8xf32>>
      tile.barrier
      %j = arith.addi %i, %c1 : index
      scf.yield %j : index
    }
  }
  return
}

// -----

func.func @read_too_early(%n: index, %m: memref<16x8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %p = tile.ring : !tile.ring<1 x tensor<16x8xf32>>
  %r = tile.ring : !tile.ring<2 x tensor<16x8xf32>>
  %e = tile.ring : !tile.ring<3 x tensor<16x8xf32>>
  tile.roles warps [4, 4, 4] {
    %x = tile.load %m[%c0, %c0] dims [0, 1] : memref<16x8xf32> -> tensor<16x8xf32>
    tile.barrier
    tile.send_parts %x to %p[%c0 + 0] over 4 : tensor<16x8xf32>, !tile.ring<1 x tensor<16x8xf32>>
    tile.barrier
    %y5 = tile.receive %r[%c0 + 0] : !tile.ring<2 x tensor<16x8xf32>> -> tensor<16x8xf32>
  }, {
    // expected-error @below {{'tile.get' op a role that never meets must only read rings, between what it receives and what it sends}}
    %f = tile.get %e[%c0 + 0] : !tile.ring<3 x tensor<16x8xf32>> -> tensor<16x8xf32>
    %s = tile.receive_sums %p[%c0 + 0] : !tile.ring<1 x tensor<16x8xf32>> -> tensor<16x8xf32>
    tile.send %s to %r[%c0 + 0] over 4 : tensor<16x8xf32>, !tile.ring<2 x tensor<16x8xf32>>
  }, {
    %x = tile.load %m[%c0, %c0] dims [0, 1] : memref<16x8xf32> -> tensor<16x8xf32>
    tile.put %x, %e[%c0 + 0] : tensor<16x8xf32>, !tile.ring<3 x tensor<16x8xf32>>
    tile.barrier
    tile.barrier
  }
  return
}

// -----

func.func @weigher_puts(%n: index, %m: memref<16x8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %p = tile.ring : !tile.ring<1 x tensor<16x8xf32>>
  %r = tile.ring : !tile.ring<2 x tensor<16x8xf32>>
  %e = tile.ring : !tile.ring<3 x tensor<16x8xf32>>
  tile.roles warps [4, 4, 4] {
    %x = tile.load %m[%c0, %c0] dims [0, 1] : memref<16x8xf32> -> tensor<16x8xf32>
    tile.barrier
    tile.send_parts %x to %p[%c0 + 0] over 4 : tensor<16x8xf32>, !tile.ring<1 x tensor<16x8xf32>>
    tile.barrier
    %y6 = tile.receive %r[%c0 + 0] : !tile.ring<2 x tensor<16x8xf32>> -> tensor<16x8xf32>
  }, {
    %s = tile.receive_sums %p[%c0 + 0] : !tile.ring<1 x tensor<16x8xf32>> -> tensor<16x8xf32>
    // expected-error @below {{'tile.put' op a role that never meets must only read rings, between what it receives and what it sends}}
    tile.put %s, %e[%c0 + 0] : tensor<16x8xf32>, !tile.ring<3 x tensor<16x8xf32>>
    tile.send %s to %r[%c0 + 0] over 4 : tensor<16x8xf32>, !tile.ring<2 x tensor<16x8xf32>>
  }, {
    tile.barrier
    %f = tile.get %e[%c0 + 0] : !tile.ring<3 x tensor<16x8xf32>> -> tensor<16x8xf32>
    tile.barrier
  }
  return
}

// -----

// Parts come while others may still read those before.
func.func @parts_before_rows(%n: index, %m: memref<16x8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %p = tile.ring : !tile.ring<1 x tensor<16x8xf32>>
  %r = tile.ring : !tile.ring<2 x tensor<16x8xf32>>
  tile.roles warps [4, 4] {
    %x = tile.load %m[%c0, %c0] dims [0, 1] : memref<16x8xf32> -> tensor<16x8xf32>
    tile.send_parts %x to %p[%c0 + 0] over 4 : tensor<16x8xf32>, !tile.ring<1 x tensor<16x8xf32>>
    tile.barrier
    // expected-error @below {{'tile.send_parts' op all blocks must have read the parts before, got no tile.receive of version 0 before version 1 is sent}}
    tile.send_parts %x to %p[%c0 + 1] over 4 : tensor<16x8xf32>, !tile.ring<1 x tensor<16x8xf32>>
    %y9 = tile.receive %r[%c0 + 0] : !tile.ring<2 x tensor<16x8xf32>> -> tensor<16x8xf32>
    tile.barrier
    %y10 = tile.receive %r[%c0 + 1] : !tile.ring<2 x tensor<16x8xf32>> -> tensor<16x8xf32>
  }, {
    %s = tile.receive_sums %p[%c0 + 0] : !tile.ring<1 x tensor<16x8xf32>> -> tensor<16x8xf32>
    tile.send %s to %r[%c0 + 0] over 4 : tensor<16x8xf32>, !tile.ring<2 x tensor<16x8xf32>>
    %t = tile.receive_sums %p[%c0 + 1] : !tile.ring<1 x tensor<16x8xf32>> -> tensor<16x8xf32>
    tile.send %t to %r[%c0 + 1] over 4 : tensor<16x8xf32>, !tile.ring<2 x tensor<16x8xf32>>
  }
  return
}

// -----

// Nobody knows that the first parts were read.
func.func @rows_not_sent(%n: index, %m: memref<16x8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %p = tile.ring : !tile.ring<1 x tensor<16x8xf32>>
  %r = tile.ring : !tile.ring<2 x tensor<16x8xf32>>
  tile.roles warps [4, 4] {
    %x = tile.load %m[%c0, %c0] dims [0, 1] : memref<16x8xf32> -> tensor<16x8xf32>
    tile.send_parts %x to %p[%c0 + 0] over 4 : tensor<16x8xf32>, !tile.ring<1 x tensor<16x8xf32>>
    tile.barrier
    %y7 = tile.receive %r[%c0 + 0] : !tile.ring<2 x tensor<16x8xf32>> -> tensor<16x8xf32>
    tile.send_parts %x to %p[%c0 + 1] over 4 : tensor<16x8xf32>, !tile.ring<1 x tensor<16x8xf32>>
    tile.barrier
    %y8 = tile.receive %r[%c0 + 1] : !tile.ring<2 x tensor<16x8xf32>> -> tensor<16x8xf32>
  }, {
    // expected-error @below {{'tile.receive_sums' op rows must be sent of sums before the next are received, got none of version 0}}
    %s = tile.receive_sums %p[%c0 + 0] : !tile.ring<1 x tensor<16x8xf32>> -> tensor<16x8xf32>
    %t = tile.receive_sums %p[%c0 + 1] : !tile.ring<1 x tensor<16x8xf32>> -> tensor<16x8xf32>
    tile.send %s to %r[%c0 + 0] over 4 : tensor<16x8xf32>, !tile.ring<2 x tensor<16x8xf32>>
    tile.send %t to %r[%c0 + 1] over 4 : tensor<16x8xf32>, !tile.ring<2 x tensor<16x8xf32>>
  }
  return
}

// -----

// One slot is too few: others may send to it while it is being read.
func.func @sent_too_early(%n: index, %m: memref<16x8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %p = tile.ring : !tile.ring<1 x tensor<16x8xf32>>
  %r = tile.ring : !tile.ring<1 x tensor<16x8xf32>>
  tile.roles warps [4, 4] {
    %x = tile.load %m[%c0, %c0] dims [0, 1] : memref<16x8xf32> -> tensor<16x8xf32>
    tile.send_parts %x to %p[%c0 + 0] over 4 : tensor<16x8xf32>, !tile.ring<1 x tensor<16x8xf32>>
    tile.barrier
    %y11 = tile.receive %r[%c0 + 0] : !tile.ring<1 x tensor<16x8xf32>> -> tensor<16x8xf32>
    // expected-error @below {{'tile.send_parts' op a slot must be received an epoch before parts of what is sent to it next, got version 0 in epoch 1 and the parts of version 1 in epoch 1}}
    tile.send_parts %x to %p[%c0 + 1] over 4 : tensor<16x8xf32>, !tile.ring<1 x tensor<16x8xf32>>
    tile.barrier
    %y12 = tile.receive %r[%c0 + 1] : !tile.ring<1 x tensor<16x8xf32>> -> tensor<16x8xf32>
  }, {
    %s = tile.receive_sums %p[%c0 + 0] : !tile.ring<1 x tensor<16x8xf32>> -> tensor<16x8xf32>
    tile.send %s to %r[%c0 + 0] over 4 : tensor<16x8xf32>, !tile.ring<1 x tensor<16x8xf32>>
    %t = tile.receive_sums %p[%c0 + 1] : !tile.ring<1 x tensor<16x8xf32>> -> tensor<16x8xf32>
    tile.send %t to %r[%c0 + 1] over 4 : tensor<16x8xf32>, !tile.ring<1 x tensor<16x8xf32>>
  }
  return
}

// -----

// The last version, too, arrives somewhere.
func.func @last_not_received(%n: index, %m: memref<16x8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %p = tile.ring : !tile.ring<1 x tensor<16x8xf32>>
  %r = tile.ring : !tile.ring<2 x tensor<16x8xf32>>
  tile.roles warps [4, 4] {
    %x = tile.load %m[%c0, %c0] dims [0, 1] : memref<16x8xf32> -> tensor<16x8xf32>
    tile.send_parts %x to %p[%c0 + 0] over 4 : tensor<16x8xf32>, !tile.ring<1 x tensor<16x8xf32>>
    tile.barrier
    %y13 = tile.receive %r[%c0 + 0] : !tile.ring<2 x tensor<16x8xf32>> -> tensor<16x8xf32>
    tile.send_parts %x to %p[%c0 + 1] over 4 : tensor<16x8xf32>, !tile.ring<1 x tensor<16x8xf32>>
    tile.barrier
  }, {
    %s = tile.receive_sums %p[%c0 + 0] : !tile.ring<1 x tensor<16x8xf32>> -> tensor<16x8xf32>
    // expected-error @below {{'tile.send' op all that is sent must be received, got 1 of 2 versions}}
    tile.send %s to %r[%c0 + 0] over 4 : tensor<16x8xf32>, !tile.ring<2 x tensor<16x8xf32>>
    %t = tile.receive_sums %p[%c0 + 1] : !tile.ring<1 x tensor<16x8xf32>> -> tensor<16x8xf32>
    tile.send %t to %r[%c0 + 1] over 4 : tensor<16x8xf32>, !tile.ring<2 x tensor<16x8xf32>>
  }
  return
}

// -----

func.func @never_received(%n: index, %m: memref<16x8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %p = tile.ring : !tile.ring<1 x tensor<16x8xf32>>
  %r = tile.ring : !tile.ring<2 x tensor<16x8xf32>>
  tile.roles warps [4, 4] {
    %x = tile.load %m[%c0, %c0] dims [0, 1] : memref<16x8xf32> -> tensor<16x8xf32>
    // expected-error @below {{'tile.send_parts' op all that is sent must be received, got 0 of 1 versions}}
    tile.send_parts %x to %p[%c0 + 0] over 4 : tensor<16x8xf32>, !tile.ring<1 x tensor<16x8xf32>>
  }, {
  }
  return
}

// -----

func.func @never_sent(%n: index, %m: memref<16x8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %p = tile.ring : !tile.ring<1 x tensor<16x8xf32>>
  %r = tile.ring : !tile.ring<2 x tensor<16x8xf32>>
  tile.roles warps [4, 4] {
  }, {
    // expected-error @below {{'tile.receive' op all that is sent must be received, got 1 of 0 versions}}
    %y14 = tile.receive %r[%c0 + 0] : !tile.ring<2 x tensor<16x8xf32>> -> tensor<16x8xf32>
  }
  return
}

// -----

func.func @received_twice(%n: index, %m: memref<16x8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %p = tile.ring : !tile.ring<1 x tensor<16x8xf32>>
  %r = tile.ring : !tile.ring<2 x tensor<16x8xf32>>
  tile.roles warps [4, 4, 4] {
    %x = tile.load %m[%c0, %c0] dims [0, 1] : memref<16x8xf32> -> tensor<16x8xf32>
    tile.send_parts %x to %p[%c0 + 0] over 4 : tensor<16x8xf32>, !tile.ring<1 x tensor<16x8xf32>>
  }, {
    %s = tile.receive_sums %p[%c0 + 0] : !tile.ring<1 x tensor<16x8xf32>> -> tensor<16x8xf32>
    tile.send %s to %r[%c0 + 0] over 4 : tensor<16x8xf32>, !tile.ring<2 x tensor<16x8xf32>>
  }, {
    // expected-error @below {{'tile.receive_sums' op versions must be sent by one role, and received by one, in turn, got version 0 for 1}}
    %s = tile.receive_sums %p[%c0 + 0] : !tile.ring<1 x tensor<16x8xf32>> -> tensor<16x8xf32>
  }
  return
}

// -----

// Nothing would tell that a slot is free.
func.func @rows_of_no_sums(%n: index, %m: memref<16x8xf32>) {
  %c0 = arith.constant 0 : index
  %r = tile.ring : !tile.ring<2 x tensor<16x8xf32>>
  tile.roles warps [4, 4] {
    %x = tile.load %m[%c0, %c0] dims [0, 1] : memref<16x8xf32> -> tensor<16x8xf32>
    // expected-error @below {{'tile.send' op rows must be sent of sums of their own, got no tile.receive_sums for version 0}}
    tile.send %x to %r[%c0 + 0] over 4 : tensor<16x8xf32>, !tile.ring<2 x tensor<16x8xf32>>
    tile.barrier
  }, {
    tile.barrier
    %y = tile.receive %r[%c0 + 0] : !tile.ring<2 x tensor<16x8xf32>> -> tensor<16x8xf32>
  }
  return
}

// -----

func.func @parts_as_rows(%n: index, %m: memref<16x8xf32>) {
  %c0 = arith.constant 0 : index
  %p = tile.ring : !tile.ring<1 x tensor<16x8xf32>>
  tile.roles warps [4, 4] {
    %x = tile.load %m[%c0, %c0] dims [0, 1] : memref<16x8xf32> -> tensor<16x8xf32>
    tile.send_parts %x to %p[%c0 + 0] over 4 : tensor<16x8xf32>, !tile.ring<1 x tensor<16x8xf32>>
  }, {
    // expected-error @below {{'tile.receive' op parts must be received as sums and rows as rows, got tile.send_parts for the same ring}}
    %y = tile.receive %p[%c0 + 0] : !tile.ring<1 x tensor<16x8xf32>> -> tensor<16x8xf32>
  }
  return
}

// -----

func.func @not_answered(%m: memref<16x8xf32>) {
  %c0 = arith.constant 0 : index
  tile.roles warps [4] {
    %x = tile.load %m[%c0, %c0] dims [0, 1] : memref<16x8xf32> -> tensor<16x8xf32>
    // expected-error @below {{'tile.exchange' op what becomes of sums must be gathered, so that other blocks know that their parts were read, got no tile.gather}}
    %parts = tile.exchange %x over 4 : tensor<16x8xf32> -> tensor<16x8xf32>
    tile.store %parts, %m[%c0, %c0] dims [0, 1] : tensor<16x8xf32>, memref<16x8xf32>
  }
  return
}

// -----

#regs = #tile.layout<[16, 8], reg = [[0, 1], [8, 0]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = []>

// In place: a role reads what it fetched once it has landed for all its warps,
// and each lane writes what it read itself.
func.func @mapped(%n: index, %m: memref<64x16x8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = tile.ring : !tile.ring<2 x tensor<16x8xf32>>
  tile.roles warps [4, 4] {
    tile.barrier
    %0 = scf.while (%i = %c0) : (index) -> index {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i : index
    } do {
    ^bb0(%i: index):
      %v = tile.get %r[%i + 0] : !tile.ring<2 x tensor<16x8xf32>> -> tensor<16x8xf32, #regs>
      tile.barrier
      %j = arith.addi %i, %c1 : index
      scf.yield %j : index
    }
  }, {
    tile.fetch %m[%c0, %c0, %c0] dims [1, 2] into %r[%c0 + 0] : memref<64x16x8xf32>, !tile.ring<2 x tensor<16x8xf32>>
    tile.wait_fetches
    tile.barrier
    tile.fetch %m[%c1, %c0, %c0] dims [1, 2] into %r[%c0 + 1] : memref<64x16x8xf32>, !tile.ring<2 x tensor<16x8xf32>>
    %0 = scf.while (%i = %c0) : (index) -> index {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i : index
    } do {
    ^bb0(%i: index):
      tile.wait_fetches together
      %v = tile.get %r[%i + 1] : !tile.ring<2 x tensor<16x8xf32>> -> tensor<16x8xf32, #regs>
      tile.put %v, %r[%i + 1] : tensor<16x8xf32, #regs>, !tile.ring<2 x tensor<16x8xf32>>
      tile.barrier
      %k = arith.addi %i, %c1 : index
      tile.fetch %m[%k, %c0, %c0] dims [1, 2] into %r[%i + 2] : memref<64x16x8xf32>, !tile.ring<2 x tensor<16x8xf32>>
      %j = arith.addi %i, %c1 : index
      scf.yield %j : index
    }
    tile.wait_fetches
  }
  return
}

// -----

#regs = #tile.layout<[16, 8], reg = [[0, 1], [8, 0]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = []>

// It has landed for the warp that asked, and not for the others.
func.func @mapped_alone(%n: index, %m: memref<64x16x8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = tile.ring : !tile.ring<2 x tensor<16x8xf32>>
  tile.roles warps [4, 4] {
    tile.barrier
    %0 = scf.while (%i = %c0) : (index) -> index {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i : index
    } do {
    ^bb0(%i: index):
      %v = tile.get %r[%i + 0] : !tile.ring<2 x tensor<16x8xf32>> -> tensor<16x8xf32, #regs>
      tile.barrier
      %j = arith.addi %i, %c1 : index
      scf.yield %j : index
    }
  }, {
    tile.fetch %m[%c0, %c0, %c0] dims [1, 2] into %r[%c0 + 0] : memref<64x16x8xf32>, !tile.ring<2 x tensor<16x8xf32>>
    tile.wait_fetches
    tile.barrier
    // expected-note @below {{the other access}}
    tile.fetch %m[%c1, %c0, %c0] dims [1, 2] into %r[%c0 + 1] : memref<64x16x8xf32>, !tile.ring<2 x tensor<16x8xf32>>
    %0 = scf.while (%i = %c0) : (index) -> index {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i : index
    } do {
    ^bb0(%i: index):
      tile.wait_fetches
      // expected-error @below {{'tile.get' op a version must be written before it is read, got tile.fetch of version 1 in epochs 1 to 1 and tile.get of version 1 in epochs 1 to 1}}
      %v = tile.get %r[%i + 1] : !tile.ring<2 x tensor<16x8xf32>> -> tensor<16x8xf32, #regs>
      tile.put %v, %r[%i + 1] : tensor<16x8xf32, #regs>, !tile.ring<2 x tensor<16x8xf32>>
      tile.barrier
      %k = arith.addi %i, %c1 : index
      tile.fetch %m[%k, %c0, %c0] dims [1, 2] into %r[%i + 2] : memref<64x16x8xf32>, !tile.ring<2 x tensor<16x8xf32>>
      %j = arith.addi %i, %c1 : index
      scf.yield %j : index
    }
    tile.wait_fetches
  }
  return
}

// -----

#regs = #tile.layout<[16, 8], reg = [[0, 1], [8, 0]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = []>
#other = #tile.layout<[16, 8], reg = [[0, 1], [8, 0]], lane = [[1, 0], [2, 0], [4, 0], [0, 2], [0, 4]], warp = []>

// Other lanes may not have read what a lane writes.
func.func @mapped_elsewhere(%n: index, %m: memref<64x16x8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = tile.ring : !tile.ring<2 x tensor<16x8xf32>>
  tile.roles warps [4, 4] {
    tile.barrier
    %0 = scf.while (%i = %c0) : (index) -> index {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i : index
    } do {
    ^bb0(%i: index):
      %v = tile.get %r[%i + 0] : !tile.ring<2 x tensor<16x8xf32>> -> tensor<16x8xf32, #regs>
      tile.barrier
      %j = arith.addi %i, %c1 : index
      scf.yield %j : index
    }
  }, {
    tile.fetch %m[%c0, %c0, %c0] dims [1, 2] into %r[%c0 + 0] : memref<64x16x8xf32>, !tile.ring<2 x tensor<16x8xf32>>
    tile.wait_fetches
    tile.barrier
    tile.fetch %m[%c1, %c0, %c0] dims [1, 2] into %r[%c0 + 1] : memref<64x16x8xf32>, !tile.ring<2 x tensor<16x8xf32>>
    %0 = scf.while (%i = %c0) : (index) -> index {
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i : index
    } do {
    ^bb0(%i: index):
      tile.wait_fetches together
      // expected-error @below {{'tile.get' op a version must be written before it is read, got tile.put of version 1 in epochs 1 to 1 and tile.get of version 1 in epochs 1 to 1}}
      %v = tile.get %r[%i + 1] : !tile.ring<2 x tensor<16x8xf32>> -> tensor<16x8xf32, #regs>
      %w = tile.convert %v : tensor<16x8xf32, #regs> -> tensor<16x8xf32, #other>
      // expected-note @below {{the other access}}
      tile.put %w, %r[%i + 1] : tensor<16x8xf32, #other>, !tile.ring<2 x tensor<16x8xf32>>
      tile.barrier
      %k = arith.addi %i, %c1 : index
      tile.fetch %m[%k, %c0, %c0] dims [1, 2] into %r[%i + 2] : memref<64x16x8xf32>, !tile.ring<2 x tensor<16x8xf32>>
      %j = arith.addi %i, %c1 : index
      scf.yield %j : index
    }
    tile.wait_fetches
  }
  return
}
