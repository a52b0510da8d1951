// RUN: gsa-opt %s --gsa-cut-stages --split-input-file | FileCheck %s

// In the order of the launches; what is one launch stays alone.

// CHECK: func.func private @cut__states(tensor<?x?x2x64xf32>)
// CHECK-SAME: gsa.stage = "states"
// CHECK: func.func private @cut__fold(tensor<?x?x2x64xf32>)
// CHECK-SAME: gsa.stage = "fold"
// CHECK: func.func private @cut(tensor<?x?x2x64xf32>)
// CHECK-SAME: gsa.schedule = #gsa.schedule<segmented, chunk = 64>, gsa.stage = "outputs"
func.func private @cut(tensor<?x?x2x64xf32>) attributes {
  gsa.schedule = #gsa.schedule<segmented, chunk = 64>
}
// CHECK: func.func private @staged__reads(tensor<?x?x2x64xf32>)
// CHECK-SAME: gsa.stage = "reads"
// CHECK: func.func private @staged(tensor<?x?x2x64xf32>)
// CHECK-SAME: gsa.stage = "outputs"
func.func private @staged(tensor<?x?x2x64xf32>) attributes {
  gsa.schedule = #gsa.schedule<staged, chunk = 64>
}
// CHECK: func.func private @whole
// CHECK-NOT: gsa.stage
func.func private @whole(tensor<?x?x2x64xf32>) attributes {
  gsa.schedule = #gsa.schedule<fused, chunk = 64>
}
// CHECK-NOT: func.func

// -----

// Once is enough.

// CHECK: func.func private @again()
// CHECK-NOT: func.func
func.func private @again() attributes {
  gsa.schedule = #gsa.schedule<segmented, chunk = 64>, gsa.stage = "outputs"
}
