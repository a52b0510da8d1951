// Memories that meet in one sweep, each function another way: what they share is
// the window, and the gate of one may end it for all.

// A memory without decay beside one whose gates narrow the window.
func.func @no_decay_beside_rows(%q: tensor<?x?x2x32xf32> {gsa.name = "q"}, %k: tensor<?x?x2x32xf32> {gsa.name = "k"}, %v: tensor<?x?x2x32xf32> {gsa.name = "v"}, %g: tensor<?x?x2x32xf32> {gsa.name = "g"})
    -> (tensor<?x?x2x32xf32> {gsa.name = "o"}, tensor<?x?x2x32xf32> {gsa.name = "p"},
        tensor<?x2x32x32xf32> {gsa.name = "state"}) {
  %a = gsa.memory rows(%k : tensor<?x?x2x32xf32>) columns(%v : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %b = gsa.memory rows(%k : tensor<?x?x2x32xf32>) columns(%v : tensor<?x?x2x32xf32>) decay(%g : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %o = gsa.read rows %a, %q scale 0.1 : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32> -> tensor<?x?x2x32xf32>
  %p = gsa.read rows %b, %q scale 0.1 : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32> -> tensor<?x?x2x32xf32>
  %s = gsa.final_state %a : !gsa.memory<2x32x32> -> tensor<?x2x32x32xf32>
  return %o, %p, %s : tensor<?x?x2x32xf32>, tensor<?x?x2x32xf32>, tensor<?x2x32x32xf32>
}

// A gate computed from another memory's read: known after the first one's write.
func.func @gate_from_read(%q: tensor<?x?x2x32xf32> {gsa.name = "q"}, %k: tensor<?x?x2x32xf32> {gsa.name = "k"}, %v: tensor<?x?x2x32xf32> {gsa.name = "v"}, %g: tensor<?x?x2x32xf32> {gsa.name = "g"}) -> (tensor<?x?x2x32xf32> {gsa.name = "o"}) {
  %m1 = gsa.memory rows(%k : tensor<?x?x2x32xf32>) columns(%v : tensor<?x?x2x32xf32>) decay(%g : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %y = gsa.read rows %m1, %q : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32> -> tensor<?x?x2x32xf32>
  %d = gsa.log_sigmoid %y : tensor<?x?x2x32xf32>
  %m2 = gsa.memory columns(%v : tensor<?x?x2x32xf32>) decay(%d : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %o = gsa.read rows %m2, %q : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32> -> tensor<?x?x2x32xf32>
  return %o : tensor<?x?x2x32xf32>
}

// Two memories with gates of their own, one state for both.
func.func @two_gates(%q: tensor<?x?x2x32xf32> {gsa.name = "q"}, %k: tensor<?x?x2x32xf32> {gsa.name = "k"}, %v: tensor<?x?x2x32xf32> {gsa.name = "v"}, %g: tensor<?x?x2x32xf32> {gsa.name = "g"}, %h: tensor<?x?x2x32xf32> {gsa.name = "h"}, %s: tensor<?x2x32x32xf32> {gsa.name = "s"})
    -> (tensor<?x?x2x32xf32> {gsa.name = "o"}, tensor<?x2x32x32xf32> {gsa.name = "state"}) {
  %a = gsa.memory rows(%k : tensor<?x?x2x32xf32>) columns(%v : tensor<?x?x2x32xf32>) decay(%g : tensor<?x?x2x32xf32>)
      initial(%s : tensor<?x2x32x32xf32>) : !gsa.memory<2x32x32>
  %b = gsa.memory columns(%v : tensor<?x?x2x32xf32>) decay(%h : tensor<?x?x2x32xf32>)
      initial(%s : tensor<?x2x32x32xf32>) : !gsa.memory<2x32x32>
  %x = gsa.read rows %a, %q : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32> -> tensor<?x?x2x32xf32>
  %y = gsa.read rows %b, %q : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32> -> tensor<?x?x2x32xf32>
  %o = arith.addf %x, %y : tensor<?x?x2x32xf32>
  %state = gsa.final_state %b : !gsa.memory<2x32x32> -> tensor<?x2x32x32xf32>
  return %o, %state : tensor<?x?x2x32xf32>, tensor<?x2x32x32xf32>
}

// Static sizes: splats are constants then.
func.func @static_sizes(%q: tensor<2x50x2x32xf32> {gsa.name = "q"},
    %k: tensor<2x50x2x32xf32> {gsa.name = "k"}, %g: tensor<2x50x2x32xf32> {gsa.name = "g"})
    -> (tensor<2x50x2x32xf32> {gsa.name = "o"}) {
  %half = arith.constant 0.5 : f32
  %halves = tensor.splat %half : tensor<2x50x2x32xf32>
  %d = arith.mulf %g, %halves : tensor<2x50x2x32xf32>
  %m = gsa.memory columns(%k : tensor<2x50x2x32xf32>) decay(%d : tensor<2x50x2x32xf32>)
      : !gsa.memory<2x32x32>
  %o = gsa.read rows %m, %q : !gsa.memory<2x32x32>, tensor<2x50x2x32xf32> -> tensor<2x50x2x32xf32>
  return %o : tensor<2x50x2x32xf32>
}

// Inputs times 1000: factors of 2^110 would leave no room for their products.
func.func @large_inputs(%q: tensor<?x?x2x32xf32> {gsa.name = "q"}, %k: tensor<?x?x2x32xf32> {gsa.name = "k"},
    %g: tensor<?x?x2x32xf32> {gsa.name = "g"}) -> (tensor<?x?x2x32xf32> {gsa.name = "o"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = tensor.dim %q, %c0 : tensor<?x?x2x32xf32>
  %t = tensor.dim %q, %c1 : tensor<?x?x2x32xf32>
  %thousand = arith.constant 1000.0 : f32
  %thousands = tensor.splat %thousand[%b, %t] : tensor<?x?x2x32xf32>
  %x = arith.mulf %q, %thousands : tensor<?x?x2x32xf32>
  %c = arith.mulf %k, %thousands : tensor<?x?x2x32xf32>
  %m = gsa.memory columns(%c : tensor<?x?x2x32xf32>) decay(%g : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %o = gsa.read columns %m, %x : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32> -> tensor<?x?x2x32xf32>
  return %o : tensor<?x?x2x32xf32>
}

// Results that are one value: each gets its copy.
func.func @equal_results(%q: tensor<?x?x2x32xf32> {gsa.name = "q"}, %k: tensor<?x?x2x32xf32> {gsa.name = "k"},
    %g: tensor<?x?x2x32xf32> {gsa.name = "g"})
    -> (tensor<?x?x2x32xf32> {gsa.name = "o"}, tensor<?x?x2x32xf32> {gsa.name = "p"},
        tensor<?x2x32x32xf32> {gsa.name = "s"}, tensor<?x2x32x32xf32> {gsa.name = "t"}) {
  %m = gsa.memory columns(%k : tensor<?x?x2x32xf32>) decay(%g : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %o = gsa.read rows %m, %q : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32> -> tensor<?x?x2x32xf32>
  %s = gsa.final_state %m : !gsa.memory<2x32x32> -> tensor<?x2x32x32xf32>
  %t = gsa.final_state %m : !gsa.memory<2x32x32> -> tensor<?x2x32x32xf32>
  return %o, %o, %s, %t : tensor<?x?x2x32xf32>, tensor<?x?x2x32xf32>, tensor<?x2x32x32xf32>, tensor<?x2x32x32xf32>
}
