// RUN: gsa-opt %s --pass-pipeline='builtin.module(builtin.module(func.func(convert-tile-to-vector),canonicalize,cse))' --split-input-file --verify-diagnostics | FileCheck %s --implicit-check-not='= tile.' --implicit-check-not=tile.store

// Columns past the memory's extent are masked, rows from `rows` on filled with
// zeros; backwards, rows are subtracted. Elementwise operations run on the way
// out. The scratch holds the loaded tile.

module {
module attributes {gsa.target = #gsa.target<"x86-64-v4">} {
// CHECK-LABEL: func.func @memory(
// CHECK-SAME: %[[X:[a-z0-9]+]]: {{[^%]*}}%[[O:[a-z0-9]+]]: {{[^%]*}}%[[T:[a-z0-9]+]]: index, %[[N:[a-z0-9]+]]: index, %[[SCRATCH:[a-z0-9]+]]: memref<2048xi8> {gsa.kind = "scratch"}
// CHECK-DAG: %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : vector<16xf32>
// CHECK: %[[TILE:.*]] = memref.view %[[SCRATCH]]
// CHECK: scf.for %[[I:.*]] = %c0 to %[[N]]
// CHECK: %[[BACK:.*]] = arith.subi %c0, %[[I]]
// CHECK: %[[AT:.*]] = arith.addi %{{.*}}%[[BACK]]
// CHECK: vector.load %[[X]][%{{.*}}, %[[AT]], %{{.*}}, %c0]
// CHECK: %[[MASK:.*]] = vector.constant_mask [12]
// CHECK: vector.maskedload %[[X]][%{{.*}}, %[[AT]], %{{.*}}, %c16], %[[MASK]], %[[ZERO]]
// CHECK: scf.for %[[J:.*]] = %[[N]] to %c16
// CHECK: vector.store %[[ZERO]], %[[TILE]][%[[J]], %c0]
// CHECK: vector.store %[[ZERO]], %[[TILE]][%[[J]], %c16]
// CHECK: scf.for %{{.*}} = %c0 to %[[N]]
// CHECK: math.exp
// CHECK: vector.store %{{.*}}, %[[O]]
// CHECK: %[[SAME:.*]] = vector.constant_mask [12]
// CHECK: math.exp
// CHECK: vector.maskedstore %[[O]][{{.*}}%c16], %[[SAME]]
func.func @memory(%x: memref<?x?x2x28xf32, strided<[?, ?, ?, 1], offset: ?>>,
                  %o: memref<?x?x2x28xf32, strided<[?, ?, ?, 1], offset: ?>>,
                  %t: index, %n: index) attributes {gsa.kernel} {
  %c0 = arith.constant 0 : index
  scf.forall (%s, %h) in (%n, 2) {
    %a = tile.load %x[%s, %t, %h, %c0] dims [1, 3] rows %n step -1
        : memref<?x?x2x28xf32, strided<[?, ?, ?, 1], offset: ?>> -> tensor<16x32xf32>
    %e = math.exp %a : tensor<16x32xf32>
    tile.store %e, %o[%s, %t, %h, %c0] dims [1, 3] rows %n step -1
        : tensor<16x32xf32>, memref<?x?x2x28xf32, strided<[?, ?, ?, 1], offset: ?>>
  }
  return
}
}
}

// -----

// A first column that is not constant makes a mask at run time.

module {
module attributes {gsa.target = #gsa.target<"x86-64-v4">} {
// CHECK-LABEL: func.func @sliced(
// CHECK: %[[LEFT:.*]] = arith.subi %c28
// CHECK: %[[MASK:.*]] = vector.create_mask %[[LEFT]]
// CHECK: vector.maskedload {{.*}} %[[MASK]]
func.func @sliced(%x: memref<?x2x16x28xf32, strided<[?, ?, ?, 1], offset: ?>>,
                  %o: memref<?x2x16x16xf32, strided<[?, ?, ?, 1], offset: ?>>,
                  %n: index) attributes {gsa.kernel} {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  scf.forall (%s, %h, %slice) in (%n, 2, 2) {
    %first = arith.muli %slice, %c16 : index
    %a = tile.load %x[%s, %h, %c0, %first] dims [2, 3]
        : memref<?x2x16x28xf32, strided<[?, ?, ?, 1], offset: ?>> -> tensor<16x16xf32>
    tile.store %a, %o[%s, %h, %c0, %c0] dims [2, 3]
        : tensor<16x16xf32>, memref<?x2x16x16xf32, strided<[?, ?, ?, 1], offset: ?>>
  }
  return
}
}
}

// -----

// A product keeps its accumulators in a loop over the depth, and what follows it
// is computed on them before anything is stored.

module {
module attributes {gsa.target = #gsa.target<"x86-64-v3">} {
// CHECK-LABEL: func.func @product(
// CHECK-DAG: %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : vector<8xf32>
// CHECK: %[[SUMS:.*]]:{{[0-9]+}} = scf.for %[[K:.*]] = %c0 to %c64 step %c{{.*}} iter_args({{.*}} = %[[ZERO]]
// CHECK: %[[B:.*]] = vector.load
// CHECK: %[[A:.*]] = memref.load
// CHECK: %[[ALL:.*]] = vector.broadcast %[[A]]
// CHECK: vector.fma %[[ALL]], %[[B]]
// CHECK: scf.yield
// CHECK-NOT: vector.store
// CHECK: %[[GATE:.*]] = vector.load
// CHECK: arith.mulf %[[SUMS]]#0, %[[GATE]]
// CHECK: vector.store
// CHECK-NOT: vector.shuffle
func.func @product(%x: memref<?x2x16x64xf32, strided<[?, ?, ?, 1], offset: ?>>,
                   %y: memref<?x2x64x16xf32, strided<[?, ?, ?, 1], offset: ?>>,
                   %o: memref<?x2x16x16xf32, strided<[?, ?, ?, 1], offset: ?>>,
                   %n: index) attributes {gsa.kernel} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant dense<0.0> : tensor<16x16xf32>
  scf.forall (%s, %h) in (%n, 2) {
    %a = tile.load %x[%s, %h, %c0, %c0] dims [2, 3]
        : memref<?x2x16x64xf32, strided<[?, ?, ?, 1], offset: ?>> -> tensor<16x64xf32>
    %b = tile.load %y[%s, %h, %c0, %c0] dims [2, 3]
        : memref<?x2x64x16xf32, strided<[?, ?, ?, 1], offset: ?>> -> tensor<64x16xf32>
    %g = tile.load %o[%s, %h, %c0, %c0] dims [2, 3]
        : memref<?x2x16x16xf32, strided<[?, ?, ?, 1], offset: ?>> -> tensor<16x16xf32>
    %p = tile.mma %a, %b, %zero
        : tensor<16x64xf32>, tensor<64x16xf32>, tensor<16x16xf32>
    %q = arith.mulf %p, %g : tensor<16x16xf32>
    %r = tile.mma %q, %q, %zero
        : tensor<16x16xf32>, tensor<16x16xf32>, tensor<16x16xf32>
    tile.store %r, %o[%s, %h, %c0, %c0] dims [2, 3]
        : tensor<16x16xf32>, memref<?x2x16x16xf32, strided<[?, ?, ?, 1], offset: ?>>
  }
  return
}
}
}

// -----

// The same without a fused multiply-add. b is the transpose of what is loaded,
// whose columns lanes cannot take: it is turned over in squares of vectors.

module {
module attributes {gsa.target = #gsa.target<"x86-64">} {
// CHECK-LABEL: func.func @scores(
// CHECK: vector.shuffle {{.*}} [0, 4, 2, 6] : vector<4xf32>, vector<4xf32>
// CHECK-NOT: vector.fma
// CHECK: %[[P:.*]] = arith.mulf %{{.*}}, %{{.*}} : vector<4xf32>
// CHECK-NEXT: arith.addf %{{.*}}, %[[P]] : vector<4xf32>
// CHECK-NOT: vector.fma
func.func @scores(%x: memref<?x2x16x16xf32, strided<[?, ?, ?, 1], offset: ?>>,
                  %o: memref<?x2x16x16xf32, strided<[?, ?, ?, 1], offset: ?>>,
                  %n: index) attributes {gsa.kernel} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant dense<0.0> : tensor<16x16xf32>
  scf.forall (%s, %h) in (%n, 2) {
    %a = tile.load %x[%s, %h, %c0, %c0] dims [2, 3]
        : memref<?x2x16x16xf32, strided<[?, ?, ?, 1], offset: ?>> -> tensor<16x16xf32>
    %b = tile.transpose %a : tensor<16x16xf32> -> tensor<16x16xf32>
    %p = tile.mma %a, %b, %zero
        : tensor<16x16xf32>, tensor<16x16xf32>, tensor<16x16xf32>
    tile.store %p, %o[%s, %h, %c0, %c0] dims [2, 3]
        : tensor<16x16xf32>, memref<?x2x16x16xf32, strided<[?, ?, ?, 1], offset: ?>>
  }
  return
}
}
}

// -----

// A memory whose transpose is multiplied is carried with its rows side by side
// and updated so, by the transposed product: nothing of it is turned over or
// copied. What is carried leaves the loop's signature.

module {
module attributes {gsa.target = #gsa.target<"x86-64-v3">} {
// CHECK-LABEL: func.func @carried(
// CHECK: %[[S:.*]] = memref.view {{.*}} to memref<16x32xf32>
// CHECK: scf.while (%{{.*}} = %c0) : (index) -> index
// CHECK-NOT: vector.shuffle
// CHECK: %[[SUM:.*]]:{{[0-9]+}} = scf.for
// CHECK-NOT: vector.shuffle
// CHECK: vector.store %{{.*}}, %[[S]]
// CHECK: scf.yield %{{.*}} : index
func.func @carried(%x: memref<?x?x2x16xf32, strided<[?, ?, ?, 1], offset: ?>>,
                   %w: memref<?x?x2x32xf32, strided<[?, ?, ?, 1], offset: ?>>,
                   %o: memref<?x?x2x32xf32, strided<[?, ?, ?, 1], offset: ?>>,
                   %n: index) attributes {gsa.kernel} {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %state = arith.constant dense<0.0> : tensor<32x16xf32>
  %zero = arith.constant dense<0.0> : tensor<16x32xf32>
  scf.forall (%s, %h) in (%n, 2) {
    %end, %last = scf.while (%at = %c0, %k = %state)
        : (index, tensor<32x16xf32>) -> (index, tensor<32x16xf32>) {
      %more = arith.cmpi slt, %at, %n : index
      scf.condition(%more) %at, %k : index, tensor<32x16xf32>
    } do {
    ^bb0(%at: index, %k: tensor<32x16xf32>):
      %a = tile.load %x[%s, %at, %h, %c0] dims [1, 3] rows %c16
          : memref<?x?x2x16xf32, strided<[?, ?, ?, 1], offset: ?>> -> tensor<16x16xf32>
      %b = tile.load %w[%s, %at, %h, %c0] dims [1, 3] rows %c16
          : memref<?x?x2x32xf32, strided<[?, ?, ?, 1], offset: ?>> -> tensor<16x32xf32>
      %t = tile.transpose %k : tensor<32x16xf32> -> tensor<16x32xf32>
      %y = tile.mma %a, %t, %zero
          : tensor<16x16xf32>, tensor<16x32xf32>, tensor<16x32xf32>
      tile.store %y, %o[%s, %at, %h, %c0] dims [1, 3] rows %c16
          : tensor<16x32xf32>, memref<?x?x2x32xf32, strided<[?, ?, ?, 1], offset: ?>>
      %bt = tile.transpose %b : tensor<16x32xf32> -> tensor<32x16xf32>
      %sum = tile.mma %bt, %a, %k
          : tensor<32x16xf32>, tensor<16x16xf32>, tensor<32x16xf32>
      %next = arith.addi %at, %c16 : index
      scf.yield %next, %sum : index, tensor<32x16xf32>
    }
  }
  return
}
}
}

// -----

// Dot products of bf16 pairs: rows of b are interleaved, a's pairs broadcast.

module {
module attributes {gsa.target = #gsa.target<"x86-64-v4-bf16">} {
// CHECK-LABEL: func.func @pairs(
// CHECK: vector.interleave {{.*}} : vector<16xbf16> -> vector<32xbf16>
// CHECK: %[[B:.*]] = vector.load {{.*}} vector<32xbf16>
// CHECK: %[[PAIR:.*]] = vector.load {{.*}} vector<2xbf16>
// CHECK: llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"
// CHECK-SAME: (vector<16xf32>, vector<32xbf16>, vector<32xbf16>) -> vector<16xf32>
func.func @pairs(%x: memref<?x2x16x16xbf16, strided<[?, ?, ?, 1], offset: ?>>,
                 %o: memref<?x2x16x16xf32, strided<[?, ?, ?, 1], offset: ?>>,
                 %n: index) attributes {gsa.kernel} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant dense<0.0> : tensor<16x16xf32>
  scf.forall (%s, %h) in (%n, 2) {
    %a = tile.load %x[%s, %h, %c0, %c0] dims [2, 3]
        : memref<?x2x16x16xbf16, strided<[?, ?, ?, 1], offset: ?>> -> tensor<16x16xbf16>
    %p = tile.mma %a, %a, %zero
        : tensor<16x16xbf16>, tensor<16x16xbf16>, tensor<16x16xf32>
    tile.store %p, %o[%s, %h, %c0, %c0] dims [2, 3]
        : tensor<16x16xf32>, memref<?x2x16x16xf32, strided<[?, ?, ?, 1], offset: ?>>
  }
  return
}
}
}

// -----

// Running sums take a row at a time; reductions over rows too, and over columns
// end in a reduction of the lanes.

module {
module attributes {gsa.target = #gsa.target<"x86-64-v3">} {
// CHECK-LABEL: func.func @along(
// CHECK-DAG: %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : vector<8xf32>
// CHECK-DAG: %[[LOW:.*]] = arith.constant dense<0xFF800000> : vector<8xf32>
// CHECK: scf.for %[[I:.*]] = %c0 to %c16 step %c1 iter_args(%[[SUM:.*]] = %[[ZERO]])
// CHECK: %[[X:.*]] = vector.load {{.*}}[%[[I]], %
// CHECK: %[[NEW:.*]] = arith.addf %[[SUM]], %[[X]]
// CHECK: vector.store %[[NEW]]
// CHECK: scf.yield %[[NEW]]
// CHECK: iter_args(%[[MAX:.*]] = %[[LOW]])
// CHECK: arith.maximumf %[[MAX]]
// CHECK: vector.reduction <maximumf>
// CHECK: iter_args(%{{.*}} = %[[ZERO]]
// CHECK: arith.addf
// CHECK: vector.store
func.func @along(%x: memref<?x2x16x16xf32, strided<[?, ?, ?, 1], offset: ?>>,
                 %o: memref<?x2x16x16xf32, strided<[?, ?, ?, 1], offset: ?>>,
                 %m: memref<?x2x16xf32, strided<[?, ?, 1], offset: ?>>,
                 %p: memref<?x2x16xf32, strided<[?, ?, 1], offset: ?>>,
                 %n: index) attributes {gsa.kernel} {
  %c0 = arith.constant 0 : index
  scf.forall (%s, %h) in (%n, 2) {
    %a = tile.load %x[%s, %h, %c0, %c0] dims [2, 3]
        : memref<?x2x16x16xf32, strided<[?, ?, ?, 1], offset: ?>> -> tensor<16x16xf32>
    %in, %ex, %total = tile.scan add %a along 0 : tensor<16x16xf32>
        -> tensor<16x16xf32>, tensor<16x16xf32>, tensor<16xf32>
    tile.store %in, %o[%s, %h, %c0, %c0] dims [2, 3]
        : tensor<16x16xf32>, memref<?x2x16x16xf32, strided<[?, ?, ?, 1], offset: ?>>
    %max = tile.reduce max %a along [1] : tensor<16x16xf32> -> tensor<16xf32>
    tile.store %max, %m[%s, %h, %c0] dims [2]
        : tensor<16xf32>, memref<?x2x16xf32, strided<[?, ?, 1], offset: ?>>
    %sum = tile.reduce add %a along [0] : tensor<16x16xf32> -> tensor<16xf32>
    tile.store %sum, %p[%s, %h, %c0] dims [2]
        : tensor<16xf32>, memref<?x2x16xf32, strided<[?, ?, 1], offset: ?>>
  }
  return
}
}
}

// -----

module {
module attributes {gsa.target = #gsa.target<"x86-64-v3">} {
// expected-error @+1 {{a kernel must be one loop over blocks, got 0}}
func.func @no_blocks() attributes {gsa.kernel} {
  return
}
}
}

// -----

module {
module attributes {gsa.target = #gsa.target<"x86-64-v3">} {
func.func @tiles_of_a_loop(%m: index, %n: index) attributes {gsa.kernel} {
  %zero = arith.constant dense<0.0> : tensor<16x16xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.forall (%s) in (%n) {
    // expected-error @+1 {{must not result in tiles to be lowered}}
    %x = scf.for %i = %c0 to %m step %c1 iter_args(%a = %zero) -> (tensor<16x16xf32>) {
      scf.yield %a : tensor<16x16xf32>
    }
  }
  return
}
}
}

// -----

// Both sides of a branch write what they result in to one buffer.

module {
module attributes {gsa.target = #gsa.target<"x86-64-v3">} {
// CHECK-LABEL: func.func @branch(
// CHECK: %[[ROWS:.*]] = arith.select %[[C:.*]], %c8, %c1
// CHECK: scf.if %[[C]] {
// CHECK: %[[LINE:.*]] = vector.load %[[LOADED:.*]][%{{.*}}, %c0]
// CHECK: vector.store %[[LINE]], %[[BUFFER:.*]][%{{.*}}, %c0]
// CHECK: } else {
// CHECK: vector.store %cst, %[[BUFFER]][%{{.*}}, %c0]
// CHECK: }
// CHECK: scf.for %{{.*}} = %c0 to %[[ROWS]]
// CHECK: vector.load %[[BUFFER]]
func.func @branch(%c: i1, %n: index, %x: memref<?x16xf32, strided<[?, 1], offset: ?>>)
    attributes {gsa.kernel} {
  %zero = arith.constant dense<0.0> : tensor<8x16xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  scf.forall (%s) in (%n) {
    %a = tile.load %x[%s, %c0] dims [0, 1] rows %c8
        : memref<?x16xf32, strided<[?, 1], offset: ?>> -> tensor<8x16xf32>
    %rows, %b = scf.if %c -> (index, tensor<8x16xf32>) {
      scf.yield %c8, %a : index, tensor<8x16xf32>
    } else {
      scf.yield %c1, %zero : index, tensor<8x16xf32>
    }
    tile.store %b, %x[%s, %c0] dims [0, 1] rows %rows
        : tensor<8x16xf32>, memref<?x16xf32, strided<[?, 1], offset: ?>>
  }
  return
}
}
}

// -----

module {
module attributes {gsa.target = #gsa.target<"x86-64-v3">} {
func.func @exchange(%c: i1, %n: index) attributes {gsa.kernel} {
  %zero = arith.constant dense<0.0> : tensor<16x16xf32>
  scf.forall (%s) in (%n) {
    // expected-error @+1 {{must not exchange the tiles that it carries}}
    %x:2 = scf.while (%a = %zero, %b = %zero)
        : (tensor<16x16xf32>, tensor<16x16xf32>)
        -> (tensor<16x16xf32>, tensor<16x16xf32>) {
      scf.condition(%c) %a, %b : tensor<16x16xf32>, tensor<16x16xf32>
    } do {
    ^bb0(%a: tensor<16x16xf32>, %b: tensor<16x16xf32>):
      scf.yield %b, %a : tensor<16x16xf32>, tensor<16x16xf32>
    }
  }
  return
}
}
}

// -----

module {
module attributes {gsa.target = #gsa.target<"x86-64-v3">} {
func.func @scan_columns(%m: memref<16x16xf32>, %n: index) attributes {gsa.kernel} {
  %c0 = arith.constant 0 : index
  scf.forall (%s) in (%n) {
    %x = tile.load %m[%c0, %c0] dims [0, 1] : memref<16x16xf32> -> tensor<16x16xf32>
    // expected-error @+1 {{must run along dimension 0 to be lowered, got 1}}
    %i, %e, %t = tile.scan add %x along 1 : tensor<16x16xf32> -> tensor<16x16xf32>, tensor<16x16xf32>, tensor<16xf32>
    tile.store %i, %m[%c0, %c0] dims [0, 1] : tensor<16x16xf32>, memref<16x16xf32>
  }
  return
}
}
}

// -----

module {
module attributes {gsa.target = #gsa.target<"x86-64-v3">} {
func.func @table(%m: memref<4xf32>, %n: index) attributes {gsa.kernel} {
  %c0 = arith.constant 0 : index
  scf.forall (%s) in (%n) {
    // expected-error @+1 {{must be one number to be lowered, got several}}
    %x = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
    tile.store %x, %m[%c0] dims [0] : tensor<4xf32>, memref<4xf32>
  }
  return
}
}
}

// -----

// Processors have no clusters.
module {
module attributes {gsa.target = #gsa.target<"x86-64-v3">} {
func.func @no_cluster(%x: memref<16x16xf32>, %n: index) attributes {gsa.kernel} {
  %c0 = arith.constant 0 : index
  scf.forall (%s) in (%n) {
    %a = tile.load %x[%c0, %c0] dims [0, 1] : memref<16x16xf32> -> tensor<16x16xf32>
    // expected-error @+1 {{'tile.exchange' op}}
    %b = tile.exchange %a over 2 : tensor<16x16xf32> -> tensor<16x16xf32>
    tile.store %b, %x[%c0, %c0] dims [0, 1] : tensor<16x16xf32>, memref<16x16xf32>
  }
  return
}
}
}
