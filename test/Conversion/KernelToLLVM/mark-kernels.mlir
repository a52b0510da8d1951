// RUN: gsa-opt %s --pass-pipeline='builtin.module(builtin.module(llvm.func(gsa-mark-kernels)))' --split-input-file --verify-diagnostics | FileCheck %s

// Two tensors of 80 bytes: 20 words.

module {
  // CHECK-LABEL: module @nvidia
  module @nvidia attributes {gsa.target = #gsa.target<"sm_90a">} {
    // CHECK: llvm.func @f(
    // CHECK-SAME: llvm.align = 8 : i64
    // CHECK-SAME: llvm.byval = !llvm.array<20 x i64>
    // CHECK-SAME: nvvm.grid_constant
    // CHECK-SAME: nvvm.cluster_dim = array<i32: 4, 1, 1>
    // CHECK-SAME: nvvm.kernel
    // CHECK-SAME: nvvm.maxntid = array<i32: 256>
    // CHECK-SAME: nvvm.minctasm = 1 : i32
    llvm.func @f(%params: !llvm.ptr) attributes {gsa.kernel, gsa.arguments = [{}, {}], gsa.threads = 256 : i64, gsa.cluster = 4 : i64} {
      llvm.return
    }
    // CHECK: llvm.func @grid(%{{.*}}: !llvm.ptr) -> i64 {
    llvm.func @grid(%extents: !llvm.ptr) -> i64 {
      %one = llvm.mlir.constant(1 : i64) : i64
      llvm.return %one : i64
    }
  }
  // CHECK-LABEL: module @amd
  module @amd attributes {gsa.target = #gsa.target<"gfx942">} {
    // CHECK: llvm.func @f(
    // CHECK-SAME: !llvm.ptr<4>
    // CHECK-SAME: llvm.align = 8 : i64
    // CHECK-SAME: llvm.byref = !llvm.array<20 x i64>
    // CHECK-SAME: rocdl.flat_work_group_size = "256,256"
    // CHECK-SAME: rocdl.kernel
    llvm.func @f(%params: !llvm.ptr<4>) attributes {gsa.kernel, gsa.arguments = [{}, {}], gsa.threads = 256 : i64} {
      llvm.return
    }
  }
}

// -----

module {
  module attributes {gsa.target = #gsa.target<"gfx942">} {
    // expected-error @below {{'llvm.func' op must have gsa.arguments and gsa.threads}}
    llvm.func @f(%params: !llvm.ptr<4>) attributes {gsa.kernel, gsa.arguments = []} {
      llvm.return
    }
  }
}

// -----

module {
  module attributes {gsa.target = #gsa.target<"x86-64">} {
    // expected-error @below {{a kernel at this stage must be for a device, got 'x86-64'}}
    llvm.func @f(%params: !llvm.ptr) attributes {gsa.kernel, gsa.arguments = [], gsa.threads = 32 : i64} {
      llvm.return
    }
  }
}
