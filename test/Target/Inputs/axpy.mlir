// A kernel at the `vector` stage, by hand: the packager's own tests do not
// depend on the passes before it. o = 2 * x + b, one head a block, one sequence
// after the other through scratch memory.
func.func @axpy(
    %x: memref<?x?x2x32xf32, strided<[?, ?, ?, 1], offset: ?>>
        {gsa.name = "x", gsa.kind = "input"},
    %b: memref<2xf32, strided<[1], offset: ?>>
        {gsa.name = "b", gsa.kind = "input"},
    %o: memref<?x?x2x32xf32, strided<[?, ?, ?, 1], offset: ?>>
        {gsa.name = "o", gsa.kind = "output"},
    %scratch: memref<128xi8> {gsa.kind = "scratch"})
    attributes {gsa.kernel, gsa.schedule = #gsa.schedule<fused, chunk = 16>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %two = arith.constant dense<2.0> : vector<16xf32>
  %n = memref.dim %x, %c0 : memref<?x?x2x32xf32, strided<[?, ?, ?, 1], offset: ?>>
  scf.forall (%s, %h) in (%n, 2) {
    %view = memref.view %scratch[%c0][] : memref<128xi8> to memref<32xf32>
    %t = memref.dim %x, %c1 : memref<?x?x2x32xf32, strided<[?, ?, ?, 1], offset: ?>>
    %bias = memref.load %b[%h] : memref<2xf32, strided<[1], offset: ?>>
    %biases = vector.broadcast %bias : f32 to vector<16xf32>
    scf.for %i = %c0 to %t step %c1 {
      scf.for %j = %c0 to %c32 step %c16 {
        %v = vector.load %x[%s, %i, %h, %j] : memref<?x?x2x32xf32, strided<[?, ?, ?, 1], offset: ?>>, vector<16xf32>
        %r = vector.fma %v, %two, %biases : vector<16xf32>
        vector.store %r, %view[%j] : memref<32xf32>, vector<16xf32>
      }
      %all = vector.load %view[%c0] : memref<32xf32>, vector<32xf32>
      vector.store %all, %o[%s, %i, %h, %c0] : memref<?x?x2x32xf32, strided<[?, ?, ?, 1], offset: ?>>, vector<32xf32>
    }
  }
  return
}
