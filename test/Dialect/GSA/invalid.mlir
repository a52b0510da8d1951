// RUN: gsa-opt %s --split-input-file --verify-diagnostics

func.func @memory_1(%r: tensor<?x?x?x32xf32>, %c: tensor<?x?x4x64xf32>) {
  // expected-error @below {{'gsa.memory' op rows must have static, positive heads and size, got 'tensor<?x?x?x32xf32>' [memory-1]}}
  %m = gsa.memory rows(%r : tensor<?x?x?x32xf32>)
      columns(%c : tensor<?x?x4x64xf32>) : !gsa.memory<4x32x64>
  return
}

// -----

func.func @memory_1_decay(%r: tensor<?x?x4x32xf32>, %c: tensor<?x?x4x64xf32>,
                          %g: tensor<?xf32>) {
  // expected-error @below {{'gsa.memory' op decay must have static, positive heads and size, got 'tensor<?xf32>' [memory-1]}}
  %m = gsa.memory rows(%r : tensor<?x?x4x32xf32>)
      columns(%c : tensor<?x?x4x64xf32>) decay(%g : tensor<?xf32>)
      : !gsa.memory<4x32x64>
  return
}

// -----

func.func @memory_2(%r: tensor<?x?x4x32xf32>, %c: tensor<2x?x4x64xf32>) {
  // expected-error @below {{'gsa.memory' op rows must have the B and T of columns, 'tensor<2x?x4x64xf32>', got 'tensor<?x?x4x32xf32>' [memory-2]}}
  %m = gsa.memory rows(%r : tensor<?x?x4x32xf32>)
      columns(%c : tensor<2x?x4x64xf32>) : !gsa.memory<4x32x64>
  return
}

// -----

func.func @memory_2_decay(%r: tensor<2x8x4x32xf32>, %c: tensor<2x8x4x64xf32>,
                          %g: tensor<2x9x4xf32>) {
  // expected-error @below {{'gsa.memory' op decay must have the B and T of columns, 'tensor<2x8x4x64xf32>', got 'tensor<2x9x4xf32>' [memory-2]}}
  %m = gsa.memory rows(%r : tensor<2x8x4x32xf32>)
      columns(%c : tensor<2x8x4x64xf32>) decay(%g : tensor<2x9x4xf32>)
      : !gsa.memory<4x32x64>
  return
}

// -----

func.func @memory_3(%r: tensor<?x?x4x32xf32>, %c: tensor<?x?x2x64xf32>) {
  // expected-error @below {{'gsa.memory' op columns must be [B, T, 4, 64], got 'tensor<?x?x2x64xf32>' [memory-3]}}
  %m = gsa.memory rows(%r : tensor<?x?x4x32xf32>)
      columns(%c : tensor<?x?x2x64xf32>) : !gsa.memory<4x32x64>
  return
}

// -----

func.func @memory_4(%r: tensor<?x?x4x16xf32>, %c: tensor<?x?x4x64xf32>) {
  // expected-error @below {{'gsa.memory' op rows must be [B, T, 4, 32], got 'tensor<?x?x4x16xf32>' [memory-4]}}
  %m = gsa.memory rows(%r : tensor<?x?x4x16xf32>)
      columns(%c : tensor<?x?x4x64xf32>) : !gsa.memory<4x32x64>
  return
}

// -----

func.func @memory_5(%r: tensor<?x?x4x32xf32>, %c: tensor<?x?x4x64xf32>,
                    %g: tensor<?x?x4x64xf32>) {
  // expected-error @below {{'gsa.memory' op decay must be [B, T, 4, 32], [B, T, 4] or [4], got 'tensor<?x?x4x64xf32>' [memory-5]}}
  %m = gsa.memory rows(%r : tensor<?x?x4x32xf32>)
      columns(%c : tensor<?x?x4x64xf32>) decay(%g : tensor<?x?x4x64xf32>)
      : !gsa.memory<4x32x64>
  return
}

// -----

func.func @memory_5_token(%r: tensor<?x?x4x32xf32>, %c: tensor<?x?x4x64xf32>,
                          %g: tensor<?x?x32xf32>) {
  // expected-error @below {{'gsa.memory' op decay must be [B, T, 4, 32], [B, T, 4] or [4], got 'tensor<?x?x32xf32>' [memory-5]}}
  %m = gsa.memory rows(%r : tensor<?x?x4x32xf32>)
      columns(%c : tensor<?x?x4x64xf32>) decay(%g : tensor<?x?x32xf32>)
      : !gsa.memory<4x32x64>
  return
}

// -----

func.func @memory_5_head(%r: tensor<?x?x4x32xf32>, %c: tensor<?x?x4x64xf32>,
                         %g: tensor<8xf32>) {
  // expected-error @below {{'gsa.memory' op decay must be [B, T, 4, 32], [B, T, 4] or [4], got 'tensor<8xf32>' [memory-5]}}
  %m = gsa.memory rows(%r : tensor<?x?x4x32xf32>)
      columns(%c : tensor<?x?x4x64xf32>) decay(%g : tensor<8xf32>)
      : !gsa.memory<4x32x64>
  return
}

// -----

func.func @memory_6(%c: tensor<?x?x4x64xf32>, %g: tensor<?x?x4xf32>) {
  // expected-error @below {{'gsa.memory' op a write without rows must have a decay per row, got token [memory-6]}}
  %m = gsa.memory columns(%c : tensor<?x?x4x64xf32>)
      decay(%g : tensor<?x?x4xf32>) : !gsa.memory<4x32x64>
  return
}

// -----

func.func @memory_6_none(%c: tensor<?x?x4x64xf32>) {
  // expected-error @below {{'gsa.memory' op a write without rows must have a decay per row, got none [memory-6]}}
  %m = gsa.memory columns(%c : tensor<?x?x4x64xf32>) : !gsa.memory<4x32x64>
  return
}

// -----

func.func @memory_7(%r: tensor<?x?x4x32xf32>, %c: tensor<?x?x4x64xf32>,
                    %s: tensor<?x4x64x32xf32>) {
  // expected-error @below {{'gsa.memory' op initial must be [N, 4, 32, 64], got 'tensor<?x4x64x32xf32>' [memory-7]}}
  %m = gsa.memory rows(%r : tensor<?x?x4x32xf32>)
      columns(%c : tensor<?x?x4x64xf32>) initial(%s : tensor<?x4x64x32xf32>)
      : !gsa.memory<4x32x64>
  return
}

// -----

func.func @memory_7_rank(%r: tensor<?x?x4x32xf32>, %c: tensor<?x?x4x64xf32>,
                         %s: tensor<?x4x32xf32>) {
  // expected-error @below {{'gsa.memory' op initial must be [N, 4, 32, 64], got 'tensor<?x4x32xf32>' [memory-7]}}
  %m = gsa.memory rows(%r : tensor<?x?x4x32xf32>)
      columns(%c : tensor<?x?x4x64xf32>) initial(%s : tensor<?x4x32xf32>)
      : !gsa.memory<4x32x64>
  return
}

// -----

func.func @memory_8(%r: tensor<?x?x4x32xf32>, %c: tensor<?x?x4x64xf32>,
                    %o: tensor<?xi32>) {
  // expected-error @below {{'gsa.memory' op columns must have a static batch of 1 with offsets, got 'tensor<?x?x4x64xf32>' [memory-8]}}
  %m = gsa.memory rows(%r : tensor<?x?x4x32xf32>)
      columns(%c : tensor<?x?x4x64xf32>) offsets(%o : tensor<?xi32>)
      : !gsa.memory<4x32x64>
  return
}

// -----

func.func @memory_9(%r: tensor<2x?x4x32xf32>, %c: tensor<2x?x4x64xf32>,
                    %s: tensor<3x4x32x64xf32>) {
  // expected-error @below {{'gsa.memory' op initial must have one state for each of 2 sequences, got 3 [memory-9]}}
  %m = gsa.memory rows(%r : tensor<2x?x4x32xf32>)
      columns(%c : tensor<2x?x4x64xf32>) initial(%s : tensor<3x4x32x64xf32>)
      : !gsa.memory<4x32x64>
  return
}

// -----

func.func @memory_9_packed(%r: tensor<1x?x4x32xf32>, %c: tensor<1x?x4x64xf32>,
                           %s: tensor<1x4x32x64xf32>, %o: tensor<4xi64>) {
  // expected-error @below {{'gsa.memory' op initial must have one state for each of 3 sequences, got 1 [memory-9]}}
  %m = gsa.memory rows(%r : tensor<1x?x4x32xf32>)
      columns(%c : tensor<1x?x4x64xf32>) initial(%s : tensor<1x4x32x64xf32>)
      offsets(%o : tensor<4xi64>) : !gsa.memory<4x32x64>
  return
}

// -----

func.func @state_is_f32(%r: tensor<?x?x4x32xf32>, %c: tensor<?x?x4x64xf32>,
                        %s: tensor<?x4x32x64xbf16>) {
  // expected-error @below {{'gsa.memory' op operand #2 must be [N, H, M, D] or [N, H, M] tensor of 32-bit float values, but got 'tensor<?x4x32x64xbf16>'}}
  %m = gsa.memory rows(%r : tensor<?x?x4x32xf32>)
      columns(%c : tensor<?x?x4x64xf32>) initial(%s : tensor<?x4x32x64xbf16>)
      : !gsa.memory<4x32x64>
  return
}

// -----

func.func @element_type(%r: tensor<?x?x4x32xf64>, %c: tensor<?x?x4x64xf32>) {
  // expected-error @below {{'gsa.memory' op operand #0 must be [B, T, H, size] tensor of 32-bit float or bfloat16 type or 16-bit float values, but got 'tensor<?x?x4x32xf64>'}}
  %m = gsa.memory rows(%r : tensor<?x?x4x32xf64>)
      columns(%c : tensor<?x?x4x64xf32>) : !gsa.memory<4x32x64>
  return
}

// -----

// expected-error @below {{a memory's heads, rows and columns must be positive, got 0x32x64 [memory_type-1]}}
func.func private @memory_type_1(!gsa.memory<0x32x64>)

// -----

// expected-error @below {{a memory's type must be <heads x rows x columns>, got 2 extents}}
func.func private @two_extents(!gsa.memory<32x64>)

// -----

func.func @read_1(%m: !gsa.memory<4x32x64>, %x: tensor<?x?x4x?xf32>) {
  // expected-error @below {{'gsa.read' op the vector must have static, positive heads and size, got 'tensor<?x?x4x?xf32>' [read-1]}}
  %y = gsa.read rows %m, %x : !gsa.memory<4x32x64>, tensor<?x?x4x?xf32>
      -> tensor<?x?x4x64xf32>
  return
}

// -----

func.func @read_2(%m: !gsa.memory<4x32x64>, %x: tensor<?x?x6x32xf32>) {
  // expected-error @below {{'gsa.read' op the vector's heads must be a multiple of the memory's 4, got 6 [read-2]}}
  %y = gsa.read rows %m, %x : !gsa.memory<4x32x64>, tensor<?x?x6x32xf32>
      -> tensor<?x?x6x64xf32>
  return
}

// -----

func.func @read_3(%m: !gsa.memory<4x32x64>, %x: tensor<?x?x4x64xf32>) {
  // expected-error @below {{'gsa.read' op the vector of a read by rows must have size 32, got 64 [read-3]}}
  %y = gsa.read rows %m, %x : !gsa.memory<4x32x64>, tensor<?x?x4x64xf32>
      -> tensor<?x?x4x32xf32>
  return
}

// -----

func.func @read_3_columns(%m: !gsa.memory<4x32x64>, %x: tensor<?x?x4x32xf32>) {
  // expected-error @below {{'gsa.read' op the vector of a read by columns must have size 64, got 32 [read-3]}}
  %y = gsa.read columns %m, %x : !gsa.memory<4x32x64>, tensor<?x?x4x32xf32>
      -> tensor<?x?x4x64xf32>
  return
}

// -----

func.func @read_4(%m: !gsa.memory<4x32x64>, %x: tensor<?x?x8x32xf32>) {
  // expected-error @below {{'gsa.read' op the result must be [B, T, 8, 64], got 'tensor<?x?x4x64xf32>' [read-4]}}
  %y = gsa.read rows %m, %x : !gsa.memory<4x32x64>, tensor<?x?x8x32xf32>
      -> tensor<?x?x4x64xf32>
  return
}

// -----

func.func @read_4_time(%m: !gsa.memory<4x32x64>, %x: tensor<?x?x4x32xf32>) {
  // expected-error @below {{'gsa.read' op the result must have the B and T of the vector, 'tensor<?x?x4x32xf32>', got 'tensor<?x7x4x64xf32>' [read-4]}}
  %y = gsa.read rows %m, %x : !gsa.memory<4x32x64>, tensor<?x?x4x32xf32>
      -> tensor<?x7x4x64xf32>
  return
}

// -----

// With offsets B is 1, in the vector too.
func.func @read_5(%r: tensor<1x?x4x32xf32>, %c: tensor<1x?x4x64xf32>,
                  %o: tensor<?xi32>, %x: tensor<?x?x4x32xf32>) {
  %m = gsa.memory rows(%r : tensor<1x?x4x32xf32>)
      columns(%c : tensor<1x?x4x64xf32>) offsets(%o : tensor<?xi32>)
      : !gsa.memory<4x32x64>
  // expected-error @below {{'gsa.read' op the vector must have the B and T of the memory's columns, 'tensor<1x?x4x64xf32>', got 'tensor<?x?x4x32xf32>' [read-5]}}
  %y = gsa.read rows %m, %x : !gsa.memory<4x32x64>, tensor<?x?x4x32xf32>
      -> tensor<?x?x4x64xf32>
  return
}

// -----

func.func @read_6(%m: !gsa.memory<4x32x64>, %x: tensor<?x?x4x32xf32>) {
  // expected-error @below {{'gsa.read' op scale must be finite and not zero, got 0 [read-6]}}
  %y = gsa.read rows %m, %x scale 0.0 : !gsa.memory<4x32x64>,
      tensor<?x?x4x32xf32> -> tensor<?x?x4x64xf32>
  return
}

// -----

func.func @read_6_infinite(%m: !gsa.memory<4x32x64>, %x: tensor<?x?x4x32xf32>) {
  // expected-error @below {{'gsa.read' op scale must be finite and not zero, got +Inf [read-6]}}
  %y = gsa.read rows %m, %x scale 0x7FF0000000000000 : !gsa.memory<4x32x64>,
      tensor<?x?x4x32xf32> -> tensor<?x?x4x64xf32>
  return
}

// -----

func.func @final_state_1(%m: !gsa.memory<4x32x64>) {
  // expected-error @below {{'gsa.final_state' op the state must be [N, 4, 32, 64], got 'tensor<?x4x32xf32>' [final_state-1]}}
  %s = gsa.final_state %m : !gsa.memory<4x32x64> -> tensor<?x4x32xf32>
  return
}

// -----

func.func @final_state_2(%r: tensor<2x?x4x32xf32>, %c: tensor<2x?x4x64xf32>) {
  %m = gsa.memory rows(%r : tensor<2x?x4x32xf32>)
      columns(%c : tensor<2x?x4x64xf32>) : !gsa.memory<4x32x64>
  // expected-error @below {{'gsa.final_state' op the state must have one state for each of 2 sequences, got 1 [final_state-2]}}
  %s = gsa.final_state %m : !gsa.memory<4x32x64> -> tensor<1x4x32x64xf32>
  return
}

// -----

func.func @slot_attention_1(%q: tensor<?x?x4x64xf32>, %k: tensor<?x?x?x64xf32>,
                            %v: tensor<?x?x2x96xf32>,
                            %g: tensor<?x?x2x32xf32>) {
  // expected-error @below {{'gsa.slot_attention' op keys must have static, positive heads and size, got 'tensor<?x?x?x64xf32>' [slot_attention-1]}}
  %0 = gsa.slot_attention queries(%q : tensor<?x?x4x64xf32>)
      keys(%k : tensor<?x?x?x64xf32>) values(%v : tensor<?x?x2x96xf32>)
      decay(%g : tensor<?x?x2x32xf32>)
      : tensor<?x?x4x96xf32>
  return
}

// -----

func.func @slot_attention_1_no_heads(
    %q: tensor<?x?x4x64xf32>, %k: tensor<?x?x0x64xf32>,
    %v: tensor<?x?x0x96xf32>, %g: tensor<?x?x0x32xf32>) {
  // expected-error @below {{'gsa.slot_attention' op keys must have static, positive heads and size, got 'tensor<?x?x0x64xf32>' [slot_attention-1]}}
  %0 = gsa.slot_attention queries(%q : tensor<?x?x4x64xf32>)
      keys(%k : tensor<?x?x0x64xf32>) values(%v : tensor<?x?x0x96xf32>)
      decay(%g : tensor<?x?x0x32xf32>)
      : tensor<?x?x4x96xf32>
  return
}

// -----

func.func @slot_attention_2(%q: tensor<?x?x4x64xf32>, %k: tensor<?x?x2x64xf32>,
                            %v: tensor<?x8x2x96xf32>,
                            %g: tensor<?x?x2x32xf32>) {
  // expected-error @below {{'gsa.slot_attention' op values must have the B and T of queries, 'tensor<?x?x4x64xf32>', got 'tensor<?x8x2x96xf32>' [slot_attention-2]}}
  %0 = gsa.slot_attention queries(%q : tensor<?x?x4x64xf32>)
      keys(%k : tensor<?x?x2x64xf32>) values(%v : tensor<?x8x2x96xf32>)
      decay(%g : tensor<?x?x2x32xf32>)
      : tensor<?x?x4x96xf32>
  return
}

// -----

func.func @slot_attention_3(%q: tensor<?x?x4x64xf32>, %k: tensor<?x?x2x64xf32>,
                            %v: tensor<?x?x1x96xf32>,
                            %g: tensor<?x?x2x32xf32>) {
  // expected-error @below {{'gsa.slot_attention' op values must have the keys' heads, 2, got 1 [slot_attention-3]}}
  %0 = gsa.slot_attention queries(%q : tensor<?x?x4x64xf32>)
      keys(%k : tensor<?x?x2x64xf32>) values(%v : tensor<?x?x1x96xf32>)
      decay(%g : tensor<?x?x2x32xf32>)
      : tensor<?x?x4x96xf32>
  return
}

// -----

func.func @slot_attention_4(%q: tensor<?x?x5x64xf32>, %k: tensor<?x?x2x64xf32>,
                            %v: tensor<?x?x2x96xf32>,
                            %g: tensor<?x?x2x32xf32>) {
  // expected-error @below {{'gsa.slot_attention' op the queries' heads must be a multiple of the keys' 2, got 5 [slot_attention-4]}}
  %0 = gsa.slot_attention queries(%q : tensor<?x?x5x64xf32>)
      keys(%k : tensor<?x?x2x64xf32>) values(%v : tensor<?x?x2x96xf32>)
      decay(%g : tensor<?x?x2x32xf32>)
      : tensor<?x?x5x96xf32>
  return
}

// -----

func.func @slot_attention_5(%q: tensor<?x?x4x96xf32>, %k: tensor<?x?x2x64xf32>,
                            %v: tensor<?x?x2x96xf32>,
                            %g: tensor<?x?x2x32xf32>) {
  // expected-error @below {{'gsa.slot_attention' op queries must have the keys' size, 64, got 96 [slot_attention-5]}}
  %0 = gsa.slot_attention queries(%q : tensor<?x?x4x96xf32>)
      keys(%k : tensor<?x?x2x64xf32>) values(%v : tensor<?x?x2x96xf32>)
      decay(%g : tensor<?x?x2x32xf32>)
      : tensor<?x?x4x96xf32>
  return
}

// -----

func.func @slot_attention_6(%q: tensor<?x?x4x64xf32>, %k: tensor<?x?x2x64xf32>,
                            %v: tensor<?x?x2x96xf32>, %g: tensor<2xf32>) {
  // expected-error @below {{'gsa.slot_attention' op attention without writes must have a decay per row, got head [slot_attention-6]}}
  %0 = gsa.slot_attention queries(%q : tensor<?x?x4x64xf32>)
      keys(%k : tensor<?x?x2x64xf32>) values(%v : tensor<?x?x2x96xf32>)
      decay(%g : tensor<2xf32>)
      : tensor<?x?x4x96xf32>
  return
}

// -----

func.func @slot_attention_6_none(%q: tensor<?x?x4x64xf32>,
                                 %k: tensor<?x?x2x64xf32>,
                                 %v: tensor<?x?x2x96xf32>) {
  // expected-error @below {{'gsa.slot_attention' op attention without writes must have a decay per row, got none [slot_attention-6]}}
  %0 = gsa.slot_attention queries(%q : tensor<?x?x4x64xf32>)
      keys(%k : tensor<?x?x2x64xf32>) values(%v : tensor<?x?x2x96xf32>)
      : tensor<?x?x4x96xf32>
  return
}

// -----

func.func @slot_attention_7(%q: tensor<?x?x4x64xf32>, %k: tensor<?x?x2x64xf32>,
                            %v: tensor<?x?x2x96xf32>, %w: tensor<?x?x4x32xf32>,
                            %g: tensor<?x?x2x32xf32>) {
  // expected-error @below {{'gsa.slot_attention' op writes must be [B, T, 2, 32], got 'tensor<?x?x4x32xf32>' [slot_attention-7]}}
  %0 = gsa.slot_attention queries(%q : tensor<?x?x4x64xf32>)
      keys(%k : tensor<?x?x2x64xf32>) values(%v : tensor<?x?x2x96xf32>)
      writes(%w : tensor<?x?x4x32xf32>)
      decay(%g : tensor<?x?x2x32xf32>)
      : tensor<?x?x4x96xf32>
  return
}

// -----

func.func @slot_attention_8(%q: tensor<?x?x4x64xf32>, %k: tensor<?x?x2x64xf32>,
                            %v: tensor<?x?x2x96xf32>, %w: tensor<?x?x2x16xf32>,
                            %g: tensor<?x?x2x32xf32>) {
  // expected-error @below {{'gsa.slot_attention' op decay must be [B, T, 2, 16], [B, T, 2] or [2], got 'tensor<?x?x2x32xf32>' [slot_attention-8]}}
  %0 = gsa.slot_attention queries(%q : tensor<?x?x4x64xf32>)
      keys(%k : tensor<?x?x2x64xf32>) values(%v : tensor<?x?x2x96xf32>)
      writes(%w : tensor<?x?x2x16xf32>)
      decay(%g : tensor<?x?x2x32xf32>)
      : tensor<?x?x4x96xf32>
  return
}

// -----

func.func @slot_attention_8_tied(%q: tensor<?x?x4x64xf32>,
                                 %k: tensor<?x?x2x64xf32>,
                                 %v: tensor<?x?x2x96xf32>,
                                 %g: tensor<?x?x4x32xf32>) {
  // expected-error @below {{'gsa.slot_attention' op decay must be [B, T, 2, 32], [B, T, 2] or [2], got 'tensor<?x?x4x32xf32>' [slot_attention-8]}}
  %0 = gsa.slot_attention queries(%q : tensor<?x?x4x64xf32>)
      keys(%k : tensor<?x?x2x64xf32>) values(%v : tensor<?x?x2x96xf32>)
      decay(%g : tensor<?x?x4x32xf32>)
      : tensor<?x?x4x96xf32>
  return
}

// -----

func.func @slot_attention_9(%q: tensor<?x?x4x64xf32>, %k: tensor<?x?x2x64xf32>,
                            %v: tensor<?x?x2x96xf32>,
                            %g: tensor<?x?x2x32xf32>) {
  // expected-error @below {{'gsa.slot_attention' op the result must be [B, T, 4, 96], got 'tensor<?x?x4x64xf32>' [slot_attention-9]}}
  %0 = gsa.slot_attention queries(%q : tensor<?x?x4x64xf32>)
      keys(%k : tensor<?x?x2x64xf32>) values(%v : tensor<?x?x2x96xf32>)
      decay(%g : tensor<?x?x2x32xf32>)
      : tensor<?x?x4x64xf32>
  return
}

// -----

func.func @slot_attention_10(%q: tensor<?x?x4x64xf32>, %k: tensor<?x?x2x64xf32>,
                             %v: tensor<?x?x2x96xf32>, %g: tensor<?x?x2x32xf32>,
                             %ik: tensor<?x2x32x96xf32>) {
  // expected-error @below {{'gsa.slot_attention' op initial_keys must be [N, 2, 32, 64], got 'tensor<?x2x32x96xf32>' [slot_attention-10]}}
  %0 = gsa.slot_attention queries(%q : tensor<?x?x4x64xf32>)
      keys(%k : tensor<?x?x2x64xf32>) values(%v : tensor<?x?x2x96xf32>)
      decay(%g : tensor<?x?x2x32xf32>)
      initial_keys(%ik : tensor<?x2x32x96xf32>)
      : tensor<?x?x4x96xf32>
  return
}

// -----

func.func @slot_attention_10_values(%q: tensor<?x?x4x64xf32>,
                                    %k: tensor<?x?x2x64xf32>,
                                    %v: tensor<?x?x2x96xf32>,
                                    %g: tensor<?x?x2x32xf32>) {
  // expected-error @below {{'gsa.slot_attention' op final_values must be [N, 2, 32, 96], got 'tensor<?x2x32x64xf32>' [slot_attention-10]}}
  %0:2 = gsa.slot_attention queries(%q : tensor<?x?x4x64xf32>)
      keys(%k : tensor<?x?x2x64xf32>) values(%v : tensor<?x?x2x96xf32>)
      decay(%g : tensor<?x?x2x32xf32>)
      : tensor<?x?x4x96xf32> final_values tensor<?x2x32x64xf32>
  return
}

// -----

func.func @slot_attention_11(%q: tensor<2x?x4x64xf32>, %k: tensor<2x?x2x64xf32>,
                             %v: tensor<2x?x2x96xf32>,
                             %g: tensor<2x?x2x32xf32>) {
  // expected-error @below {{'gsa.slot_attention' op final_keys must have one state for each of 2 sequences, got 3 [slot_attention-11]}}
  %0:2 = gsa.slot_attention queries(%q : tensor<2x?x4x64xf32>)
      keys(%k : tensor<2x?x2x64xf32>) values(%v : tensor<2x?x2x96xf32>)
      decay(%g : tensor<2x?x2x32xf32>)
      : tensor<2x?x4x96xf32> final_keys tensor<3x2x32x64xf32>
  return
}

// -----

func.func @slot_attention_12(%q: tensor<?x?x4x64xf32>, %k: tensor<?x?x2x64xf32>,
                             %v: tensor<?x?x2x96xf32>, %g: tensor<?x?x2x32xf32>,
                             %off: tensor<?xi32>) {
  // expected-error @below {{'gsa.slot_attention' op queries must have a static batch of 1 with offsets, got 'tensor<?x?x4x64xf32>' [slot_attention-12]}}
  %0 = gsa.slot_attention queries(%q : tensor<?x?x4x64xf32>)
      keys(%k : tensor<?x?x2x64xf32>) values(%v : tensor<?x?x2x96xf32>)
      decay(%g : tensor<?x?x2x32xf32>)
      offsets(%off : tensor<?xi32>)
      : tensor<?x?x4x96xf32>
  return
}

// -----

func.func @slot_attention_13(%q: tensor<?x?x4x64xf32>, %k: tensor<?x?x2x64xf32>,
                             %v: tensor<?x?x2x96xf32>,
                             %g: tensor<?x?x2x32xf32>) {
  // expected-error @below {{'gsa.slot_attention' op scale must be finite and not zero, got NaN [slot_attention-13]}}
  %0 = gsa.slot_attention queries(%q : tensor<?x?x4x64xf32>)
      keys(%k : tensor<?x?x2x64xf32>) values(%v : tensor<?x?x2x96xf32>)
      decay(%g : tensor<?x?x2x32xf32>)
      scale 0x7FF8000000000000
      : tensor<?x?x4x96xf32>
  return
}

// -----

func.func @softmax_decay_1(%x: tensor<?x?x?x32xf32>) {
  // expected-error @below {{'gsa.softmax_decay' op logits must have static, positive heads and size, got 'tensor<?x?x?x32xf32>' [softmax_decay-1]}}
  %g = gsa.softmax_decay %x : tensor<?x?x?x32xf32> -> tensor<?x?x?x32xf32>
  return
}

// -----

func.func @softmax_decay_2(%x: tensor<?x?x4x32xbf16>) {
  // expected-error @below {{'gsa.softmax_decay' op the decay must be 'tensor<?x?x4x32xf32>', got 'tensor<?x?x4x32xbf16>' [softmax_decay-2]}}
  %g = gsa.softmax_decay %x : tensor<?x?x4x32xbf16> -> tensor<?x?x4x32xbf16>
  return
}

// -----

func.func @softmax_decay_3(%x: tensor<?x?x4x32xf32>, %z: tensor<?x4x64xf32>) {
  // expected-error @below {{'gsa.softmax_decay' op initial must be [N, 4, 32], got 'tensor<?x4x64xf32>' [softmax_decay-3]}}
  %g = gsa.softmax_decay %x initial(%z : tensor<?x4x64xf32>)
      : tensor<?x?x4x32xf32> -> tensor<?x?x4x32xf32>
  return
}

// -----

func.func @softmax_decay_3_rank(%x: tensor<?x?x4x32xf32>) {
  // expected-error @below {{'gsa.softmax_decay' op final must be [N, 4, 32], got 'tensor<?x4x32x64xf32>' [softmax_decay-3]}}
  %g:2 = gsa.softmax_decay %x : tensor<?x?x4x32xf32> -> tensor<?x?x4x32xf32>
      final tensor<?x4x32x64xf32>
  return
}

// -----

func.func @softmax_decay_4(%x: tensor<1x?x4x32xf32>, %o: tensor<3xi32>) {
  // expected-error @below {{'gsa.softmax_decay' op final must have one state for each of 2 sequences, got 1 [softmax_decay-4]}}
  %g:2 = gsa.softmax_decay %x offsets(%o : tensor<3xi32>)
      : tensor<1x?x4x32xf32> -> tensor<1x?x4x32xf32> final tensor<1x4x32xf32>
  return
}

// -----

func.func @softmax_decay_5(%x: tensor<2x?x4x32xf32>, %o: tensor<?xi32>) {
  // expected-error @below {{'gsa.softmax_decay' op logits must have a static batch of 1 with offsets, got 'tensor<2x?x4x32xf32>' [softmax_decay-5]}}
  %g = gsa.softmax_decay %x offsets(%o : tensor<?xi32>)
      : tensor<2x?x4x32xf32> -> tensor<2x?x4x32xf32>
  return
}

// -----

func.func @softmax_1(%x: tensor<?x?x4x?xf32>) {
  // expected-error @below {{'gsa.softmax' op the operand must have static, positive heads and size, got 'tensor<?x?x4x?xf32>' [softmax-1]}}
  %p = gsa.softmax %x : tensor<?x?x4x?xf32>
  return
}

// -----

func.func @function_of_integers(%x: tensor<?x?x4x32xi32>) {
  // expected-error @below {{'gsa.silu' op operand #0 must be floating-point-like, but got 'tensor<?x?x4x32xi32>'}}
  %y = gsa.silu %x : tensor<?x?x4x32xi32>
  return
}

// -----

func.func @sweep_1(%x: tensor<?x?x4x32xf32>, %y: tensor<?x?x4x32xbf16>) {
  // expected-error @below {{'gsa.sweep' op must yield values of types ('tensor<?x?x4x32xf32>'), got ('tensor<?x?x4x32xbf16>') [sweep-1]}}
  %0 = gsa.sweep -> tensor<?x?x4x32xf32> {
    gsa.yield %y : tensor<?x?x4x32xbf16>
  }
  return
}

// -----

func.func @sweep_1_count(%x: tensor<?x?x4x32xf32>) {
  // expected-error @below {{'gsa.sweep' op must yield values of types (), got ('tensor<?x?x4x32xf32>') [sweep-1]}}
  gsa.sweep {
    gsa.yield %x : tensor<?x?x4x32xf32>
  }
  return
}

// -----

func.func @sweep_hands_out_a_memory(%x: tensor<?x?x4x32xf32>) {
  // expected-error @below {{'gsa.sweep' op result #0 must be variadic of ranked tensor of any type values, but got '!gsa.memory<4x32x32>'}}
  %0 = gsa.sweep -> !gsa.memory<4x32x32> {
    %m = gsa.memory rows(%x : tensor<?x?x4x32xf32>)
        columns(%x : tensor<?x?x4x32xf32>) : !gsa.memory<4x32x32>
    gsa.yield %m : !gsa.memory<4x32x32>
  }
  return
}

// -----

func.func @sweep_2(%x: tensor<?x?x4x32xf32>) {
  // expected-error @below {{'gsa.sweep' op must hold memories, reads, softmaxes, final states, elementwise ops, splats and constants only, got 'tensor.cast' [sweep-2]}}
  gsa.sweep {
    %0 = tensor.cast %x : tensor<?x?x4x32xf32> to tensor<2x?x4x32xf32>
  }
  return
}

// -----

func.func @sweep_3(%x: tensor<?x?x4x32xf32>) {
  // expected-error @below {{'gsa.sweep' op must hold forward time only, got a reverse 'gsa.softmax_decay' [sweep-3]}}
  gsa.sweep {
    %g = gsa.softmax_decay %x reverse
        : tensor<?x?x4x32xf32> -> tensor<?x?x4x32xf32>
  }
  return
}

// -----

func.func @sweep_3_reverse(%x: tensor<?x?x4x32xf32>) {
  // expected-error @below {{'gsa.sweep' op must hold reverse time only, got a forward 'gsa.memory' [sweep-3]}}
  gsa.sweep reverse {
    %m = gsa.memory rows(%x : tensor<?x?x4x32xf32>)
        columns(%x : tensor<?x?x4x32xf32>) : !gsa.memory<4x32x32>
  }
  return
}

// -----

func.func @sweep_4(%x: tensor<1x?x4x32xf32>, %o: tensor<?xi32>) {
  // expected-error @below {{'gsa.sweep' op must hold one set of offsets, got another at 'gsa.memory' [sweep-4]}}
  gsa.sweep {
    %g = gsa.softmax_decay %x offsets(%o : tensor<?xi32>)
        : tensor<1x?x4x32xf32> -> tensor<1x?x4x32xf32>
    %m = gsa.memory columns(%x : tensor<1x?x4x32xf32>)
        decay(%g : tensor<1x?x4x32xf32>) : !gsa.memory<4x32x32>
  }
  return
}

// -----

func.func @sweep_5(%x: tensor<?x?x4x32xf32>, %y: tensor<?x?x2x32xf32>) {
  // expected-error @below {{'gsa.sweep' op must hold memories of 4 heads, got 2 [sweep-5]}}
  gsa.sweep {
    %0 = gsa.memory rows(%x : tensor<?x?x4x32xf32>)
        columns(%x : tensor<?x?x4x32xf32>) : !gsa.memory<4x32x32>
    %1 = gsa.memory rows(%y : tensor<?x?x2x32xf32>)
        columns(%y : tensor<?x?x2x32xf32>) : !gsa.memory<2x32x32>
  }
  return
}

// -----

// expected-error @below {{'func.func' op gsa.name must be a string that is a C identifier, got "q-1" [dialect-1]}}
func.func private @dialect_1(f32 {gsa.name = "q-1"})

// -----

// expected-error @below {{'func.func' op gsa.name must be a string that is a C identifier, got "1q" [dialect-1]}}
func.func private @dialect_1_result() -> (f32 {gsa.name = "1q"})

// -----

// expected-error @below {{'func.func' op gsa.name must differ between arguments and results, got "q" twice [dialect-2]}}
func.func private @dialect_2(f32 {gsa.name = "q"}, f32 {gsa.name = "q"})

// -----

// expected-error @below {{'func.func' op gsa.name must differ between arguments and results, got "o" twice [dialect-2]}}
func.func private @dialect_2_result(f32 {gsa.name = "o"})
    -> (f32 {gsa.name = "o"})

// -----

// expected-error @below {{'func.func' op gsa.kind must be "input", "output", "offsets", "workspace", "token_workspace" or "scratch", got "inout" [dialect-3]}}
func.func private @dialect_3(f32 {gsa.kind = "inout"})

// -----

// expected-error @below {{'func.func' op gsa.kernel must be a unit attribute, got true [dialect-4]}}
func.func private @dialect_4() attributes {gsa.kernel = true}

// -----

// expected-error @below {{'func.func' op gsa.schedule must be a #gsa.schedule, got "fused" [dialect-5]}}
func.func private @dialect_5() attributes {gsa.schedule = "fused"}

// -----

// expected-error @below {{'builtin.module' op gsa.target must be a #gsa.target, got "x86-64" [dialect-6]}}
module @dialect_6 attributes {gsa.target = "x86-64"} {
}

// -----

// expected-error @below {{'func.func' op gsa.stage must be "states", "fold", "reads" or "outputs", got "last" [dialect-7]}}
func.func private @dialect_7() attributes {gsa.stage = "last"}
