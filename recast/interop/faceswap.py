"""What faceswap notes of faces: in the pictures of faces, and for a whole take in a file `.fsa`.

Neither says where a crop lies in its frame, so faces are cut anew, out of the take.
Frames of a video are named `TAKE_000001.png` (or with the video's ending), counted from 1.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recast.errors import ForeignFileUnreadable
from recast.faces import Box
from recast.faceset.containers import CONTAINERS, Unusable
from recast.geometry import Points
from recast.interop.literal import NoLiteral, read_literal
from recast.plain_pickle import load_plain

_LARGEST_FILE = 1024 * 2**20
_LARGEST_CONTENT = 2048 * 2**20
"""Bytes, unpacked; masks and thumbnails of 100,000 faces."""
_MOST_VALUES = 60_000_000
_LARGEST_HEADER = 8 * 2**20
_FIX = "save it again with faceswap, or extract the faces of the take anew"
_NUMBER = re.compile(r"_([0-9]{1,9})$")


@dataclass(frozen=True)
class NotedFace:
    """One face of a frame."""

    frame: str
    """File name of the frame."""
    number: int | None
    """Index of the frame from 0, if its name tells; None if only the name can be looked for."""
    box: Box
    landmarks: Points
    """(68, 2), frame pixels."""


def read_alignments(path: Path) -> tuple[list[NotedFace], int]:
    """The faces in a file `.fsa`, and how many were passed over as damaged.

    Raises:
        ForeignFileUnreadable: it is no such file, or holds more than plain values.
    """
    content = _unpacked(path)
    values = load_plain(content, str(path), most_values=_MOST_VALUES)
    frames = values.get("__data__", values) if isinstance(values, dict) else None
    if not isinstance(frames, dict):
        raise _broken(path, "it holds no frames")
    found, damaged = [], 0
    for name, noted in frames.items():
        # Before 2020 a frame was the list of its faces.
        faces = noted.get("faces") if isinstance(noted, dict) else noted
        for values in faces if isinstance(faces, list) else []:
            face = _face(values, name)
            damaged += face is None
            found += [] if face is None else [face]
    return found, damaged


def read_header(path: Path) -> NotedFace:
    """The face that a picture of faceswap shows.

    Raises:
        ForeignFileUnreadable: it is none.
    """
    try:
        data = path.read_bytes()
        foreign = CONTAINERS[".png"].take_foreign(data)
        if foreign is None or foreign.program != "faceswap":
            raise Unusable("it carries no face metadata")
        if len(foreign.content) > _LARGEST_HEADER:
            raise Unusable("its metadata is too large")
        values = read_literal(foreign.content.decode("utf-8"))
    except OSError as error:
        raise _broken(path, error.strerror or "it cannot be opened") from error
    except UnicodeDecodeError as error:
        raise _broken(path, "its metadata is no text") from error
    except (Unusable, NoLiteral) as error:
        raise _broken(path, str(error)) from error
    source = values.get("source") if isinstance(values, dict) else None
    name = source.get("source_filename") if isinstance(source, dict) else None
    face = _face(values.get("alignments"), name) if isinstance(values, dict) else None
    if face is None:
        raise _broken(path, "its metadata is damaged")
    return face


def is_faceswap(path: Path) -> bool:
    """Whether a file is a picture of a face by faceswap."""
    if path.suffix.lower() != ".png":
        return False
    try:
        with path.open("rb") as file:
            return b"iTXtfaceswap\0" in file.read(4096)
    except OSError:
        return False


def _unpacked(path: Path) -> bytes:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise _broken(path, f"it is larger than {_LARGEST_FILE >> 20} MiB")
        packed = path.read_bytes()
    except OSError as error:
        raise _broken(path, error.strerror or "it cannot be opened") from error
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(packed, _LARGEST_CONTENT)
    except zlib.error as error:
        raise _broken(path, "it is not packed as faceswap packs") from error
    if unpacker.unconsumed_tail:
        raise _broken(path, f"it unpacks to more than {_LARGEST_CONTENT >> 20} MiB")
    if not unpacker.eof:
        raise _broken(path, "it is cut off")
    return content


def _face(values: Any, name: object) -> NotedFace | None:
    """None if a part is missing or damaged."""
    if not isinstance(values, dict) or not isinstance(name, str) or not 0 < len(name) <= 255:
        return None
    points = values.get("landmarks_xy", values.get("landmarksXY"))
    try:
        landmarks = np.asarray(points, np.float64)
        left, top, width, height = (float(values[key]) for key in "xywh")
    except (TypeError, ValueError, KeyError, OverflowError):
        return None
    box = (left, top, left + width, top + height)
    sound = landmarks.shape == (68, 2) and np.isfinite([*landmarks.ravel(), *box]).all()
    if not sound or max(np.abs(landmarks).max(), *map(abs, box)) > 1e6:
        return None
    if np.ptp(landmarks, axis=0).min() <= 0 or width <= 0 or height <= 0:
        return None
    return NotedFace(name, _number(name), box, landmarks.astype(np.float32))


def _number(name: str) -> int | None:
    found = _NUMBER.search(Path(name).stem)
    return max(int(found[1]) - 1, 0) if found else None


def faces_by_frame(faces: list[NotedFace], pictures: list[str]) -> Iterator[tuple[int, NotedFace]]:
    """Index of the frame and face; `pictures` are the names of a folder's frames, or none."""
    known = {name: index for index, name in enumerate(pictures)}
    stems = {Path(name).stem: index for name, index in known.items()}
    for face in faces:
        index = known.get(face.frame, stems.get(Path(face.frame).stem))
        if index is None and not pictures:
            index = face.number
        if index is not None:
            yield index, face


def _broken(path: Path, why: str) -> ForeignFileUnreadable:
    return ForeignFileUnreadable(f"{path} is no file of faceswap recast can read: {why}", _FIX)
