"""Bring a drawn face to the colours of the frame it goes into.

A match is fitted to what was measured of drawn faces and of dst's own at the same places,
and then applied to a face. What was measured in the frames around can be pooled first: the
match then changes slowly and the colour does not flicker. Pictures are RGB, 0..1.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from recast.images import Image, Mask

Floats = NDArray[np.float32]
Area = Literal["mask", "crop"]
LIGHT_REACH = 0.1  # sigma, parts of the side: wider than a feature, narrower than a face
LIGHT_GRID = 48  # pixels a side on which light is measured: it has no finer detail
SAMPLES = 4096
MOST_POOLED = 8192
THICKNESS = 0.005**2
"""Added to variances in RGB: what is flat in a drawn face must not burst into colour."""
LEAST_GAIN, MOST_GAIN = 0.25, 4.0
"""How far a match may press or spread colours."""
LEVELS = np.linspace(0, 1, 257)
"""Of a quantile function."""


@dataclass(frozen=True)
class Measured:
    """Colours of a drawn face and of dst's own at the same places, and dst's light.

    own, wanted: (N, 3), RGB; weights: (N,), how much each counts; light: (G, G, 3), L*a*b*, what
    dst is lighter than the drawn face after a wide blur, less its mean. N may be 0.
    """

    own: Floats
    wanted: Floats
    weights: Floats
    light: Floats


Transfer = Callable[[Image], Image]
"""From a face, (..., 3), RGB, to the matched one; may leave 0..1."""
ColorMatch = Callable[[Measured, float], Transfer]
"""Fits a transfer; the number is the share 0..1 by which the skin's own colour moves to dst's."""


def measure(
    face: Image, target: Image, mask: Mask, *, area: Area = "mask", lit: bool = False
) -> Measured:
    """What matches need to know of a drawn face and of dst's own, aligned crops (S, S, 3).

    With `area` "mask" only pixels surely inside the mask count, else the whole crop. `lit`: the
    face was drawn in dst's light, so none is taken from dst's skin.
    """
    inside = _solid(mask) if area == "mask" else np.ones(mask.shape, bool)
    places = np.flatnonzero(inside)
    places = places[:: max(1, -(-len(places) // SAMPLES))]
    own, wanted = (picture.reshape(-1, 3)[places] for picture in (face, target))
    light = np.zeros((1, 1, 3), np.float32) if lit else _light(face, target, inside)
    return Measured(own, wanted, np.ones(len(own), np.float32), light)


def pooled(several: Sequence[Measured], weights: Sequence[float]) -> Measured:
    """One measure of those of several frames; a weight says how much each counts."""
    known = [(one, weight) for one, weight in zip(several, weights, strict=True) if len(one.own)]
    if len(known) < 2:
        return known[0][0] if known else several[0]
    step = max(1, -(-sum(len(one.own) for one, _ in known) // MOST_POOLED))
    total = sum(weight for _, weight in known)
    light = sum((one.light * np.float32(weight / total) for one, weight in known), np.float32(0))
    return Measured(
        np.concatenate([one.own[::step] for one, _ in known]),
        np.concatenate([one.wanted[::step] for one, _ in known]),
        np.concatenate([one.weights[::step] * np.float32(weight) for one, weight in known]),
        np.asarray(light, np.float32),
    )


def matched(face: Image, measured: Measured, match: ColorMatch, share: float) -> Image:
    """The face after a match, within 0..1; unchanged where nothing could be measured."""
    if not len(measured.own):
        return face
    return np.asarray(match(measured, share)(face).clip(0, 1), np.float32)


def to_lab(image: Image) -> Floats:
    """RGB 0..1, (..., 3), as CIE L*a*b* (D65)."""
    return np.asarray(cv2.cvtColor(image.reshape(-1, 1, 3), cv2.COLOR_RGB2LAB), np.float32).reshape(
        image.shape
    )


def to_rgb(lab: NDArray[np.floating]) -> Image:
    """CIE L*a*b* as RGB, L* held within 0..100."""
    flat = lab.reshape(-1, 1, 3).astype(np.float32)
    flat[..., 0] = flat[..., 0].clip(0, 100)
    return np.asarray(cv2.cvtColor(flat, cv2.COLOR_LAB2RGB), np.float32).reshape(lab.shape)


def mean_and_spread(values: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Weighted mean and standard deviation of each column of (N, 3)."""
    share = (weights / weights.sum())[:, None]
    mean = (values * share).sum(0)
    return mean, np.sqrt(((values - mean) ** 2 * share).sum(0))


def covariance(values: Floats, weights: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weighted mean (3,) and covariance (3, 3) of (N, 3), the latter a little thickened."""
    share = (weights / weights.sum()).astype(np.float64)[:, None]
    mean = (values * share).sum(0)
    centred = values - mean
    return mean, (centred * share).T @ centred + np.eye(3) * THICKNESS


def quantiles(values: Floats, weights: Floats) -> NDArray[np.float64]:
    """The values below which each share of `LEVELS` of the weight lies, of (N,)."""
    order = np.argsort(values, kind="stable")
    ordered, heavy = values[order].astype(np.float64), weights[order].astype(np.float64)
    reached = np.cumsum(heavy) - heavy / 2
    return np.interp(LEVELS, reached / heavy.sum(), ordered)


def carried(
    values: NDArray[np.floating],
    source: NDArray[np.floating],
    target: NDArray[np.floating],
    *,
    ceiling: float = 1.0,
) -> NDArray[np.float64]:
    """Values moved from one quantile function to another, and by its ends' shift beyond.

    `ceiling` scales the level reached in the target: below 1 its brightest are never used.
    """
    rising = np.maximum.accumulate(source + np.arange(len(source)) * 1e-9)
    at = np.interp(values, rising, LEVELS) * ceiling
    moved = np.interp(at, LEVELS, target)
    over = np.maximum(values - rising[-1], 0) + np.minimum(values - rising[0], 0)
    return np.asarray(moved + over, np.float64)


def unchanged(measured: Measured, share: float) -> Transfer:
    """The face as the model drew it."""
    return lambda face: face


def reinhard(measured: Measured, share: float) -> Transfer:
    """Mean and spread of each channel of L*a*b* move to the target's.

    Reinhard et al., "Color transfer between images", 2001.
    """
    mean, spread = mean_and_spread(to_lab(measured.own), measured.weights)
    mean_wanted, spread_wanted = mean_and_spread(to_lab(measured.wanted), measured.weights)
    ratio = spread_wanted / np.maximum(spread, 1e-3)
    gain = 1 + share * (np.clip(ratio, LEAST_GAIN, MOST_GAIN) - 1)
    return lambda face: to_rgb((to_lab(face) - mean) * gain + mean + share * (mean_wanted - mean))


def relit(measured: Measured, share: float) -> Transfer:
    """dst's light falls on the face, and its mean colour moves by the share.

    Light varies slowly over a face and features do not, so what is left of each after a wide
    blur, less its mean, is taken for its light; the face's is replaced by the target's. The
    skin's own colour, which the mean holds, stays src's unless the share asks for dst's.
    """
    mean, _ = mean_and_spread(to_lab(measured.own), measured.weights)
    mean_wanted, _ = mean_and_spread(to_lab(measured.wanted), measured.weights)
    shift = share * (mean_wanted - mean)

    def transfer(face: Image) -> Image:
        size = face.shape[1::-1]
        light = cv2.resize(measured.light, size, interpolation=cv2.INTER_LINEAR)
        return to_rgb(to_lab(face) + light + shift)

    return transfer


def linear(measured: Measured, share: float) -> Transfer:
    """Principal axes to principal axes: by the roots of the covariances, in RGB.

    A = root(target) root(source)^-1, with symmetric roots; the means move too.
    """
    mean, spread = covariance(measured.own, measured.weights)
    mean_wanted, wanted = covariance(measured.wanted, measured.weights)
    return _affine(_power(wanted, 0.5) @ _power(spread, -0.5), mean, mean_wanted, share)


def monge_kantorovich(measured: Measured, share: float) -> Transfer:
    """The linear map that moves colours least, between two Gaussians in RGB.

    A = S^-1/2 (S^1/2 T S^1/2)^1/2 S^-1/2: Pitie and Kokaram, "The linear Monge-Kantorovitch
    linear colour mapping", 2007.
    """
    mean, spread = covariance(measured.own, measured.weights)
    mean_wanted, wanted = covariance(measured.wanted, measured.weights)
    root, back = _power(spread, 0.5), _power(spread, -0.5)
    return _affine(back @ _power(root @ wanted @ root, 0.5) @ back, mean, mean_wanted, share)


def histogram(measured: Measured, share: float) -> Transfer:
    """Each channel's distribution becomes the target's, in RGB."""
    own, wanted = (measured.own, measured.weights), (measured.wanted, measured.weights)
    return by_histograms(own, wanted, share)


def by_histograms(
    own: tuple[Floats, Floats],
    wanted: tuple[Floats, Floats],
    share: float,
    *,
    ceiling: float = 1.0,
) -> Transfer:
    """The same for colours (N, 3) and their weights (N,), of either side as many as there are.

    `ceiling` scales the level reached in the target: below 1 its brightest are never used.
    """
    curves = [
        (quantiles(own[0][:, channel], own[1]), quantiles(wanted[0][:, channel], wanted[1]))
        for channel in range(3)
    ]

    def transfer(face: Image) -> Image:
        moved = [
            carried(face[..., channel], *curve, ceiling=ceiling)
            for channel, curve in enumerate(curves)
        ]
        return np.asarray(face + share * (np.stack(moved, axis=-1) - face), np.float32)

    return transfer


def _affine(
    turn: NDArray[np.float64],
    mean: NDArray[np.float64],
    mean_wanted: NDArray[np.float64],
    share: float,
) -> Transfer:
    left, gains, right = np.linalg.svd(turn)
    held = (left * gains.clip(LEAST_GAIN, MOST_GAIN)) @ right
    matrix = np.eye(3) + share * (held - np.eye(3))
    shift = mean - matrix @ mean + share * (mean_wanted - mean)
    return lambda face: np.asarray(face @ matrix.T.astype(np.float32) + shift, np.float32)


def _power(matrix: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    """A power of a symmetric, positive matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.maximum(values, 1e-7) ** exponent) @ vectors.T)


def _solid(mask: Mask) -> NDArray[np.bool_]:
    """Pixels that surely belong to the face, a little inside its edge."""
    reach = max(1, mask.shape[0] // 48)
    inside = cv2.erode((mask > 0.5).astype(np.uint8), np.ones((2 * reach + 1,) * 2, np.uint8))
    return inside.astype(bool)


def _light(face: Image, target: Image, inside: NDArray[np.bool_]) -> Floats:
    if not inside.any():
        return np.zeros((1, 1, 3), np.float32)
    side = min(LIGHT_GRID, face.shape[0])
    held = inside.astype(np.float32)
    weight = np.asarray(cv2.resize(held, (side, side), interpolation=cv2.INTER_AREA), np.float32)
    difference = (to_lab(target) - to_lab(face)) * held[..., None]
    small = cv2.resize(difference, (side, side), interpolation=cv2.INTER_AREA)
    sigma = LIGHT_REACH * side
    known = cv2.GaussianBlur(weight, (0, 0), sigma)[..., None]
    light = cv2.GaussianBlur(small, (0, 0), sigma) / np.maximum(known, 1e-3)
    mean = (light * weight[..., None]).sum((0, 1)) / weight.sum()  # the mean is `share`'s alone
    return np.asarray(light - mean, np.float32)
