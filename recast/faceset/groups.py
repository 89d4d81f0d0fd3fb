"""Groups of a face set by the methods of sorting, for whoever looks through it.

A method that sorts by a number gives parts of it; one that puts like faces side by side, a group
up to each place where its path leaps; one that puts the unusual first, parts of how unusual they
are. What needs all faces at once is found out by `note` and kept in the index; `groups` only reads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recast.events import Report
from recast.faceset.face_set import FaceSet
from recast.faceset.features import Columns, keep, known
from recast.faceset.orders import (
    HISTOGRAMS,
    SCALARS,
    VALUES,
    Get,
    Values,
    degrees_of_hue,
    features,
    runs_of,
    scalar_of,
    shapes,
    without_gaps,
)
from recast.faceset.path import short_path
from recast.faceset.spread import distance_sums

PARTS = 5
LEAP = 2.0
"""A step of a path begins a group if it is so many times as long as 90 in 100 of them."""

Embed = Callable[[FaceSet, Report], Columns]


@dataclass(frozen=True)
class Groups:
    """Which faces belong together."""

    numbers: NDArray[np.int64]
    """(N,) the group of each face, from 0; -1 where nothing is known of it."""
    names: tuple[str, ...]
    """Of each group: a range, a take; "" where there is nothing to say but its number."""

    @property
    def sizes(self) -> list[int]:
        """How many faces each group has."""
        counted = np.bincount(self.numbers[self.numbers >= 0], minlength=len(self.names))
        return [int(count) for count in counted]


Grouping = Callable[[FaceSet, int], Groups]
"""The set, and into how many parts a number is divided."""


def groups(faces: FaceSet, by: str, *, parts: int = PARTS) -> Groups:
    """The groups of one of `GROUPINGS`, as far as the index knows what they rest on."""
    return GROUPINGS[by](faces, parts)


def note(faces: FaceSet, by: str, report: Report, *, embed: Embed, same_person: float) -> None:
    """Measure what the groups of a method rest on, and keep it in the index.

    `embed` and `same_person` are needed by the methods that tell persons apart.
    """
    features(faces, SCALARS, report)
    if by in NOTES:
        found = NOTES[by](faces, report, embed, same_person)
        keep(faces, noted_as(by), found[:, None].astype(np.float32))


def noted_as(by: str) -> str:
    """The key in the index of what `note` found; a change of the rule changes the number."""
    return f"group {by}-1"


def noted(faces: FaceSet, by: str) -> Values:
    """What `note` found, (N,); not a number where it did not look yet."""
    found = known(faces, noted_as(by))
    return found[:, 0].astype(np.float64) if found.shape[1] == 1 else np.full(len(faces), np.nan)


def parts_of(values: Values, count: int) -> NDArray[np.int64]:
    """Which of `count` parts each value is in, the least first; equal ones are not parted.

    The parts have as many values each, as far as that goes. -1 for what is not a number.
    """
    found = np.sort(values[np.isfinite(values)])
    numbers = np.full(len(values), -1, np.int64)
    if len(found):
        bounds = found[np.arange(1, count) * len(found) // count]
        fits = np.isfinite(values)
        numbers[fits] = _in_a_row(np.searchsorted(bounds, values[fits], side="right"))
    return numbers


def cut_path(columns: Columns) -> Values:
    """The group of each row, (N,): a short path through all of them is cut where it leaps.

    A leap is a step longer than `LEAP` times one that nine in ten do not exceed.
    """
    numbers = np.full(len(columns), np.nan)
    found, rows = without_gaps(columns)
    if not len(rows):
        return numbers
    path = rows[short_path(found)]
    steps = np.linalg.norm(np.diff(columns[path], axis=0), axis=1)
    moved = steps[steps > 0]
    leap = LEAP * np.quantile(moved, 0.9) if len(moved) else np.inf
    numbers[path] = np.cumsum(np.concatenate([[0], steps > leap]))
    return numbers


def _unusual(columns: Columns) -> Values:
    """The mean distance of each row to all others, (N,)."""
    means = np.full(len(columns), np.nan)
    found, rows = without_gaps(columns)
    if len(rows):
        means[rows] = distance_sums(found) / max(1, len(rows) - 1)
    return means


def _runs(columns: Columns) -> Values:
    numbers = np.full(len(columns), np.nan)
    for number, run in enumerate(runs_of(columns)):
        numbers[run] = number
    return numbers


def _persons(embeddings: Columns, same_person: float) -> Values:
    from recast.faces.persons import group_persons

    numbers = np.full(len(embeddings), np.nan)
    found, rows = without_gaps(embeddings)
    numbers[rows] = group_persons(found, same_person)
    return numbers


NOTES: dict[str, Callable[[FaceSet, Report, Embed, float], Values]] = {
    "histogram": lambda faces, report, *_: cut_path(features(faces, HISTOGRAMS, report)),
    "histogram-dissimilar": lambda faces, report, *_: _unusual(features(faces, HISTOGRAMS, report)),
    "histogram-blur": lambda faces, report, *_: _runs(features(faces, HISTOGRAMS, report)),
    "landmarks": lambda faces, *_: cut_path(shapes(faces)),
    "landmarks-dissimilar": lambda faces, *_: _unusual(shapes(faces)),
    "identity": lambda faces, report, embed, same: _persons(embed(faces, report), same),
    "identity-dissimilar": lambda faces, report, embed, _: _unusual(embed(faces, report)),
}
"""What has to be found out about all faces at once."""


def _measured(faces: FaceSet) -> Get:
    found = known(faces, SCALARS)
    return lambda name: scalar_of(found, name)


def _parted(by: str) -> Grouping:
    """Parts of the number that a method sorts by, in its order."""

    def grouping(faces: FaceSet, parts: int) -> Groups:
        get = _measured(faces)
        values = VALUES[by](faces, get)
        shown = degrees_of_hue(get) if by == "hue" else np.abs(values)
        return _named(values, shown, parts, unit="°" if by == "hue" else "")

    return grouping


def _unlike(by: str) -> Grouping:
    """Parts of how unusual faces are, the most unusual first."""

    def grouping(faces: FaceSet, parts: int) -> Groups:
        found = noted(faces, by)
        return _named(-found, found, parts)

    return grouping


def _noted(by: str) -> Grouping:
    """Groups that `note` found."""

    def grouping(faces: FaceSet, parts: int) -> Groups:
        found = noted(faces, by)
        numbers = np.where(np.isfinite(found), found, -1).astype(np.int64)
        return Groups(numbers, ("",) * int(numbers.max(initial=-1) + 1))

    return grouping


def _stepped(
    values: Callable[[FaceSet], Values], step: int, unit: str, *, falling: bool
) -> Grouping:
    """Groups of equal width."""

    def grouping(faces: FaceSet, parts: int) -> Groups:
        steps = np.floor(values(faces) / step).astype(np.int64)
        kinds = np.unique(steps)[:: -1 if falling else 1]
        numbers = np.argsort(kinds)[np.searchsorted(np.sort(kinds), steps)]
        return Groups(numbers, tuple(f"{k * step}{unit} … {(k + 1) * step}{unit}" for k in kinds))

    return grouping


def _tracks(faces: FaceSet, parts: int) -> Groups:
    """By the track that extraction followed a face on; faces without one are in none."""
    pairs = np.stack([np.unique(faces.takes, return_inverse=True)[1].ravel(), faces.tracks], axis=1)
    numbers = np.full(len(faces), -1, np.int64)
    followed = faces.tracks >= 0
    if followed.any():
        found = np.unique(pairs[followed], axis=0, return_inverse=True)[1]
        numbers[followed] = found.ravel()
    return Groups(numbers, ("",) * int(numbers.max(initial=-1) + 1))


def _takes(faces: FaceSet, parts: int) -> Groups:
    takes, numbers = np.unique(faces.takes, return_inverse=True)
    return Groups(numbers.ravel().astype(np.int64), tuple(map(str, takes)))


def _in_frame(faces: FaceSet, parts: int) -> Groups:
    """By how many faces their frame has."""
    _, takes = np.unique(faces.takes, return_inverse=True)
    frames = np.stack([takes.ravel(), faces.frames], axis=1)
    _, frame, counts = np.unique(frames, axis=0, return_inverse=True, return_counts=True)
    kinds, numbers = np.unique(counts[frame.ravel()], return_inverse=True)
    return Groups(numbers.ravel().astype(np.int64), tuple(map(str, kinds)))


def _named(values: Values, shown: Values, parts: int, *, unit: str = "") -> Groups:
    """Parts of `values`, called by the least and the largest of what is `shown` of them."""
    numbers = parts_of(values, parts)
    names = []
    for number in range(int(numbers.max(initial=-1)) + 1):
        inside = np.flatnonzero(numbers == number)
        ends = inside[[values[inside].argmin(), values[inside].argmax()]]
        low, high = shown[ends] if unit else np.sort(shown[ends])
        names.append(f"{low:.3g}{unit} … {high:.3g}{unit}")
    return Groups(numbers, tuple(names))


def _in_a_row(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Without those that nobody has."""
    return np.unique(numbers, return_inverse=True)[1].ravel().astype(np.int64)


GROUPINGS: dict[str, Grouping] = {
    "blur": _parted("blur"),
    "motion-blur": _parted("motion-blur"),
    "histogram": _noted("histogram"),
    "histogram-dissimilar": _unlike("histogram-dissimilar"),
    "histogram-blur": _noted("histogram-blur"),
    "brightness": _parted("brightness"),
    "hue": _parted("hue"),
    "black": _parted("black"),
    "yaw": _stepped(lambda faces: faces.yaw.astype(np.float64), 10, "°", falling=True),
    "pitch": _stepped(lambda faces: faces.pitch.astype(np.float64), 10, "°", falling=True),
    "size": _parted("size"),
    "landmarks": _noted("landmarks"),
    "landmarks-dissimilar": _unlike("landmarks-dissimilar"),
    "identity": _noted("identity"),
    "identity-dissimilar": _unlike("identity-dissimilar"),
    "original": _takes,
    "one-face": _in_frame,
    "track": _tracks,
    "time": _stepped(
        lambda faces: np.array([float(moment) for moment in faces.moments]), 10, " s", falling=False
    ),
}
"""All methods of sorting but `best`, which chooses; and what extraction knows: track and time."""
PARTED = frozenset(
    {"blur", "motion-blur", "brightness", "hue", "black", "size"}
    | {"histogram-dissimilar", "landmarks-dissimilar", "identity-dissimilar"}
)
"""Those whose groups are parts of a number."""
RECORDED = frozenset({"yaw", "pitch", "size", "original", "one-face", "track", "time"})
"""Those that go by what face files say: nothing is to be measured for them."""
