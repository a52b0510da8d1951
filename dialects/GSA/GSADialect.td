//===- GSADialect.td - What a gated recurrence computes -------*- tablegen -*-===//

#ifndef GSA_DIALECT
#define GSA_DIALECT

include "mlir/IR/DialectBase.td"

def GSA_Dialect : Dialect {
  let name = "gsa";
  let cppNamespace = "::mlir::gsa";
  let summary = "Gated linear recurrences: memories and reads of them";
  let description = [{
    Says *what* a gated linear recurrence or a Gated Slot Attention layer
    computes, on tensors, without a hardware word.

    A **memory** is a decaying sum of outer products,

        S_t = Diag(exp g_t) S_{t-1} + r_t c_t^T      S in R^{M x D}

    with rows `r` (M), columns `c` (D) and log decay `g <= 0`. **Reads** of it
    contract one side:

        by rows       y_t = S_t^T x_t     x in R^M -> y in R^D
        by columns    y_t = S_t   x_t     x in R^D -> y in R^M

    Tensors over time are laid out [B, T, H, size]: batch and time dynamic,
    heads and sizes static. States are [N, H, M, D] in f32, N sequences.

    **Attributes of functions**, that any op may carry but only our passes read:

    * `gsa.name`, of an argument or result: its name in the kernel's header.
    * `gsa.kind`, of a kernel's argument: "input", "output", "offsets",
      "workspace" (a tensor of cuts between segments), "token_workspace" (a
      tensor over time) or "scratch".
    * `gsa.kernel`, of a function: it has a kernel's signature.
    * `gsa.schedule`, of a function: how it is cut into kernels.
    * `gsa.stage`, of a function that is one of several launches: which.
    * `gsa.target`, of a module: the machine it is compiled for.

    *Constraints*
    * dialect-1: gsa.name is a string, a C identifier.
    * dialect-2: arguments and results of a function have different gsa.name.
    * dialect-3: gsa.kind is "input", "output", "offsets", "workspace",
      "token_workspace" or "scratch".
    * dialect-4: gsa.kernel is a unit attribute.
    * dialect-5: gsa.schedule is a #gsa.schedule.
    * dialect-6: gsa.target is a #gsa.target.
    * dialect-7: gsa.stage is "states", "fold", "reads" or "outputs".
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
}

#endif // GSA_DIALECT
