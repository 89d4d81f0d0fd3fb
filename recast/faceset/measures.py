"""What is measured on the picture of a face, at a side of 256 pixels whatever its file has.

Sharpness compares an edge's steepness with what a known blur leaves of it (after Zhuo and Sim,
"Defocus map estimation from a single image", 2011). Contrast and light cancel in that ratio, and
the fine noise that makes a plain Laplacian take a dark or noisy picture for a sharp one is small
at both scales. `python -m benchmarks sharpness` compares.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from recast.faces import hull_mask
from recast.geometry import Points

SIDE = 256
BINS = 64
"""Of each channel's histogram: 256 count noise, and cost four times the memory."""

SCALARS = ("sharpness", "steadiness", "brightness", "hue_x", "hue_y", "black")
"""The columns of `scalars`."""

_FINE, _COARSE = 0.7, 1.4  # pixels, standard deviations of the two blurs


def scalars(crops: Sequence[NDArray[np.uint8]], landmarks: Sequence[Points]) -> NDArray[np.float32]:
    """The numbers named in `SCALARS`, (N, 6).

    sharpness, steadiness: see `edge_sharpness`, inside the landmarks' hull. brightness: mean of V
    (HSV), 0..1. hue_x, hue_y: mean of the unit vectors of H, each weighted with its chroma.
    black: share of pixels whose three channels are all 0.
    """
    return np.array(
        [_scalars(*at_side(c, p)) for c, p in zip(crops, landmarks, strict=True)], np.float32
    ).reshape(-1, len(SCALARS))


def histograms(
    crops: Sequence[NDArray[np.uint8]], landmarks: Sequence[Points]
) -> NDArray[np.float32]:
    """Square roots of the shares of each bin, red, green, blue, (N, 3 * BINS).

    Between such rows the squared distance is 2 * (3 - the three channels' Bhattacharyya
    coefficients): twice the sum of the squared Hellinger distances.
    """
    rows = np.zeros((len(crops), 3 * BINS), np.float32)
    for row, crop, points in zip(rows, crops, landmarks, strict=True):
        picture = at_side(crop, points)[0]
        for channel in range(3):
            counts = cv2.calcHist([picture], [channel], None, [BINS], [0, 256])
            row[channel * BINS : (channel + 1) * BINS] = np.sqrt(counts.ravel() / SIDE**2)
    return rows


def at_side(crop: NDArray[np.uint8], landmarks: Points) -> tuple[NDArray[np.uint8], Points]:
    """A crop and its landmarks at 256 pixels; a smaller crop does not become sharper by that."""
    side = crop.shape[0]
    if side == SIDE:
        return crop, landmarks
    how = cv2.INTER_AREA if side > SIDE else cv2.INTER_CUBIC
    picture = np.asarray(cv2.resize(crop, (SIDE, SIDE), interpolation=how), np.uint8)
    return picture, np.asarray((landmarks + 0.5) * (SIDE / side) - 0.5, np.float32)


def edge_sharpness(grey: NDArray[np.float32], inside: NDArray[np.bool_]) -> tuple[float, float]:
    """How steep edges are, all of them and those of the most blurred direction; 1 is soft.

    With A and B the structure tensors at the fine and the coarse scale: trace(A) / trace(B), and
    the least eigenvalue of inv(B) A. Blur by motion smears edges of one direction only, so that
    the second falls while the first may stay. 0, 0 without any edge.
    """
    fine, coarse = _structure(grey, inside, _FINE), _structure(grey, inside, _COARSE)
    least = 1e-6 * (1.0 + np.trace(coarse))  # a flat picture has neither
    coarse = coarse + least * np.eye(2)
    if np.trace(coarse) < 1e-3:
        return 0.0, 0.0
    values = np.linalg.eigvals(np.linalg.solve(coarse, fine))
    return float(np.trace(fine) / np.trace(coarse)), float(values.real.min())


def _scalars(picture: NDArray[np.uint8], landmarks: Points) -> tuple[float, ...]:
    inside = hull_mask(landmarks, (SIDE, SIDE)) > 0.5
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    sharpness, steadiness = edge_sharpness(grey, inside if inside.any() else ~inside)
    # The whole crop, not the hull: a sort by light or colour should show the scene's.
    red, green, blue = (share / 255 for share in cv2.mean(picture)[:3])
    # H is a direction in the plane across the grey axis and the chroma the length in it, so that
    # the mean of all directions so weighted is that of the mean colour.
    x, y = red - (green + blue) / 2, (green - blue) * math.sqrt(0.75)
    value = cv2.max(cv2.max(picture[..., 0], picture[..., 1]), picture[..., 2])
    black = 1 - cv2.countNonZero(value) / SIDE**2
    return sharpness, steadiness, cv2.mean(value)[0] / 255, x, y, black


def _structure(
    grey: NDArray[np.float32], inside: NDArray[np.bool_], sigma: float
) -> NDArray[np.float64]:
    """The mean structure tensor (2, 2) of a blurred picture."""
    smooth = cv2.GaussianBlur(grey, (0, 0), sigma)
    x, y = cv2.Scharr(smooth, cv2.CV_32F, 1, 0), cv2.Scharr(smooth, cv2.CV_32F, 0, 1)
    mask = inside.view(np.uint8)
    # cv2.mean, not a dot product: BLAS would start threads for so little.
    xx, xy, yy = (cv2.mean(cv2.multiply(a, b), mask)[0] for a, b in ((x, x), (x, y), (y, y)))
    return np.array([[xx, xy], [xy, yy]])
