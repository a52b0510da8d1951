"""A spec whose prologue has every function that kernels may use.

One function for each type. Each element is a weighted sum of all results, in
f32, so that none of them can be wrong or left out unnoticed.
"""

import sys

UNARY = """math.absf math.ceil math.erf math.exp math.exp2 math.expm1 math.floor
  math.log math.log10 math.log1p math.log2 math.round math.roundeven math.rsqrt
  math.sqrt math.tanh math.trunc arith.negf gsa.silu gsa.log_sigmoid""".split()
BINARY = """arith.addf arith.divf arith.maximumf arith.maxnumf arith.minimumf
  arith.minnumf arith.mulf arith.subf math.copysign""".split()
CLASSES = "math.isfinite math.isnan".split()
# These need operands that are not near or below 0.
POSITIVE = """math.log math.log10 math.log1p math.log2 math.rsqrt math.sqrt
  arith.divf""".split()


def function(element):
    time = f"tensor<?x?x2x32x{element}>"
    wide, flags = "tensor<?x?x2x32xf32>", "tensor<?x?x2x32xi1>"
    lines, results = [], []

    def add(text):
        name = f"%{len(lines)}"
        lines.append(f"  {name} = {text}")
        return name

    def result(value):
        if element != "f32":
            value = add(f"arith.extf {value} : {time} to {wide}")
        results.append(value)

    zero = add("arith.constant 0 : index")
    one = add("arith.constant 1 : index")
    batch = add(f"tensor.dim %q, {zero} : {time}")
    tokens = add(f"tensor.dim %q, {one} : {time}")

    def splat(value, type, shape):
        scalar = add(f"arith.constant {value:e} : {type}")
        return add(f"tensor.splat {scalar}[{batch}, {tokens}] : {shape}")

    half = splat(0.5, element, time)
    x, y = "%q", "%k"
    far = [add(f"arith.addf {add(f'math.absf {v} : {time}')}, {half} : {time}")
           for v in (x, y)]
    for name in UNARY:
        result(add(f"{name} {far[0] if name in POSITIVE else x} : {time}"))
    for name in BINARY:
        a, b = far if name in POSITIVE else (x, y)
        result(add(f"{name} {a}, {b} : {time}"))
    result(add(f"math.fma {x}, {y}, {half} : {time}"))
    for name in CLASSES:
        flag = add(f"{name} {x} : {time}")
        result(add(f"arith.select {flag}, {x}, {y} : {flags}, {time}"))

    # Irregular weights: no two errors cancel.
    total = results[0]
    for i, value in enumerate(results[1:]):
        weight = splat(0.25 * (1 + i * 7 % 5), "f32", wide)
        part = add(f"arith.mulf {value}, {weight} : {wide}")
        total = add(f"arith.addf {total}, {part} : {wide}")
    if element != "f32":
        total = add(f"arith.truncf {total} : {wide} to {time}")
    body = "\n".join(lines)
    return f"""func.func @{element}(%q: {time} {{gsa.name = "q"}},
    %k: {time} {{gsa.name = "k"}}) -> ({time} {{gsa.name = "o"}}) {{
{body}
  %memory = gsa.memory rows(%q : {time}) columns({total} : {time})
    : !gsa.memory<2x32x32>
  %o = gsa.read rows %memory, %q scale 0.1 : !gsa.memory<2x32x32>, {time} -> {time}
  return %o : {time}
}}"""


for element in sys.argv[1:]:
    print(function(element))
