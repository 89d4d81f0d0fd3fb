"""Face files with known content, written by the tests themselves."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from recast.faces import Face, placement, pose_of
from recast.faces.mean_face import MEAN_FACE
from recast.faceset import FaceRecord, Source, face_file_name, save_face

MakeRecord = Callable[..., FaceRecord]
SaveFace = Callable[..., Path]


def drawn_crop(size: int = 64) -> NDArray[np.uint8]:
    """A soft coloured gradient, which JPEG keeps well."""
    y, x = np.mgrid[0:size, 0:size] * 255 // (size - 1)
    return np.stack([x, y, 255 - x], axis=-1).astype(np.uint8)


def record_of(
    *, frame: int = 3, size: int = 64, mesh: bool = False, take: str = "a take.mp4", **changes: Any
) -> FaceRecord:
    landmarks = (MEAN_FACE[:, :2] * 100 + [200, 120]).astype(np.float32)
    dense = np.random.default_rng(0).uniform(0, 900, (478, 3)).astype(np.float32)
    face = Face(
        (190.0, 120.0, 310.0, 245.0),
        0.9,
        landmarks,
        pose_of(landmarks),
        dense if mesh else None,
    )
    record = FaceRecord.of(
        face,
        placement(landmarks, size, "full"),
        source=Source(take=take, frame=frame, moment=Fraction(frame, 25)),
        framing="full",
        size=size,
        track=0,
    )
    return record.model_copy(update=changes)


@pytest.fixture
def make_record() -> MakeRecord:
    return record_of


@pytest.fixture
def save(tmp_path: Path) -> SaveFace:
    """Saves a face of the given frame in the test's folder and gives its path."""

    def saved(frame: int = 3, number: int = 0, suffix: str = ".jpg", **changes: Any) -> Path:
        path = tmp_path / face_file_name(frame, number, suffix)
        save_face(path, drawn_crop(), record_of(frame=frame, **changes))
        return path

    return saved
