"""Random tile programs, compiled and run on every target that this machine has.

    run.py FIRST COUNT [-v]       programs of the seeds from FIRST on

Exits with 1 and names the seeds whose results differ from NumPy's.
"""

import argparse
import ctypes
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from programs import Program, rounded

FLAGS = {"x86-64": "sse2", "x86-64-v3": "avx2", "x86-64-v4": "avx512vl",
         "x86-64-v4-bf16": "avx512_bf16"}
DTYPES = {"f32": 1, "bf16": 2, "f16": 3}


class Tensor(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("shape", ctypes.c_int64 * 4),
                ("stride", ctypes.c_int64 * 4), ("dtype", ctypes.c_int32),
                ("rank", ctypes.c_int32)]


class Extents(ctypes.Structure):
    _fields_ = [(n, ctypes.c_int64) for n in ("batch", "time", "sequences",
                                              "segments", "whole")]


class Stage(ctypes.Structure):
    _fields_ = [("symbol", ctypes.c_char_p),
                ("grid", ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.POINTER(Extents))),
                ("entry", ctypes.CFUNCTYPE(None, ctypes.POINTER(Tensor),
                                           ctypes.c_int64, ctypes.c_void_p)),
                ("threads", ctypes.c_int32), ("shared_bytes", ctypes.c_int32),
                ("cluster", ctypes.c_int32), ("flags", ctypes.c_int32),
                ("maps", ctypes.c_void_p), ("num_maps", ctypes.c_int32),
                ("reserved", ctypes.c_int32)]


class Image(ctypes.Structure):
    _fields_ = [("chip", ctypes.c_char_p), ("backend", ctypes.c_int32),
                ("rank", ctypes.c_int32),
                ("scratch", ctypes.c_int64), ("schedule", ctypes.c_char_p),
                ("features", ctypes.c_uint64), ("code", ctypes.c_void_p),
                ("code_size", ctypes.c_size_t), ("stages", ctypes.POINTER(Stage)),
                ("workspaces", ctypes.c_void_p), ("segments", ctypes.c_void_p),
                ("num_stages", ctypes.c_int32),
                ("num_workspaces", ctypes.c_int32),
                ("arch", ctypes.c_int32), ("match", ctypes.c_int32)]


class Kernel(ctypes.Structure):
    _fields_ = [("abi_version", ctypes.c_uint32), ("role", ctypes.c_int32),
                ("name", ctypes.c_char_p), ("num_arguments", ctypes.c_int32),
                ("num_images", ctypes.c_int32), ("arguments", ctypes.c_void_p),
                ("images", ctypes.POINTER(Image))]


def encode(x, element):
    if element == "bf16":
        return (np.asarray(x, np.float32).view(np.uint32) >> 16).astype(np.uint16)
    return np.ascontiguousarray(x, np.float16 if element == "f16" else np.float32)


def decode(x, element):
    if element == "bf16":
        x = (x.astype(np.uint32) << 16).view(np.float32)
    return x.astype(np.float64)


def compile(text, targets, folder):
    """The kernels of `text`, a module of the `chunked` stage without targets."""
    path = pathlib.Path(folder)
    (path / "all.mlir").write_text(text)
    run = lambda *words: subprocess.run([str(word) for word in words], check=True)
    run("gsa-opt", path / "all.mlir", f"--gsa-specialize=targets={','.join(targets)}",
        "-o", path / "targets.mlir")
    run("gsa-compile", path / "targets.mlir", "--from=chunked", "-o", path / "all.o")
    # The object names the runtime, which nothing here calls.
    runtime = [f"-Wl,--defsym=gsa_{name}=0"
               for name in ("launch", "preload", "query", "workspace_size")]
    run("cc", "-shared", path / "all.o", *runtime, "-o", path / "all.so")
    return ctypes.CDLL(str(path / "all.so"))


def aligned(size):
    """`size` bytes at a multiple of 64, of a pattern that is no small number."""
    room = np.full(size + 64, 0x7B, np.uint8)
    return room[-room.ctypes.data % 64:][:size]


def compare(program, image):
    """Runs one image; what it got wrong, as text."""
    given, expected = program.arrays()
    tensors = (Tensor * len(program.arguments))()
    arrays = []
    for tensor, argument in zip(tensors, program.arguments):
        array = encode(given[argument], argument.element)
        # Fenced by a pattern: a store outside shows.
        size = array.size
        room = np.full(size + 128, 77, array.dtype)
        inside = room[64:64 + size].reshape(array.shape)
        inside[...] = array
        arrays.append((inside, room))
        tensor.data, tensor.rank = inside.ctypes.data, array.ndim
        tensor.dtype = DTYPES[argument.element]
        for i in range(array.ndim):
            tensor.shape[i] = array.shape[i]
            tensor.stride[i] = inside.strides[i] // array.itemsize
    batch, time = 2, program.time
    scratch = aligned(image.scratch)
    [stage] = image.stages[:image.num_stages]
    blocks = stage.grid(ctypes.byref(Extents(batch, time, batch, 1, batch)))
    for block in range(blocks):
        stage.entry(tensors, block, scratch.ctypes.data)
    for argument, (inside, room) in zip(program.arguments, arrays):
        if (room[:64] != 77).any() or (room[-64:] != 77).any():
            return f"{argument.name} written outside"
        got = decode(inside, argument.element)
        wrong = got != expected[argument]
        if wrong.any():
            at = tuple(int(i) for i in np.argwhere(wrong)[0])
            return (f"{argument.name}{list(at)} is {got[at]}, not"
                    f" {expected[argument][at]} ({wrong.sum()} of {wrong.size})")
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("first", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("-v", action="store_true", help="say what differs")
    options = parser.parse_args()
    cpu = pathlib.Path("/proc/cpuinfo").read_text().split()
    runs = {target for target, flag in FLAGS.items() if flag in cpu}

    failures, ran = [], dict.fromkeys(FLAGS, 0)
    for dot16, targets in ((False, ["x86-64", "x86-64-v3", "x86-64-v4"]),
                           (True, ["x86-64-v4-bf16"])):
        programs = [Program(seed, dot16)
                    for seed in range(options.first, options.first + options.count)]
        with tempfile.TemporaryDirectory() as folder:
            library = compile("".join(p.text() for p in programs), targets, folder)
            for program in programs:
                kernel = Kernel.in_dll(library, f"{program.name}_kernel")
                for image in kernel.images[:kernel.num_images]:
                    chip = image.chip.decode()
                    if chip not in runs:
                        continue
                    ran[chip] += 1
                    if wrong := compare(program, image):
                        failures.append(f"{program.name} {chip} dot16={dot16}:"
                                        f" {wrong}")
    for chip, count in ran.items():
        print(f"{chip}: {count} programs" if count else f"{chip}: not this machine's")
    print(*failures, sep="\n")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
