"""Runs device images of a package in an emulator, by kernel.h alone.

The emulator is tinygrad's, driven by a script of ours that is no part of the
repository; both are optional:

    GSA_AMD_RUNNER  that script, amdrun.py
    TINYGRAD        a checkout of tinygrad

`Package` reads the descriptions in an object that was linked to a shared
library, so a test here also holds the object to the contract. Every tensor lies
between pages that nobody may touch: an access out of bounds ends the process.
"""

import ctypes
import importlib.util
import os
import sys

import numpy as np

MAX_RANK = 4
BACKEND_HIP = 2
# gsa_dtype, and how NumPy holds it: bf16 as its upper half of an f32.
DTYPES = {"f32": (1, np.float32), "f16": (2, np.float16),
          "bf16": (3, np.uint16), "f64": (4, np.float64),
          "i32": (5, np.int32), "i64": (6, np.int64)}


class _Tensor(ctypes.Structure):
    _fields_ = [("data", ctypes.c_uint64), ("shape", ctypes.c_int64 * MAX_RANK),
                ("stride", ctypes.c_int64 * MAX_RANK),
                ("dtype", ctypes.c_int32), ("rank", ctypes.c_int32)]


class _Extents(ctypes.Structure):
    _fields_ = [("batch", ctypes.c_int64), ("time", ctypes.c_int64),
                ("sequences", ctypes.c_int64), ("segments", ctypes.c_int64),
                ("whole", ctypes.c_int64)]


_Grid = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.POINTER(_Extents))
_Segments = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.POINTER(_Extents),
                             ctypes.c_int64, ctypes.c_int64,
                             ctypes.POINTER(ctypes.c_int64))


class _Stage(ctypes.Structure):
    _fields_ = [("symbol", ctypes.c_char_p), ("grid", _Grid),
                ("entry", ctypes.c_void_p),
                ("threads", ctypes.c_int32), ("shared_bytes", ctypes.c_int32),
                ("cluster", ctypes.c_int32), ("flags", ctypes.c_int32),
                ("maps", ctypes.c_void_p), ("num_maps", ctypes.c_int32),
                ("reserved", ctypes.c_int32)]


class _Argument(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("shape", ctypes.c_int64 * MAX_RANK),
                ("rank", ctypes.c_int32), ("dtype", ctypes.c_int32),
                ("kind", ctypes.c_int32), ("reserved", ctypes.c_int32)]


class _Image(ctypes.Structure):
    _fields_ = [("chip", ctypes.c_char_p), ("backend", ctypes.c_int32),
                ("rank", ctypes.c_int32),
                ("scratch", ctypes.c_int64), ("schedule", ctypes.c_char_p),
                ("features", ctypes.c_uint64),
                ("code", ctypes.c_void_p), ("code_size", ctypes.c_size_t),
                ("stages", ctypes.POINTER(_Stage)),
                ("workspaces", ctypes.POINTER(_Argument)),
                ("segments", _Segments),
                ("num_stages", ctypes.c_int32),
                ("num_workspaces", ctypes.c_int32), ("arch", ctypes.c_int32),
                ("match", ctypes.c_int32)]


class _Kernel(ctypes.Structure):
    _fields_ = [("abi_version", ctypes.c_uint32), ("role", ctypes.c_int32),
                ("name", ctypes.c_char_p), ("num_arguments", ctypes.c_int32),
                ("num_images", ctypes.c_int32),
                ("arguments", ctypes.POINTER(_Argument)),
                ("images", ctypes.POINTER(_Image))]


def _load_runner():
    path = os.environ["GSA_AMD_RUNNER"]
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    spec = importlib.util.spec_from_file_location("amdrun", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class _Guarded:
    """A copy of an array's storage that ends where a page nobody may touch
    begins; `back` copies what was written."""

    def __init__(self, runner, storage):
        self.storage = storage
        self.buffer = bytearray(storage.tobytes())
        # Nothing may be read of a tensor without elements.
        self.guard = runner._Guard(self.buffer) if self.buffer else None

    def address(self):
        return self.guard.addr if self.guard else 0

    def back(self):
        if self.guard:
            self.guard.back()
            self.storage[...] = np.frombuffer(self.buffer, self.storage.dtype)


class Tensor:
    """A strided view of one-dimensional `storage`; strides count elements."""

    def __init__(self, storage, shape, strides=None, offset=0, dtype=None):
        assert storage.ndim == 1 and storage.flags.c_contiguous
        self.storage = storage
        self.shape = list(shape)
        if strides is None:
            strides = [int(np.prod(self.shape[i + 1:]))
                       for i in range(len(self.shape))]
        self.strides = list(strides)
        self.offset = offset
        if dtype is None:
            dtype = next(name for name, (_, numpy) in DTYPES.items()
                         if numpy == storage.dtype and name != "bf16")
        self.dtype = dtype

    def view(self):
        size = self.storage.itemsize
        return np.lib.stride_tricks.as_strided(
            self.storage[self.offset:], self.shape,
            [stride * size for stride in self.strides])


class Package:
    """The kernel `name` of the shared library `path`."""

    def __init__(self, path, name):
        self.library = ctypes.CDLL(path)
        self.kernel = _Kernel.in_dll(self.library, name + "_kernel")
        assert self.kernel.abi_version == 4, self.kernel.abi_version
        self.arguments = [self.kernel.arguments[i]
                          for i in range(self.kernel.num_arguments)]

    def run(self, chip, tensors, batch, time, sequences=None):
        """Runs the image for `chip` on `tensors`, by name, in place. Returns,
        for each stage, what the emulator counted."""
        images = [self.kernel.images[i] for i in range(self.kernel.num_images)]
        image = next(each for each in images if each.chip.decode() == chip)
        assert image.backend == BACKEND_HIP, image.backend
        runner = _load_runner()
        sequences = batch if sequences is None else sequences
        extents = _Extents(batch, time, sequences, 1, sequences)
        if image.segments: # of a device with one processor
            whole = ctypes.c_int64(sequences)
            extents.segments = image.segments(ctypes.byref(extents), 1, 1,
                                              ctypes.byref(whole))
            extents.whole = whole.value
        guards, structs = [], []
        for argument in self.arguments:
            tensor = tensors[argument.name.decode()]
            number, numpy = DTYPES[tensor.dtype]
            assert number == argument.dtype, argument.name
            assert numpy == tensor.storage.dtype, argument.name
            guard = _Guarded(runner, tensor.storage)
            guards.append(guard)
            pad = [0] * (MAX_RANK - len(tensor.shape))
            structs.append(_Tensor(
                guard.address() + tensor.offset * tensor.storage.itemsize,
                (ctypes.c_int64 * MAX_RANK)(*tensor.shape, *pad),
                (ctypes.c_int64 * MAX_RANK)(*tensor.strides, *pad),
                number, len(tensor.shape)))
        dynamic = {-1: extents.batch, -2: extents.time, -3: extents.sequences,
                   -4: extents.sequences + 1, -5: extents.segments - 1,
                   -6: extents.sequences - extents.whole}
        for i in range(image.num_workspaces):
            each = image.workspaces[i]
            shape = [dynamic.get(n, n) for n in each.shape[:each.rank]]
            numpy = next(numpy for number, numpy in DTYPES.values()
                         if number == each.dtype)
            storage = np.full(int(np.prod(shape)), 0, numpy)
            storage.view(np.uint8)[:] = 0xAA
            guard = _Guarded(runner, storage)
            guards.append(guard)
            strides = [int(np.prod(shape[k + 1:])) for k in range(each.rank)]
            pad = [0] * (MAX_RANK - each.rank)
            structs.append(_Tensor(
                guard.address(), (ctypes.c_int64 * MAX_RANK)(*shape, *pad),
                (ctypes.c_int64 * MAX_RANK)(*strides, *pad), each.dtype,
                each.rank))
        parameters = b"".join(bytes(each) for each in structs)
        code = ctypes.string_at(image.code, image.code_size)

        counts = []
        for i in range(image.num_stages):
            stage = image.stages[i]
            blocks = stage.grid(ctypes.byref(extents))
            if blocks == 0:
                continue
            block = (ctypes.c_char * len(parameters)).from_buffer_copy(parameters)
            counts.append(runner.run(
                code, stage.symbol.decode(), (blocks,), (stage.threads,),
                [_Struct(block)], dynlds=stage.shared_bytes))
        for guard in guards:
            guard.back()
        return counts


class _Struct:
    """What the runner copies into the segment of arguments: it takes arrays
    for buffers, but this is the struct itself."""

    def __init__(self, array):
        self.array = array

    def __bytes__(self):
        return bytes(self.array)
