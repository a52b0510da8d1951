#!/usr/bin/python3
"""Compiles and checks specs at the edges of what they may be.

    edges.py GROUP DIR      a group below; DIR is where its files go

A group is functions, from specs.py, and cases, which are options of gsa-run for
one of them. All functions of a group are one spec, compiled once for every
target; each case is checked on every image that this machine runs, against the
recurrence in f64, for errors, NaN, gaps, and the same bits on every run and for
every thread count.
"""

import pathlib
import subprocess
import sys

from specs import FAMILIES, spec

TARGETS = "x86-64,x86-64-v3,x86-64-v4"
DTYPES = ("f32", "bf16", "f16")


class Group:
    def __init__(self):
        self.specs, self.cases = [], []

    def add(self, family, cases, **options):
        """A function and the options of each run of it."""
        name = f"{family}{len(self.specs)}"
        options = {"HQ": 4, "H": 2, "D": 32, "M": 32, **options}
        self.specs.append(spec(family, name=name, **options))
        self.cases += [f"--function={name} {case}" for case in cases]

    def run(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        specs, cases = folder / "edges.mlir", folder / "edges.cases"
        specs.write_text("\n".join(self.specs))
        cases.write_text("\n".join(self.cases))
        return subprocess.run(
            ["gsa-run", specs, f"--targets={TARGETS}", "--verify-each",
             "--chip=each", "--check", f"--cases={cases}"],
            check=False).returncode


def is_slots(family):
    return FAMILIES[family]["slots"]


def time(group):
    """No token, one, fewer than a chunk, as many, one more, and more."""
    for family in FAMILIES:
        for dtype in DTYPES:
            group.add(family, [f"--shape=B={b},T={t}" for b, t in (
                (2, 0), (0, 5), (1, 1), (3, 7), (1, 16), (2, 17), (1, 130))],
                      dtype=dtype, initial=dtype != "f16", final=True)


def packed(group):
    """Sequences without tokens, of one token, and longer ones; both kinds of
    offsets; both directions."""
    lengths = ["0,1,17,0,40", "5", "1,1,1", "0,0,0", "0,33", "64,0"]
    for family in FAMILIES:
        for dtype, offsets in zip(DTYPES, ("i32", "i64", "i32")):
            group.add(family, [f"--lengths={n}" for n in lengths]
                      + ["--shape=N=0,T=0", "--shape=N=3,T=50"],
                      dtype=dtype, packed=offsets, initial=True, final=True,
                      reverse=dtype == "bf16")


def sizes(group):
    """Sizes that fill no vector, or many; one head; groups of heads."""
    cases = ["--shape=B=2,T=37"]
    for dtype in DTYPES:
        for d, m in ((60, 32), (100, 40), (64, 128), (32, 256), (17, 33)):
            for family in ("gsa", "gla"):
                group.add(family, cases, dtype=dtype, D=d, M=m)
        group.add("gsa", cases, dtype=dtype, D=32, Dv=100)
        for family in ("abc", "hgrn2", "retnet", "mamba2"):
            group.add(family, cases, dtype=dtype, D=60, M=40)
        group.add("gsa", cases, dtype=dtype, HQ=1, H=1)
        group.add("gla", cases, dtype=dtype, HQ=8, H=1)
        group.add("mamba2", cases, dtype=dtype, HQ=3, H=3)


def features(group):
    """Directions, writes, scales, decays, and sides of a read."""
    cases = ["--shape=B=2,T=37"]
    for dtype in DTYPES:
        for family in FAMILIES:
            group.add(family, cases, dtype=dtype, reverse=True, initial=True,
                      final=True)
        for family in ("gsa", "abc", "hgrn2"):
            group.add(family, cases, dtype=dtype, untied=True, scale=0.3)
        for decay in ("token", "head", "none"):
            for family in ("gsa", "gla"):
                group.add(family, cases, dtype=dtype, untied=True, decay=decay)
        for family in ("gla", "hgrn2", "mamba2"):
            group.add(family, cases, dtype=dtype, read="columns", scale=0.3)


def gates(group):
    """Decays from none to everything at once, and NaN, which stays in its
    sequence."""
    decays = [f"--gate-value={v}" for v in
              ("0", "-30", "-inf", "0,-30,-inf,random", "random,-30", "0,-inf")]
    decays += [f"--gate-divisor={x}" for x in (8, 1, 0.25, 0.05)]
    cases = ["--shape=B=2,T=50 " + decay for decay in decays]
    for dtype in DTYPES:
        for family, decay in (("gsa", "row"), ("gla", "row"), ("hgrn2", "row"),
                              ("gla", "token")):
            slots = is_slots(family)
            names = ("q", "k", "v") if slots else ("q", "c")
            place = "@1,20,0=nan" if decay == "token" else "@1,20,0,3=nan"
            group.add(family, cases
                      + [f"--shape=B=3,T=50 --set={n}@1,20,0,3=nan"
                         for n in names]
                      + [f"--shape=B=3,T=50 --set=g{place}"],
                      dtype=dtype, decay=decay, gates="raw", initial=True,
                      final=True)
            group.add(family, [f"--lengths=20,30,1 --set={n}@0,25,1,3=nan"
                               for n in names] + ["--lengths=9,9 "
                                                  "--gate-divisor=0.05"],
                      dtype=dtype, decay=decay, gates="raw", packed="i32",
                      final=True, reverse=True)
        group.add("gsa", cases, dtype=dtype, decay="token", untied=True,
                  gates="raw", initial=True, final=True)
        group.add("abc", ["--shape=B=2,T=50", "--shape=B=3,T=20 "
                          "--set=f@1,0,0,3=-inf --set=f@1,1,0,3=-inf "
                          "--set=f@0,7,1,2=90 --set=f@0,9,1,2=-90",
                          "--shape=B=3,T=20 --set=k@1,7,0,3=nan"],
                  dtype=dtype, final=True)


def layouts(group):
    """Gaps, permuted strides, addresses aligned to an element only, and
    offsets of more than 2^31 elements."""
    cases = [f"--layout={layout} --shape=B={b},T={t}" for layout, b, t in (
        ("strided", 2, 37), ("strided", 1, 1), ("strided", 2, 0),
        ("huge", 3, 37), ("huge", 1, 20))]
    for dtype in DTYPES:
        for family in FAMILIES:
            group.add(family, cases, dtype=dtype, D=36, initial=True,
                      final=True)
        group.add("gsa", ["--layout=strided --lengths=3,0,20",
                          "--layout=huge --lengths=3,0,20"],
                  dtype=dtype, packed="i64", initial=True, final=True)


def schedules(group):
    """Chunks and slices that a spec asks for."""
    cases = ["--shape=B=2,T=75", "--shape=B=1,T=3"]
    for dtype in ("f32", "bf16"):
        for family in ("gsa", "gla", "mamba2"):
            for chunk in (4, 8, 32, 64):
                group.add(family, cases, dtype=dtype, initial=True, final=True,
                          schedule=f"#gsa.schedule<fused, chunk = {chunk}>")
        for slices in (2, 4):
            for family in ("gla", "mamba2"):
                group.add(family, cases, dtype=dtype, D=64, initial=True,
                          final=True, schedule="#gsa.schedule<fused, "
                          f"chunk = 16, slices = {slices}>")
    # One decay a token: running sums go far below what differences matter.
    group.add("gla", [f"--shape=B=2,T=50 --gate-value={value}"
                      for value in ("random,-30", "0,-30", "-inf,0")],
              dtype="f32", decay="token", gates="raw", initial=True, final=True,
              schedule="#gsa.schedule<fused, chunk = 64>")


def segments(group):
    """Sequences that are cut, some in more segments than they have chunks or
    tokens, and others before them that are not."""
    def schedule(count, slices=1, whole=0):
        cut = f"slices = {slices}, " if slices > 1 else ""
        rest = f", whole = {whole}" if whole else ""
        return ("#gsa.schedule<segmented, chunk = auto, "
                f"{cut}segments = {count}{rest}>")

    shapes = ["--shape=B=2,T=0", "--shape=B=1,T=3", "--shape=B=2,T=400"]
    # A running log-sum-exp is no sum of what segments make alone.
    families = [family for family in FAMILIES if family != "abc"]
    for family in families:
        for dtype, offsets, count in zip(DTYPES, ("i32", "i64", "i32"),
                                         (2, 4, 7)):
            group.add(family, shapes, dtype=dtype, initial=dtype != "f16",
                      final=dtype != "f32", schedule=schedule(count))
            group.add(family, ["--lengths=0,1,270,0,130"], dtype=dtype,
                      packed=offsets, initial=dtype == "f32", final=True,
                      reverse=dtype == "bf16", schedule=schedule(count))
    for dtype, whole in (("f32", 1), ("bf16", 2)):
        for family in families:
            group.add(family, ["--shape=B=3,T=130", "--shape=B=1,T=70"],
                      dtype=dtype, initial=dtype == "f32", final=True,
                      schedule=schedule(3, whole=whole))
            group.add(family, ["--lengths=0,1,100,0,60", "--lengths=90,0,50"],
                      dtype=dtype, packed="i32", initial=dtype == "bf16",
                      final=True, reverse=dtype == "f32",
                      schedule=schedule(4, whole=whole))
        group.add("gla", ["--shape=B=3,T=130"], dtype=dtype, D=64, final=True,
                  schedule=schedule(3, slices=2, whole=whole))
        for family in ("gsa", "hgrn2"):
            group.add(family, shapes, dtype=dtype, untied=True, D=60, M=40,
                      schedule=schedule(3))
        for decay in ("token", "head", "none"):
            for family in ("gsa", "gla"):
                group.add(family, shapes, dtype=dtype, untied=True,
                          decay=decay, schedule=schedule(3))
        group.add("gla", shapes, dtype=dtype, read="columns", initial=True,
                  schedule=schedule(3))
        for family in ("gla", "mamba2"):
            group.add(family, shapes, dtype=dtype, D=64, initial=True,
                      final=True, schedule=schedule(3, slices=2))
        for family in ("gsa", "gla"):
            group.add(family, [f"--shape=B=2,T=200 --gate-value={value}"
                               for value in ("0", "-30", "0,-30,-inf,random")]
                      + ["--shape=B=2,T=200 --gate-divisor=0.05"]
                      + [f"--shape=B=3,T=200 --set={n}=nan" for n in (
                          "k@1,90,0,3" if family == "gsa" else "c@1,90,0,3",
                          "g@1,90,0,3")],
                      dtype=dtype, gates="raw", initial=True, final=True,
                      schedule=schedule(4))


def stages(group):
    """Reads by columns that are a launch of their own."""
    shapes = ["--shape=B=2,T=0", "--shape=B=1,T=3", "--shape=B=2,T=75"]
    lengths = ["--lengths=0,1,70,0,40", "--lengths=5"]
    for dtype in DTYPES:
        def add(family, cases, slices=1, **options):
            cut = f", slices = {slices}" if slices > 1 else ""
            group.add(family, cases, dtype=dtype, D=64, **options,
                      schedule=f"#gsa.schedule<staged, chunk = auto{cut}>")

        for slices in (1, 2, 4):
            add("gsa", shapes, slices, initial=True, final=True)
        for family in ("gsa", "abc"):
            add(family, lengths, 2, packed="i32", initial=family == "gsa",
                final=True, reverse=dtype == "bf16")
        add("abc", shapes, final=True)
        for decay in ("token", "head", "none"):
            add("gsa", shapes, 2, untied=True, decay=decay, final=True)
        # Nothing but reads by columns; what is left carries no memory.
        add("gla", shapes, 2, read="columns", scale=0.3, final=True)
        add("gla", lengths, read="columns", packed="i64", initial=True)
        add("gsa", [f"--shape=B=2,T=50 --gate-value={value}"
                    for value in ("0", "-30", "0,-30,-inf,random")]
            + ["--shape=B=2,T=50 --gate-divisor=0.05"]
            + [f"--shape=B=3,T=50 --set={n}@1,20,0,3=nan"
               for n in ("q", "k", "v", "g")],
            2, gates="raw", initial=True, final=True)


GROUPS = {f.__name__: f for f in (time, packed, sizes, features, gates, layouts,
                                  schedules, segments, stages)}


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in GROUPS:
        sys.exit(f"usage: edges.py {{{','.join(GROUPS)}}} DIR")
    group = Group()
    GROUPS[sys.argv[1]](group)
    return group.run(pathlib.Path(sys.argv[2]))


if __name__ == "__main__":
    sys.exit(main())
