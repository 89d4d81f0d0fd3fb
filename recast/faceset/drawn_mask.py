"""The mask that a face file carries: a picture, and what a person drew over it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from recast.faceset.record import MOST_MASK, MOST_POINTS, MOST_POLYGONS, FaceRecord, Polygon
from recast.geometry import Points, Similarity
from recast.images import Mask
from recast.picture_size import picture_size

_DIGITS = 4
"""Binary digits of a pixel that OpenCV's fixed-point corners keep."""
LARGEST_MASK = 4096
"""Side of a stored mask in pixels: that of the largest crop."""


def carries_mask(record: FaceRecord) -> bool:
    """Whether there is any."""
    return bool(record.segmentation or record.polygons)


def begins_full(record: FaceRecord) -> bool:
    """Whether the drawn parts take away from the whole crop: no picture is beneath them, and the
    first takes away. Else they begin with the picture, or with nothing."""
    return not record.segmentation and bool(record.polygons) and not record.polygons[0].adds


def carried_mask(record: FaceRecord) -> Mask:
    """The mask in the pixels of the face's crop, (size, size); empty if the file carries none."""
    side = record.size
    mask = np.full((side, side), 255 if begins_full(record) else 0, np.uint8)
    if record.segmentation:
        found = _picture(record.segmentation)
        if found is not None:
            mask = np.asarray(
                cv2.resize(found, (side, side), interpolation=cv2.INTER_LINEAR), np.uint8
            )
    for part in record.polygons:
        _draw(mask, part)
    return mask.astype(np.float32) / np.float32(255)


def mask_in(record: FaceRecord, placed: Similarity, side: int) -> Mask:
    """The mask in another crop of the same frame; `placed` is from the frame to its pixels."""
    onto = record.placed.inverse().then(placed)
    moved = cv2.warpAffine(carried_mask(record), onto.matrix, (side, side), flags=cv2.INTER_LINEAR)
    return np.asarray(moved, np.float32)


def with_part(
    record: FaceRecord, points: Points, *, adds: bool, width: float | None = None
) -> FaceRecord:
    """The record with one more polygon, or stroke of a brush of this width, drawn on its mask.

    Where a face file cannot hold more parts, the earlier ones become one picture first.

    Args:
        points: (N, 2), crop pixels; those that hardly bend the line are left out.
    """
    side = record.size
    inside = np.clip(np.asarray(points, np.float32).reshape(-1, 2), -side, 2 * side)
    away = side / 1024
    while len(few := _thinned(inside, away, closed=width is None)) > MOST_POINTS // 2:
        away *= 1.5
    part = Polygon(
        adds=adds,
        points=tuple((round(float(x), 2), round(float(y), 2)) for x, y in few),
        width=None if width is None else round(width, 2),
    )
    known = sum(len(one.points) for one in record.polygons)
    if len(record.polygons) == MOST_POLYGONS or known + len(few) > MOST_POINTS:
        record = flattened(record)
    return with_parts(record, [*record.polygons, part])


def with_parts(record: FaceRecord, parts: Sequence[Polygon]) -> FaceRecord:
    """The record with these drawn parts; its version says what they need."""
    version = 2 if any(part.width is not None for part in parts) else 1
    values = record.model_dump() | {"version": version, "polygons": tuple(parts)}
    return FaceRecord.model_validate(values)


def without_mask(record: FaceRecord) -> FaceRecord:
    """The record with no mask at all."""
    return with_parts(record.model_copy(update={"segmentation": None}), ())


def copied(source: FaceRecord, record: FaceRecord) -> FaceRecord:
    """The record with the mask of another one, carried by what both crops show of a face.

    Crops are aligned by their faces, so what lies at the same place of two crops is the same part
    of the face; only their sizes may differ.
    """
    zoom = record.size / source.size
    shift = (zoom - 1) / 2  # pixel centres lie half a pixel inside the crop's edge
    parts = [
        part.model_copy(
            update={
                "points": tuple(
                    (round(x * zoom + shift, 2), round(y * zoom + shift, 2)) for x, y in part.points
                ),
                "width": None if part.width is None else round(part.width * zoom, 2),
            }
        )
        for part in source.polygons
    ]
    return with_parts(record.model_copy(update={"segmentation": source.segmentation}), parts)


def flattened(record: FaceRecord) -> FaceRecord:
    """The record with its mask as one picture, which can be drawn on."""
    if not record.polygons:
        return record
    mask = np.rint(carried_mask(record) * 255).astype(np.uint8)
    return with_parts(record.model_copy(update={"segmentation": coded_mask(mask)}), ())


def coded_mask(mask: NDArray[np.uint8]) -> str | None:
    """A grey picture as PNG in base64 that fits a record, smaller if need be; None if none does."""
    while mask.shape[0] >= 16:
        done, coded = cv2.imencode(".png", mask, [cv2.IMWRITE_PNG_COMPRESSION, 9])
        text = base64.b64encode(coded.tobytes()).decode() if done else ""
        if done and len(text) <= MOST_MASK:
            return text
        mask = np.asarray(
            cv2.resize(mask, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8
        )
    return None


def _picture(text: str) -> NDArray[np.uint8] | None:
    """The picture in base64; None if it is none, or would unpack to more than any crop has."""
    try:
        data = base64.b64decode(text)
        size = picture_size(data)
        if size is None or max(size) > LARGEST_MASK:
            return None
        found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    except (ValueError, cv2.error):
        return None
    return None if found is None else np.asarray(found, np.uint8)


def _draw(mask: NDArray[np.uint8], part: Polygon) -> None:
    value = 255 if part.adds else 0
    corners = np.rint(np.array(part.points, np.float32) * 2**_DIGITS).astype(np.int32)
    if part.width is None:
        cv2.fillPoly(mask, [corners], value, lineType=cv2.LINE_AA, shift=_DIGITS)
        return
    # OpenCV fills half a pixel more than the outline it is given.
    radius = round(max(part.width / 2 - 0.5, 0) * 2**_DIGITS)
    for x, y in corners.tolist():
        cv2.circle(mask, (x, y), radius, value, -1, lineType=cv2.LINE_AA, shift=_DIGITS)
    for one, other in pairwise(corners):
        cv2.fillConvexPoly(
            mask, _band(one, other, radius), value, lineType=cv2.LINE_AA, shift=_DIGITS
        )


def _band(one: NDArray[np.int32], other: NDArray[np.int32], radius: float) -> NDArray[np.int32]:
    """The corners of what a brush covers between two points."""
    along = (other - one).astype(np.float64)
    length = float(np.hypot(*along))
    across = np.array([-along[1], along[0]]) / max(length, 1e-9) * radius
    corners = np.array([one + across, other + across, other - across, one - across])
    return np.asarray(np.rint(corners), np.int32)


def _thinned(points: Points, away: float, *, closed: bool) -> Points:
    """Fewer points, none further than `away` pixels from the line that replaces it."""
    if len(points) < 3:
        return points
    fewer = cv2.approxPolyDP(points[:, None], away, closed).reshape(-1, 2)
    if closed and len(fewer) < 3:
        fewer = points[:: max(len(points) // 3, 1)][:3]
    return np.asarray(fewer, np.float32)
