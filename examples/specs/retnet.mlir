// Retention (RetNet, arXiv 2307.08621, section 2.1): one constant decay a head,
// 1 - 2^(-5-h). 8 heads, key size 256, value size 512. The rotation of queries
// and keys happens before, the group norm after.
func.func @retnet(
    %q: tensor<?x?x8x256xbf16> {gsa.name = "q"},
    %k: tensor<?x?x8x256xbf16> {gsa.name = "k"},
    %v: tensor<?x?x8x512xbf16> {gsa.name = "v"})
    -> (tensor<?x?x8x512xbf16> {gsa.name = "o"}) {
  // log(1 - 2^(-5-h)).
  %decay = arith.constant dense<[
    -3.17486983e-02, -1.57483570e-02, -7.84317746e-03, -3.91389932e-03,
    -1.95503484e-03, -9.77039648e-04, -4.88400498e-04, -2.44170432e-04]>
    : tensor<8xf32>

  // The scale is 1 / sqrt(256).
  %m = gsa.memory rows(%k : tensor<?x?x8x256xbf16>)
      columns(%v : tensor<?x?x8x512xbf16>) decay(%decay : tensor<8xf32>)
      : !gsa.memory<8x256x512>
  %o = gsa.read rows %m, %q scale 0.0625
      : !gsa.memory<8x256x512>, tensor<?x?x8x256xbf16>
      -> tensor<?x?x8x512xbf16>
  return %o : tensor<?x?x8x512xbf16>
}
