// RUN: gsa-opt %s --gsa-decompose --gsa-fuse-scans --split-input-file | FileCheck %s --implicit-check-not=gsa.sweep

// Both memories, the maps before and the softmax between are one sweep; sizes
// stay outside.

// CHECK-LABEL: func.func @slots(
// CHECK: %[[BATCH:.*]] = tensor.dim
// CHECK: %[[TIME:.*]] = tensor.dim
// CHECK-NOT: gsa.
// CHECK: %[[O:.*]] = gsa.sweep -> tensor<?x?x4x32xbf16> {
// CHECK-DAG: %[[KEYS:.*]] = gsa.silu %arg1
// CHECK-DAG: %[[SIGMOID:.*]] = gsa.log_sigmoid
// CHECK-DAG: %[[EIGHTHS:.*]] = tensor.splat %{{.*}}[%[[BATCH]], %[[TIME]]]
// CHECK: %[[DECAY:.*]] = arith.mulf %[[SIGMOID]], %[[EIGHTHS]]
// CHECK: gsa.memory columns(%[[KEYS]] : tensor<?x?x2x32xbf16>) decay(%[[DECAY]]
// CHECK: gsa.memory columns({{.*}}) decay(%[[DECAY]]
// CHECK: gsa.read columns
// CHECK: gsa.softmax
// CHECK: %[[READ:.*]] = gsa.read rows
// CHECK-NEXT: gsa.yield %[[READ]] : tensor<?x?x4x32xbf16>
// CHECK-NEXT: }
// CHECK-NEXT: return %[[O]]
func.func @slots(%q: tensor<?x?x4x32xbf16>, %k: tensor<?x?x2x32xbf16>,
                 %v: tensor<?x?x2x32xbf16>, %f: tensor<?x?x2x16xf32>)
    -> tensor<?x?x4x32xbf16> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %batch = tensor.dim %f, %c0 : tensor<?x?x2x16xf32>
  %time = tensor.dim %f, %c1 : tensor<?x?x2x16xf32>
  %keys = gsa.silu %k : tensor<?x?x2x32xbf16>
  %gates = gsa.log_sigmoid %f : tensor<?x?x2x16xf32>
  %eighth = arith.constant 0.125 : f32
  %eighths = tensor.splat %eighth[%batch, %time] : tensor<?x?x2x16xf32>
  %decay = arith.mulf %gates, %eighths : tensor<?x?x2x16xf32>
  %o = gsa.slot_attention queries(%q : tensor<?x?x4x32xbf16>)
      keys(%keys : tensor<?x?x2x32xbf16>) values(%v : tensor<?x?x2x32xbf16>)
      decay(%decay : tensor<?x?x2x16xf32>) : tensor<?x?x4x32xbf16>
  return %o : tensor<?x?x4x32xbf16>
}

// -----

// What follows a read is in its sweep too.

// CHECK-LABEL: func.func @epilogue(
// CHECK: gsa.sweep ->
// CHECK: gsa.memory
// CHECK: %[[READ:.*]] = gsa.read
// CHECK: %[[GATE:.*]] = gsa.silu %arg3
// CHECK: %[[O:.*]] = arith.mulf %[[READ]], %[[GATE]]
// CHECK-NEXT: gsa.yield %[[O]]
func.func @epilogue(%q: tensor<?x?x2x16xf32>, %c: tensor<?x?x2x16xf32>,
                    %g: tensor<?x?x2x16xf32>, %z: tensor<?x?x2x16xf32>)
    -> tensor<?x?x2x16xf32> {
  %m = gsa.memory columns(%c : tensor<?x?x2x16xf32>)
      decay(%g : tensor<?x?x2x16xf32>) : !gsa.memory<2x16x16>
  %y = gsa.read rows %m, %q : !gsa.memory<2x16x16>, tensor<?x?x2x16xf32>
      -> tensor<?x?x2x16xf32>
  %gate = gsa.silu %z : tensor<?x?x2x16xf32>
  %o = arith.mulf %y, %gate : tensor<?x?x2x16xf32>
  return %o : tensor<?x?x2x16xf32>
}

// -----

// Two directions are two sweeps; a map that both use is computed in both, and a
// sum of their results in the second, which the first hands its own to.

// CHECK-LABEL: func.func @directions(
// CHECK: %[[FORTH:.*]] = gsa.sweep -> tensor<?x?x2x16xf32> {
// CHECK: %[[X:.*]] = gsa.silu %arg1
// CHECK: gsa.memory rows(%arg2 {{.*}} columns(%[[X]]
// CHECK-NOT: reverse
// CHECK: %[[Y:.*]] = gsa.read
// CHECK-NEXT: gsa.yield %[[Y]]
// CHECK: %[[SUM:.*]] = gsa.sweep reverse -> tensor<?x?x2x16xf32> {
// CHECK: %[[AGAIN:.*]] = gsa.silu %arg1
// CHECK: gsa.memory rows(%arg2 {{.*}} columns(%[[AGAIN]] {{.*}} reverse
// CHECK: %[[BACK:.*]] = gsa.read
// CHECK: %[[BOTH:.*]] = arith.addf %[[FORTH]], %[[BACK]]
// CHECK-NEXT: gsa.yield %[[BOTH]]
// CHECK: return %[[SUM]]
func.func @directions(%q: tensor<?x?x2x16xf32>, %c: tensor<?x?x2x16xf32>,
                      %r: tensor<?x?x2x16xf32>) -> tensor<?x?x2x16xf32> {
  %x = gsa.silu %c : tensor<?x?x2x16xf32>
  %m = gsa.memory rows(%r : tensor<?x?x2x16xf32>)
      columns(%x : tensor<?x?x2x16xf32>) : !gsa.memory<2x16x16>
  %n = gsa.memory rows(%r : tensor<?x?x2x16xf32>)
      columns(%x : tensor<?x?x2x16xf32>) reverse : !gsa.memory<2x16x16>
  %y = gsa.read rows %m, %q : !gsa.memory<2x16x16>, tensor<?x?x2x16xf32>
      -> tensor<?x?x2x16xf32>
  %z = gsa.read rows %n, %q : !gsa.memory<2x16x16>, tensor<?x?x2x16xf32>
      -> tensor<?x?x2x16xf32>
  %o = arith.addf %y, %z : tensor<?x?x2x16xf32>
  return %o : tensor<?x?x2x16xf32>
}

// -----

// So are two tables of offsets. Here the second reads with what the first made.

// CHECK-LABEL: func.func @offsets(
// CHECK: %[[FIRST:.*]] = gsa.sweep -> tensor<1x?x2x16xf32> {
// CHECK: gsa.memory {{.*}} offsets(%arg2
// CHECK: gsa.sweep -> tensor<1x?x2x16xf32> {
// CHECK: %[[M:.*]] = gsa.memory {{.*}} offsets(%arg3
// CHECK: gsa.read rows %[[M]], %[[FIRST]]
func.func @offsets(%q: tensor<1x?x2x16xf32>, %c: tensor<1x?x2x16xf32>,
                   %few: tensor<?xi32>, %many: tensor<?xi32>)
    -> tensor<1x?x2x16xf32> {
  %m = gsa.memory rows(%c : tensor<1x?x2x16xf32>)
      columns(%c : tensor<1x?x2x16xf32>) offsets(%few : tensor<?xi32>)
      : !gsa.memory<2x16x16>
  %n = gsa.memory rows(%c : tensor<1x?x2x16xf32>)
      columns(%c : tensor<1x?x2x16xf32>) offsets(%many : tensor<?xi32>)
      : !gsa.memory<2x16x16>
  %y = gsa.read rows %m, %q : !gsa.memory<2x16x16>, tensor<1x?x2x16xf32>
      -> tensor<1x?x2x16xf32>
  %o = gsa.read rows %n, %y : !gsa.memory<2x16x16>, tensor<1x?x2x16xf32>
      -> tensor<1x?x2x16xf32>
  return %o : tensor<1x?x2x16xf32>
}

// -----

// A memory that starts from another's end waits for it.

// CHECK-LABEL: func.func @states(
// CHECK: %[[FIRST:.*]]:2 = gsa.sweep -> tensor<?x?x2x16xf32>, tensor<?x2x16x16xf32> {
// CHECK: gsa.memory
// CHECK: gsa.read
// CHECK: gsa.final_state
// CHECK: gsa.yield
// CHECK: %[[SECOND:.*]]:2 = gsa.sweep -> tensor<?x?x2x16xf32>, tensor<?x2x16x16xf32> {
// CHECK: gsa.memory {{.*}} initial(%[[FIRST]]#1
// CHECK: gsa.read
// CHECK: gsa.final_state
// CHECK: gsa.yield
// CHECK: return %[[FIRST]]#0, %[[SECOND]]#0, %[[SECOND]]#1
func.func @states(%q: tensor<?x?x2x16xf32>, %c: tensor<?x?x2x16xf32>)
    -> (tensor<?x?x2x16xf32>, tensor<?x?x2x16xf32>, tensor<?x2x16x16xf32>) {
  %m = gsa.memory rows(%c : tensor<?x?x2x16xf32>)
      columns(%c : tensor<?x?x2x16xf32>) : !gsa.memory<2x16x16>
  %y = gsa.read rows %m, %q : !gsa.memory<2x16x16>, tensor<?x?x2x16xf32>
      -> tensor<?x?x2x16xf32>
  %s = gsa.final_state %m : !gsa.memory<2x16x16> -> tensor<?x2x16x16xf32>
  %n = gsa.memory rows(%c : tensor<?x?x2x16xf32>)
      columns(%c : tensor<?x?x2x16xf32>) initial(%s : tensor<?x2x16x16xf32>)
      : !gsa.memory<2x16x16>
  %z = gsa.read rows %n, %q : !gsa.memory<2x16x16>, tensor<?x?x2x16xf32>
      -> tensor<?x?x2x16xf32>
  %e = gsa.final_state %n : !gsa.memory<2x16x16> -> tensor<?x2x16x16xf32>
  return %y, %z, %e
      : tensor<?x?x2x16xf32>, tensor<?x?x2x16xf32>, tensor<?x2x16x16xf32>
}

// -----

// A running softmax is of its memories' sweep, and its end is known after it.

// CHECK-LABEL: func.func @running_softmax(
// CHECK: gsa.sweep -> tensor<?x2x16xf32>, tensor<?x?x2x16xf32> {
// CHECK: %[[DECAY:.*]], %[[END:.*]] = gsa.softmax_decay %arg1
// CHECK: gsa.memory {{.*}} decay(%[[DECAY]]
// CHECK: %[[Y:.*]] = gsa.read
// CHECK: gsa.yield %[[END]], %[[Y]]
func.func @running_softmax(%q: tensor<?x?x2x16xf32>, %s: tensor<?x?x2x16xf32>,
                           %c: tensor<?x?x2x16xf32>)
    -> (tensor<?x?x2x16xf32>, tensor<?x2x16xf32>) {
  %g, %end = gsa.softmax_decay %s
      : tensor<?x?x2x16xf32> -> tensor<?x?x2x16xf32> final tensor<?x2x16xf32>
  %m = gsa.memory columns(%c : tensor<?x?x2x16xf32>)
      decay(%g : tensor<?x?x2x16xf32>) : !gsa.memory<2x16x16>
  %y = gsa.read rows %m, %q : !gsa.memory<2x16x16>, tensor<?x?x2x16xf32>
      -> tensor<?x?x2x16xf32>
  return %y, %end : tensor<?x?x2x16xf32>, tensor<?x2x16xf32>
}
