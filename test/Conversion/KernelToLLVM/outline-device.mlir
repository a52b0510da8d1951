// RUN: gsa-opt %s --pass-pipeline='builtin.module(builtin.module(gsa-outline-blocks))' --split-input-file --verify-diagnostics | FileCheck %s

// Parameters are one struct in the target's own place; data lie in the memory
// that all blocks see; the target knows the block's number.

module {
  module attributes {gsa.target = #gsa.target<"gfx1100">} {
    // CHECK-LABEL: func.func @f_grid(
    // CHECK-SAME: !llvm.ptr) -> i64
    // CHECK-LABEL: func.func @f(
    // CHECK-SAME: %[[PARAMS:[a-z0-9]+]]: !llvm.ptr<4>)
    // CHECK-SAME: gsa.arguments = [{kind = "output", name = "x", shape = array<i64: -1, -2, 4>, type = bf16}]
    // CHECK-SAME: gsa.cluster = 1 : i64
    // CHECK-SAME: gsa.grid = @f_grid
    // CHECK-SAME: gsa.shared = 1024 : i64
    // CHECK-SAME: gsa.threads = 64 : i64
    // CHECK: %[[AT:.*]] = llvm.getelementptr %[[PARAMS]][0]
    // CHECK: %[[DATA:.*]] = llvm.load %[[AT]] invariant {{.*}} : !llvm.ptr<4> -> !llvm.ptr<1>
    // CHECK: llvm.addrspacecast %[[DATA]] : !llvm.ptr<1> to !llvm.ptr
    // CHECK: %[[ID:.*]] = rocdl.workgroup.id.x : i32
    // CHECK: %[[NUMBER:.*]] = llvm.zext %[[ID]] : i32 to i64
    // CHECK: %[[BLOCK:.*]] = arith.trunci %[[NUMBER]] : i64 to i32
    // CHECK: arith.remui %[[BLOCK]], %{{.*}} : i32
    // CHECK-NOT: scf.forall
    func.func @f(%x: memref<?x?x4xbf16, strided<[?, ?, 1], offset: ?>> {gsa.name = "x", gsa.kind = "output"})
        attributes {gsa.kernel, gsa.schedule = #gsa.schedule<fused, chunk = 16>, gsa.threads = 64 : i64, gsa.shared = 1024 : i64, gsa.cluster = 1 : i64} {
      %c0 = arith.constant 0 : index
      %zero = arith.constant 0.0 : bf16
      %n = memref.dim %x, %c0 : memref<?x?x4xbf16, strided<[?, ?, 1], offset: ?>>
      scf.forall (%s, %h) in (%n, 4) {
        memref.store %zero, %x[%s, %c0, %h] : memref<?x?x4xbf16, strided<[?, ?, 1], offset: ?>>
      }
      return
    }
  }
}

// -----

// Maps come by two parameters of their own.
module {
  module attributes {gsa.target = #gsa.target<"sm_90a">} {
    // CHECK-LABEL: func.func @f(
    // CHECK-SAME: %[[PARAMS:[a-z0-9]+]]: !llvm.ptr, %[[MAPS:[a-z0-9]+]]: !llvm.ptr, %[[USABLE:[a-z0-9]+]]: i64)
    // CHECK-SAME: gsa.arguments = [{kind = "output", name = "x", shape = array<i64: 4>, type = i64}]
    // CHECK-SAME: gsa.maps = [
    // CHECK: llvm.ptrtoint %[[MAPS]]
    // CHECK: arith.addi %{{.*}}, %[[USABLE]]
    func.func @f(%x: memref<4xi64> {gsa.name = "x", gsa.kind = "output"}, %maps: !llvm.ptr, %usable: i64)
        attributes {gsa.kernel, gsa.schedule = #gsa.schedule<fused, chunk = 16>, gsa.threads = 64 : i64, gsa.shared = 0 : i64,
                    gsa.maps = [{box = array<i64: 4>, swizzle = 32 : i64, tensor = 0 : i64}]} {
      %c0 = arith.constant 0 : index
      %number = llvm.ptrtoint %maps : !llvm.ptr to i64
      %sum = arith.addi %number, %usable : i64
      memref.store %sum, %x[%c0] : memref<4xi64>
      return
    }
  }
}

// -----

module {
  module attributes {gsa.target = #gsa.target<"sm_90a">} {
    // expected-error @below {{'func.func' op with gsa.maps must end with a pointer and an i64, got '(memref<4xf32>) -> ()'}}
    func.func @f(%x: memref<4xf32> {gsa.name = "x", gsa.kind = "output"})
        attributes {gsa.kernel, gsa.schedule = #gsa.schedule<fused, chunk = 16>, gsa.threads = 64 : i64, gsa.shared = 0 : i64, gsa.maps = []} {
      return
    }
  }
}

// -----

module {
  module attributes {gsa.target = #gsa.target<"sm_86">} {
    // expected-error @below {{'func.func' op gsa.shared must be an i64 from 0 to 101376 on sm_86, got 101377 : i64}}
    func.func @f(%x: memref<4xf32> {gsa.name = "x", gsa.kind = "output"})
        attributes {gsa.kernel, gsa.schedule = #gsa.schedule<fused, chunk = 16>, gsa.threads = 64 : i64, gsa.shared = 101377 : i64} {
      return
    }
  }
}

// -----

module {
  module attributes {gsa.target = #gsa.target<"gfx942">} {
    // expected-error @below {{'func.func' op gsa.threads must be a multiple of a warp's 64 lanes, got 96}}
    func.func @f(%x: memref<4xf32> {gsa.name = "x", gsa.kind = "output"})
        attributes {gsa.kernel, gsa.schedule = #gsa.schedule<fused, chunk = 16>, gsa.threads = 96 : i64, gsa.shared = 0 : i64} {
      return
    }
  }
}

// -----

module {
  module attributes {gsa.target = #gsa.target<"sm_80">} {
    // expected-error @below {{'func.func' op gsa.cluster must be an i64 from 1 to 1 on sm_80, got 2 : i64}}
    func.func @f(%x: memref<4xf32> {gsa.name = "x", gsa.kind = "output"})
        attributes {gsa.kernel, gsa.schedule = #gsa.schedule<fused, chunk = 16>, gsa.threads = 64 : i64, gsa.shared = 0 : i64, gsa.cluster = 2 : i64} {
      return
    }
  }
}

// -----

module {
  module attributes {gsa.target = #gsa.target<"sm_80">} {
    // expected-error @below {{'func.func' op gsa.threads must be an i64 from 1 to 1024 on sm_80, got none}}
    func.func @f(%x: memref<4xf32> {gsa.name = "x", gsa.kind = "output"})
        attributes {gsa.kernel, gsa.schedule = #gsa.schedule<fused, chunk = 16>} {
      return
    }
  }
}

// -----

module {
  module attributes {gsa.target = #gsa.target<"sm_80">} {
    // expected-error @below {{'func.func' op argument 0 of a device's kernel must be a tensor's memref, got 'memref<0xi8>'}}
    func.func @f(%x: memref<0xi8> {gsa.kind = "scratch"})
        attributes {gsa.kernel, gsa.schedule = #gsa.schedule<fused, chunk = 16>, gsa.threads = 64 : i64, gsa.shared = 0 : i64} {
      return
    }
  }
}

// -----

// The last launch decides which sequences are cut and into how many segments;
// cuts are one fewer. test/Target/segments.test has the decisions.

module {
  module attributes {gsa.target = #gsa.target<"sm_90a">} {
    // CHECK-LABEL: func.func @cut_grid(
    // CHECK-SAME: %[[EXTENTS:[a-z0-9]+]]: !llvm.ptr
    // CHECK: %[[AT:.*]] = llvm.getelementptr %[[EXTENTS]][24]
    // CHECK: %[[SEGMENTS:.*]] = llvm.load %[[AT]]
    // CHECK: llvm.sub %[[SEGMENTS]]
    // CHECK: %[[ALL:.*]] = llvm.getelementptr %[[EXTENTS]][16]
    // CHECK: %[[SEQUENCES:.*]] = llvm.load %[[ALL]]
    // CHECK: %[[FIRST:.*]] = llvm.getelementptr %[[EXTENTS]][32]
    // CHECK: %[[WHOLE:.*]] = llvm.load %[[FIRST]]
    // CHECK: llvm.sub %[[SEQUENCES]], %[[WHOLE]]
    // CHECK-LABEL: func.func @cut_segments(
    // CHECK-SAME: %{{[a-z0-9]+}}: !llvm.ptr, %[[PROCESSORS:[a-z0-9]+]]: i64, %[[RESIDENT:[a-z0-9]+]]: i64, %[[WHOLE:[a-z0-9]+]]: !llvm.ptr) -> i64
    // CHECK: arith.minsi %[[PROCESSORS]], %[[RESIDENT]]
    // CHECK: arith.constant 512 : i64
    // CHECK: scf.for
    // CHECK: llvm.store %{{.*}}, %[[WHOLE]] : i64
    // CHECK-LABEL: func.func @cut(
    // CHECK-SAME: {kind = "workspace", name = "state0", shape = array<i64: -5, -6, 32, 16>, type = f32}]
    // CHECK-SAME: gsa.awaits
    // CHECK-SAME: gsa.segments = @cut_segments
    // CHECK-SAME: gsa.stage = "outputs"
    func.func @cut(%x: memref<?x?x4xbf16, strided<[?, ?, 1], offset: ?>> {gsa.name = "x", gsa.kind = "output"},
                   %s: memref<?x?x32x16xf32> {gsa.name = "state0", gsa.kind = "workspace"})
        attributes {gsa.kernel, gsa.schedule = #gsa.schedule<segmented, chunk = 64>, gsa.stage = "outputs", gsa.awaits, gsa.threads = 64 : i64, gsa.shared = 0 : i64} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %zero = arith.constant 0.0 : bf16
      %n = memref.dim %x, %c0 : memref<?x?x4xbf16, strided<[?, ?, 1], offset: ?>>
      %cuts = memref.dim %s, %c0 : memref<?x?x32x16xf32>
      %cut = memref.dim %s, %c1 : memref<?x?x32x16xf32>
      %more = arith.muli %cuts, %cut : index
      %walks = arith.addi %n, %more : index
      scf.forall (%b, %h) in (%walks, 4) {
        memref.store %zero, %x[%b, %c0, %h] : memref<?x?x4xbf16, strided<[?, ?, 1], offset: ?>>
      }
      return
    }
    // CHECK-NOT: @cut__states_segments
    // CHECK-LABEL: func.func @cut__states(
    func.func @cut__states(%x: memref<?x?x4xbf16, strided<[?, ?, 1], offset: ?>> {gsa.name = "x", gsa.kind = "output"},
                           %s: memref<?x?x32x16xf32> {gsa.name = "state0", gsa.kind = "workspace"})
        attributes {gsa.kernel, gsa.schedule = #gsa.schedule<segmented, chunk = 64>, gsa.stage = "states", gsa.threads = 64 : i64, gsa.shared = 0 : i64} {
      return
    }
  }
}

// -----

// What a schedule says is done, as far as there are sequences.

module {
  module attributes {gsa.target = #gsa.target<"sm_90a">} {
    // CHECK-LABEL: func.func @given_segments(
    // CHECK-SAME: %[[EXTENTS:[a-z0-9]+]]: !llvm.ptr, %{{[a-z0-9]+}}: i64, %{{[a-z0-9]+}}: i64, %[[WHOLE:[a-z0-9]+]]: !llvm.ptr) -> i64
    // CHECK: llvm.getelementptr %[[EXTENTS]][16]
    // CHECK: %[[SEQUENCES:.*]] = llvm.load
    // CHECK-DAG: %[[SEGMENTS:.*]] = arith.constant 4 : i64
    // CHECK-DAG: %[[MOST:.*]] = arith.constant 2 : i64
    // CHECK: %[[LEFT:.*]] = arith.minsi %[[MOST]], %[[SEQUENCES]]
    // CHECK: llvm.store %[[LEFT]], %[[WHOLE]]
    // CHECK: return %[[SEGMENTS]]
    func.func @given(%s: memref<?x?x32x16xf32> {gsa.name = "state0", gsa.kind = "workspace"})
        attributes {gsa.kernel, gsa.schedule = #gsa.schedule<segmented, chunk = 64, segments = 4, whole = 2>, gsa.stage = "outputs", gsa.threads = 64 : i64, gsa.shared = 0 : i64} {
      return
    }
  }
}

// -----

module {
  module attributes {gsa.target = #gsa.target<"sm_90a">} {
    // expected-error @below {{'func.func' op argument 0, a workspace, must be [cuts, R, ..] and else static, got 'memref<?x32x16xf32>'}}
    func.func @f(%s: memref<?x32x16xf32> {gsa.name = "state0", gsa.kind = "workspace"})
        attributes {gsa.kernel, gsa.schedule = #gsa.schedule<segmented, chunk = 64>, gsa.threads = 64 : i64, gsa.shared = 0 : i64} {
      return
    }
  }
}
