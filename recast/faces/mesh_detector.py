"""The detector of the two networks that come with recast."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recast.faces.face import Face
from recast.faces.networks import SIZE, BoxNetwork, Candidate, Device, overlap
from recast.faces.reading import LandmarkReader, distinct
from recast.faces.views import Picture, Region, view_of
from recast.images import FrameImage

_TILE = 800
"""A view shows faces down to 1/20 of its side reliably: 40 pixels in tiles of this side."""
_TILE_OVERLAP = 160
_HINT = 0.3
"""Below this score a candidate is not looked at again."""
_SURE = 0.8
"""From this score on no second look is needed: upright faces score more, others less."""
_AGREED = 0.9
"""Where two looks at the landmarks agree this well, a head is as good as never upside down."""
_LARGE = 0.1
"""A face this large in its frame (by the long side) makes smaller ones behind it unimportant."""


class MeshDetector:
    """Box network, then twice the dense landmark network; calls may come from several threads.

    Every frame is seen whole. Where no large face turned up it is also seen in tiles (small
    faces); where none turned up at all, from further away (close-ups) and turned by quarter turns.
    """

    def __init__(
        self,
        *,
        threads: int = 1,
        device: Device = "auto",
        min_score: float = 0.5,
        min_size: float = 32,
        max_faces: int = 16,
        batch: int = 8,
    ) -> None:
        """`threads` inside one network call; `min_size` in pixels, longer side of a face's box."""
        self._boxes = BoxNetwork(threads=threads, device=device)
        self._reader = LandmarkReader(threads=threads, device=device, batch=batch)
        self._min_score, self._min_size = min_score, min_size
        self._max_faces, self._batch = max_faces, batch

    def __call__(
        self, images: Sequence[FrameImage], frames: Sequence[int] = ()
    ) -> list[list[Face]]:
        """Per image its faces, the largest first."""
        pictures = [Picture(image) for image in images]
        faces = self._faces(pictures, [[_whole(p)] for p in pictures])
        tiles = [
            _tiles(p) if _only_small(here, p) else []
            for p, here in zip(pictures, faces, strict=True)
        ]
        faces = _joined(faces, self._faces(pictures, tiles))
        missed = [[] if here else _last_resort(p) for p, here in zip(pictures, faces, strict=True)]
        faces = _joined(faces, self._faces(pictures, missed))
        return [here[: self._max_faces] for here in faces]

    def _faces(
        self, pictures: Sequence[Picture], regions: Sequence[Sequence[Region]]
    ) -> list[list[Face]]:
        """Per picture the faces in its regions; unsure ones are looked at from nearby, too.

        A head upside down often passes for an upright one, only less surely: so the second look is
        taken in four directions, and the best stays.
        """
        found = self._search(pictures, regions, min(_HINT, self._min_score))
        likely = [[c for c in here if c.score >= self._min_score] for here in found]
        first = self._reader.read(pictures, likely)
        settled = [
            {c for c, face in zip(here, faces, strict=True) if _is_settled(c, face)}
            for here, faces in zip(likely, first, strict=True)
        ]
        near = [
            [_near(c, turns) for c in here if c not in done for turns in range(4)]
            for here, done in zip(found, settled, strict=True)
        ]
        second = self._reader.read(pictures, self._search(pictures, near, self._min_score))
        return _joined(self._kept(first), self._kept(second))

    def _kept(self, faces: Sequence[Sequence[Face | None]]) -> list[list[Face]]:
        return [[f for f in here if f is not None and f.size >= self._min_size] for here in faces]

    def _search(
        self,
        pictures: Sequence[Picture],
        regions: Sequence[Sequence[Region]],
        min_score: float,
    ) -> list[list[Candidate]]:
        """Per picture all that the box network sees in its regions."""
        owners = [at for at, here in enumerate(regions) for _ in here]
        views = [view_of(region, SIZE) for here in regions for region in here]
        found: list[list[Candidate]] = [[] for _ in pictures]
        for start in range(0, len(views), self._batch):
            part = slice(start, start + self._batch)
            seen = [pictures[at] for at in owners[part]]
            results = self._boxes(seen, views[part], min_score=min_score)
            for at, candidates in zip(owners[part], results, strict=True):
                found[at] += candidates
        return [_apart(here) for here in found]


def _is_settled(candidate: Candidate, face: Face | None) -> bool:
    """Whether the candidate needs no second look: a good score, or landmarks that agree."""
    if candidate.score >= _SURE:
        return True
    return face is not None and face.score >= _AGREED * candidate.score


def _whole(picture: Picture, *, zoom: float = 1.0, angle: float = 0.0) -> Region:
    """The square around a frame; `zoom` < 1 shows it from further away."""
    side = max(picture.width, picture.height) / zoom
    return (picture.width - 1) / 2, (picture.height - 1) / 2, side, angle


def _last_resort(picture: Picture) -> list[Region]:
    """Views for a frame in which nothing was found: close-ups and heads that are not upright."""
    turned = [_whole(picture, angle=angle) for angle in (-np.pi / 2, np.pi / 2, np.pi)]
    return [_whole(picture, zoom=1 / 2), _whole(picture, zoom=1 / 3), *turned]


def _near(candidate: Candidate, turns: int) -> Region:
    """The surroundings of a candidate, turned by quarter turns; its face is a quarter as wide."""
    left, top, right, bottom = candidate.box
    return (left + right) / 2, (top + bottom) / 2, 3 * (right - left), turns * np.pi / 2


def _tiles(picture: Picture) -> list[Region]:
    """Overlapping squares that cover a frame too large to show small faces as a whole."""
    long, short = max(picture.width, picture.height), min(picture.width, picture.height)
    if long <= _TILE:
        return []
    side = min(_TILE, short)

    def centres(length: int) -> list[float]:
        count = max(-(-(length - _TILE_OVERLAP) // max(side - _TILE_OVERLAP, 1)), 1)
        return [float(at) for at in np.linspace(side / 2, length - side / 2, count) - 0.5]

    return [(x, y, side, 0.0) for y in centres(picture.height) for x in centres(picture.width)]


def _only_small(faces: Sequence[Face], picture: Picture) -> bool:
    large = _LARGE * max(picture.width, picture.height)
    return all(face.size < large for face in faces)


def _apart(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The best of those that show the same; differently turned ones stay beside each other.

    Which way a doubtful head is up is decided by the faces that the landmark network makes of it.
    """
    kept: list[Candidate] = []
    for one in sorted(candidates, key=lambda candidate: -candidate.score):
        alike = [c.box for c in kept if np.cos(one.region[3] - c.region[3]) > 0.7]
        if not (overlap(one.box, alike) > 0.4).any():
            kept.append(one)
    return kept


def _joined(*searches: Sequence[Sequence[Face]]) -> list[list[Face]]:
    """All faces of each picture, each once, the largest first."""
    return [distinct([f for here in same for f in here]) for same in zip(*searches, strict=True)]
