// RUN: gsa-opt %s --gsa-check-spec --split-input-file --verify-diagnostics

// One split a law, with the whole message. First what is allowed.

func.func @everything(%q: tensor<?x?x2x32xf32>, %h: tensor<2xf32>,
    %z: tensor<?x2x32xf32>, %s: tensor<?x2x32x32xf32>, %ends: tensor<?xi32>)
    -> (tensor<?x?x2x32xf32>, tensor<?x2x32x32xf32>, tensor<?x2x32xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %batch = tensor.dim %q, %c0 : tensor<?x?x2x32xf32>
  %time = tensor.dim %q, %c1 : tensor<?x?x2x32xf32>
  %half = arith.constant 0.5 : f32
  %quarter = arith.mulf %half, %half : f32
  %quarters = tensor.splat %quarter[%batch, %time] : tensor<?x?x2x32xf32>
  %positive = arith.cmpf ogt, %q, %quarters : tensor<?x?x2x32xf32>
  %x = arith.select %positive, %q, %quarters : tensor<?x?x2x32xi1>, tensor<?x?x2x32xf32>
  %table = math.exp %h : tensor<2xf32>
  %decay = arith.negf %table : tensor<2xf32>
  %d, %end = gsa.softmax_decay %x initial(%z : tensor<?x2x32xf32>)
      : tensor<?x?x2x32xf32> -> tensor<?x?x2x32xf32> final tensor<?x2x32xf32>
  %m = gsa.memory rows(%x : tensor<?x?x2x32xf32>)
      columns(%q : tensor<?x?x2x32xf32>) decay(%decay : tensor<2xf32>)
      initial(%s : tensor<?x2x32x32xf32>) : !gsa.memory<2x32x32>
  %n = gsa.memory columns(%q : tensor<?x?x2x32xf32>)
      decay(%d : tensor<?x?x2x32xf32>) initial(%s : tensor<?x2x32x32xf32>) : !gsa.memory<2x32x32>
  %y = gsa.read rows %m, %q : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32>
      -> tensor<?x?x2x32xf32>
  %p = gsa.softmax %y : tensor<?x?x2x32xf32>
  %o = gsa.read columns %n, %p : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32>
      -> tensor<?x?x2x32xf32>
  %silu = gsa.silu %o : tensor<?x?x2x32xf32>
  %state = gsa.final_state %n : !gsa.memory<2x32x32> -> tensor<?x2x32x32xf32>
  return %silu, %state, %end
      : tensor<?x?x2x32xf32>, tensor<?x2x32x32xf32>, tensor<?x2x32xf32>
}

// -----

// A memory that no result depends on is dropped, so it may disagree.
func.func @dead(%q: tensor<?x?x2x32xf32>) -> tensor<?x?x2x32xf32> {
  %m = gsa.memory rows(%q : tensor<?x?x2x32xf32>)
      columns(%q : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %n = gsa.memory rows(%q : tensor<?x?x2x32xf32>)
      columns(%q : tensor<?x?x2x32xf32>) reverse : !gsa.memory<2x32x32>
  %y = gsa.read rows %m, %q : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32>
      -> tensor<?x?x2x32xf32>
  return %y : tensor<?x?x2x32xf32>
}

// -----

// expected-error @+1 {{a spec's function must have a body, got a declaration of 'g'}}
func.func private @g(%q: tensor<?x?x2x32xf32>) -> tensor<?x?x2x32xf32>

// -----

// expected-error @+1 {{a spec's function must have one block, got 2}}
func.func @blocks(%q: tensor<?x?x2x32xf32>) -> tensor<?x?x2x32xf32> {
  %m = gsa.memory rows(%q : tensor<?x?x2x32xf32>)
      columns(%q : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %y = gsa.read rows %m, %q : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32>
      -> tensor<?x?x2x32xf32>
  cf.br ^bb1
^bb1:
  return %y : tensor<?x?x2x32xf32>
}

// -----

// expected-error @+1 {{a spec's arguments and results must be ranked tensors of 1, 3 or 4 dimensions, got '!gsa.memory<2x32x32>'}}
func.func @memory_argument(%q: tensor<?x?x2x32xf32>, %m: !gsa.memory<2x32x32>)
    -> tensor<?x?x2x32xf32> {
  %y = gsa.read rows %m, %q : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32>
      -> tensor<?x?x2x32xf32>
  return %y : tensor<?x?x2x32xf32>
}

// -----

// expected-error @+1 {{a spec's arguments and results must be ranked tensors of 1, 3 or 4 dimensions, got '!gsa.memory<2x32x32>'}}
func.func @memory_result(%q: tensor<?x?x2x32xf32>) -> !gsa.memory<2x32x32> {
  %m = gsa.memory rows(%q : tensor<?x?x2x32xf32>)
      columns(%q : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  return %m : !gsa.memory<2x32x32>
}

// -----

// expected-error @+1 {{a spec's arguments and results must be ranked tensors of 1, 3 or 4 dimensions, got 'tensor<2x32xf32>'}}
func.func @rank_2(%q: tensor<?x?x2x32xf32>, %x: tensor<2x32xf32>)
    -> tensor<?x?x2x32xf32> {
  %m = gsa.memory rows(%q : tensor<?x?x2x32xf32>)
      columns(%q : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %y = gsa.read rows %m, %q : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32>
      -> tensor<?x?x2x32xf32>
  return %y : tensor<?x?x2x32xf32>
}

// -----

// expected-error @+1 {{a spec's integers must be offsets, got argument 1 of type 'tensor<?x?x2x32xi32>'}}
func.func @integers(%q: tensor<?x?x2x32xf32>, %i: tensor<?x?x2x32xi32>)
    -> tensor<?x?x2x32xf32> {
  %m = gsa.memory rows(%q : tensor<?x?x2x32xf32>)
      columns(%q : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %y = gsa.read rows %m, %q : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32>
      -> tensor<?x?x2x32xf32>
  return %y : tensor<?x?x2x32xf32>
}

// -----

func.func @integer_math(%q: tensor<?x?x2x32xf32>, %i: tensor<2xi32>)
    -> tensor<?x?x2x32xf32> {
  // expected-error @+1 {{'arith.sitofp' op must not compute with integers: tensors of them may only be offsets, got 'tensor<2xi32>'}}
  %f = arith.sitofp %i : tensor<2xi32> to tensor<2xf32>
  %m = gsa.memory rows(%q : tensor<?x?x2x32xf32>)
      columns(%q : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %y = gsa.read rows %m, %q : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32>
      -> tensor<?x?x2x32xf32>
  return %y : tensor<?x?x2x32xf32>
}

// -----

func.func @call(%q: tensor<?x?x2x32xf32>) -> tensor<?x?x2x32xf32> {
  // expected-error @+1 {{a spec's operations must be of gsa (but sweeps), elementwise, tensor.splat, tensor.dim or arith.constant, got 'func.call'}}
  %y = call @call(%q) : (tensor<?x?x2x32xf32>) -> tensor<?x?x2x32xf32>
  return %y : tensor<?x?x2x32xf32>
}

// -----

func.func @loop(%q: tensor<?x?x2x32xf32>) -> tensor<?x?x2x32xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // expected-error @+1 {{a spec's operations must be of gsa (but sweeps), elementwise, tensor.splat, tensor.dim or arith.constant, got 'scf.for'}}
  %y = scf.for %i = %c0 to %c1 step %c1 iter_args(%a = %q)
      -> (tensor<?x?x2x32xf32>) {
    scf.yield %a : tensor<?x?x2x32xf32>
  }
  return %y : tensor<?x?x2x32xf32>
}

// -----

func.func @extract(%q: tensor<?x?x2x32xf32>) -> tensor<?x?x2x32xf32> {
  %c0 = arith.constant 0 : index
  // expected-error @+1 {{a spec's operations must be of gsa (but sweeps), elementwise, tensor.splat, tensor.dim or arith.constant, got 'tensor.extract'}}
  %e = tensor.extract %q[%c0, %c0, %c0, %c0] : tensor<?x?x2x32xf32>
  %m = gsa.memory rows(%q : tensor<?x?x2x32xf32>)
      columns(%q : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %y = gsa.read rows %m, %q : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32>
      -> tensor<?x?x2x32xf32>
  return %y : tensor<?x?x2x32xf32>
}

// -----

func.func @sweep(%q: tensor<?x?x2x32xf32>) -> tensor<?x?x2x32xf32> {
  // expected-error @+1 {{a spec's operations must be of gsa (but sweeps), elementwise, tensor.splat, tensor.dim or arith.constant, got 'gsa.sweep'}}
  %y = gsa.sweep -> tensor<?x?x2x32xf32> {
    %z = gsa.silu %q : tensor<?x?x2x32xf32>
    gsa.yield %z : tensor<?x?x2x32xf32>
  }
  return %y : tensor<?x?x2x32xf32>
}

// -----

func.func @choice(%q: tensor<?x?x2x32xf32>) -> tensor<?x?x2x32xf32> {
  %m = gsa.memory rows(%q : tensor<?x?x2x32xf32>)
      columns(%q : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %true = arith.constant true
  // expected-error @+1 {{'arith.select' op must have scalars and tensors of 1, 3 or 4 dimensions, got '!gsa.memory<2x32x32>'}}
  %n = arith.select %true, %m, %m : !gsa.memory<2x32x32>
  %y = gsa.read rows %m, %q : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32>
      -> tensor<?x?x2x32xf32>
  return %y : tensor<?x?x2x32xf32>
}

// -----

func.func @numbers(%q: tensor<?x?x2x32xf32>) -> tensor<?x?x2x32xf32> {
  // expected-error @+1 {{'arith.constant' op must be one number, or one for each head, got several}}
  %c = arith.constant dense<[[[[1.0], [2.0]]]]> : tensor<1x1x2x1xf32>
  %m = gsa.memory rows(%q : tensor<?x?x2x32xf32>)
      columns(%q : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %y = gsa.read rows %m, %q : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32>
      -> tensor<?x?x2x32xf32>
  return %y : tensor<?x?x2x32xf32>
}

// -----

func.func @size(%q: tensor<?x?x2x32xf32>) -> tensor<?x?x2x32xf32> {
  %c1 = arith.constant 1 : index
  %time = tensor.dim %q, %c1 : tensor<?x?x2x32xf32>
  // expected-error @+1 {{'arith.index_cast' op must not compute with sizes: they may only be extents of 'tensor.splat'}}
  %i = arith.index_cast %time : index to i32
  %m = gsa.memory rows(%q : tensor<?x?x2x32xf32>)
      columns(%q : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %y = gsa.read rows %m, %q : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32>
      -> tensor<?x?x2x32xf32>
  return %y : tensor<?x?x2x32xf32>
}

// -----

func.func @size_of_read(%q: tensor<?x?x2x32xf32>) -> tensor<?x?x2x32xf32> {
  %m = gsa.memory rows(%q : tensor<?x?x2x32xf32>)
      columns(%q : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %y = gsa.read rows %m, %q : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32>
      -> tensor<?x?x2x32xf32>
  %c1 = arith.constant 1 : index
  // expected-error @+1 {{'tensor.dim' op must be of an argument over time, got the result of 'gsa.read' of type 'tensor<?x?x2x32xf32>'}}
  %time = tensor.dim %y, %c1 : tensor<?x?x2x32xf32>
  return %y : tensor<?x?x2x32xf32>
}

// -----

func.func @size_of_offsets(%q: tensor<?x?x2x32xf32>, %ends: tensor<?xi32>)
    -> tensor<?x?x2x32xf32> {
  %c0 = arith.constant 0 : index
  // expected-error @+1 {{'tensor.dim' op must be of an argument over time, got argument 1 of type 'tensor<?xi32>'}}
  %n = tensor.dim %ends, %c0 : tensor<?xi32>
  %m = gsa.memory rows(%q : tensor<?x?x2x32xf32>)
      columns(%q : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %y = gsa.read rows %m, %q : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32>
      -> tensor<?x?x2x32xf32>
  return %y : tensor<?x?x2x32xf32>
}

// -----

func.func @extent(%q: tensor<?x?x2x32xf32>) -> tensor<?x?x2x32xf32> {
  %c1 = arith.constant 1 : index
  %time = tensor.dim %q, %c1 : tensor<?x?x2x32xf32>
  %one = arith.constant 1.0 : f32
  // expected-error @+1 {{'tensor.splat' op extent 0 must be the result of 'tensor.dim', got a constant}}
  %x = tensor.splat %one[%c1, %time] : tensor<?x?x2x32xf32>
  %m = gsa.memory rows(%q : tensor<?x?x2x32xf32>)
      columns(%q : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %y = gsa.read rows %m, %q : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32>
      -> tensor<?x?x2x32xf32>
  return %y : tensor<?x?x2x32xf32>
}

// -----

func.func @swapped(%q: tensor<?x?x2x32xf32>) -> tensor<?x?x2x32xf32> {
  %c1 = arith.constant 1 : index
  %time = tensor.dim %q, %c1 : tensor<?x?x2x32xf32>
  %one = arith.constant 1.0 : f32
  // expected-error @+1 {{'tensor.splat' op extent 0 must be dimension 0 of a tensor over time, got another dimension}}
  %x = tensor.splat %one[%time, %time] : tensor<?x?x2x32xf32>
  %m = gsa.memory rows(%q : tensor<?x?x2x32xf32>)
      columns(%q : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %y = gsa.read rows %m, %q : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32>
      -> tensor<?x?x2x32xf32>
  return %y : tensor<?x?x2x32xf32>
}

// -----

func.func @offsets(%q: tensor<1x?x2x32xf32>) -> tensor<1x?x2x32xf32> {
  // expected-error @+1 {{'arith.constant' op must not compute with integers: tensors of them may only be offsets, got 'tensor<2xi32>'}}
  %ends = arith.constant dense<[0, 4]> : tensor<2xi32>
  %m = gsa.memory rows(%q : tensor<1x?x2x32xf32>)
      columns(%q : tensor<1x?x2x32xf32>) offsets(%ends : tensor<2xi32>) : !gsa.memory<2x32x32>
  %y = gsa.read rows %m, %q : !gsa.memory<2x32x32>, tensor<1x?x2x32xf32>
      -> tensor<1x?x2x32xf32>
  return %y : tensor<1x?x2x32xf32>
}

// -----

func.func @computed_start(%q: tensor<?x?x2x32xf32>, %i: tensor<?x2x32x32xf32>)
    -> tensor<?x?x2x32xf32> {
  %j = arith.negf %i : tensor<?x2x32x32xf32>
  // expected-error @+1 {{'gsa.memory' op must start from an argument, got the result of 'arith.negf'}}
  %m = gsa.memory rows(%q : tensor<?x?x2x32xf32>)
      columns(%q : tensor<?x?x2x32xf32>)
      initial(%j : tensor<?x2x32x32xf32>) : !gsa.memory<2x32x32>
  %y = gsa.read rows %m, %q : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32>
      -> tensor<?x?x2x32xf32>
  return %y : tensor<?x?x2x32xf32>
}

// -----

func.func @start_used(%q: tensor<?x?x2x32xf32>, %i: tensor<?x2x32x32xf32>)
    -> tensor<?x?x2x32xf32> {
  // expected-error @+1 {{'arith.negf' op must not compute with a state: it may only start a memory or be returned, got argument 1}}
  %j = arith.negf %i : tensor<?x2x32x32xf32>
  %m = gsa.memory rows(%q : tensor<?x?x2x32xf32>)
      columns(%q : tensor<?x?x2x32xf32>)
      initial(%i : tensor<?x2x32x32xf32>) : !gsa.memory<2x32x32>
  %y = gsa.read rows %m, %q : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32>
      -> tensor<?x?x2x32xf32>
  return %y : tensor<?x?x2x32xf32>
}

// -----

func.func @end_used(%q: tensor<?x?x2x32xf32>) -> tensor<?x2x32x32xf32> {
  %m = gsa.memory rows(%q : tensor<?x?x2x32xf32>)
      columns(%q : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %s = gsa.final_state %m : !gsa.memory<2x32x32> -> tensor<?x2x32x32xf32>
  // expected-error @+1 {{'arith.negf' op must not compute with a state: it may only start a memory or be returned, got the result of 'gsa.final_state'}}
  %y = arith.negf %s : tensor<?x2x32x32xf32>
  return %y : tensor<?x2x32x32xf32>
}

// -----

// expected-error @+1 {{a spec must have a result, got none}}
func.func @no_result(%q: tensor<?x?x2x32xf32>) {
  return
}

// -----

func.func @argument_returned(%q: tensor<?x?x2x32xf32>)
    -> (tensor<?x?x2x32xf32>, tensor<?x?x2x32xf32>) {
  %m = gsa.memory rows(%q : tensor<?x?x2x32xf32>)
      columns(%q : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %y = gsa.read rows %m, %q : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32>
      -> tensor<?x?x2x32xf32>
  // expected-error @+1 {{result 1 must be computed from arguments, got argument 0}}
  return %y, %q : tensor<?x?x2x32xf32>, tensor<?x?x2x32xf32>
}

// -----

func.func @constant_returned(%q: tensor<?x?x2x32xf32>) -> (tensor<?x?x2x32xf32>, tensor<2xf32>) {
  %m = gsa.memory rows(%q : tensor<?x?x2x32xf32>)
      columns(%q : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %y = gsa.read rows %m, %q : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32>
      -> tensor<?x?x2x32xf32>
  %c = arith.constant dense<1.0> : tensor<2xf32>
  // expected-error @+1 {{result 1 must be computed from arguments, got a constant}}
  return %y, %c : tensor<?x?x2x32xf32>, tensor<2xf32>
}

// -----

func.func @table_returned(%q: tensor<?x?x2x32xf32>, %h: tensor<2xf32>)
    -> (tensor<?x?x2x32xf32>, tensor<2xf32>) {
  %m = gsa.memory rows(%q : tensor<?x?x2x32xf32>)
      columns(%q : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %y = gsa.read rows %m, %q : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32>
      -> tensor<?x?x2x32xf32>
  %e = math.exp %h : tensor<2xf32>
  // expected-error @+1 {{result 1 must be over time or a final state, got 'tensor<2xf32>'}}
  return %y, %e : tensor<?x?x2x32xf32>, tensor<2xf32>
}

// -----

// expected-error @+1 {{a spec must hold a memory that its results depend on, got none}}
func.func @no_memory(%q: tensor<?x?x2x32xf32>) -> tensor<?x?x2x32xf32> {
  %y = gsa.silu %q : tensor<?x?x2x32xf32>
  return %y : tensor<?x?x2x32xf32>
}

// -----

func.func @direction(%q: tensor<?x?x2x32xf32>) -> tensor<?x?x2x32xf32> {
  // expected-note @+1 {{the other is here}}
  %m = gsa.memory rows(%q : tensor<?x?x2x32xf32>)
      columns(%q : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  // expected-error @+1 {{'gsa.memory' op must have the direction of 'gsa.memory' to be in one kernel with it, got reverse and forward}}
  %n = gsa.memory rows(%q : tensor<?x?x2x32xf32>)
      columns(%q : tensor<?x?x2x32xf32>) reverse : !gsa.memory<2x32x32>
  %y = gsa.read rows %m, %q : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32>
      -> tensor<?x?x2x32xf32>
  %z = gsa.read rows %n, %y : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32>
      -> tensor<?x?x2x32xf32>
  return %z : tensor<?x?x2x32xf32>
}

// -----

func.func @two_offsets(%q: tensor<1x?x2x32xf32>, %a: tensor<?xi32>, %b: tensor<?xi64>)
    -> tensor<1x?x2x32xf32> {
  // expected-note @+1 {{the other is here}}
  %m = gsa.memory rows(%q : tensor<1x?x2x32xf32>)
      columns(%q : tensor<1x?x2x32xf32>)
      offsets(%a : tensor<?xi32>) : !gsa.memory<2x32x32>
  // expected-error @+1 {{'gsa.memory' op must have the offsets of 'gsa.memory' to be in one kernel with it, got argument 2 and argument 1}}
  %n = gsa.memory rows(%q : tensor<1x?x2x32xf32>)
      columns(%q : tensor<1x?x2x32xf32>)
      offsets(%b : tensor<?xi64>) : !gsa.memory<2x32x32>
  %y = gsa.read rows %m, %q : !gsa.memory<2x32x32>, tensor<1x?x2x32xf32>
      -> tensor<1x?x2x32xf32>
  %z = gsa.read rows %n, %y : !gsa.memory<2x32x32>, tensor<1x?x2x32xf32>
      -> tensor<1x?x2x32xf32>
  return %z : tensor<1x?x2x32xf32>
}

// -----

func.func @after(%q: tensor<?x?x2x32xf32>) -> tensor<?x?x2x32xf32> {
  // expected-note @+1 {{the other is here}}
  %m = gsa.memory rows(%q : tensor<?x?x2x32xf32>)
      columns(%q : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %s = gsa.final_state %m : !gsa.memory<2x32x32> -> tensor<?x2x32x32xf32>
  // expected-error @+1 {{'gsa.memory' op must not start from the final state of 'gsa.memory' to be in one kernel with it, got the result of 'gsa.final_state'}}
  %n = gsa.memory rows(%q : tensor<?x?x2x32xf32>)
      columns(%q : tensor<?x?x2x32xf32>) initial(%s : tensor<?x2x32x32xf32>) : !gsa.memory<2x32x32>
  %y = gsa.read rows %m, %q : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32>
      -> tensor<?x?x2x32xf32>
  %z = gsa.read rows %n, %y : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32>
      -> tensor<?x?x2x32xf32>
  return %z : tensor<?x?x2x32xf32>
}

// -----

func.func @heads(%q: tensor<?x?x2x32xf32>, %p: tensor<?x?x4x32xf32>)
    -> (tensor<?x?x2x32xf32>, tensor<?x?x4x32xf32>) {
  // expected-note @+1 {{the other is here}}
  %m = gsa.memory rows(%q : tensor<?x?x2x32xf32>)
      columns(%q : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %y = gsa.read rows %m, %q : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32>
      -> tensor<?x?x2x32xf32>
  // expected-error @+1 {{'gsa.memory' op must have as many heads as 'gsa.memory' to be in one kernel with it, got 4 and 2}}
  %n = gsa.memory rows(%p : tensor<?x?x4x32xf32>)
      columns(%p : tensor<?x?x4x32xf32>) : !gsa.memory<4x32x32>
  %z = gsa.read rows %n, %p : !gsa.memory<4x32x32>, tensor<?x?x4x32xf32>
      -> tensor<?x?x4x32xf32>
  return %y, %z : tensor<?x?x2x32xf32>, tensor<?x?x4x32xf32>
}

// -----

// expected-error @+1 {{a spec must read an argument over time, got none but for its size}}
func.func @constants(%q: tensor<?x?x2x32xf32>) -> tensor<?x?x2x32xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %batch = tensor.dim %q, %c0 : tensor<?x?x2x32xf32>
  %time = tensor.dim %q, %c1 : tensor<?x?x2x32xf32>
  %one = arith.constant 1.0 : f32
  %x = tensor.splat %one[%batch, %time] : tensor<?x?x2x32xf32>
  %m = gsa.memory rows(%x : tensor<?x?x2x32xf32>)
      columns(%x : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  %y = gsa.read rows %m, %x : !gsa.memory<2x32x32>, tensor<?x?x2x32xf32>
      -> tensor<?x?x2x32xf32>
  return %y : tensor<?x?x2x32xf32>
}
