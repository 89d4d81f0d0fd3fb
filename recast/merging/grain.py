"""Measure the grain of a plate, and give it to the face."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from recast.images import FrameImage, Image, to_float

Floats = NDArray[np.float64]

TILE = 16
MOST_TILES = 24  # along a side
QUIET = 0.6 / 255
"""Standard deviation that rounding and coding leave in a plate without grain."""
_ROUNDED = 0.4 / 255
"""What of it is white, and would make coarse grain look finer than it is."""
_CALM_SHARE = 0.25
"""The calmest tiles show noise alone; the others, the picture too."""
_CALM_BIAS = 0.85
"""The noise's variance in the calmest quarter of such tiles, of the true one (10000 tiles)."""
_CALM_FINER = 1.08
"""How much finer the noise of the calmest tiles looks than it is, as a ratio of energies."""
SIZES = np.linspace(0, 1, 11)
"""Sizes that are told apart; what is coarser cannot be told from the picture."""
Region = tuple[int, int, int, int]


@dataclass(frozen=True)
class Grain:
    """Noise of a plate.

    covariance: (3, 3) of R, G and B, in units of 0..1; size: sigma in pixels of the Gaussian
    that white noise was blurred with, 0 for white noise.
    """

    covariance: Floats
    size: float = 0.0


NO_GRAIN = Grain(np.zeros((3, 3)))


def mean_grain(several: Sequence[Grain], weights: Sequence[float]) -> Grain:
    """One for several frames; a weight says how much each counts."""
    covariance = np.average([one.covariance for one in several], axis=0, weights=weights)
    size = np.average([one.size for one in several], weights=weights)
    return Grain(covariance, float(size))


def measured_grain(frame: FrameImage, region: Region) -> Grain:
    """The noise of a frame in and around a region (left, top, right, bottom).

    Immerkaer, "Fast noise variance estimation", 1996: a second difference in both directions
    sees neither slopes nor straight edges; here in the calmest of many tiles. Taken between
    neighbours and between every second pixel, it is as strong for white noise, and weaker
    between neighbours the coarser the noise is.
    """
    tiles = _tiles(frame, region)
    fine, wide = _differences(tiles, 1), _differences(tiles, 2)
    energy = (wide**2).mean((1, 2, 3))
    # Tiles that are black, white or otherwise flat to the bit are clipped, not calm.
    alive = np.flatnonzero((fine**2).mean((1, 2, 3)) > 0)
    if not len(alive):
        return NO_GRAIN
    calm = alive[np.argsort(energy[alive], kind="stable")[: max(1, int(len(alive) * _CALM_SHARE))]]
    seen, seen_fine = float(energy[calm].mean()), float((fine[calm] ** 2).mean())
    if seen <= QUIET**2:
        return NO_GRAIN
    finer = (seen_fine - _ROUNDED**2) / (seen - _ROUNDED**2) / _CALM_FINER
    size = float(np.interp(-finer, [-_energy(s, 1) / _energy(s, 2) for s in SIZES], SIZES))
    values = wide[calm].reshape(-1, 3).astype(np.float64)
    found = values.T @ values / (len(values) * _CALM_BIAS * _energy(size, 2))
    return Grain(np.asarray(found * (1 - QUIET**2 / seen), np.float64), size)


def grain(shape: tuple[int, int], like: Grain, seed: tuple[int, ...]) -> Image:
    """Noise of (H, W, 3) like that; the same for the same seed."""
    values, vectors = np.linalg.eigh(like.covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed)))
    plain = rng.standard_normal((*shape, 3), np.float32)
    kernel = _kernel(like.size)
    if len(kernel) > 1:
        kernel = kernel / np.linalg.norm(kernel)  # the variance stays
        plain = np.asarray(cv2.sepFilter2D(plain, -1, kernel, kernel), np.float32)
    return np.asarray(plain @ root.astype(np.float32), np.float32)


def _kernel(size: float) -> Floats:
    """One direction of the blur that makes noise coarser."""
    if size < 0.2:
        return np.ones(1)
    return np.asarray(cv2.getGaussianKernel(2 * int(np.ceil(3 * size)) + 1, size), np.float64)[:, 0]


@cache
def _energy(size: float, step: int) -> float:
    """Of the differences of noise of variance 1, one for white noise."""
    kernel = np.pad(_kernel(size), (0, 4 * step))
    alike = [kernel @ np.roll(kernel, away) / (kernel @ kernel) for away in (step, 2 * step)]
    return float(((6 - 8 * alike[0] + 2 * alike[1]) / 6) ** 2)


def _differences(tiles: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """Second differences in both directions, between pixels that many apart."""
    k = step
    down = tiles[:, : -2 * k] - 2 * tiles[:, k:-k] + tiles[:, 2 * k :]
    both = down[:, :, : -2 * k] - 2 * down[:, :, k:-k] + down[:, :, 2 * k :]
    return np.asarray(both / 6, np.float32)


def _tiles(frame: FrameImage, region: Region) -> NDArray[np.float32]:
    """(N, TILE, TILE, 3), 0..1, spread over the region and a quarter of its sides around it."""
    left, top, right, bottom = region
    wide, high = (right - left) // 4, (bottom - top) // 4
    left, top = max(0, left - wide), max(0, top - high)
    right, bottom = min(frame.shape[1], right + wide), min(frame.shape[0], bottom + high)
    columns, rows = (
        np.unique(np.linspace(first, last, min(MOST_TILES, (last - first) // TILE + 1)).astype(int))
        if last >= first
        else np.zeros(0, int)
        for first, last in ((left, right - TILE), (top, bottom - TILE))
    )
    found = [frame[y : y + TILE, x : x + TILE] for y in rows for x in columns]
    if not found:
        return np.zeros((0, TILE, TILE, 3), np.float32)
    return to_float(np.stack(found))  # type: ignore[arg-type]
