// RUN: gsa-opt %s --gsa-to-tile=targets=sm_90a --verify-each | FileCheck %s
// RUN: gsa-opt %s --gsa-to-tile=targets=sm_80 --verify-each | FileCheck %s --check-prefix=LANES

// Feature maps of keys and values: an engine fetches what they are of to where
// they cross, two windows ahead, and the producer maps it in place behind the
// gates. It waits for that once, before the first.

// CHECK-LABEL: func.func @layer(
// CHECK: tile.roles warps [4, 8]
// CHECK-COUNT-3: tile.fetch {{.*}} + 0] :
// CHECK: tile.load {{.*}} -> tensor<64x64xbf16
// CHECK-NOT: tile.load {{.*}} -> tensor<64x128xbf16
// CHECK-COUNT-3: tile.fetch {{.*}} + 1] :
// CHECK: scf.while
// CHECK: tile.scan
// CHECK-NOT: tile.wait_fetches
// CHECK: scf.if
// CHECK: tile.wait_fetches together
// CHECK-NEXT: %[[V:.*]] = tile.get %[[VALUES:.*]][%[[I:.*]] + 1] : {{.*}} -> tensor<64x128xbf16
// CHECK-NEXT: %[[MAPPED:.*]] = gsa.silu %[[V]]
// CHECK-NEXT: tile.put %[[MAPPED]], %[[VALUES]][%[[I]] + 1]
// CHECK-NEXT: %[[K:.*]] = tile.get %[[KEYS:.*]][%[[I]] + 1] : {{.*}} -> tensor<64x128xbf16
// CHECK-NEXT: %[[MAPPED:.*]] = gsa.silu %[[K]]
// CHECK-NEXT: tile.put %[[MAPPED]], %[[KEYS]][%[[I]] + 1]
// CHECK-NOT: tile.load {{.*}} -> tensor<64x128xbf16
// CHECK-NOT: tile.wait_fetches
// CHECK: tile.barrier
// CHECK: tile.fetch {{.*}} into %{{.*}}[%[[I]] + 2]
// CHECK-DAG: tile.fetch {{.*}} into %[[VALUES]][%[[I]] + 2]
// CHECK-DAG: tile.fetch {{.*}} into %[[KEYS]][%[[I]] + 2]
// CHECK: scf.yield
// CHECK: tile.wait_fetches

// Where lanes copy, they take what they map into registers.
// LANES-LABEL: func.func @layer(
// LANES: scf.while
// LANES: tile.load {{.*}} -> tensor<{{[0-9]+}}x128xbf16
// LANES: tile.load {{.*}} -> tensor<{{[0-9]+}}x128xbf16
// LANES-NOT: tile.wait_fetches together

// Keys that reads need as they are, too, have a ring of their own, which the
// consumer fetches; the producer loads what it makes of them.
// CHECK-LABEL: func.func @scalar_decay(
// CHECK: tile.roles warps [4, 4]
// CHECK-COUNT-3: tile.fetch {{.*}} + 0] :
// CHECK: }, {
// CHECK-NOT: tile.fetch
// CHECK: tile.load {{.*}} -> tensor<{{[0-9]+}}x128xbf16
// CHECK: scf.while
// CHECK: tile.load {{.*}} -> tensor<{{[0-9]+}}x128xbf16
// CHECK: tile.barrier
// CHECK-NOT: tile.fetch

!q = tensor<?x?x4x128xbf16>
!k = tensor<?x?x2x128xbf16>
!g = tensor<?x?x2x64xf32>

func.func @layer(
    %q: !q {gsa.name = "q"}, %k: !k {gsa.name = "k"}, %v: !k {gsa.name = "v"},
    %g: tensor<?x?x2x64xbf16> {gsa.name = "g"})
    -> (!q {gsa.name = "o"}) {
  %keys = gsa.silu %k : !k
  %values = gsa.silu %v : !k
  %decay = arith.extf %g : tensor<?x?x2x64xbf16> to !g
  %o = gsa.slot_attention queries(%q : !q) keys(%keys : !k)
      values(%values : !k) decay(%decay : !g) scale 1.0 : !q
  return %o : !q
}

func.func @scalar_decay(
    %q: !k {gsa.name = "q"}, %k: !k {gsa.name = "k"}, %v: !k {gsa.name = "v"},
    %g: tensor<?x?x2xf32> {gsa.name = "g"}) -> (!k {gsa.name = "o"}) {
  %m = gsa.memory rows(%k : !k) columns(%v : !k) decay(%g : tensor<?x?x2xf32>) : !gsa.memory<2x128x128>
  %o = gsa.read rows %m, %q scale 1.0 : !gsa.memory<2x128x128>, !k -> !k
  return %o : !k
}
