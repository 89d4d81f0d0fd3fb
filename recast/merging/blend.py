"""Join a face and a frame at the mask's edge.

`face` and `frame` are the same part of a picture, (H, W, 3), RGB, 0..1; `mask` is (H, W).
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from recast.images import Image, Mask

Floats = NDArray[np.float32]
COARSEST = 8  # pixels; below it the sweeps of one level reach everywhere
SWEEPS = 24
FINEST = 128  # a membrane is smooth: beyond this side nothing is gained by more pixels


def overlay(face: Image, frame: Image, mask: Mask) -> Image:
    """The face over the frame, as opaque as the mask says."""
    return frame + (face - frame) * mask[..., None]


def seamless(face: Image, frame: Image, mask: Mask) -> Image:
    """The face with its gradients kept and its edge met exactly, then laid over softly.

    The difference between frame and face on the mask's outline is carried inwards by a
    membrane, the solution of Laplace's equation: Perez et al., "Poisson image editing",
    2003, in the form of Farbman et al., "Coordinates for instant image cloning", 2009. It is
    computed in floats and without a centre rounded to whole pixels, so it does not tremble.
    """
    inside = mask > 0.5
    if not inside.any() or inside.all():
        return overlay(face, frame, mask)
    return overlay(face + membrane(frame - face, inside), frame, mask)


def membrane(values: Floats, free: NDArray[np.bool_]) -> Floats:
    """Smooth continuation of `values` (H, W, C) into the pixels where `free` is true.

    Laplace's equation, `values` kept elsewhere; solved from coarse to fine, at most
    `FINEST` pixels a side.
    """
    height, width = free.shape
    shrink = max(height, width) / FINEST
    if shrink <= 1:
        return _solved(values.astype(np.float32), free)
    small = (max(2, round(width / shrink)), max(2, round(height / shrink)))
    held, share = _averaged(values.astype(np.float32), free, small)
    filled = _solved(held, share <= 0)
    grown = np.asarray(cv2.resize(filled, (width, height), interpolation=cv2.INTER_LINEAR))
    return np.where(free[..., None], grown, values).astype(np.float32)


def _averaged(
    values: Floats, free: NDArray[np.bool_], size: tuple[int, int]
) -> tuple[Floats, Floats]:
    """Mean over the held pixels of each cell, and the held share of the cell."""
    held = (~free).astype(np.float32)
    share = np.asarray(cv2.resize(held, size, interpolation=cv2.INTER_AREA), np.float32)
    total = np.asarray(
        cv2.resize(values * held[..., None], size, interpolation=cv2.INTER_AREA), np.float32
    )
    return (total / np.maximum(share, np.float32(1e-6))[..., None]).astype(np.float32), share


def _solved(values: Floats, free: NDArray[np.bool_]) -> Floats:
    height, width = free.shape
    if max(height, width) > COARSEST and not free.all():
        half = (max(2, width // 2), max(2, height // 2))
        held, share = _averaged(values, free, half)
        coarse = _solved(held, share <= 0)
        guess = np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR))
    else:
        guess = np.broadcast_to(values[~free].mean(0) if not free.all() else 0, values.shape)
    solution = np.where(free[..., None], guess, values).astype(np.float32)
    cross = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32) / 4
    for _ in range(SWEEPS):
        around = cv2.filter2D(solution, -1, cross, borderType=cv2.BORDER_REPLICATE)
        solution[free] = around[free]
    return solution


Blend = Callable[[Image, Image, Mask], Image]

BLENDS: dict[str, Blend] = {"overlay": overlay, "seamless": seamless}
