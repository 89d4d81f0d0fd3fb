"""Join a face and a frame at the mask's edge.

`face` and `frame` are the same part of a picture, (H, W, 3), RGB, 0..1; `mask` is (H, W).
"""

from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from recast.images import Image, Mask

Floats = NDArray[np.float32]
COARSEST = 8  # pixels; below it the sweeps of one level reach everywhere
SWEEPS = 8
FINEST = 128  # a membrane is smooth: beyond this side nothing is gained by more pixels


LEVELS = 6
"""Of the pyramid, at most; the coarsest has at least `COARSEST` pixels a side."""


class Blend(Protocol):
    """Lays a face over a frame; `solid` is where gradients count, the mask itself if not given."""

    def __call__(
        self, face: Image, frame: Image, mask: Mask, solid: Mask | None = None
    ) -> Image: ...


def overlay(face: Image, frame: Image, mask: Mask, solid: Mask | None = None) -> Image:
    """The face over the frame, as opaque as the mask says."""
    return frame + (face - frame) * mask[..., None]


def seamless(face: Image, frame: Image, mask: Mask, solid: Mask | None = None) -> Image:
    """The face with its gradients kept and its edge met exactly, then laid over softly.

    The difference between frame and face on the mask's outline is carried inwards by a
    membrane, the solution of Laplace's equation: Perez et al., "Poisson image editing",
    2003, in the form of Farbman et al., "Coordinates for instant image cloning", 2009. It is
    computed in floats and without a centre rounded to whole pixels, so it does not tremble.
    """
    inside = (mask if solid is None else solid) > 0.5
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
    return _corrected(solution, free, np.float32(0))


def _corrected(solution: Floats, free: NDArray[np.bool_], source: Floats | np.float32) -> Floats:
    """A multigrid cycle for: each free pixel is the mean of its neighbours, plus the source.

    Sweeps take out the rough part of the error; the smooth part is solved for on a grid half as
    fine, where it is rough, and so on down.
    """
    _relax(solution, free, source, SWEEPS)
    height, width = free.shape
    if max(height, width) <= COARSEST:
        return solution
    half = (max(2, width // 2), max(2, height // 2))
    wrong = (_around(solution) + source - solution) * free[..., None]
    inner = _shrunken(free.astype(np.float32), half) >= 1
    # On a grid twice as wide the same curve bends four times as much from pixel to pixel.
    bend = _shrunken(wrong, half) * np.float32(4)
    error = _corrected(np.zeros_like(bend), inner, bend)
    grown = np.asarray(cv2.resize(error, (width, height), interpolation=cv2.INTER_LINEAR))
    solution = np.asarray(solution + grown * free[..., None], np.float32)
    _relax(solution, free, source, SWEEPS)
    return solution


def _relax(
    solution: Floats, free: NDArray[np.bool_], source: Floats | np.float32, sweeps: int
) -> None:
    """Each free pixel becomes the mean of its neighbours, plus the source; in place."""
    for _ in range(sweeps):
        np.copyto(solution, _around(solution) + source, where=free[..., None])


def _around(values: Floats) -> Floats:
    cross = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32) / 4
    return np.asarray(cv2.filter2D(values, -1, cross, borderType=cv2.BORDER_REPLICATE), np.float32)


def _shrunken(values: Floats, size: tuple[int, int]) -> Floats:
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)


def pyramid(face: Image, frame: Image, mask: Mask, solid: Mask | None = None) -> Image:
    """Coarse structure fades over a wide edge, fine structure over a narrow one.

    Burt and Adelson, "A multiresolution spline with application to image mosaics", 1983. Where
    the mask is 0 the frame stays; the coarse part of the fade is held within the mask's edge.
    """
    levels = min(LEVELS, int(np.log2(max(min(mask.shape) / COARSEST, 1))))
    ours, theirs, shares = (_pyramid(picture, levels) for picture in (face, frame, mask))
    joined: Floats | None = None
    for level in range(levels, -1, -1):
        detail, other = ours[level], theirs[level]
        if level < levels:
            size = detail.shape[1::-1]
            detail = detail - cv2.pyrUp(ours[level + 1], dstsize=size)
            other = other - cv2.pyrUp(theirs[level + 1], dstsize=size)
        mixed = overlay(detail, other, shares[level])
        coarse = None if joined is None else cv2.pyrUp(joined, dstsize=detail.shape[1::-1])
        joined = np.asarray(mixed if coarse is None else coarse + mixed, np.float32)
    assert joined is not None
    return overlay(joined, frame, np.minimum(4 * mask, 1))


def _pyramid(picture: Floats, levels: int) -> list[Floats]:
    found = [picture.astype(np.float32)]
    for _ in range(levels):
        found.append(np.asarray(cv2.pyrDown(found[-1]), np.float32))
    return found


BLENDS: dict[str, Blend] = {"overlay": overlay, "seamless": seamless, "pyramid": pyramid}
