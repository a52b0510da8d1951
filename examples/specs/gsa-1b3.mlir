// Gated slot attention at 1.3B parameters (arXiv 2409.07146): 4 heads of size
// 512, 64 slots; silu feature maps, gate logits divided by 8, the write tied to
// the gate.
func.func @gsa_1b3(
    %q: tensor<?x?x4x512xbf16> {gsa.name = "q"},
    %k: tensor<?x?x4x512xbf16> {gsa.name = "k"},
    %v: tensor<?x?x4x512xbf16> {gsa.name = "v"},
    %f: tensor<?x?x4x64xbf16> {gsa.name = "f"})
    -> (tensor<?x?x4x512xbf16> {gsa.name = "o"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %batch = tensor.dim %f, %c0 : tensor<?x?x4x64xbf16>
  %time = tensor.dim %f, %c1 : tensor<?x?x4x64xbf16>

  %queries = gsa.silu %q : tensor<?x?x4x512xbf16>
  %keys = gsa.silu %k : tensor<?x?x4x512xbf16>
  %values = gsa.silu %v : tensor<?x?x4x512xbf16>
  %logits = arith.extf %f : tensor<?x?x4x64xbf16> to tensor<?x?x4x64xf32>
  %gates = gsa.log_sigmoid %logits : tensor<?x?x4x64xf32>
  %eighth = arith.constant 0.125 : f32
  %eighths = tensor.splat %eighth[%batch, %time] : tensor<?x?x4x64xf32>
  %decay = arith.mulf %gates, %eighths : tensor<?x?x4x64xf32>

  // The scale is 1 / sqrt(512).
  %o = gsa.slot_attention queries(%queries : tensor<?x?x4x512xbf16>)
      keys(%keys : tensor<?x?x4x512xbf16>)
      values(%values : tensor<?x?x4x512xbf16>)
      decay(%decay : tensor<?x?x4x64xf32>) scale 0.04419417382415922
      : tensor<?x?x4x512xbf16>
  return %o : tensor<?x?x4x512xbf16>
}
