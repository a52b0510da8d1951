// RUN: gsa-opt %s --pass-pipeline='builtin.module(builtin.module(func.func(gsa-fuse-scans,gsa-chunk-memory),canonicalize,cse))' --split-input-file --verify-diagnostics | FileCheck %s

// Of a cluster, each block has its columns of both memories. What it reads by
// columns is a sum over them, in the window and before it, and is added up over
// the cluster before anything that is not linear.

module {
module attributes {gsa.target = #gsa.target<"sm_90a">} {
// CHECK-LABEL: func.func @wide(
// CHECK-SAME: gsa.cluster = 4 : i64
// CHECK: scf.forall (%[[B:.*]], %[[H:.*]], %[[SLICE:.*]]) in (%{{.*}}, 4, 4)
// CHECK: scf.while {{.*}} (index, tensor<64x128xf32>, tensor<64x128xf32>)
// CHECK: scf.if
// CHECK: %[[FIRST:.*]] = arith.muli %[[SLICE]], %c128
// CHECK-DAG: %[[K:.*]] = tile.load %arg1[%{{.*}}, %{{.*}}, %[[H]], %[[FIRST]]] {{.*}} -> tensor<64x128xbf16>
// CHECK-DAG: %[[Q:.*]] = tile.load %arg0[%{{.*}}, %{{.*}}, %[[H]], %[[FIRST]]] {{.*}} -> tensor<64x128xbf16>
// CHECK: tile.mma %[[Q]]
// CHECK: %[[PART:.*]] = tile.mma {{.*}} : tensor<64x64xbf16>, tensor<64x64xbf16>, tensor<64x64xf32>
// CHECK: %[[ALL:.*]] = tile.exchange %[[PART]] over 4 : tensor<64x64xf32> -> tensor<64x64xf32>
// CHECK: %[[Y:.*]] = arith.mulf %[[ALL]]
// CHECK: tile.reduce max %[[Y]] along [1]
// CHECK-NOT: tile.exchange
// CHECK: tile.store {{.*}}, %[[FIRST]]] {{.*}} : tensor<64x128xbf16>
func.func @wide(%q: tensor<?x?x4x512xbf16>, %k: tensor<?x?x4x512xbf16>,
                %v: tensor<?x?x4x512xbf16>, %g: tensor<?x?x4x64xbf16>)
    -> tensor<?x?x4x512xbf16>
    attributes {gsa.schedule = #gsa.schedule<fused, chunk = 64, slices = 4, cluster = 4>} {
  %m = gsa.memory columns(%k : tensor<?x?x4x512xbf16>)
      decay(%g : tensor<?x?x4x64xbf16>) : !gsa.memory<4x64x512>
  %n = gsa.memory columns(%v : tensor<?x?x4x512xbf16>)
      decay(%g : tensor<?x?x4x64xbf16>) : !gsa.memory<4x64x512>
  %y = gsa.read columns %m, %q
      : !gsa.memory<4x64x512>, tensor<?x?x4x512xbf16> -> tensor<?x?x4x64xf32>
  %p = gsa.softmax %y : tensor<?x?x4x64xf32>
  %o = gsa.read rows %n, %p
      : !gsa.memory<4x64x512>, tensor<?x?x4x64xf32> -> tensor<?x?x4x512xbf16>
  return %o : tensor<?x?x4x512xbf16>
}
}
}

// -----

// One decay for all rows: the memory's part is decayed for itself, linearly too.
// What is read is stored whole, by the first block. Padding of the last slice
// adds nothing, even where it was no zero.

module {
module attributes {gsa.target = #gsa.target<"sm_90a">} {
// CHECK-LABEL: func.func @one_decay(
// CHECK: scf.while {{.*}} (index, tensor<16x32xf32>)
// CHECK: %[[LEFT:.*]] = arith.subi %c60{{.*}}, %{{.*}} : index
// CHECK: %[[BOUND:.*]] = arith.index_cast %[[LEFT]] : index to i32
// CHECK: %[[LIMIT:.*]] = tensor.splat %[[BOUND]]
// CHECK: arith.cmpi slt, %{{.*}}, %[[LIMIT]] : tensor<16x32xi32>
// CHECK: arith.select %{{.*}} : tensor<16x16xi1>, tensor<16x16xf32>
// CHECK: %[[STATE:.*]] = tile.mma {{.*}} : tensor<16x32xf32>, tensor<32x16xf32>, tensor<16x16xf32>
// CHECK: %[[BEFORE:.*]] = arith.mulf %[[STATE]], %{{.*}} : tensor<16x16xf32>
// CHECK: %[[PART:.*]] = tile.mma %{{.*}}, %{{.*}}, %[[BEFORE]]
// CHECK: %[[ALL:.*]] = tile.exchange %[[PART]] over 2 : tensor<16x16xf32> -> tensor<16x16xf32>
// CHECK: scf.if
// CHECK: tile.store %[[ALL]]
func.func @one_decay(%x: tensor<?x?x2x60xf32>, %r: tensor<?x?x2x16xf32>,
                     %g: tensor<?x?x2xf32>) -> tensor<?x?x2x16xf32>
    attributes {gsa.schedule = #gsa.schedule<fused, chunk = 16, slices = 2, cluster = 2>} {
  %c = math.exp %x : tensor<?x?x2x60xf32>
  %m = gsa.memory rows(%r : tensor<?x?x2x16xf32>)
      columns(%c : tensor<?x?x2x60xf32>) decay(%g : tensor<?x?x2xf32>)
      : !gsa.memory<2x16x60>
  %y = gsa.read columns %m, %c
      : !gsa.memory<2x16x60>, tensor<?x?x2x60xf32> -> tensor<?x?x2x16xf32>
  return %y : tensor<?x?x2x16xf32>
}
}
}

// -----

// Blocks that know nothing of each other cut the same spec elsewhere: the memory
// that is read by columns is whole in each.

module {
module attributes {gsa.target = #gsa.target<"sm_80">} {
// CHECK-LABEL: func.func @apart(
// CHECK-NOT: gsa.cluster
// CHECK: scf.while {{.*}} (index, tensor<64x64xf32>, tensor<64x16xf32>)
// CHECK-NOT: tile.exchange
func.func @apart(%q: tensor<?x?x4x64xbf16>, %k: tensor<?x?x4x64xbf16>,
                 %v: tensor<?x?x4x64xbf16>, %g: tensor<?x?x4x64xbf16>)
    -> tensor<?x?x4x64xbf16>
    attributes {gsa.schedule = #gsa.schedule<fused, chunk = 64, slices = 4>} {
  %m = gsa.memory columns(%k : tensor<?x?x4x64xbf16>)
      decay(%g : tensor<?x?x4x64xbf16>) : !gsa.memory<4x64x64>
  %n = gsa.memory columns(%v : tensor<?x?x4x64xbf16>)
      decay(%g : tensor<?x?x4x64xbf16>) : !gsa.memory<4x64x64>
  %y = gsa.read columns %m, %q
      : !gsa.memory<4x64x64>, tensor<?x?x4x64xbf16> -> tensor<?x?x4x64xf32>
  %p = gsa.softmax %y : tensor<?x?x4x64xf32>
  %o = gsa.read rows %n, %p
      : !gsa.memory<4x64x64>, tensor<?x?x4x64xf32> -> tensor<?x?x4x64xbf16>
  return %o : tensor<?x?x4x64xbf16>
}
}
}

// -----

module {
module attributes {gsa.target = #gsa.target<"sm_90a">} {
// expected-error @below {{must read by columns a memory that can be cut to need a cluster of 2 blocks, got none}}
func.func @rows_only(%c: tensor<?x?x2x32xf32>) -> tensor<?x?x2x32xf32>
    attributes {gsa.schedule = #gsa.schedule<fused, chunk = 16, slices = 2, cluster = 2>} {
  %m = gsa.memory rows(%c : tensor<?x?x2x32xf32>)
      columns(%c : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %o = gsa.read rows %m, %c
      : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32> -> tensor<?x?x2x32xf32>
  return %o : tensor<?x?x2x32xf32>
}
}
}

// -----

// What is read by rows and needs all its columns keeps its memory whole.

module {
module attributes {gsa.target = #gsa.target<"sm_90a">} {
// expected-error @below {{must have a memory whose columns reach only outputs to be cut in 2 slices, got none}}
func.func @needs_all(%c: tensor<?x?x2x32xf32>) -> tensor<?x?x2x32xf32>
    attributes {gsa.schedule = #gsa.schedule<fused, chunk = 16, slices = 2, cluster = 2>} {
  %m = gsa.memory rows(%c : tensor<?x?x2x32xf32>)
      columns(%c : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %y = gsa.read rows %m, %c
      : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32> -> tensor<?x?x2x32xf32>
  %o = gsa.softmax %y : tensor<?x?x2x32xf32>
  return %o : tensor<?x?x2x32xf32>
}
}
}

// -----

module {
module attributes {gsa.target = #gsa.target<"sm_80">} {
// expected-error @below {{must have clusters of at most 1 blocks on sm_80, got 2}}
func.func @no_clusters(%c: tensor<?x?x2x32xf32>) -> tensor<?x?x2x32xf32>
    attributes {gsa.schedule = #gsa.schedule<fused, chunk = 16, slices = 2, cluster = 2>} {
  %m = gsa.memory rows(%c : tensor<?x?x2x32xf32>)
      columns(%c : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %o = gsa.read columns %m, %c
      : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32> -> tensor<?x?x2x32xf32>
  return %o : tensor<?x?x2x32xf32>
}
}
}

// -----

module {
module attributes {gsa.target = #gsa.target<"x86-64-v3">} {
// expected-error @below {{must have clusters of at most 1 blocks on x86-64-v3, got 2}}
func.func @host(%c: tensor<?x?x2x32xf32>) -> tensor<?x?x2x32xf32>
    attributes {gsa.schedule = #gsa.schedule<fused, chunk = 16, slices = 2, cluster = 2>} {
  %m = gsa.memory rows(%c : tensor<?x?x2x32xf32>)
      columns(%c : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %o = gsa.read columns %m, %c
      : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32> -> tensor<?x?x2x32xf32>
  return %o : tensor<?x?x2x32xf32>
}
}
}
