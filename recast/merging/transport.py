"""Colour matches that carry the whole distribution of colours, by turns along single axes.

Their axes come from fixed seeds: the same measure always gives the same transfer.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recast.images import Image
from recast.merging.color import (
    LEAST_GAIN,
    MOST_GAIN,
    Floats,
    Measured,
    Transfer,
    carried,
    mean_and_spread,
    quantiles,
    to_lab,
    to_rgb,
)

ROTATIONS, SLICE_STEPS, SLICES = 20, 5, 12
Values = NDArray[np.float64]
Step = tuple[Values, list[tuple[Values, Values]], float]
"""Axes (K, 3) in rows, the quantile functions of source and target along each, and the share of
the move that is made."""


def distribution(measured: Measured, share: float) -> Transfer:
    """Turn by turn, the distribution along three axes becomes the target's, in RGB.

    Pitie, Kokaram and Dahyot, "N-dimensional probability density function transfer", 2005.
    """
    rng = np.random.default_rng(0)
    turns = [np.linalg.qr(rng.normal(size=(3, 3)))[0].T for _ in range(ROTATIONS)]
    steps = _fitted(measured.own, measured.wanted, measured.weights, [(t, 1.0) for t in turns])
    return lambda face: _shared(face, _moved(face, steps), share)


def sliced(measured: Measured, share: float) -> Transfer:
    """Optimal transport over many directions at once, a step at a time, in RGB.

    Rabin et al., "Wasserstein barycenter and its application to texture mixing", 2011.
    """
    steps = _fitted(measured.own, measured.wanted, measured.weights, _slices(3))
    return lambda face: _shared(face, _moved(face, steps), share)


def mixed(measured: Measured, share: float) -> Transfer:
    """Lightness by its mean and spread, colour (a* and b*) by sliced transport."""
    own, wanted = to_lab(measured.own), to_lab(measured.wanted)
    mean, spread = mean_and_spread(own, measured.weights)
    mean_wanted, spread_wanted = mean_and_spread(wanted, measured.weights)
    gain = np.clip(spread_wanted[0] / max(spread[0], 1e-3), LEAST_GAIN, MOST_GAIN)
    steps = _fitted(own[:, 1:], wanted[:, 1:], measured.weights, _slices(2))

    def transfer(face: Image) -> Image:
        lab = to_lab(face)
        light = (lab[..., :1] - mean[0]) * gain + mean_wanted[0]
        full = np.concatenate([light, _moved(lab[..., 1:], steps)], axis=-1)
        return to_rgb(lab + share * (full - lab))

    return transfer


def _slices(dimensions: int) -> list[tuple[Values, float]]:
    """Random orthonormal bases, several a step; the moves along all of a step are averaged."""
    rng = np.random.default_rng(1)
    bases = SLICES // dimensions
    turns = [
        np.concatenate(
            [np.linalg.qr(rng.normal(size=(dimensions, dimensions)))[0].T for _ in range(bases)]
        )
        for _ in range(SLICE_STEPS)
    ]
    return [(turn, 1 / bases) for turn in turns]


def _fitted(
    own: Floats, wanted: Floats, weights: Floats, axes: Sequence[tuple[Values, float]]
) -> list[Step]:
    moving, goal = own.astype(np.float64), wanted.astype(np.float64)
    steps: list[Step] = []
    for turn, share in axes:
        curves = [
            (
                quantiles((moving @ axis).astype(np.float32), weights),
                quantiles((goal @ axis).astype(np.float32), weights),
            )
            for axis in turn
        ]
        steps.append((turn, curves, share))
        moving = _moved(moving, steps[-1:])
    return steps


def _moved(values: NDArray[np.floating], steps: Sequence[Step]) -> Values:
    """Colours (..., D) after all steps."""
    moving = values.reshape(-1, values.shape[-1]).astype(np.float64)
    for turn, curves, share in steps:
        along = moving @ turn.T
        for number, curve in enumerate(curves):
            along[:, number] = carried(along[:, number], *curve) - along[:, number]
        moving = moving + (along @ turn) * share
    return np.asarray(moving.reshape(values.shape), np.float64)


def _shared(face: Image, moved: Values, share: float) -> Image:
    return np.asarray(face + share * (moved - face), np.float32)
