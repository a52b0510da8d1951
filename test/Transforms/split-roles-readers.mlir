// RUN: gsa-compile %s --targets=sm_90a --emit=chunked | gsa-opt --pass-pipeline='builtin.module(builtin.module(func.func(gsa-split-roles)))' | FileCheck %s
// RUN: gsa-compile %s --targets=sm_90a --emit=chunked | gsa-opt --pass-pipeline='builtin.module(builtin.module(func.func(gsa-split-roles,gsa-assign-layouts,gsa-check-separation)))' | FileCheck %s --check-prefix=LAYOUTS
// RUN: gsa-compile %s --targets=sm_90a --emit=chunked | gsa-opt --pass-pipeline='builtin.module(builtin.module(func.func(gsa-split-roles,gsa-assign-layouts,gsa-share-registers)))' | FileCheck %s --check-prefix=SHARES

// Two readers. The consumer scores window i + 1 and sends parts of the logits,
// then multiplies by the weights of window i and stores; the weigher makes weights
// of what all blocks have sent. It meets nobody. The values' memory lags, and so do
// its factors: what of them the keys' memory has, too, is kept in three slots, and
// so is what the weigher reads.

// CHECK-LABEL: func.func @layer
// The queries are only read before the exchange: one slot.
// CHECK: %[[Q:.*]] = tile.ring : <1 x tensor<64x128xbf16>>
// CHECK: %[[W:.*]] = tile.ring : <3 x tensor<64x64xbf16>>
// Factors of the sums, which each block needs for its own rows only.
// CHECK-NEXT: %[[E:.*]] = tile.ring : <3 x tensor<64x64xf32>>
// LAYOUTS: tile.ring {tile.shared_by = 4 : i64} : <3 x tensor<64x64xf32,
// CHECK: %[[ROWS:.*]] = tile.ring : <3 x index>
// CHECK: %[[PARTS:.*]] = tile.ring : <1 x tensor<64x64xf32>>
// CHECK: %[[SENT:.*]] = tile.ring : <1 x tensor<64x64xbf16>>
// CHECK: tile.roles warps [4, 4, 8] {

// Before the loop: the first window's logits.
// CHECK: tile.fetch {{.*}} into %[[Q]]
// CHECK: tile.mma
// CHECK-NOT: tile.receive
// CHECK: tile.send_parts %{{.*}} to %[[PARTS]][%{{.*}} + 0] over 4
// CHECK: tile.barrier
// CHECK: scf.while
// CHECK: tile.mma
// Rows of window i tell that all parts of it were read.
// CHECK: %[[WEIGHTS:.*]] = tile.receive %[[SENT]][%[[I:.*]] + 0]
// CHECK-NEXT: tile.send_parts %{{.*}} to %[[PARTS]][%[[I]] + 1] over 4
// CHECK: tile.fetch {{.*}} into %[[Q]]
// CHECK: tile.mma %[[WEIGHTS]]
// CHECK: tile.store
// CHECK-NEXT: tile.wait_fetches
// CHECK-NEXT: tile.barrier
// CHECK-NOT: math.exp2
// CHECK: scf.yield
// Behind the last window it receives what was made of no rows.
// CHECK: tile.receive %[[SENT]]
// CHECK: }, {

// What it reads of the producer it reads behind the parts.
// CHECK-NOT: tile.get
// CHECK: tile.receive_sums %[[PARTS]][%{{.*}} + 0]
// CHECK: tile.send %{{.*}} to %[[SENT]][%{{.*}} + 0] over 4
// CHECK: scf.while
// CHECK-NOT: tile.get
// CHECK: tile.receive_sums %[[PARTS]][%[[I:.*]] + 1]
// CHECK: tile.get %[[ROWS]][%[[I]] + 1]
// CHECK: tile.get %[[E]][%[[I]] + 1]
// CHECK: math.exp2
// CHECK-NOT: tile.mma
// CHECK: tile.send %{{.*}} to %[[SENT]][%[[I]] + 1] over 4
// CHECK-NOT: tile.barrier
// CHECK: }, {

// It fetches for all, and scans before its products begin.
// CHECK: tile.fetch
// CHECK: tile.scan
// CHECK: scf.while
// CHECK-NOT: tile.mma
// CHECK: tile.scan
// CHECK: tile.mma
// CHECK: tile.put {{.*}}, %[[W]][%{{.*}} + 2]
// CHECK: tile.barrier
// CHECK: tile.fetch
// The weigher multiplies nothing, and gets what it needs; the others share what
// is left.
// SHARES: tile.registers = array<i64: 144, 32, 168>
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
