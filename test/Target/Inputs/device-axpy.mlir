// A kernel at the `gpu` stage, by hand: o = 2 * x + b, one sequence and head a
// block, a token a thread, and through shared memory, backwards, so that what a
// thread writes is what another has computed. What is in capitals here stands
// for the device's own words: CHIP, THREAD, BARRIER.
module {
  module attributes {gsa.target = #gsa.target<"CHIP">} {
    llvm.mlir.global external @axpy_shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>
    func.func @axpy(
        %x: memref<?x?x3x32xf32, strided<[?, ?, ?, 1], offset: ?>>
            {gsa.name = "x", gsa.kind = "input"},
        %b: memref<3xf32, strided<[1], offset: ?>>
            {gsa.name = "b", gsa.kind = "input"},
        %o: memref<?x?x3x32xbf16, strided<[?, ?, ?, 1], offset: ?>>
            {gsa.name = "o", gsa.kind = "output"})
        attributes {gsa.kernel, gsa.schedule = #gsa.schedule<fused, chunk = 16>,
                    gsa.threads = 128 : i64, gsa.shared = 512 : i64} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c4 = arith.constant 4 : index
      %c32 = arith.constant 32 : index
      %c127 = arith.constant 127 : index
      %c128 = arith.constant 128 : index
      %two = arith.constant 2.0 : f32
      %zero = arith.constant 0.0 : f32
      %n = memref.dim %x, %c0 : memref<?x?x3x32xf32, strided<[?, ?, ?, 1], offset: ?>>
      scf.forall (%s, %h) in (%n, 3) {
        %thread = THREAD : i32
        %lane = arith.index_castui %thread : i32 to index
        %other = arith.subi %c127, %lane : index
        %shared = llvm.mlir.addressof @axpy_shared : !llvm.ptr<3>
        %lane32 = arith.index_cast %lane : index to i32
        %other32 = arith.index_cast %other : index to i32
        %mine = llvm.getelementptr %shared[%lane32] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
        %theirs = llvm.getelementptr %shared[%other32] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
        %tokens = memref.dim %x, %c1 : memref<?x?x3x32xf32, strided<[?, ?, ?, 1], offset: ?>>
        %bias = memref.load %b[%h] : memref<3xf32, strided<[1], offset: ?>>
        scf.for %t0 = %c0 to %tokens step %c128 {
          %t = arith.addi %t0, %lane : index
          %in = arith.cmpi ult, %t, %tokens : index
          %u = arith.addi %t0, %other : index
          %out = arith.cmpi ult, %u, %tokens : index
          scf.for %d = %c0 to %c32 step %c1 {
            %v = scf.if %in -> f32 {
              %l = memref.load %x[%s, %t, %h, %d] : memref<?x?x3x32xf32, strided<[?, ?, ?, 1], offset: ?>>
              scf.yield %l : f32
            } else {
              scf.yield %zero : f32
            }
            %r = math.fma %v, %two, %bias : f32
            llvm.store %r, %mine : f32, !llvm.ptr<3>
            BARRIER
            %w = llvm.load %theirs : !llvm.ptr<3> -> f32
            %rounded = arith.truncf %w : f32 to bf16
            scf.if %out {
              memref.store %rounded, %o[%s, %u, %h, %d] : memref<?x?x3x32xbf16, strided<[?, ?, ?, 1], offset: ?>>
            }
            BARRIER
          }
        }
      }
      return
    }
  }
}
