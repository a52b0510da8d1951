// RUN: gsa-opt %s --convert-gsa-to-loops --split-input-file --verify-diagnostics

func.func @unknown(%x: tensor<?x4xf32>) -> tensor<4x?xf32> {
  // expected-error@+1 {{operation must be a memory, a read or elementwise on tensors, got 'tensor.cast'}}
  %y = tensor.cast %x : tensor<?x4xf32> to tensor<4x?xf32>
  return %y : tensor<4x?xf32>
}

// -----

func.func @bits(%x: tensor<?xf32>) -> tensor<?xi32> {
  // expected-error@+1 {{operation must be a memory, a read or elementwise on tensors, got 'arith.bitcast'}}
  %y = arith.bitcast %x : tensor<?xf32> to tensor<?xi32>
  return %y : tensor<?xi32>
}

// -----

func.func @vectors(%x: tensor<?xf32>) -> tensor<?xf32> {
  // expected-error@+1 {{'arith.constant' op of a spec must be a scalar or a dense tensor of rank 1, got 'vector<4xf32>'}}
  %c = arith.constant dense<1.0> : vector<4xf32>
  return %x : tensor<?xf32>
}

// -----

func.func @constant(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  // expected-error@+1 {{'arith.constant' op of a spec must be a scalar or a dense tensor of rank 1, got 'tensor<2x2xf32>'}}
  %c = arith.constant dense<1.0> : tensor<2x2xf32>
  %y = arith.addf %x, %c : tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// -----

// expected-error@+1 {{must be ranked tensors of at least one dimension, got 'f32'}}
func.func @scalar(%x: tensor<?xf32>, %y: f32) -> tensor<?xf32> {
  return %x : tensor<?xf32>
}

// -----

// expected-error@+1 {{must be ranked tensors of at least one dimension, got 'tensor<f32>'}}
func.func @rank(%x: tensor<f32>) -> tensor<f32> {
  return %x : tensor<f32>
}

// -----

// expected-error@+1 {{must have one block, got 2}}
func.func @blocks(%x: tensor<?xf32>) -> tensor<?xf32> {
  cf.br ^next
^next:
  return %x : tensor<?xf32>
}
