#!/usr/bin/python3
"""Prints the spec that the options describe, for tests that sweep features.

    specs.py FAMILY [options]              see --help
    from specs import spec; spec("gla", dtype="f32", H=2)

Argument and result names, with the shapes they have:

    slot attention (gsa, abc)                 memory (gla, hgrn2, retnet, mamba2)
      q            [B, T, HQ, D]                q        [B, T, HQ, M]  (D: read columns)
      k            [B, T, H, D]                 r        [B, T, H, M]   (untied)
      v            [B, T, H, Dv]                c        [B, T, H, D]
      s            [B, T, H, M]  (untied)
      initial_keys, initial_values, final_keys, final_values [N, H, M, D or Dv]
                                                initial, final          [N, H, M, D]
    both
      f            logits of the decay: [B, T, H, M] (row) or [B, T, H] (token)
      g            the decay itself, in f32, in place of f: --gates=raw
      offsets      [N + 1] (packed)
      initial_z, final_z  [N, H, M]: the running log-sum-exp (abc)
      o            the output

States are f32, everything else is of the element type asked for.
"""

import argparse
import inspect
import math

# What each model is: slot attention or not, tied or not, kind of decay,
# factor on log_sigmoid, silu on q (and k, v).
FAMILIES = {
    "gsa": dict(slots=True, tied=True, decay="row", factor=1 / 8, silu=True),
    "abc": dict(slots=True, tied=True, decay="softmax", factor=1, silu=False),
    "gla": dict(slots=False, tied=False, decay="row", factor=1 / 16, silu=False),
    "hgrn2": dict(slots=False, tied=True, decay="row", factor=1, silu=True),
    "retnet": dict(slots=False, tied=False, decay="head", factor=1, silu=False),
    "mamba2": dict(slots=False, tied=False, decay="token", factor=1, silu=False),
}


def spec(family, dtype="bf16", HQ=None, H=2, D=64, Dv=None, M=32, initial=False,
         final=False, packed=None, reverse=False, untied=False, decay=None,
         gates="logsigmoid", factor=None, scale=None, read="rows",
         schedule=None, name=None):
    """The text of one spec; ValueError if the options contradict each other."""
    model = FAMILIES[family]
    slots = model["slots"]
    HQ = H if HQ is None else HQ
    Dv = D if Dv is None else Dv
    decay = model["decay"] if decay is None else decay
    factor = model["factor"] if factor is None else factor
    tied = model["tied"] and not untied
    name = family if name is None else name
    if HQ % H:
        raise ValueError(f"HQ must be a multiple of H, got {HQ} and {H}")
    if tied and decay not in ("row", "softmax"):
        raise ValueError(f"a tied write must have decay row or softmax, got {decay}")
    if slots and read != "rows":
        raise ValueError("slot attention reads both sides: no --read")
    if not slots and Dv != D:
        raise ValueError("a memory has one column size: no --Dv")
    if scale is None:
        contracted = D if slots or read == "columns" else M
        scale = 1.0 if family in ("hgrn2", "mamba2") else contracted ** -0.5

    batch = "1x?" if packed else "?x?"

    def time(heads, *size, element=dtype):
        return f"tensor<{batch}x" + "x".join(map(str, (heads, *size, element))) + ">"

    arguments, results, body = [], [], []

    def argument(label, type):
        arguments.append(f'%{label}: {type} {{gsa.name = "{label}"}}')
        return f"%{label}"

    def result(label, type):
        results.append((label, type))

    direction = " reverse" if reverse else ""
    query_size = D if slots or read == "columns" else M
    q_type = time(HQ, query_size)
    q = argument("q", q_type)
    if slots:
        k, v = argument("k", time(H, D)), argument("v", time(H, Dv))
        w = None if tied else argument("s", time(H, M))
    else:
        w = None if tied else argument("r", time(H, M))
        c = argument("c", time(H, D))

    # The decay.
    gate, gate_type = None, None
    offsets = ""
    if decay in ("row", "token", "softmax"):
        size = () if decay == "token" else (M,)
        gate_type = time(H, *size, element="f32")
        if gates == "raw" and decay != "softmax":
            gate = argument("g", gate_type)
        else:
            logit_type = time(H, *size)
            logits = argument("f", logit_type)
    if packed:
        offsets_type = f"tensor<?x{packed}>"
        offsets = f" offsets({argument('offsets', offsets_type)} : {offsets_type})"
    if decay == "softmax":
        state = f"tensor<?x{H}x{M}xf32>"
        z0 = f" initial({argument('initial_z', state)} : {state})" if initial else ""
        outs = "%decay, %final_z" if final else "%decay"
        kept = f" final {state}" if final else ""
        body.append(f"{outs} = gsa.softmax_decay {logits}{z0}{offsets}{direction}"
                    f" : {logit_type} -> {gate_type}{kept}")
        gate = "%decay"
    elif decay == "head":
        gate_type = f"tensor<{H}xf32>"
        values = ", ".join("%.8e" % math.log1p(-(2.0 ** (-5 - h))) for h in range(H))
        body.append(f"%decay = arith.constant dense<[{values}]> : {gate_type}")
        gate = "%decay"
    elif decay in ("row", "token") and gate is None:
        x = logits
        if dtype != "f32":
            body.append(f"%wide = arith.extf {x} : {logit_type} to {gate_type}")
            x = "%wide"
        if family == "mamba2":
            body.append(f"%minus = arith.negf {x} : {gate_type}")
            x = "%minus"
        body.append(f"%sigmoid = gsa.log_sigmoid {x} : {gate_type}")
        gate = "%sigmoid"
        if factor != 1:
            dims = "%time" if packed else "%batch, %time"
            if not packed:
                body.append("%c0 = arith.constant 0 : index")
                body.append(f"%batch = tensor.dim {logits}, %c0 : {logit_type}")
            body.append("%c1 = arith.constant 1 : index")
            body.append(f"%time = tensor.dim {logits}, %c1 : {logit_type}")
            body.append(f"%factor = arith.constant {float(factor)!r} : f32")
            body.append(f"%factors = tensor.splat %factor[{dims}] : {gate_type}")
            body.append(f"%decay = arith.mulf %sigmoid, %factors : {gate_type}")
            gate = "%decay"
    elif decay not in ("row", "token", "none"):
        raise ValueError(f"decay must be row, token, head, softmax or none, got {decay}")

    def silu(value, type):
        body.append(f"%silu_{value[1:]} = gsa.silu {value} : {type}")
        return f"%silu_{value[1:]}"

    if model["silu"]:
        q = silu(q, q_type)
        if slots:
            k, v = silu(k, time(H, D)), silu(v, time(H, Dv))

    decays = f" decay({gate} : {gate_type})" if gate else ""

    def state(label, size):
        type = f"tensor<?x{H}x{M}x{size}xf32>"
        return argument(label, type), type

    if slots:
        o_type = time(HQ, Dv)
        result("o", o_type)
        states, kept = "", ""
        if initial:
            for label, size in (("initial_keys", D), ("initial_values", Dv)):
                states += " %s(%s : %s)" % (label, *state(label, size))
        outs = "%o"
        if final:
            for label, size in (("final_keys", D), ("final_values", Dv)):
                type = f"tensor<?x{H}x{M}x{size}xf32>"
                outs += f", %{label}"
                kept += f" {label} {type}"
                result(label, type)
        writes = f" writes({w} : {time(H, M)})" if w else ""
        body.append(f"{outs} = gsa.slot_attention queries({q} : {q_type})"
                    f" keys({k} : {time(H, D)}) values({v} : {time(H, Dv)}){writes}"
                    f"{decays}{states}{offsets} scale {scale!r}{direction}"
                    f" : {o_type}{kept}")
    else:
        memory = f"!gsa.memory<{H}x{M}x{D}>"
        o_type = time(HQ, M if read == "columns" else D)
        result("o", o_type)
        rows = f"rows({w} : {time(H, M)}) " if w else ""
        states = " initial(%s : %s)" % state("initial", D) if initial else ""
        body.append(f"%m = gsa.memory {rows}columns({c} : {time(H, D)})"
                    f"{decays}{states}{offsets}{direction} : {memory}")
        body.append(f"%o = gsa.read {read} %m, {q} scale {scale!r}"
                    f" : {memory}, {q_type} -> {o_type}")
        if final:
            type = f"tensor<?x{H}x{M}x{D}xf32>"
            body.append(f"%final = gsa.final_state %m : {memory} -> {type}")
            result("final", type)
    if decay == "softmax" and final:
        result("final_z", f"tensor<?x{H}x{M}xf32>")

    types = ", ".join(f'{type} {{gsa.name = "{label}"}}' for label, type in results)
    attributes = f" attributes {{gsa.schedule = {schedule}}}" if schedule else ""
    lines = ["func.func @%s(" % name, "    " + ",\n    ".join(arguments) + ")",
             f"    -> ({types}){attributes} {{", *("  " + line for line in body),
             "  return %s : %s" % (", ".join("%" + label for label, _ in results),
                                   ", ".join(type for _, type in results)), "}"]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("family", choices=FAMILIES)
    parser.add_argument("--dtype", choices=("f32", "bf16", "f16"))
    for size in ("HQ", "H", "D", "Dv", "M"):
        parser.add_argument("--" + size, type=int)
    for flag in ("initial", "final", "reverse", "untied"):
        parser.add_argument("--" + flag, action="store_true")
    parser.add_argument("--packed", choices=("i32", "i64"))
    parser.add_argument("--decay", choices=("row", "token", "head", "none"))
    parser.add_argument("--gates", choices=("logsigmoid", "raw"))
    parser.add_argument("--factor", type=float, help="on log_sigmoid")
    parser.add_argument("--scale", type=float)
    parser.add_argument("--read", choices=("rows", "columns"))
    parser.add_argument("--schedule", help="text of a #gsa.schedule")
    parser.add_argument("--name", help="of the function")
    options = {k: v for k, v in vars(parser.parse_args()).items() if v is not None}
    assert set(options) <= set(inspect.signature(spec).parameters)
    try:
        print(spec(**options), end="")
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
