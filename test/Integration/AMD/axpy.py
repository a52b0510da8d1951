"""axpy.py LIBRARY CHIP: the kernel of device-axpy.mlir in the emulator, on
strided tensors, against NumPy."""

import sys

import numpy as np

from emulator import Package, Tensor

B, T, H, D, GAP = 2, 150, 3, 32, 7  # T: more than a block's threads
library, chip = sys.argv[1:]

rng = np.random.default_rng(0)
x = Tensor(rng.standard_normal(B * (T * H * D + GAP)).astype(np.float32),
           [B, T, H, D], [T * H * D + GAP, H * D, D, 1])
b = Tensor(rng.standard_normal(H).astype(np.float32), [H])
o = Tensor(np.full(B * (T + 1) * H * D, 0x7777, np.uint16), [B, T, H, D],
           [(T + 1) * H * D, H * D, D, 1], dtype="bf16")

counts = Package(library, "axpy").run(chip, {"x": x, "b": b, "o": o}, B, T)

want = 2 * x.view().astype(np.float64) + b.storage[:, None].astype(np.float64)
got = (o.view().astype(np.uint32) << 16).view(np.float32)
error = np.max(np.abs(got - want) / np.maximum(np.abs(want), 1e-3))
beyond = o.storage.reshape(B, T + 1, H, D)[:, T]
assert error <= 2.0 ** -8, f"o must be rounded once, got a relative error of {error}"
assert (beyond == 0x7777).all(), "nothing behind the last token may be written"
print(f"right in {len(counts)} launches")
