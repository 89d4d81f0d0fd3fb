"""The aligned faces of a folder as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from recast.errors import FaceFileUnreadable
from recast.faces import Mesh
from recast.faceset.face_file import load_face, load_record
from recast.faceset.index import numbers_of, scan
from recast.faceset.record import FaceRecord
from recast.geometry import Points, Similarity
from recast.images import FrameImage, upper_8_bits

_NOT_COLUMNS = {"folder", "unreadable"}


@dataclass(frozen=True)
class FaceSet:
    """N faces, by file name; choosing and sorting are array expressions that give a new set."""

    folder: Path
    unreadable: tuple[FaceFileUnreadable, ...]
    """What is wrong with the files that were passed over."""
    names: NDArray[np.str_]
    takes: NDArray[np.str_]
    frames: NDArray[np.int64]
    """Index of the frame in its take."""
    moments: NDArray[np.object_]
    """`Fraction` seconds."""
    framings: NDArray[np.str_]
    sizes: NDArray[np.int64]
    """Side of the crop in pixels."""
    tracks: NDArray[np.int64]
    """-1 for none."""
    matrices: NDArray[np.float64]
    """(N, 2, 3), frame to crop."""
    landmarks: NDArray[np.float32]
    """(N, 68, 2), frame pixels."""
    boxes: NDArray[np.float32]
    """(N, 4), left, top, right, bottom in frame pixels."""
    scores: NDArray[np.float32]
    yaw: NDArray[np.float32]
    pitch: NDArray[np.float32]
    roll: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, choice: slice | Sequence[int] | NDArray[Any]) -> FaceSet:
        """The faces of a slice, a mask or an array of indices."""
        chosen = choice if isinstance(choice, slice) else np.asarray(choice)
        if not isinstance(chosen, slice) and not chosen.size:
            chosen = np.zeros(0, np.intp)
        columns = {
            column.name: getattr(self, column.name)[chosen]
            for column in fields(self)
            if column.name not in _NOT_COLUMNS
        }
        return FaceSet(self.folder, self.unreadable, **columns)

    @property
    def face_sizes(self) -> NDArray[np.float32]:
        """The longer sides of the boxes, frame pixels."""
        return np.asarray((self.boxes[:, 2:] - self.boxes[:, :2]).max(axis=1), np.float32)

    def path(self, index: int) -> Path:
        """The file of a face."""
        return self.folder / str(self.names[index])

    def record(self, index: int) -> FaceRecord:
        """All that the file says about a face."""
        return load_record(self.path(index))

    def crop(self, index: int) -> FrameImage:
        """The picture of a face in the depth of its file; raises FaceFileUnreadable."""
        return load_face(self.path(index))[0]

    def crops(self, indices: Sequence[int] | NDArray[Any], size: int) -> NDArray[np.uint8]:
        """The pictures of some faces at one size, (N, size, size, 3), 8 bits."""
        pictures = [_resized(self.crop(int(index)), size) for index in indices]
        return np.stack(pictures) if pictures else np.zeros((0, size, size, 3), np.uint8)

    def placed(self, index: int) -> Similarity:
        """Carries frame pixels to the pixels of the face's crop."""
        return Similarity(self.matrices[index])

    def crop_landmarks(self, index: int, size: int) -> Points:
        """The landmarks in the pixels of the crop scaled to `size`."""
        return self._placed_at(index, size).apply(self.landmarks[index])

    def crop_mesh(self, index: int, size: int) -> Mesh | None:
        """The dense mesh likewise, depth on the same scale; None if the file has none."""
        mesh = self.record(index).face.mesh
        if mesh is None:
            return None
        placed = self._placed_at(index, size)
        flat = placed.apply(mesh[:, :2])
        return np.column_stack([flat, mesh[:, 2] * np.float32(placed.scale)]).astype(np.float32)

    def _placed_at(self, index: int, size: int) -> Similarity:
        zoom = size / float(self.sizes[index])
        shift = (zoom - 1) / 2  # pixel centres lie half a pixel inside the crop's edge
        scaled = Similarity(np.array([[zoom, 0, shift], [0, zoom, shift]]))
        return self.placed(index).then(scaled)


def load_faceset(folder: Path) -> FaceSet:
    """All faces of a folder, by name; broken and foreign files are named in `unreadable`."""
    rows, broken = scan(folder)
    numbers = numbers_of(rows)
    moments = np.empty(len(rows), object)
    moments[:] = [Fraction(row.numerator, row.denominator) for row in rows]
    return FaceSet(
        folder=folder,
        unreadable=tuple(broken),
        names=np.array([row.name for row in rows], np.str_),
        takes=np.array([row.take for row in rows], np.str_),
        frames=np.array([row.frame for row in rows], np.int64),
        moments=moments,
        framings=np.array([row.framing for row in rows], np.str_),
        sizes=np.array([row.size for row in rows], np.int64),
        tracks=np.array([row.track for row in rows], np.int64),
        matrices=numbers["matrix"].copy(),
        landmarks=numbers["landmarks"].copy(),
        boxes=numbers["box"].copy(),
        scores=numbers["score"].copy(),
        yaw=numbers["yaw"].copy(),
        pitch=numbers["pitch"].copy(),
        roll=numbers["roll"].copy(),
    )


def _resized(crop: FrameImage, size: int) -> NDArray[np.uint8]:
    crop = upper_8_bits(crop)
    if crop.shape[0] == size:
        return crop
    how = cv2.INTER_AREA if crop.shape[0] > size else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(crop, (size, size), interpolation=how), np.uint8)
