"""Which faces of following frames are the same one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recast.faces.face import Face
from recast.geometry import Points


@dataclass
class _Track:
    number: int
    frame: int
    landmarks: Points
    size: float


class Tracker:
    """Numbers faces from frame to frame; a number is never used for a second track.

    A face belongs to a track if its landmarks moved by less than half its size since the track was
    last seen, at most `max_gap` frames ago, and its size changed by less than a half.
    """

    def __init__(self, *, max_gap: int = 3) -> None:
        self._max_gap = max_gap
        self._tracks: list[_Track] = []
        self._frame = 0
        self._next = 0

    def __call__(self, faces: Sequence[Face], *, cut: bool = False) -> list[int]:
        """The track numbers of the next frame's faces; `cut` says that a new shot begins here."""
        self._frame += 1
        oldest = self._frame - 1 - self._max_gap
        self._tracks = [t for t in self._tracks if t.frame >= oldest and not cut]
        pairs = sorted(
            (moved, at, track.number)
            for at, face in enumerate(faces)
            for track in self._tracks
            if (moved := _moved(face, track)) < 0.5
        )
        by_number = {track.number: track for track in self._tracks}
        numbers: dict[int, int] = {}
        for _, at, number in pairs:  # the closest pairs choose first
            if at not in numbers and number in by_number:
                numbers[at] = number
                self._tracks.remove(by_number.pop(number))
        return [self._follow(face, numbers.get(at)) for at, face in enumerate(faces)]

    def _follow(self, face: Face, number: int | None) -> int:
        if number is None:
            number, self._next = self._next, self._next + 1
        self._tracks.append(_Track(number, self._frame, face.landmarks, face.size))
        return number


def _moved(face: Face, track: _Track) -> float:
    """In parts of the face's size; infinite if the size changed too much."""
    if not 2 / 3 < face.size / max(track.size, 1e-6) < 3 / 2:
        return float("inf")
    distance = np.linalg.norm(face.landmarks - track.landmarks, axis=1).mean()
    return float(distance) / max(face.size, 1e-6)
