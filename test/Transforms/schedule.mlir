// RUN: gsa-opt %s --gsa-schedule | FileCheck %s

// CHECK: func.func @default(){{.*}}gsa.schedule = #gsa.schedule<segmented, chunk = auto>
func.func @default() {
  return
}

// The spec's own schedule wins.
// CHECK: func.func @own(){{.*}}gsa.schedule = #gsa.schedule<fused, chunk = 64, slices = 2>
func.func @own() attributes {gsa.schedule = #gsa.schedule<fused, chunk = 64, slices = 2>} {
  return
}
