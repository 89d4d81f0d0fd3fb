"""The methods of sorting: each gives the order of a face set, and what it leaves out.

A method sees only columns and measured features; names, files and folders are the stage's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recast.events import Report
from recast.faces.align import FITTED
from recast.faceset import measures
from recast.faceset.face_set import FaceSet
from recast.faceset.features import Columns, cached
from recast.faceset.path import short_path
from recast.faceset.spread import best_of, distance_sums

SCALARS, HISTOGRAMS = "scalars-1", "histograms-1"
"""Keys of features; a change of what is measured changes the number."""

Indices = NDArray[np.int64]
Values = NDArray[np.float64]
"""(N,), the least first; not a number where a face cannot be judged."""
_MEASURES = {SCALARS: measures.scalars, HISTOGRAMS: measures.histograms}


@dataclass(frozen=True)
class Sorted:
    """Faces by their index in the set; those in neither could not be judged."""

    order: Indices
    left_out: Indices


Method = Callable[[FaceSet, int | None, Report], Sorted]
"""The set, how many to keep (only `best` heeds that), and whom to tell."""
Get = Callable[[str], Values]
"""Gives one of `measures.SCALARS` of all faces."""


def features(faces: FaceSet, key: str, report: Report) -> Columns:
    """Features of the pictures; the others are measured along."""
    others = {other: measure for other, measure in _MEASURES.items() if other != key}
    return cached(faces, key, _MEASURES[key], report, along=others)


def without_gaps(columns: Columns) -> tuple[Columns, Indices]:
    """The rows without gaps, and their indices."""
    if not columns.shape[1]:
        return columns[:0], np.zeros(0, np.int64)
    known = np.flatnonzero(np.isfinite(columns).all(axis=1))
    return columns if len(known) == len(columns) else columns[known], known


def scalar(faces: FaceSet, name: str, report: Report) -> Values:
    """One of `measures.SCALARS`, (N,)."""
    return scalar_of(features(faces, SCALARS, report), name)


def scalar_of(found: Columns, name: str) -> Values:
    """One of `measures.SCALARS`, (N,), out of what was measured."""
    if found.shape[1] != len(measures.SCALARS):  # not one picture could be read
        return np.full(len(found), np.nan)
    return found[:, measures.SCALARS.index(name)].astype(np.float64)


def degrees_of_hue(get: Get) -> Values:
    """The mean colour's hue in degrees, 0 red, 120 green, 240 blue."""
    return np.asarray(np.degrees(np.arctan2(get("hue_y"), get("hue_x"))) % 360, np.float64)


def hue(get: Get) -> Values:
    """The mean colour's hue in degrees, from where the circle is cut.

    That is where it is emptiest, so that like colours are not torn apart.
    """
    degrees = degrees_of_hue(get)
    known = np.sort(degrees[np.isfinite(degrees)])
    if not len(known):
        return degrees
    gaps = np.diff(known, append=known[0] + 360)
    first = known[(int(np.argmax(gaps)) + 1) % len(known)]
    return np.asarray((degrees - first) % 360, np.float64)


def shapes(faces: FaceSet) -> Columns:
    """Landmarks without their place, size and tilt, (N, 136), in parts of the face's size.

    Each face's crop places it by brows, nose and eyes; what is left is pose, expression, build.
    """
    points = np.einsum("nij,nkj->nki", faces.matrices[..., :2], faces.landmarks.astype(np.float64))
    points -= points[:, list(FITTED)].mean(axis=1, keepdims=True)
    size = np.sqrt((points[:, list(FITTED)] ** 2).sum(axis=(1, 2), keepdims=True))
    return np.asarray((points / np.maximum(size, 1e-9)).reshape(len(faces), 136), np.float32)


def by(values: Callable[[FaceSet, Get], Values]) -> Method:
    """A method that sorts by a number, the least first; equal ones stay by name."""

    def method(faces: FaceSet, keep: int | None, report: Report) -> Sorted:
        found = values(faces, lambda name: scalar(faces, name, report))
        order = np.argsort(found, kind="stable")
        return _all(order[np.isfinite(found[order])])

    return method


def alike(columns: Callable[[FaceSet, Report], Columns]) -> Method:
    """A method that puts faces side by side which are near each other."""

    def method(faces: FaceSet, keep: int | None, report: Report) -> Sorted:
        found, known = without_gaps(columns(faces, report))
        return _all(known[short_path(found)])

    return method


def unlike(columns: Callable[[FaceSet, Report], Columns]) -> Method:
    """A method that puts those first which differ most from all others."""

    def method(faces: FaceSet, keep: int | None, report: Report) -> Sorted:
        found, known = without_gaps(columns(faces, report))
        return _all(known[np.argsort(-distance_sums(found), kind="stable")])

    return method


def runs_of(columns: Columns) -> list[Indices]:
    """The faces along their path in runs of about 50."""
    found, known = without_gaps(columns)
    path = known[short_path(found)]
    return np.array_split(path, max(1, round(len(path) / 50)))


def histogram_blur(faces: FaceSet, keep: int | None, report: Report) -> Sorted:
    """Like histograms side by side, in runs of about 50; within each run the sharpest first."""
    runs = runs_of(features(faces, HISTOGRAMS, report))
    sharpness = scalar(faces, "sharpness", report)
    return _all(np.concatenate([run[np.argsort(-sharpness[run], kind="stable")] for run in runs]))


def one_face(faces: FaceSet, keep: int | None, report: Report) -> Sorted:
    """Frames with one face, in their order; those with more leave, whoever is in them."""
    order = original(faces)
    _, takes = np.unique(faces.takes, return_inverse=True)
    frames = np.stack([takes.ravel(), faces.frames], axis=1)[order]
    changes = np.flatnonzero(np.diff(frames, axis=0, prepend=-1).any(axis=1))
    alone = np.repeat(np.diff(changes, append=len(order)) == 1, np.diff(changes, append=len(order)))
    return Sorted(order[alone], order[~alone])


def best(faces: FaceSet, keep: int | None, report: Report) -> Sorted:
    """The best of all ways of looking, by yaw; see `recast.faceset.spread.best_of`."""
    histograms, known = without_gaps(features(faces, HISTOGRAMS, report))
    sharpness = scalar(faces, "sharpness", report)[known]
    pose = np.stack([faces.yaw[known], faces.pitch[known]], axis=1)
    chosen = best_of(pose, sharpness, histograms, BEST if keep is None else keep)
    stays = np.zeros(len(known), bool)
    stays[chosen] = True
    return Sorted(known[chosen], known[~stays])


BEST = 2000
"""Faces that `best` keeps if nobody says how many."""


def original(faces: FaceSet) -> Indices:
    """By take and frame, the largest of a frame first: as the faces were extracted."""
    return np.lexsort((faces.names, -faces.face_sizes, faces.frames, faces.takes))


VALUES: dict[str, Callable[[FaceSet, Get], Values]] = {
    "blur": lambda _, get: -get("sharpness"),
    "motion-blur": lambda _, get: -get("steadiness"),
    "brightness": lambda _, get: -get("brightness"),
    "hue": lambda _, get: hue(get),
    "black": lambda _, get: get("black"),
    "yaw": lambda faces, _: -faces.yaw.astype(np.float64),
    "pitch": lambda faces, _: -faces.pitch.astype(np.float64),
    "size": lambda faces, _: -faces.face_sizes.astype(np.float64),
}
"""The number that decides the order, for the methods that sort by one."""

METHODS: dict[str, Method] = {
    "blur": by(VALUES["blur"]),
    "motion-blur": by(VALUES["motion-blur"]),
    "histogram": alike(lambda faces, report: features(faces, HISTOGRAMS, report)),
    "histogram-dissimilar": unlike(lambda faces, report: features(faces, HISTOGRAMS, report)),
    "histogram-blur": histogram_blur,
    "brightness": by(VALUES["brightness"]),
    "hue": by(VALUES["hue"]),
    "black": by(VALUES["black"]),
    "yaw": by(VALUES["yaw"]),
    "pitch": by(VALUES["pitch"]),
    "size": by(VALUES["size"]),
    "landmarks": alike(lambda faces, _: shapes(faces)),
    "landmarks-dissimilar": unlike(lambda faces, _: shapes(faces)),
    "original": lambda faces, *_: _all(original(faces)),
    "one-face": one_face,
    "best": best,
}
"""All methods but those that need an embedder, which `identity_methods` makes."""


def identity_methods(
    embeddings: Callable[[FaceSet, Report], Columns], same_person: float
) -> dict[str, Method]:
    """The methods that tell persons apart; `embeddings` are unit vectors."""
    from recast.faces.persons import group_persons

    def identity(faces: FaceSet, keep: int | None, report: Report) -> Sorted:
        found, known = without_gaps(embeddings(faces, report))
        persons = group_persons(found, same_person)
        groups = [np.flatnonzero(persons == number) for number in np.unique(persons)]
        paths = [group[short_path(found[group])] for group in groups]
        return _all(known[np.concatenate([*paths, np.zeros(0, np.int64)])])

    return {"identity": identity, "identity-dissimilar": unlike(embeddings)}


def _all(order: Indices) -> Sorted:
    return Sorted(order, order[:0])
