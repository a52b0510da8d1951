"""--gsa-approximate-math compiled and run, against NumPy in f64.

What it makes for devices is run too, with the host's functions for those that
devices have instructions for.

For the lowest level of x86-64, which cannot fuse multiplications and additions,
and the highest that this machine has.

Relative errors over all of f32: bit patterns at a prime's distance, and all
those around the points where ranges or signs change.
"""

import ctypes
import math
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

# Name, elements of a vector, and what /proc/cpuinfo calls it.
LEVELS = [("x86-64", 4, "sse2"), ("x86-64-v3", 8, "fma"),
          ("x86-64-v4", 16, "avx512vl")]
BOUND = 3e-7
# Made otherwise for devices: relative error, and how it grows with |x|.
DEVICE = {"exp": (1e-6, 1e-7), "expm1": (1e-6, 1e-7), "log1p": (1e-6, 0),
          "tanh": (1e-6, 0), "erf": (1e-6, 0)}
SMALLEST = 2.0**-125    # Results below this may be zero.
FUNCTIONS = {"exp2": np.exp2, "exp": np.exp, "expm1": np.expm1, "log": np.log,
             "log2": np.log2, "log10": np.log10, "log1p": np.log1p,
             "tanh": np.tanh,
             "erf": lambda x: np.fromiter(map(math.erf, x), np.float64, x.size),
             "rsqrt": lambda x: 1 / np.sqrt(x),
             "trunc": np.trunc, "floor": np.floor, "ceil": np.ceil,
             # In f64 the sum is exact where it matters: x is f32.
             "round": lambda x: np.trunc(x + np.copysign(0.5, x)),
             "roundeven": np.rint}
# These are exact, to the sign of a zero.
EXACT = {"trunc", "floor", "ceil", "round", "roundeven"}
LOWER = """--convert-vector-to-scf --convert-scf-to-cf
  --convert-vector-to-llvm --convert-math-to-llvm --convert-arith-to-llvm
  --convert-cf-to-llvm --finalize-memref-to-llvm --convert-func-to-llvm
  --reconcile-unrealized-casts""".split()


def kernel(name, width):
    """Applies one function to n numbers, a multiple of `width`."""
    vector = f"vector<{width}xf32>"
    return f"""
func.func @{name}_{width}(%x: memref<?xf32>, %y: memref<?xf32>) {{
  %zero = arith.constant 0 : index
  %width = arith.constant {width} : index
  %n = memref.dim %x, %zero : memref<?xf32>
  scf.for %i = %zero to %n step %width {{
    %a = vector.load %x[%i] : memref<?xf32>, {vector}
    %b = math.{name} %a : {vector}
    vector.store %b, %y[%i] : memref<?xf32>, {vector}
  }}
  return
}}
func.func @{name}_scalar(%x: memref<?xf32>, %y: memref<?xf32>) {{
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %n = memref.dim %x, %zero : memref<?xf32>
  scf.for %i = %zero to %n step %one {{
    %a = memref.load %x[%i] : memref<?xf32>
    %b = math.{name} %a : f32
    memref.store %b, %y[%i] : memref<?xf32>
  }}
  return
}}
"""


def compile(text, cpu, folder, passes):
    def tool(*words, input):
        return subprocess.run(words, input=input, stdout=subprocess.PIPE,
                              text=True, check=True).stdout
    llvm = tool("gsa-opt", *passes, *LOWER, input=text)
    llvm = tool("mlir-translate", "--mlir-to-llvmir", input=llvm)
    paths = [str(pathlib.Path(folder) / name) for name in ("math.o", "math.so")]
    # Contraction is for the flags on operations to allow, not for llc.
    tool("llc", f"-mcpu={cpu}", "-O2", "-fp-contract=on", "-filetype=obj",
         "-relocation-model=pic", "-o", paths[0], input=llvm)
    # No library: a function that was left would be undefined.
    tool("cc", "-shared", "-nostdlib", "-Wl,-z,defs", paths[0], "-o", paths[1],
         input="")
    return ctypes.CDLL(paths[1])


def numbers():
    every = np.arange(0, 2**32, 1021, np.uint64).astype(np.uint32)
    special = np.array([0, 1, -1, 2**-126, 0.5, 2**-0.5, 2**0.5, 2, np.log(2) / 2,
                        -np.log(2) / 2, 126, 127, 127.5, 128, -125.5, -126, -126.5,
                        -127, -149, 88.02, 88.376, 88.722839, -87.33655, -88.02969,
                        0.25, 0.75, 1.5, 2.5, -0.5, -1.5, 3.95, -3.95, 10,
                        2**22, 2**23, -2**23, 2**31, np.inf],
                       np.float32).view(np.uint32)
    around = special[:, None] + np.arange(-5000, 5000, dtype=np.int64)
    around = around.astype(np.uint32).ravel()
    tiny = np.arange(1, 1 << 20, dtype=np.uint32)
    bits = np.concatenate([every, around, tiny, tiny | np.uint32(1 << 31)])
    bits = np.resize(bits, -(-bits.size // 16) * 16)
    near_zero = np.random.default_rng(1).uniform(-1.5, 1.5, 1 << 20)
    near_zero = near_zero.astype(np.float32)
    return np.concatenate([bits.view(np.float32), near_zero])


def apply(function, x):
    y = np.full_like(x, 12345)
    words = []
    for array in (x, y):
        words += [array.ctypes.data, array.ctypes.data, 0, array.size, 1]
    function(*map(ctypes.c_int64, words))
    return y


def check(name, got, x, device):
    """The largest relative error; what is not as it must be, as text."""
    bound = BOUND
    if device:
        fixed, growing = DEVICE[name]
        bound = fixed + growing * np.nan_to_num(np.abs(x.astype(np.float64)))
    with np.errstate(all="ignore"):
        exact = FUNCTIONS[name](x.astype(np.float64))
        nearest = exact.astype(np.float32)
    same = got == nearest
    if name in EXACT:
        same &= np.signbit(got) == np.signbit(nearest)
    same |= np.isnan(got) & np.isnan(exact)
    limit = ~np.isfinite(nearest)
    finite = ~limit & ~same
    if device:
        # Where results overflow is a matter of the bound, too.
        at_end = (np.abs(exact) > 3.4e38) & (np.abs(exact) < 3.41e38)
        same |= at_end & (np.abs(got) > 3.4e38)
        finite &= ~at_end
    small = finite & (np.abs(exact) < SMALLEST)
    with np.errstate(all="ignore"):
        error = np.abs(got.astype(np.float64) - exact)
        relative = np.where(finite & ~small, error / np.abs(exact), 0)
    wrong = limit & ~same | small & ~(error <= SMALLEST) | ~(relative <= bound)
    if name in EXACT:
        wrong = ~same
    for i in np.argsort(~wrong, kind="stable")[:min(8, wrong.sum())]:
        print(f"{name}({x[i]!r}) is {got[i]!r}, not {nearest[i]!r}")
    return relative.max(), wrong.sum()


def main():
    flags = pathlib.Path("/proc/cpuinfo").read_text().split()
    levels = [level for level in LEVELS if level[2] in flags]
    x = numbers()
    failed = False
    host, device = "--gsa-approximate-math", "--gsa-approximate-math=device=true"
    for cpu, width, _ in dict.fromkeys([levels[0], levels[-1]]):
        for passes, names in (([host], FUNCTIONS), ([device, host], DEVICE)):
            print("device on " * (device in passes) + cpu)
            with tempfile.TemporaryDirectory() as folder:
                text = "".join(kernel(name, width) for name in names)
                library = compile(text, cpu, folder, passes)
                for name in names:
                    got = apply(library[f"{name}_{width}"], x)
                    relative, wrong = check(name, got, x, device in passes)
                    few = np.ascontiguousarray(x[::101])
                    scalar = apply(library[f"{name}_scalar"], few)
                    np.testing.assert_array_equal(scalar, got[::101])
                    print(f"{name}: relative error {relative:.2e}, {wrong} wrong")
                    failed |= bool(wrong)
    sys.exit(failed)


if __name__ == "__main__":
    main()
