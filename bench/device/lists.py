#!/usr/bin/python3
"""What a bundle of the device suite compiles and runs.

    lists.py                prints the names of all groups
    lists.py FUNCTION       prints the spec of a function
    from lists import groups

A group is functions, each the text of a spec of its own, and cases, each a line
of options (Case.h) for one of them. A new spec needs one line below.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test/Integration/CPU"))

import edges  # noqa: E402
from specs import spec  # noqa: E402


class Group:
    def __init__(self):
        self.specs = {}  # function -> text
        self.cases = []

    def add(self, name, text, *cases):
        self.specs.setdefault(name, text)
        self.cases += [f"--function={name} {case}" for case in cases]


# -- Problems ------------------------------------------------------------------
# Raw inputs and log decays of one element type, as the layers' projections make
# them: what must be read and written is the arguments, each once.


def slots(name, HQ, H, D, M, dtype="bf16"):
    q, k = (f"tensor<?x?x{heads}x{D}x{dtype}>" for heads in (HQ, H))
    g = f"tensor<?x?x{H}x{M}x{dtype}>"
    wide, extension = g.replace(dtype, "f32"), ""
    decay = "%g"
    if dtype != "f32":
        extension = f"  %decay = arith.extf %g : {g} to {wide}\n"
        decay = "%decay"
    return f"""func.func @{name}(
    %q: {q} {{gsa.name = "q"}}, %k: {k} {{gsa.name = "k"}},
    %v: {k} {{gsa.name = "v"}}, %g: {g} {{gsa.name = "g"}})
    -> ({q} {{gsa.name = "o"}}) {{
{extension}  %o = gsa.slot_attention queries(%q : {q}) keys(%k : {k})
      values(%v : {k}) decay({decay} : {wide}) scale 1.0 : {q}
  return %o : {q}
}}
"""


def memory(name, H, D, M, rows=True, decay="row", dtype="bf16"):
    """Without `rows` the write is tied to the gate. `decay` is one a row or one
    a token, or a constant of each head."""
    q, c = (f"tensor<?x?x{H}x{size}x{dtype}>" for size in (M, D))
    arguments = [f'%q: {q} {{gsa.name = "q"}}']
    if rows:
        arguments.append(f'%k: {q} {{gsa.name = "k"}}')
    arguments.append(f'%v: {c} {{gsa.name = "v"}}')
    if decay == "head":
        wide = f"tensor<{H}xf32>"
        # Of RetNet: 1 - 2^(-5-h), by turns of 8.
        values = ", ".join("%.8e" % (-(2.0 ** (-5 - h % 8))) for h in range(H))
        gate = f"  %decay = arith.constant dense<[{values}]> : {wide}\n"
    else:
        size = f"x{M}" if decay == "row" else ""
        g, wide = (f"tensor<?x?x{H}{size}x{type}>" for type in (dtype, "f32"))
        arguments.append(f'%g: {g} {{gsa.name = "g"}}')
        gate = f"  %decay = arith.extf %g : {g} to {wide}\n"
    written = f"rows(%k : {q}) " if rows else ""
    state = f"!gsa.memory<{H}x{M}x{D}>"
    return f"""func.func @{name}({", ".join(arguments)})
    -> ({c} {{gsa.name = "o"}}) {{
{gate}  %m = gsa.memory {written}columns(%v : {c}) decay(%decay : {wide}) : {state}
  %o = gsa.read rows %m, %q scale {M ** -0.5!r} : {state}, {q} -> {c}
  return %o : {c}
}}
"""


def problems(group):
    """Those of PEERS.md, and of the family at the same size."""
    def problem(function, text, *cases):
        group.add(function, text, *(f"--bench --chips=each --silu {case}"
                                    for case in cases))
    problem("t2r7b", slots("t2r7b", 32, 32, 128, 64),
            "--name=t2r7b --shape=B=4,T=2048",
            "--name=t2r7b-strong --shape=B=4,T=2048 --gate-divisor=0.25",
            "--name=t2r7b-8k --shape=B=1,T=8192")
    problem("t2r7b_gqa", slots("t2r7b_gqa", 32, 8, 128, 64),
            "--name=t2r7b-gqa --shape=B=4,T=2048")
    problem("paper1b3", slots("paper1b3", 4, 4, 512, 64),
            "--name=paper1b3 --shape=B=8,T=2048",
            "--name=paper1b3-b32 --shape=B=32,T=2048")
    problem("long64k", slots("long64k", 4, 4, 128, 64),
            "--name=long64k --shape=B=1,T=65536")
    problem("gla32", memory("gla32", 32, 128, 128),
            "--name=gla --shape=B=4,T=2048 --gate-divisor=16")
    problem("hgrn32", memory("hgrn32", 32, 128, 128, rows=False),
            "--name=hgrn2 --shape=B=4,T=2048")
    problem("scalar32", memory("scalar32", 32, 128, 128, decay="token"),
            "--name=scalar-gate --shape=B=4,T=2048")
    problem("retnet32", memory("retnet32", 32, 128, 128, decay="head"),
            "--name=retnet --shape=B=4,T=2048")
    for dtype in ("f16", "f32"):
        problem(f"t2r7b_{dtype}", slots(f"t2r7b_{dtype}", 32, 32, 128, 64, dtype),
                f"--name=t2r7b-{dtype} --shape=B=4,T=2048")


# (D, M) that need other schedules than the problems'.
WIDE = ((64, 128), (128, 128), (256, 128), (512, 128), (64, 256), (128, 256))


def wide(group):
    """Memories of many slots and rows."""
    for family, text in (("gsa", lambda name, d, m: slots(name, 8, 8, d, m)),
                         ("gla", lambda name, d, m: memory(name, 8, d, m))):
        for d, m in WIDE:
            name = f"wide_{family}_{d}_{m}"
            group.add(name, text(name, d, m),
                      "--bench --chips=each --silu --shape=B=8,T=2048 "
                      f"--name=wide-{family}-{d}-{m}")


# -- Correctness -----------------------------------------------------------------


def examples(group):
    for path in sorted((ROOT / "examples/specs").glob("*.mlir")):
        text = path.read_text(encoding="utf-8")
        [name] = re.findall(r"func\.func @(\w+)", text)
        group.add(name, text, "--chips=each --shape=B=2,T=300", "--shape=B=1,T=1")
    # Whole layers, with what their projections' outputs go through.
    for name, shape in (("gsa_mistral_7b", "B=4,T=2048"),
                        ("gsa_1b3", "B=8,T=2048"), ("abc", "B=4,T=2048")):
        group.add(name, "", f"--bench --chips=each --name={name} --shape={shape}")


def widths(group):
    """Sizes of heads and memories at the ends of what kernels take, and in the
    middle, where padding is."""
    for dtype in edges.DTYPES:
        for d, m in ((16, 16), (60, 32), (100, 64), (128, 128), (256, 64),
                     (512, 64), (128, 256), (512, 128), (512, 256)):
            name = f"widths_{dtype}_{d}_{m}"
            group.add(name, spec("gsa", name=name, dtype=dtype, HQ=4, H=2, D=d,
                                 M=m), "--shape=B=2,T=150")
            name = f"widths_gla_{dtype}_{d}_{m}"
            group.add(name, spec("gla", name=name, dtype=dtype, H=2, D=d, M=m),
                      "--shape=B=2,T=150")


def readers(group):
    """Two readers, the default where blocks exchange, and one beside them."""
    def text(name, *sizes, readers=2):
        schedule = ("#gsa.schedule<segmented, chunk = 64, slices = 4, "
                    f"cluster = 4, readers = {readers}>")
        return slots(name, *sizes).replace(
            '{gsa.name = "o"})',
            f'{{gsa.name = "o"}}) attributes {{gsa.schedule = {schedule}}}')

    group.add("paper1b3_reader", text("paper1b3_reader", 4, 4, 512, 64, readers=1),
              *(f"--bench --silu --name=paper1b3{name}-reader --shape={shape}"
                for name, shape in (("", "B=8,T=2048"), ("-b32", "B=32,T=2048"))))
    for dtype in ("bf16", "f16"):
        name = f"readers_{dtype}"
        group.add(name, text(name, 4, 2, 512, 64, dtype),
                  "--shape=B=2,T=500", "--shape=B=1,T=64", "--shape=B=1,T=1",
                  "--shape=B=1,T=0", "--shape=B=1,T=200 --gate-divisor=0.05",
                  "--shape=B=1,T=130 --gate-value=0,-30,-inf,random",
                  "--shape=B=1,T=130 --layout=strided")
        name += "_packed"
        offsets = "tensor<?xi32>"
        packed = text(name, 4, 2, 512, 64, dtype).replace("<?x?x", "<1x?x")
        packed = packed.replace('{gsa.name = "g"})',
                                '{gsa.name = "g"},\n    '
                                f'%offsets: {offsets} {{gsa.name = "offsets"}})')
        group.add(name, packed.replace(" scale 1.0",
                                       f" offsets(%offsets : {offsets}) scale 1.0"),
                  "--lengths=0,1,70,0,64,200",
                  "--lengths=130 --gate-divisor=0.05")


def concurrent(group):
    """Two streams, two threads, and what sanitizers look at."""
    for family, options in (("gsa", dict(HQ=4)), ("gla", {}), ("mamba2", {})):
        for dtype in ("bf16", "f32"):
            name = f"concurrent_{family}_{dtype}"
            text = spec(family, name=name, dtype=dtype, H=2, D=128, M=64,
                        initial=True, final=True, **options)
            group.add(name, text,
                      "--sanitize --chips=each --shape=B=2,T=150",
                      "--sanitize --shape=B=1,T=33 --layout=strided",
                      "--concurrent=streams --shape=B=4,T=700",
                      "--concurrent=threads --shape=B=4,T=700")
    name = "concurrent_packed"
    group.add(name, spec("gsa", name=name, packed="i32", HQ=4, D=128, M=64,
                         final=True),
              "--sanitize --lengths=0,1,70,0,129",
              "--concurrent=streams --lengths=0,1,70,0,129")


def huge(group):
    """Offsets of more than 2^31 elements: one tensor is 4 GiB in bf16."""
    for family in ("gsa", "gla"):
        for dtype in ("bf16", "f32"):
            name = f"huge_{family}_{dtype}"
            group.add(name, spec(family, name=name, dtype=dtype, H=2, D=64,
                                 M=64),
                      "--alone --layout=huge --shape=B=2,T=100",
                      "--alone --layout=huge --shape=B=1,T=3")


class Edges(edges.Group):
    """The edge cases that the CPU's tests run, each function a spec."""

    def __init__(self, name, group):
        super().__init__()
        self.name, self.group = name, group

    def add(self, family, cases, **options):
        name = f"{self.name}_{family}{len(self.group.specs)}"
        options = {"HQ": 4, "H": 2, "D": 32, "M": 32, **options}
        # Nowhere is memory for three tensors' worth of 2^31 elements.
        cases = [re.sub(r"(--layout=huge --shape=B=)3", r"--alone \g<1>2", case)
                 for case in cases if "layout=huge --lengths" not in case]
        cases = [case if "huge" not in case or "--alone" in case
                 else "--alone " + case for case in cases]
        self.group.add(name, spec(family, name=name, **options), *cases)


def groups():
    """Name -> group, in the order of the report."""
    result = {}
    for function in (problems, wide, examples, widths, readers, concurrent,
                     huge):
        function(result.setdefault(function.__name__, Group()))
    for name, function in edges.GROUPS.items():
        if name == "schedules":
            continue  # chunks of the CPU's
        group = result.setdefault(f"edges-{name}", Group())
        function(Edges(f"edge_{name}", group))
    return result


# For a test of the suite itself: a function or two of each kind.
QUICK = ("t2r7b", "t2r7b_f16", "hgrn32", "gsa_mistral_7b", "retnet",
         "widths_bf16_60_32", "concurrent_gsa_bf16", "concurrent_packed",
         "huge_gla_f32", "edge_time_gsa0", "edge_packed_gla7",
         "edge_gates_gsa0", "edge_layouts_mamba25", "edge_segments_gsa2")


def main():
    for name, group in groups().items():
        if len(sys.argv) == 1:
            print(f"{name}: {len(group.specs)} functions, "
                  f"{len(group.cases)} cases")
        elif sys.argv[1] in group.specs:
            print(group.specs[sys.argv[1]], end="")


if __name__ == "__main__":
    main()
