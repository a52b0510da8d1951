// RUN: gsa-opt %s --gsa-to-tile=targets=sm_90a --verify-each | FileCheck %s
// RUN: gsa-opt %s --gsa-to-tile=targets=sm_80 --verify-each | FileCheck %s --check-prefix=LANES
// RUN: gsa-opt %s --gsa-to-llvm=targets=sm_90a,sm_80,gfx942 --verify-each | FileCheck %s --check-prefix=LLVM
// RUN: gsa-opt %s --gsa-to-llvm=targets=x86-64-v3 --verify-each | FileCheck %s --check-prefix=LLVM
// RUN: gsa-opt %s --gsa-to-llvm=targets=sm_100a --verify-each | FileCheck %s --check-prefix=EARLY
// RUN: gsa-opt %s --gsa-to-llvm=targets=sm_80,sm_89,gfx942 --verify-each | FileCheck %s --check-prefix=LATE
// RUN: gsa-compile %s --targets=sm_90a --emit=isa | FileCheck %s --check-prefix=ISA

// Without queries the role that keeps both memories in its registers fetches two
// windows ahead.

// CHECK-LABEL: func.func @cut__states(
// CHECK: tile.roles warps [8]
// CHECK-COUNT-2: tile.fetch {{.*}} + 0] :
// CHECK: tile.wait_fetches
// CHECK: tile.barrier
// CHECK-COUNT-2: tile.fetch {{.*}} + 1] :
// CHECK: scf.while
// CHECK: tile.mma {{.*}}wgmma{{.*}}, tensor<64x128xf32
// CHECK: tile.mma {{.*}}wgmma{{.*}}, tensor<64x128xf32
// CHECK: tile.wait_fetches
// CHECK: tile.barrier
// CHECK-COUNT-2: tile.fetch {{.*}} + 2] :
// CHECK: scf.yield
// CHECK: tile.wait_fetches
// CHECK-COUNT-3: tile.store
// CHECK-NOT: tile.mma

// Where lanes copy, a role does nothing else.

// LANES-LABEL: func.func @cut__states(
// LANES: tile.roles warps [4, 8]
// LANES-COUNT-2: tile.fetch {{.*}} + 0] :
// LANES: tile.wait_fetches
// LANES: tile.barrier
// LANES-COUNT-2: tile.fetch {{.*}} + 1] :
// LANES: scf.while
// LANES-NOT: tile.mma
// LANES: tile.wait_fetches
// LANES: tile.barrier
// LANES-COUNT-2: tile.fetch {{.*}} + 2] :
// LANES: scf.yield
// LANES-NOT: tile.fetch
// LANES: scf.while
// LANES: tile.mma
// LANES: tile.mma
// LANES-NOT: tile.wait_fetches
// LANES: tile.barrier
// LANES: scf.yield
// LANES-COUNT-3: tile.store
// LANES-LABEL: func.func @cut__fold(

// CHECK-LABEL: func.func @cut__fold(
// CHECK: tile.roles warps [8]
// CHECK: tile.await_stages{{$}}
// Blocks have one memory's rows and columns, and no lane needs another's.
// CHECK-COUNT-2: scf.if
// CHECK-NOT: tile.convert
// CHECK: math.exp2
// CHECK-NOT: tile.convert
// CHECK: tile.store

// CHECK-LABEL: func.func @cut(
// CHECK: tile.roles warps [4, 8]
// Nobody waits for the states but who carries them, once its gates are done.
// CHECK-NOT: tile.await_stages
// CHECK: scf.while
// CHECK: tile.scan
// CHECK: tile.await_stages if
// CHECK-NOT: tile.barrier
// CHECK: scf.for
// CHECK: tile.load {{.*}} memref<?x?x128x128xf32>
// CHECK: scf.for
// CHECK: tile.load {{.*}} memref<?x?x128x128xf32>
// CHECK: tile.barrier
// CHECK: scf.while

// The second and the third stage start early where launches can.
// EARLY: llvm.func @cut__states(
// EARLY-NOT: gsa.awaits
// EARLY: "griddepcontrol.launch_dependents;", "~{memory}"
// EARLY-NOT: griddepcontrol.wait
// EARLY: llvm.func @cut__fold(
// EARLY-SAME: gsa.awaits
// EARLY: "griddepcontrol.launch_dependents;", "~{memory}"
// EARLY-NEXT: "griddepcontrol.wait;", "~{memory}"
// EARLY: llvm.func @cut(
// EARLY-SAME: gsa.awaits
// EARLY-NOT: griddepcontrol.launch_dependents
// EARLY: llvm.cond_br
// EARLY: "griddepcontrol.wait;", "~{memory}"
// LATE-NOT: griddepcontrol
// LATE-NOT: gsa.awaits

// Of a stage: threads, shared memory, cluster, flags.
// ISA: .visible .entry cut__states(
// ISA: griddepcontrol.launch_dependents;
// ISA: .visible .entry cut__fold(
// ISA: griddepcontrol.wait;
// ISA: .visible .entry cut(
// ISA: griddepcontrol.wait;
// ISA: cut__sm_90a_stages:
// ISA-COUNT-3: .quad
// ISA: .long 1{{$}}
// ISA-NEXT: .long 0{{$}}
// ISA-COUNT-3: .quad
// ISA: .long 1{{$}}
// ISA-NEXT: .long 1{{$}}
// ISA-COUNT-3: .quad
// ISA: .long 1{{$}}
// ISA-NEXT: .long 1{{$}}
// ISA: .size cut__sm_90a_stages

// LLVM: llvm.func @cut__states(
// LLVM: llvm.func @cut__fold(
// LLVM: llvm.func @cut_segments(
// LLVM: llvm.func @cut(
func.func @cut(%q: tensor<?x?x2x128xbf16>, %k: tensor<?x?x2x128xbf16>,
               %v: tensor<?x?x2x128xbf16>, %g: tensor<?x?x2x64xbf16>)
    -> tensor<?x?x2x128xbf16>
    attributes {gsa.schedule = #gsa.schedule<segmented, chunk = auto, segments = 4>} {
  %decay = arith.extf %g : tensor<?x?x2x64xbf16> to tensor<?x?x2x64xf32>
  %o = gsa.slot_attention queries(%q : tensor<?x?x2x128xbf16>)
      keys(%k : tensor<?x?x2x128xbf16>) values(%v : tensor<?x?x2x128xbf16>)
      decay(%decay : tensor<?x?x2x64xf32>) scale 1.0 : tensor<?x?x2x128xbf16>
  return %o : tensor<?x?x2x128xbf16>
}
