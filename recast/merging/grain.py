"""Measure the grain of a plate, and give it to the face."""

import numpy as np
from numpy.typing import NDArray

from recast.images import FrameImage, Image, to_float

Covariance = NDArray[np.float64]
"""(3, 3): of the noise in R, G and B, in units of 0..1."""
NO_GRAIN: Covariance = np.zeros((3, 3))

TILE = 16
MOST_TILES = 24  # along a side
QUIET = 0.6 / 255
"""Standard deviation that rounding and coding leave in a plate without grain."""
_CALM_SHARE = 0.25
"""The calmest tiles show noise alone; the others, the picture too."""
_CALM_BIAS = 0.73
"""The noise's variance in the calmest quarter of such tiles, of the true one (10000 tiles)."""
Region = tuple[int, int, int, int]


def measured_grain(frame: FrameImage, region: Region) -> Covariance:
    """The noise of a frame in and around a region (left, top, right, bottom).

    Immerkaer, "Fast noise variance estimation", 1996: a second difference in both directions
    sees neither slopes nor straight edges; here in the calmest of many tiles.
    """
    tiles = _tiles(frame, region)
    if not len(tiles):
        return NO_GRAIN
    twice = tiles[:, :-2] - 2 * tiles[:, 1:-1] + tiles[:, 2:]
    noise = (twice[:, :, :-2] - 2 * twice[:, :, 1:-1] + twice[:, :, 2:]) / 6
    # Tiles that are black, white or otherwise flat to the bit are clipped, not calm.
    energy = (noise**2).mean((1, 2, 3))
    alive = np.flatnonzero(energy > 0)
    if not len(alive):
        return NO_GRAIN
    count = max(1, int(len(alive) * _CALM_SHARE))
    calm = noise[alive[np.argsort(energy[alive], kind="stable")[:count]]].reshape(-1, 3)
    found = calm.T.astype(np.float64) @ calm / (len(calm) * _CALM_BIAS)
    seen = np.trace(found) / 3
    return np.asarray(found * max(0.0, 1 - QUIET**2 / max(seen, 1e-12)), np.float64)


def grain(shape: tuple[int, int], like: Covariance, seed: tuple[int, ...]) -> Image:
    """Noise of (H, W, 3) with that covariance; the same for the same seed."""
    values, vectors = np.linalg.eigh(like)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed)))
    plain = rng.standard_normal((*shape, 3), np.float32)
    return np.asarray(plain @ root.astype(np.float32), np.float32)


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
