// RUN: gsa-opt %s --pass-pipeline='builtin.module(builtin.module(func.func(gsa-expand-bf16)))' --split-input-file --verify-diagnostics | FileCheck %s

module attributes {gsa.target = #gsa.target<"x86-64-v4">} {
  module {
    // CHECK-LABEL: func.func @without
    // CHECK-NOT: arith.truncf
    // CHECK-NOT: arith.extf
    // CHECK: arith.shli
    func.func @without(%x: vector<16xf32>, %y: vector<16xbf16>) -> (vector<16xbf16>, vector<16xf32>) {
      %0 = arith.truncf %x : vector<16xf32> to vector<16xbf16>
      %1 = arith.extf %y : vector<16xbf16> to vector<16xf32>
      return %0, %1 : vector<16xbf16>, vector<16xf32>
    }
  }
}

// -----

module {
  module attributes {gsa.target = #gsa.target<"x86-64-v4-bf16">} {
    // CHECK-LABEL: func.func @with
    // CHECK: arith.truncf %{{.*}} : vector<16xf32> to vector<16xbf16>
    func.func @with(%x: vector<16xf32>) -> vector<16xbf16> {
      %0 = arith.truncf %x : vector<16xf32> to vector<16xbf16>
      return %0 : vector<16xbf16>
    }
  }
}

// -----

module {
  // expected-error @below {{a target must be one of x86-64, x86-64-v3, x86-64-v4, x86-64-v4-bf16, sm_80, sm_86, sm_89, sm_90a, sm_100a, sm_120a, gfx942, gfx1100, got 'foo'}}
  module attributes {gsa.target = #gsa.target<"foo">} {
    func.func @unknown() {
      return
    }
  }
}

// -----

module {
  module {
    // expected-error @below {{a kernel must be in a module with gsa.target, got none}}
    func.func @none() {
      return
    }
  }
}
