// RUN: gsa-opt %s --pass-pipeline='builtin.module(builtin.module(func.func(gsa-fuse-scans,gsa-chunk-memory),canonicalize,cse))' --split-input-file --verify-diagnostics | FileCheck %s

// The column form with one decay a row: y = E * (tril(x c^T) W + x S^T), and the
// carry S' = exp2(G_n) (S + W^T c). Sizes that are no multiples of a register
// are padded: the loads make zeros, and where the gate is zero, so is a write
// tied to it. Nothing is masked unless the decay ends the window.

module {
module attributes {gsa.target = #gsa.target<"x86-64-v3">} {
// CHECK-LABEL: func.func @columns(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: memref<?x?x2x60xf32, {{[^%]*}}gsa.kind = "input", gsa.name = "q"{{[^%]*}}%[[C:[a-z0-9]+]]: {{[^%]*}}%[[G:[a-z0-9]+]]: {{[^%]*}}%[[O:[a-z0-9]+]]: memref<?x?x2x40xf32, {{[^%]*}}gsa.kind = "output", gsa.name = "o"
// CHECK-DAG: %[[MIDDLE:.*]] = arith.constant dense<-5.500000e+01> : tensor<48xf32>
// CHECK-DAG: %[[ZEROS:.*]] = arith.constant dense<0.000000e+00> : tensor<48x64xf32>
// CHECK-DAG: %[[B:.*]] = memref.dim %[[C]], %c0
// CHECK-DAG: %[[T:.*]] = memref.dim %[[C]], %c1
// CHECK: scf.forall (%[[N:.*]], %[[H:.*]]) in (%[[B]], 2)
// CHECK: scf.while (%[[AT:.*]] = %c0, %{{.*}} = %[[ZEROS]])
// CHECK: arith.cmpi slt, %[[AT]], %[[T]]
// CHECK: ^bb0(%[[AT:.*]]: index, %[[S:.*]]: tensor<48x64xf32>)
// CHECK: %[[LEFT:.*]] = arith.subi %[[T]], %[[AT]]
// CHECK: %[[ROWS:.*]] = arith.minsi %[[LEFT]], %c8
// CHECK: %[[GATE:.*]] = tile.load %[[G]][%[[N]], %[[AT]], %[[H]], %c0] dims [1, 3] rows %[[ROWS]]
// CHECK-SAME: -> tensor<8x48xf32>
// CHECK: %[[FLOOR:.*]] = arith.maximumf %[[GATE]]
// CHECK: %[[LOG2:.*]] = arith.mulf %[[FLOOR]]
// CHECK: %[[SUMS:.*]], %{{.*}}, %[[TOTAL:.*]] = tile.scan add %[[LOG2]] along 0
// CHECK: %[[REFERENCE:.*]] = tile.broadcast %[[MIDDLE]] along 0
// CHECK: %[[FROM:.*]] = arith.subf %[[SUMS]], %[[REFERENCE]]
// CHECK: %[[E:.*]] = math.exp2 %[[FROM]] fastmath<reassoc>
// CHECK: %[[S1:.*]] = math.expm1 %[[FLOOR]]
// CHECK: %[[TIED:.*]] = arith.negf %[[S1]]
// CHECK: %[[GROWN:.*]] = math.exp2 %{{.*}} fastmath<reassoc>
// CHECK: %[[ALL:.*]] = arith.mulf %[[TIED]], %[[GROWN]] fastmath<contract>
// CHECK: %[[LOWEST:.*]] = tile.reduce min %[[TOTAL]] along [0]
// CHECK: %[[FITS:.*]] = arith.cmpf oge, %[[LOWEST]]
// CHECK: %[[IF:.*]]:3 = scf.if %[[FITS]]
// CHECK-NEXT: scf.yield %[[ROWS]], %[[TOTAL]], %[[ALL]]
// What only the branch needs is made anew there, each exponential by itself.
// CHECK-NEXT: else
// CHECK: %[[AGAIN:.*]] = tile.load %[[G]][%[[N]], %[[AT]], %[[H]], %c0] dims [1, 3] rows %[[ROWS]]
// CHECK: %[[FLOOR1:.*]] = arith.maximumf %[[AGAIN]]
// CHECK: %[[LOG21:.*]] = arith.mulf %[[FLOOR1]]
// CHECK: %[[RUNNING:.*]], %{{.*}}, %{{.*}} = tile.scan add %[[LOG21]] along 0
// CHECK: %[[WINDOW:.*]] = arith.minsi %{{.*}}, %[[ROWS]]
// CHECK: %[[LIVE:.*]] = arith.cmpi slt
// CHECK: %[[KEPT:.*]] = arith.select %[[LIVE]], %[[RUNNING]]
// CHECK: %[[PART:.*]] = tile.reduce min %[[KEPT]] along [0]
// CHECK-NOT: math.expm1
// CHECK: %[[GROWN1:.*]] = math.exp2 %{{[0-9]+}} : tensor<8x48xf32>
// CHECK: %[[ALL1:.*]] = arith.mulf %[[TIED]], %[[GROWN1]]
// CHECK: %[[W:.*]] = arith.select %[[LIVE]], %[[ALL1]]
// CHECK: scf.yield %[[WINDOW]], %[[PART]], %[[W]]
// CHECK-DAG: %[[X:.*]] = tile.load %[[Q]]{{.*}} -> tensor<8x64xf32>
// CHECK-DAG: %[[COLS:.*]] = tile.load %[[C]]{{.*}} -> tensor<8x64xf32>
// CHECK: %[[XC:.*]] = tile.mma %[[X]], %{{.*}}, %{{.*}} : tensor<8x64xf32>, tensor<64x8xf32>, tensor<8x8xf32>
// CHECK: %[[CAUSAL:.*]] = arith.select %{{.*}}, %[[XC]]
// CHECK: %[[XS:.*]] = tile.mma %[[X]], %{{.*}}, %{{.*}} : tensor<8x64xf32>, tensor<64x48xf32>, tensor<8x48xf32>
// CHECK: %[[Y:.*]] = tile.mma %[[CAUSAL]], %[[IF]]#2, %[[XS]]
// CHECK: %[[EY:.*]] = arith.mulf %[[Y]], %[[E]]
// CHECK: tile.store %{{.*}}, %[[O]][%[[N]], %[[AT]], %[[H]], %c0] dims [1, 3] rows %[[IF]]#0
// CHECK: %[[NEXT:.*]] = arith.addi %[[AT]], %[[IF]]#0
// CHECK-NOT: tile.reduce
// CHECK-DAG: %[[WT:.*]] = tile.transpose %[[IF]]#2
// CHECK-DAG: %[[SUM:.*]] = tile.mma %[[WT]], %[[COLS]], %[[S]]
// CHECK: math.exp2 %[[IF]]#1
// CHECK: %[[STATE:.*]] = arith.mulf %[[SUM]]
// CHECK: scf.yield %[[NEXT]], %[[STATE]]
func.func @columns(%q: tensor<?x?x2x60xf32> {gsa.name = "q"},
                   %c: tensor<?x?x2x60xf32> {gsa.name = "c"},
                   %g: tensor<?x?x2x40xf32> {gsa.name = "g"})
    -> (tensor<?x?x2x40xf32> {gsa.name = "o"})
    attributes {gsa.schedule = #gsa.schedule<fused, chunk = 8>} {
  %m = gsa.memory columns(%c : tensor<?x?x2x60xf32>)
      decay(%g : tensor<?x?x2x40xf32>) : !gsa.memory<2x40x60>
  %o = gsa.read columns %m, %q scale 0.5
      : !gsa.memory<2x40x60>, tensor<?x?x2x60xf32> -> tensor<?x?x2x40xf32>
  return %o : tensor<?x?x2x40xf32>
}
}
}

// -----

// A softmax over padded slots gives them nothing. It is normalised behind the
// read, which is linear.

module {
module attributes {gsa.target = #gsa.target<"x86-64-v3">} {
// CHECK-LABEL: func.func @weights(
// CHECK-DAG: %[[NONE:.*]] = arith.constant dense<0xFF800000> : tensor<8x48xf32>
// CHECK-DAG: %[[SIZE:.*]] = arith.constant dense<40> : tensor<8x48xi32>
// CHECK: %[[INSIDE:.*]] = arith.cmpi slt, %{{.*}}, %[[SIZE]]
// CHECK: %[[X:.*]] = arith.select %[[INSIDE]], %{{.*}}, %[[NONE]]
// CHECK: tile.reduce max %[[X]] along [1]
// CHECK: %[[OFFSET:.*]] = tile.broadcast %{{.*}} along 1 : tensor<8xf32> -> tensor<8x48xf32>
// CHECK: %[[SCALED:.*]] = arith.mulf %[[X]], %{{.*}} fastmath<contract>
// CHECK: %[[EXPONENT:.*]] = arith.subf %[[SCALED]], %[[OFFSET]] fastmath<contract>
// CHECK: %[[P:.*]] = math.exp2 %[[EXPONENT]]
// CHECK: %[[SUM:.*]] = tile.reduce add %[[P]] along [1]
// CHECK: %[[RECIPROCAL:.*]] = arith.divf %{{.*}}, %[[SUM]]
// CHECK: tile.mma %[[P]], {{.*}} tensor<8x8xf32>
// CHECK: %[[READ:.*]] = tile.mma {{.*}} tensor<8x32xf32>
// CHECK: %[[READ2:.*]] = tile.mma {{.*}} tensor<8x32xf32>
// CHECK: %[[EACH:.*]] = tile.broadcast %[[RECIPROCAL]] along 1
// CHECK: arith.mulf %[[READ2]], %[[EACH]]
func.func @weights(%q: tensor<?x?x2x40xf32>, %c: tensor<?x?x2x32xf32>)
    -> tensor<?x?x2x32xf32>
    attributes {gsa.schedule = #gsa.schedule<fused, chunk = 8>} {
  %p = gsa.softmax %q : tensor<?x?x2x40xf32>
  %m = gsa.memory rows(%q : tensor<?x?x2x40xf32>)
      columns(%c : tensor<?x?x2x32xf32>) : !gsa.memory<2x40x32>
  %o = gsa.read rows %m, %p
      : !gsa.memory<2x40x32>, tensor<?x?x2x40xf32> -> tensor<?x?x2x32xf32>
  return %o : tensor<?x?x2x32xf32>
}
}
}

// -----

// A softmax that is stored too is normalised first.

module {
module attributes {gsa.target = #gsa.target<"x86-64-v3">} {
// CHECK-LABEL: func.func @stored_weights(
// CHECK: %[[RECIPROCAL:.*]] = arith.divf
// CHECK: %[[EACH:.*]] = tile.broadcast %[[RECIPROCAL]] along 1
// CHECK: %[[P:.*]] = arith.mulf %{{.*}}, %[[EACH]]
// CHECK: tile.mma %[[P]]
func.func @stored_weights(%q: tensor<?x?x2x32xf32>)
    -> (tensor<?x?x2x32xf32>, tensor<?x?x2x32xf32>)
    attributes {gsa.schedule = #gsa.schedule<fused, chunk = 8>} {
  %p = gsa.softmax %q : tensor<?x?x2x32xf32>
  %m = gsa.memory rows(%q : tensor<?x?x2x32xf32>)
      columns(%q : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %o = gsa.read rows %m, %p
      : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32> -> tensor<?x?x2x32xf32>
  return %o, %p : tensor<?x?x2x32xf32>, tensor<?x?x2x32xf32>
}
}
}

// -----

// One decay a token: scores get exp2(G_i - G_j), never above 1, so that no window
// is cut; the state is scaled before the sum. For products in f32, multiples of
// 2^-9 and the rest have sums of their own, whose differences are exact.

module {
module attributes {gsa.target = #gsa.target<"x86-64-v3">} {
// CHECK-LABEL: func.func @token_decay(
// CHECK-NOT: scf.if
// CHECK-DAG: %[[SPACED:.*]] = arith.constant dense<2.457600e+04> : tensor<16xf32>
// CHECK: %[[LOG2:.*]] = arith.mulf
// CHECK: %[[FAR:.*]] = arith.addf %[[LOG2]], %[[SPACED]]
// CHECK: %[[COARSE:.*]] = arith.subf %[[FAR]], %[[SPACED]]
// CHECK: %[[REST:.*]] = arith.subf %[[LOG2]], %[[COARSE]]
// CHECK: %[[SUMS:.*]], %{{.*}}, %{{.*}} = tile.scan add %[[COARSE]] along 0 : tensor<16xf32>
// CHECK: %[[RESTS:.*]], %{{.*}}, %{{.*}} = tile.scan add %[[REST]] along 0 : tensor<16xf32>
// CHECK: %[[SCORES:.*]] = tile.mma {{.*}} tensor<16x16xf32>
// CHECK-DAG: %[[I:.*]] = tile.broadcast %[[SUMS]] along 1
// CHECK-DAG: %[[J:.*]] = tile.broadcast %[[SUMS]] along 0
// CHECK: %[[GAP:.*]] = arith.subf %[[I]], %[[J]]
// CHECK-DAG: %[[IREST:.*]] = tile.broadcast %[[RESTS]] along 1
// CHECK-DAG: %[[JREST:.*]] = tile.broadcast %[[RESTS]] along 0
// CHECK: %[[GAPREST:.*]] = arith.subf %[[IREST]], %[[JREST]]
// CHECK: %[[BOTH:.*]] = arith.addf %[[GAP]], %[[GAPREST]]
// CHECK: %[[DECAYED:.*]] = math.exp2 %[[BOTH]]
// CHECK: arith.mulf %[[SCORES]], %[[DECAYED]]
// CHECK: %[[KEPT:.*]] = arith.mulf %{{.*}}, %{{.*}} : tensor<32x48xf32>
// CHECK: tile.mma %{{.*}}, %{{.*}}, %[[KEPT]]
// CHECK-NOT: scf.if
func.func @token_decay(
    %q: tensor<?x?x2x32xf32>, %r: tensor<?x?x2x32xf32>,
    %c: tensor<?x?x2x48xf32>, %g: tensor<?x?x2xf32>) -> tensor<?x?x2x48xf32>
    attributes {gsa.schedule = #gsa.schedule<fused, chunk = 16>} {
  %m = gsa.memory rows(%r : tensor<?x?x2x32xf32>)
      columns(%c : tensor<?x?x2x48xf32>) decay(%g : tensor<?x?x2xf32>)
      : !gsa.memory<2x32x48>
  %o = gsa.read rows %m, %q
      : !gsa.memory<2x32x48>, tensor<?x?x2x32xf32> -> tensor<?x?x2x48xf32>
  return %o : tensor<?x?x2x48xf32>
}
}
}

// -----

// Where products round more than sums do, one running sum is enough; windows end
// at 2^-2048, which 64 tokens can reach.

module {
module attributes {gsa.target = #gsa.target<"sm_90a">} {
// CHECK-LABEL: func.func @token_decay_narrow(
// CHECK: tile.scan add %{{.*}} along 0 : tensor<64xf32>
// CHECK-NOT: tile.scan
// CHECK: %[[TOTAL:.*]] = tile.reduce add
// CHECK: arith.cmpf oge, %[[TOTAL]], %{{.*}} : f32
// CHECK: scf.if
// CHECK: } else {
// CHECK: tile.scan add
// CHECK-NOT: tile.scan
// CHECK: return
func.func @token_decay_narrow(
    %q: tensor<?x?x2x32xbf16>, %r: tensor<?x?x2x32xbf16>,
    %c: tensor<?x?x2x32xbf16>, %g: tensor<?x?x2xf32>) -> tensor<?x?x2x32xbf16>
    attributes {gsa.schedule = #gsa.schedule<fused, chunk = 64>} {
  %m = gsa.memory rows(%r : tensor<?x?x2x32xbf16>)
      columns(%c : tensor<?x?x2x32xbf16>) decay(%g : tensor<?x?x2xf32>)
      : !gsa.memory<2x32x32>
  %o = gsa.read rows %m, %q
      : !gsa.memory<2x32x32>, tensor<?x?x2x32xbf16> -> tensor<?x?x2x32xbf16>
  return %o : tensor<?x?x2x32xbf16>
}
}
}

// -----

// Packed, backwards: a block's tokens lie between two offsets and are read from
// the last; states are a sequence's.

module {
module attributes {gsa.target = #gsa.target<"x86-64-v3">} {
// CHECK-LABEL: func.func @packed(
// CHECK-SAME: %[[ENDS:[a-z0-9]+]]: memref<?xi32, {{[^%]*}}gsa.kind = "offsets"
// CHECK: %[[ENTRIES:.*]] = memref.dim %[[ENDS]], %c0
// CHECK: %[[COUNT:.*]] = arith.subi %[[ENTRIES]], %c1
// CHECK: scf.forall (%[[N:.*]], %[[H:.*]]) in (%[[COUNT]], 2)
// CHECK: %[[BEGIN32:.*]] = memref.load %[[ENDS]][%[[N]]]
// CHECK: %[[BEGIN:.*]] = arith.index_cast %[[BEGIN32]]
// CHECK: %[[AFTER:.*]] = arith.addi %[[N]], %c1
// CHECK: %[[END32:.*]] = memref.load %[[ENDS]][%[[AFTER]]]
// CHECK: %[[END:.*]] = arith.index_cast %[[END32]]
// CHECK: %[[INITIAL:.*]] = tile.load %{{.*}}[%[[N]], %[[H]], %c0, %c0] dims [2, 3]
// CHECK: %[[LOOP:.*]]:2 = scf.while (%{{.*}} = %[[BEGIN]], %{{.*}} = %[[INITIAL]])
// CHECK: ^bb0(%[[AT:.*]]: index,
// CHECK: %[[SUM:.*]] = arith.addi %[[BEGIN]], %[[END]]
// CHECK: %[[BEHIND:.*]] = arith.subi %[[SUM]], %[[AT]]
// CHECK: %[[LAST:.*]] = arith.subi %[[BEHIND]], %c1
// CHECK: tile.load %{{.*}}[%c0, %[[LAST]], %[[H]], %c0] dims [1, 3] rows %{{.*}} step -1
// CHECK: tile.store %{{.*}}[%c0, %[[LAST]], %[[H]], %c0] dims [1, 3] rows %{{.*}} step -1
// CHECK: scf.yield
// CHECK: tile.store %[[LOOP]]#1, %{{.*}}[%[[N]], %[[H]], %c0, %c0] dims [2, 3]
func.func @packed(%ends: tensor<?xi32>, %c: tensor<1x?x2x16xf32>,
                  %s: tensor<?x2x16x16xf32>)
    -> (tensor<1x?x2x16xf32>, tensor<?x2x16x16xf32>)
    attributes {gsa.schedule = #gsa.schedule<fused, chunk = 16>} {
  %m = gsa.memory rows(%c : tensor<1x?x2x16xf32>)
      columns(%c : tensor<1x?x2x16xf32>) initial(%s : tensor<?x2x16x16xf32>)
      offsets(%ends : tensor<?xi32>) reverse : !gsa.memory<2x16x16>
  %o = gsa.read rows %m, %c
      : !gsa.memory<2x16x16>, tensor<1x?x2x16xf32> -> tensor<1x?x2x16xf32>
  %e = gsa.final_state %m : !gsa.memory<2x16x16> -> tensor<?x2x16x16xf32>
  return %o, %e : tensor<1x?x2x16xf32>, tensor<?x2x16x16xf32>
}
}
}

// -----

// A window of bf16 spans more than its decay can be as one factor: memories are
// multiplied twice by the root.

module {
module attributes {gsa.target = #gsa.target<"sm_80">} {
// CHECK-LABEL: func.func @deep(
// CHECK: %[[IF:.*]]:3 = scf.if
// CHECK: %[[HALF:.*]] = arith.mulf %[[IF]]#1, %cst
// CHECK: %[[E:.*]] = math.exp2 %[[HALF]]
// CHECK: %[[ROOT:.*]] = tile.broadcast %[[E]] along 1
// CHECK: %[[ONCE:.*]] = arith.mulf %{{.*}}, %[[ROOT]]
// CHECK: %[[TWICE:.*]] = arith.mulf %[[ONCE]], %[[ROOT]]
// CHECK: scf.yield %{{.*}}, %[[TWICE]]
func.func @deep(%c: tensor<?x?x2x16xbf16>, %g: tensor<?x?x2x16xf32>)
    -> (tensor<?x?x2x16xbf16>)
    attributes {gsa.schedule = #gsa.schedule<fused, chunk = 16>} {
  %m = gsa.memory columns(%c : tensor<?x?x2x16xbf16>)
      decay(%g : tensor<?x?x2x16xf32>) : !gsa.memory<2x16x16>
  %o = gsa.read rows %m, %c
      : !gsa.memory<2x16x16>, tensor<?x?x2x16xbf16> -> tensor<?x?x2x16xbf16>
  return %o : tensor<?x?x2x16xbf16>
}
}
}

// -----

// On a device each query head of a group has blocks of its own. What belongs to
// the key/value head is stored by the first of them.

module {
module attributes {gsa.target = #gsa.target<"sm_80">} {
// CHECK-LABEL: func.func @spread(
// CHECK: scf.forall (%{{.*}}, %[[H:.*]], %[[OWN:.*]]) in (%{{.*}}, 2, 4)
// CHECK-NOT: scf.for
// CHECK: ^bb0
// CHECK: %[[ONE:.*]] = arith.cmpi eq, %[[OWN]], %c0
// CHECK: scf.if %[[ONE]]
// CHECK-NEXT: tile.store
// CHECK: %[[BASE:.*]] = arith.muli %[[H]], %c4
// CHECK: %[[QUERY:.*]] = arith.addi %[[BASE]], %[[OWN]]
// CHECK: tile.load %{{.*}}[%{{.*}}, %{{.*}}, %[[QUERY]], %c0]
// CHECK: tile.store %{{.*}}[%{{.*}}, %{{.*}}, %[[QUERY]], %c0]
// CHECK: scf.if
// CHECK-NEXT: tile.store
func.func @spread(%q: tensor<?x?x8x16xbf16>, %k: tensor<?x?x2x16xbf16>)
    -> (tensor<?x?x8x16xbf16>, tensor<?x?x2x16xbf16>, tensor<?x2x16x16xf32>)
    attributes {gsa.schedule = #gsa.schedule<fused, chunk = 16>} {
  %m = gsa.memory rows(%k : tensor<?x?x2x16xbf16>)
      columns(%k : tensor<?x?x2x16xbf16>) : !gsa.memory<2x16x16>
  %o = gsa.read rows %m, %q
      : !gsa.memory<2x16x16>, tensor<?x?x8x16xbf16> -> tensor<?x?x8x16xbf16>
  %y = gsa.read rows %m, %k
      : !gsa.memory<2x16x16>, tensor<?x?x2x16xbf16> -> tensor<?x?x2x16xbf16>
  %e = gsa.final_state %m : !gsa.memory<2x16x16> -> tensor<?x2x16x16xf32>
  return %o, %y, %e : tensor<?x?x8x16xbf16>, tensor<?x?x2x16xbf16>, tensor<?x2x16x16xf32>
}
}
}

// -----

// Slices cut the memory whose columns only reach the output: 100 columns in two
// parts of 64, the second padded. What both compute is stored by the first.

module {
module attributes {gsa.target = #gsa.target<"x86-64-v3">} {
// CHECK-LABEL: func.func @slices(
// CHECK-SAME: %[[V:[a-z0-9]+]]: memref<?x?x2x100xf32,
// CHECK: scf.forall (%{{.*}}, %{{.*}}, %[[SLICE:.*]]) in (%{{.*}}, 2, 2)
// CHECK: scf.while {{.*}} (index, tensor<16x64xf32>, tensor<16x32xf32>)
// CHECK: ^bb0
// CHECK: %[[ONE:.*]] = arith.cmpi eq, %[[SLICE]], %c0
// CHECK: scf.if %[[ONE]]
// CHECK-NEXT: tile.store {{.*}} tensor<16x16xf32>
// CHECK: %[[FIRST:.*]] = arith.muli %[[SLICE]], %c64
// CHECK: tile.load %[[V]][{{.*}}, %[[FIRST]]] {{.*}} -> tensor<16x64xf32>
// CHECK: tile.store %{{.*}}, %[[FIRST]]] {{.*}} tensor<16x64xf32>
func.func @slices(%v: tensor<?x?x2x100xf32>, %k: tensor<?x?x2x32xf32>,
                  %s: tensor<?x?x2x16xf32>)
    -> (tensor<?x?x2x100xf32>, tensor<?x?x2x16xf32>)
    attributes {gsa.schedule = #gsa.schedule<fused, chunk = 16, slices = 2>} {
  %m = gsa.memory rows(%s : tensor<?x?x2x16xf32>)
      columns(%v : tensor<?x?x2x100xf32>) : !gsa.memory<2x16x100>
  %n = gsa.memory rows(%s : tensor<?x?x2x16xf32>)
      columns(%k : tensor<?x?x2x32xf32>) : !gsa.memory<2x16x32>
  %y = gsa.read columns %n, %k
      : !gsa.memory<2x16x32>, tensor<?x?x2x32xf32> -> tensor<?x?x2x16xf32>
  %o = gsa.read rows %m, %y
      : !gsa.memory<2x16x100>, tensor<?x?x2x16xf32> -> tensor<?x?x2x100xf32>
  return %o, %y : tensor<?x?x2x100xf32>, tensor<?x?x2x16xf32>
}
}
}

// -----

module {
module attributes {gsa.target = #gsa.target<"x86-64-v3">} {
// expected-error @+1 {{a function must have a schedule before it is chunked, got none}}
func.func @unscheduled(%c: tensor<?x?x2x16xf32>) -> tensor<?x?x2x16xf32> {
  %m = gsa.memory rows(%c : tensor<?x?x2x16xf32>)
      columns(%c : tensor<?x?x2x16xf32>) : !gsa.memory<2x16x16>
  %o = gsa.read rows %m, %c
      : !gsa.memory<2x16x16>, tensor<?x?x2x16xf32> -> tensor<?x?x2x16xf32>
  return %o : tensor<?x?x2x16xf32>
}
}
}

// -----

module {
module attributes {gsa.target = #gsa.target<"x86-64-v3">} {
// expected-error @+1 {{a schedule must have a number of tokens as chunk before a function is chunked, got auto}}
func.func @auto(%c: tensor<?x?x2x16xf32>) -> tensor<?x?x2x16xf32>
    attributes {gsa.schedule = #gsa.schedule<fused, chunk = auto>} {
  %m = gsa.memory rows(%c : tensor<?x?x2x16xf32>)
      columns(%c : tensor<?x?x2x16xf32>) : !gsa.memory<2x16x16>
  %o = gsa.read rows %m, %c
      : !gsa.memory<2x16x16>, tensor<?x?x2x16xf32> -> tensor<?x?x2x16xf32>
  return %o : tensor<?x?x2x16xf32>
}
}
}

// -----

module {
module attributes {gsa.target = #gsa.target<"x86-64-v3">} {
// expected-error @+1 {{a function must be one sweep to become one kernel, got 2}}
func.func @two_sweeps(%c: tensor<?x?x2x16xf32>)
    -> (tensor<?x?x2x16xf32>, tensor<?x?x2x16xf32>)
    attributes {gsa.schedule = #gsa.schedule<fused, chunk = 16>} {
  %m = gsa.memory rows(%c : tensor<?x?x2x16xf32>)
      columns(%c : tensor<?x?x2x16xf32>) : !gsa.memory<2x16x16>
  %n = gsa.memory rows(%c : tensor<?x?x2x16xf32>)
      columns(%c : tensor<?x?x2x16xf32>) reverse : !gsa.memory<2x16x16>
  %o = gsa.read rows %m, %c
      : !gsa.memory<2x16x16>, tensor<?x?x2x16xf32> -> tensor<?x?x2x16xf32>
  %p = gsa.read rows %n, %c
      : !gsa.memory<2x16x16>, tensor<?x?x2x16xf32> -> tensor<?x?x2x16xf32>
  return %o, %p : tensor<?x?x2x16xf32>, tensor<?x?x2x16xf32>
}
}
}

// -----

module {
module attributes {gsa.target = #gsa.target<"x86-64-v3">} {
func.func @two_groups(%c: tensor<?x?x2x16xf32>, %q: tensor<?x?x4x16xf32>,
                      %p: tensor<?x?x6x16xf32>)
    -> (tensor<?x?x4x16xf32>, tensor<?x?x6x16xf32>)
    attributes {gsa.schedule = #gsa.schedule<fused, chunk = 16>} {
  %m = gsa.memory rows(%c : tensor<?x?x2x16xf32>)
      columns(%c : tensor<?x?x2x16xf32>) : !gsa.memory<2x16x16>
  %y = gsa.read rows %m, %q
      : !gsa.memory<2x16x16>, tensor<?x?x4x16xf32> -> tensor<?x?x4x16xf32>
  // expected-error @+1 {{must have the sweep's heads or its query heads, 2 or 4, got 6}}
  %z = gsa.read rows %m, %p
      : !gsa.memory<2x16x16>, tensor<?x?x6x16xf32> -> tensor<?x?x6x16xf32>
  return %y, %z : tensor<?x?x4x16xf32>, tensor<?x?x6x16xf32>
}
}
}

// -----

module {
module attributes {gsa.target = #gsa.target<"x86-64-v3">} {
// expected-error @+1 {{must have a memory whose columns reach only outputs to be cut in 2 slices, got none}}
func.func @nothing_to_cut(%c: tensor<?x?x2x64xf32>) -> tensor<?x?x2x64xf32>
    attributes {gsa.schedule = #gsa.schedule<fused, chunk = 16, slices = 2>} {
  %m = gsa.memory rows(%c : tensor<?x?x2x64xf32>)
      columns(%c : tensor<?x?x2x64xf32>) : !gsa.memory<2x64x64>
  %o = gsa.read columns %m, %c
      : !gsa.memory<2x64x64>, tensor<?x?x2x64xf32> -> tensor<?x?x2x64xf32>
  return %o : tensor<?x?x2x64xf32>
}
}
}

// -----

module {
module attributes {gsa.target = #gsa.target<"x86-64-v3">} {
// expected-error @+1 {{must have at least 16 columns for each of 4 slices, got 32}}
func.func @too_many_slices(%c: tensor<?x?x2x32xf32>) -> tensor<?x?x2x32xf32>
    attributes {gsa.schedule = #gsa.schedule<fused, chunk = 16, slices = 4>} {
  %m = gsa.memory rows(%c : tensor<?x?x2x32xf32>)
      columns(%c : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %o = gsa.read rows %m, %c
      : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32> -> tensor<?x?x2x32xf32>
  return %o : tensor<?x?x2x32xf32>
}
}
}
