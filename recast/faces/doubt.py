"""Which frames of a take a person should look at, from the faces that were found in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np

from recast.faces.face import Face
from recast.geometry import Points

Doubt = Literal["missing", "several", "low-score", "jumps"]
Faces = Mapping[int, Sequence[Face]]
"""The faces found, by frame; a frame in which nothing was found has an empty sequence."""

LOW_SCORE = 0.7
_JUMP = 0.12
"""Of the face's size: how far a face may be from the middle between the frames beside it."""
_LEAP = 0.5
"""Of the face's size: how far it may move from one frame to the next."""


def doubtful(found: Faces, doubt: Doubt, *, below: float = LOW_SCORE) -> list[int]:
    """The frames in which there is such a doubt, in order; `below` is for low-score."""
    chosen: dict[Doubt, Callable[[int], bool]] = {
        "missing": lambda frame: not found[frame],
        "several": lambda frame: len(found[frame]) > 1,
        "low-score": lambda frame: any(face.score < below for face in found[frame]),
        "jumps": lambda frame: any(_jumps(face, frame, found) for face in found[frame]),
    }
    return sorted(filter(chosen[doubt], found))


def _jumps(face: Face, frame: int, found: Faces) -> bool:
    """Whether the face leaps from the frame before, or stands apart from both neighbours."""
    before = _nearest(face, found.get(frame - 1, ()))
    after = _nearest(face, found.get(frame + 1, ()))
    if before is not None and _away(face, before.landmarks) > _LEAP:
        return True
    if before is None or after is None or _away(face, after.landmarks) > _LEAP:
        return False  # it is the frame after that leaps
    middle = (before.landmarks + after.landmarks) * np.float32(0.5)
    return _away(face, middle) > _JUMP


def _nearest(face: Face, others: Sequence[Face]) -> Face | None:
    return min(others, key=lambda other: _away(face, other.landmarks), default=None)


def _away(face: Face, landmarks: Points) -> float:
    """Mean distance of the landmarks in parts of the face's size."""
    off = np.linalg.norm(face.landmarks - landmarks, axis=1).mean()
    return float(off) / max(face.size, 1e-6)
