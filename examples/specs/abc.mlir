// ABC, attention with bounded-memory control (arXiv 2110.02488): slot attention
// whose write is a softmax over time. With z the running log-sum-exp of the
// logits the decay is z[t-1] - z[t], and the tied write 1 - exp(decay) is
// exp(logit - z[t]). 4 heads of size 128, 64 slots.
func.func @abc(
    %q: tensor<?x?x4x128xbf16> {gsa.name = "q"},
    %k: tensor<?x?x4x128xbf16> {gsa.name = "k"},
    %v: tensor<?x?x4x128xbf16> {gsa.name = "v"},
    %s: tensor<?x?x4x64xbf16> {gsa.name = "s"})
    -> (tensor<?x?x4x128xbf16> {gsa.name = "o"}) {
  %decay = gsa.softmax_decay %s
      : tensor<?x?x4x64xbf16> -> tensor<?x?x4x64xf32>

  // The scale is 1 / sqrt(128).
  %o = gsa.slot_attention queries(%q : tensor<?x?x4x128xbf16>)
      keys(%k : tensor<?x?x4x128xbf16>)
      values(%v : tensor<?x?x4x128xbf16>)
      decay(%decay : tensor<?x?x4x64xf32>) scale 0.08838834764831845
      : tensor<?x?x4x128xbf16>
  return %o : tensor<?x?x4x128xbf16>
}
