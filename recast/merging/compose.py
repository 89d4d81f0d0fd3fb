"""Put drawn faces into a frame, touching nothing but the place where they go."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from recast.faces.align import align
from recast.geometry import Similarity
from recast.images import FrameImage, Image, Mask, to_float
from recast.merging.blend import Blend, overlay
from recast.merging.color import ColorMatch, relit
from recast.merging.masks import shaped


@dataclass(frozen=True)
class Look:
    """How a drawn face is matched and joined; lengths are parts of the crop's side.

    grow: moves the mask's edge out or, negative, in. feather: width of the soft edge.
    tone: how far the skin's own colour moves to dst's, 0..1.
    """

    blend: Blend = overlay
    color_match: ColorMatch = relit
    tone: float = 0.3
    grow: float = -0.025
    feather: float = 0.06


@dataclass(frozen=True)
class DrawnFace:
    """What a model drew for a face of the frame.

    face: (S, S, 3), RGB, 0..1; mask: (S, S); placed: from frame to crop pixels.
    """

    face: Image
    mask: Mask
    placed: Similarity


def compose(frame: FrameImage, drawn: DrawnFace, look: Look) -> FrameImage:
    """A copy of `frame` with the drawn face in it; outside its region every bit stays."""
    side = drawn.mask.shape[0]
    mask = shaped(drawn.mask, grow=look.grow, feather=look.feather)
    region = shown_region(mask, drawn.placed, frame.shape[1::-1])
    if region is None:
        return frame
    target = to_float(align(frame, drawn.placed, side))
    face = look.color_match(drawn.face, target, drawn.mask, look.tone)

    left, top, right, bottom = region
    shift = Similarity(np.array([[1, 0, -left], [0, 1, -top]], np.float64))
    back = drawn.placed.inverse().then(shift)
    size = (right - left, bottom - top)
    face = unaligned(face, back, size)
    alpha = unaligned(mask, back, size).clip(0, 1)
    part = frame[top:bottom, left:right]
    joined = look.blend(face, to_float(part), alpha)

    limit = np.iinfo(frame.dtype).max
    merged = frame.copy()
    changed = np.rint(joined.clip(0, 1) * limit).astype(frame.dtype)
    merged[top:bottom, left:right] = np.where(alpha[..., None] > 0, changed, part)
    return merged


def shown_region(
    mask: Mask, placed: Similarity, size: tuple[int, int]
) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom of the pixels the mask can reach; None if it shows nowhere."""
    rows, columns = np.flatnonzero(mask.max(1) > 0), np.flatnonzero(mask.max(0) > 0)
    if not len(rows):
        return None
    x, y = (columns[0] - 1, columns[-1] + 1), (rows[0] - 1, rows[-1] + 1)
    corners = np.array([(i, j) for i in x for j in y], np.float32)
    reach = placed.inverse().apply(corners)
    left, top = np.floor(reach.min(0)).astype(int).clip(0)
    right, bottom = np.ceil(reach.max(0)).astype(int) + 1
    right, bottom = min(right, size[0]), min(bottom, size[1])
    return (int(left), int(top), int(right), int(bottom)) if left < right and top < bottom else None


def unaligned(crop: Image | Mask, back: Similarity, size: tuple[int, int]) -> Image:
    """Carry a crop (S, S, ...) into an empty picture of `size` (width, height).

    `back` is from crop to picture pixels. Outside it a mask is 0, a face repeats its edge.
    """
    border = cv2.BORDER_CONSTANT if crop.ndim == 2 else cv2.BORDER_REPLICATE
    if back.scale < 1:
        # Averaged to about the size it is shown at, or a small face would sparkle.
        smaller = max(1, round(crop.shape[0] * back.scale))
        zoom = crop.shape[0] / smaller
        crop = np.asarray(
            cv2.resize(crop, (smaller, smaller), interpolation=cv2.INTER_AREA), np.float32
        )
        widen = np.array([[zoom, 0, (zoom - 1) / 2], [0, zoom, (zoom - 1) / 2]])
        back = Similarity(widen).then(back)
    return np.asarray(
        cv2.warpAffine(crop, back.matrix, size, flags=cv2.INTER_CUBIC, borderMode=border),
        np.float32,
    )
