"""Which poses dst needs and src has: the two face sets on one map of yaw and pitch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

STEP = 10.0
"""Degrees of yaw and of pitch that a cell of the map spans."""
ENOUGH = 3
"""Faces of src in a cell and around it that make it known to a model."""


@dataclass(frozen=True)
class Cell:
    """A part of the map; yaw and pitch are its middle, in degrees."""

    yaw: float
    pitch: float
    src: int
    dst: int
    lacking: bool
    """dst has faces here, and src not enough here and in the cells around."""


@dataclass(frozen=True)
class Coverage:
    """The cells that hold a face, and the share of dst's faces in cells that src lacks, 0..1."""

    cells: tuple[Cell, ...]
    lacking: float


def coverage(
    src: tuple[Sequence[float], Sequence[float]], dst: tuple[Sequence[float], Sequence[float]]
) -> Coverage:
    """Compare the poses of two face sets, each given as yaws and pitches in degrees.

    A mirrored face serves the opposite yaw in training, but only where a model is trained with
    mirrored faces: so it does not count here.
    """
    import numpy as np

    counts: list[dict[tuple[int, int], int]] = []
    for yaws, pitches in (src, dst):
        places = np.floor(np.stack([yaws, pitches], axis=-1, dtype=np.float64) / STEP)
        found, number = np.unique(places.astype(int).reshape(-1, 2), axis=0, return_counts=True)
        keys = [(int(a), int(b)) for a, b in found]
        counts.append(dict(zip(keys, map(int, number), strict=True)))
    have, need = counts
    cells = []
    for yaw, pitch in sorted(have.keys() | need.keys()):
        around = sum(have.get((yaw + a, pitch + b), 0) for a in (-1, 0, 1) for b in (-1, 0, 1))
        wanted = need.get((yaw, pitch), 0)
        middle = ((yaw + 0.5) * STEP, (pitch + 0.5) * STEP)
        lacks = wanted > 0 and around < ENOUGH
        cells.append(Cell(*middle, have.get((yaw, pitch), 0), wanted, lacks))
    total = sum(cell.dst for cell in cells)
    lacking = sum(cell.dst for cell in cells if cell.lacking)
    return Coverage(tuple(cells), lacking / total if total else 0.0)
