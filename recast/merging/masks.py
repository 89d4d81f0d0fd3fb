"""Shape a mask before it joins face and frame. Lengths are parts of the crop's side."""

import cv2
import numpy as np

from recast.images import Mask

EDGE = 1 / 32
"""Width of the border of a crop that never shows: beyond it nothing was drawn."""


def grown(mask: Mask, amount: float) -> Mask:
    """Move the edge out by `amount` (in, if negative), as a part of the side, -0.5..0.5."""
    reach = round(abs(amount) * mask.shape[1])
    if reach == 0:
        return mask
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    change = cv2.dilate if amount > 0 else cv2.erode
    return np.asarray(change(mask, disc, borderType=cv2.BORDER_CONSTANT, borderValue=0), np.float32)


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
    ramp = np.clip(np.minimum(steps, side - 1 - steps) / (edge * side), 0, 1).astype(np.float32)
    return np.asarray(np.minimum(mask, np.minimum.outer(ramp, ramp)), np.float32)


def shaped(mask: Mask, *, grow: float = 0.0, feather: float = 0.0) -> Mask:
    """A drawn mask made ready for the blend: hard, moved, softened and kept off the border.

    The mask is cut at one half first: a network is least sure of its mask just where that
    decides between two faces, and half-transparent skin shows both.
    """
    hard = np.clip((mask - 0.5) * 8 + 0.5, 0, 1).astype(np.float32)
    return clipped(feathered(grown(clipped(hard), grow), feather))
