"""The records that DeepFaceLab leaves in its face files, of 2019 and of its last version.

Both are pickles: of a PNG chunk `fcWp`, and of a JPEG's segment APP15. They are read by
`recast.plain_pickle`, which can only make plain values, and become a `FaceRecord`. Frames are
counted from 1 there (`00001.png` is the first) and there are no moments: a face gets moment 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import PureWindowsPath
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from recast.errors import ForeignFileUnreadable
from recast.faces import Box, Face, Framing, pose_of
from recast.faceset.containers import CONTAINERS, Unusable
from recast.faceset.drawn_mask import coded_mask
from recast.faceset.record import MOST_POINTS, MOST_POLYGONS, FaceRecord, Polygon, Source
from recast.geometry import Points, Similarity
from recast.plain_pickle import load_plain

LARGEST_RECORD = 4 * 2**20
"""Bytes; a JPEG segment has 64 KB, a chunk of 2019 rarely more."""

FRAMINGS: dict[str, Framing] = {
    "half_face": "half",
    "midfull_face": "mid-full",
    "full_face": "full",
    "whole_face": "whole-face",
    "head": "head",
}
"""Face types; those without an alignment have no framing."""

_NUMBER = re.compile(r"([0-9]{1,9})[^0-9]*$")
_APART = 0.05
"""Where matrix and landmarks disagree by more than this part of the crop, the landmarks count."""


def record_of(content: bytes, side: tuple[int, int]) -> FaceRecord:
    """The record in a file whose picture has the width and height `side`.

    Raises:
        Unusable: it is no record, is damaged, or holds what recast has no use for.
    """
    if len(content) > LARGEST_RECORD:
        raise Unusable("its metadata is too large")
    try:
        values = load_plain(content, "its metadata")
    except ForeignFileUnreadable as error:
        raise Unusable(str(error)) from error
    if not isinstance(values, dict):
        raise Unusable("its metadata is no record of DeepFaceLab")
    if side[0] != side[1]:
        raise Unusable(f"its picture is {side[0]}x{side[1]}, not square")
    try:
        return _record(values, side[0])
    except ValidationError as error:
        where = ".".join(map(str, error.errors(include_url=False)[0]["loc"]))
        raise Unusable(f"its metadata is broken at {where}") from error


def _record(values: dict[Any, Any], size: int) -> FaceRecord:
    framing = _framing(values.get("face_type", "full_face"))
    landmarks, placed = _placement(values, size)
    face = Face(_box(values.get("source_rect"), landmarks), 1.0, landmarks, pose_of(landmarks))
    source = Source(take="", frame=frame_of(values.get("source_filename")), moment=Fraction(0))
    record = FaceRecord.of(face, placed, source=source, framing=framing, size=size)
    drawn = _polygons(values)
    mask = _mask(values.get("xseg_mask"))
    return record.model_copy(update={"polygons": drawn, "segmentation": mask})


def frame_of(name: object) -> int:
    """The number of a frame, from 0, by its file's name: the last number in it; 0 if none."""
    if not isinstance(name, str):
        return 0
    # Also takes paths with slashes apart.
    found = _NUMBER.search(PureWindowsPath(name[:1000]).stem)
    return max(int(found[1]) - 1, 0) if found else 0


def _framing(face_type: object) -> Framing:
    if isinstance(face_type, str) and face_type.lower() in FRAMINGS:
        return FRAMINGS[face_type.lower()]
    raise Unusable(f"its face type {str(face_type)[:40]!r} has no framing in recast")


def _placement(values: dict[Any, Any], size: int) -> tuple[Points, Similarity]:
    """Landmarks in the frame, and what carries them into the crop."""
    in_crop = _points(values.get("landmarks"), "landmarks")
    in_frame = _points(values.get("source_landmarks"), "source_landmarks")
    placed = _matrix(values.get("image_to_face_mat"))
    if in_frame is None:
        if in_crop is None or placed is None:
            raise Unusable("it does not say where its landmarks are in the frame")
        in_frame = placed.inverse().apply(in_crop)
    if in_crop is not None:
        far = placed is None or np.abs(placed.apply(in_frame) - in_crop).mean() > _APART * size
        placed = Similarity.fit(in_frame, in_crop) if far else placed
    if placed is None or not np.isfinite(placed.matrix).all() or not 1e-6 < placed.scale < 1e6:
        raise Unusable("its landmarks do not say how its crop was cut")
    return in_frame, placed


def _points(value: Any, name: str) -> Points | None:
    """(68, 2); None if there is nothing."""
    if value is None:
        return None
    found = _numbers(value, (68, 2))
    if found is None or np.abs(found).max() > 1e6 or np.ptp(found, axis=0).min() <= 0:
        raise Unusable(f"its {name} are no 68 points")
    return found.astype(np.float32)


def _matrix(value: Any) -> Similarity | None:
    found = None if value is None else _numbers(value, (2, 3))
    if found is None:
        return None
    # Three corners of a square were its source: what is no similarity is rounding, or damage.
    (a, b, x), (c, d, y) = found
    part, turn = (a + d) / 2, (c - b) / 2
    length = float(np.hypot(part, turn))
    if not length or max(abs(a - d), abs(c + b)) > 0.02 * length:
        return None
    return Similarity(np.array([[part, -turn, x], [turn, part, y]]))


def _numbers(value: Any, shape: tuple[int, ...]) -> NDArray[np.float64] | None:
    """The value as an array of this shape (-1 for any); None if it is none of finite numbers."""
    if not isinstance(value, list | tuple | np.ndarray):
        return None
    try:
        found = np.asarray(value, np.float64)
    except (ValueError, TypeError, OverflowError):
        return None
    fits = found.ndim == len(shape) and all(
        wanted in (-1, side) for wanted, side in zip(shape, found.shape, strict=True)
    )
    return found if fits and np.isfinite(found).all() else None


def _box(value: Any, landmarks: Points) -> Box:
    """The face's box; around the landmarks if none was noted."""
    found = _numbers(value, (4,))
    if found is None or not (found[2:] > found[:2]).all():
        found = np.concatenate([landmarks.min(axis=0), landmarks.max(axis=0)]).astype(np.float64)
    return cast(Box, tuple(float(edge) for edge in found))


def _polygons(values: dict[Any, Any]) -> tuple[Polygon, ...]:
    """The hand-drawn mask; of too many polygons the largest, with fewer points if need be."""
    drawn = list(_drawn(values.get("seg_ie_polys") or values.get("ie_polys")))
    if len(drawn) > MOST_POLYGONS:
        areas = [cv2.contourArea(points) for _, points in drawn]
        chosen = sorted(np.argsort(areas)[-MOST_POLYGONS:].tolist())
        drawn = [drawn[index] for index in chosen]
    thinner = 0.5  # pixels
    while sum(len(points) for _, points in drawn) > MOST_POINTS:
        drawn = [(adds, _thinned(points, thinner)) for adds, points in drawn]
        thinner *= 1.5
    return tuple(
        Polygon(
            adds=adds, points=tuple((round(float(x), 2), round(float(y), 2)) for x, y in points)
        )
        for adds, points in drawn
    )


def _drawn(value: Any) -> Iterator[tuple[bool, Points]]:
    """Whether it adds, and the corners in crop pixels, of each polygon that is one."""
    listed = value.get("polys") if isinstance(value, dict) else value
    for one in listed if isinstance(listed, list) else []:
        kind, points = None, None
        if isinstance(one, dict):
            kind, points = one.get("type"), one.get("pts")
        elif isinstance(one, list | tuple) and len(one) == 2:  # before 2020
            kind, points = one
        corners = None if points is None else _numbers(points, (-1, 2))
        is_polygon = corners is not None and len(corners) >= 3 and np.abs(corners).max() < 1e5
        if kind in (0, 1) and corners is not None and is_polygon:
            yield kind == 1, corners.astype(np.float32)


def _thinned(points: Points, away: float) -> Points:
    """Fewer corners, none further than `away` pixels from the line that replaces it."""
    fewer = cv2.approxPolyDP(points[:, None], away, True).reshape(-1, 2)
    return np.asarray(fewer if len(fewer) >= 3 else points[:: max(len(points) // 3, 1)][:3])


def _mask(value: Any) -> str | None:
    """A segmentation mask, re-coded as a PNG in base64 that fits the record; None if unusable."""
    data = value.tobytes() if isinstance(value, np.ndarray) and value.dtype == np.uint8 else value
    if not isinstance(data, bytes | bytearray) or not data:
        return None
    data = bytes(data)
    container = CONTAINERS[".png" if data.startswith(b"\x89PNG") else ".jpg"]
    try:
        width, height = container.picture_size(data)
    except Unusable:
        return None
    # Its header is believed only as far as it is harmless.
    if not 0 < width == height <= 1024:
        return None
    try:
        mask = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error:
        return None
    return None if mask is None else coded_mask(np.asarray(mask, np.uint8))
