"""Which faces are unlike the others, and which few stand for all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Indices = NDArray[np.int64]

_EXACT = 20_000
"""Points up to which each is compared with all others."""
_SAMPLE = 8_192
_BLOCK = 1024

_YAW_BINS = 36
_PITCH_BIN = 10.0  # degrees
_SHARPER_THAN = 0.5
"""Of a cell with plenty of faces, the blurrier part of this size is not looked at."""
_POOL = 10
"""Candidates for each place of a cell, the sharpest ones."""


def distance_sums(points: Floats) -> NDArray[np.float64]:
    """The sum of each point's distances to all others, (N,).

    Above 20,000 points it is estimated from 8,192 of them, evenly drawn and the same for all, so
    that time grows with N and memory hardly.
    """
    count = len(points)
    others = points
    if count > _EXACT:
        others = points[np.linspace(0, count - 1, _SAMPLE).round().astype(np.int64)]
    squares = np.einsum("nd,nd->n", others, others)
    sums = np.empty(count, np.float64)
    for at in range(0, count, _BLOCK):
        block = points[at : at + _BLOCK]
        squared = np.einsum("nd,nd->n", block, block)[:, None] + squares - 2 * (block @ others.T)
        distances = np.sqrt(np.maximum(squared, 0, out=squared), out=squared)
        sums[at : at + _BLOCK] = distances.sum(axis=1, dtype=np.float64)
    return sums * (count / max(len(others), 1))


def best_of(
    pose: NDArray[np.float32], sharpness: NDArray[np.float64], looks: Floats, count: int
) -> Indices:
    """`count` faces spread evenly over yaw, and in each part of it over pitch; by falling yaw.

    pose: (N, 2) yaw and pitch in degrees; looks: (N, D), compared by their distance. Where faces
    of a pose are few, the others get their places. In each cell the sharpest face comes first, and
    then always the one of the sharper half that is least like those already chosen.
    """
    if len(pose) <= count:
        return np.lexsort((np.arange(len(pose)), -pose[:, 0]))
    yaw_bins = _bins(-pose[:, 0], int(np.clip(count // 4, 1, _YAW_BINS)))
    chosen = []
    for bin_, places in enumerate(shares(np.bincount(yaw_bins), count)):
        inside = np.flatnonzero(yaw_bins == bin_)
        cells = np.floor(pose[inside, 1] / _PITCH_BIN).astype(np.int64)
        cells -= cells.min(initial=0)
        for cell, quota in enumerate(shares(np.bincount(cells), places)):
            members = inside[cells == cell]
            chosen.append(_different(members, sharpness, looks, quota))
    return np.concatenate(chosen)


def shares(counts: Indices, total: int) -> list[int]:
    """How many each group gives, as equal as the groups' counts allow; together `total`.

    If the groups hold fewer, each gives all.
    """
    low, high = 0, int(counts.max(initial=0))
    while low < high:  # the highest level that does not give too many
        level = (low + high + 1) // 2
        if np.minimum(counts, level).sum() <= total:
            low = level
        else:
            high = level - 1
    given = np.minimum(counts, low)
    over = np.flatnonzero(counts > low)
    left = min(int(total - given.sum()), len(over))
    if left > 0:
        given[over[np.linspace(0, len(over) - 1, left).round().astype(np.int64)]] += 1
    return [int(number) for number in given]


def _bins(values: NDArray[np.float32], count: int) -> Indices:
    """The bin of each value, of `count` equally wide ones between the least and the largest."""
    low, high = float(values.min()), float(values.max())
    width = max(high - low, 1e-9) / count
    return np.clip(((values - low) / width).astype(np.int64), 0, count - 1)


def _different(
    members: Indices, sharpness: NDArray[np.float64], looks: Floats, count: int
) -> Indices:
    """The sharpest of some faces, and then those of the sharper ones that differ most."""
    if not count:
        return members[:0]
    ranked = members[np.argsort(-sharpness[members], kind="stable")]
    if len(ranked) > 2 * count:
        ranked = ranked[: max(2 * count, int(len(ranked) * _SHARPER_THAN))][: _POOL * count]
    chosen = [0]
    nearest = np.linalg.norm(looks[ranked] - looks[ranked[0]], axis=1)
    for _ in range(min(count, len(ranked)) - 1):
        nearest[chosen[-1]] = -1
        chosen.append(int(np.argmax(nearest)))
        from_it = np.linalg.norm(looks[ranked] - looks[ranked[chosen[-1]]], axis=1)
        nearest = np.where(nearest < 0, nearest, np.minimum(nearest, from_it))
    return ranked[chosen]
