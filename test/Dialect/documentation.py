#!/usr/bin/python3
"""Holds a dialect's documentation to what its verifiers and tests do.

    documentation.py examples DIALECT    prints every ```mlir block of the .td files,
                                         as input for gsa-opt --split-input-file
    documentation.py parts DIALECT       every op's description has all its parts
    documentation.py numbers DIALECT TESTS
                                         the numbered constraints of the .td files are
                                         those of the verifiers (.cpp), and each has a
                                         test: a split of TESTS/*.mlir whose function
                                         is named for it and whose expected message
                                         ends with it

DIALECT is a folder of dialects/, TESTS one of test/Dialect/.
"""

import pathlib
import re
import sys
import textwrap

PARTS = ("*Lifespan*:", "*Constraints*", "```mlir", "*Lowers to*:")


def read(folder, suffix):
    files = sorted(pathlib.Path(folder).glob("*" + suffix))
    if not files:
        sys.exit(f"error: {folder} must have {suffix} files, got none")
    return "\n".join(file.read_text() for file in files)


def examples(dialect):
    found = re.findall(r"```mlir\n(.*?)```", read(dialect, ".td"), re.S)
    if not found:
        sys.exit(f"error: {dialect} must have examples, got none")
    print("\n// -----\n".join(textwrap.dedent(block) for block in found))


def parts(dialect):
    """Ops of the .td files, from `def X_NameOp :` to the next definition."""
    ops = re.findall(r"^def (\w+Op)\b(.*?)(?=^def |^class |\Z)",
                     read(dialect, ".td"), re.S | re.M)
    if not ops:
        sys.exit(f"error: {dialect} must define ops, got none")
    failed = False
    for name, body in ops:
        for part in PARTS:
            if part not in body:
                print(f"error: description of {name} must have '{part}', got none")
                failed = True
    sys.exit(failed)


def numbers(dialect, tests):
    documented = set(re.findall(r"^ *\* (\w+-\d+): ", read(dialect, ".td"), re.M))
    verified = set(re.findall(r"[\"\[](\w+-\d+)[\"\]]", read(dialect, ".cpp")))
    tested = set()
    failed = False
    for split in read(tests, ".mlir").split("// -----"):
        messages = set(re.findall(r"\[(\w+-\d+)\]\}\}", split))
        names = {f"{name}-{number}"
                 for name, number in re.findall(r"@([a-z_]+?)_(\d+)(?:_[a-z_]+)?\b", split)}
        if messages and messages != names:
            print(f"error: functions that expect {sorted(messages)} must be named "
                  f"for it, got {sorted(names)}")
            failed = True
        tested |= messages
    if not documented:
        sys.exit(f"error: {dialect} must number its constraints, got none")
    for what, found in (("a verifier", verified), ("a test", tested)):
        for number in sorted(documented - found):
            print(f"error: {number} is documented and must have {what}, got none")
            failed = True
        for number in sorted(found - documented):
            print(f"error: {number} of {what} must be documented, got no line for it")
            failed = True
    sys.exit(failed)


if __name__ == "__main__":
    commands = {"examples": examples, "parts": parts, "numbers": numbers}
    if len(sys.argv) < 3 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    commands[sys.argv[1]](*sys.argv[2:])
