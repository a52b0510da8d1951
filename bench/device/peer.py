#!/usr/bin/env python3
"""Times of other implementations on the device suite's problems.

    peer.py PROBLEMS.json RESULTS.jsonl TUNED.json [--quick]

Compiles and tunes at once, which takes minutes the first time; waits for a line
on standard input before it measures, so that it measures on an idle device.
RESULTS gets a line for each time, or a note for what could not be measured:

    {"peer": "fla", "problem": "t2r7b", "alone": ms, "stream": ms}
    {"note": "..."}

What the tuner chose is written to TUNED.json, and read from `tuned.json` beside
this script, if a bundle was made with it (device-suite --peer-tuned), so that it
need not be found out again. Compiled kernels stay in a folder of /tmp.

Needs torch. Time is that between two events around one call, median; and that
of a loop of calls, of one.
"""

import json
import os
import pathlib
import sys
import time

FOLDER = pathlib.Path(__file__).resolve().parent


def main():
    problems = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    results = open(sys.argv[2], "w", encoding="utf-8")
    tuned = pathlib.Path(sys.argv[3])
    quick = "--quick" in sys.argv

    def write(**row):
        print(json.dumps(row), file=results, flush=True)

    # Before anything reads them.
    kernels = pathlib.Path("/tmp/device-suite-peer")
    carried = FOLDER / "tuned.json"
    if carried.exists():
        for name, text in json.loads(carried.read_text()).items():
            path = kernels / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    os.environ["TRITON_CACHE_DIR"] = str(kernels)
    os.environ["TRITON_CACHE_AUTOTUNING"] = "1"
    sys.path.append(str(FOLDER / "site"))
    try:
        import torch
        import torch.nn.functional as F
    except ImportError as error:
        return write(note=f"peers in Python: torch must be importable, got: {error}")
    if not torch.cuda.is_available():
        return write(note="peers in Python: torch must see a device, got none")
    torch.set_grad_enabled(False)
    try:
        from fla.ops.gsa import chunk_gsa
    except Exception as error:  # whatever a library of others raises
        chunk_gsa = None
        write(note=f"fla: must be importable, got: {error!r}")

    def normal(*shape):
        return torch.randn(*shape, device="cuda", dtype=torch.bfloat16)

    def make(peer, p):
        """Calls of `peer` on problem `p`, one for each of some sets of inputs."""
        calls = []
        for _ in range(2 if quick else 3):
            q = F.silu(normal(p["B"], p["T"], p["HQ"], p["D"]))
            k, v = (F.silu(normal(p["B"], p["T"], p["H"], p["D"]))
                    for _ in range(2))
            group = p["HQ"] // p["H"]
            if peer == "sdpa":
                # As its kernels have it: heads before time.
                q, k, v = (x.transpose(1, 2).contiguous() for x in (q, k, v))
                calls.append(lambda q=q, k=k, v=v: F.scaled_dot_product_attention(
                    q, k, v, is_causal=True, enable_gqa=group > 1))
                continue
            g = (F.logsigmoid(normal(p["B"], p["T"], p["H"], p["M"]).float())
                 / 8).bfloat16()
            s = (1 - g.float().exp()).bfloat16()
            if group > 1:  # It reads out of bounds; its layer repeats them.
                k, v, s, g = (x.repeat_interleave(group, dim=2)
                              for x in (k, v, s, g))
            calls.append(lambda q=q, k=k, v=v, s=s, g=g: chunk_gsa(
                q, k, v, s, g, scale=1.0))
        return calls

    def each(action):
        for p in problems:
            for peer in p["peers"]:
                if peer == "fla" and not chunk_gsa:
                    continue
                try:
                    action(peer, p)
                except Exception as error:  # a problem less
                    text = str(error).strip().split("\n")[0][:200]
                    write(note=f"{peer} {p['name']}: failed, got: {text}")
                torch.cuda.empty_cache()

    def warm(peer, p):
        start = time.time()
        for call in make(peer, p):
            call()
        torch.cuda.synchronize()
        print(f"{peer} {p['name']}: ready after {time.time() - start:.1f} s",
              flush=True)

    def measure(peer, p):
        calls = make(peer, p)
        busy = torch.empty(2, 2**(20 if quick else 31), dtype=torch.uint8,
                           device="cuda")  # 1.4 ms to copy
        first, last = (torch.cuda.Event(enable_timing=True) for _ in range(2))

        def timed(body):
            # While the device copies, the host asks for all that is to be
            # timed: fla launches several kernels from Python.
            busy[1].copy_(busy[0])
            first.record()
            body()
            last.record()
            last.synchronize()
            return first.elapsed_time(last)

        def median(times):
            return sorted(times)[len(times) // 2]

        for i in range(2 if quick else 10):
            calls[i % len(calls)]()
        torch.cuda.synchronize()
        alone = median([timed(calls[i % len(calls)])
                        for i in range(3 if quick else 50)])
        count = 2 if quick else 10

        def loop():
            for i in range(count):
                calls[i % len(calls)]()

        stream = median([timed(loop) / count for _ in range(3)])
        write(peer=peer, problem=p["name"], alone=alone, stream=stream)

    each(warm)
    tuned.write_text(json.dumps({
        str(path.relative_to(kernels)): path.read_text()
        for path in sorted(kernels.glob("*/*.autotune.json"))}))
    sys.stdin.readline()
    each(measure)


if __name__ == "__main__":
    main()
