// RUN: gsa-opt %s --gsa-decompose | FileCheck %s --implicit-check-not=gsa.slot_attention

// Two memories with the same writes and decay; keys are read by columns, with
// the scale, values by rows. Logits and probabilities are f32.

// CHECK-LABEL: func.func @tied(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<?x?x8x128xbf16>, %[[K:[a-z0-9]+]]: tensor<?x?x2x128xbf16>, %[[V:[a-z0-9]+]]: tensor<?x?x2x96xbf16>, %[[G:[a-z0-9]+]]: tensor<?x?x2x64xf32>
// CHECK-NEXT: %[[KEYS:.*]] = gsa.memory columns(%[[K]] : tensor<?x?x2x128xbf16>) decay(%[[G]] : tensor<?x?x2x64xf32>) : <2x64x128>
// CHECK-NEXT: %[[VALUES:.*]] = gsa.memory columns(%[[V]] : tensor<?x?x2x96xbf16>) decay(%[[G]] : tensor<?x?x2x64xf32>) : <2x64x96>
// CHECK-NEXT: %[[LOGITS:.*]] = gsa.read columns %[[KEYS]], %[[Q]] scale 1.250000e-01 : <2x64x128>, tensor<?x?x8x128xbf16> -> tensor<?x?x8x64xf32>
// CHECK-NEXT: %[[WEIGHTS:.*]] = gsa.softmax %[[LOGITS]] : tensor<?x?x8x64xf32>
// CHECK-NEXT: %[[O:.*]] = gsa.read rows %[[VALUES]], %[[WEIGHTS]] : <2x64x96>, tensor<?x?x8x64xf32> -> tensor<?x?x8x96xbf16>
// CHECK-NEXT: return %[[O]]
func.func @tied(%q: tensor<?x?x8x128xbf16>, %k: tensor<?x?x2x128xbf16>,
                %v: tensor<?x?x2x96xbf16>, %g: tensor<?x?x2x64xf32>)
    -> tensor<?x?x8x96xbf16> {
  %o = gsa.slot_attention queries(%q : tensor<?x?x8x128xbf16>)
      keys(%k : tensor<?x?x2x128xbf16>) values(%v : tensor<?x?x2x96xbf16>)
      decay(%g : tensor<?x?x2x64xf32>) scale 0.125 : tensor<?x?x8x96xbf16>
  return %o : tensor<?x?x8x96xbf16>
}

// Writes, states, offsets and direction go to both memories, each with its own
// initial state; a final state is made of its own memory.

// CHECK-LABEL: func.func @everything(
// CHECK-SAME: %[[S:[a-z0-9]+]]: tensor<1x?x2x32xf32>, %[[K0:[a-z0-9]+]]: tensor<?x2x32x16xf32>, %[[V0:[a-z0-9]+]]: tensor<?x2x32x16xf32>, %[[ENDS:[a-z0-9]+]]: tensor<?xi64>
// CHECK: %[[KEYS:.*]] = gsa.memory rows(%[[S]] : tensor<1x?x2x32xf32>) columns(%arg1 : tensor<1x?x2x16xf32>) initial(%[[K0]] : tensor<?x2x32x16xf32>) offsets(%[[ENDS]] : tensor<?xi64>) reverse
// CHECK: %[[VALUES:.*]] = gsa.memory rows(%[[S]] : tensor<1x?x2x32xf32>) columns(%arg2 : tensor<1x?x2x16xf32>) initial(%[[V0]] : tensor<?x2x32x16xf32>) offsets(%[[ENDS]] : tensor<?xi64>) reverse
// CHECK: gsa.read columns %[[KEYS]]
// CHECK: %[[O:.*]] = gsa.read rows %[[VALUES]]
// CHECK-DAG: %[[KN:.*]] = gsa.final_state %[[KEYS]]
// CHECK-DAG: %[[VN:.*]] = gsa.final_state %[[VALUES]]
// CHECK: return %[[O]], %[[KN]], %[[VN]]
func.func @everything(
    %q: tensor<1x?x2x16xf32>, %k: tensor<1x?x2x16xf32>,
    %v: tensor<1x?x2x16xf32>, %s: tensor<1x?x2x32xf32>,
    %k0: tensor<?x2x32x16xf32>, %v0: tensor<?x2x32x16xf32>,
    %ends: tensor<?xi64>)
    -> (tensor<1x?x2x16xf32>, tensor<?x2x32x16xf32>, tensor<?x2x32x16xf32>) {
  %o, %kn, %vn = gsa.slot_attention queries(%q : tensor<1x?x2x16xf32>)
      keys(%k : tensor<1x?x2x16xf32>) values(%v : tensor<1x?x2x16xf32>)
      writes(%s : tensor<1x?x2x32xf32>)
      initial_keys(%k0 : tensor<?x2x32x16xf32>)
      initial_values(%v0 : tensor<?x2x32x16xf32>)
      offsets(%ends : tensor<?xi64>) reverse
      : tensor<1x?x2x16xf32> final_keys tensor<?x2x32x16xf32>
      final_values tensor<?x2x32x16xf32>
  return %o, %kn, %vn
      : tensor<1x?x2x16xf32>, tensor<?x2x32x16xf32>, tensor<?x2x32x16xf32>
}

// A state that nobody asks for is not made.

// CHECK-LABEL: func.func @one_state(
// CHECK: %[[KEYS:.*]] = gsa.memory columns(%arg1
// CHECK: %[[VALUES:.*]] = gsa.memory columns(%arg2
// CHECK-NOT: gsa.final_state %[[KEYS]]
// CHECK: gsa.final_state %[[VALUES]]
// CHECK-NOT: gsa.final_state
func.func @one_state(
    %q: tensor<?x?x2x16xf32>, %k: tensor<?x?x2x16xf32>,
    %v: tensor<?x?x2x16xf32>, %g: tensor<?x?x2x32xf32>)
    -> (tensor<?x?x2x16xf32>, tensor<?x2x32x16xf32>) {
  %o, %vn = gsa.slot_attention queries(%q : tensor<?x?x2x16xf32>)
      keys(%k : tensor<?x?x2x16xf32>) values(%v : tensor<?x?x2x16xf32>)
      decay(%g : tensor<?x?x2x32xf32>)
      : tensor<?x?x2x16xf32> final_values tensor<?x2x32x16xf32>
  return %o, %vn : tensor<?x?x2x16xf32>, tensor<?x2x32x16xf32>
}
