// RUN: gsa-opt %s --pass-pipeline='builtin.module(builtin.module(func.func(gsa-fuse-scans),gsa-cut-stages,func.func(gsa-chunk-memory),canonicalize,cse))' --split-input-file --verify-diagnostics | FileCheck %s

// A launch for what is read by columns, which carries that memory and stores its
// state, and one for the rest. Two slices of 32 columns make two parts of a read.

module {
module attributes {gsa.target = #gsa.target<"sm_80">} {
// CHECK-LABEL: func.func @cut__reads(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: memref<?x?x4x64xf32
// CHECK-SAME: %[[K:[a-z0-9]+]]: memref<?x?x2x64xf32
// CHECK-SAME: %[[KEYS:[a-z0-9]+]]: memref<?x2x16x64xf32{{.*}}gsa.name = "keys"
// CHECK-SAME: %[[PARTS:[a-z0-9]+]]: memref<?x?x8x16xf32> {gsa.kind = "token_workspace", gsa.name = "read0"}
// CHECK: scf.forall (%[[N:.*]], %[[H:.*]], %[[G:.*]], %[[S:.*]]) in (%{{.*}}, 2, 2, 2)
// CHECK: scf.while {{.*}} : (index, tensor<16x32xf32>)
// CHECK: ^bb0(%[[T:.*]]: index, %[[STATE:.*]]: tensor<16x32xf32>)
// CHECK-NOT: tile.store
// CHECK: tile.store %{{.*}}, %[[PARTS]][%[[N]], %[[T]], %{{.*}}, %c0] dims [1, 3]
// CHECK: scf.yield
// CHECK: tile.store %{{.*}}, %[[KEYS]]
// CHECK-NOT: tile.store
// CHECK: return

// CHECK-LABEL: func.func @cut(
// CHECK-SAME: %[[O:[a-z0-9]+]]: memref<?x?x4x64xf32{{[^%]*}}gsa.name = "o"
// CHECK-SAME: %[[PARTS:[a-z0-9]+]]: memref<?x?x8x16xf32> {gsa.kind = "token_workspace", gsa.name = "read0"}
// CHECK: scf.while {{.*}} : (index, tensor<16x32xf32>)
// CHECK: %[[A:.*]] = tile.load %[[PARTS]]
// CHECK: %[[B:.*]] = tile.load %[[PARTS]]
// CHECK: %[[SUM:.*]] = arith.addf %[[A]], %[[B]]
// CHECK: arith.mulf %[[SUM]]
// CHECK: tile.store %{{.*}}, %[[O]]
// CHECK-NOT: tile.store
// CHECK: return
func.func @cut(
    %q: tensor<?x?x4x64xf32> {gsa.name = "q"},
    %k: tensor<?x?x2x64xf32> {gsa.name = "k"},
    %v: tensor<?x?x2x64xf32> {gsa.name = "v"},
    %g: tensor<?x?x2x16xf32> {gsa.name = "g"})
    -> (tensor<?x?x4x64xf32> {gsa.name = "o"},
        tensor<?x2x16x64xf32> {gsa.name = "keys"})
    attributes {gsa.schedule = #gsa.schedule<staged, chunk = 16, slices = 2>} {
  %km = gsa.memory columns(%k : tensor<?x?x2x64xf32>) decay(%g : tensor<?x?x2x16xf32>) : <2x16x64>
  %vm = gsa.memory columns(%v : tensor<?x?x2x64xf32>) decay(%g : tensor<?x?x2x16xf32>) : <2x16x64>
  %x = gsa.read columns %km, %q scale 0.5 : <2x16x64>, tensor<?x?x4x64xf32> -> tensor<?x?x4x16xf32>
  %p = gsa.softmax %x : tensor<?x?x4x16xf32>
  %o = gsa.read rows %vm, %p : <2x16x64>, tensor<?x?x4x16xf32> -> tensor<?x?x4x64xf32>
  %s = gsa.final_state %km : <2x16x64> -> tensor<?x2x16x64xf32>
  return %o, %s : tensor<?x?x4x64xf32>, tensor<?x2x16x64xf32>
}
}
}

// -----

module {
module attributes {gsa.target = #gsa.target<"sm_80">} {
// expected-error @below {{'gsa.sweep' op must read a memory by columns to be staged, got none}}
func.func @by_rows(
    %q: tensor<?x?x2x16xf32> {gsa.name = "q"},
    %v: tensor<?x?x2x64xf32> {gsa.name = "v"},
    %g: tensor<?x?x2x16xf32> {gsa.name = "g"})
    -> (tensor<?x?x2x64xf32> {gsa.name = "o"})
    attributes {gsa.schedule = #gsa.schedule<staged, chunk = 16>} {
  %vm = gsa.memory columns(%v : tensor<?x?x2x64xf32>) decay(%g : tensor<?x?x2x16xf32>) : <2x16x64>
  %o = gsa.read rows %vm, %q : <2x16x64>, tensor<?x?x2x16xf32> -> tensor<?x?x2x64xf32>
  return %o : tensor<?x?x2x64xf32>
}
}
}

// -----

module {
module attributes {gsa.target = #gsa.target<"sm_80">} {
func.func @chained(
    %q: tensor<?x?x2x16xf32> {gsa.name = "q"},
    %v: tensor<?x?x2x64xf32> {gsa.name = "v"},
    %g: tensor<?x?x2x16xf32> {gsa.name = "g"})
    -> (tensor<?x?x2x16xf32> {gsa.name = "o"})
    attributes {gsa.schedule = #gsa.schedule<staged, chunk = 16>} {
  %vm = gsa.memory columns(%v : tensor<?x?x2x64xf32>) decay(%g : tensor<?x?x2x16xf32>) : <2x16x64>
  %x = gsa.read rows %vm, %q : <2x16x64>, tensor<?x?x2x16xf32> -> tensor<?x?x2x64xf32>
  // expected-error @below {{'gsa.read' op must not follow from a read to be staged, got one of '!gsa.memory<2x16x64>'}}
  %o = gsa.read columns %vm, %x : <2x16x64>, tensor<?x?x2x64xf32> -> tensor<?x?x2x16xf32>
  return %o : tensor<?x?x2x16xf32>
}
}
}
