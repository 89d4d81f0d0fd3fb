"""Masks that come from what is known of dst's face, in the pixels of a crop."""

import base64
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from recast.geometry import Points, Similarity
from recast.images import Mask
from recast.picture_size import picture_size

_DIGITS = 4
"""Binary digits of a pixel that OpenCV's fixed-point corners keep."""
LARGEST_MASK = 4096
"""Side of a stored mask in pixels: that of the largest crop."""


def outline_mask(points: Points, side: int) -> Mask:
    """The filled convex outline of (N, 2) points, edges smoothed: (side, side)."""
    mask = np.zeros((side, side), np.uint8)
    corners = np.clip(points, -30000, 60000) * 2**_DIGITS
    hull = cv2.convexHull(np.rint(corners).astype(np.int32))
    cv2.fillConvexPoly(mask, hull, 255, lineType=cv2.LINE_AA, shift=_DIGITS)
    return mask.astype(np.float32) / np.float32(255)


def stored_mask(png: str, drawn: list[tuple[bool, NDArray[np.float32]]], side: int) -> Mask:
    """The mask that a face file carries, in its own crop of `side` pixels.

    `png` is base64, "" for none; `drawn` are outlines by hand, (N, 2), each of which adds to the
    mask or takes away from it. Without a PNG the mask begins full if the first outline takes
    away, else empty.
    """
    mask = np.full((side, side), 255 * bool(drawn and not drawn[0][0]), np.uint8)
    if png:
        found = _unpacked(png)
        if found is not None:
            mask = np.asarray(cv2.resize(found, (side, side), interpolation=cv2.INTER_LINEAR))
            mask = mask.astype(np.uint8)
    for adds, points in drawn:
        corners = np.rint(points * 2**_DIGITS).astype(np.int32)
        cv2.fillPoly(mask, [corners], 255 if adds else 0, lineType=cv2.LINE_AA, shift=_DIGITS)
    return mask.astype(np.float32) / np.float32(255)


def _unpacked(png: str) -> NDArray[np.uint8] | None:
    """The mask in base64; None if it is none, or would unpack to more than any crop has."""
    try:
        data = base64.b64decode(png)
        size = picture_size(data)
        if size is None or max(size) > LARGEST_MASK:
            return None
        return cast(
            NDArray[np.uint8], cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
        )
    except (ValueError, cv2.error):
        return None


def carried_mask(mask: Mask, onto: Similarity, side: int) -> Mask:
    """A mask moved to another crop of `side` pixels; `onto` is from its pixels to those."""
    moved = cv2.warpAffine(mask, onto.matrix, (side, side), flags=cv2.INTER_LINEAR)
    return np.asarray(moved, np.float32)
