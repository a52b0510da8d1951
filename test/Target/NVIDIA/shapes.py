"""Every shape of the family has a kernel on every NVIDIA target.

    shapes.py GSA-COMPILE ROOT FOLDER

Compiles all families for heads and memories at the ends of what specs may have
and between, with initial and final states, and prints a line for each that no
schedule fits.
"""

import concurrent.futures
import itertools
import pathlib
import subprocess
import sys

compiler, root, folder = sys.argv[1], *map(pathlib.Path, sys.argv[2:])
sys.path.insert(0, str(root / "test/Integration/CPU"))
from specs import FAMILIES, spec  # noqa: E402

# sm_89 is sm_86, and f16 takes what bf16 does.
TARGETS = ("sm_80", "sm_86", "sm_90a", "sm_100a", "sm_120a")
READS = [(family, "rows") for family in FAMILIES] + [("gla", "columns")]


def compile_spec(job):
    """What the compiler says if it fails."""
    target, (family, read), dtype, d, m = job
    path = folder / f"{target}_{family}_{read}_{dtype}_{d}_{m}.mlir"
    path.write_text(spec(family, dtype=dtype, HQ=4, H=2, D=d, M=m, read=read,
                         initial=True, final=True))
    return subprocess.run([compiler, path, f"--targets={target}", "--emit=tile"],
                          capture_output=True, text=True).stderr


def main():
    jobs = list(itertools.product(TARGETS, READS, ("bf16", "f32"),
                                  (16, 60, 256, 512), (16, 64, 256)))
    wrong = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for job, message in zip(jobs, pool.map(compile_spec, jobs)):
            if message:
                print(*job, message)
                wrong += 1
    print(f"{len(jobs)} kernels, {wrong} wrong")


main()
