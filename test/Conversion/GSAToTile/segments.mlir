// RUN: gsa-opt %s --pass-pipeline='builtin.module(builtin.module(func.func(gsa-fuse-scans),gsa-cut-stages,func.func(gsa-chunk-memory),canonicalize,cse))' --split-input-file --verify-diagnostics | FileCheck %s

// Sequences cut into segments: memories of all but the last from nothing, the
// first from the initial state; their fold; outputs of all from what was folded.
// Sequences before those that are cut are whole, and come first.
// A stage lets the next one start, which waits before it reads the workspace; the
// first segment reads nothing of it.

module {
module attributes {gsa.target = #gsa.target<"sm_90a">} {
// CHECK-LABEL: func.func @cut__states(
// CHECK-SAME: %[[STATE:[a-z0-9]+]]: memref<?x?x32x32xf32> {gsa.kind = "workspace", gsa.name = "state0"}
// CHECK-SAME: %[[DECAY:[a-z0-9]+]]: memref<?x?x2x16xf32> {gsa.kind = "workspace", gsa.name = "decay0"}
// CHECK: %[[CUTS:.*]] = memref.dim %[[STATE]], %c0
// CHECK: %[[CUT:.*]] = memref.dim %[[STATE]], %c1
// CHECK: %[[WALKS:.*]] = arith.muli %[[CUT]], %[[CUTS]]
// CHECK: scf.forall (%[[WALK:.*]], %[[H:.*]]) in (%[[WALKS]], 2)
// CHECK-NEXT: tile.release_stage
// CHECK-NOT: tile.await_stages
// CHECK: %[[WHOLE:.*]] = arith.subi %{{.*}}, %[[CUT]]
// CHECK: arith.divui %{{.*}}, %{{.*}} : i32
// CHECK: %[[PLACE:.*]] = arith.index_castui
// CHECK: %[[OTHERS:.*]] = arith.muli %[[PLACE]], %[[CUTS]]
// CHECK: %[[S:.*]] = arith.subi %[[WALK]], %[[OTHERS]]
// CHECK: %[[N:.*]] = arith.addi %[[WHOLE]], %[[PLACE]]
// CHECK: %[[SHARE:.*]] = arith.divui %{{.*}}, %{{.*}} : i32
// CHECK: %[[CHUNKS:.*]] = arith.index_castui %[[SHARE]]
// CHECK: %[[EACH:.*]] = arith.muli %[[CHUNKS]], %c64
// CHECK: %[[FROM:.*]] = arith.muli %[[S]], %[[EACH]]
// CHECK: %[[FIRST:.*]] = arith.cmpi eq, %[[S]], %c0
// CHECK: %[[ROWS:.*]] = arith.select %[[FIRST]], %c16, %c0
// CHECK: tile.load %{{.*}}[%[[N]], %[[H]], %c0, %c0] dims [2, 3] rows %[[ROWS]]
// CHECK: %[[LOOP:.*]]:3 = scf.while
// No output is made, and no query read.
// CHECK-NOT: tile.store
// CHECK: scf.yield
// CHECK: tile.store %[[LOOP]]#1, %[[STATE]][%[[S]], %[[PLACE]], %{{.*}}, %c0] dims [2, 3]
// CHECK: tile.store %[[LOOP]]#2, %[[DECAY]][%[[S]], %[[PLACE]], %[[H]], %c0] dims [3]

// CHECK-LABEL: func.func @cut__fold(
// CHECK-SAME: %[[STATE:[a-z0-9]+]]: memref<?x?x32x32xf32> {gsa.kind = "workspace", gsa.name = "state0"}
// CHECK-SAME: %[[DECAY:[a-z0-9]+]]: memref<?x?x2x16xf32> {gsa.kind = "workspace", gsa.name = "decay0"}
// CHECK: %[[CUTS:.*]] = memref.dim %[[STATE]], %c0
// Of a few cuts segments fold for themselves.
// CHECK: %[[BUSY:.*]] = arith.cmpi sgt, %[[CUTS]], %c8
// CHECK: %[[SEQUENCES:.*]] = arith.select %[[BUSY]]
// CHECK: scf.forall (%{{.*}}, %{{.*}}) in (%[[SEQUENCES]], 2)
// CHECK-NEXT: tile.release_stage
// CHECK-NEXT: tile.await_stages{{$}}
// CHECK: %[[S0:.*]] = tile.load %[[STATE]][%c0
// Six at a time, as long as there are six, then two, of which one may be none.
// CHECK: %[[SIX:.*]]:2 = scf.while (%[[I:.*]] = %c1, %{{.*}} = %[[S0]])
// CHECK: %[[LAST:.*]] = arith.addi %[[I]], %c5
// CHECK: arith.cmpi slt, %[[LAST]], %[[CUTS]]
// CHECK: ^bb0(%[[AT:.*]]: index, %[[S:.*]]: tensor<16x32xf32>)
// CHECK: %[[R:.*]] = tile.load %[[STATE]][%[[AT]]
// CHECK: %[[G:.*]] = tile.load %[[DECAY]][%[[AT]]
// CHECK-COUNT-5: tile.load %[[STATE]]
// CHECK-NOT: tile.load %[[STATE]]
// CHECK: %[[KEPT:.*]] = math.exp2 %[[G]]
// CHECK: %[[ROWS:.*]] = tile.broadcast %[[KEPT]] along 1
// CHECK: %[[OLD:.*]] = arith.mulf %[[S]], %[[ROWS]]
// CHECK: %[[NEW:.*]] = arith.addf %[[OLD]], %[[R]]
// CHECK: tile.store %[[NEW]], %[[STATE]][%[[AT]]
// CHECK-COUNT-5: tile.store {{.*}} rows %c16
// CHECK: scf.while (%[[I:.*]] = %[[SIX]]#0, %{{.*}} = %[[SIX]]#1)
// CHECK: arith.cmpi slt, %[[I]], %[[CUTS]]
// CHECK: ^bb0(%[[AT:.*]]: index
// CHECK: tile.load %[[STATE]][%[[AT]]{{.*}} rows %c16
// CHECK: %[[NEXT:.*]] = arith.addi %[[AT]], %c1
// CHECK: %[[IS:.*]] = arith.cmpi slt, %[[NEXT]], %[[CUTS]]
// CHECK: %[[THERE:.*]] = arith.select %[[IS]], %c16, %c0
// CHECK: tile.load %[[STATE]]{{.*}} rows %[[THERE]]
// CHECK: tile.store {{.*}} rows %c16
// CHECK: tile.store {{.*}} rows %[[THERE]]

// CHECK-LABEL: func.func @cut(
// CHECK-SAME: %[[STATE:[a-z0-9]+]]: memref<?x?x32x32xf32> {gsa.kind = "workspace", gsa.name = "state0"}
// CHECK-SAME: %[[DECAY:[a-z0-9]+]]: memref<?x?x2x16xf32> {gsa.kind = "workspace", gsa.name = "decay0"}
// CHECK: %[[CUTS:.*]] = memref.dim %[[STATE]], %c0
// CHECK: %[[CUT:.*]] = memref.dim %[[STATE]], %c1
// CHECK: %[[MORE:.*]] = arith.muli %[[CUT]], %[[CUTS]]
// CHECK: %[[WALKS:.*]] = arith.addi %{{.*}}, %[[MORE]]
// CHECK: scf.forall (%[[WALK:.*]], %[[H:.*]]) in (%[[WALKS]], 2)
// CHECK-NOT: tile.release_stage
// CHECK: %[[WHOLE:.*]] = arith.subi %{{.*}}, %[[CUT]]
// CHECK: %[[IS:.*]] = arith.cmpi slt, %[[WALK]], %[[WHOLE]]
// CHECK: %[[PAST:.*]] = arith.subi %[[WALK]], %[[WHOLE]]
// CHECK: %[[BEHIND:.*]] = arith.select %[[IS]], %c0, %[[PAST]]
// CHECK: %[[EACH:.*]] = arith.addi %[[CUTS]], %c1
// CHECK: %[[OWN:.*]] = arith.select %[[IS]], %c0, %[[CUTS]]
// CHECK: arith.divui %{{.*}}, %{{.*}} : i32
// CHECK: %[[PLACE:.*]] = arith.index_castui
// CHECK: %[[OTHERS:.*]] = arith.muli %[[PLACE]], %[[EACH]]
// CHECK: %[[S:.*]] = arith.subi %[[BEHIND]], %[[OTHERS]]
// CHECK: %[[AFTER:.*]] = arith.addi %[[WHOLE]], %[[PLACE]]
// CHECK: %[[N:.*]] = arith.select %[[IS]], %[[WALK]], %[[AFTER]]
// CHECK: %[[STARTS:.*]] = arith.cmpi ne, %[[S]], %c0
// CHECK: tile.await_stages if %[[STARTS]]
// CHECK: %[[INITIAL:.*]] = tile.load %{{.*}}[%[[N]], %[[H]], %c0, %c0]
// All memories before it, or the last of those that are folded.
// CHECK: %[[BEFORE:.*]] = arith.maxsi
// CHECK: %[[FOLDED:.*]] = arith.cmpi sgt, %[[CUTS]], %c8
// CHECK: %[[FROM:.*]] = arith.select %[[FOLDED]], %[[BEFORE]], %c0
// CHECK: %[[START:.*]] = scf.for %[[AT:.*]] = %[[FROM]] to %[[S]] step %c1 iter_args(%[[OLD:.*]] = %[[INITIAL]])
// CHECK: %[[G:.*]] = tile.load %[[DECAY]][%[[AT]], %[[PLACE]], %[[H]], %c0]
// CHECK: %[[KEPT:.*]] = math.exp2 %[[G]]
// CHECK: %[[ROWS:.*]] = tile.broadcast %[[KEPT]] along 1
// CHECK: %[[LEFT:.*]] = arith.mulf %[[OLD]], %[[ROWS]]
// CHECK: %[[R:.*]] = tile.load %[[STATE]][%[[AT]], %[[PLACE]]
// CHECK: arith.addf %[[LEFT]], %[[R]]
// CHECK: scf.while (%{{.*}} = %{{.*}}, %{{.*}} = %[[START]])
// CHECK: tile.store
// CHECK: scf.yield
// The last segment alone knows the final state.
// CHECK: %[[LAST:.*]] = arith.cmpi eq, %[[S]], %[[OWN]]
// CHECK: scf.if %[[LAST]]
// CHECK: tile.store
func.func @cut(%x: tensor<?x?x2x16xbf16>, %c: tensor<?x?x2x32xbf16>,
               %g: tensor<?x?x2xf32>, %s: tensor<?x2x16x32xf32>)
    -> (tensor<?x?x2x32xbf16>, tensor<?x2x16x32xf32>)
    attributes {gsa.schedule = #gsa.schedule<segmented, chunk = 64>} {
  %m = gsa.memory rows(%x : tensor<?x?x2x16xbf16>)
      columns(%c : tensor<?x?x2x32xbf16>) decay(%g : tensor<?x?x2xf32>)
      initial(%s : tensor<?x2x16x32xf32>) : !gsa.memory<2x16x32>
  %o = gsa.read rows %m, %x
      : !gsa.memory<2x16x32>, tensor<?x?x2x16xbf16> -> tensor<?x?x2x32xbf16>
  %e = gsa.final_state %m : !gsa.memory<2x16x32> -> tensor<?x2x16x32xf32>
  return %o, %e : tensor<?x?x2x32xbf16>, tensor<?x2x16x32xf32>
}
}
}

// -----

// Lanes have no room for a large memory twice: whatever is cut is folded.

module {
module attributes {gsa.target = #gsa.target<"sm_90a">} {
// CHECK-LABEL: func.func @large__fold(
// CHECK: %[[CUTS:.*]] = memref.dim %{{.*}}, %c0
// CHECK: arith.cmpi sgt, %[[CUTS]], %c1
// CHECK-LABEL: func.func @large(
// CHECK-NOT: scf.for %
// CHECK: %[[BEFORE:.*]] = arith.maxsi
// CHECK: %[[ROWS:.*]] = arith.select %{{.*}}, %c0, %c128
// CHECK: %[[START:.*]] = tile.load %{{.*}}[%[[BEFORE]], {{.*}} rows %[[ROWS]]
// CHECK: scf.while (%{{.*}} = %{{.*}}, %{{.*}} = %[[START]])
func.func @large(%x: tensor<?x?x2x128xbf16>, %g: tensor<?x?x2xf32>) -> tensor<?x?x2x128xbf16>
    attributes {gsa.schedule = #gsa.schedule<segmented, chunk = 64>} {
  %m = gsa.memory rows(%x : tensor<?x?x2x128xbf16>)
      columns(%x : tensor<?x?x2x128xbf16>) decay(%g : tensor<?x?x2xf32>) : !gsa.memory<2x128x128>
  %o = gsa.read rows %m, %x
      : !gsa.memory<2x128x128>, tensor<?x?x2x128xbf16> -> tensor<?x?x2x128xbf16>
  return %o : tensor<?x?x2x128xbf16>
}
}
}

// -----

module {
module attributes {gsa.target = #gsa.target<"x86-64-v3">} {
func.func @running_softmax(%c: tensor<?x?x2x16xf32>) -> tensor<?x?x2x16xf32>
    attributes {gsa.schedule = #gsa.schedule<segmented, chunk = 16, segments = 2>} {
  // expected-error @below {{must not start where a segment does: its sweep must have decays that follow from the tokens alone to be cut into segments}}
  %g = gsa.softmax_decay %c : tensor<?x?x2x16xf32> -> tensor<?x?x2x16xf32>
  %m = gsa.memory columns(%c : tensor<?x?x2x16xf32>)
      decay(%g : tensor<?x?x2x16xf32>) : !gsa.memory<2x16x16>
  %o = gsa.read rows %m, %c
      : !gsa.memory<2x16x16>, tensor<?x?x2x16xf32> -> tensor<?x?x2x16xf32>
  return %o : tensor<?x?x2x16xf32>
}
}
}

// -----

module {
module attributes {gsa.target = #gsa.target<"x86-64-v3">} {
func.func @write_from_read(%c: tensor<?x?x2x16xf32>) -> tensor<?x?x2x16xf32>
    attributes {gsa.schedule = #gsa.schedule<segmented, chunk = 16, segments = 2>} {
  %m = gsa.memory rows(%c : tensor<?x?x2x16xf32>)
      columns(%c : tensor<?x?x2x16xf32>) : !gsa.memory<2x16x16>
  %o = gsa.read rows %m, %c
      : !gsa.memory<2x16x16>, tensor<?x?x2x16xf32> -> tensor<?x?x2x16xf32>
  // expected-error @below {{'gsa.memory' op must not follow from a read to be cut into segments, got one of '!gsa.memory<2x16x16>'}}
  %n = gsa.memory rows(%o : tensor<?x?x2x16xf32>)
      columns(%c : tensor<?x?x2x16xf32>) : !gsa.memory<2x16x16>
  %p = gsa.read rows %n, %c
      : !gsa.memory<2x16x16>, tensor<?x?x2x16xf32> -> tensor<?x?x2x16xf32>
  return %p : tensor<?x?x2x16xf32>
}
}
}
