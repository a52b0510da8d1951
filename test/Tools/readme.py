#!/usr/bin/python3
"""Runs the command lines of a README as they stand there.

    readme.py README SOURCE BINARIES

Takes every line of an indented block that starts with build/bin/gsa-, in an
empty folder (the current one) that shows the source tree's examples and the
programs where the README has them.
"""

import pathlib
import re
import subprocess
import sys


def main():
    readme, source, binaries = map(pathlib.Path, sys.argv[1:])
    if any(pathlib.Path().iterdir()):
        sys.exit("error: the current folder must be empty, got files")
    lines = re.findall(r"^    (build/bin/gsa-.*)$", readme.read_text(), re.M)
    missing = [program for program in ("gsa-compile", "gsa-opt", "gsa-run")
               if not any(program in line for line in lines)]
    if missing:
        sys.exit(f"error: {readme} must show each program, got none of {missing}")
    pathlib.Path("build").mkdir()
    pathlib.Path("build/bin").symlink_to(binaries)
    pathlib.Path("examples").symlink_to(source / "examples")
    for line in lines:
        print("$", line, flush=True)
        subprocess.run(["bash", "-c", line], check=True)


if __name__ == "__main__":
    main()
