"""What can be said of a swap whose truth nobody knows: `python -m benchmarks likeness`.

`score(RESULT)` judges the bundled pair with its roles swapped: the performance of pair1_src with
the face of pair1_dst. The benchmark shows what the same figures are for pair1 and its truth.

identity    how far the way from the performer to the wanted person is gone, 0 is the performer: in
            dlib's embeddings (an extra; "-" without it), along the line between their two means.
            1 is the wanted person.
motion_pct  expression: distance of the landmarks' motions, percent of the distance of the outer eye
            corners. A motion is what a frame's landmarks, the head's own place taken out, differ
            from their median; a face's proportions are not in it. `still_pct` is what a
            face without any expression would score; a perfect swap has about half of that, since
            the same expression moves another face otherwise.
flicker     second difference in time inside the face, as a multiple of the performance's.
outside_db  PSNR between result and performance away from the face.
faces_found part of the frames in which a face was found.
"""

import math
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.judge import (
    DST,
    EDGE,
    INNER,
    LEAST,
    SRC,
    TRUTH,
    Figure,
    Known,
    Track,
    frames_of,
    jumps,
    landmarks,
    pixels,
    rounded,
    surroundings,
)
from benchmarks.tables import Sections, Table
from recast.errors import OptionUnusable
from recast.faces import align, placement
from recast.faces.identity import Embedder, open_embedder
from recast.geometry import Similarity
from recast.ordered import ordered
from recast.video import Take, open_take

EVERY = 10
"""So many frames apart, faces are embedded."""
SIDE = 256
FIGURES = ("identity", "motion_pct", "still_pct", "flicker", "outside_db", "faces_found")
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Wanted:
    """A swap to be judged: whose performance, with whose face; both are rendered takes."""

    performance: Path
    person: Path

    @cached_property
    def known(self) -> Known:
        return Known.load(self.performance.stem)


ROLES_SWAPPED = Wanted(SRC, DST)


def score(result: Path, wanted: Wanted = ROLES_SWAPPED) -> dict[str, Figure]:
    """All figures of the result at a path; a shorter result is judged as far as it goes.

    Raises:
        OptionUnusable: its frames have another size than the performance's.
    """
    shown, acted = open_take(result), open_take(wanted.performance)
    if shown.info.size != acted.info.size:
        sizes = ("{}x{}".format(*take.info.size) for take in (shown, acted))
        raise OptionUnusable(
            "{} is {}, the performance {}".format(result.name, *sizes),
            "judge a result of that take, in its own size",
        )
    known = wanted.known
    count = min(len(shown), len(acted), len(known.masks))
    masks = known.masks[:count]
    found, played = landmarks(shown, count), landmarks(acted, count)
    off, still = motion(found, played)
    figures: dict[str, Figure] = {
        "frames": count,
        "missing_frames": len(acted) - len(shown),
        "motion_pct": off,
        "still_pct": still,
        "flicker": jumps(shown, masks) / jumps(acted, masks),
        "outside_db": outside(shown, acted, masks),
        "faces_found": float(np.isfinite(found[:, 0, 0]).mean()),
    }
    embedder = dlib()
    if embedder is not None:
        other = open_take(wanted.person)
        figures["identity"] = identity(
            faces(embedder, shown, found),
            faces(embedder, acted, played),
            faces(embedder, other, landmarks(other, len(other))),
        )
    return rounded(figures)


def motion(found: Track, played: Track) -> tuple[float, float]:
    """Mean distance of the motions, and of the performance's motions to none; percent."""
    seen = np.isfinite(found[:, 0, 0]) & np.isfinite(played[:, 0, 0])
    if not seen.any():
        return math.nan, math.nan
    mine, theirs = motions(found[seen]), motions(played[seen])
    off = np.linalg.norm(mine - theirs, axis=-1).mean()
    return float(off * 100), float(np.linalg.norm(theirs, axis=-1).mean() * 100)


def motions(points: Track) -> Track:
    """(T, 51, 2): where the inner landmarks are on the head, less where they mostly are.

    The distance of the outer eye corners is 1.
    """
    inner = points[:, INNER]
    mean = inner.mean(axis=0)
    mean = (mean - mean.mean(axis=0)) / np.linalg.norm(mean[19] - mean[28])
    rest = np.stack([Similarity.fit(here, mean).apply(here) for here in inner])
    return np.asarray(rest - np.median(rest, axis=0), np.float32)


def outside(shown: Take, acted: Take, masks: NDArray[np.uint8]) -> float:
    """PSNR away from the face, over all frames that show enough of it."""

    def parts(frames: tuple[int, NDArray[np.uint8], NDArray[np.uint8]]) -> tuple[float, float]:
        at, one, other = frames
        mask = np.divide(masks[at], 255, dtype=np.float32)
        if mask.sum() < LEAST:
            return 0.0, 0.0
        away = surroundings(mask)[1]
        squared = ((one.astype(np.float32) - other.astype(np.float32)) ** 2).mean(axis=-1)
        return float((squared * away).sum()), float(away.sum())

    def pairs() -> Iterator[tuple[int, NDArray[np.uint8], NDArray[np.uint8]]]:
        both = zip(frames_of(shown, len(masks)), frames_of(acted, len(masks)), strict=True)
        return ((one.index, pixels(one), pixels(other)) for one, other in both)

    cores = os.cpu_count() or 1
    with ThreadPoolExecutor(cores) as pool:
        total = np.sum(list(ordered(pool, parts, pairs(), ahead=2 * cores)), axis=0)
    return float(10 * math.log10(255**2 / max(total[0] / max(total[1], 1), 1e-6)))


def dlib() -> Embedder | None:
    try:
        return open_embedder("dlib")
    except OptionUnusable:
        return None


def faces(embedder: Embedder, take: Take, found: Track) -> Vectors:
    """(N, 128): embeddings of some frames' faces; unit vectors."""
    crops, points = [], []
    for frame in frames_of(take, len(found)):
        here = found[frame.index] - np.float32(EDGE)
        if frame.index % EVERY == 0 and np.isfinite(here).all():
            placed = placement(here, SIDE, "full")
            crops.append(align(pixels(frame), placed, SIDE))
            points.append(placed.apply(here))
    return embedder(crops, points)


def identity(shown: Vectors, performer: Vectors, person: Vectors) -> float:
    """Mean place of the shown faces on the line from one person's mean to another's."""
    if not len(shown):
        return math.nan
    start, end = performer.mean(axis=0), person.mean(axis=0)
    way = end - start
    return float(((shown - start) @ way).mean() / (way @ way))


def main() -> Sections:
    """The scale of the figures: what they are where the truth is known."""
    table = Table("of pair1", *FIGURES, first=24)
    for name, result in (("dst as it is", DST), ("the truth", TRUTH)):
        figures = score(result, Wanted(DST, SRC))
        table.add(name, *(figures.get(figure) for figure in FIGURES))
    return {"likeness": [table]}
