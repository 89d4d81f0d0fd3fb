"""Which faces a step shows: everything follows from how many were shown before."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

FED_BINS, FED_RANGE = 64, 90.0
UNIFORM_BINS, UNIFORM_RANGE = 128, float(np.degrees(1.2))

Indices = NDArray[np.int64]


def shuffled(count: int, seed: int, seen: int, wanted: int) -> Indices:
    """The next `wanted` of `count` faces: all once in random order, then all in another.

    Nothing is remembered between calls: `seen` faces were shown before, so a resumed training
    goes on within the same round.
    """
    places = np.arange(seen, seen + wanted)
    rounds = places // count
    return np.concatenate(
        [_round(count, seed, int(r))[places[rounds == r] % count] for r in np.unique(rounds)]
    )


@lru_cache(maxsize=4)
def _round(count: int, seed: int, number: int) -> Indices:
    return np.random.default_rng([seed, number]).permutation(count)


def uniform_over_yaw(yaw: NDArray[np.float64], rng: np.random.Generator, wanted: int) -> Indices:
    """Faces whose yaw is as evenly spread as the set allows; `yaw` is (N,) degrees.

    128 bins over 1.2 radians to either side; each one that holds faces is as likely as the next.
    """
    bins = _bins(yaw, UNIFORM_BINS, UNIFORM_RANGE)
    held = np.unique(bins)
    chosen = rng.choice(held, wanted)
    return np.array([rng.choice(np.flatnonzero(bins == one)) for one in chosen], np.int64)


class YawPairs:
    """For each dst face the src faces that look nearly its way, mirrored ones among them.

    The seed's rule: 64 bins of yaw; each bin of dst takes the nearest bin that holds src faces or
    mirrored src faces, an equally near one not mirrored first.
    """

    def __init__(self, src: NDArray[np.float64], dst: NDArray[np.float64]) -> None:
        own, mirrored = (_bins(yaw, FED_BINS, FED_RANGE) for yaw in (src, -src))
        self._bin_of_dst = _bins(dst, FED_BINS, FED_RANGE)
        self._candidates: dict[int, tuple[Indices, bool]] = {}
        for one in np.unique(self._bin_of_dst):
            near = [np.abs(bins - one).min() for bins in (own, mirrored)]
            flip = bool(near[1] < near[0])
            distance = np.abs((mirrored if flip else own) - one)
            self._candidates[int(one)] = (np.flatnonzero(distance == distance.min()), flip)

    def matching(self, dst: Indices, rng: np.random.Generator) -> tuple[Indices, NDArray[np.bool_]]:
        """A src face for each of some dst faces, and whether it has to be mirrored."""
        found = [self._candidates[int(self._bin_of_dst[one])] for one in dst]
        chosen = np.array([rng.choice(faces) for faces, _ in found], np.int64)
        return chosen, np.array([flip for _, flip in found], bool)


def _bins(yaw: NDArray[np.float64], count: int, reach: float) -> Indices:
    """(N,) 0..count-1; what lies beyond `reach` degrees counts to the outermost."""
    places = (np.clip(yaw, -reach, reach) + reach) / (2 * reach) * count
    return np.minimum(places.astype(np.int64), count - 1)


def evenly(count: int, most: int) -> Indices:
    """Of so many things at most so many, evenly apart and in their order."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.intp))
