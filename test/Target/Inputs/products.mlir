// Products at the `chunked` stage whose factors lie along K and across it:
// ab = a b, abt = a b^T, atc = a b + a^T c, all square; one sequence and head a
// block. What is in capitals stands for the chip, the type of factors, the size
// and the kind of schedule.
!m = memref<?x?x2xSIZExTYPE, strided<[?, ?, ?, 1], offset: ?>>
!f = memref<?x?x2xSIZExf32, strided<[?, ?, ?, 1], offset: ?>>
!a = tensor<SIZExSIZExTYPE>
!s = tensor<SIZExSIZExf32>
module {
  module attributes {gsa.target = #gsa.target<"CHIP">} {
    func.func @products(
        %a: !m {gsa.name = "a", gsa.kind = "input"},
        %b: !m {gsa.name = "b", gsa.kind = "input"},
        %c: !m {gsa.name = "c", gsa.kind = "input"},
        %ab: !f {gsa.name = "ab", gsa.kind = "output"},
        %abt: !f {gsa.name = "abt", gsa.kind = "output"},
        %atc: !f {gsa.name = "atc", gsa.kind = "output"})
        attributes {gsa.kernel, gsa.schedule = #gsa.schedule<KIND, chunk = SIZE>} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %zero = arith.constant dense<0.0> : !s
      %B = memref.dim %a, %c0 : !m
      scf.forall (%n, %h) in (%B, 2) {
        %T = memref.dim %a, %c1 : !m
        %at = tile.load %a[%n, %c0, %h, %c0] dims [1, 3] rows %T : !m -> !a
        %bt = tile.load %b[%n, %c0, %h, %c0] dims [1, 3] rows %T : !m -> !a
        %ct = tile.load %c[%n, %c0, %h, %c0] dims [1, 3] rows %T : !m -> !a
        %x = tile.mma %at, %bt, %zero : !a, !a, !s
        tile.store %x, %ab[%n, %c0, %h, %c0] dims [1, 3] rows %T : !s, !f
        %bf = tile.transpose %bt : !a -> !a
        %y = tile.mma %at, %bf, %zero : !a, !a, !s
        tile.store %y, %abt[%n, %c0, %h, %c0] dims [1, 3] rows %T : !s, !f
        %af = tile.transpose %at : !a -> !a
        %z = tile.mma %af, %ct, %x : !a, !a, !s
        tile.store %z, %atc[%n, %c0, %h, %c0] dims [1, 3] rows %T : !s, !f
      }
      return
    }
  }
}
