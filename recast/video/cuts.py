"""Find where one shot ends and the next begins."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from recast.images import FrameImage

SIDE = (64, 36)
"""Width and height of the small pictures that are compared."""
LEAST_CHANGE = 0.08
"""Of the mean difference between two frames of different shots, 0..1."""
LEAST_RATIO = 3.0
"""How many times the changes around it a cut's change is."""
AROUND = 3
"""Frames before and after that tell what change is usual here."""
Small = NDArray[np.float32]


def find_cuts(images: Iterable[FrameImage]) -> list[int]:
    """The index of the first frame of every shot but the first.

    A frame begins a shot if it differs from the one before by much, and by far more than
    frames near it differ: a pan, a fade or a light that changes is not a cut. A single flashing
    frame changes twice, and neither change is a cut.
    """
    changes, over_one = _changes(images)
    found = []
    for at, change in enumerate(changes):
        near = changes[max(0, at - AROUND) : at] + changes[at + 1 : at + 1 + AROUND]
        usual = float(np.median(near)) if near else 0.0
        if change < LEAST_CHANGE or change < LEAST_RATIO * usual:
            continue
        # The frame before the change, or the one after it, may be a flash.
        if not any(_flash(changes, over_one, flash) for flash in (at, at + 1)):
            found.append(at + 1)
    return found


def _changes(images: Iterable[FrameImage]) -> tuple[list[float], list[float]]:
    """How much each frame but the first differs from the one before, and from the one before
    that (0 for the second)."""
    recent: deque[Small] = deque(maxlen=2)
    changes, over_one = [], []
    for image in images:
        here = _small(image)
        if recent:
            changes.append(_change(recent[-1], here))
            over_one.append(_change(recent[0], here) if len(recent) == 2 else 0.0)
        recent.append(here)
    return changes, over_one


def _small(image: FrameImage) -> Small:
    step = max(1, min(image.shape[0] // (4 * SIDE[1]), image.shape[1] // (4 * SIDE[0])))
    thinned: Any = np.ascontiguousarray(image[::step, ::step])
    little = np.asarray(cv2.resize(thinned, SIDE, interpolation=cv2.INTER_AREA), np.float32)
    # A blur forgives small movements.
    return np.asarray(cv2.blur(little, (3, 3)) / np.iinfo(image.dtype).max, np.float32)


def _change(one: Small, other: Small) -> float:
    return float(np.abs(one - other).max(axis=2).mean())


def _flash(changes: list[float], over_one: list[float], frame: int) -> bool:
    """Whether a frame differs from both neighbours, which are like each other."""
    if not 0 < frame < len(changes):
        return False
    return over_one[frame] < min(changes[frame - 1], changes[frame]) / LEAST_RATIO
