"""Find the mark of `watermark.py` in a take or a picture, without the original.

Of each frame what is fine and not edge remains, and frames are averaged apart for each eighth of a
second. Bright less dark eighths then leave the mark and take away what stands still. At each of
many sizes the sum is folded into the square, and compared at every place by Fourier transforms with
the cells that are always the same.

How sure it is: `strength` is the correlation in units of what chance gives. Whatever the picture,
chips of chance reach z at one place with a probability below exp(-z^2 / 2) (Hoeffding, 1963).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from recast.images import FrameImage
from recast.provenance.watermark import (
    CELLS,
    FLIPS,
    TILE,
    Floats,
    Layout,
    layout,
    named,
)
from recast.provenance.watermark_code import decoded

SURE = 8.0
"""Strength from which the cells that are always the same are proof by themselves."""
LIKELY = 6.3
"""Strength that is proof together with a number whose checksum fits."""
_PLAIN = 11.0
"""Strength that needs no further search."""
SIZES = (0.75, 1.4)
"""Of a square, in parts of the size it has in a frame as it was made: cut at the sides it is
larger, with a border smaller."""

_STEP, _FINER = 1.006, 1.003
_SEEN = 3
"""Pixels a cell at which a frame is looked at."""
_READ = 2
"""Pixels a cell at which it is compared."""
_EIGHTHS = 4 * FLIPS
_FINE, _COARSE, _AROUND = 0.8, 1.8, 2.5
"""Sigmas in pixels seen: of what is dropped as noise, as picture, and of the normalization."""
_LEAST, _CLIP = 0.1, 1.0
_EVEN, _FLOOR = 4.0, 0.05
_SIDE = TILE * _READ
_SPANS = (2, 3)
"""Sides of the parts of a frame that are tried apart, in halves of a square."""
_SMALLEST = 48
"""Pixels along a picture's shorter side below which nothing is looked for."""


@dataclass(frozen=True)
class FoundWatermark:
    """A mark: how sure it is, and its number; None if too much of it is lost."""

    strength: float
    identity: int | None
    size: float
    """Of its cells, in parts of what they have in a frame as it was made."""

    @property
    def name(self) -> str:
        """The number as credentials and records have it; empty if it is lost."""
        return "" if self.identity is None else named(self.identity)


@dataclass
class Gathered:
    """Frames of one take, as far as they are needed to find a mark; add them in any order."""

    _sums: list[Floats | None] = field(default_factory=lambda: [None] * _EIGHTHS)
    _counts: list[int] = field(default_factory=lambda: [0] * _EIGHTHS)

    def add(self, frame: FrameImage, moment: Fraction) -> None:
        """Add a frame, (H, W, 3), shown at `moment` (seconds)."""
        if min(frame.shape[:2]) < _SMALLEST:
            return
        rest = _rest(_seen(frame))
        at = int(moment * _EIGHTHS // 1) % _EIGHTHS
        before = self._sums[at]
        self._sums[at] = rest if before is None else before + rest
        self._counts[at] += 1

    def maps(self) -> list[Floats]:
        """What may hold a mark: one map for each way the eighths may be bright and dark."""
        means = [
            None if total is None else total / np.float32(count)
            for total, count in zip(self._sums, self._counts, strict=True)
        ]
        there = [mean for mean in means if mean is not None]
        if len(there) < _EIGHTHS // 2:  # a picture, or too short to have turned
            return [_even(sum_of(there))] if there else []
        return [_even(one) for one in _turned(means)]


def find_watermark(
    maps: Sequence[Floats], *, known: Layout | None = None, sizes: tuple[float, float] = SIZES
) -> FoundWatermark | None:
    """The surest mark in `Gathered.maps`; None if there is none beyond doubt.

    Raises nothing; a layout other than that of recast, `known`, is for measuring false alarms.
    """
    known = known or layout()
    best = strongest(maps, known, sizes)
    if best is None or best.strength < LIKELY:
        return None
    identity = decoded(known.soft_bits(best.cells))
    if identity is None and best.strength < SURE:
        return None
    return FoundWatermark(best.strength, identity, best.size)


@dataclass(frozen=True)
class Match:
    """The place where the cells that are always the same fit best: the square read there."""

    strength: float
    size: float
    cells: Floats


@dataclass(frozen=True)
class Pattern:
    """The cells that are always the same, (TILE, TILE), and their conjugate spectrum."""

    fixed: Floats
    spectrum: NDArray[np.complexfloating]


def strongest(
    maps: Sequence[Floats], known: Layout, sizes: tuple[float, float] = SIZES
) -> Match | None:
    """The best match of all sizes, places and parts of the frame, be it by chance.

    From the size of a frame as it was made outwards; what is beyond any doubt ends the search.
    """
    whole = np.kron(known.fixed, np.ones((_READ, _READ), np.float32))
    pattern = Pattern(known.fixed, np.conj(np.fft.rfft2(whole)))
    best: Match | None = None

    with ThreadPoolExecutor(max(1, len(maps))) as pool:

        def better(size: float) -> Match | None:
            found = pool.map(lambda one: _match(one, size, pattern), maps)
            return max([*found, *([best] if best else [])], key=_strength, default=None)

        for size in _sizes(*sizes):
            best = better(size)
            if best is None or best.strength >= _PLAIN:
                break
        if best is not None:
            for size in (best.size / _FINER, best.size * _FINER):
                best = better(size)
    return best


def _strength(match: Match) -> float:
    return match.strength


def _match(one: Floats, size: float, pattern: Pattern) -> Match:
    """The best match of one map at one size."""
    squares = np.stack(list(_folds(one, size)))
    cells = _cells(squares)
    product = np.fft.rfft2(squares) * pattern.spectrum
    fits = np.asarray(np.fft.irfft2(product, s=(_SIDE, _SIDE)), np.float32)
    places = np.abs(fits).reshape(len(fits), -1).argmax(axis=1)
    found = []
    for part, place in enumerate(places):
        down, across = np.unravel_index(int(place), (_SIDE, _SIDE))
        read = np.roll(cells[part], (-down, -across), (0, 1))[::_READ, ::_READ]
        fit = float((read * pattern.fixed).sum())
        # Chips of chance have this standard deviation, whatever these very cells hold.
        chance = float(np.sqrt((read[pattern.fixed != 0] ** 2).sum())) + 1e-9
        found.append(Match(abs(fit) / chance, size, np.asarray(read * np.sign(fit), np.float32)))
    return max(found, key=_strength)


def _cells(squares: Floats) -> Floats:
    """At each place the sum of the cell that begins there; squares go on at their other side."""
    rows: Floats = sum_of(np.roll(squares, -at, 1) for at in range(_READ))
    return sum_of(np.roll(rows, -at, 2) for at in range(_READ))


def _sizes(least: float, most: float) -> Iterator[float]:
    """From 1 outwards."""
    steps = int(np.log(max(most, 1 / least)) / np.log(_STEP)) + 1
    for step in range(steps + 1):
        for size in {_STEP**step, _STEP**-step}:
            if least <= size <= most:
                yield size


def _seen(frame: FrameImage) -> Floats:
    """Luma, 0..255, so large that a cell of a frame as it was made has 3 pixels."""
    luma = np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.float32)
    luma *= np.float32(255 / np.iinfo(frame.dtype).max)
    zoom = CELLS * _SEEN / min(luma.shape)
    size = (round(luma.shape[1] * zoom), round(luma.shape[0] * zoom))
    way = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(luma, size, interpolation=way), np.float32)


def _rest(luma: Floats) -> Floats:
    """What has about the size of cells, edges no stronger than texture."""
    fine = cv2.GaussianBlur(luma, (0, 0), _FINE) - cv2.GaussianBlur(luma, (0, 0), _COARSE)
    usual = np.sqrt(cv2.GaussianBlur(fine * fine, (0, 0), _AROUND)) + _LEAST
    return np.asarray((fine / usual).clip(-_CLIP, _CLIP), np.float32)


def sum_of(maps: Iterable[Floats]) -> Floats:
    """Maps of one shape added."""
    return cast(Floats, np.sum(list(maps), axis=0))


def _turned(means: Sequence[Floats | None]) -> Iterator[Floats]:
    """Bright less dark eighths, for each eighth in which the turn may come."""
    half = _EIGHTHS // FLIPS
    for turn in range(half):
        signs = [1 if (at - turn) % (2 * half) < half else -1 for at in range(_EIGHTHS)]
        sides: dict[int, list[Floats]] = {1: [], -1: []}
        for sign, mean in zip(signs, means, strict=True):
            if mean is not None:
                sides[sign].append(mean)
        if all(sides.values()):
            bright, dark = (sum_of(side) / np.float32(len(side)) for side in sides.values())
            yield np.asarray(bright - dark, np.float32)


def _even(one: Floats) -> Floats:
    """Everywhere of the same size: where the take stood still, little is left, but it counts."""
    usual = np.sqrt(cv2.GaussianBlur(one * one, (0, 0), _EVEN))
    return np.asarray(one / (usual + _FLOOR), np.float32)


def _folds(one: Floats, size: float) -> Iterator[Floats]:
    """The map as squares laid over each other: all of it, and parts of it."""
    zoom = _SEEN * size / _READ
    height, width = (int(length / zoom) for length in one.shape)
    back = np.array([[zoom, 0, (zoom - 1) / 2], [0, zoom, (zoom - 1) / 2]])
    way = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    half = _SIDE // 2
    rows, columns = -(-height // half), -(-width // half)
    whole = np.zeros((rows * half, columns * half), np.float32)
    whole[:height, :width] = cv2.warpAffine(one, back, (width, height), flags=way)
    halves = whole.reshape(rows, half, columns, half).swapaxes(1, 2)
    yield _laid(halves, 0, 0)
    for span in _SPANS:
        if span < max(rows, columns):
            for top in range(max(1, rows - span + 1)):
                for left in range(max(1, columns - span + 1)):
                    part = halves[top : top + span, left : left + span]
                    yield _laid(part, top % 2, left % 2)


def _laid(halves: NDArray[np.float32], top: int, left: int) -> Floats:
    """The sum of all squares; with top or left 1 they begin with their lower or right half."""
    square = np.zeros((2, 2, _SIDE // 2, _SIDE // 2), np.float32)
    for row in (0, 1):
        for column in (0, 1):
            same: Any = halves[(row - top) % 2 :: 2, (column - left) % 2 :: 2]
            square[row, column] = same.sum((0, 1))
    return square.swapaxes(1, 2).reshape(_SIDE, _SIDE)
