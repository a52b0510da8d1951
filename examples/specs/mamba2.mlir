// A scalar gate a head and token, as in Mamba-2 (arXiv 2405.21060): the decay is
// -softplus(dt) = log_sigmoid(-dt), that is A = -1; inputs x arrive multiplied
// by their step. 24 heads of size 64, state size 128, B and C per head.
func.func @mamba2(
    %b: tensor<?x?x24x128xbf16> {gsa.name = "b"},
    %c: tensor<?x?x24x128xbf16> {gsa.name = "c"},
    %x: tensor<?x?x24x64xbf16> {gsa.name = "x"},
    %dt: tensor<?x?x24xbf16> {gsa.name = "dt"})
    -> (tensor<?x?x24x64xbf16> {gsa.name = "y"}) {
  %step = arith.extf %dt : tensor<?x?x24xbf16> to tensor<?x?x24xf32>
  %negated = arith.negf %step : tensor<?x?x24xf32>
  %decay = gsa.log_sigmoid %negated : tensor<?x?x24xf32>

  %m = gsa.memory rows(%b : tensor<?x?x24x128xbf16>)
      columns(%x : tensor<?x?x24x64xbf16>) decay(%decay : tensor<?x?x24xf32>)
      : !gsa.memory<24x128x64>
  %y = gsa.read rows %m, %c
      : !gsa.memory<24x128x64>, tensor<?x?x24x128xbf16>
      -> tensor<?x?x24x64xbf16>
  return %y : tensor<?x?x24x64xbf16>
}
