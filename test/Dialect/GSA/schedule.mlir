// RUN: gsa-opt %s --split-input-file --verify-diagnostics | FileCheck %s

// One slice is not spelled.
// CHECK: func private @forms
// CHECK-SAME: #gsa.schedule<fused, chunk = 16>, {{.*}} #gsa.schedule<fused, chunk = 256, slices = 4>
func.func private @forms() attributes {
  a = #gsa.schedule<fused, chunk = 16, slices = 1>,
  b = #gsa.schedule<fused, chunk = 256, slices = 4>
}

// -----

// CHECK: func private @auto
// CHECK-SAME: gsa.schedule = #gsa.schedule<fused, chunk = auto, slices = 2>
func.func private @auto() attributes {
  gsa.schedule = #gsa.schedule<fused, chunk = auto, slices = 2>
}

// -----

// CHECK: func private @segmented
// CHECK-SAME: #gsa.schedule<segmented, chunk = 64>, {{.*}} #gsa.schedule<segmented, chunk = auto, slices = 2, segments = 4>
func.func private @segmented() attributes {
  a = #gsa.schedule<segmented, chunk = 64>,
  b = #gsa.schedule<segmented, chunk = auto, slices = 2, segments = 4>
}

// -----

// CHECK: func private @staged
// CHECK-SAME: #gsa.schedule<staged, chunk = auto>, {{.*}} #gsa.schedule<staged, chunk = 32, slices = 4>
func.func private @staged() attributes {
  a = #gsa.schedule<staged, chunk = auto>,
  b = #gsa.schedule<staged, chunk = 32, slices = 4>
}

// -----

// CHECK: func private @whole
// CHECK-SAME: #gsa.schedule<segmented, chunk = 64, segments = 4, whole = 3>, {{.*}} #gsa.schedule<segmented, chunk = 64, segments = 4>
func.func private @whole() attributes {
  a = #gsa.schedule<segmented, chunk = 64, segments = 4, whole = 3>,
  b = #gsa.schedule<segmented, chunk = 64, segments = 4, whole = 0>
}

// -----

// CHECK: func private @clustered
// CHECK-SAME: gsa.schedule = #gsa.schedule<fused, chunk = 64, slices = 4, cluster = 4>
func.func private @clustered() attributes {
  gsa.schedule = #gsa.schedule<fused, chunk = 64, slices = 4, cluster = 4>
}

// -----

// CHECK: func private @attached
// CHECK-SAME: gsa.schedule = #gsa.schedule<fused, chunk = 2>
func.func private @attached() attributes {
  gsa.schedule = #gsa.schedule<fused, chunk = 2>
}

// -----

// CHECK: module attributes {gsa.target = #gsa.target<"x86-64-v4">}
module attributes {gsa.target = #gsa.target<"x86-64-v4">} {
}

// -----

func.func private @schedule_1() attributes {
  // expected-error @below {{a schedule's chunk must be a power of two from 2 to 256, got 48 [schedule-1]}}
  gsa.schedule = #gsa.schedule<fused, chunk = 48>
}

// -----

func.func private @schedule_1_large() attributes {
  // expected-error @below {{a schedule's chunk must be a power of two from 2 to 256, got 512 [schedule-1]}}
  gsa.schedule = #gsa.schedule<fused, chunk = 512>
}

// -----

func.func private @schedule_1_small() attributes {
  // expected-error @below {{a schedule's chunk must be a power of two from 2 to 256, got 1 [schedule-1]}}
  gsa.schedule = #gsa.schedule<fused, chunk = 1>
}

// -----

func.func private @schedule_1_zero() attributes {
  // expected-error @below {{a schedule's chunk must be a power of two from 2 to 256, got 0 [schedule-1]}}
  gsa.schedule = #gsa.schedule<fused, chunk = 0>
}

// -----

func.func private @schedule_2() attributes {
  // expected-error @below {{a schedule's slices must be positive, got 0 [schedule-2]}}
  gsa.schedule = #gsa.schedule<fused, chunk = 16, slices = 0>
}

// -----

func.func private @schedule_3() attributes {
  // expected-error @below {{a schedule's segments must be 1 to 1024, got 1025 [schedule-3]}}
  gsa.schedule = #gsa.schedule<segmented, chunk = 16, segments = 1025>
}

// -----

func.func private @schedule_3_kind() attributes {
  // expected-error @below {{a schedule's segments must be of 'segmented', got 'fused' [schedule-3]}}
  gsa.schedule = #gsa.schedule<fused, chunk = 16, segments = 2>
}

// -----

func.func private @schedule_4() attributes {
  // expected-error @below {{a schedule's cluster must be 1 or its 4 slices, got 2 [schedule-4]}}
  gsa.schedule = #gsa.schedule<fused, chunk = 16, slices = 4, cluster = 2>
}

// -----

func.func private @schedule_6() attributes {
  // expected-error @below {{a schedule's readers must be 1 or 2, got 3 [schedule-6]}}
  gsa.schedule = #gsa.schedule<fused, chunk = 16, slices = 4, cluster = 4, readers = 3>
}

// -----

func.func private @schedule_6_alone() attributes {
  // expected-error @below {{a schedule's two readers must be in a cluster and not of 'plain', got a cluster of 1 and 'fused' [schedule-6]}}
  gsa.schedule = #gsa.schedule<fused, chunk = 16, slices = 4, readers = 2>
}

// -----

func.func private @schedule_6_plain() attributes {
  // expected-error @below {{a schedule's two readers must be in a cluster and not of 'plain', got a cluster of 4 and 'plain' [schedule-6]}}
  gsa.schedule = #gsa.schedule<plain, chunk = 16, slices = 4, cluster = 4, readers = 2>
}

// -----

func.func private @schedule_5() attributes {
  // expected-error @below {{a schedule's whole must not be negative, got -1 [schedule-5]}}
  gsa.schedule = #gsa.schedule<segmented, chunk = 16, segments = 2, whole = -1>
}

// -----

func.func private @schedule_5_alone() attributes {
  // expected-error @below {{a schedule's whole must be beside segments, got 2 without [schedule-5]}}
  gsa.schedule = #gsa.schedule<segmented, chunk = 16, whole = 2>
}

// -----

func.func private @unknown_kind() attributes {
  // expected-error @below {{a schedule's kind must be 'fused', 'plain', 'segmented' or 'staged', got 'fusd'}}
  gsa.schedule = #gsa.schedule<fusd, chunk = 16>
}

// -----

func.func private @no_chunk() attributes {
  // expected-error @below {{expected 'chunk'}}
  gsa.schedule = #gsa.schedule<fused, slices = 2>
}

// -----

func.func private @number_is_no_number() attributes {
  // expected-error @below {{expected integer value}}
  gsa.schedule = #gsa.schedule<fused, chunk = sixteen>
}

// -----

func.func private @schedule_7() attributes {
  // expected-error @below {{a schedule's cluster must be 1 of 'staged', got 4 [schedule-7]}}
  gsa.schedule = #gsa.schedule<staged, chunk = 16, slices = 4, cluster = 4>
}
