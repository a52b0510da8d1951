// HGRN2 (arXiv 2404.07904): gated linear attention whose key is one minus the
// forget gate, so that the key is never read. 16 heads, expansion 128.
func.func @hgrn2(
    %q: tensor<?x?x16x128xbf16> {gsa.name = "q"},
    %f: tensor<?x?x16x128xbf16> {gsa.name = "f"},
    %i: tensor<?x?x16x128xbf16> {gsa.name = "i"})
    -> (tensor<?x?x16x128xbf16> {gsa.name = "o"}) {
  %queries = gsa.silu %q : tensor<?x?x16x128xbf16>
  %logits = arith.extf %f : tensor<?x?x16x128xbf16> to tensor<?x?x16x128xf32>
  %decay = gsa.log_sigmoid %logits : tensor<?x?x16x128xf32>

  %m = gsa.memory columns(%i : tensor<?x?x16x128xbf16>)
      decay(%decay : tensor<?x?x16x128xf32>) : !gsa.memory<16x128x128>
  %o = gsa.read rows %m, %queries
      : !gsa.memory<16x128x128>, tensor<?x?x16x128xbf16>
      -> tensor<?x?x16x128xbf16>
  return %o : tensor<?x?x16x128xbf16>
}
