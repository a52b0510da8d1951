// Small specs that together use every option of the gsa ops.

// Tied writes, groups of two query heads, scale, states in and out.
func.func @slots(
    %q: tensor<?x?x4x3xf32>, %k: tensor<?x?x2x3xf32>, %v: tensor<?x?x2x6xf32>,
    %g: tensor<?x?x2x5xf32>, %ks: tensor<?x2x5x3xf32>, %vs: tensor<?x2x5x6xf32>)
    -> (tensor<?x?x4x6xf32>, tensor<?x2x5x3xf32>, tensor<?x2x5x6xf32>) {
  %o, %kf, %vf = gsa.slot_attention queries(%q : tensor<?x?x4x3xf32>)
      keys(%k : tensor<?x?x2x3xf32>) values(%v : tensor<?x?x2x6xf32>)
      decay(%g : tensor<?x?x2x5xf32>) initial_keys(%ks : tensor<?x2x5x3xf32>)
      initial_values(%vs : tensor<?x2x5x6xf32>) scale 0.7
      : tensor<?x?x4x6xf32> final_keys tensor<?x2x5x3xf32>
      final_values tensor<?x2x5x6xf32>
  return %o, %kf, %vf
      : tensor<?x?x4x6xf32>, tensor<?x2x5x3xf32>, tensor<?x2x5x6xf32>
}

// Packed, reverse, the write an operand.
func.func @packed_slots(
    %q: tensor<1x?x4x3xf16>, %k: tensor<1x?x2x3xf16>, %v: tensor<1x?x2x6xf16>,
    %s: tensor<1x?x2x5xf16>, %g: tensor<1x?x2xf32>, %cu: tensor<?xi32>)
    -> (tensor<1x?x4x6xf16>, tensor<?x2x5x3xf32>, tensor<?x2x5x6xf32>) {
  %o, %kf, %vf = gsa.slot_attention queries(%q : tensor<1x?x4x3xf16>)
      keys(%k : tensor<1x?x2x3xf16>) values(%v : tensor<1x?x2x6xf16>)
      writes(%s : tensor<1x?x2x5xf16>) decay(%g : tensor<1x?x2xf32>)
      offsets(%cu : tensor<?xi32>) reverse
      : tensor<1x?x4x6xf16> final_keys tensor<?x2x5x3xf32>
      final_values tensor<?x2x5x6xf32>
  return %o, %kf, %vf
      : tensor<1x?x4x6xf16>, tensor<?x2x5x3xf32>, tensor<?x2x5x6xf32>
}

// The running softmax, packed, with its own states.
func.func @abc(
    %q: tensor<1x?x2x3xf32>, %k: tensor<1x?x2x3xf32>, %v: tensor<1x?x2x6xf32>,
    %s: tensor<1x?x2x5xf32>, %z: tensor<?x2x5xf32>, %cu: tensor<?xi64>)
    -> (tensor<1x?x2x6xf32>, tensor<1x?x2x5xf32>, tensor<?x2x5xf32>) {
  %g, %zf = gsa.softmax_decay %s initial(%z : tensor<?x2x5xf32>)
      offsets(%cu : tensor<?xi64>) reverse
      : tensor<1x?x2x5xf32> -> tensor<1x?x2x5xf32> final tensor<?x2x5xf32>
  %o = gsa.slot_attention queries(%q : tensor<1x?x2x3xf32>)
      keys(%k : tensor<1x?x2x3xf32>) values(%v : tensor<1x?x2x6xf32>)
      decay(%g : tensor<1x?x2x5xf32>) offsets(%cu : tensor<?xi64>) reverse
      : tensor<1x?x2x6xf32>
  return %o, %g, %zf
      : tensor<1x?x2x6xf32>, tensor<1x?x2x5xf32>, tensor<?x2x5xf32>
}

// No decay, and a constant one a head, in one function.
func.func @linear(
    %q: tensor<?x?x4x5xf32>, %k: tensor<?x?x2x5xf32>, %v: tensor<?x?x2x3xf32>)
    -> (tensor<?x?x4x3xf32>, tensor<?x?x4x3xf32>, tensor<?x2x5x3xf32>) {
  %sum = gsa.memory rows(%k : tensor<?x?x2x5xf32>)
      columns(%v : tensor<?x?x2x3xf32>) : !gsa.memory<2x5x3>
  %plain = gsa.read rows %sum, %q
      : !gsa.memory<2x5x3>, tensor<?x?x4x5xf32> -> tensor<?x?x4x3xf32>
  %g = arith.constant dense<[-0.5, -0.0625]> : tensor<2xf32>
  %m = gsa.memory rows(%k : tensor<?x?x2x5xf32>)
      columns(%v : tensor<?x?x2x3xf32>) decay(%g : tensor<2xf32>) reverse
      : !gsa.memory<2x5x3>
  %o = gsa.read rows %m, %q scale 0.25
      : !gsa.memory<2x5x3>, tensor<?x?x4x5xf32> -> tensor<?x?x4x3xf32>
  %f = gsa.final_state %m : !gsa.memory<2x5x3> -> tensor<?x2x5x3xf32>
  return %plain, %o, %f
      : tensor<?x?x4x3xf32>, tensor<?x?x4x3xf32>, tensor<?x2x5x3xf32>
}

// Functions and other elementwise operations, integers among them.
func.func @functions(%x: tensor<?x?x1x8xf32>, %y: tensor<?x?x1x8xbf16>)
    -> (tensor<?x?x1x8xf32>, tensor<?x?x1x8xf32>, tensor<?x?x1x8xbf16>) {
  %silu = gsa.silu %x : tensor<?x?x1x8xf32>
  %log = gsa.log_sigmoid %x : tensor<?x?x1x8xf32>
  %wide = arith.extf %y : tensor<?x?x1x8xbf16> to tensor<?x?x1x8xf32>
  %less = arith.cmpf olt, %x, %wide : tensor<?x?x1x8xf32>
  %smaller = arith.select %less, %x, %wide
      : tensor<?x?x1x8xi1>, tensor<?x?x1x8xf32>
  %narrow = arith.truncf %smaller : tensor<?x?x1x8xf32> to tensor<?x?x1x8xbf16>
  return %silu, %log, %narrow
      : tensor<?x?x1x8xf32>, tensor<?x?x1x8xf32>, tensor<?x?x1x8xbf16>
}
