"""Calm the landmarks along a track without flattening speech.

A network sees every frame anew, so its points tremble. Most of the trembling is common to all
points: it moves the whole crop. So a face is split into where it is (a similarity) and its shape;
the first is smoothed by a Gaussian over time. In the shape, eyes and mouth move fast and get a
Savitzky-Golay filter (Analytical Chemistry 36, 1964), which keeps peaks; the rest gets the
Gaussian. All filters are symmetric in time: nothing lags. `benchmarks/landmarks.py` measures it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from recast.faces.align import FITTED
from recast.faces.face import Face
from recast.faces.mean_face import MEAN_FACE
from recast.faces.pose import pose_of
from recast.faces.tracks import Tracker

Payload = TypeVar("Payload")
_Number = TypeVar("_Number", np.float64, np.complex128, np.floating[Any])

_Plane = NDArray[np.complex128]
"""Points of the plane as x + iy: a similarity is then one product and one sum."""

_KEEPS_PEAKS = np.array([-3, 12, 17, 12, -3]) / 35
"""Savitzky-Golay, second order over five frames."""
_FAST = 36
"""From here on the landmarks are eyes and lips."""
_GLITCH = 0.15
"""A frame this far (in parts of the face's size) from the median around it is not believed."""


@dataclass(frozen=True)
class Seen(Generic[Payload]):
    """A frame's faces as detected; `cut` says that a new shot begins with it."""

    payload: Payload
    faces: Sequence[Face]
    cut: bool = False


@dataclass(frozen=True)
class Smoothed(Generic[Payload]):
    """A frame's faces after smoothing, in the same order, and the track of each."""

    payload: Payload
    faces: list[Face]
    tracks: list[int]


def smooth_stream(
    frames: Iterable[Seen[Payload]], *, strength: float = 1.0
) -> Iterator[Smoothed[Payload]]:
    """Number and smooth the faces of all frames of a take, in order.

    `strength` is the Gaussian's sigma in frames, 0 only numbers. Holds back 2 + 3 * strength
    frames, so memory stays bounded.
    """
    tracker = Tracker()
    reach = 2 + int(np.ceil(3 * strength)) if strength > 0 else 0
    window: deque[Smoothed[Payload]] = deque()
    middle = 0
    for seen in frames:
        faces = list(seen.faces)
        window.append(Smoothed(seen.payload, faces, tracker(faces, cut=seen.cut)))
        if len(window) > middle + reach:
            yield _smoothed(window, middle, strength)
            middle += 1
            if middle > reach:
                window.popleft()
                middle -= 1
    while middle < len(window):
        yield _smoothed(window, middle, strength)
        middle += 1


def _smoothed(
    window: Sequence[Smoothed[Payload]], middle: int, strength: float
) -> Smoothed[Payload]:
    here = window[middle]
    if strength <= 0:
        return here
    faces = []
    for track in here.tracks:
        run, at = _run(window, middle, track)
        faces.append(_calmed(run, at, strength))
    return replace(here, faces=faces)


def _run(window: Sequence[Smoothed[Payload]], middle: int, track: int) -> tuple[list[Face], int]:
    """The unbroken run of a track around the middle, and where the middle is in it."""
    first = last = middle
    while first > 0 and track in window[first - 1].tracks:
        first -= 1
    while last + 1 < len(window) and track in window[last + 1].tracks:
        last += 1
    frames = [window[at] for at in range(first, last + 1)]
    return [frame.faces[frame.tracks.index(track)] for frame in frames], middle - first


def _calmed(run: Sequence[Face], at: int, strength: float) -> Face:
    """The face at position `at` of an unbroken run."""
    points: NDArray[np.floating[Any]] = np.stack([face.landmarks for face in run])
    meshes = [face.mesh for face in run if face.mesh is not None]
    depth: NDArray[np.floating[Any]] = np.zeros((len(run), 0))
    if len(meshes) == len(run):
        stack = np.stack(meshes)
        points, depth = np.concatenate([points, stack[..., :2]], axis=1), stack[..., 2]
    corners = np.array([face.box for face in run]).reshape(-1, 2, 2)
    flat, depth = _smooth(_plane(points), depth, strength)
    calm = np.stack([flat[at].real, flat[at].imag], axis=-1).astype(np.float32)
    mesh = None
    if depth.shape[1]:
        mesh = np.column_stack([calm[68:], depth[at]]).astype(np.float32)
    box = _filtered(corners, _gauss(strength))[at].ravel()
    left, top, right, bottom = (float(edge) for edge in box)
    landmarks = calm[:68].copy()
    return Face(
        (left, top, right, bottom), run[at].score, landmarks, pose_of(landmarks, mesh), mesh
    )


def smooth_landmarks(
    landmarks: NDArray[np.float32], *, strength: float = 1.0
) -> NDArray[np.float32]:
    """Smooth (T, 68, 2) landmarks of one unbroken track; sigma is `strength` frames."""
    flat, _ = _smooth(_plane(landmarks), np.zeros((len(landmarks), 0)), strength)
    return np.stack([flat.real, flat.imag], axis=-1).astype(np.float32)


def _smooth(
    points: _Plane, depth: NDArray[np.floating[Any]], strength: float
) -> tuple[_Plane, NDArray[np.floating[Any]]]:
    """(T, 68 or more) points, the landmarks first, and the depth of any number of points."""
    points = _without_glitches(points)
    turn, shift = _places(points)
    gauss = _gauss(strength)
    shape = (points - shift) / turn
    slow, fast = _filtered(shape[:, :_FAST], gauss), _filtered(shape[:, _FAST:], _KEEPS_PEAKS)
    relief = _filtered(depth / np.abs(turn), _KEEPS_PEAKS)
    turn, shift = _filtered(turn, gauss), _filtered(shift, gauss)
    return np.concatenate([slow, fast], axis=1) * turn + shift, relief * np.abs(turn)


def _plane(points: NDArray[np.floating[Any]]) -> _Plane:
    wide = points.astype(np.float64)
    return np.asarray(wide[..., 0] + 1j * wide[..., 1])


def _places(points: _Plane) -> tuple[_Plane, _Plane]:
    """The similarity (turn and zoom, shift; (T, 1) each) from the mean face to the still points."""
    fitted = list(FITTED)
    mean = _plane(MEAN_FACE[fitted, :2])
    centred = mean - mean.mean()
    turn = points[:, fitted] @ centred.conj()[:, None] / (np.abs(centred) ** 2).sum()
    return turn, points[:, fitted].mean(axis=1, keepdims=True) - turn * mean.mean()


def _without_glitches(points: _Plane) -> _Plane:
    """Single frames whose points jump away and back are replaced by the median around them."""
    median = _median_of_five(points[:, :68])
    away = np.abs(points[:, :68] - median).mean(axis=1)
    wrong = away > _GLITCH * np.abs(_places(median)[0][:, 0])
    if wrong.any():
        points = np.where(wrong[:, None], _median_of_five(points), points)
    return points


def _median_of_five(points: _Plane) -> _Plane:
    padded = np.pad(points, ((2, 2), (0, 0)), mode="edge")
    around = np.stack([padded[at : at + len(points)] for at in range(5)])
    return np.asarray(np.median(around.real, axis=0) + 1j * np.median(around.imag, axis=0))


def _filtered(values: NDArray[_Number], kernel: NDArray[np.float64]) -> NDArray[_Number]:
    """Weighted mean over time, the first axis; each end is continued point-symmetrically."""
    reach = min(len(kernel) // 2, len(values) - 1)
    if reach < 1:
        return values
    kernel = kernel[len(kernel) // 2 - reach : len(kernel) // 2 + reach + 1]
    kernel = kernel / kernel.sum()
    before, after = values[reach:0:-1], values[-2 : -reach - 2 : -1]
    padded = np.concatenate([2 * values[:1] - before, values, 2 * values[-1:] - after])
    length = len(values)
    return sum((w * padded[at : at + length] for at, w in enumerate(kernel)), 0 * values)


def _gauss(sigma: float) -> NDArray[np.float64]:
    reach = int(np.ceil(3 * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return np.asarray(weights / weights.sum())
