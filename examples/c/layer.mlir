// A small GSA layer in f32: 4 query heads on 2 key/value heads of size 32, 16
// slots, the write tied to the gate.
func.func @layer(
    %q: tensor<?x?x4x32xf32> {gsa.name = "q"},
    %k: tensor<?x?x2x32xf32> {gsa.name = "k"},
    %v: tensor<?x?x2x32xf32> {gsa.name = "v"},
    %f: tensor<?x?x2x16xf32> {gsa.name = "f"})
    -> (tensor<?x?x4x32xf32> {gsa.name = "o"}) {
  %decay = gsa.log_sigmoid %f : tensor<?x?x2x16xf32>
  %o = gsa.slot_attention queries(%q : tensor<?x?x4x32xf32>)
      keys(%k : tensor<?x?x2x32xf32>) values(%v : tensor<?x?x2x32xf32>)
      decay(%decay : tensor<?x?x2x16xf32>) scale 0.17677669529663687
      : tensor<?x?x4x32xf32>
  return %o : tensor<?x?x4x32xf32>
}
