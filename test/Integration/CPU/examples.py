#!/usr/bin/python3
"""Runs every example spec and compares it with the NumPy reference.

    examples.py DIR
"""

import pathlib
import subprocess
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
SPECS = HERE.parents[2] / "examples" / "specs"
sys.path.insert(0, str(HERE.parent / "reference"))
import reference  # noqa: E402

# Of outputs in bf16: DESIGN.md, section 3. Twice what rounding costs may be more,
# which gsa-run --check knows.
BOUND = 3e-3


def error(out, expected):
    return np.linalg.norm(out - expected) / np.linalg.norm(expected)


def main():
    folder = pathlib.Path(sys.argv[1])
    specs = sorted(SPECS.glob("*.mlir"))
    for spec in specs:
        files = folder / spec.stem
        subprocess.run(
            ["gsa-run", spec, "--targets=x86-64,x86-64-v3,x86-64-v4",
             "--chip=each", "--check", "--shape=B=2,T=21",
             f"--dump-inputs={files}"], check=True)
        compute, names = reference.SPECS[spec.stem]
        arguments = [f"--input={name}={files / name}.npy" for name in names]
        # From the files that it wrote. Not by the dot products of bf16 pairs,
        # which may need the larger bound.
        subprocess.run(
            ["gsa-run", spec, "--targets=x86-64", f"--output={files}",
             *arguments], check=True)
        inputs = {name: np.load(files / f"{name}.npy").astype(np.float64)
                  for name in names}
        for name, expected in compute(**inputs).items():
            out = np.load(files / f"{name}.npy").astype(np.float64)
            found = error(out, expected)
            print(f"{spec.stem} {name}: error {found:.2e}")
            if not (out.shape == expected.shape and found <= BOUND):
                sys.exit(f"{spec.stem}: the error of '{name}' must be at most "
                         f"{BOUND}, got {found}")
    print(f"{len(specs)} specs agree with the reference")


if __name__ == "__main__":
    main()
