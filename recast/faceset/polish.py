"""Shorten a path by many small changes at a time, on whole arrays.

Two kinds of change (Johnson and McGeoch, "The traveling salesman problem: a case study in local
optimization", 1997), both looked for among near neighbours only: a stretch of the path is turned
around (2-opt), or up to three points move to another place (Or-opt). In each round, changes that do
not touch each other are made together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]
Lengths = NDArray[np.float32]

_ROUNDS = 40
_ENOUGH = 2e-4
"""A round that shortens the path by a smaller part is the last one."""
_LONGEST_TURN = 50_000
"""Points; turning longer stretches costs more than it gains."""
_LEAST_GAIN = 1e-6


def polished(order: Indices, points: NDArray[np.float32], near: Indices, away: Lengths) -> Indices:
    """A path no longer than `order`; `near`, `away`: (N, K) neighbours and their distances."""
    if len(order) < 5:
        return order
    graph = _Graph(points, near, away)
    for _ in range(_ROUNDS):
        total = float(graph.steps(order).sum(dtype=np.float64))
        order, turned = _turn(order, graph)
        moved = 0.0
        for length in (1, 2, 3):
            order, gain = _move(order, graph, length)
            moved += gain
        if turned + moved <= _ENOUGH * total:
            break
    return order


class _Graph:
    def __init__(self, points: NDArray[np.float32], near: Indices, away: Lengths) -> None:
        self.points, self.near, self.away = points, near, away

    def between(self, one: Indices, two: Indices) -> Lengths:
        """Distances of pairs of points."""
        lengths = np.empty(len(one), np.float32)
        for at in range(0, len(one), 32768):
            part = slice(at, at + 32768)
            apart = self.points[one[part]] - self.points[two[part]]
            lengths[part] = np.sqrt(np.einsum("nd,nd->n", apart, apart))
        return lengths

    def steps(self, order: Indices) -> Lengths:
        return self.between(order[:-1], order[1:])


def _turn(order: Indices, graph: _Graph) -> tuple[Indices, float]:
    """Turn stretches around; the new order and what it is shorter by."""
    count = len(order)
    places = np.empty(count, np.int64)
    places[order] = np.arange(count)
    steps = graph.steps(order)
    found = []
    # Edge (p, p + 1) and edge (q, q + 1) become (p, q) and (p + 1, q + 1). Either the first ends
    # of both are near each other or the second ends are: `shift` says which are looked up.
    for shift in (0, 1):
        p = np.arange(count - 1)
        here = order[p + shift]
        q = places[graph.near[here]] - shift
        gain = steps[:, None] - graph.away[here]
        row, column = np.nonzero((gain > _LEAST_GAIN) & (q >= 0) & (q < count - 1))
        p, q, gain = p[row], q[row, column], gain[row, column]
        gain = gain + steps[q] - graph.between(order[p + 1 - shift], order[q + 1 - shift])
        low, high = np.minimum(p, q), np.maximum(p, q)
        good = (gain > _LEAST_GAIN) & (high - low <= _LONGEST_TURN) & (low < high)
        found.append((gain[good], low[good], high[good]))
    gains, lows, highs = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return _turned(order, gains, lows, highs)


def _turned(order: Indices, gains: Lengths, lows: Indices, highs: Indices) -> tuple[Indices, float]:
    """Make the changes that overlap no better one."""
    order, gained = order.copy(), 0.0
    taken = np.zeros(len(order), bool)
    ranked = np.argsort(-gains, kind="stable")
    whole = zip(gains[ranked].tolist(), lows[ranked].tolist(), highs[ranked].tolist(), strict=True)
    for gain, low, high in whole:
        if taken[low] or taken[high + 1] or taken[low : high + 2].any():
            continue
        taken[low : high + 2] = True
        order[low + 1 : high + 1] = order[low + 1 : high + 1][::-1].copy()
        gained += gain
    return order, gained


def _move(order: Indices, graph: _Graph, length: int) -> tuple[Indices, float]:
    """Move stretches of `length` points; the new order and what it is shorter by."""
    count = len(order)
    if count < length + 3:
        return order, 0.0
    places = np.empty(count, np.int64)
    places[order] = np.arange(count)
    steps = graph.steps(order)
    first = np.arange(1, count - length)  # the place of a stretch's first point
    last = first + length - 1
    left_out = steps[first - 1] + steps[last] - graph.between(order[first - 1], order[last + 1])
    found = []
    for head, tail in ((first, last), (last, first)) if length > 1 else ((first, last),):
        near = places[graph.near[order[head]]]  # head comes to stand beside this
        hope = left_out[:, None] - graph.away[order[head]]
        for low in (near - 1, near):  # into the edge before it or the edge after it
            outside = (low + 1 < first[:, None]) | (low > last[:, None])
            good = (hope > _LEAST_GAIN) & outside & (low >= 0) & (low < count - 1)
            row, column = np.nonzero(good)
            into, beside = low[row, column], near[row, column]
            beyond = 2 * into + 1 - beside
            gain = hope[row, column] + steps[into] - graph.between(order[tail[row]], order[beyond])
            kept = gain > _LEAST_GAIN
            # Whether the stretch keeps its direction: head stands first if beside comes before it.
            forward = (beside < beyond) == (head[row] <= tail[row])
            found.append((gain[kept], first[row][kept], into[kept], forward[kept]))
    gains, firsts, intos, forwards = (np.concatenate(parts) for parts in zip(*found, strict=True))
    chosen = _apart(gains, firsts, intos, length, count)
    keys = np.arange(count, dtype=np.float64)
    for offset in range(length):
        step = np.where(forwards[chosen], offset + 1, length - offset)
        keys[firsts[chosen] + offset] = intos[chosen] + step / (length + 1)
    return order[np.argsort(keys, kind="stable")], float(gains[chosen].sum(dtype=np.float64))


def _apart(gains: Lengths, firsts: Indices, intos: Indices, length: int, count: int) -> Indices:
    """The moves that are the best of all that touch one of their points."""
    ranked = np.argsort(-gains, kind="stable")
    rank = np.empty(len(gains), np.int64)
    rank[ranked] = np.arange(len(gains))
    touched = [firsts + offset for offset in range(-1, length + 1)] + [intos, intos + 1]
    best = np.full(count, len(gains), np.int64)
    for places in touched:
        np.minimum.at(best, places, rank)
    return np.flatnonzero(np.all([best[places] == rank for places in touched], axis=0))
