// RUN: gsa-opt %s --gsa-approximate-math=native-exp2 | FileCheck %s

// Where 2^x is an instruction it stays, in f32, and e^x is computed with it.

// CHECK-LABEL: func.func @exp2
// CHECK-SAME: %[[X:.*]]: vector<4xf32>
// CHECK-NEXT: %[[R:.*]] = math.exp2 %[[X]] : vector<4xf32>
// CHECK-NEXT: return %[[R]]
func.func @exp2(%x: vector<4xf32>) -> vector<4xf32> {
  %r = math.exp2 %x : vector<4xf32>
  return %r : vector<4xf32>
}

// CHECK-LABEL: func.func @exp
// CHECK-SAME: %[[X:.*]]: f32
// CHECK: %[[LOG2E:.*]] = arith.constant 1.442695{{.*}} : f32
// CHECK: %[[S:.*]] = arith.mulf %[[X]], %[[LOG2E]] fastmath<contract> : f32
// CHECK: %[[R:.*]] = math.exp2 %[[S]] : f32
// CHECK: return %[[R]]
func.func @exp(%x: f32) -> f32 {
  %r = math.exp %x : f32
  return %r : f32
}

// CHECK-LABEL: func.func @narrow
// CHECK-SAME: %[[X:.*]]: bf16
// CHECK: %[[W:.*]] = arith.extf %[[X]] : bf16 to f32
// CHECK: %[[E:.*]] = math.exp2 %[[W]] : f32
// CHECK: %[[R:.*]] = arith.truncf %[[E]] : f32 to bf16
// CHECK: return %[[R]]
func.func @narrow(%x: bf16) -> bf16 {
  %r = math.exp2 %x : bf16
  return %r : bf16
}

// What is computed from e^x - 1 keeps its precision near zero.
// CHECK-LABEL: func.func @expm1
// CHECK-NOT: math.
func.func @expm1(%x: f32) -> f32 {
  %r = math.expm1 %x : f32
  return %r : f32
}
