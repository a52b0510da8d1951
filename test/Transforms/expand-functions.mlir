// RUN: gsa-opt %s --gsa-expand-functions | FileCheck %s

// x is kept finite; the exponential need not be.
// CHECK-LABEL: func @silu(
// CHECK-SAME:    %[[X:.*]]: f32)
// CHECK-DAG:     %[[ONE:.*]] = arith.constant 1.000000e+00 : f32
// CHECK:         %[[NEG:.*]] = arith.negf %[[X]] : f32
// CHECK:         %[[E:.*]] = math.exp %[[NEG]] : f32
// CHECK:         %[[SUM:.*]] = arith.addf %[[ONE]], %[[E]] : f32
// CHECK:         %[[SIGMOID:.*]] = arith.divf %[[ONE]], %[[SUM]] : f32
// CHECK:         %[[LOWEST:.*]] = arith.constant -3.40282347E+38 : f32
// CHECK:         %[[FINITE:.*]] = arith.maximumf %[[X]], %[[LOWEST]] : f32
// CHECK:         %[[Y:.*]] = arith.mulf %[[FINITE]], %[[SIGMOID]] : f32
// CHECK:         return %[[Y]]
func.func @silu(%x: f32) -> f32 {
  %y = gsa.silu %x : f32
  return %y : f32
}

// CHECK-LABEL: func @log_sigmoid(
// CHECK-SAME:    %[[X:.*]]: f64)
// CHECK:         %[[ABS:.*]] = math.absf %[[X]] : f64
// CHECK:         %[[NEG:.*]] = arith.negf %[[ABS]] : f64
// CHECK:         %[[E:.*]] = math.exp %[[NEG]] : f64
// CHECK:         %[[REST:.*]] = math.log1p %[[E]] : f64
// CHECK:         %[[ZERO:.*]] = arith.constant 0.000000e+00 : f64
// CHECK:         %[[LOW:.*]] = arith.minimumf %[[X]], %[[ZERO]] : f64
// CHECK:         %[[Y:.*]] = arith.subf %[[LOW]], %[[REST]] : f64
// CHECK:         return %[[Y]]
func.func @log_sigmoid(%x: f64) -> f64 {
  %y = gsa.log_sigmoid %x : f64
  return %y : f64
}

// A polynomial is enough for what is between 0 and 1.
// CHECK-LABEL: func @log_sigmoid_f32(
// CHECK-SAME:    %[[X:.*]]: f32)
// CHECK:         %[[E:.*]] = math.exp
// CHECK-NOT:     math.log1p
// CHECK-COUNT-8: arith.mulf {{.*}}, %[[E]] fastmath<contract>
// CHECK:         %[[REST:.*]] = arith.mulf {{.*}}, %[[E]] fastmath<contract>
// CHECK:         %[[LOW:.*]] = arith.minimumf %[[X]]
// CHECK:         arith.subf %[[LOW]], %[[REST]]
func.func @log_sigmoid_f32(%x: f32) -> f32 {
  %y = gsa.log_sigmoid %x : f32
  return %y : f32
}

// Narrow elements are computed in f32.
// CHECK-LABEL: func @narrow(
// CHECK-SAME:    %[[X:.*]]: vector<8xbf16>, %[[Z:.*]]: f16)
// CHECK:         arith.extf %[[X]] : vector<8xbf16> to vector<8xf32>
// CHECK:         arith.constant dense<1.000000e+00> : vector<8xf32>
// CHECK-NOT:     gsa.
// CHECK:         %[[Y:.*]] = arith.truncf {{.*}} : vector<8xf32> to vector<8xbf16>
// CHECK:         arith.extf %[[Z]] : f16 to f32
// CHECK:         arith.subf
// CHECK:         arith.truncf {{.*}} : f32 to f16
func.func @narrow(%x: vector<8xbf16>, %z: f16) -> (vector<8xbf16>, f16) {
  %y = gsa.silu %x : vector<8xbf16>
  %w = gsa.log_sigmoid %z : f16
  return %y, %w : vector<8xbf16>, f16
}

// CHECK-LABEL: func @dynamic(
// CHECK-SAME:    %[[X:.*]]: tensor<?x4xf32>)
// CHECK:         %[[EXTENT:.*]] = tensor.dim %[[X]]
// CHECK:         %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK:         %[[ZEROS:.*]] = tensor.splat %[[ZERO]][%[[EXTENT]]] : tensor<?x4xf32>
// CHECK:         arith.minimumf %[[X]], %[[ZEROS]] : tensor<?x4xf32>
// CHECK-NOT:     gsa.
func.func @dynamic(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %y = gsa.log_sigmoid %x : tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
