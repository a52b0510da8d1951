// Gated slot attention with Mistral-7B's shape (Gated Slot Attention for
// Efficient Linear-Time Sequence Modeling, arXiv 2409.07146, sections 3 and
// 4.2): 32 query heads on 8 key/value heads, head size 128, 64 slots; silu
// feature maps, gate logits divided by 8, the write tied to the gate.
func.func @gsa_mistral_7b(
    %q: tensor<?x?x32x128xbf16> {gsa.name = "q"},
    %k: tensor<?x?x8x128xbf16> {gsa.name = "k"},
    %v: tensor<?x?x8x128xbf16> {gsa.name = "v"},
    %f: tensor<?x?x8x64xbf16> {gsa.name = "f"})
    -> (tensor<?x?x32x128xbf16> {gsa.name = "o"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %batch = tensor.dim %f, %c0 : tensor<?x?x8x64xbf16>
  %time = tensor.dim %f, %c1 : tensor<?x?x8x64xbf16>

  %queries = gsa.silu %q : tensor<?x?x32x128xbf16>
  %keys = gsa.silu %k : tensor<?x?x8x128xbf16>
  %values = gsa.silu %v : tensor<?x?x8x128xbf16>
  %logits = arith.extf %f : tensor<?x?x8x64xbf16> to tensor<?x?x8x64xf32>
  %gates = gsa.log_sigmoid %logits : tensor<?x?x8x64xf32>
  %eighth = arith.constant 0.125 : f32
  %eighths = tensor.splat %eighth[%batch, %time] : tensor<?x?x8x64xf32>
  %decay = arith.mulf %gates, %eighths : tensor<?x?x8x64xf32>

  // The scale is 1 / sqrt(128).
  %o = gsa.slot_attention queries(%queries : tensor<?x?x32x128xbf16>)
      keys(%keys : tensor<?x?x8x128xbf16>)
      values(%values : tensor<?x?x8x128xbf16>)
      decay(%decay : tensor<?x?x8x64xf32>) scale 0.08838834764831845
      : tensor<?x?x32x128xbf16>
  return %o : tensor<?x?x32x128xbf16>
}
