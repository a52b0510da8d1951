// RUN: gsa-opt %s | gsa-opt | FileCheck %s
// RUN: gsa-opt %s --mlir-print-op-generic | gsa-opt | FileCheck %s

// Every kind of decay, each with the write untied.
// CHECK-LABEL: func @decays
func.func @decays(%r: tensor<?x?x4x32xbf16>, %c: tensor<?x?x4x64xbf16>,
                  %row: tensor<?x?x4x32xf32>, %token: tensor<?x?x4xbf16>,
                  %head: tensor<4xf16>) {
  // CHECK: gsa.memory rows(%{{.*}} : tensor<?x?x4x32xbf16>) columns(%{{.*}} : tensor<?x?x4x64xbf16>) : <4x32x64>
  %0 = gsa.memory rows(%r : tensor<?x?x4x32xbf16>)
      columns(%c : tensor<?x?x4x64xbf16>) : !gsa.memory<4x32x64>
  // CHECK: gsa.memory rows({{.*}}) columns({{.*}}) decay(%{{.*}} : tensor<4xf16>) : <4x32x64>
  %1 = gsa.memory rows(%r : tensor<?x?x4x32xbf16>)
      columns(%c : tensor<?x?x4x64xbf16>) decay(%head : tensor<4xf16>)
      : !gsa.memory<4x32x64>
  // CHECK: gsa.memory rows({{.*}}) columns({{.*}}) decay(%{{.*}} : tensor<?x?x4xbf16>) : <4x32x64>
  %2 = gsa.memory rows(%r : tensor<?x?x4x32xbf16>)
      columns(%c : tensor<?x?x4x64xbf16>) decay(%token : tensor<?x?x4xbf16>)
      : !gsa.memory<4x32x64>
  // CHECK: gsa.memory rows({{.*}}) columns({{.*}}) decay(%{{.*}} : tensor<?x?x4x32xf32>) : <4x32x64>
  %3 = gsa.memory rows(%r : tensor<?x?x4x32xbf16>)
      columns(%c : tensor<?x?x4x64xbf16>)
      decay(%row : tensor<?x?x4x32xf32>) : !gsa.memory<4x32x64>
  return
}

// Tied, packed, reverse, with states; read on both sides by groups of two.
// CHECK-LABEL: func @everything
func.func @everything(%c: tensor<1x?x4x64xf16>, %g: tensor<1x?x4x32xf32>,
                      %s: tensor<?x4x32x64xf32>, %ends: tensor<?xi64>,
                      %q: tensor<1x?x8x64xf16>) -> tensor<?x4x32x64xf32> {
  // CHECK: %[[M:.*]] = gsa.memory columns(%{{.*}} : tensor<1x?x4x64xf16>) decay(%{{.*}} : tensor<1x?x4x32xf32>) initial(%{{.*}} : tensor<?x4x32x64xf32>) offsets(%{{.*}} : tensor<?xi64>) reverse : <4x32x64>
  %m = gsa.memory columns(%c : tensor<1x?x4x64xf16>)
      decay(%g : tensor<1x?x4x32xf32>) initial(%s : tensor<?x4x32x64xf32>)
      offsets(%ends : tensor<?xi64>) reverse : !gsa.memory<4x32x64>
  // CHECK: %[[Y:.*]] = gsa.read columns %[[M]], %{{.*}} scale 1.250000e-01 : <4x32x64>, tensor<1x?x8x64xf16> -> tensor<1x?x8x32xf32>
  %y = gsa.read columns %m, %q scale 0.125 : !gsa.memory<4x32x64>,
      tensor<1x?x8x64xf16> -> tensor<1x?x8x32xf32>
  // CHECK: %[[P:.*]] = gsa.softmax %[[Y]] : tensor<1x?x8x32xf32>
  %p = gsa.softmax %y : tensor<1x?x8x32xf32>
  // A scale of 1 is not spelled.
  // CHECK: gsa.read rows %[[M]], %[[P]] : <4x32x64>, tensor<1x?x8x32xf32> -> tensor<1x?x8x64xf16>
  %o = gsa.read rows %m, %p scale 1.0 : !gsa.memory<4x32x64>,
      tensor<1x?x8x32xf32> -> tensor<1x?x8x64xf16>
  // CHECK: gsa.final_state %[[M]] : <4x32x64> -> tensor<?x4x32x64xf32>
  %end = gsa.final_state %m : !gsa.memory<4x32x64> -> tensor<?x4x32x64xf32>
  return %end : tensor<?x4x32x64xf32>
}

// CHECK-LABEL: func @attention
func.func @attention(%q: tensor<1x?x4x64xf32>, %k: tensor<1x?x2x64xf32>,
                     %v: tensor<1x?x2x96xf32>, %w: tensor<1x?x2x32xf32>,
                     %g: tensor<1x?x2xf32>, %ks: tensor<3x2x32x64xf32>,
                     %vs: tensor<3x2x32x96xf32>, %ends: tensor<4xi32>) {
  // CHECK: gsa.slot_attention queries(%{{.*}} : tensor<1x?x4x64xf32>) keys(%{{.*}} : tensor<1x?x2x64xf32>) values(%{{.*}} : tensor<1x?x2x96xf32>) writes(%{{.*}} : tensor<1x?x2x32xf32>) : tensor<1x?x4x96xf32>
  %0 = gsa.slot_attention queries(%q : tensor<1x?x4x64xf32>)
      keys(%k : tensor<1x?x2x64xf32>) values(%v : tensor<1x?x2x96xf32>)
      writes(%w : tensor<1x?x2x32xf32>) : tensor<1x?x4x96xf32>
  // CHECK: gsa.slot_attention queries({{.*}}) keys({{.*}}) values({{.*}}) writes({{.*}}) decay(%{{.*}} : tensor<1x?x2xf32>) initial_keys(%{{.*}} : tensor<3x2x32x64xf32>) initial_values(%{{.*}} : tensor<3x2x32x96xf32>) offsets(%{{.*}} : tensor<4xi32>) scale 1.250000e-01 reverse : tensor<1x?x4x96xf32> final_keys tensor<3x2x32x64xf32> final_values tensor<3x2x32x96xf32>
  %1:3 = gsa.slot_attention queries(%q : tensor<1x?x4x64xf32>)
      keys(%k : tensor<1x?x2x64xf32>) values(%v : tensor<1x?x2x96xf32>)
      writes(%w : tensor<1x?x2x32xf32>) decay(%g : tensor<1x?x2xf32>)
      initial_keys(%ks : tensor<3x2x32x64xf32>)
      initial_values(%vs : tensor<3x2x32x96xf32>) offsets(%ends : tensor<4xi32>)
      scale 0.125 reverse : tensor<1x?x4x96xf32>
      final_keys tensor<3x2x32x64xf32> final_values tensor<3x2x32x96xf32>
  // Of the final states, values alone.
  // CHECK: gsa.slot_attention {{.*}} : tensor<1x?x4x96xf32> final_values tensor<1x2x32x96xf32>
  %2:2 = gsa.slot_attention queries(%q : tensor<1x?x4x64xf32>)
      keys(%k : tensor<1x?x2x64xf32>) values(%v : tensor<1x?x2x96xf32>)
      writes(%w : tensor<1x?x2x32xf32>) : tensor<1x?x4x96xf32>
      final_values tensor<1x2x32x96xf32>
  return
}

// CHECK-LABEL: func @functions
func.func @functions(%x: tensor<?x?x4x64xbf16>, %z: tensor<?x4x64xf32>,
                     %one: tensor<1x?x4x64xf16>, %ends: tensor<?xi32>,
                     %s: f32) {
  // CHECK: gsa.silu %{{.*}} : tensor<?x?x4x64xbf16>
  %0 = gsa.silu %x : tensor<?x?x4x64xbf16>
  // CHECK: gsa.log_sigmoid %{{.*}} : f32
  %1 = gsa.log_sigmoid %s : f32
  // CHECK: gsa.softmax_decay %{{.*}} : tensor<?x?x4x64xbf16> -> tensor<?x?x4x64xf32>
  %2 = gsa.softmax_decay %x : tensor<?x?x4x64xbf16> -> tensor<?x?x4x64xf32>
  // CHECK: gsa.softmax_decay %{{.*}} initial(%{{.*}} : tensor<?x4x64xf32>) offsets(%{{.*}} : tensor<?xi32>) reverse : tensor<1x?x4x64xf16> -> tensor<1x?x4x64xf32> final tensor<?x4x64xf32>
  %3:2 = gsa.softmax_decay %one initial(%z : tensor<?x4x64xf32>)
      offsets(%ends : tensor<?xi32>) reverse
      : tensor<1x?x4x64xf16> -> tensor<1x?x4x64xf32> final tensor<?x4x64xf32>
  return
}

// CHECK-LABEL: func @sweeps
func.func @sweeps(%k: tensor<?x?x4x64xf32>, %x: tensor<?x?x4x64xbf16>,
                  %factor: f32) {
  // CHECK: gsa.sweep {
  // CHECK-NEXT: }
  gsa.sweep {
  }
  // CHECK: %{{.*}}:2 = gsa.sweep reverse -> tensor<?x?x4x64xf32>, tensor<?x4x64x64xf32> {
  %0:2 = gsa.sweep reverse -> tensor<?x?x4x64xf32>, tensor<?x4x64x64xf32> {
    %zero = arith.constant 0 : index
    %one = arith.constant 1 : index
    %batch = tensor.dim %x, %zero : tensor<?x?x4x64xbf16>
    %time = tensor.dim %x, %one : tensor<?x?x4x64xbf16>
    %factors = tensor.splat %factor[%batch, %time] : tensor<?x?x4x64xf32>
    %wide = arith.extf %x : tensor<?x?x4x64xbf16> to tensor<?x?x4x64xf32>
    %logits = arith.mulf %wide, %factors : tensor<?x?x4x64xf32>
    %g = gsa.softmax_decay %logits reverse
        : tensor<?x?x4x64xf32> -> tensor<?x?x4x64xf32>
    %m = gsa.memory columns(%k : tensor<?x?x4x64xf32>)
        decay(%g : tensor<?x?x4x64xf32>) reverse : !gsa.memory<4x64x64>
    %y = gsa.read columns %m, %k : !gsa.memory<4x64x64>,
        tensor<?x?x4x64xf32> -> tensor<?x?x4x64xf32>
    %p = gsa.softmax %y : tensor<?x?x4x64xf32>
    %s = gsa.final_state %m : !gsa.memory<4x64x64> -> tensor<?x4x64x64xf32>
    // CHECK: gsa.yield %{{.*}}, %{{.*}} : tensor<?x?x4x64xf32>, tensor<?x4x64x64xf32>
    gsa.yield %p, %s : tensor<?x?x4x64xf32>, tensor<?x4x64x64xf32>
  }
  return
}
