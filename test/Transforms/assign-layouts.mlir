// RUN: gsa-compile %s --targets=sm_90a --emit=chunked | gsa-opt --pass-pipeline="builtin.module(builtin.module(func.func(gsa-split-roles,gsa-assign-layouts)))" | FileCheck %s
// RUN: gsa-compile %s --targets=sm_80 --emit=tile | FileCheck %s --check-prefix=WARP

// Sums become factors where they lie, factors that come from memory stay there,
// and no matrix is converted but what is stored.

// CHECK-DAG: #[[SUMS:layout[0-9]*]] = #tile.layout<[64, 64], reg = {{\[}}[0, 1], [8, 0], [0, 8], [0, 16], [0, 32]], lane = {{\[}}[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = {{\[}}[16, 0], [32, 0]]>
// Decays are put as pairs of columns, and read as the sums they scale: in the
// usual swizzle every other row would be in the same banks.
// CHECK-DAG: #[[DECAYS:layout[0-9]*]] = #tile.layout<[64, 64], offset = {{\[}}[0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [1, 8], [2, 16], [4, 4], [8, 0], [16, 0], [32, 0], [0, 32]]>
// CHECK-LABEL: func.func @layer
// CHECK: tile.ring : <2 x tensor<64x64xf32, #[[DECAYS]]>>
// CHECK: %[[S:.*]] = tile.mma {{.*}} {atom = #tile.atom<"wgmma.m64k16">} {{.*}}#[[SUMS]]>
// CHECK: %[[X:.*]] = tile.mma {{.*}} {atom = #tile.atom<"wgmma.m64k16">}
// CHECK: %[[W:.*]] = tile.wait %[[S]]
// CHECK: %[[M:.*]] = arith.select %{{.*}}, %[[W]],
// CHECK: %[[T:.*]] = arith.truncf %[[M]] : tensor<64x64xf32, #[[SUMS]]> to tensor<64x64xbf16, #[[SUMS]]>
// CHECK: tile.mma %[[T]], %{{.*}}, %[[X]]
// CHECK: tile.reduce max {{.*}} along [1] : tensor<64x64xf32, #[[SUMS]]>
// CHECK: %[[O:.*]] = tile.convert {{.*}} -> tensor<64x128xbf16, #{{.*}}>
// CHECK-NEXT: tile.store %[[O]]
// CHECK-NOT: tile.convert {{.*}}tensor<64x{{[0-9]}}

// Warps share a memory so that they read as little of what updates it as can be
// (24 KiB for 36 if each had rows of its own), but scores by whole rows, as
// these are reduced, and what is multiplied next comes from the same registers.
// WARP-DAG: #[[MEMORY:layout[0-9]*]] = #tile.layout<[64, 128], reg = {{\[}}[0, 1], [8, 0], [0, 16], [0, 32], [0, 64], [32, 0]], lane = {{\[}}[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = {{\[}}[16, 0], [0, 8]]>
// WARP-DAG: #[[ROWS:layout[0-9]*]] = #tile.layout<[64, 64], reg = {{\[}}[0, 1], [8, 0], [0, 8], [0, 16], [0, 32]], lane = {{\[}}[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = {{\[}}[16, 0], [32, 0]]>
// WARP-DAG: #[[COLUMNS:layout[0-9]*]] = #tile.layout<[64, 128], {{.*}}warp = {{\[}}[0, 8], [0, 16]]>
// With eight warps lanes have registers to keep the queries from product to
// product.
// WARP: tile.roles warps [4, 4]
// WARP: %[[Q:.*]] = tile.convert %{{.*}} -> tensor<{{.*}}x128xbf16
// WARP: tile.mma %[[Q]], %{{.*}} {atom = #tile.atom<"mma.m16n8k16">} {{.*}}#[[ROWS]]>
// WARP: tile.mma %[[Q]], %{{.*}} {atom = #tile.atom<"mma.m16n8k16">} {{.*}}#[[ROWS]]>
// WARP-NOT: tile.wait %
// WARP-COUNT-2: tile.mma {{.*}} {atom = #tile.atom<"mma.m16n8k16">} {{.*}}#[[MEMORY]]>
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

// From half as many tokens two memories' warps have columns of their own and read
// the same first factor: of equals, as its words are few by lane.
// WARP-LABEL: func.func @short
// WARP-COUNT-2: tile.mma {{.*}} {atom = #tile.atom<"mma.m16n8k16">} {{.*}}#[[COLUMNS]]>
func.func @short(
    %q: tensor<?x?x4x128xbf16> {gsa.name = "q"},
    %k: tensor<?x?x4x128xbf16> {gsa.name = "k"},
    %v: tensor<?x?x4x128xbf16> {gsa.name = "v"},
    %g: tensor<?x?x4x64xbf16> {gsa.name = "g"})
    -> (tensor<?x?x4x128xbf16> {gsa.name = "o"})
    attributes {gsa.schedule = #gsa.schedule<fused, chunk = 32>} {
  %o = gsa.slot_attention queries(%q : tensor<?x?x4x128xbf16>)
      keys(%k : tensor<?x?x4x128xbf16>) values(%v : tensor<?x?x4x128xbf16>)
      decay(%g : tensor<?x?x4x64xbf16>) scale 1.0 : tensor<?x?x4x128xbf16>
  return %o : tensor<?x?x4x128xbf16>
}
