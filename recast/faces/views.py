"""What a network is shown: a square of a frame, turned and scaled to its input."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from recast.geometry import Similarity
from recast.images import FrameImage, upper_8_bits

Region = tuple[float, float, float, float]
"""A turned square of a frame: centre x and y, side (pixels), angle (radians, clockwise)."""


class Picture:
    """A frame in 8 bits that keeps its shrunken versions, since many views are cut from it."""

    def __init__(self, image: FrameImage) -> None:
        self._versions: dict[int, NDArray[np.uint8]] = {1: upper_8_bits(image)}
        self.height, self.width = image.shape[:2]

    def shrunk(self, block: int) -> NDArray[np.uint8]:
        """The mean over blocks of `block` x `block` pixels."""
        if block not in self._versions:
            small = (max(self.width // block, 1), max(self.height // block, 1))
            whole = self._versions[1][: small[1] * block, : small[0] * block]
            self._versions[block] = np.asarray(
                cv2.resize(whole, small, interpolation=cv2.INTER_AREA), np.uint8
            )
        return self._versions[block]


def view_of(region: Region, size: int) -> Similarity:
    """Frame to network input: the region fills the (size, size) input."""
    x, y, side, angle = region
    cos, sin = np.cos(angle) * size / side, np.sin(angle) * size / side
    turn = np.array([[cos, sin], [-sin, cos]])
    middle = np.array([(size - 1) / 2, (size - 1) / 2])
    return Similarity(np.column_stack([turn, middle - turn @ np.array([x, y])]))


def look(
    pictures: Sequence[Picture], views: Sequence[Similarity], size: int, *, beyond: int
) -> NDArray[np.float32]:
    """(N, size, size, 3), 0..255; `beyond` is OpenCV's border mode for what lies outside."""
    seen = np.empty((len(views), size, size, 3), np.float32)
    for at, (picture, view) in enumerate(zip(pictures, views, strict=True)):
        block = max(min(int(1 / view.scale), picture.width, picture.height), 1)
        # Pixel i of a shrunken picture has its centre at (i + 0.5) * block - 0.5.
        shift = (block - 1) / 2
        grown = Similarity(np.array([[block, 0, shift], [0, block, shift]], np.float64))
        seen[at] = cv2.warpAffine(
            picture.shrunk(block),
            grown.then(view).matrix,
            (size, size),
            flags=cv2.INTER_LINEAR,
            borderMode=beyond,
        )
    return seen
