"""The reference satisfies what the mathematics says about it: closed forms,
the chunked form of DESIGN.md section 2, and the meaning of every option."""

import unittest

import numpy as np

from reference import (linear_attention, log_sigmoid, sequences, silu,
                       slot_attention, softmax, softmax_decay)

RANDOM = np.random.default_rng(7)
B, T, H, M, D = 2, 13, 2, 5, 3


def normal(*shape):
    return RANDOM.standard_normal(shape)


def close(x, y):
    np.testing.assert_allclose(x, y, rtol=1e-11, atol=1e-12)


def chunked_reads(rows, columns, g, by_rows, by_columns, chunk):
    """One memory of one head in chunks: reads by rows of `by_rows` [T, M], by
    columns of `by_columns` [T, D], and the state carried out."""
    state = np.zeros((rows.shape[1], columns.shape[1]))
    y_rows, y_columns = [], []
    for begin in range(0, len(g), chunk):
        part = slice(begin, begin + chunk)
        s, c, p, q = rows[part], columns[part], by_rows[part], by_columns[part]
        G = np.cumsum(g[part], axis=0)
        # E_ij[m] = s_jm exp(G_i[m] - G_j[m]) for j <= i, else 0.
        low = np.tril(np.ones((len(s), len(s)), bool))[:, :, None]
        E = np.where(low, np.exp(np.where(low, G[:, None] - G[None], 0)), 0)
        E = E * s[None]
        A = q @ c.T
        y_columns.append(np.exp(G) * (q @ state.T)
                         + np.einsum("ij,ijm->im", A, E))
        A = np.einsum("im,ijm->ij", p, E)
        y_rows.append((p * np.exp(G)) @ state + A @ c)
        state = (np.exp(G[-1])[:, None] * state
                 + (s * np.exp(G[-1] - G)).T @ c)
    return np.concatenate(y_rows), np.concatenate(y_columns), state


class Identities(unittest.TestCase):
    def test_closed_form_of_gla(self):
        q, k, v = normal(B, T, H, M), normal(B, T, H, M), normal(B, T, H, D)
        g = log_sigmoid(normal(B, T, H, M))
        o, _ = linear_attention(q, k, v, g, scale=0.5)
        G = np.cumsum(g, axis=1)
        for t in range(T):
            weight = np.exp(G[:, t, None] - G[:, : t + 1]) * k[:, : t + 1]
            expected = np.einsum("bhm,bjhm,bjhd->bhd", q[:, t], weight,
                                 v[:, : t + 1])
            close(o[:, t], 0.5 * expected)

    def test_chunked_form(self):
        for chunk in (1, 4, 13, 64):
            k, v = normal(1, T, 1, D), normal(1, T, 1, D)
            q = normal(1, T, 1, D)
            g = log_sigmoid(normal(1, T, 1, M))
            s = -np.expm1(g)
            head = lambda x: x[0, :, 0]
            _, logits, keys = chunked_reads(
                head(s), head(k), head(g), np.zeros((T, M)), head(q), chunk)
            weights = softmax(0.7 * logits)
            o, _, values = chunked_reads(
                head(s), head(v), head(g), weights, head(q), chunk)
            expected, final_keys, final_values = slot_attention(
                q, k, v, g, scale=0.7)
            close(o, head(expected))
            close(keys, final_keys[0, 0])
            close(values, final_values[0, 0])

    def test_tied_write_is_one_minus_gate(self):
        q, v = normal(B, T, H, M), normal(B, T, H, D)
        g = log_sigmoid(normal(B, T, H, M))
        close(linear_attention(q, None, v, g)[0],
              linear_attention(q, 1 - np.exp(g), v, g)[0])
        k, queries = normal(B, T, H, D), normal(B, T, H, D)
        close(slot_attention(queries, k, v, g)[0],
              slot_attention(queries, k, v, g, writes=1 - np.exp(g))[0])

    def test_abc_is_softmax_over_time(self):
        x, k = normal(B, T, H, M) * 3, normal(B, T, H, D)
        decay, z = softmax_decay(x)
        running = np.logaddexp.accumulate(x, axis=1)
        close(z, running[:, -1])
        # s = exp(x - z) is the tied write.
        close(-np.expm1(decay), np.exp(x - running))
        # One memory of the layer: K_t[m] = sum_j softmax_j(x[..t, m]) k_j.
        _, keys = linear_attention(np.zeros_like(x), None, k, decay)
        over_time = softmax(np.moveaxis(x, 1, -1))
        close(keys, np.einsum("bhmj,bjhd->bhmd", over_time, k))

    def test_abc_of_nothing(self):
        x = np.full((1, 3, 1, 1), -np.inf)
        x[0, 2] = 0.5
        decay, z = softmax_decay(x)
        self.assertEqual(decay.ravel().tolist(), [0, 0, -np.inf])
        self.assertEqual(z.item(), 0.5)

    def test_kinds_of_decay(self):
        q, k, v = normal(B, T, H, M), normal(B, T, H, M), normal(B, T, H, D)
        head = log_sigmoid(normal(H))
        token = np.broadcast_to(head, (B, T, H))
        row = np.broadcast_to(head[:, None], (B, T, H, M))
        expected = linear_attention(q, k, v, row)[0]
        close(linear_attention(q, k, v, token)[0], expected)
        close(linear_attention(q, k, v, head)[0], expected)
        close(linear_attention(q, k, v)[0],
              linear_attention(q, k, v, np.zeros((B, T, H, M)))[0])

    def test_group_repeats_memories(self):
        q = normal(B, T, 3 * H, D)
        k, v, g = normal(B, T, H, D), normal(B, T, H, D), normal(B, T, H, M)
        g = log_sigmoid(g)
        repeat = lambda x: np.repeat(x, 3, axis=2)
        close(slot_attention(q, k, v, g)[0],
              slot_attention(q, repeat(k), repeat(v), repeat(g))[0])

    def test_reverse_mirrors_time(self):
        q, k, v = normal(B, T, H, D), normal(B, T, H, D), normal(B, T, H, D)
        x = normal(B, T, H, M)
        flip = lambda x: x[:, ::-1]
        g, z = softmax_decay(x, reverse=True)
        mirrored_g, mirrored_z = softmax_decay(flip(x))
        close(g, flip(mirrored_g))
        close(z, mirrored_z)
        o, *finals = slot_attention(q, k, v, g, reverse=True)
        mirrored, *mirrored_finals = slot_attention(
            flip(q), flip(k), flip(v), flip(g))
        close(o, flip(mirrored))
        for x, y in zip(finals, mirrored_finals):
            close(x, y)

    def test_states_continue(self):
        q, k, v = normal(B, T, H, D), normal(B, T, H, D), normal(B, T, H, D)
        x = normal(B, T, H, M)
        g, z = softmax_decay(x)
        o, *finals = slot_attention(q, k, v, g)
        cut = 5
        g1, z1 = softmax_decay(x[:, :cut])
        g2, z2 = softmax_decay(x[:, cut:], initial=z1)
        close(np.concatenate([g1, g2], axis=1), g)
        close(z2, z)
        o1, *states = slot_attention(q[:, :cut], k[:, :cut], v[:, :cut], g1)
        o2, *last = slot_attention(q[:, cut:], k[:, cut:], v[:, cut:], g2,
                                   initial_keys=states[0],
                                   initial_values=states[1])
        close(np.concatenate([o1, o2], axis=1), o)
        for x, y in zip(last, finals):
            close(x, y)

    def test_packed_sequences_are_alone(self):
        offsets = [0, 4, 4, 5, T]
        q, k, v = normal(1, T, H, M), normal(1, T, H, M), normal(1, T, H, D)
        g = log_sigmoid(normal(1, T, H, M))
        initial = normal(4, H, M, D)
        for reverse in (False, True):
            o, finals = linear_attention(q, k, v, g, initial=initial,
                                         offsets=offsets, reverse=reverse)
            for n, (i, j) in enumerate(zip(offsets, offsets[1:])):
                part, final = linear_attention(
                    q[:, i:j], k[:, i:j], v[:, i:j], g[:, i:j],
                    initial=initial[n : n + 1], reverse=reverse)
                close(o[:, i:j], part)
                close(finals[n], final[0])
            close(finals[1], initial[1])  # The empty one.

    def test_strong_gates(self):
        q, k, v = normal(1, 3, 1, M), normal(1, 3, 1, M), normal(1, 3, 1, D)
        for g in (0.0, -30.0, -np.inf):
            o, state = linear_attention(q, k, v, np.full((1, 3, 1, M), g))
            decayed = sum(np.exp(0 if i == 2 else g * (2 - i))
                          * np.outer(k[0, i, 0], v[0, i, 0]) for i in range(3))
            close(state[0, 0], decayed)
            close(o[0, 2, 0], decayed.T @ q[0, 2, 0])

    def test_functions(self):
        x = np.array([-np.inf, -800.0, -1.0, 0.0, 1.0, 800.0, np.inf, np.nan])
        close(silu(x), [0, 0, -1 / (1 + np.e), 0, 1 / (1 + np.exp(-1)), 800,
                        np.inf, np.nan])
        close(log_sigmoid(x), [-np.inf, -800, -np.log1p(np.e), -np.log(2),
                               -np.log1p(np.exp(-1)), 0, 0, np.nan])

    def test_sequences(self):
        self.assertEqual(
            [(n, b, list(t)) for n, b, t in sequences(1, 3, [0, 0, 3], True)],
            [(0, 0, []), (1, 0, [2, 1, 0])])
        self.assertEqual([(n, b, list(t)) for n, b, t in sequences(2, 2)],
                         [(0, 0, [0, 1]), (1, 1, [0, 1])])


if __name__ == "__main__":
    unittest.main()
