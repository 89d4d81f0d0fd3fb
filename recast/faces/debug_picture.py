"""Pictures that show what was found in a frame, made to be looked through quickly."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from recast.faces.align import hull_mask
from recast.faces.face import Face
from recast.geometry import Points, Similarity
from recast.images import FrameImage, encode, upper_8_bits

Drawn = NDArray[np.uint8]

_LARGEST_SIDE = 1280
_BOX, _OUTLINE, _SQUARE, _POINT, _TEXT = (
    (255, 200, 0),
    (0, 220, 60),
    (60, 140, 255),
    (255, 40, 40),
    (255, 255, 255),
)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_SHIFT = 4
"""Binary digits behind the point of OpenCV's coordinates."""
MARK = b"\xff\xfe\x00\x16recast debug picture"
"""A comment segment behind the start of the JPEG; it tells later who wrote the file."""

_BOUND = 2.0**17
"""Pixels; what lies further outside is drawn here, since OpenCV counts in whole numbers."""


def draw_faces(
    image: FrameImage, faces: Sequence[Face], squares: Sequence[Points], *, frame: int
) -> Drawn:
    """The frame in 8 bits with each face's box (yellow), outline (green), landmarks (red), framing
    square (blue) and score, and the frame's number; at most 1280 pixels long.

    `squares` are the corners of each face's crop, (4, 2), frame pixels.
    """
    drawn, zoom = _shrunken(upper_8_bits(image))
    for number, (face, square) in enumerate(zip(faces, squares, strict=True)):
        _line(drawn, square, zoom, _SQUARE)
        left, top, right, bottom = face.box
        box = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
        _line(drawn, box, zoom, _BOX)
        for outline in _outlines(face.landmarks):
            _line(drawn, outline, zoom, _OUTLINE)
        for point in _fixed(face.landmarks, zoom):
            cv2.circle(drawn, point, 2 << _SHIFT, _POINT, -1, cv2.LINE_AA, _SHIFT)
        above = (_whole((left + 0.5) * zoom), _whole((top + 0.5) * zoom - 4))
        _write(drawn, f"{number}  {face.score:.2f}", above)
    _write(drawn, f"{frame:06d}" + ("" if faces else "  no face"), (8, drawn.shape[0] - 10))
    return drawn


def square_of(placed: Similarity, size: int) -> Points:
    """The corners of a crop of side `size` in the frame, (4, 2); `placed` is frame to crop."""
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32) * size - np.float32(0.5)
    return placed.inverse().apply(corners)


def _shrunken(image: Drawn) -> tuple[Drawn, float]:
    """A copy to draw on, and how much smaller it is."""
    zoom = min(_LARGEST_SIDE / max(image.shape[:2]), 1.0)
    if zoom == 1:
        return image.copy(), zoom
    size = max(round(image.shape[1] * zoom), 1), max(round(image.shape[0] * zoom), 1)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8), zoom


def _outlines(landmarks: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """The edge of the hull mask, the shape that merging fills, found in a small picture of it."""
    low, high = landmarks.min(axis=0), landmarks.max(axis=0)
    side = float(max(*(high - low), 1e-3))
    scale = 128 / side
    middle = (low + high) / 2
    mask = hull_mask((landmarks - middle) * np.float32(scale) + np.float32(128), (256, 256))
    edges, _ = cv2.findContours(
        (mask > 0.5).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    return [np.asarray((edge.reshape(-1, 2) - 128) / scale + middle, np.float32) for edge in edges]


def _line(drawn: Drawn, points: NDArray[np.float32], zoom: float, color: tuple[int, ...]) -> None:
    corners = np.array(_fixed(points, zoom), np.int32)
    cv2.polylines(drawn, [corners], True, color, 1, cv2.LINE_AA, _SHIFT)


def _fixed(points: NDArray[np.float32], zoom: float) -> list[tuple[int, int]]:
    """Frame pixels as OpenCV's numbers in the drawn picture."""
    shrunk = (np.nan_to_num(points) + 0.5) * zoom - 0.5
    scaled = np.rint(np.clip(shrunk, -_BOUND, _BOUND) * 2**_SHIFT).astype(int)
    return [(int(x), int(y)) for x, y in scaled]


def _whole(value: float) -> int:
    return round(float(np.clip(value, 0, _BOUND)))


def _write(drawn: Drawn, text: str, place: tuple[int, int]) -> None:
    """White on a dark edge, to be read on any ground; never above the picture."""
    place = (place[0], max(place[1], 14))
    cv2.putText(drawn, text, place, _FONT, 0.5, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(drawn, text, place, _FONT, 0.5, _TEXT, 1, cv2.LINE_AA)


def debug_jpeg(drawn: Drawn) -> bytes:
    """A small JPEG that says what it is."""
    data = encode(drawn, ".jpg", quality=50)
    return data[:2] + MARK + data[2:]


def is_debug_jpeg(data: bytes) -> bool:
    """Whether a file's first bytes are those of a debug picture of recast."""
    return data[2 : 2 + len(MARK)] == MARK
