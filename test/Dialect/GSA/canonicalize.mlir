// RUN: gsa-opt %s --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: func @zero_per_head
func.func @zero_per_head(%r: tensor<?x?x4x32xf32>, %c: tensor<?x?x4x64xf32>)
    -> tensor<?x4x32x64xf32> {
  %zero = arith.constant dense<0.0> : tensor<4xf32>
  // CHECK-NOT: decay
  // CHECK: gsa.memory rows({{.*}}) columns({{.*}}) : <4x32x64>
  %m = gsa.memory rows(%r : tensor<?x?x4x32xf32>)
      columns(%c : tensor<?x?x4x64xf32>) decay(%zero : tensor<4xf32>)
      : !gsa.memory<4x32x64>
  %s = gsa.final_state %m : !gsa.memory<4x32x64> -> tensor<?x4x32x64xf32>
  return %s : tensor<?x4x32x64xf32>
}

// -----

// CHECK-LABEL: func @zero_per_token
func.func @zero_per_token(%q: tensor<?x?x4x64xf32>, %w: tensor<?x?x4x32xf32>,
                          %b: index, %t: index) -> tensor<?x?x4x64xf32> {
  %zero = arith.constant -0.0 : f32
  %g = tensor.splat %zero[%b, %t] : tensor<?x?x4xf32>
  // CHECK-NOT: decay
  // CHECK: gsa.slot_attention queries({{.*}}) keys({{.*}}) values({{.*}}) writes({{.*}}) : tensor<?x?x4x64xf32>
  %o = gsa.slot_attention queries(%q : tensor<?x?x4x64xf32>)
      keys(%q : tensor<?x?x4x64xf32>) values(%q : tensor<?x?x4x64xf32>)
      writes(%w : tensor<?x?x4x32xf32>) decay(%g : tensor<?x?x4xf32>)
      : tensor<?x?x4x64xf32>
  return %o : tensor<?x?x4x64xf32>
}

// -----

// A tied write has its number of rows from the decay.
// CHECK-LABEL: func @zero_but_tied
func.func @zero_but_tied(%c: tensor<?x?x4x64xf32>, %b: index, %t: index)
    -> tensor<?x4x32x64xf32> {
  %zero = arith.constant 0.0 : f32
  %g = tensor.splat %zero[%b, %t] : tensor<?x?x4x32xf32>
  // CHECK: gsa.memory columns({{.*}}) decay({{.*}})
  %m = gsa.memory columns(%c : tensor<?x?x4x64xf32>)
      decay(%g : tensor<?x?x4x32xf32>) : !gsa.memory<4x32x64>
  %s = gsa.final_state %m : !gsa.memory<4x32x64> -> tensor<?x4x32x64xf32>
  return %s : tensor<?x4x32x64xf32>
}

// -----

// CHECK-LABEL: func @some_heads_decay
func.func @some_heads_decay(%r: tensor<?x?x2x32xf32>, %c: tensor<?x?x2x64xf32>)
    -> tensor<?x2x32x64xf32> {
  %g = arith.constant dense<[0.0, -1.0]> : tensor<2xf32>
  // CHECK: gsa.memory {{.*}} decay(
  %m = gsa.memory rows(%r : tensor<?x?x2x32xf32>)
      columns(%c : tensor<?x?x2x64xf32>) decay(%g : tensor<2xf32>)
      : !gsa.memory<2x32x64>
  %s = gsa.final_state %m : !gsa.memory<2x32x64> -> tensor<?x2x32x64xf32>
  return %s : tensor<?x2x32x64xf32>
}

// -----

// What nobody reads is not computed.
// CHECK-LABEL: func @unused
func.func @unused(%q: tensor<?x?x4x64xf32>) {
  // CHECK-NEXT: return
  %m = gsa.memory rows(%q : tensor<?x?x4x64xf32>)
      columns(%q : tensor<?x?x4x64xf32>) : !gsa.memory<4x64x64>
  %y = gsa.read rows %m, %q : !gsa.memory<4x64x64>,
      tensor<?x?x4x64xf32> -> tensor<?x?x4x64xf32>
  %g = gsa.softmax_decay %q : tensor<?x?x4x64xf32> -> tensor<?x?x4x64xf32>
  return
}
