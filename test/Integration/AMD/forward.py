"""Forward kernels in the emulator, from spec to code object, against the
recurrence in f64.

    forward.py DIR LIBRARY FAMILY CHIP [options of specs.py]

DIR is a folder for what is made, LIBRARY the runtime's archive. Prints each
output's error: the norm of the difference over the norm of the reference, which
must be within the promise of DESIGN.md, section 3.
"""

import argparse
import pathlib
import subprocess
import sys

import numpy as np

from emulator import DTYPES, Package, Tensor

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "CPU"))
sys.path.insert(0, str(HERE.parent / "reference"))
import reference  # noqa: E402
import specs  # noqa: E402

# DESIGN.md, section 3: of the norm, or twice what rounding inputs and outputs
# costs.
BOUNDS = {"bf16": 3e-3, "f16": 1e-3, "f32": 1e-4}


def narrow(values, dtype):
    """As the kernel's tensors hold them; bf16 rounded to nearest, to even."""
    values = np.asarray(values, np.float32)
    if dtype != "bf16":
        return values.astype(DTYPES[dtype][1])
    bits = values.view(np.uint32).astype(np.uint64)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16)


def widen(stored, dtype):
    if dtype != "bf16":
        return stored.astype(np.float64)
    return (stored.astype(np.uint32) << 16).view(np.float32).astype(np.float64)


def norm_error(out, expected):
    return np.linalg.norm(out - expected) / np.linalg.norm(expected)


def link(object, library):
    """The shared library of an object with kernels and the runtime."""
    shared = object.with_suffix(".so")
    subprocess.run(["c++", "-shared", "-o", shared, object,
                    "-Wl,--whole-archive", library, "-Wl,--no-whole-archive",
                    "-fopenmp", "-ldl", "-lpthread"], check=True)
    return shared


def expect(family, inputs, factor, scale):
    """What the family computes, in f64: output name to tensor."""
    decay = reference.log_sigmoid(inputs["f"]) * factor
    if family == "gla":
        o, final = reference.linear_attention(
            inputs["q"], inputs["r"], inputs["c"], decay,
            initial=inputs.get("initial"), scale=scale)
        return {"o": o, "final": final}
    silu = [reference.silu(inputs[name]) for name in ("q", "k", "v")]
    o, keys, values = reference.slot_attention(
        *silu, decay, initial_keys=inputs.get("initial_keys"),
        initial_values=inputs.get("initial_values"), scale=scale)
    return {"o": o, "final_keys": keys, "final_values": values}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("library", type=pathlib.Path)
    parser.add_argument("family", choices=("gsa", "gla"))
    parser.add_argument("chip")
    parser.add_argument("--dtype", default="bf16")
    parser.add_argument("--B", type=int, default=1)
    parser.add_argument("--T", type=int, default=75)
    parser.add_argument("--H", type=int, default=1)
    parser.add_argument("--HQ", type=int)
    parser.add_argument("--D", type=int, default=32)
    parser.add_argument("--M", type=int, default=32)
    parser.add_argument("--factor", type=float)
    parser.add_argument("--states", action="store_true",
                        help="initial and final states too")
    parser.add_argument("--schedule")
    options = parser.parse_args()
    B, T, H, D, M = (getattr(options, name) for name in "BTHDM")
    HQ = options.HQ or H
    factor = options.factor or specs.FAMILIES[options.family]["factor"]
    scale = (M if options.family == "gla" else D) ** -0.5
    schedule = f"#gsa.schedule<{options.schedule}>" if options.schedule else None
    text = specs.spec(options.family, dtype=options.dtype, HQ=HQ, H=H, D=D, M=M,
                      initial=options.states, final=options.states,
                      factor=factor, schedule=schedule, name="forward")
    options.folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["gsa-compile", "-", f"--targets={options.chip}", "-o",
                    options.folder / "forward.o"], input=text.encode(),
                   check=True)
    package = Package(link(options.folder / "forward.o", options.library),
                      "forward")

    rng = np.random.default_rng(0)
    tensors, exact, inputs, outputs = {}, {}, {}, []
    by_number = {number: name for name, (number, _) in DTYPES.items()}
    sizes = {"q": (HQ, M if options.family == "gla" else D), "o": (HQ, D),
             "r": (H, M), "f": (H, M), "c": (H, D), "k": (H, D), "v": (H, D)}
    for argument in package.arguments:
        name, dtype = argument.name.decode(), by_number[argument.dtype]
        shape = (B, T, *sizes[name]) if name in sizes else (B, H, M, D)
        if name in ("o", "final", "final_keys", "final_values"):
            outputs.append(name)
            # What is not written stands out.
            storage = narrow(np.full(np.prod(shape), 1e4), dtype)
        else:
            exact[name] = rng.standard_normal(shape)
            storage = narrow(exact[name].reshape(-1), dtype)
            inputs[name] = widen(storage, dtype).reshape(shape)
        tensors[name] = Tensor(storage, shape, dtype=dtype)

    package.run(options.chip, tensors, B, T)

    expected = expect(options.family, inputs, factor, scale)
    unrounded = expect(options.family, exact, factor, scale)
    for name in outputs:
        tensor, right = tensors[name], expected[name]
        found = norm_error(widen(tensor.view(), tensor.dtype), right)
        rounding = norm_error(widen(narrow(right, tensor.dtype), tensor.dtype),
                              unrounded[name])
        bound = max(BOUNDS[options.dtype], 2 * rounding)
        print(f"{name}: error {found:.1e}")
        assert found <= bound, f"{name}: must be at most {bound}, got {found}"
    print(f"right with {options.dtype} on {options.chip}")


if __name__ == "__main__":
    main()
