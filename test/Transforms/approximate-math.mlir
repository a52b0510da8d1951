// RUN: gsa-opt %s --gsa-approximate-math | FileCheck %s

// Nothing of f32 is left for a library, on scalars and vectors.

// CHECK-LABEL: func.func @single(
// CHECK-NOT: math.
// CHECK: return
func.func @single(%x: f32, %v: vector<8xf32>, %m: vector<2x4xf32>)
    -> (f32, vector<8xf32>, vector<8xf32>, vector<2x4xf32>, f32) {
  %0 = math.exp %x : f32
  %1 = math.exp2 %v : vector<8xf32>
  %2 = math.log1p %v : vector<8xf32>
  %3 = math.expm1 %m : vector<2x4xf32>
  %4 = math.log %x : f32
  return %0, %1, %2, %3, %4
      : f32, vector<8xf32>, vector<8xf32>, vector<2x4xf32>, f32
}

// Other types, tensors and other functions stay.

// CHECK-LABEL: func.func @others(
// CHECK-NEXT: math.exp %{{.*}} : f64
// CHECK-NEXT: math.log %{{.*}} : vector<4xf16>
// CHECK-NEXT: math.exp2 %{{.*}} : tensor<8xf32>
// CHECK-NEXT: math.absf %{{.*}} : f32
// CHECK-NEXT: return
func.func @others(%x: f64, %v: vector<4xf16>, %t: tensor<8xf32>, %s: f32)
    -> (f64, vector<4xf16>, tensor<8xf32>, f32) {
  %0 = math.exp %x : f64
  %1 = math.log %v : vector<4xf16>
  %2 = math.exp2 %t : tensor<8xf32>
  %3 = math.absf %s : f32
  return %0, %1, %2, %3 : f64, vector<4xf16>, tensor<8xf32>, f32
}

// What may be contracted says so, but for differences that are rounding errors.

// CHECK-LABEL: func.func @contracted(
// CHECK: arith.mulf %{{.*}} fastmath<contract>
// CHECK: arith.addf %{{.*}} fastmath<contract>
func.func @contracted(%x: vector<4xf32>) -> vector<4xf32> {
  %0 = math.exp2 %x : vector<4xf32>
  return %0 : vector<4xf32>
}

// CHECK-LABEL: func.func @lost_part(
// CHECK: %[[Y:.*]] = arith.addf %[[X:.*]], %[[ONE:.*]] : f32
// CHECK: %[[BACK:.*]] = arith.subf %[[Y]], %[[ONE]] : f32
// CHECK: arith.subf %[[X]], %[[BACK]] : f32
func.func @lost_part(%x: f32) -> f32 {
  %0 = math.log1p %x : f32
  return %0 : f32
}
