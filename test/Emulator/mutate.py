#!/usr/bin/python3
"""Breaks a kernel on purpose, one instruction at a time, and tells whether the
emulator sees it.

    mutate.py [--max=N] PREFIX[,PREFIX...] COMMAND...

COMMAND runs a kernel in the emulator (LD_LIBRARY_PATH is set by who calls) and
must fail if something is wrong. Every instruction of what it loads whose text
begins with a PREFIX is left out once (GSA_EMULATOR_LEAVE_OUT). Prints a line
for each, "seen" or "not seen", with the emulator's words; exits with 1 if one
was not seen. What stands in code that COMMAND does not reach is not seen, and
neither is what nobody needs.
"""

import argparse
import os
import re
import subprocess
import sys


def run(command, mutation):
    environment = dict(os.environ, GSA_EMULATOR_LEAVE_OUT=mutation)
    result = subprocess.run(command, env=environment, capture_output=True,
                            text=True, check=False)
    return result.returncode, result.stdout + result.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--max", type=int, default=10000, metavar="N",
                        help="of each prefix, spread over all of them")
    parser.add_argument("prefixes", metavar="PREFIX")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    status, text = run(options.command, "")
    if status:
        sys.exit(f"what is not broken must be right, got:\n{text}")
    missed = 0
    for prefix in options.prefixes.split(","):
        _, text = run(options.command, prefix)
        count = len(set(re.findall(r"emulator: (line \d+) .*is left out", text)))
        chosen = range(0, count, -(-count // options.max) if count else 1)
        for number in chosen:
            status, text = run(options.command, f"{prefix}#{number}")
            where = re.search(r"emulator: (line \d+) .*is left out", text)
            words = re.search(r"emulator: (kernel .*)", text)
            missed += status == 0
            print("not seen:" if status == 0 else "seen:", f"{prefix}#{number},",
                  where[1] if where else "nowhere",
                  "" if status == 0 else
                  f"({words[1] if words else 'wrong numbers'})", flush=True)
    sys.exit(missed != 0)


if __name__ == "__main__":
    main()
