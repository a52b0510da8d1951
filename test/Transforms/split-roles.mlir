// RUN: gsa-compile %s --targets=sm_90a --emit=chunked | gsa-opt --pass-pipeline='builtin.module(builtin.module(func.func(gsa-split-roles)))' | FileCheck %s --check-prefixes=CHECK,GROUPS
// RUN: gsa-compile %s --targets=gfx942 --emit=chunked | gsa-opt --pass-pipeline='builtin.module(builtin.module(func.func(gsa-split-roles)))' | FileCheck %s --check-prefixes=ONE,WIDE
// RUN: gsa-compile %s --targets=gfx1100 --emit=chunked | gsa-opt --pass-pipeline='builtin.module(builtin.module(func.func(gsa-split-roles)))' | FileCheck %s --check-prefixes=ONE,NARROW

// RUN: gsa-compile %s --targets=sm_80 --emit=chunked | gsa-opt --pass-pipeline='builtin.module(builtin.module(func.func(gsa-split-roles)))' | FileCheck %s --check-prefixes=CHECK,WARPS

// The consumer scores, reads and stores what the producer, a window ahead, has
// put; the producer carries the memories, with warps for each where groups of
// warps multiply together. Loads run two windows ahead, and the producer
// fetches, as reads of two memories take longer than their updates.

// CHECK-LABEL: func.func @layer
// GROUPS: tile.roles warps [4, 8] {
// WARPS: tile.roles warps [4, 4] {
// CHECK-NOT: tile.fetch
// CHECK: tile.barrier
// CHECK: scf.while {{.*}} : (index, index, index)
// CHECK: tile.mma
// CHECK: tile.store
// CHECK: tile.barrier
// CHECK: }, {
// CHECK-DAG: tile.fetch %arg0
// CHECK-DAG: tile.fetch %arg1
// CHECK-DAG: tile.fetch %arg2
// CHECK: tile.scan
// CHECK: tile.put {{.*}} + 0]
// CHECK: tile.wait_fetches
// CHECK-NEXT: tile.barrier
// CHECK: scf.while {{.*}}tensor<64x128xf32>, tensor<64x128xf32>
// CHECK: tile.mma
// CHECK: tile.mma
// CHECK: tile.scan
// CHECK: tile.put {{.*}} + 1]
// CHECK: tile.wait_fetches
// CHECK-NEXT: tile.barrier
// CHECK-DAG: tile.fetch %arg0{{.*}} + 2]
// CHECK-DAG: tile.fetch %arg1{{.*}} + 2]
// CHECK-DAG: tile.fetch %arg2{{.*}} + 2]
// CHECK-NOT: tile.store

// A machine without roles has one that does everything, with as many warps as
// leave each lane registers enough.
// WIDE: tile.roles warps [8] {
// NARROW: tile.roles warps [16] {
// ONE: scf.while
// ONE-NOT: }, {
// ONE: tile.store
func.func @layer(
    %q: tensor<?x?x4x128xbf16> {gsa.name = "q"},
    %k: tensor<?x?x4x128xbf16> {gsa.name = "k"},
    %v: tensor<?x?x4x128xbf16> {gsa.name = "v"},
    %g: tensor<?x?x4x64xbf16> {gsa.name = "g"})
    -> (tensor<?x?x4x128xbf16> {gsa.name = "o"})
    attributes {gsa.schedule = #gsa.schedule<fused, chunk = 64>} {
  %o = gsa.slot_attention queries(%q : tensor<?x?x4x128xbf16>)
      keys(%k : tensor<?x?x4x128xbf16>) values(%v : tensor<?x?x4x128xbf16>)
      decay(%g : tensor<?x?x4x64xbf16>) scale 1.0 : tensor<?x?x4x128xbf16>
  return %o : tensor<?x?x4x128xbf16>
}
