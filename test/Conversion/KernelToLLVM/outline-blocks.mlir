// See outline-device.mlir for kernels of devices.

// RUN: gsa-opt %s --gsa-outline-blocks --split-input-file --verify-diagnostics | FileCheck %s

// Bounds that follow from offsets are computed again from the extents; block
// numbers count the last induction variable first.

// CHECK-LABEL: func.func @packed_grid(
// CHECK-SAME: %[[EXTENTS:[a-z0-9]+]]: !llvm.ptr) -> i64
// CHECK: llvm.getelementptr %[[EXTENTS]][16]
// CHECK: %[[SEQUENCES:.*]] = llvm.load
// CHECK: %[[ENTRIES:.*]] = llvm.add %[[SEQUENCES]]
// CHECK: %[[INDEX:.*]] = arith.index_cast %[[ENTRIES]]
// CHECK: arith.subi %[[INDEX]]

// CHECK-LABEL: func.func @packed(
// CHECK-SAME: %[[TENSORS:[a-z0-9]+]]: !llvm.ptr {llvm.noalias, llvm.readonly},
// CHECK-SAME: %[[BLOCK:[a-z0-9]+]]: i64,
// CHECK-SAME: !llvm.ptr {llvm.align = 64 : i64, llvm.noalias})
// CHECK-SAME: gsa.arguments = [
// CHECK-SAME: {kind = "output", name = "x", shape = array<i64: -1, -2, 4>, type = bf16}
// CHECK-SAME: {kind = "offsets", name = "offsets", shape = array<i64: -4>, type = i64}
// CHECK-SAME: {kind = "input", name = "state", shape = array<i64: -3, 4, 8>, type = f32}
// CHECK-SAME: gsa.grid = @packed_grid
// CHECK-SAME: gsa.scratch = 192 : i64
// CHECK-NOT: scf.forall
// CHECK: %[[NUMBER:.*]] = arith.index_cast %[[BLOCK]] : i64 to index
// CHECK: %[[THREE:.*]] = arith.constant 3 : index
// CHECK: %[[SLICE:.*]] = arith.remui %[[NUMBER]], %[[THREE]]
// CHECK: %[[REST:.*]] = arith.divui %[[NUMBER]], %[[THREE]]
// CHECK: %[[HEAD:.*]] = arith.remui %[[REST]]
// CHECK: %[[SEQUENCE:.*]] = arith.divui %[[REST]]
// CHECK: memref.store {{.*}}[%[[SEQUENCE]], %[[SLICE]], %[[HEAD]]{{\]}}
func.func @packed(
    %x: memref<?x?x4xbf16, strided<[?, ?, 1], offset: ?>> {gsa.name = "x", gsa.kind = "output"},
    %offsets: memref<?xi64, strided<[1], offset: ?>> {gsa.name = "offsets", gsa.kind = "offsets"},
    %state: memref<?x4x8xf32, strided<[?, ?, 1], offset: ?>> {gsa.name = "state", gsa.kind = "input"},
    %scratch: memref<192xi8> {gsa.kind = "scratch"})
    attributes {gsa.kernel, gsa.schedule = #gsa.schedule<fused, chunk = 16, slices = 3>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %entries = memref.dim %offsets, %c0 : memref<?xi64, strided<[1], offset: ?>>
  %n = arith.subi %entries, %c1 : index
  scf.forall (%s, %h, %c) in (%n, 4, 3) {
    %zero = arith.constant 0.0 : bf16
    memref.store %zero, %x[%s, %c, %h] : memref<?x?x4xbf16, strided<[?, ?, 1], offset: ?>>
  }
  return
}

// -----

// A function that is no kernel stays as it is.

// CHECK-LABEL: func.func @helper(
// CHECK-SAME: memref<4xf32>
func.func @helper(%x: memref<4xf32>) {
  return
}

// -----

// expected-error @below {{'func.func' op the last argument must be scratch memory of static size, got 'memref<?xi8>'}}
func.func @scratch(%scratch: memref<?xi8> {gsa.kind = "scratch"})
    attributes {gsa.kernel, gsa.schedule = #gsa.schedule<fused, chunk = 16>} {
  return
}

// -----

// expected-error @below {{'func.func' op must have gsa.schedule, got none}}
func.func @schedule(%scratch: memref<0xi8> {gsa.kind = "scratch"}) attributes {gsa.kernel} {
  return
}

// -----

// Static extents of one leave no loop: the kernel is its only block.

// CHECK-LABEL: func.func @single_grid(
// CHECK: %[[ONE:.*]] = arith.constant 1 : index
// CHECK: %[[BLOCKS:.*]] = arith.index_cast %[[ONE]] : index to i64
// CHECK: return %[[BLOCKS]]
// CHECK-LABEL: func.func @single(
// CHECK: memref.store
func.func @single(%x: memref<1xf32> {gsa.name = "x", gsa.kind = "output"},
                  %scratch: memref<0xi8> {gsa.kind = "scratch"})
    attributes {gsa.kernel, gsa.schedule = #gsa.schedule<fused, chunk = 16>} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  memref.store %zero, %x[%c0] : memref<1xf32>
  return
}

// -----

// expected-error @below {{'func.func' op must have one scf.forall at its top, got 2}}
func.func @loops(%scratch: memref<0xi8> {gsa.kind = "scratch"})
    attributes {gsa.kernel, gsa.schedule = #gsa.schedule<fused, chunk = 16>} {
  scf.forall (%s) in (2) {
  }
  scf.forall (%s) in (2) {
  }
  return
}

// -----

func.func @step(%scratch: memref<0xi8> {gsa.kind = "scratch"})
    attributes {gsa.kernel, gsa.schedule = #gsa.schedule<fused, chunk = 16>} {
  // expected-error @below {{'scf.forall' op must count from 0 by 1 and have no results}}
  scf.forall (%s) = (0) to (8) step (2) {
  }
  return
}

// -----

// expected-error @below {{'func.func' op argument 0 must have gsa.name and gsa.kind}}
func.func @name(%x: memref<4xf32>, %scratch: memref<0xi8> {gsa.kind = "scratch"})
    attributes {gsa.kernel, gsa.schedule = #gsa.schedule<fused, chunk = 16>} {
  scf.forall (%s) in (1) {
  }
  return
}

// -----

// expected-error @below {{'func.func' op argument 0 must be [B, T, H, size], [B, T, H], [N, H, M, D], [N, H, M], [N + 1] or static, got 'memref<?x?xf32>'}}
func.func @extents(%x: memref<?x?xf32> {gsa.name = "x", gsa.kind = "input"},
                   %scratch: memref<0xi8> {gsa.kind = "scratch"})
    attributes {gsa.kernel, gsa.schedule = #gsa.schedule<fused, chunk = 16>} {
  scf.forall (%s) in (1) {
  }
  return
}

// -----

func.func @bound(%x: memref<1xindex> {gsa.name = "x", gsa.kind = "input"},
                 %scratch: memref<0xi8> {gsa.kind = "scratch"})
    attributes {gsa.kernel, gsa.schedule = #gsa.schedule<fused, chunk = 16>} {
  %c0 = arith.constant 0 : index
  // expected-error @below {{'memref.load' op a bound must follow from extents of the kernel's arguments}}
  %n = memref.load %x[%c0] : memref<1xindex>
  scf.forall (%s) in (%n) {
  }
  return
}
