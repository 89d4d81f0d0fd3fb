"""Calm what is measured of each face along its track: colours, grain and mask.

The frames before and after count alike, so nothing lags; where a track begins or ends, as it
does at a cut, so does the window. A frame's result depends on the frames around it and on
nothing else, wherever the work begins.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np

from recast.merging.color import pooled
from recast.merging.compose import DrawnFace
from recast.merging.grain import mean_grain

Payload = TypeVar("Payload")


@dataclass(frozen=True)
class Calm:
    """Sigma in frames of the Gaussian over time; 0 leaves each frame as it is."""

    color: float = 0.0
    mask: float = 0.0

    @property
    def reach(self) -> int:
        """How many frames before and after one it depends on."""
        return int(np.ceil(2 * max(self.color, self.mask)))


@dataclass(frozen=True)
class Faces(Generic[Payload]):
    """The drawn faces of one frame, each with its track."""

    payload: Payload
    drawn: Sequence[DrawnFace]
    tracks: Sequence[int]


def calmed(frames: Iterable[Faces[Payload]], calm: Calm) -> Iterator[Faces[Payload]]:
    """The same frames in order, their faces calmed; holds back `calm.reach` of them."""
    window: deque[Faces[Payload]] = deque()
    middle = 0
    for frame in frames:
        window.append(frame)
        if len(window) > middle + calm.reach:
            yield calmed_one(window, middle, calm)
            middle += 1
            if middle > calm.reach:
                window.popleft()
                middle -= 1
    while middle < len(window):
        yield calmed_one(window, middle, calm)
        middle += 1


def calmed_one(window: Sequence[Faces[Payload]], middle: int, calm: Calm) -> Faces[Payload]:
    """One frame of a window that reaches as far as it must."""
    here = window[middle]
    if calm.reach == 0:
        return here
    drawn = [
        _calmed(face, _around(window, middle, track, calm.reach), calm)
        for face, track in zip(here.drawn, here.tracks, strict=True)
    ]
    return replace(here, drawn=drawn)


def _around(
    window: Sequence[Faces[Payload]], middle: int, track: int, reach: int
) -> list[tuple[int, DrawnFace]]:
    """The faces of a track near the middle, and how many frames away each is."""
    found = []
    for at in range(max(0, middle - reach), min(len(window), middle + reach + 1)):
        if track in window[at].tracks:
            found.append((at - middle, window[at].drawn[list(window[at].tracks).index(track)]))
    return found


def _calmed(face: DrawnFace, around: Sequence[tuple[int, DrawnFace]], calm: Calm) -> DrawnFace:
    if calm.color > 0 and face.measured is not None:
        near = [
            (one, weight)
            for one, weight in _weighed(around, calm.color)
            if one.measured is not None
        ]
        weights = [weight for _, weight in near]
        colours = pooled([one.measured for one, _ in near if one.measured is not None], weights)
        face = replace(face, measured=colours)
        noisy = [(one.noise, weight) for one, weight in near if one.noise is not None]
        if noisy:
            face = replace(face, noise=mean_grain(*zip(*noisy, strict=True)))
    if calm.mask > 0:
        masks = [
            (one.mask, weight)
            for one, weight in _weighed(around, calm.mask)
            if one.mask.shape == face.mask.shape
        ]
        total = sum(weight for _, weight in masks)
        mask = np.sum([mask * np.float32(weight / total) for mask, weight in masks], axis=0)
        face = replace(face, mask=mask.astype(np.float32))
    return face


def _weighed(
    around: Sequence[tuple[int, DrawnFace]], sigma: float
) -> list[tuple[DrawnFace, float]]:
    reach = int(np.ceil(2 * sigma))
    return [
        (one, float(np.exp(-0.5 * (away / sigma) ** 2)))
        for away, one in around
        if abs(away) <= reach
    ]
