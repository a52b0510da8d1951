// RUN: gsa-opt %s --pass-pipeline='builtin.module(builtin.module(llvm.func(gsa-bf16-as-integers)))' --split-input-file --verify-diagnostics | FileCheck %s

// Numbers keep their bits: 1.0 is 0x3f80. What describes the arguments stays.

module {
module attributes {gsa.target = #gsa.target<"x86-64-v3">} {
// CHECK-LABEL: llvm.func @without(
// CHECK-SAME: gsa.arguments = [{type = bf16}]
// CHECK-NOT: bf16
// CHECK: %[[ONES:.*]] = llvm.mlir.constant(dense<16256> : vector<8xi16>) : vector<8xi16>
// CHECK: %[[ONE:.*]] = llvm.mlir.constant(16256 : i16) : i16
// CHECK: %[[X:.*]] = llvm.intr.masked.load %{{.*}}, %{{.*}}, %[[ONES]] {{.*}} -> vector<8xi16>
// CHECK: llvm.store %[[X]]
// CHECK: llvm.br ^bb1(%[[ONE]] : i16)
// CHECK: ^bb1(%[[Y:.*]]: i16):
// CHECK: llvm.store %[[Y]], %{{.*}} : i16, !llvm.ptr
llvm.func @without(%p: !llvm.ptr, %m: vector<8xi1>)
    attributes {gsa.arguments = [{type = bf16}]} {
  %ones = llvm.mlir.constant(dense<1.0> : vector<8xbf16>) : vector<8xbf16>
  %one = llvm.mlir.constant(1.0 : bf16) : bf16
  %x = llvm.intr.masked.load %p, %m, %ones {alignment = 2 : i32}
      : (!llvm.ptr, vector<8xi1>, vector<8xbf16>) -> vector<8xbf16>
  llvm.store %x, %p : vector<8xbf16>, !llvm.ptr
  llvm.br ^end(%one : bf16)
^end(%y: bf16):
  llvm.store %y, %p : bf16, !llvm.ptr
  llvm.return
}
}
}

// -----

module {
module attributes {gsa.target = #gsa.target<"x86-64-v4-bf16">} {
// CHECK-LABEL: llvm.func @with(
// CHECK: llvm.load %{{.*}} -> bf16
llvm.func @with(%p: !llvm.ptr) {
  %x = llvm.load %p : !llvm.ptr -> bf16
  llvm.store %x, %p : bf16, !llvm.ptr
  llvm.return
}
}
}
