// RUN: not gsa-compile %s --targets=sm_90a -o %t.o 2>&1 | FileCheck %s
// RUN: not ls %t.o

// Products of f32 are not asynchronous: the role waits for each of them, and a
// weigher beside it has nothing to hide.

// CHECK: error: 'tile.mma' op readers = 2 must have products that run on while their role does, got factors of 'f32'
func.func @layer(
    %q: tensor<?x?x4x512xf32> {gsa.name = "q"},
    %k: tensor<?x?x4x512xf32> {gsa.name = "k"},
    %v: tensor<?x?x4x512xf32> {gsa.name = "v"},
    %g: tensor<?x?x4x64xf32> {gsa.name = "g"})
    -> (tensor<?x?x4x512xf32> {gsa.name = "o"})
    attributes {gsa.schedule = #gsa.schedule<fused, chunk = 64, slices = 4, cluster = 4, readers = 2>} {
  %o = gsa.slot_attention queries(%q : tensor<?x?x4x512xf32>)
      keys(%k : tensor<?x?x4x512xf32>) values(%v : tensor<?x?x4x512xf32>)
      decay(%g : tensor<?x?x4x64xf32>) scale 1.0 : tensor<?x?x4x512xf32>
  return %o : tensor<?x?x4x512xf32>
}
