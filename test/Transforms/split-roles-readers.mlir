// RUN: gsa-compile %s --targets=sm_90a --emit=chunked | gsa-opt --pass-pipeline='builtin.module(builtin.module(func.func(gsa-split-roles)))' | FileCheck %s
// RUN: gsa-compile %s --targets=sm_90a --emit=chunked | gsa-opt --pass-pipeline='builtin.module(builtin.module(func.func(gsa-split-roles,gsa-assign-layouts,gsa-check-separation)))' | FileCheck %s --check-prefix=LAYOUTS

// Two readers. The first scores window i + 1, weighs what the blocks added up and
// sends the weights; the second multiplies by those of window i and stores, and
// fetches for all. The values' memory lags, and so do its factors: what of them
// the keys' memory has, too, is kept in three slots.

// CHECK-LABEL: func.func @layer
// The queries only the first reader reads, before the exchange: one slot.
// CHECK: %[[Q:.*]] = tile.ring : <1 x tensor<64x128xbf16>>
// CHECK: %[[W:.*]] = tile.ring : <3 x tensor<64x64xbf16>>
// Factors of the sums, which each block needs for its own rows only.
// LAYOUTS: tile.ring {tile.shared_by = 4 : i64} : <2 x tensor<64x64xf32,
// CHECK: %[[SENT:.*]] = tile.ring : <2 x tensor<64x64xbf16>>
// CHECK: tile.roles warps [4, 4, 8] {

// Before the loop: the first window's weights.
// CHECK: tile.fetch {{.*}} into %[[Q]]
// CHECK: tile.mma
// CHECK-NOT: tile.await_sent
// CHECK: tile.exchange
// CHECK: math.exp2
// CHECK: tile.send %{{.*}} to %[[SENT]][%{{.*}} + 0] over 4
// CHECK: tile.barrier
// CHECK: scf.while
// CHECK: tile.mma
// CHECK: tile.await_sent %[[SENT]][%[[I:.*]] + 0]
// CHECK-NEXT: tile.exchange
// CHECK: tile.fetch {{.*}} into %[[Q]]
// CHECK: math.exp2
// CHECK-NOT: tile.mma
// CHECK: tile.send %{{.*}} to %[[SENT]][%[[I]] + 1] over 4
// CHECK-NOT: tile.store
// CHECK: tile.barrier
// CHECK: }, {

// Behind the last window it receives what was made of no rows.
// CHECK-NOT: tile.exchange
// CHECK: %[[LOOP:.*]]:{{.*}} = scf.while
// CHECK: %[[WEIGHTS:.*]] = tile.receive %[[SENT]][%{{.*}} + 0]
// CHECK: tile.mma %[[WEIGHTS]]
// CHECK: tile.store
// CHECK: tile.wait_fetches
// CHECK-NEXT: tile.barrier
// CHECK: tile.fetch
// CHECK: scf.yield
// CHECK: tile.receive %[[SENT]][%[[LOOP]]#0 + 0]
// CHECK: }, {

// CHECK-NOT: tile.fetch
// CHECK: tile.scan
// CHECK: scf.while
// CHECK: tile.put {{.*}}, %[[W]][%{{.*}} + 2]
// CHECK-NOT: tile.fetch
// CHECK: tile.registers = array<i64: 96, 144, 136>
func.func @layer(
    %q: tensor<?x?x4x512xbf16> {gsa.name = "q"}, %k: tensor<?x?x4x512xbf16> {gsa.name = "k"},
    %v: tensor<?x?x4x512xbf16> {gsa.name = "v"}, %g: tensor<?x?x4x64xbf16> {gsa.name = "g"})
    -> (tensor<?x?x4x512xbf16> {gsa.name = "o"})
    attributes {gsa.schedule = #gsa.schedule<fused, chunk = 64, slices = 4, cluster = 4, readers = 2>} {
  %decay = arith.extf %g : tensor<?x?x4x64xbf16> to tensor<?x?x4x64xf32>
  %o = gsa.slot_attention queries(%q : tensor<?x?x4x512xbf16>) keys(%k : tensor<?x?x4x512xbf16>)
      values(%v : tensor<?x?x4x512xbf16>) decay(%decay : tensor<?x?x4x64xf32>) scale 1.0 : tensor<?x?x4x512xbf16>
  return %o : tensor<?x?x4x512xbf16>
}
