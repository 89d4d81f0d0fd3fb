"""Place a square crop on a face and cut it out."""

from __future__ import annotations

from typing import Literal, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from recast.faces.mean_face import MEAN_FACE
from recast.faces.pose import pose_of
from recast.geometry import Points, Similarity
from recast.images import Mask

Framing = Literal["half", "mid-full", "full", "whole-face", "head"]
Pixels = TypeVar("Pixels", bound=NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.float32])

PADDING: dict[Framing, float] = {
    "half": 0.0,
    "mid-full": 0.0675,
    "full": 0.2109375,
    "whole-face": 0.40,
    "head": 0.70,
}
"""A crop's side is a * (1 + 2 * sqrt(2) * padding); a is the face's size (see `mean_face`)."""

RAISE: dict[Framing, float] = {"whole-face": 0.07, "head": 0.5}
"""How far the crop's centre moves towards the forehead, in parts of a."""

FITTED = (*range(17, 49), 54)
"""Brows, nose, eyes and the two corners of the mouth: speech does not move them."""


def placement(
    landmarks: Points, size: int, framing: Framing = "full", *, yaw: float | None = None
) -> Similarity:
    """The similarity from frame to crop pixels; `landmarks` are (68, 2) in frame pixels.

    Only "head" looks at `yaw` (degrees; taken from the landmarks if not given): the skull lies
    behind the face, so the crop moves against the nose by a * yaw * tanh(2 * |yaw|) / 2 (radians).
    """
    fitted = list(FITTED)
    to_mean = Similarity.fit(landmarks[fitted], MEAN_FACE[fitted, :2].astype(np.float32))
    side = 1 + 2 * np.sqrt(2) * PADDING[framing]
    aside = 0.0
    if framing == "head":
        angle = np.radians(pose_of(landmarks).yaw if yaw is None else yaw)
        aside = -angle * np.tanh(2 * abs(angle)) / 2
    corner = np.array([0.5 + aside, 0.5 - RAISE.get(framing, 0.0)]) - side / 2
    zoom = size / side
    # The crop's edge, not the centre of its first pixel, lies on the corner: hence the half.
    unit_to_crop = np.column_stack([zoom * np.eye(2), -zoom * corner - 0.5])
    return to_mean.then(Similarity(unit_to_crop))


def align(image: Pixels, placed: Similarity, size: int) -> Pixels:
    """Cut the (size, size, ...) crop that `placed` (frame to crop) describes; the dtype is kept.

    Outside the frame its edge is repeated. Shrinking averages all pixels it covers.
    """
    image, placed = _shrunken(image, placed)
    if placed.scale > 0.95:
        return _resampled(image, placed, size, cv2.INTER_CUBIC)
    twice = placed.then(Similarity(np.array([[2, 0, 0.5], [0, 2, 0.5]])))
    finer = _resampled(image, twice, 2 * size, cv2.INTER_LINEAR)
    return cv2.resize(finer, (size, size), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def _shrunken(image: Pixels, placed: Similarity) -> tuple[Pixels, Similarity]:
    """Average blocks of pixels where a crop pixel covers two or more; `placed` follows."""
    block = int(1 / placed.scale) if placed.scale > 0 else 1
    height, width = image.shape[:2]
    block = min(block, height, width)
    if block < 2:
        return image, placed
    small = (max(width // block, 1), max(height // block, 1))
    whole_blocks = image[: small[1] * block, : small[0] * block]
    shrunken = cv2.resize(whole_blocks, small, interpolation=cv2.INTER_AREA)
    # Pixel i of the small picture has its centre at (i + 0.5) * block - 0.5 in the large one.
    back = Similarity(np.array([[block, 0, (block - 1) / 2], [0, block, (block - 1) / 2]], float))
    return shrunken, back.then(placed)  # type: ignore[return-value]


def _resampled(image: Pixels, placed: Similarity, size: int, how: int) -> Pixels:
    return cv2.warpAffine(  # type: ignore[return-value]
        image, placed.matrix, (size, size), flags=how, borderMode=cv2.BORDER_REPLICATE
    )


def hull_mask(landmarks: Points, size: tuple[int, int]) -> Mask:
    """The filled outline of a face in a picture of `size` (width, height), edges smoothed.

    A union of convex parts, so that hollows such as those beside the brows stay out. The brows are
    raised by half their distance to the eyes, to take in the lower forehead.
    """
    points = np.asarray(landmarks, np.float64)
    mask = np.zeros((size[1], size[0]), np.uint8)
    left = points[17:22] + (points[17:22].mean(0) - points[36:42].mean(0)) / 2
    right = points[22:27] + (points[22:27].mean(0) - points[42:48].mean(0)) / 2
    middle = points[27:36]
    parts = [
        (points[0:9], points[17:22], middle),
        (points[8:17], points[22:27], middle),
        (points[2:15], points[31:36]),
        (left, points[[0, 1]], middle),
        (right, points[[15, 16]], middle),
        (left, right, middle),
    ]
    for part in parts:
        # 4 binary digits of a pixel; OpenCV's fixed-point coordinates hold 32767 pixels and more.
        corners = np.rint(np.clip(np.concatenate(part), -30000, 60000) * 16).astype(np.int32)
        cv2.fillConvexPoly(mask, cv2.convexHull(corners), 255, lineType=cv2.LINE_AA, shift=4)
    return mask.astype(np.float32) / np.float32(255)
