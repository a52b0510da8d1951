"""--convert-gsa-to-loops compiled and run, against the reference.

    loops.py compares all specs and options, in f64 and in f32.
"""

import ctypes
import pathlib
import re
import subprocess
import tempfile
import unittest

import numpy as np

import reference

HERE = pathlib.Path(__file__).resolve().parent
SPECS = HERE.parents[2] / "examples" / "specs"
OPTIONS = HERE / "Inputs" / "options.mlir"
LOWER = """--arith-expand=include-bf16 --convert-scf-to-cf
  --expand-strided-metadata --convert-math-to-libm --convert-math-to-llvm
  --convert-arith-to-llvm --convert-cf-to-llvm --finalize-memref-to-llvm
  --convert-func-to-llvm --reconcile-unrealized-casts""".split()
NARROW = {"f64": np.float64, "f32": np.float32, "f16": np.float16,
          "bf16": np.uint16, "i32": np.int32, "i64": np.int64}


class Loops:
    """The functions of a file, compiled."""

    def __init__(self, path, f64):
        option = "--convert-gsa-to-loops=" + ("f64" if f64 else "")
        loops = self.tool("gsa-opt", path, option)
        self.kernels = dict(re.findall(r"func\.func @(\w+)\((.*)\) attr", loops))
        llvm = self.tool("gsa-opt", *LOWER, input=loops)
        llvm = self.tool("mlir-translate", "--mlir-to-llvmir", input=llvm)
        with tempfile.TemporaryDirectory() as folder:
            object, library = f"{folder}/loops.o", f"{folder}/loops.so"
            self.tool("llc", "-O2", "-filetype=obj", "-relocation-model=pic",
                      "-o", object, input=llvm)
            self.tool("cc", "-shared", object, "-o", library, "-lm")
            self.library = ctypes.CDLL(library)

    @staticmethod
    def tool(*command, input=None):
        return subprocess.run([str(word) for word in command], input=input,
                              stdout=subprocess.PIPE, text=True,
                              check=True).stdout

    def __call__(self, function, *inputs, extents):
        """Calls `function`; inputs are wide arrays, results come back wide.
        `extents` are the dynamic ones of each result."""
        arguments = re.findall(
            r'memref<((?:[?\d]+x)+)(\w+), strided.*?gsa.kind = "(\w+)"',
            self.kernels[function])
        assert len(arguments) == len(inputs) + len(extents)
        arrays, words = [], []
        for i, (shape, element, kind) in enumerate(arguments):
            if kind == "output":
                known = iter(extents[i - len(inputs)])
                shape = [next(known) if n == "?" else int(n)
                         for n in shape[:-1].split("x")]
                # What is not written shows.
                array = np.full(shape, 12345 if element == "bf16" else np.nan,
                                NARROW[element])
            elif element == "bf16":
                array = bits_of_bf16(inputs[i])
            else:
                array = np.ascontiguousarray(inputs[i], NARROW[element])
            # Every other element of a larger array: strides are respected.
            if kind == "input" and array.ndim == 4:
                room = np.zeros((*array.shape[:2], 2 * array.shape[2],
                                 array.shape[3]), array.dtype)
                room[:, :, ::2] = array
                array = room[:, :, ::2]
            arrays.append(array)
            data = array.ctypes.data
            words += [data, data, 0, *array.shape]
            words += [stride // array.itemsize for stride in array.strides]
        getattr(self.library, function)(*map(ctypes.c_int64, words))
        return [widen(array, element)
                for array, (_, element, kind) in zip(arrays, arguments)
                if kind == "output"]


def bits_of_bf16(x):
    """Rounded to nearest, ties to even; NaN to a quiet one."""
    bits = np.asarray(x, np.float32).view(np.uint32)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    return np.where(np.isnan(x), 0x7FC0, rounded).astype(np.uint16)


def widen(array, element):
    if element == "bf16":
        array = (array.astype(np.uint32) << 16).view(np.float32)
    return array.astype(np.float64)


def rounded(x, element):
    if element == "bf16":
        return widen(bits_of_bf16(x), element)
    return np.asarray(x).astype(NARROW[element]).astype(np.float64)


RANDOM = np.random.default_rng(3)


def normal(*shape, element="f32"):
    return rounded(RANDOM.standard_normal(shape), element)


def gates(*shape, element="f32"):
    """Log decays of every strength, 0, -30 and -inf among them."""
    g = reference.log_sigmoid(normal(*shape)) / RANDOM.choice([8, 1, .25], shape)
    special = RANDOM.random(shape)
    g = np.where(special < .1, 0, np.where(special < .2, -30, g))
    return rounded(np.where(special > .9, -np.inf, g), element)


class Shared:
    """The tests, run in f64 and in f32."""

    def compare(self, got, expected):
        for x, y in zip(got, expected, strict=True):
            y = np.asarray(y)
            self.assertEqual(x.shape, y.shape)
            finite = np.isfinite(y)
            np.testing.assert_array_equal(x[~finite], y[~finite])
            error = np.linalg.norm(x[finite] - y[finite])
            self.assertLessEqual(error,
                                 self.bound * np.linalg.norm(y[finite]))

    def run_slots(self, batch, time):
        q, k = normal(batch, time, 4, 3), normal(batch, time, 2, 3)
        v, g = normal(batch, time, 2, 6), gates(batch, time, 2, 5)
        ks, vs = normal(batch, 2, 5, 3), normal(batch, 2, 5, 6)
        inputs = q, k, v, g, ks, vs
        got = self.options("slots", *inputs,
                           extents=[(batch, time), (batch,), (batch,)])
        expected = reference.slot_attention(
            q, k, v, g, initial_keys=ks, initial_values=vs, scale=0.7)
        self.compare(got, expected)
        return inputs, got

    def test_slots(self):
        for time in (0, 1, 17):
            self.run_slots(2, time)

    def test_nan_stays_in_its_sequence(self):
        inputs, clean = self.run_slots(3, 9)
        inputs[1][1, 4] = np.nan
        o, keys, _ = self.options("slots", *inputs,
                                  extents=[(3, 9), (3,), (3,)])
        self.assertTrue(np.isnan(o[1, 4:]).any())
        self.assertTrue(np.isnan(keys[1]).any())
        np.testing.assert_array_equal(o[::2], clean[0][::2])
        np.testing.assert_array_equal(keys[::2], clean[1][::2])

    def test_packed_slots(self):
        offsets, time = [0, 4, 4, 5, 14], 14
        q = normal(1, time, 4, 3, element="f16")
        k = normal(1, time, 2, 3, element="f16")
        v = normal(1, time, 2, 6, element="f16")
        s = normal(1, time, 2, 5, element="f16")
        g = gates(1, time, 2)
        o, *finals = self.options("packed_slots", q, k, v, s, g, offsets,
                                  extents=[(time,), (4,), (4,)])
        expected, *final = reference.slot_attention(
            q, k, v, g, writes=s, offsets=offsets, reverse=True)
        self.compare(finals, final)
        self.compare([o], [expected] if self.f64
                     else [rounded(expected, "f16")])

    def test_abc(self):
        offsets, time = [0, 0, 6, 7], 7
        q, k = normal(1, time, 2, 3), normal(1, time, 2, 3)
        v, s = normal(1, time, 2, 6), 4 * normal(1, time, 2, 5)
        z = normal(3, 2, 5)
        # Slots that nothing was written to, before and after a first write.
        z[1, 0, :3] = -np.inf
        s[0, 2:6, 0, :2] = -np.inf
        s[0, 3, 0, 1] = 1.0
        got = self.options("abc", q, k, v, s, z, offsets,
                           extents=[(time,), (time,), (3,)])
        g, final = reference.softmax_decay(s, initial=z, offsets=offsets,
                                           reverse=True)
        o, _, _ = reference.slot_attention(q, k, v, g, offsets=offsets,
                                           reverse=True)
        self.compare(got, [o, g, final])

    def test_linear(self):
        q, k = normal(2, 9, 4, 5), normal(2, 9, 2, 5)
        v = normal(2, 9, 2, 3)
        got = self.options("linear", q, k, v, extents=[(2, 9), (2, 9), (2,)])
        plain, _ = reference.linear_attention(q, k, v)
        o, final = reference.linear_attention(
            q, k, v, np.array([-0.5, -0.0625]), scale=0.25, reverse=True)
        self.compare(got, [plain, o, final])

    def test_functions(self):
        # silu at -90 is normal in f32 though exp(90) overflows.
        x = np.array([-np.inf, -1e4, -90, -1, 0, 1e4, np.inf, np.nan])
        x = np.stack([x, np.array([1e-3, -1e-3, 20, -20, 3, -3, 85, -85])])
        x = rounded(x, "f32").reshape(2, 1, 1, 8)
        y = np.zeros(x.shape)
        got = self.options("functions", x, y, extents=[(2, 1)] * 3)
        small = np.where(x < 0, x, 0)
        expected = [reference.silu(x), reference.log_sigmoid(x),
                    small if self.f64 else rounded(small, "bf16")]
        for g, e in zip(got, expected, strict=True):
            np.testing.assert_allclose(g, e, rtol=30 * self.bound, atol=1e-37)

    def test_specs(self):
        shapes = {
            "gsa-mistral-7b": ("32x128", "8x128", "8x128", "8x64"),
            "gsa-1b3": ("4x512", "4x512", "4x512", "4x64"),
            "abc": ("4x128", "4x128", "4x128", "4x64"),
            "gla": ("4x128", "4x128", "4x256", "4x128"),
            "hgrn2": ("16x128", "16x128", "16x128"),
            "retnet": ("8x256", "8x256", "8x512"),
            "mamba2": ("24x128", "24x128", "24x64", "24"),
        }
        self.assertEqual(shapes.keys(), reference.SPECS.keys())
        self.assertEqual(shapes.keys(), {f.stem for f in SPECS.glob("*.mlir")})
        for spec, sizes in shapes.items():
            with self.subTest(spec):
                batch, time = 2, 5
                inputs = [normal(batch, time, *map(int, size.split("x")),
                                 element="bf16") for size in sizes]
                loops = Loops(SPECS / f"{spec}.mlir", self.f64)
                got = loops(spec.replace("-", "_"), *inputs,
                            extents=[(batch, time)])
                compute, names = reference.SPECS[spec]
                (expected,) = compute(**dict(zip(names, inputs))).values()
                self.compare(got, [expected if self.f64
                                   else rounded(expected, "bf16")])


class F64(Shared, unittest.TestCase):
    f64, bound = True, 1e-12

    @classmethod
    def setUpClass(cls):
        cls.options = Loops(OPTIONS, cls.f64)


class F32(Shared, unittest.TestCase):
    # A result narrower than f32 may round to a neighbour.
    f64, bound = False, 3e-4

    @classmethod
    def setUpClass(cls):
        cls.options = Loops(OPTIONS, cls.f64)


if __name__ == "__main__":
    unittest.main()
