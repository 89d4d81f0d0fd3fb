"""Shape a mask before it joins face and frame. Lengths are parts of the crop's side."""

import re
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from recast.images import Mask

EDGE = 1 / 32
"""Width of the border of a crop that never shows: beyond it nothing was drawn."""
FINE = 256
"""Masks are shaped at this many pixels a side at least, so that small steps of an edge count."""
MASKS = ("learned", "dst", "hull", "mesh", "segmentation")
"""The masks that `combined` joins: the model's for the swap and for dst's own face, the outline
of the landmarks and of the dense mesh, and the mask that the face file carries."""
EXPRESSION = rf"^({'|'.join(MASKS)})([*+]({'|'.join(MASKS)}))*$"


def named_in(expression: str) -> list[str]:
    """The masks that an expression such as "learned*mesh" needs."""
    return re.split(r"[*+]", expression)


def combined(expression: str, mask_named: Callable[[str], Mask]) -> Mask:
    """The masks named, multiplied (`*`) or added and cut at 1 (`+`), from left to right."""
    first, *rest = re.findall(r"[*+]?[a-z]+", expression)
    mask = mask_named(first)
    for part in rest:
        other = mask_named(part[1:])
        side = max(mask.shape[0], other.shape[0])
        one, two = resized(mask, side), resized(other, side)
        mask = one * two if part[0] == "*" else np.minimum(one + two, 1)
    return np.asarray(mask, np.float32)


def resized(mask: Mask, side: int) -> Mask:
    """A square mask at another size."""
    if mask.shape[0] == side:
        return mask
    how = cv2.INTER_AREA if side < mask.shape[0] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(mask, (side, side), interpolation=how), np.float32)


def distance_inside(mask: Mask) -> NDArray[np.float32]:
    """How far inside the outline at one half each pixel is, in pixels; negative outside.

    What lies beyond the crop counts as outside.
    """
    inside = np.pad((mask > 0.5).astype(np.uint8), 1)
    within, beyond = (
        cv2.distanceTransform(part, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        for part in (inside, 1 - inside)
    )
    # The outline runs between two pixels, half a pixel from either.
    signed = np.where(inside > 0, within - 0.5, 0.5 - beyond)
    return np.asarray(signed[1:-1, 1:-1], np.float32)


def grown(mask: Mask, amount: float) -> Mask:
    """Move the outline at one half out by `amount` (in, if negative), -0.5..0.5 of the side.

    The edge comes out one pixel wide, and moves by any part of a pixel.
    """
    if not (mask > 0.5).any():
        return np.zeros_like(mask)
    edge = distance_inside(mask) + np.float32(amount * mask.shape[0] + 0.5)
    return np.asarray(edge.clip(0, 1), np.float32)


def feathered(mask: Mask, amount: float) -> Mask:
    """Soften the edge inwards and outwards over about `amount` of the side, 0..0.5."""
    if amount <= 0:
        return mask
    sigma = amount * mask.shape[1] / 2
    return np.asarray(
        cv2.GaussianBlur(mask, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT), np.float32
    )


def clipped(mask: Mask, edge: float = EDGE) -> Mask:
    """Fade to 0 along the border of the crop, so that no square edge can show."""
    side = mask.shape[0]
    steps = np.arange(side, dtype=np.float32)
    width = max(edge * side, 1e-6)
    ramp = np.clip(np.minimum(steps, side - 1 - steps) / width, 0, 1).astype(np.float32)
    return np.asarray(np.minimum(mask, np.minimum.outer(ramp, ramp)), np.float32)


def shaped(mask: Mask, *, grow: float = 0.0, feather: float = 0.0, border: float = EDGE) -> Mask:
    """A drawn mask made ready for the blend: hard, moved, softened and kept off the border.

    The mask is cut at one half first: a network is least sure of its mask just where that
    decides between two faces, and half-transparent skin shows both. It comes out with `FINE`
    pixels a side or more.
    """
    side = mask.shape[0]
    fine = mask
    if side < FINE:
        fine = np.asarray(cv2.resize(mask, (FINE, FINE), interpolation=cv2.INTER_CUBIC), np.float32)
    return clipped(feathered(grown(clipped(fine, border), grow), feather), border)
