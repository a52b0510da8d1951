// RUN: gsa-opt %s --gsa-approximate-math --split-input-file \
// RUN:   --verify-diagnostics | FileCheck %s

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

// CHECK-LABEL: func.func @logarithms(
// CHECK-NOT: math.
// CHECK: return
func.func @logarithms(%x: vector<4xf32>, %y: f32) -> (vector<4xf32>, f32) {
  %0 = math.log2 %x : vector<4xf32>
  %1 = math.log10 %y : f32
  return %0, %1 : vector<4xf32>, f32
}

// CHECK-LABEL: func.func @bounded(
// CHECK-NOT: math.
// CHECK: return
func.func @bounded(%x: vector<4xf32>, %y: f32) -> (vector<4xf32>, f32) {
  %0 = math.tanh %x : vector<4xf32>
  %1 = math.erf %y : f32
  return %0, %1 : vector<4xf32>, f32
}

// Roots are for the processor.

// CHECK-LABEL: func.func @roots(
// CHECK: %[[ONE:.*]] = arith.constant 1.0
// CHECK: %[[ROOT:.*]] = math.sqrt %{{.*}} : f32
// CHECK: arith.divf %[[ONE]], %[[ROOT]] : f32
// CHECK: math.sqrt
// CHECK: return
func.func @roots(%x: f32) -> (f32, f32) {
  %0 = math.rsqrt %x : f32
  %1 = math.sqrt %x : f32
  return %0, %1 : f32, f32
}

// CHECK-LABEL: func.func @rounding(
// CHECK-NOT: math.
// CHECK: return
func.func @rounding(%x: vector<4xf32>)
    -> (vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>,
        vector<4xf32>) {
  %0 = math.trunc %x : vector<4xf32>
  %1 = math.floor %x : vector<4xf32>
  %2 = math.ceil %x : vector<4xf32>
  %3 = math.round %x : vector<4xf32>
  %4 = math.roundeven %x : vector<4xf32>
  return %0, %1, %2, %3, %4 : vector<4xf32>, vector<4xf32>, vector<4xf32>,
                              vector<4xf32>, vector<4xf32>
}

// CHECK-LABEL: func.func @several(
// CHECK-NOT: {{math[.]|numf}}
// CHECK: return
func.func @several(%x: vector<4xf32>, %y: vector<4xf32>)
    -> (vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>) {
  %0 = math.copysign %x, %y : vector<4xf32>
  %1 = arith.maxnumf %x, %y : vector<4xf32>
  %2 = arith.minnumf %x, %y : vector<4xf32>
  %3 = math.fma %x, %y, %x : vector<4xf32>
  return %0, %1, %2, %3
      : vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>
}

// Narrow elements are widened once, not at each step.

// CHECK-LABEL: func.func @narrow(
// CHECK-SAME: %[[X:.*]]: vector<4xbf16>, %[[Y:.*]]: f16)
// CHECK: arith.extf %[[X]] : vector<4xbf16> to vector<4xf32>
// CHECK-NOT: bf16
// CHECK: arith.truncf %{{.*}} : vector<4xf32> to vector<4xbf16>
// CHECK: arith.extf %[[Y]] : f16 to f32
// CHECK-NOT: f16
// CHECK: arith.truncf %{{.*}} : f32 to f16
func.func @narrow(%x: vector<4xbf16>, %y: f16) -> (vector<4xbf16>, f16) {
  %0 = math.tanh %x : vector<4xbf16>
  %1 = math.log %y : f16
  return %0, %1 : vector<4xbf16>, f16
}

// Tensors and what processors do stay.

// CHECK-LABEL: func.func @others(
// CHECK-NEXT: math.sqrt %{{.*}} : f64
// CHECK-NEXT: math.exp2 %{{.*}} : tensor<8xf32>
// CHECK-NEXT: math.absf %{{.*}} : f32
// CHECK-NEXT: math.isnan %{{.*}} : f32
// CHECK-NEXT: return
func.func @others(%x: f64, %t: tensor<8xf32>, %s: f32)
    -> (f64, tensor<8xf32>, f32, i1) {
  %0 = math.sqrt %x : f64
  %1 = math.exp2 %t : tensor<8xf32>
  %2 = math.absf %s : f32
  %3 = math.isnan %s : f32
  return %0, %1, %2, %3 : f64, tensor<8xf32>, f32, i1
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

// -----

// The rest would need a library.

func.func @library(%x: vector<4xbf16>) -> vector<4xbf16> {
  // expected-error @below {{a function in a kernel must be of f32, f16 or bf16 and one of absf, ceil, copysign, erf, exp, exp2, expm1, floor, fma, isfinite, isnan, log, log10, log1p, log2, round, roundeven, rsqrt, sqrt, tanh and trunc, got 'math.cbrt' of 'bf16'}}
  %0 = math.cbrt %x : vector<4xbf16>
  return %0 : vector<4xbf16>
}

// -----

func.func @remainder(%x: f32) -> f32 {
  // expected-error @below {{got 'arith.remf' of 'f32'}}
  %0 = arith.remf %x, %x : f32
  return %0 : f32
}

// -----

func.func @wide(%x: f64) -> f64 {
  // expected-error @below {{got 'math.exp' of 'f64'}}
  %0 = math.exp %x : f64
  return %0 : f64
}
