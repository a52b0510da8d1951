// A kernel at the `vector` stage that converts between all element types and
// computes in the narrow ones, for processors without any of that.
func.func @convert(
    %x: memref<?x?x1x16xbf16, strided<[?, ?, ?, 1], offset: ?>>
        {gsa.name = "x", gsa.kind = "input"},
    %y: memref<?x?x1x16xf16, strided<[?, ?, ?, 1], offset: ?>>
        {gsa.name = "y", gsa.kind = "input"},
    %offsets: memref<?xi32, strided<[1], offset: ?>>
        {gsa.name = "offsets", gsa.kind = "offsets"},
    %to_bf16: memref<?x?x1x16xbf16, strided<[?, ?, ?, 1], offset: ?>>
        {gsa.name = "to_bf16", gsa.kind = "output"},
    %to_f16: memref<?x?x1x16xf16, strided<[?, ?, ?, 1], offset: ?>>
        {gsa.name = "to_f16", gsa.kind = "output"},
    %state: memref<?x1x16xf32, strided<[?, ?, 1], offset: ?>>
        {gsa.name = "state", gsa.kind = "output"},
    %scratch: memref<0xi8> {gsa.kind = "scratch"})
    attributes {gsa.kernel, gsa.schedule = #gsa.schedule<fused, chunk = 16>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant dense<0.0> : vector<16xf32>
  %entries = memref.dim %offsets, %c0 : memref<?xi32, strided<[1], offset: ?>>
  %n = arith.subi %entries, %c1 : index
  scf.forall (%s) in (%n) {
    %next = arith.addi %s, %c1 : index
    %begin32 = memref.load %offsets[%s] : memref<?xi32, strided<[1], offset: ?>>
    %end32 = memref.load %offsets[%next] : memref<?xi32, strided<[1], offset: ?>>
    %begin = arith.index_cast %begin32 : i32 to index
    %end = arith.index_cast %end32 : i32 to index
    %sum = scf.for %t = %begin to %end step %c1 iter_args(%acc = %zero) -> vector<16xf32> {
      %v = vector.load %x[%c0, %t, %c0, %c0] : memref<?x?x1x16xbf16, strided<[?, ?, ?, 1], offset: ?>>, vector<16xbf16>
      %w = vector.load %y[%c0, %t, %c0, %c0] : memref<?x?x1x16xf16, strided<[?, ?, ?, 1], offset: ?>>, vector<16xf16>
      %v2 = arith.addf %v, %v : vector<16xbf16>
      %w2 = arith.addf %w, %w : vector<16xf16>
      %vf = arith.extf %v2 : vector<16xbf16> to vector<16xf32>
      %wf = arith.extf %w2 : vector<16xf16> to vector<16xf32>
      %a = arith.truncf %wf : vector<16xf32> to vector<16xbf16>
      %b = arith.truncf %vf : vector<16xf32> to vector<16xf16>
      vector.store %a, %to_bf16[%c0, %t, %c0, %c0] : memref<?x?x1x16xbf16, strided<[?, ?, ?, 1], offset: ?>>, vector<16xbf16>
      vector.store %b, %to_f16[%c0, %t, %c0, %c0] : memref<?x?x1x16xf16, strided<[?, ?, ?, 1], offset: ?>>, vector<16xf16>
      %r = vector.fma %vf, %wf, %acc : vector<16xf32>
      scf.yield %r : vector<16xf32>
    }
    vector.store %sum, %state[%s, %c0, %c0] : memref<?x1x16xf32, strided<[?, ?, 1], offset: ?>>, vector<16xf32>
  }
  return
}
