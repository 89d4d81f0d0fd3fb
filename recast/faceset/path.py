"""A short path through many points: neighbours along it are alike.

Greedy matching (Bentley, "Fast algorithms for geometric traveling salesman problems", 1992) on a
graph of near neighbours: the shortest edges are taken first, as long as no point gets three and no
ring closes. What is left are fragments; their ends are matched likewise, again and again, until one
path is left. `recast.faceset.polish` then shortens it. Time and memory grow little faster than the
number of points.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recast.faceset.polish import polished

Points = NDArray[np.float32]
"""(N, D), compared by their distance."""
Order = NDArray[np.int64]
"""(N,) indices, each once."""

NEIGHBOURS = 10
_ALL_PAIRS = 1500
"""Ends among which every pair is compared."""
_EXACT = 20_000
"""Points among which neighbours are searched exactly; above, in the nearest of many cells."""
_LOOKED_INTO = 8  # cells
_DIMENSIONS = 48
_TRAINED_ON = 64  # points a cell


def short_path(points: Points) -> Order:
    """An order whose sum of distances between neighbours is small.

    It begins with that of its ends which comes first in `points`. Equal input, equal path. Above
    20,000 points the neighbours are approximate, and only the 48 strongest principal components of
    the points count.
    """
    points = np.ascontiguousarray(points, np.float32)
    # Equal points are walked as one: among many of them, no list of near ones would lead away.
    firsts, kinds = _distinct(points)
    order = np.argsort(np.argsort(_walked(points[firsts]))[kinds], kind="stable")
    return order if not len(order) or order[0] <= order[-1] else order[::-1].copy()


def _walked(points: Points) -> Order:
    count = len(points)
    if count < 3:
        return np.arange(count, dtype=np.int64)
    if count > _EXACT:
        points = principal(points, _DIMENSIONS)
    near, away = neighbours(points, min(NEIGHBOURS, count - 1))
    return polished(_matched(points, near, away).path(), points, near, away)


def _distinct(points: Points) -> tuple[Order, Order]:
    """The first point of each kind of equal ones, and the kind of each point."""
    factors = np.random.default_rng(0).integers(1, 2**63, points.shape[1], np.uint64)
    hashes = np.empty(len(points), np.uint64)
    for at in range(0, len(points), 8192):
        bits = points[at : at + 8192].view(np.uint32).astype(np.uint64)
        hashes[at : at + 8192] = (bits * (factors | np.uint64(1))).sum(axis=1, dtype=np.uint64)
    _, firsts, kinds = np.unique(hashes, return_index=True, return_inverse=True)
    # Points whose hashes agree by chance would stand side by side: a blemish, nothing is lost.
    back = np.argsort(firsts)
    return firsts[back], np.argsort(back)[kinds.ravel()]


def path_length(points: Points, order: Order) -> float:
    """The sum of the distances between neighbours of an order."""
    total = 0.0
    for at in range(0, len(order) - 1, 4096):
        walked = points[order[at : at + 4097]]
        total += float(np.linalg.norm(walked[1:] - walked[:-1], axis=1).sum(dtype=np.float64))
    return total


def principal(points: Points, dimensions: int) -> Points:
    """The strongest principal components; distances become a little smaller, few change much."""
    if points.shape[1] <= dimensions:
        return points
    some = points[:: max(1, len(points) // 50_000)].astype(np.float64)
    mean = some.mean(axis=0)
    axes = np.linalg.eigh((some - mean).T @ (some - mean))[1][:, : -dimensions - 1 : -1]
    axes, shift = axes.astype(np.float32), (mean @ axes).astype(np.float32)
    reduced = np.empty((len(points), dimensions), np.float32)
    for at in range(0, len(points), 65536):
        reduced[at : at + 65536] = points[at : at + 65536] @ axes - shift
    return reduced


def neighbours(points: Points, count: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The nearest others of each point and their distances, (N, count) both, nearest first.

    Where fewer were found, a point is its own neighbour at an infinite distance.
    """
    import faiss

    index: Any = faiss.IndexFlatL2(points.shape[1])
    if len(points) > _EXACT:
        index = faiss.IndexIVFFlat(index, points.shape[1], round(4 * len(points) ** 0.5))
        index.cp.min_points_per_centroid = 1
        index.cp.max_points_per_centroid = _TRAINED_ON
        index.nprobe = _LOOKED_INTO
        index.train(points)
    index.add(points)
    squared, near = index.search(points, count + 1)
    itself = near == np.arange(len(points))[:, None]
    # Among equal points a point need not find itself; then the last one found is left out.
    itself[~itself.any(axis=1), -1] = True
    kept = ~itself
    near, squared = near[kept].reshape(-1, count), squared[kept].reshape(-1, count)
    lost = near < 0
    near[lost] = np.broadcast_to(np.arange(len(points))[:, None], near.shape)[lost]
    away = np.sqrt(np.maximum(squared, 0))
    away[lost] = np.inf
    return near.astype(np.int64), away.astype(np.float32)


@dataclass
class _Fragments:
    """Paths that grow together. A point alone is a path whose two ends are the same."""

    count: int
    degrees: bytearray = field(init=False)
    other_end: list[int] = field(init=False)
    """Right at the ends of fragments only."""
    links: list[list[int]] = field(init=False)

    def __post_init__(self) -> None:
        self.degrees = bytearray(self.count)
        self.other_end = list(range(self.count))
        self.links = [[-1] * self.count, [-1] * self.count]

    def join(self, first: NDArray[np.int64], second: NDArray[np.int64]) -> None:
        """Take the edges in their order, where no point gets three and no ring closes."""
        degrees, other_end, links = self.degrees, self.other_end, self.links
        full = np.frombuffer(degrees, np.uint8)
        chunk = max(10_000, len(first) // 16)
        for at in range(0, len(first), chunk):
            one, two = first[at : at + chunk], second[at : at + chunk]
            # Most edges fall out here, without a turn of the loop below.
            free = (full[one] < 2) & (full[two] < 2)
            for a, b in zip(one[free].tolist(), two[free].tolist(), strict=True):
                if degrees[a] == 2 or degrees[b] == 2 or other_end[a] == b:
                    continue
                links[degrees[a]][a], links[degrees[b]][b] = b, a
                degrees[a] += 1
                degrees[b] += 1
                left, right = other_end[a], other_end[b]
                other_end[left], other_end[right] = right, left

    def ends(self) -> NDArray[np.int64]:
        return np.flatnonzero(np.frombuffer(self.degrees, np.uint8) < 2)

    def path(self) -> Order:
        """The one path that is left."""
        at, before = int(self.ends()[0]), -1
        order = np.empty(self.count, np.int64)
        one, two = self.links
        for place in range(self.count):
            order[place] = at
            at, before = (two[at] if one[at] == before and before >= 0 else one[at]), at
        return order


def _matched(points: Points, near: NDArray[np.int64], away: NDArray[np.float32]) -> _Fragments:
    fragments = _Fragments(len(points))
    fragments.join(*_shortest_first(np.arange(len(points)), near, away))
    while len(ends := fragments.ends()) > 2:
        if len(ends) <= _ALL_PAIRS:
            near, away = _all_pairs(points[ends])
        else:
            near, away = neighbours(points[ends], NEIGHBOURS)
        before = len(ends)
        fragments.join(*_shortest_first(ends, ends[near], away))
        if before > _ALL_PAIRS and len(fragments.ends()) > 0.9 * before:
            # Ends that only see each other's like (many equal points): any order serves.
            _chained(fragments)
    return fragments


def _chained(fragments: _Fragments) -> None:
    """Join every second fragment to the next one in order of their ends."""
    ends = fragments.ends()
    firsts = [end for end in ends.tolist() if end <= fragments.other_end[end]]
    tails = [fragments.other_end[end] for end in firsts]
    fragments.join(np.array(tails[:-1:2]), np.array(firsts[1::2]))


def _shortest_first(
    one: NDArray[np.int64], near: NDArray[np.int64], away: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Both ends of each edge once, the shortest edge first."""
    first, second = np.repeat(one, near.shape[1]), near.ravel()
    low, high = np.minimum(first, second), np.maximum(first, second)
    lengths = away.ravel()
    kept = np.flatnonzero((low != high) & np.isfinite(lengths))
    # The same edge seen from both ends follows itself after this sort; the loop skips it.
    kept = kept[np.argsort(lengths[kept], kind="stable")]
    return low[kept], high[kept]


def _all_pairs(points: Points) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    squares = (points.astype(np.float64) ** 2).sum(axis=1)
    squared = squares[:, None] + squares - 2 * (points.astype(np.float64) @ points.T)
    near = np.broadcast_to(np.arange(len(points)), squared.shape)
    return near, np.sqrt(np.maximum(squared, 0)).astype(np.float32)
