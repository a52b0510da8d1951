// RUN: gsa-opt %s --split-input-file --verify-diagnostics

func.func @load_1(%m: memref<8x8xf32>, %i: index) {
  // expected-error @below {{'tile.load' op must have one index for each of the memory's 2 dimensions, got 1 [load-1]}}
  %x = tile.load %m[%i] dims [1] : memref<8x8xf32> -> tensor<8xf32>
  return
}

// -----

func.func @load_2(%m: memref<8x8xf32>, %i: index) {
  // expected-error @below {{'tile.load' op must name one memory dimension for each of the tile's 2 dimensions, got 1 [load-2]}}
  %x = tile.load %m[%i, %i] dims [1] : memref<8x8xf32> -> tensor<8x8xf32>
  return
}

// -----

func.func @load_3(%m: memref<8x8xf32>, %i: index) {
  // expected-error @below {{'tile.load' op must name memory dimensions in increasing order below 2, got 0 at 1 [load-3]}}
  %x = tile.load %m[%i, %i] dims [1, 0] : memref<8x8xf32> -> tensor<8x8xf32>
  return
}

// -----

func.func @load_3_range(%m: memref<8x8xf32>, %i: index) {
  // expected-error @below {{'tile.load' op must name memory dimensions in increasing order below 2, got 2 at 0 [load-3]}}
  %x = tile.load %m[%i, %i] dims [2] : memref<8x8xf32> -> tensor<8xf32>
  return
}

// -----

func.func @load_4(%m: memref<8x8xf32>, %i: index) {
  // expected-error @below {{'tile.load' op must keep the memory's element type 'f32', got 'bf16' [load-4]}}
  %x = tile.load %m[%i, %i] dims [1] : memref<8x8xf32> -> tensor<8xbf16>
  return
}

// -----

func.func @load_5(%m: memref<8x8xf32>, %i: index) {
  // expected-error @below {{'tile.load' op must step by 1 or -1, got 2 [load-5]}}
  %x = tile.load %m[%i, %i] dims [1] step 2 : memref<8x8xf32> -> tensor<8xf32>
  return
}

// -----

func.func @store_1(%x: tensor<8xf32>, %m: memref<8x8xf32>, %i: index) {
  // expected-error @below {{'tile.store' op must have one index for each of the memory's 2 dimensions, got 3 [store-1]}}
  tile.store %x, %m[%i, %i, %i] dims [1] : tensor<8xf32>, memref<8x8xf32>
  return
}

// -----

func.func @store_2(%x: tensor<8xf32>, %m: memref<8x8xf32>, %i: index) {
  // expected-error @below {{'tile.store' op must name one memory dimension for each of the tile's 1 dimensions, got 2 [store-2]}}
  tile.store %x, %m[%i, %i] dims [0, 1] : tensor<8xf32>, memref<8x8xf32>
  return
}

// -----

func.func @store_3(%x: tensor<8x8xf32>, %m: memref<8x8xf32>, %i: index) {
  // expected-error @below {{'tile.store' op must name memory dimensions in increasing order below 2, got 1 at 1 [store-3]}}
  tile.store %x, %m[%i, %i] dims [1, 1] : tensor<8x8xf32>, memref<8x8xf32>
  return
}

// -----

func.func @store_4(%x: tensor<8xf32>, %m: memref<8x8xf16>, %i: index) {
  // expected-error @below {{'tile.store' op must keep the memory's element type 'f16', got 'f32' [store-4]}}
  tile.store %x, %m[%i, %i] dims [1] : tensor<8xf32>, memref<8x8xf16>
  return
}

// -----

func.func @store_5(%x: tensor<8xf32>, %m: memref<8x8xf32>, %i: index) {
  // expected-error @below {{'tile.store' op must step by 1 or -1, got 0 [store-5]}}
  tile.store %x, %m[%i, %i] dims [1] step 0 : tensor<8xf32>, memref<8x8xf32>
  return
}

// -----

func.func @mma_1(%a: tensor<4x8xbf16>, %b: tensor<8x4xf32>,
                 %c: tensor<4x4xf32>) {
  // expected-error @below {{'tile.mma' op must have factors of one element type, got 'bf16' and 'f32' [mma-1]}}
  %r = tile.mma %a, %b, %c
      : tensor<4x8xbf16>, tensor<8x4xf32>, tensor<4x4xf32>
  return
}

// -----

func.func @mma_2(%a: tensor<4x8xbf16>, %b: tensor<8x4xbf16>,
                 %c: tensor<4x4xbf16>) {
  // expected-error @below {{'tile.mma' op must accumulate in f32, got 'bf16' [mma-2]}}
  %r = tile.mma %a, %b, %c
      : tensor<4x8xbf16>, tensor<8x4xbf16>, tensor<4x4xbf16>
  return
}

// -----

func.func @mma_3(%a: tensor<4x8xf32>, %b: tensor<4x8xf32>,
                 %c: tensor<4x4xf32>) {
  // expected-error @below {{'tile.mma' op must multiply MxK by KxN into MxN, got 'tensor<4x8xf32>', 'tensor<4x8xf32>', 'tensor<4x4xf32>' [mma-3]}}
  %r = tile.mma %a, %b, %c : tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x4xf32>
  return
}

// -----

func.func @scan_1(%x: tensor<4x8xf32>) {
  // expected-error @below {{'tile.scan' op must name a dimension below 2, got 2 [scan-1]}}
  %r:3 = tile.scan add %x along 2 : tensor<4x8xf32>
      -> tensor<4x8xf32>, tensor<4x8xf32>, tensor<8xf32>
  return
}

// -----

func.func @scan_2(%x: tensor<4x8xf32>) {
  // expected-error @below {{'tile.scan' op must give running sums of type 'tensor<4x8xf32>', got 'tensor<4x8xf32>' and 'tensor<8x4xf32>' [scan-2]}}
  %r:3 = tile.scan add %x along 0 : tensor<4x8xf32>
      -> tensor<4x8xf32>, tensor<8x4xf32>, tensor<8xf32>
  return
}

// -----

func.func @scan_3(%x: tensor<4x8xf32>) {
  // expected-error @below {{'tile.scan' op must give a total of type 'tensor<8xf32>', got 'tensor<4xf32>' [scan-3]}}
  %r:3 = tile.scan add %x along 0 : tensor<4x8xf32>
      -> tensor<4x8xf32>, tensor<4x8xf32>, tensor<4xf32>
  return
}

// -----

func.func @reduce_1(%x: tensor<4x8xf32>) {
  // expected-error @below {{'tile.reduce' op must name a dimension below 2, got -1 [reduce-1]}}
  %r = tile.reduce add %x along [-1] : tensor<4x8xf32> -> tensor<4xf32>
  return
}

// -----

func.func @reduce_2(%x: tensor<4x8xf32>) {
  // expected-error @below {{'tile.reduce' op must name each dimension once, got 1 twice [reduce-2]}}
  %r = tile.reduce add %x along [1, 1] : tensor<4x8xf32> -> f32
  return
}

// -----

func.func @reduce_3(%x: tensor<4x8xf32>) {
  // expected-error @below {{'tile.reduce' op must give 'tensor<8xf32>', got 'tensor<4xf32>' [reduce-3]}}
  %r = tile.reduce add %x along [0] : tensor<4x8xf32> -> tensor<4xf32>
  return
}

// -----

func.func @reduce_3_scalar(%x: tensor<4x8xf32>) {
  // expected-error @below {{'tile.reduce' op must give 'f32', got 'tensor<f32>' [reduce-3]}}
  %r = tile.reduce add %x along [0, 1] : tensor<4x8xf32> -> tensor<f32>
  return
}

// -----

func.func @broadcast_1(%x: tensor<4xf32>) {
  // expected-error @below {{'tile.broadcast' op must name a dimension below 2, got 2 [broadcast-1]}}
  %r = tile.broadcast %x along 2 : tensor<4xf32> -> tensor<4x8xf32>
  return
}

// -----

func.func @broadcast_2(%x: tensor<4xf32>) {
  // expected-error @below {{'tile.broadcast' op must repeat a tile of type 'tensor<8xf32>', got 'tensor<4xf32>' [broadcast-2]}}
  %r = tile.broadcast %x along 0 : tensor<4xf32> -> tensor<4x8xf32>
  return
}

// -----

func.func @transpose_1(%x: tensor<4x8xf32>) {
  // expected-error @below {{'tile.transpose' op must swap the dimensions of 'tensor<4x8xf32>', got 'tensor<4x8xf32>' [transpose-1]}}
  %r = tile.transpose %x : tensor<4x8xf32> -> tensor<4x8xf32>
  return
}

// -----

func.func @iota_1() {
  // expected-error @below {{'tile.iota' op must give i32 coordinates, got 'i64' [iota-1]}}
  %r = tile.iota along 0 : tensor<4x8xi64>
  return
}

// -----

func.func @iota_2() {
  // expected-error @below {{'tile.iota' op must name a dimension below 2, got 2 [iota-2]}}
  %r = tile.iota along 2 : tensor<4x8xi32>
  return
}

// -----

func.func @roles_1() {
  // expected-error @below {{'tile.roles' op must have a number of warps for each of its 1 regions, got 2 [roles-1]}}
  tile.roles warps [4, 4] {
  }
  return
}

// -----

func.func @roles_2() {
  // expected-error @below {{'tile.roles' op must give each role at least one warp, got 0 [roles-2]}}
  tile.roles warps [0] {
  }
  return
}

// -----

func.func @roles_3() {
  tile.roles warps [4] {
    // expected-error @below {{'tile.roles' op must not stand in a role, got roles in roles [roles-3]}}
    tile.roles warps [4] {
    }
  }
  return
}

// -----

func.func @roles_4(%x: tensor<8x8xf32>) {
  tile.roles warps [4] {
    // expected-error @below {{'arith.negf' op must use tiles of its own role, got one made outside of type 'tensor<8x8xf32>' [roles-4]}}
    %y = arith.negf %x : tensor<8x8xf32>
  }
  return
}

// -----

func.func @roles_5(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // expected-error @below {{'tile.roles' op must have as many barriers in role 1 as in role 0 (1, 1, 0), got 1, 2, 0 [roles-5]}}
  tile.roles warps [4, 4] {
    tile.barrier
    scf.for %i = %c0 to %n step %c1 {
      tile.barrier
    }
  }, {
    tile.barrier
    scf.for %i = %c0 to %n step %c1 {
      tile.barrier
      tile.barrier
    }
  }
  return
}

// -----

func.func @barrier_1(%c: i1) {
  tile.roles warps [4] {
    scf.if %c {
      // expected-error @below {{'tile.barrier' op must stand in a role, outside of branches, got a place in scf.if [barrier-1]}}
      tile.barrier
    }
  }
  return
}

// -----

func.func @ring_1() {
  tile.roles warps [4] {
    // expected-error @below {{'tile.ring' op must stand outside of roles, got one in a role [ring-1]}}
    %r = tile.ring : !tile.ring<2 x index>
  }
  return
}

// -----

func.func @put_1(%x: i32, %i: index) {
  %r = tile.ring : !tile.ring<2 x index>
  // expected-error @below {{'tile.put' op must write a version of type 'index', got 'i32' [put-1]}}
  tile.put %x, %r[%i + 0] : i32, !tile.ring<2 x index>
  return
}

// -----

func.func @get_1(%i: index) {
  %r = tile.ring : !tile.ring<2 x tensor<8x8xf32>>
  // expected-error @below {{'tile.get' op must read a version of type 'tensor<8x8xf32>', got 'tensor<8x8xbf16>' [get-1]}}
  %x = tile.get %r[%i + 0] : !tile.ring<2 x tensor<8x8xf32>> -> tensor<8x8xbf16>
  return
}

// -----

func.func @fetch_1(%m: memref<8x8xf32>, %i: index) {
  %r = tile.ring : !tile.ring<2 x tensor<8x8xf32>>
  // expected-error @below {{'tile.fetch' op must have one index for each of the memory's 2 dimensions, got 1 [fetch-1]}}
  tile.fetch %m[%i] dims [0, 1] into %r[%i + 0] : memref<8x8xf32>, !tile.ring<2 x tensor<8x8xf32>>
  return
}

// -----

func.func @fetch_2(%m: memref<8x8xf32>, %i: index) {
  %r = tile.ring : !tile.ring<2 x tensor<8x8xf32>>
  // expected-error @below {{'tile.fetch' op must name one memory dimension for each of the tile's 2 dimensions, got 1 [fetch-2]}}
  tile.fetch %m[%i, %i] dims [0] into %r[%i + 0] : memref<8x8xf32>, !tile.ring<2 x tensor<8x8xf32>>
  return
}

// -----

func.func @fetch_3(%m: memref<8x8xf32>, %i: index) {
  %r = tile.ring : !tile.ring<2 x tensor<8x8xf32>>
  // expected-error @below {{'tile.fetch' op must name memory dimensions in increasing order below 2, got 0 at 1 [fetch-3]}}
  tile.fetch %m[%i, %i] dims [1, 0] into %r[%i + 0] : memref<8x8xf32>, !tile.ring<2 x tensor<8x8xf32>>
  return
}

// -----

func.func @fetch_4(%m: memref<8x8xbf16>, %i: index) {
  %r = tile.ring : !tile.ring<2 x tensor<8x8xf32>>
  // expected-error @below {{'tile.fetch' op must keep the memory's element type 'bf16', got 'f32' [fetch-4]}}
  tile.fetch %m[%i, %i] dims [0, 1] into %r[%i + 0] : memref<8x8xbf16>, !tile.ring<2 x tensor<8x8xf32>>
  return
}

// -----

func.func @fetch_5(%m: memref<8x8xf32>, %i: index) {
  %r = tile.ring : !tile.ring<2 x tensor<8x8xf32>>
  // expected-error @below {{'tile.fetch' op must step by 1 or -1, got 2 [fetch-5]}}
  tile.fetch %m[%i, %i] dims [0, 1] step 2 into %r[%i + 0] : memref<8x8xf32>, !tile.ring<2 x tensor<8x8xf32>>
  return
}

// -----

func.func @fetch_6(%m: memref<8x8xf32>, %i: index) {
  %r = tile.ring : !tile.ring<2 x f32>
  // expected-error @below {{'tile.fetch' op must fill a ring of tiles, got '!tile.ring<2 x f32>' [fetch-6]}}
  tile.fetch %m[%i, %i] dims [0, 1] into %r[%i + 0] : memref<8x8xf32>, !tile.ring<2 x f32>
  return
}

// -----

func.func @wait_1(%x: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %y = arith.negf %x : tensor<8x8xf32>
  // expected-error @below {{'tile.wait' op must wait for a product, an exchange, a gather or what a loop carries, got the result of arith.negf [wait-1]}}
  %z = tile.wait %y : tensor<8x8xf32>
  return %z : tensor<8x8xf32>
}

// -----

func.func @convert_1(%x: tensor<8x8xf32>) -> tensor<8x4xf32> {
  // expected-error @below {{'tile.convert' op must keep the shape and elements of 'tensor<8x8xf32>', got 'tensor<8x4xf32>' [convert-1]}}
  %z = tile.convert %x : tensor<8x8xf32> -> tensor<8x4xf32>
  return %z : tensor<8x4xf32>
}

// -----

// expected-error @below {{slots must be positive, got 0 [ringtype-1]}}
func.func private @ringtype_1(!tile.ring<0 x index>)

// -----

// expected-error @below {{a version must be a tile of static shape, an index, an integer or a float, got 'none' [ringtype-2]}}
func.func private @ringtype_2(!tile.ring<1 x none>)

// -----

// expected-error @below {{a layout must have positive sizes, got 0 [layout-1]}}
func.func private @layout_1(tensor<0xf32, #tile.layout<[0], offset = []>>)

// -----

// expected-error @below {{a layout must repeat along each of 2 dimensions, got 1 [layout-2]}}
func.func private @layout_2(tensor<4x4xf32, #tile.layout<[4, 4], offset = [], repeat = [4]>>)

// -----

// expected-error @below {{a layout must repeat a power of two, got size 96 and repeat 1 [layout-2]}}
func.func private @layout_2_block(tensor<96xf32, #tile.layout<[96], offset = []>>)

// -----

// expected-error @below {{a layout must repeat a power of two, got size 4 and repeat 8 [layout-2]}}
func.func private @layout_2_many(tensor<4xf32, #tile.layout<[4], offset = [], repeat = [8]>>)

// -----

// expected-error @below {{a layout must have bases inside [4, 4], got [1] [layout-3]}}
func.func private @layout_3(tensor<4x4xf32, #tile.layout<[4, 4], offset = [[1]]>>)

// -----

// expected-error @below {{a layout must have bases inside [2], got [2] [layout-3]}}
func.func private @layout_3_outside(tensor<6xf32, #tile.layout<[6], reg = [[1]], lane = [[2]], warp = [], repeat = [3]>>)

// -----

// expected-error @below {{a layout must have bases inside [4], got [-1] [layout-3]}}
func.func private @layout_3_below(tensor<4xf32, #tile.layout<[4], reg = [[-1]], lane = [[2]], warp = []>>)

// -----

// expected-error @below {{a layout must reach 2^4 elements of [4, 4], got 2^3 [layout-4]}}
func.func private @layout_4(tensor<4x4xf32, #tile.layout<[4, 4], reg = [[0, 1], [1, 0]], lane = [[2, 0], [3, 1]], warp = []>>)

// -----

// expected-error @below {{a layout must hold each element once in a place, got 3 bits for 2^2 elements [layout-5]}}
func.func private @layout_5(tensor<4xf32, #tile.layout<[4], offset = [[1], [2], [3]]>>)

// -----

// expected-error @below {{a layout must order 2 dimensions, got [0, 0] [layout-6]}}
func.func private @layout_6(tensor<2x2xf32, #tile.layout<[2, 2], offset = [[0, 1], [1, 0]], order = [0, 0]>>)

// -----

// expected-error @below {{a tensor must have its layout's shape [4], got [8] [layout-7]}}
func.func private @layout_7(tensor<8xf32, #tile.layout<[4], offset = [[1], [2]]>>)

// -----

// expected-error @below {{a layout must have either offset or reg, lane and warp, got both}}
func.func private @both(tensor<4xf32, #tile.layout<[4], offset = [[1], [2]], lane = [[1]]>>)

// -----

// expected-error @below {{a layout must have either offset or reg, lane and warp, got neither}}
func.func private @neither(tensor<4xf32, #tile.layout<[4], repeat = [4]>>)

// -----

// expected-error @below {{a layout must have each part once, got 'reg' twice}}
func.func private @twice(tensor<4xf32, #tile.layout<[4], reg = [[1], [2]], reg = []>>)

// -----

// expected-error @below {{a layout's part must be reg, lane, warp, offset, repeat or order, got 'block'}}
func.func private @unknown(tensor<4xf32, #tile.layout<[4], block = [[1], [2]]>>)

// -----

#acc = #tile.layout<[4, 2], reg = [[0, 1]], lane = [[1, 0], [2, 0]], warp = []>
func.func @reduce_3_layout(%x: tensor<4x2xf32, #acc>) {
  // expected-error @below {{must give 'tensor<4xf32, #tile.layout<[4], reg = [], lane = [[1], [2]], warp = []>>', got 'tensor<4xf32>' [reduce-3]}}
  %r = tile.reduce max %x along [1] : tensor<4x2xf32, #acc> -> tensor<4xf32>
  return
}

// -----

#acc = #tile.layout<[4, 2], reg = [[0, 1]], lane = [[1, 0], [2, 0]], warp = []>
#wrong = #tile.layout<[2, 4], reg = [[0, 2]], lane = [[1, 0], [0, 1]], warp = []>
func.func @transpose_1_layout(%x: tensor<4x2xf32, #acc>) {
  // expected-error-re @below {{must swap the dimensions of 'tensor<4x2xf32, {{.*}} [transpose-1]}}
  %r = tile.transpose %x : tensor<4x2xf32, #acc> -> tensor<2x4xf32, #wrong>
  return
}

// -----

func.func @exchange_1(%x: tensor<16x16xbf16>) {
  // expected-error @below {{'tile.exchange' op must add up f32, got 'bf16' [exchange-1]}}
  %0 = tile.exchange %x over 4 : tensor<16x16xbf16> -> tensor<16x16xbf16>
  return
}

// -----

func.func @exchange_2(%x: tensor<16x16xf32>) {
  // expected-error @below {{'tile.exchange' op must have two blocks or more, got 1 [exchange-2]}}
  %0 = tile.exchange %x over 1 : tensor<16x16xf32> -> tensor<16x16xf32>
  return
}

// -----

func.func @exchange_3(%x: tensor<16x16xf32>, %c: i1) {
  scf.if %c {
    // expected-error @below {{'tile.exchange' op must stand outside of branches, got one in scf.if [exchange-3]}}
    %0 = tile.exchange %x over 4 : tensor<16x16xf32> -> tensor<16x16xf32>
  }
  return
}

// -----

func.func @exchange_4(%x: tensor<16x16xf32>) {
  // expected-error @below {{'tile.exchange' op must keep the shape and elements of 'tensor<16x16xf32>', got 'tensor<16x8xf32>' [exchange-4]}}
  %0 = tile.exchange %x over 4 : tensor<16x16xf32> -> tensor<16x8xf32>
  return
}

// -----

func.func @send_1(%x: tensor<16x16xbf16>, %i: index) {
  %r = tile.ring : !tile.ring<2 x index>
  // expected-error @below {{'tile.send' op must fill a ring of tiles, got '!tile.ring<2 x index>' [send-1]}}
  tile.send %x to %r[%i + 0] over 4 : tensor<16x16xbf16>, !tile.ring<2 x index>
  return
}

// -----

func.func @send_1_shape(%x: tensor<16x16xbf16>, %i: index) {
  %r = tile.ring : !tile.ring<2 x tensor<16x8xbf16>>
  // expected-error @below {{'tile.send' op must keep the shape and elements of 'tensor<16x16xbf16>', got 'tensor<16x8xbf16>' [send-1]}}
  tile.send %x to %r[%i + 0] over 4 : tensor<16x16xbf16>, !tile.ring<2 x tensor<16x8xbf16>>
  return
}

// -----

func.func @send_2(%x: tensor<16x16xbf16>, %i: index) {
  %r = tile.ring : !tile.ring<2 x tensor<16x16xbf16>>
  // expected-error @below {{'tile.send' op must have two blocks or more, got 1 [send-2]}}
  tile.send %x to %r[%i + 0] over 1 : tensor<16x16xbf16>, !tile.ring<2 x tensor<16x16xbf16>>
  return
}

// -----

func.func @send_3(%x: tensor<16x16xbf16>, %some: i1, %i: index) {
  %r = tile.ring : !tile.ring<2 x tensor<16x16xbf16>>
  scf.if %some {
    // expected-error @below {{'tile.send' op must stand outside of branches, got one in scf.if [send-3]}}
    tile.send %x to %r[%i + 0] over 4 : tensor<16x16xbf16>, !tile.ring<2 x tensor<16x16xbf16>>
  }
  return
}

// -----

func.func @receive_1(%i: index) {
  %r = tile.ring : !tile.ring<2 x tensor<16x16xbf16>>
  // expected-error @below {{'tile.receive' op must read a ring of 'tensor<16x8xbf16>', got '!tile.ring<2 x tensor<16x16xbf16>>' [receive-1]}}
  %x = tile.receive %r[%i + 0] : !tile.ring<2 x tensor<16x16xbf16>> -> tensor<16x8xbf16>
  return
}

// -----

func.func @send_parts_1(%x: tensor<16x16xf32>, %i: index) {
  %r = tile.ring : !tile.ring<2 x tensor<16x8xf32>>
  // expected-error @below {{'tile.send_parts' op must keep the shape and elements of 'tensor<16x16xf32>', got 'tensor<16x8xf32>' [send_parts-1]}}
  tile.send_parts %x to %r[%i + 0] over 4 : tensor<16x16xf32>, !tile.ring<2 x tensor<16x8xf32>>
  return
}

// -----

func.func @send_parts_1_elements(%x: tensor<16x16xbf16>, %i: index) {
  %r = tile.ring : !tile.ring<2 x tensor<16x16xbf16>>
  // expected-error @below {{'tile.send_parts' op must send f32 to a ring of tiles, got 'tensor<16x16xbf16>' to '!tile.ring<2 x tensor<16x16xbf16>>' [send_parts-1]}}
  tile.send_parts %x to %r[%i + 0] over 4 : tensor<16x16xbf16>, !tile.ring<2 x tensor<16x16xbf16>>
  return
}

// -----

func.func @send_parts_2(%x: tensor<16x16xf32>, %i: index) {
  %r = tile.ring : !tile.ring<2 x tensor<16x16xf32>>
  // expected-error @below {{'tile.send_parts' op must have two blocks or more, got 1 [send_parts-2]}}
  tile.send_parts %x to %r[%i + 0] over 1 : tensor<16x16xf32>, !tile.ring<2 x tensor<16x16xf32>>
  return
}

// -----

func.func @send_parts_3(%x: tensor<16x16xf32>, %some: i1, %i: index) {
  %r = tile.ring : !tile.ring<2 x tensor<16x16xf32>>
  scf.if %some {
    // expected-error @below {{'tile.send_parts' op must stand outside of branches, got one in scf.if [send_parts-3]}}
    tile.send_parts %x to %r[%i + 0] over 4 : tensor<16x16xf32>, !tile.ring<2 x tensor<16x16xf32>>
  }
  return
}

// -----

func.func @receive_sums_1(%i: index) {
  %r = tile.ring : !tile.ring<2 x tensor<16x16xf32>>
  // expected-error @below {{'tile.receive_sums' op must read a ring of 'tensor<16x8xf32>', got '!tile.ring<2 x tensor<16x16xf32>>' [receive_sums-1]}}
  %x = tile.receive_sums %r[%i + 0] : !tile.ring<2 x tensor<16x16xf32>> -> tensor<16x8xf32>
  return
}

// -----

func.func @gather_1(%x: tensor<16x16xf32>) {
  // expected-error @below {{'tile.gather' op must keep the shape and elements of 'tensor<16x16xf32>', got 'tensor<16x16xbf16>' [gather-1]}}
  %0 = tile.gather %x over 4 : tensor<16x16xf32> -> tensor<16x16xbf16>
  return
}

// -----

func.func @gather_2(%x: tensor<16x16xf32>) {
  // expected-error @below {{'tile.gather' op must have two blocks or more, got 1 [gather-2]}}
  %0 = tile.gather %x over 1 : tensor<16x16xf32> -> tensor<16x16xf32>
  return
}

// -----

func.func @gather_3(%x: tensor<16x16xf32>, %some: i1) {
  scf.if %some {
    // expected-error @below {{'tile.gather' op must stand outside of branches, got one in scf.if [gather-3]}}
    %0 = tile.gather %x over 4 : tensor<16x16xf32> -> tensor<16x16xf32>
  }
  return
}

// -----

func.func @dialect_1(%c: i1) {
  // expected-error @below {{'tile.roles' op tile.registers must be a positive i64 for each role of a tile.roles, got array<i64: 128> [dialect-1]}}
  tile.roles warps [4, 4] {
  }, {
  } {tile.registers = array<i64: 128>}
  return
}

// -----

// expected-error @below {{'func.func' op tile.zeros must be a unit attribute of a tile.fetch, got unit [dialect-2]}}
func.func @dialect_2() attributes {tile.zeros} {
  return
}

// -----

func.func @dialect_3() {
  // expected-error @below {{'tile.ring' op tile.shared_by must be an i64 from 2 on of a tile.ring, got 1 : i64 [dialect-3]}}
  %r = tile.ring {tile.shared_by = 1 : i64} : !tile.ring<2 x tensor<16x16xf32>>
  return
}

// -----

func.func @dialect_4() {
  // expected-error @below {{'tile.roles' op tile.scarce must be a unit attribute of an scf.while, got unit [dialect-4]}}
  tile.roles warps [4] {
  } {tile.scarce}
  return
}
