// RUN: gsa-opt %s --gsa-specialize=targets=x86-64-v4,x86-64,x86-64-v4 | FileCheck %s
// RUN: not gsa-opt %s --gsa-specialize 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not gsa-opt %s --gsa-specialize=targets=x86-64-v5 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// Each target once; the bf16 variant has only what computes with bf16.

// CHECK: module @x86_64_v4 attributes {gsa.target = #gsa.target<"x86-64-v4">}
// CHECK-NEXT: func.func @wide
// CHECK: func.func @narrow
// CHECK: module @x86_64_v4_bf16 attributes {gsa.target = #gsa.target<"x86-64-v4-bf16">}
// CHECK-NEXT: func.func @narrow
// CHECK: module @x86_64 attributes {gsa.target = #gsa.target<"x86-64">}
// CHECK-NEXT: func.func @wide
// CHECK: func.func @narrow
// CHECK-NOT: func.func

// NONE: error: the list of targets must have an entry, got none
// UNKNOWN: error: a target must be one of x86-64, x86-64-v3, x86-64-v4, x86-64-v4-bf16, sm_80, sm_86, sm_89, sm_90a, sm_100a, sm_120a, gfx942, gfx1100, got 'x86-64-v5'

func.func @wide(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
func.func @narrow(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = arith.truncf %x : tensor<4xf32> to tensor<4xbf16>
  %1 = arith.extf %0 : tensor<4xbf16> to tensor<4xf32>
  return %1 : tensor<4xf32>
}
