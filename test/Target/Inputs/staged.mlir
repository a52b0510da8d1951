func.func @staged(
    %q: tensor<?x?x4x64xbf16> {gsa.name = "q"},
    %k: tensor<?x?x2x64xbf16> {gsa.name = "k"},
    %v: tensor<?x?x2x64xbf16> {gsa.name = "v"},
    %g: tensor<?x?x2x16xf32> {gsa.name = "g"})
    -> (tensor<?x?x4x64xbf16> {gsa.name = "o"})
    attributes {gsa.schedule = #gsa.schedule<staged, chunk = 16, slices = 2>} {
  %o = gsa.slot_attention queries(%q : tensor<?x?x4x64xbf16>) keys(%k : tensor<?x?x2x64xbf16>)
      values(%v : tensor<?x?x2x64xbf16>) decay(%g : tensor<?x?x2x16xf32>) scale 1.0 : tensor<?x?x4x64xbf16>
  return %o : tensor<?x?x4x64xbf16>
}
