// RUN: gsa-opt %s --gsa-approximate-math=device=true --split-input-file --verify-diagnostics | FileCheck %s

// What devices have instructions for stays, in f32.

// CHECK-LABEL: func.func @kept(
// CHECK: math.exp2 %{{.*}} : vector<5xf32>
// CHECK: arith.extf %{{.*}} : vector<5xbf16> to vector<5xf32>
// CHECK: math.rsqrt %{{.*}} : vector<5xf32>
// CHECK: arith.truncf %{{.*}} : vector<5xf32> to vector<5xbf16>
func.func @kept(%x: vector<5xf32>, %y: vector<5xbf16>) -> (vector<5xf32>, vector<5xbf16>) {
  %0 = math.exp2 %x : vector<5xf32>
  %1 = math.rsqrt %y : vector<5xbf16>
  return %0, %1 : vector<5xf32>, vector<5xbf16>
}

// -----

// CHECK-LABEL: func.func @exp(
// CHECK: %[[SCALED:.*]] = arith.mulf %arg0
// CHECK: %[[E:.*]] = math.exp2 %[[SCALED]] : vector<3x4xf32>
// CHECK: return %[[E]]
func.func @exp(%x: vector<3x4xf32>) -> vector<3x4xf32> {
  %0 = math.exp %x : vector<3x4xf32>
  return %0 : vector<3x4xf32>
}

// -----

// CHECK-LABEL: func.func @tanh(
// CHECK: math.exp2
// CHECK: arith.divf {{.*}} fastmath<arcp> : f32
// CHECK-NOT: math.tanh
func.func @tanh(%x: f32) -> f32 {
  %0 = math.tanh %x : f32
  return %0 : f32
}

// -----

func.func @unknown(%x: f32) -> f32 {
  // expected-error @below {{a function in a kernel must be of f32, f16 or bf16 and one of}}
  %0 = math.sin %x : f32
  return %0 : f32
}

// -----

// A factor that is rounded to 16 bits needs less: one term more near zero.

// CHECK-LABEL: func.func @coarse(
// CHECK-COUNT-3: arith.mulf
// CHECK-NOT: arith.mulf
// CHECK: return
func.func @coarse(%x: f32) -> f32 {
  %0 = math.expm1 %x fastmath<afn> : f32
  return %0 : f32
}
