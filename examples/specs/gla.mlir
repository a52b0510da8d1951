// Gated linear attention (arXiv 2312.06635): a memory of keys and values with a
// gate per key row, gates to the power 1/16. 4 heads, key size 128, value size
// 256.
func.func @gla(
    %q: tensor<?x?x4x128xbf16> {gsa.name = "q"},
    %k: tensor<?x?x4x128xbf16> {gsa.name = "k"},
    %v: tensor<?x?x4x256xbf16> {gsa.name = "v"},
    %f: tensor<?x?x4x128xbf16> {gsa.name = "f"})
    -> (tensor<?x?x4x256xbf16> {gsa.name = "o"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %batch = tensor.dim %f, %c0 : tensor<?x?x4x128xbf16>
  %time = tensor.dim %f, %c1 : tensor<?x?x4x128xbf16>

  %logits = arith.extf %f : tensor<?x?x4x128xbf16> to tensor<?x?x4x128xf32>
  %gates = gsa.log_sigmoid %logits : tensor<?x?x4x128xf32>
  %power = arith.constant 0.0625 : f32
  %powers = tensor.splat %power[%batch, %time] : tensor<?x?x4x128xf32>
  %decay = arith.mulf %gates, %powers : tensor<?x?x4x128xf32>

  // The scale is 1 / sqrt(128).
  %m = gsa.memory rows(%k : tensor<?x?x4x128xbf16>)
      columns(%v : tensor<?x?x4x256xbf16>)
      decay(%decay : tensor<?x?x4x128xf32>) : !gsa.memory<4x128x256>
  %o = gsa.read rows %m, %q scale 0.08838834764831845
      : !gsa.memory<4x128x256>, tensor<?x?x4x128xbf16>
      -> tensor<?x?x4x256xbf16>
  return %o : tensor<?x?x4x256xbf16>
}
