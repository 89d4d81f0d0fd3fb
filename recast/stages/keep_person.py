"""Keep one person's faces in a face set and put all others aside."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from recast.disk import disk_trouble_named
from recast.errors import FaceFileUnreadable, NoFaceFound
from recast.events import Note, Progress, Report, Started, silent

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from recast.faces import Detector
    from recast.faces.identity import Embedder
    from recast.faceset import FaceSet

_CROP = 256
_BATCH = 16
_GAP = 8
"""No track outlives so many frames without a face."""


class LikenessOptions(BaseModel, frozen=True, extra="forbid"):
    """How people are told apart."""

    embedder: str = Field(
        "dlib", description="What tells persons apart: dlib, or the path of an ONNX network."
    )
    same_person: float | None = Field(
        None, ge=0, le=1, description="Least likeness to the person; the embedder's own by default."
    )


@dataclass(frozen=True)
class Person:
    """Who is looked for."""

    name: str
    """The pictures that show the person, for messages."""
    embedder: Embedder
    reference: NDArray[np.float32]
    """(D,), unit vector."""
    threshold: float
    """Least cosine."""


def open_person(
    pictures: Sequence[Path], *, embedder: str = "dlib", threshold: float | None = None
) -> Person:
    """The person whose face is the largest in each picture; `threshold` if not the embedder's own.

    Raises:
        NoFaceFound, FaceFileUnreadable: a picture shows no face, or is none.
        OptionUnusable: the embedder is not there.
    """
    import numpy as np

    from recast.faces import MeshDetector
    from recast.faces.identity import open_embedder

    opened, detector = open_embedder(embedder), MeshDetector()
    found = np.concatenate([_reference(path, detector, opened) for path in pictures])
    mean = found.sum(axis=0)
    return Person(
        ", ".join(path.name for path in pictures),
        opened,
        np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), np.float32),
        opened.same_person if threshold is None else threshold,
    )


def keep_person(faceset: Path, others: Path, person: Person, report: Report = silent) -> int:
    """Move the faces that are not the person's to the folder `others`; how many stay.

    Whole tracks are judged, not single faces (`recast.faces.persons`). What an earlier run put
    aside is looked at again first, so that another picture can be tried; nothing is deleted.

    Raises:
        NoFaceFound: nobody in the face set is like the person. Then no face is put aside.
    """
    from recast.faceset import load_faceset

    _brought_back(others, faceset)
    faces = load_faceset(faceset)
    if not len(faces):
        return 0
    kept, best = faces_like(faces, person, report)
    if not kept.any():
        raise NoFaceFound(
            f"nobody in {faceset} looks like {person.name}: "
            f"the nearest has {best:.2f}, wanted is {person.threshold:.2f}",
            "give another --person picture, taken from the take itself if possible, "
            "or lower --same-person",
        )
    left = (~kept).nonzero()[0]
    if len(left):
        with disk_trouble_named(others):
            others.mkdir(parents=True, exist_ok=True)
    for index in left:
        _moved(faces.path(int(index)), others)
    report(Note(f"{int(kept.sum())} faces are the person's; {len(left)} others are in {others}."))
    return int(kept.sum())


def faces_like(
    faces: FaceSet, person: Person, report: Report = silent
) -> tuple[NDArray[np.bool_], float]:
    """Which faces of a set are the person's, (N,), and the best cosine of any stretch of them."""
    from recast.faces.persons import faces_of_person

    report(Started("person", f"{person.name}, among {len(faces)} faces"))
    return faces_of_person(
        faces.frames,
        _tracks(faces),
        _Embedded(faces, person, report),
        reference=person.reference,
        threshold=person.threshold,
    )


def _reference(path: Path, detector: Detector, embedder: Embedder) -> NDArray[np.float32]:
    import numpy as np

    from recast import images
    from recast.faces import align, placement

    try:
        picture = images.load(path)
    except OSError as error:
        raise FaceFileUnreadable(
            f"{path} cannot be read: {error.strerror}", "name a picture of the person"
        ) from error
    faces = detector([picture])[0]
    if not faces:
        raise NoFaceFound(
            f"{path} shows no face", "give a picture in which the person's face is well visible"
        )
    placed = placement(faces[0].landmarks, _CROP, "whole-face")
    crop = align(images.to_uint8(images.to_float(picture)), placed, _CROP)
    return embedder([np.asarray(crop, np.uint8)], [placed.apply(faces[0].landmarks)])


class _Embedded:
    """Embeds faces of a set by their indices, and tells how far it is."""

    def __init__(self, faces: FaceSet, person: Person, report: Report) -> None:
        self._faces, self._embedder, self._report = faces, person.embedder, report
        self._width = len(person.reference)
        self._done = 0

    def __call__(self, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        import numpy as np

        found = []
        for at in range(0, len(indices), _BATCH):
            chosen = [int(index) for index in indices[at : at + _BATCH]]
            found.append(self._rows(chosen))
            self._done += len(chosen)
            self._report(Progress(self._done, 0, "faces"))
        return np.concatenate(found)

    def _rows(self, indices: list[int]) -> NDArray[np.float32]:
        """A file that somebody removed meanwhile gets zeros, which are like nobody."""
        import numpy as np

        crops, points, there = [], [], []
        for row, index in enumerate(indices):
            with suppress(FaceFileUnreadable):
                crops.append(self._faces.crops([index], _CROP)[0])
                points.append(self._faces.crop_landmarks(index, _CROP))
                there.append(row)
        found = np.zeros((len(indices), self._width), np.float32)
        if there:
            found[there] = self._embedder(crops, points)
        return found


def _tracks(faces: FaceSet) -> NDArray[np.int64]:
    """Number anew which faces of following frames are one; (N,)."""
    import numpy as np

    from recast.faces import Face, Pose, Tracker

    tracker, numbers = Tracker(), np.zeros(len(faces), np.int64)
    by_frame: dict[int, list[int]] = {}
    for index, frame in enumerate(faces.frames.tolist()):
        by_frame.setdefault(frame, []).append(index)
    if not by_frame:
        return numbers
    nowhere = Pose(0.0, 0.0, 0.0)
    last = min(by_frame)
    for frame, there in sorted(by_frame.items()):
        for _ in range(min(frame - last - 1, _GAP)):
            tracker([])
        last, seen = frame, []
        for index in there:
            left, top, right, bottom = (float(edge) for edge in faces.boxes[index])
            landmarks = faces.landmarks[index]
            seen.append(Face((left, top, right, bottom), 1.0, landmarks, nowhere))
        numbers[there] = tracker(seen)
    return numbers


def _brought_back(others: Path, faceset: Path) -> None:
    for path in sorted(others.iterdir()) if others.is_dir() else []:
        if path.is_file() and not path.name.startswith("."):
            _moved(path, faceset)


def _moved(path: Path, folder: Path) -> None:
    """Move a file, under another name if this one is taken; one that is gone stays gone."""
    place = folder / path.name
    number = 2
    while place.exists():
        place = folder / f"{path.stem}-{number}{path.suffix}"
        number += 1
    with suppress(FileNotFoundError), disk_trouble_named(folder):
        path.rename(place)
