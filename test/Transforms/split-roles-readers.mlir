// RUN: gsa-compile %s --targets=sm_90a --emit=chunked | gsa-opt --pass-pipeline='builtin.module(builtin.module(func.func(gsa-split-roles)))' | FileCheck %s

// Two readers. The first weighs what the blocks added up of window i, sends the
// weights, and scores window i + 1; the second multiplies and stores, and
// fetches for all. The values' memory lags, and so do its factors: what of them
// the keys' memory has, too, is kept in three slots.

// CHECK-LABEL: func.func @layer
// The queries only the first reader reads, before the exchange: one slot.
// CHECK: %[[Q:.*]] = tile.ring : <1 x tensor<64x128xbf16>>
// CHECK: %[[W:.*]] = tile.ring : <3 x tensor<64x64xbf16>>
// CHECK: %[[SENT:.*]] = tile.ring : <1 x tensor<64x64xbf16>>
// CHECK: tile.roles warps [4, 4, 8] {

// Before the loop: the first window's parts.
// CHECK: tile.fetch {{.*}} into %[[Q]]
// CHECK: tile.mma
// CHECK: tile.exchange
// CHECK-NOT: tile.await_receipt
// CHECK: scf.while
// CHECK: tile.wait
// CHECK: math.exp2
// CHECK-NOT: tile.mma
// CHECK: tile.send %{{.*}} to %[[SENT]] over 4
// CHECK: tile.mma
// CHECK: tile.await_receipt %[[SENT]]
// CHECK-NEXT: tile.exchange
// CHECK: tile.fetch {{.*}} into %[[Q]]
// CHECK-NOT: tile.store
// CHECK: tile.barrier
// CHECK: }, {

// CHECK-NOT: tile.exchange
// CHECK: scf.while
// CHECK: %[[WEIGHTS:.*]] = tile.receive %[[SENT]]
// CHECK: tile.mma %[[WEIGHTS]]
// CHECK: tile.store
// CHECK: tile.wait_fetches
// CHECK-NEXT: tile.barrier
// CHECK: tile.fetch
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
