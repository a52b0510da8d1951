#!/usr/bin/python3
"""Makes a bundle of the device suite: a folder whose program `run` needs a C
library and, for a device, its driver. scripts/device-suite calls it.

A spec that does not compile for a target is reported and left out: the suite
then says why it has no kernel.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile

import lists

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
JOBS = os.cpu_count() or 1

# What fla is, and where its wheels come from: Python's package index.
WHEELS = ("flash-linear-attention==0.5.2", "fla-core==0.5.2")
# compute-sanitizer. Before 2026.1 (toolkit 13.1) racecheck reports races in what
# roles hand each other: its release notes list what it did not follow.
SANITIZER = ("nvidia-cuda-sanitizer-api==13.5.25",)
# What peers have times for: the shapes of PEERS.md.
PEER_SHAPES = {
    "t2r7b": (4, 2048, 32, 32, 128, 64), "t2r7b-gqa": (4, 2048, 32, 8, 128, 64),
    "t2r7b-8k": (1, 8192, 32, 32, 128, 64), "paper1b3": (8, 2048, 4, 4, 512, 64),
    "paper1b3-b32": (32, 2048, 4, 4, 512, 64),
    "long64k": (1, 65536, 4, 4, 128, 64)}


def stop(message):
    sys.exit(f"device-suite: {message}")


def run(*words, **options):
    return subprocess.run([str(word) for word in words], text=True, check=False,
                          capture_output=True, **options)


class Bundle:
    def __init__(self, options):
        self.options = options
        self.build = options.build.resolve()
        self.folder = options.bundle.resolve()
        self.work = pathlib.Path(tempfile.mkdtemp(
            prefix="device-suite-", dir=self.build))
        # Kernels that this compiler made.
        compiler = (self.build / "bin/gsa-compile").read_bytes()
        self.cache = (self.build / "device-suite"
                      / hashlib.sha256(compiler).hexdigest()[:16])
        self.lock = threading.Lock()
        self.done = 0
        self.groups = lists.groups()
        if options.groups:
            unknown = set(options.groups) - set(self.groups)
            if unknown:
                stop(f"--groups must be of {', '.join(self.groups)}, got "
                     f"{', '.join(sorted(unknown))}")
            self.groups = {name: group for name, group in self.groups.items()
                           if name in options.groups}
        self.specs = {name: text for group in self.groups.values()
                      for name, text in group.specs.items()
                      if (not options.quick or name in lists.QUICK)
                      and re.fullmatch(options.functions, name)}
        if not self.specs:
            stop(f"--functions must match one, got '{options.functions}'")
        self.failures = {}  # function -> why it has no kernel
        self.log = []

    # -- Kernels ---------------------------------------------------------------

    def compile(self, name):
        """The object of a function for every target that takes it, or None."""
        # Whether there is machine code, and whose, is the environment's.
        key = hashlib.sha256(json.dumps(
            [self.specs[name], self.options.targets,
             os.environ.get("GSA_PTXAS")]).encode()).hexdigest()[:16]
        kept = self.cache / f"{name}-{key}.json"
        if not kept.exists():
            messages = self.compile_anew(name, kept.with_suffix(".o"))
            temporary = self.work / f"{name}.json"
            temporary.write_text(json.dumps(messages))
            os.replace(temporary, kept)
        messages = json.loads(kept.read_text())
        missing = not kept.with_suffix(".o").exists()
        with self.lock:
            self.log += [f"{name}: {message}" for message in messages]
            if missing:
                self.failures[name] = "; ".join(messages)
            self.done += 1
            if self.done % 20 == 0 or self.done == len(self.specs):
                print(f"compiled {self.done} of {len(self.specs)} specs, "
                      f"{len(self.failures)} failed", file=sys.stderr, flush=True)
        return None if missing else kept.with_suffix(".o")

    def compile_anew(self, name, kept):
        """Writes `kept` if a target takes the function; says why others do not."""
        spec, object = (self.work / f"{name}{end}" for end in (".mlir", ".o"))
        spec.write_text(self.specs[name], encoding="utf-8")

        def attempt(targets):
            try:
                result = run(self.build / "bin/gsa-compile", spec,
                             f"--targets={','.join(targets)}", "-o", object,
                             timeout=120)
                return result.returncode == 0, result.stderr.strip()
            except subprocess.TimeoutExpired:
                return False, "took more than 120 s"

        messages = []
        right, message = attempt(self.options.targets)
        if not right:
            taken = []
            for target in self.options.targets:
                fits, message = attempt([target])
                if fits:
                    taken.append(target)
                else:
                    line = next((line for line in message.split("\n")
                                 if "error" in line), message)
                    messages.append(f"{target}: {line.replace(str(spec), name)}")
            right = bool(taken) and attempt(taken)[0]
        if right:
            shutil.move(object, kept)
        return messages

    def reference(self, number, names):
        """The oracle of some functions: an object, and what they take."""
        spec, object = (self.work / f"reference{number}{end}"
                        for end in (".mlir", ".o"))
        spec.write_text("\n".join(self.specs[name] for name in names),
                        encoding="utf-8")
        result = run(self.build / "bin/device-reference", spec, "-o", object)
        if result.returncode:
            stop(f"the oracle must compile, got:\n{result.stderr}")
        decays = {}
        for line in result.stdout.splitlines():
            name, *flags = line.split()
            decays[name] = "".join(flags)
        return object, decays

    def link(self, objects, references, decays):
        table = self.work / "table.cpp"
        lines = ['#include "Table.h"', 'extern "C" {']
        rows = []
        for name in self.specs:
            lines.append(f"void {name}_reference(void **);")
            if name in self.failures:
                kernel, why = "nullptr", json.dumps(self.failures[name])
            else:
                kernel, why = f"&{name}_kernel", "nullptr"
                lines.append(f"extern const gsa_kernel {name}_kernel;")
            rows.append(f'  {{"{name}", {kernel}, {name}_reference, '
                        f'"{decays[name]}", {why}}},')
        lines += ["}", "const suite::Entry suite::kEntries[] = {", *rows, "};",
                  f"const int suite::kNumEntries = {len(rows)};"]
        table.write_text("\n".join(lines) + "\n", encoding="utf-8")
        # A sanitizer of the build's, above all.
        flags = shlex.split((self.build / "bench/device/flags").read_text())
        result = run(
            "g++", *flags, "-std=c++17", f"-I{HERE}", f"-I{ROOT / 'runtime/include'}",
            f"-I{ROOT / 'tools/gsa-run'}", table, *objects, *references,
            "-Wl,--start-group", self.build / "bench/device/libdevice-suite.a",
            self.build / "tools/gsa-run/libgsa_run_harness.a",
            self.build / "runtime/libgsa_runtime.a", "-Wl,--end-group",
            "-static-libstdc++", "-static-libgcc", "-l:libgomp.a", "-ldl",
            "-lpthread", "-lm", "-Wl,--gc-sections", "-s",
            "-o", self.folder / "run")
        if result.returncode:
            stop(f"the suite must link, got:\n{result.stderr}")

    # -- Peers and tools -------------------------------------------------------

    def wheels(self, option, packages):
        """Files of Python packages, each "name==version"; the index is asked
        once a build."""
        def find(package):
            name, version = package.split("==")
            return next(folder.glob(f"{name.replace('-', '_')}-{version}-*.whl"),
                        None)

        folder = self.build / "device-suite-wheels"
        if not all(map(find, packages)):
            # Debian's Python may be without pip.
            for python in (sys.executable, "python3"):
                result = run(python, "-m", "pip", "download", "--no-deps",
                             "-d", folder, *packages)
                if not result.returncode:
                    break
            else:
                stop(f"{option} needs {', '.join(packages)}, got:\n"
                     f"{result.stderr}")
        return [find(package) for package in packages]

    def add_sanitizer(self):
        folder = self.folder / "sanitizer"
        folder.mkdir()
        for wheel in self.wheels("--with-sanitizer", SANITIZER):
            with zipfile.ZipFile(wheel) as archive:
                for entry in archive.infolist():
                    path = pathlib.PurePath(entry.filename)
                    if path.parent.name != "compute-sanitizer":
                        continue  # documentation, headers, 32 bits
                    file = folder / path.name
                    file.write_bytes(archive.read(entry))
                    file.chmod(0o755)

    def add_peer(self):
        folder = self.folder / "peer"
        folder.mkdir()
        shutil.copy(HERE / "peer.py", folder)
        keys = ("B", "T", "HQ", "H", "D", "M")
        # fla tunes for a minute or two a shape; bars ask for two of them.
        fla = self.options.peer_problems or (
            PEER_SHAPES if self.options.peer_tuned
            else ("t2r7b", "paper1b3-b32"))
        problems = [{"name": name, **dict(zip(keys, shape)),
                     "peers": ["sdpa"] + (["fla"] if name in fla else [])}
                    for name, shape in PEER_SHAPES.items()]
        (folder / "problems.json").write_text(json.dumps(problems))
        for wheel in self.wheels("--with-peer", WHEELS):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(folder / "site")
        if self.options.peer_tuned:
            shutil.copy(self.options.peer_tuned, folder / "tuned.json")

    def add_prototype(self):
        source = self.options.with_prototype.resolve()
        if not (source / "main.cu").is_file():
            stop(f"--with-prototype must be the prototype's folder, got {source}")
        nvcc = shutil.which("nvcc") or "/usr/local/cuda/bin/nvcc"
        if not pathlib.Path(nvcc).exists():
            stop("--with-prototype needs nvcc, got none")
        binary = self.build / "device-suite-prototype"
        newest = max(path.stat().st_mtime for path in source.glob("*"))
        if not binary.exists() or binary.stat().st_mtime < newest:
            result = run(nvcc, "-gencode=arch=compute_90a,code=sm_90a", "-O3",
                         "-std=c++17", "-cudart", "static", "main.cu", "-o",
                         binary, cwd=source)
            if result.returncode:
                stop(f"the prototype must compile, got:\n{result.stderr}")
        shutil.copy(binary, self.folder / "prototype")

    # -- All of it -------------------------------------------------------------

    def origin(self):
        commit = run("git", "-C", ROOT, "describe", "--always", "--dirty",
                     "--abbrev=12").stdout.strip()
        versions = re.findall(r"GLIBC_(\d+)\.(\d+)", run(
            "objdump", "-T", self.folder / "run").stdout)
        newest = max((int(a), int(b)) for a, b in versions)
        return {"commit": commit or "unknown",
                "targets": ",".join(self.options.targets),
                "needs": f"x86-64-v3, glibc {newest[0]}.{newest[1]}"}

    def make(self):
        if self.folder.exists():
            if any(self.folder.iterdir()) and not (self.folder / "origin").exists():
                stop(f"--bundle must be new, empty or a bundle, got {self.folder}")
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True)
        # Those of compilers before this one are of no use any more.
        for old in self.cache.parent.glob("*"):
            if old != self.cache:
                shutil.rmtree(old, ignore_errors=True)
        self.cache.mkdir(parents=True, exist_ok=True)
        names = list(self.specs)
        parts = [names[i::2 * JOBS] for i in range(2 * JOBS) if names[i::2 * JOBS]]
        with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
            made = [pool.submit(self.compile, name) for name in names]
            oracles = [pool.submit(self.reference, i, part)
                       for i, part in enumerate(parts)]
            objects = [each.result() for each in made if each.result()]
            oracles = [each.result() for each in oracles]
        decays = {name: flags for _, part in oracles
                  for name, flags in part.items()}
        self.link(objects, [object for object, _ in oracles], decays)

        cases = [f"{name} {case}" for name, group in self.groups.items()
                 for case in group.cases
                 if re.search(r"--function=(\w+)", case)[1] in self.specs]
        (self.folder / "cases").write_text("\n".join(cases) + "\n")
        shutil.copy(HERE / "bars", self.folder)
        (self.folder / "compile.log").write_text("\n".join(self.log) + "\n")
        if self.options.with_peer:
            self.add_peer()
        if self.options.with_sanitizer:
            self.add_sanitizer()
        if self.options.with_prototype:
            self.add_prototype()
        origin = self.origin()
        (self.folder / "origin").write_text(
            "".join(f"{key}: {value}\n" for key, value in origin.items()))
        size = sum(path.stat().st_size for path in self.folder.rglob("*"))
        for line in self.log:
            print(f"not compiled: {line}")
        print(f"{self.folder}: {len(self.specs)} kernels, {len(self.failures)} "
              f"of them missing, {len(cases)} cases, {size / 2**20:.1f} MiB; "
              f"needs {origin['needs']}")


def main():
    def words(text):
        return text.split(",")

    parser = argparse.ArgumentParser(prog="device-suite", description=__doc__)
    parser.add_argument("--bundle", type=pathlib.Path, required=True,
                        metavar="DIR", help="where; an old bundle goes away")
    parser.add_argument("--targets", type=words, default=["sm_90a", "sm_80"],
                        metavar="A,B", help="machines (sm_90a,sm_80)")
    parser.add_argument("--groups", type=words, metavar="A,B",
                        help="groups of lists.py; all of them by default")
    parser.add_argument("--functions", default=".*", metavar="REGEX",
                        help="functions of these groups, by their whole names")
    parser.add_argument("--quick", action="store_true",
                        help="a few functions of each kind")
    parser.add_argument("--with-peer", action="store_true",
                        help="carry fla, to be measured where torch is")
    parser.add_argument("--peer-problems", type=words, metavar="A,B",
                        help="what to measure it on: by default what bars ask "
                        "for, or all of PEERS.md if it is tuned")
    parser.add_argument("--peer-tuned", type=pathlib.Path, metavar="FILE",
                        help="OUT/peer-tuned.json of an earlier run")
    parser.add_argument("--with-sanitizer", action="store_true",
                        help="carry a compute-sanitizer whose racecheck "
                        "follows roles; that of CUDA 13.0 does not")
    parser.add_argument("--with-prototype", type=pathlib.Path, nargs="?",
                        const=ROOT.parent / "shared/prototype", metavar="DIR",
                        help="carry the prototype, built from DIR "
                        "(../shared/prototype)")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build",
                        help="the build to take programs from (build)")
    bundle = Bundle(parser.parse_args())
    try:
        bundle.make()
    finally:
        shutil.rmtree(bundle.work)


if __name__ == "__main__":
    main()
