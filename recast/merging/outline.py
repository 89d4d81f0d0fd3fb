"""A mask from the outline of dst's face, in the pixels of a crop."""

import cv2
import numpy as np

from recast.geometry import Points
from recast.images import Mask

_DIGITS = 4
"""Binary digits of a pixel that OpenCV's fixed-point corners keep."""


def outline_mask(points: Points, side: int) -> Mask:
    """The filled convex outline of (N, 2) points, edges smoothed: (side, side)."""
    mask = np.zeros((side, side), np.uint8)
    corners = np.clip(points, -30000, 60000) * 2**_DIGITS
    hull = cv2.convexHull(np.rint(corners).astype(np.int32))
    cv2.fillConvexPoly(mask, hull, 255, lineType=cv2.LINE_AA, shift=_DIGITS)
    return mask.astype(np.float32) / np.float32(255)
