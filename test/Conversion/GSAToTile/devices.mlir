// RUN: gsa-opt %s --pass-pipeline='builtin.module(builtin.module(func.func(gsa-fuse-scans,gsa-chunk-memory),canonicalize,cse))' --split-input-file --verify-diagnostics | FileCheck %s
// RUN: gsa-opt %src/examples/specs/gsa-mistral-7b.mlir --gsa-to-chunked=targets=sm_90a,sm_80,x86-64-v3 | FileCheck %s --check-prefix=CHUNK

// An auto chunk is the target's.

// CHUNK: module @sm_90a
// CHUNK: gsa.schedule = #gsa.schedule<segmented, chunk = 64>
// CHUNK: tile.mma {{.*}} : tensor<64x128xbf16>, tensor<128x64xbf16>, tensor<64x64xf32>
// CHUNK: module @sm_80
// CHUNK: gsa.schedule = #gsa.schedule<segmented, chunk = 32>
// CHUNK: module @x86_64_v3
// CHUNK: gsa.schedule = #gsa.schedule<fused, chunk = 16>

// On devices columns and slots are padded to powers of two, at least 16, and
// factors of f16 are multiplied as they are. They span 2^14: a window's decay
// stays above 2^-14, and one token's above 2^-13, e^-9.01; row-wise sums are 0 at 2^-3.
// Divisions by sums may be the device's own.

module {
module attributes {gsa.target = #gsa.target<"sm_90a">} {
// CHECK-LABEL: func.func @padded(
// CHECK-DAG: %[[FLOOR:.*]] = arith.constant dense<-9.01{{[0-9]+}}> : tensor<32x64xf32>
// CHECK-DAG: %[[START:.*]] = arith.constant dense<-3.000000e+00> : tensor<64xf32>
// CHECK-DAG: %[[LIMIT:.*]] = arith.constant -1.300000e+01 : f32
// CHECK-DAG: %[[LOWEST:.*]] = arith.constant dense<-1.100000e+01> : tensor<32x64xf32>
// CHECK: scf.while {{.*}} (index, tensor<64x16xf32>, tensor<64x128xf32>)
// CHECK: arith.maximumf %{{.*}}, %[[FLOOR]]
// CHECK: %[[LEAST:.*]] = tile.reduce min %{{.*}} along [0] : tensor<64xf32> -> f32
// CHECK: %[[FITS:.*]] = arith.cmpf oge, %[[LEAST]], %[[LIMIT]]
// CHECK: scf.if %[[FITS]] -> (index, tensor<64xf32>, tensor<32x64xf16>)
// CHECK: arith.cmpf oge, %{{.*}}, %[[LOWEST]]
// CHECK: tile.mma {{.*}} : tensor<32x16xf16>, tensor<16x32xf16>, tensor<32x32xf32>
// CHECK: arith.divf {{.*}} fastmath<arcp> : tensor<32xf32>
// CHECK: tile.mma {{.*}} : tensor<32x32xf16>, tensor<32x128xf16>, tensor<32x128xf32>
func.func @padded(%q: tensor<?x?x2x12xf16>, %k: tensor<?x?x2x12xf16>,
                  %v: tensor<?x?x2x100xf16>, %g: tensor<?x?x2x60xf16>)
    -> tensor<?x?x2x100xf16>
    attributes {gsa.schedule = #gsa.schedule<fused, chunk = 32>} {
  %m = gsa.memory columns(%k : tensor<?x?x2x12xf16>)
      decay(%g : tensor<?x?x2x60xf16>) : !gsa.memory<2x60x12>
  %n = gsa.memory columns(%v : tensor<?x?x2x100xf16>)
      decay(%g : tensor<?x?x2x60xf16>) : !gsa.memory<2x60x100>
  %y = gsa.read columns %m, %q
      : !gsa.memory<2x60x12>, tensor<?x?x2x12xf16> -> tensor<?x?x2x60xf16>
  %p = gsa.softmax %y : tensor<?x?x2x60xf16>
  %o = gsa.read rows %n, %p
      : !gsa.memory<2x60x100>, tensor<?x?x2x60xf16> -> tensor<?x?x2x100xf16>
  return %o : tensor<?x?x2x100xf16>
}
}
}

// -----

module {
module attributes {gsa.target = #gsa.target<"sm_90a">} {
// expected-error @below {{must have chunks of at least 16 tokens on sm_90a, got 8}}
func.func @small_chunk(%c: tensor<?x?x2x16xf32>) -> tensor<?x?x2x16xf32>
    attributes {gsa.schedule = #gsa.schedule<fused, chunk = 8>} {
  %m = gsa.memory rows(%c : tensor<?x?x2x16xf32>)
      columns(%c : tensor<?x?x2x16xf32>) : !gsa.memory<2x16x16>
  %o = gsa.read rows %m, %c
      : !gsa.memory<2x16x16>, tensor<?x?x2x16xf32> -> tensor<?x?x2x16xf32>
  return %o : tensor<?x?x2x16xf32>
}
}
}
