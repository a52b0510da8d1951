// RUN: gsa-opt %s --convert-gsa-to-loops=f64 --cse | FileCheck %s
// RUN: gsa-opt %s --convert-gsa-to-loops | FileCheck %s --check-prefix=F32

// The signature: strided memrefs, results last and in f64, names and kinds. The
// body: the recurrence, reverse in packed sequences, a read by two query heads.
// CHECK-LABEL: func.func @read(
// CHECK-SAME:    %[[C:[^:]*]]: memref<1x?x2x4xbf16, strided<[?, ?, ?, 1], offset: ?>> {gsa.kind = "input", gsa.name = "columns"}
// CHECK-SAME:    %[[G:[^:]*]]: memref<1x?x2x3xf32, strided<[?, ?, ?, 1], offset: ?>> {gsa.kind = "input", gsa.name = "arg1"}
// CHECK-SAME:    %[[X:[^:]*]]: memref<1x?x4x3xbf16, strided<[?, ?, ?, 1], offset: ?>> {gsa.kind = "input", gsa.name = "arg2"}
// CHECK-SAME:    %[[OFFSETS:[^:]*]]: memref<?xi32, strided<[1], offset: ?>> {gsa.kind = "offsets", gsa.name = "arg3"}
// CHECK-SAME:    %[[OUT:[^:]*]]: memref<1x?x4x4xf64, strided<[?, ?, ?, 1], offset: ?>> {gsa.kind = "output", gsa.name = "out"})
// CHECK-SAME:    attributes {gsa.kernel}
// CHECK-DAG:     %[[ENTRIES:.*]] = memref.dim %[[OFFSETS]]
// CHECK-DAG:     %[[N:.*]] = arith.subi %[[ENTRIES]], %c1
// CHECK-DAG:     %[[RESULT:.*]] = memref.alloc({{.*}}) : memref<1x?x4x4xf64>
// CHECK-DAG:     %[[S:.*]] = memref.alloc() : memref<3x4xf64>
// CHECK:         scf.for %[[SEQ:.*]] = %c0{{.*}} to %[[N]]
// CHECK:           %[[FIRST32:.*]] = memref.load %[[OFFSETS]][%[[SEQ]]]
// CHECK:           %[[FIRST:.*]] = arith.index_cast %[[FIRST32]] : i32 to index
// CHECK:           %[[LENGTH:.*]] = arith.subi %{{.*}}, %[[FIRST]]
// CHECK:           scf.for %[[HEAD:.*]] = %c0{{.*}} to %c2
// CHECK:             memref.store %cst{{.*}}, %[[S]]
// CHECK:             scf.for %[[STEP:.*]] = %c0{{.*}} to %[[LENGTH]]
// CHECK:               %[[LAST:.*]] = arith.subi %[[LENGTH]], %c1
// CHECK:               %[[BACK:.*]] = arith.subi %[[LAST]], %[[STEP]]
// CHECK:               %[[T:.*]] = arith.addi %[[FIRST]], %[[BACK]]
// CHECK:               scf.for %[[M:.*]] = %c0{{.*}} to %c3
// CHECK:                 %[[G32:.*]] = memref.load %[[G]][%c0{{.*}}, %[[T]], %[[HEAD]], %[[M]]]
// CHECK:                 %[[GATE:.*]] = arith.extf %[[G32]] : f32 to f64
// CHECK:                 %[[LOST:.*]] = math.expm1 %[[GATE]] : f64
// CHECK:                 %[[ROW:.*]] = arith.negf %[[LOST]] : f64
// CHECK:                 %[[KEEP:.*]] = math.exp %[[GATE]] : f64
// CHECK:                 scf.for %[[D:.*]] = %c0{{.*}} to %c4
// CHECK:                   %[[OLD:.*]] = memref.load %[[S]][%[[M]], %[[D]]]
// CHECK:                   %[[KEPT:.*]] = arith.mulf %[[KEEP]], %[[OLD]]
// CHECK:                   memref.load %[[C]][%c0{{.*}}, %[[T]], %[[HEAD]], %[[D]]]
// CHECK:                   %[[WRITE:.*]] = arith.mulf %[[ROW]], %{{.*}} : f64
// CHECK:                   %[[NEW:.*]] = arith.addf %[[KEPT]], %[[WRITE]] : f64
// CHECK:                   memref.store %[[NEW]], %[[S]][%[[M]], %[[D]]]
// CHECK:               scf.for %[[MEMBER:.*]] = %c0{{.*}} to %c2
// CHECK:                 %[[BASE:.*]] = arith.muli %[[HEAD]], %c2
// CHECK:                 %[[HQ:.*]] = arith.addi %[[BASE]], %[[MEMBER]]
// CHECK:                 scf.for %[[Y:.*]] = %c0{{.*}} to %c4
// CHECK:                   %[[SUM:.*]] = scf.for %[[I:.*]] = %c0{{.*}} to %c3
// CHECK:                     memref.load %[[S]][%[[I]], %[[Y]]]
// CHECK:                     memref.load %[[X]][%c0{{.*}}, %[[T]], %[[HQ]], %[[I]]]
// CHECK:                   %[[SCALED:.*]] = arith.mulf %{{.*}}, %[[SUM]] : f64
// CHECK:                   memref.store %[[SCALED]], %[[RESULT]][%c0{{.*}}, %[[T]], %[[HQ]], %[[Y]]]
// CHECK:         memref.load %[[RESULT]]
// CHECK:         memref.store %{{.*}}, %[[OUT]]
// CHECK:         memref.dealloc %[[RESULT]]
// CHECK:         memref.dealloc %[[S]]

// F32-LABEL:   func.func @read(
// F32-SAME:      memref<1x?x4x4xbf16, strided<[?, ?, ?, 1], offset: ?>> {gsa.kind = "output", gsa.name = "out"})
// F32-NOT:       f64
// F32:           arith.truncf {{.*}} : f32 to bf16
// F32-NOT:       f64
func.func @read(%c: tensor<1x?x2x4xbf16> {gsa.name = "columns"},
                %g: tensor<1x?x2x3xf32>, %x: tensor<1x?x4x3xbf16>,
                %offsets: tensor<?xi32>) -> tensor<1x?x4x4xbf16> {
  %m = gsa.memory columns(%c : tensor<1x?x2x4xbf16>)
      decay(%g : tensor<1x?x2x3xf32>) offsets(%offsets : tensor<?xi32>) reverse
      : !gsa.memory<2x3x4>
  %y = gsa.read rows %m, %x scale 0.5
      : !gsa.memory<2x3x4>, tensor<1x?x4x3xbf16> -> tensor<1x?x4x4xbf16>
  return %y : tensor<1x?x4x4xbf16>
}

// A composition is decomposed first: two reads, each with its recurrence.
// CHECK-LABEL: func.func @slots(
// CHECK-COUNT-2: math.expm1
// CHECK-NOT:     math.expm1
// CHECK-NOT:     gsa.slot_attention
// CHECK:         return
func.func @slots(%q: tensor<?x?x2x4xf32>, %k: tensor<?x?x2x4xf32>,
                 %v: tensor<?x?x2x4xf32>, %g: tensor<?x?x2x3xf32>)
    -> tensor<?x?x2x4xf32> {
  %o = gsa.slot_attention queries(%q : tensor<?x?x2x4xf32>)
      keys(%k : tensor<?x?x2x4xf32>) values(%v : tensor<?x?x2x4xf32>)
      decay(%g : tensor<?x?x2x3xf32>) : tensor<?x?x2x4xf32>
  return %o : tensor<?x?x2x4xf32>
}

// Without a decay nothing is multiplied; several results are numbered.
// CHECK-LABEL: func.func @plain(
// CHECK-SAME:    memref<?x2x3x4xf64, {{.*}} {gsa.kind = "output", gsa.name = "out0"}
// CHECK-SAME:    memref<?x2x3x4xf64, {{.*}} {gsa.kind = "output", gsa.name = "last"}
// CHECK-NOT:     math.exp
// CHECK:         return
func.func @plain(%r: tensor<?x?x2x3xf32>, %c: tensor<?x?x2x4xf32>)
    -> (tensor<?x2x3x4xf32>, tensor<?x2x3x4xf32> {gsa.name = "last"}) {
  %m = gsa.memory rows(%r : tensor<?x?x2x3xf32>)
      columns(%c : tensor<?x?x2x4xf32>) : !gsa.memory<2x3x4>
  %s = gsa.final_state %m : !gsa.memory<2x3x4> -> tensor<?x2x3x4xf32>
  return %s, %s : tensor<?x2x3x4xf32>, tensor<?x2x3x4xf32>
}
