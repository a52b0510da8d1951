"""Registers suffice, and roles fit: compiles specs for every NVIDIA target, with
the schedule that each gets by default, and reads the report.

    spills.py GSA-COMPILE ROOT FOLDER

Prints a line for each kernel that spills and is not in KNOWN, or spills more
than is known there, and one for each entry of KNOWN that is better by now: then
the entry has to follow. So the list only gets shorter. The same for kernels that
get one role, which is a third as fast: PLAIN.
"""

import concurrent.futures
import pathlib
import re
import subprocess
import sys

compiler, root, folder = sys.argv[1], *map(pathlib.Path, sys.argv[2:])
sys.path.insert(0, str(root / "bench/device"))
import lists  # noqa: E402
from specs import spec  # noqa: E402

# sm_89 has the memory, the registers and the instructions of sm_86.
TARGETS = ("sm_80", "sm_86", "sm_90a", "sm_100a", "sm_120a")
# Their kernels are those of t2r7b.
TWINS = ("t2r7b_gqa", "t2r7b_f16", "long64k")

# (target, kernel): bytes that it stores. By ptxas 13.0; another version may
# differ by a few, but not find registers where there are none. A word of the
# sum of decays, which is stored behind the loop, in a schedule that takes half
# the time of those that spill none (bench/NOTES.md, fifteenth session).
KNOWN = {("sm_90a", "wide_gsa_64_256__states"): 4}


# Besides the examples and problems: wide memories, on targets that are more
# than compiled for.
WIDE_TARGETS = ("sm_80", "sm_90a")

# (target, spec): it has no room for two roles.
PLAIN = {
    ("sm_80", "gsa_1b3"), ("sm_80", "paper1b3"),
    ("sm_86", "gsa_1b3"), ("sm_86", "paper1b3"), ("sm_86", "retnet"),
    ("sm_86", "t2r7b_f32"),
    ("sm_120a", "retnet"),
    ("sm_80", "gsa_256_128"), ("sm_80", "gsa_512_128"), ("sm_80", "gsa_64_256"),
    ("sm_80", "gsa_128_256"),
    ("sm_80", "wide_gsa_256_128"), ("sm_80", "wide_gsa_512_128"),
    ("sm_80", "wide_gsa_64_256"), ("sm_80", "wide_gsa_128_256"),
}


def compile_spec(target, name):
    """Kernel -> bytes spilled, and whether roles fit; or the compiler's words."""
    done = subprocess.run(
        [compiler, folder / f"{name}.mlir", f"--targets={target}", "--report",
         "-o", folder / f"{name}.{target}.o"], capture_output=True, text=True)
    if done.returncode:
        return done.stderr, False
    return ({kernel: int(spilled) for kernel, spilled in re.findall(
        r"^ +(\w+): .*, (\d+) bytes spilled$", done.stdout, re.MULTILINE)},
        "#gsa.schedule<plain" in done.stdout or
        "#gsa.schedule<staged" in done.stdout)


def main():
    specs = {}
    groups = lists.groups()
    for group in ("problems", "examples"):
        specs.update(groups[group].specs)
    for name in TWINS:
        del specs[name]
    jobs = [(target, name) for target in TARGETS for name in specs]
    specs.update(groups["wide"].specs)
    jobs += [(target, name) for target in WIDE_TARGETS
             for name in groups["wide"].specs]
    for family in ("gsa", "gla"):
        for d, m in lists.WIDE:
            name = f"{family}_{d}_{m}"
            specs[name] = spec(family, name=name, HQ=4, H=4, D=d, M=m)
            jobs += [(target, name) for target in WIDE_TARGETS]
    for name, text in specs.items():
        (folder / f"{name}.mlir").write_text(text, encoding="utf-8")
    wrong = count = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for (target, name), (found, plain) in zip(jobs, pool.map(
                lambda job: compile_spec(*job), jobs)):
            if not isinstance(found, dict) or not found:
                print(f"{target} {name}: {found or 'no kernels'}")
                wrong += 1
                continue
            if plain != ((target, name) in PLAIN):
                print(f"{target} {name}: one role for all, where two fit before"
                      if plain else f"{target} {name}: roles fit, but none known")
                wrong += 1
            for kernel, spilled in found.items():
                count += 1
                known = KNOWN.get((target, kernel), 0)
                # A version of the assembler may move a few.
                if spilled > known + (32 if known else 0):
                    print(f"{target} {kernel}: {spilled} bytes spilled, "
                          f"at most {known} known")
                    wrong += 1
                if known and not spilled:
                    print(f"{target} {kernel}: no spills, but {known} known")
                    wrong += 1
    print(f"{count} kernels, {wrong} wrong")
    return 1 if wrong or not count else 0


if __name__ == "__main__":
    sys.exit(main())
