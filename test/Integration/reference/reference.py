#!/usr/bin/python3
"""The family's formulas in NumPy, float64: DESIGN.md section 2, token by token.

Written from the formulas, not from the compiler's IR, so that an error has to
be made twice to hide. Tensors are [B, T, H, size], states [N, H, M, D].

    reference.py SPEC --dir DIR

reads DIR/<argument>.npy (float32; narrower elements widened) for every argument
of examples/specs/SPEC.mlir and writes DIR/<result>.ref.npy in float64.
"""

import argparse
import pathlib
import sys

import numpy as np

# -- Functions ---------------------------------------------------------------


def log_sigmoid(x):
    with np.errstate(invalid="ignore"):  # NaN is no surprise.
        return -np.logaddexp(0.0, -x)


def silu(x):
    # x * sigmoid(x); the limit at -inf is 0.
    with np.errstate(over="ignore", invalid="ignore"):
        return np.where(x == -np.inf, 0.0, x / (1.0 + np.exp(-x)))


def softmax(x):
    weights = np.exp(x - x.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


# -- Time --------------------------------------------------------------------


def sequences(batch, time, offsets=None, reverse=False):
    """(n, b, tokens) for each sequence: its state, its batch, its tokens in
    the order of the recurrence."""
    if offsets is None:
        spans = [(b, 0, time) for b in range(batch)]
    else:
        spans = [(0, int(i), int(j)) for i, j in zip(offsets, offsets[1:])]
    for n, (b, begin, end) in enumerate(spans):
        tokens = range(begin, end)
        yield n, b, reversed(tokens) if reverse else tokens


def states_like(batch, offsets, shape, initial, fill=0.0):
    """The states before the first token, one a sequence."""
    if initial is not None:
        return np.array(initial, np.float64)
    number = batch if offsets is None else len(offsets) - 1
    return np.full((number, *shape), fill)


def rows_of_decay(decay, b, t, heads):
    """The log decay of one token as [H, 1] or [H, M]; it may lie in memory as
    [H], [B, T, H] or [B, T, H, M], or be absent."""
    if decay is None:
        return np.zeros((heads, 1))
    row = decay if decay.ndim == 1 else decay[b, t]
    return row[:, None] if row.ndim == 1 else row


def write(state, rows, column, log_decay):
    """S = Diag(exp g) S + r c^T, heads at once; without rows r = 1 - exp g."""
    if rows is None:
        rows = -np.expm1(log_decay)
    return np.exp(log_decay)[:, :, None] * state + np.einsum(
        "hm,hd->hmd", rows, column
    )


def of_group(state, heads):
    """The memory of each query head."""
    return np.repeat(state, heads // state.shape[0], axis=0)


# -- Layers ------------------------------------------------------------------


def linear_attention(q, k, v, decay=None, *, initial=None, offsets=None,
                     scale=1.0, reverse=False):
    """GLA and its family: o_t = scale * S_t^T q_t, S_t the memory of keys (its
    rows; None ties them to the decay) and values. Returns o and the final
    states."""
    batch, time, heads, _ = q.shape
    memories, slots = v.shape[2], q.shape[3]
    states = states_like(batch, offsets, (memories, slots, v.shape[3]), initial)
    o = np.zeros((batch, time, heads, v.shape[3]))
    for n, b, tokens in sequences(batch, time, offsets, reverse):
        for t in tokens:
            row = None if k is None else k[b, t]
            states[n] = write(states[n], row, v[b, t],
                              rows_of_decay(decay, b, t, memories))
            memory = of_group(states[n], heads)
            o[b, t] = scale * np.einsum("hmd,hm->hd", memory, q[b, t])
    return o, states


def slot_attention(q, k, v, decay=None, *, writes=None, initial_keys=None,
                   initial_values=None, offsets=None, scale=1.0,
                   reverse=False):
    """GSA: o_t = V_t^T softmax(scale * K_t q_t), both memories with rows
    `writes` (None ties them to the decay). Returns o and the final states of
    keys and values."""
    batch, time, heads, _ = q.shape
    memories = k.shape[2]
    slots = (decay if writes is None else writes).shape[-1]
    keys = states_like(batch, offsets, (memories, slots, k.shape[3]),
                       initial_keys)
    values = states_like(batch, offsets, (memories, slots, v.shape[3]),
                         initial_values)
    o = np.zeros((batch, time, heads, v.shape[3]))
    for n, b, tokens in sequences(batch, time, offsets, reverse):
        for t in tokens:
            row = None if writes is None else writes[b, t]
            g = rows_of_decay(decay, b, t, memories)
            keys[n] = write(keys[n], row, k[b, t], g)
            values[n] = write(values[n], row, v[b, t], g)
            logits = np.einsum("hmd,hd->hm", of_group(keys[n], heads), q[b, t])
            weights = softmax(scale * logits)
            o[b, t] = np.einsum("hmd,hm->hd", of_group(values[n], heads),
                                weights)
    return o, keys, values


def softmax_decay(x, *, initial=None, offsets=None, reverse=False):
    """ABC's gate: z_{t-1} - z_t with z the running log-sum-exp of x. Returns
    it and the final z, [N, H, M]."""
    batch, time, heads, slots = x.shape
    z = states_like(batch, offsets, (heads, slots), initial, -np.inf)
    decay = np.zeros(x.shape)
    for n, b, tokens in sequences(batch, time, offsets, reverse):
        for t in tokens:
            after = np.logaddexp(z[n], x[b, t])
            # Nothing was and nothing is written: nothing decays.
            same = (z[n] == -np.inf) & (x[b, t] == -np.inf)
            with np.errstate(invalid="ignore"):
                decay[b, t] = np.where(same, 0.0, z[n] - after)
            z[n] = after
    return decay, z


# -- examples/specs ----------------------------------------------------------


def gsa(q, k, v, f):
    o, _, _ = slot_attention(silu(q), silu(k), silu(v), log_sigmoid(f) / 8,
                             scale=q.shape[3] ** -0.5)
    return {"o": o}


def abc(q, k, v, s):
    decay, _ = softmax_decay(s)
    o, _, _ = slot_attention(q, k, v, decay, scale=q.shape[3] ** -0.5)
    return {"o": o}


def gla(q, k, v, f):
    o, _ = linear_attention(q, k, v, log_sigmoid(f) / 16,
                            scale=q.shape[3] ** -0.5)
    return {"o": o}


def hgrn2(q, f, i):
    return {"o": linear_attention(silu(q), None, i, log_sigmoid(f))[0]}


def retnet(q, k, v):
    # The spec holds the decay in f32.
    decay = np.log1p(-(2.0 ** (-5.0 - np.arange(k.shape[2]))))
    decay = decay.astype(np.float32).astype(np.float64)
    o, _ = linear_attention(q, k, v, decay, scale=q.shape[3] ** -0.5)
    return {"o": o}


def mamba2(b, c, x, dt):
    # A = -1: the decay is -softplus(dt).
    return {"y": linear_attention(c, b, x, -np.logaddexp(0.0, dt))[0]}


SPECS = {
    "gsa-mistral-7b": (gsa, ("q", "k", "v", "f")),
    "gsa-1b3": (gsa, ("q", "k", "v", "f")),
    "abc": (abc, ("q", "k", "v", "s")),
    "gla": (gla, ("q", "k", "v", "f")),
    "hgrn2": (hgrn2, ("q", "f", "i")),
    "retnet": (retnet, ("q", "k", "v")),
    "mamba2": (mamba2, ("b", "c", "x", "dt")),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("spec", choices=sorted(SPECS))
    parser.add_argument("--dir", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    compute, names = SPECS[arguments.spec]
    inputs = {}
    for name in names:
        path = arguments.dir / f"{name}.npy"
        if not path.is_file():
            sys.exit(f"reference.py: error: argument '{name}' of "
                     f"{arguments.spec} must be in {path}, got no file")
        inputs[name] = np.load(path).astype(np.float64)
    for name, value in compute(**inputs).items():
        np.save(arguments.dir / f"{name}.ref.npy", value)


if __name__ == "__main__":
    main()
