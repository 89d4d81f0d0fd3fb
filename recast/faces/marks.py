"""Faces that a person marked, how far the marking is, and the file that keeps it.

`mark_steps.py` has what a person does to them, `ManualDetector` gives them to the extraction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, Field, ValidationError

from recast.disk import disk_trouble_named, write_whole
from recast.errors import WorkspaceUnusable
from recast.faces.face import Face
from recast.faces.networks import Device
from recast.faces.pose import pose_of
from recast.faces.reading import LandmarkReader, region_of, surface_box
from recast.faces.views import Picture, Region
from recast.geometry import Points
from recast.images import FrameImage

LARGEST_FILE = 512 * 2**20
"""Bytes; 100,000 marked faces take about 130 MB."""

State = Literal["todo", "done", "skipped"]
_Pixel = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
_Side = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
_Angle = Annotated[float, Field(ge=-100, le=100, allow_inf_nan=False)]


class _Value(BaseModel, frozen=True, extra="forbid"):
    """A part of the file."""


class Mark(_Value, frozen=True):
    """One face: where the person put the square, and the landmarks there."""

    region: tuple[_Pixel, _Pixel, _Side, _Angle]
    """Centre x and y and side in frame pixels, angle in radians, clockwise."""
    landmarks: tuple[tuple[_Pixel, _Pixel], ...] = Field(min_length=68, max_length=68)
    score: float = Field(1.0, ge=0, le=1)
    """How surely the network sees a face there; 1 for landmarks set by hand."""
    locked: bool = False
    """A locked face is not moved, copied over or interpolated."""

    @staticmethod
    def of(region: Region, landmarks: Points, *, score: float = 1.0) -> Mark:
        """A mark of these landmarks, (68, 2), frame pixels."""
        points = tuple((round(float(x), 3), round(float(y), 3)) for x, y in landmarks)
        x, y, side, angle = (round(float(value), 4) for value in region)
        return Mark(region=(x, y, side, angle), landmarks=points, score=round(score, 4))

    @staticmethod
    def of_face(face: Face) -> Mark:
        """A mark of a face that was found, where it was found."""
        return Mark.of(region_of(face.landmarks), face.landmarks, score=face.score)

    @property
    def points(self) -> Points:
        """The landmarks as an array, (68, 2), frame pixels."""
        return np.array(self.landmarks, np.float32)

    @property
    def face(self) -> Face:
        """The face without a mesh."""
        points = self.points
        left, top = points.min(axis=0)
        right, bottom = points.max(axis=0)
        box = (float(left), float(top), float(right), float(bottom))
        return Face(box, self.score, points, pose_of(points))


class FrameMarks(_Value, frozen=True):
    """The faces of a frame, and whether the person is through with it."""

    faces: tuple[Mark, ...] = ()
    state: State = "todo"


class Marks(_Value, frozen=True):
    """All marks of a take, by frame."""

    version: Literal[1] = 1
    take: dict[str, Any] = Field(default_factory=dict)
    """What the take was when it was marked: frame numbers mean nothing in another."""
    frames: dict[Annotated[int, Field(ge=0, lt=10**9)], FrameMarks] = Field(default_factory=dict)

    def at(self, frame: int) -> FrameMarks:
        """What is marked in a frame."""
        return self.frames.get(frame, FrameMarks())

    def digest(self) -> str:
        """Changes with every accepted face."""
        done = {frame: here for frame, here in self.frames.items() if here.state == "done"}
        text = self.model_copy(update={"frames": dict(sorted(done.items()))}).model_dump_json()
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def count(self, state: State) -> int:
        """How many frames are in a state; a frame never touched is in none."""
        return sum(frame.state == state for frame in self.frames.values())


def read_region(reader: LandmarkReader, image: FrameImage, region: Region) -> Mark:
    """The mark that the landmark network makes of a square a person placed."""
    face = reader.at(image, region)
    return Mark.of(region, face.landmarks, score=face.score)


class ManualDetector:
    """Gives the faces that a person marked and accepted, and finds none itself.

    Landmarks are those of the marks; where the network agrees with them a dense mesh is attached,
    and the box holds the whole face, as that of any found face does.
    What a person marked is never too small, too doubtful or too much.
    """

    def __init__(
        self,
        *,
        marks: Marks | None = None,
        device: Device = "auto",
        min_score: float = 0.0,
        min_size: float = 0.0,
        max_faces: int = 0,
    ) -> None:
        """`min_score`, `min_size` and `max_faces` are there because every detector has them."""
        self._marks = marks or Marks()
        self._reader = LandmarkReader(device=device)

    def __call__(
        self, images: Sequence[FrameImage], frames: Sequence[int] = ()
    ) -> list[list[Face]]:
        """Per image its faces, the largest first; without `frames` there are none."""
        numbers = frames or [-1] * len(images)
        return [self._faces(image, at) for image, at in zip(images, numbers, strict=True)]

    def _faces(self, image: FrameImage, frame: int) -> list[Face]:
        here = self._marks.at(frame)
        if here.state != "done" or not here.faces:
            return []
        picture = Picture(image)
        faces = [self._reader.with_mesh(picture, mark.face) for mark in here.faces]
        boxed = [
            face if face.mesh is None else replace(face, box=surface_box(face.mesh))
            for face in faces
        ]
        return sorted(boxed, key=lambda face: -face.size)


def load_marks(path: Path) -> Marks:
    """The marks in a file; none if there is no file.

    Raises:
        WorkspaceUnusable: the file is damaged or of a newer recast.
    """
    fix = "put back a copy of it, or delete it to mark anew"
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise WorkspaceUnusable(f"{path} is larger than {LARGEST_FILE >> 20} MiB", fix)
        text = path.read_bytes()
    except FileNotFoundError:
        return Marks()
    except OSError as error:
        reason = error.strerror or "it cannot be opened"
        raise WorkspaceUnusable(f"{path} cannot be read: {reason}", fix) from error
    try:
        return Marks.model_validate_json(text)
    except ValidationError as error:
        where = ".".join(map(str, error.errors(include_url=False)[0]["loc"])) or "its start"
        raise WorkspaceUnusable(
            f"{path} holds no marks this recast can read: it is wrong at {where}", fix
        ) from error


def save_marks(path: Path, marks: Marks) -> None:
    """Write the marks, whole or not at all."""
    with disk_trouble_named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, marks.model_dump_json().encode() + b"\n")
