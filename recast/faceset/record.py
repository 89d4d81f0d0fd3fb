"""What a face file says about its face."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    field_validator,
    model_validator,
)

from recast.faces import Face, Framing, Mesh, Pose
from recast.geometry import Points, Similarity

VERSION = 2
"""The newest version. A record says the lowest that knows all it holds: 2 with strokes of a brush,
else 1. What an older reader may pass over, such as a new optional key, needs no new version."""

_FRACTION = re.compile(r"-?[0-9]{1,18}/[1-9][0-9]{0,17}")


def _parse_moment(value: Any) -> Fraction:
    if isinstance(value, Fraction):
        return value
    if isinstance(value, str) and _FRACTION.fullmatch(value):
        return Fraction(value)
    raise ValueError('a moment is written as seconds in the form "numerator/denominator"')


Moment = Annotated[
    Fraction,
    PlainValidator(_parse_moment),
    PlainSerializer(lambda value: f"{value.numerator}/{value.denominator}", return_type=str),
]
"""Exact seconds; "num/den" in JSON."""

# The limits keep a record within the 64 KB of a JPEG segment, whatever it holds.
MOST_POLYGONS, MOST_POINTS = 25, 500
"""Of a hand-drawn mask; the points of all polygons together."""
MOST_MASK = 24_000
"""Letters of a segmentation mask."""

_Pixel = Annotated[float, Field(ge=-1e6, le=1e6)]
_Entry = Annotated[float, Field(ge=-1e7, le=1e7)]
_Row = tuple[_Entry, _Entry, _Entry]


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False)


class Source(_Plain):
    """Where a face was seen."""

    take: str = Field(max_length=255)
    """File name of the take, without its folder."""
    frame: int = Field(ge=0, lt=10**9)
    moment: Moment


class Polygon(_Plain):
    """A hand-drawn part of the mask, in crop pixels; later ones are drawn over earlier ones.

    The area inside its corners, or with a `width` the stroke of a round brush along its points.
    """

    adds: bool
    """Whether the new face shows inside it."""
    points: tuple[tuple[_Pixel, _Pixel], ...] = Field(min_length=1, max_length=MOST_POINTS)
    width: float | None = Field(None, gt=0, le=8192)
    """Of the brush, crop pixels."""

    @model_validator(mode="after")
    def _has_corners(self) -> Polygon:
        if self.width is None and len(self.points) < 3:
            raise ValueError("a polygon of fewer than 3 points")
        return self


class Angles(_Plain):
    """A pose on disk, in degrees; signs as in `Pose`."""

    yaw: float = Field(ge=-360, le=360)
    pitch: float = Field(ge=-360, le=360)
    roll: float = Field(ge=-360, le=360)


def _short(values: ArrayLike, digits: int) -> Any:
    """Nested lists of rounded numbers."""
    return np.round(np.asarray(values, np.float64), digits).tolist()


class FaceRecord(_Plain):
    """A face of a frame and the crop that was cut from it. Frame pixels: (0, 0) is a centre."""

    version: Literal[1, 2] = 1
    source: Source
    framing: Framing
    size: int = Field(ge=16, le=4096)
    """Side of the crop in pixels."""
    matrix: tuple[_Row, _Row]
    """Frame to crop."""
    landmarks: tuple[tuple[_Pixel, _Pixel], ...] = Field(min_length=68, max_length=68)
    """Frame pixels, iBUG order."""
    box: tuple[_Pixel, _Pixel, _Pixel, _Pixel]
    """Left, top, right, bottom in frame pixels."""
    score: float = Field(ge=0, le=1)
    pose: Angles
    track: int | None = Field(None, ge=0, lt=10**9)
    """Faces of one take with the same number are one person between two cuts."""
    mesh: tuple[tuple[_Pixel, _Pixel, _Pixel], ...] | None = Field(
        None, min_length=478, max_length=478
    )
    polygons: tuple[Polygon, ...] = Field((), max_length=MOST_POLYGONS)
    segmentation: str | None = Field(None, max_length=MOST_MASK, pattern=r"^[A-Za-z0-9+/=]*$")
    """A mask of the crop as a PNG in base64; it may have fewer pixels than the crop."""

    @field_validator("polygons")
    @classmethod
    def _fits(cls, polygons: tuple[Polygon, ...]) -> tuple[Polygon, ...]:
        if sum(len(polygon.points) for polygon in polygons) > MOST_POINTS:
            raise ValueError(f"polygons of more than {MOST_POINTS} points")
        return polygons

    @model_validator(mode="after")
    def _says_its_version(self) -> FaceRecord:
        if self.version < 2 and any(part.width is not None for part in self.polygons):
            raise ValueError("a brush stroke in a record of version 1")
        return self

    @staticmethod
    def of(
        face: Face,
        placed: Similarity,
        *,
        source: Source,
        framing: Framing,
        size: int,
        track: int | None = None,
    ) -> FaceRecord:
        """The record of a face whose crop of side `size` was cut with `placed`."""
        return FaceRecord.model_validate(
            {
                "source": source,
                "framing": framing,
                "size": size,
                "matrix": _short(placed.matrix, 9),
                "landmarks": _short(face.landmarks, 3),
                "box": _short(face.box, 2),
                "score": round(float(face.score), 4),
                "pose": Angles(**{k: round(v, 3) for k, v in vars(face.pose).items()}),
                "track": track,
                "mesh": None if face.mesh is None else _short(face.mesh, 2),
            }
        )

    @property
    def placed(self) -> Similarity:
        """Carries frame pixels to crop pixels."""
        return Similarity(np.array(self.matrix, np.float64))

    @property
    def points(self) -> Points:
        """The landmarks as an array, (68, 2), frame pixels."""
        return np.array(self.landmarks, np.float32)

    @property
    def face(self) -> Face:
        """The face as its detector gave it."""
        mesh: Mesh | None = None if self.mesh is None else np.array(self.mesh, np.float32)
        pose = Pose(self.pose.yaw, self.pose.pitch, self.pose.roll)
        return Face(self.box, self.score, self.points, pose, mesh)
