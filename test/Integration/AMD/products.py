"""Matrix instructions in the emulator: products whose factors lie along K and
across it, in shared memory, with rows that are not there.

    products.py DIR LIBRARY CHIP TYPE SIZE KIND       see Target/Inputs/products.mlir
"""

import pathlib
import subprocess
import sys

import numpy as np

from emulator import Package, Tensor
from forward import link, narrow, norm_error, widen

PRODUCTS = pathlib.Path(__file__).resolve().parents[2] / "Target" / "Inputs"
# Factors are exact; sums are rounded to f32 a few times.
BOUND = 1e-6


def main():
    folder, library, chip, dtype, size, kind = sys.argv[1:]
    folder, size = pathlib.Path(folder), int(size)
    folder.mkdir(parents=True, exist_ok=True)
    text = subprocess.run(
        ["bash", PRODUCTS / "products.sh", chip, dtype, str(size), kind],
        stdout=subprocess.PIPE, check=True).stdout
    subprocess.run(["gsa-compile", "-", "--from=chunked", "-o",
                    folder / "products.o"], input=text, check=True)
    package = Package(link(folder / "products.o", library), "products")

    heads, time = 2, size - 3
    rng = np.random.default_rng(0)
    tensors, factors = {}, {}
    for name in "abc":
        storage = narrow(rng.standard_normal(time * heads * size), dtype)
        tensors[name] = Tensor(storage, [1, time, heads, size], dtype=dtype)
        factors[name] = np.zeros((heads, size, size))
        factors[name][:, :time] = widen(storage, dtype).reshape(
            time, heads, size).transpose(1, 0, 2)
    for name in ("ab", "abt", "atc"):
        tensors[name] = Tensor(
            np.full(time * heads * size, 1e4, np.float32), [1, time, heads, size])
    package.run(chip, tensors, 1, time)

    a, b, c = (factors[name] for name in "abc")
    expected = {"ab": a @ b, "abt": a @ b.transpose(0, 2, 1),
                "atc": a @ b + a.transpose(0, 2, 1) @ c}
    for name, right in expected.items():
        out = tensors[name].view()[0].transpose(1, 0, 2)
        found = norm_error(out, right[:, :time])
        assert found <= BOUND, f"{name}: must be at most {BOUND}, got {found}"
    print(f"right with {dtype} on {chip}")


if __name__ == "__main__":
    main()
