#!/usr/bin/env python3
"""Checks what a static library needs of the program that links it.

The runtime must not exit, print, throw, or run before main, and allocate only
where it loads images. So of the symbols it does not define itself only those
listed here are allowed, and no section may hold constructors.
"""

import argparse
import re
import subprocess
import sys

# Of the C library, the compiler and the OpenMP library, POSIX included. Each
# pattern matches the whole name.
ALLOWED = [
    r"(mem(cpy|set|move|cmp)|str(cmp|len))",
    r"(__)?vsnprintf(_chk)?",
    r"__mem(cpy|set|move)_chk",
    r"__tls_get_addr",
    r"_GLOBAL_OFFSET_TABLE_",
    r"__stack_chk_fail",  # only where a distribution hardens its builds
    r"omp_(get_num_procs|get_thread_num|in_parallel)",
    r"GOMP_parallel",
    r"__kmpc_(fork_call|global_thread_num|push_num_threads)",
    r"pthread_mutex_(lock|unlock)",
]

# The same of single members only.
ALLOWED_IN = {
    "Api.cpp.o": r"dl(open|sym|error)|secure_getenv",
    "Images.cpp.o": r"malloc|free",
}

CONSTRUCTORS = r"\.(preinit_array|init_array|ctors|fini_array|dtors)\b"


def output(*command):
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if result.returncode:
        sys.exit(f"check-archive: {command[0]} failed on {command[-1]}")
    return result.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nm", default="nm")
    parser.add_argument("--objdump", default="objdump")
    parser.add_argument("archive")
    arguments = parser.parse_args()

    defined, wanted = set(), set()
    member = ""
    for line in output(arguments.nm, "-P", arguments.archive).splitlines():
        name = re.fullmatch(r".*\[(.*)\]:", line)
        if name:
            member = name.group(1)
            continue
        fields = line.split()
        if fields[1] in "Uwv":
            wanted.add((member, fields[0]))
        else:
            defined.add(fields[0])
    if not defined:
        sys.exit(f"check-archive: {arguments.archive} must define symbols, got none")

    allowed = "|".join(f"(?:{pattern})" for pattern in ALLOWED)
    problems = [
        f"{member} of {arguments.archive} must not need {symbol}"
        for member, symbol in sorted(wanted)
        if symbol not in defined and not re.fullmatch(allowed, symbol)
        and not re.fullmatch(ALLOWED_IN.get(member, r"(?!)"), symbol)
    ]
    sections = output(arguments.objdump, "-h", arguments.archive)
    problems += [
        f"{arguments.archive} must have no constructors, got section {name}"
        for name in sorted(set(re.findall(r"^\s*\d+\s+(\S+)", sections, re.M)))
        if re.match(CONSTRUCTORS, name)
    ]
    for problem in problems:
        print(f"check-archive: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
