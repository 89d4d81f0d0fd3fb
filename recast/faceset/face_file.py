"""Face files: a JPEG or PNG whose XMP packet carries the record of its face.

Reading trusts nothing: sizes are capped, the packet may declare no entities, the record is
checked field by field, and nothing in the file is ever executed. Whatever is wrong with a file
ends in `FaceFileUnreadable`, which names it.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from recast.disk import write_whole
from recast.errors import FaceFileUnreadable
from recast.faceset.containers import CONTAINERS, Container, Unusable
from recast.faceset.record import VERSION, FaceRecord
from recast.faceset.xmp import pack, unpack
from recast.images import FrameImage, decode, encode

LARGEST_FILE = 128 * 2**20
"""Bytes; a 4096 x 4096 PNG of 16 bits has at most 96 MiB."""

FACE_SUFFIXES = frozenset(CONTAINERS)

_FIX = "delete it, or extract its frame again"


def face_file_name(frame: int, number: int, suffix: str = ".jpg") -> str:
    """The file name of face `number` (0 is the largest) of a frame."""
    return f"{frame:06d}_{number}{suffix}"


def save_face(path: Path, crop: FrameImage, record: FaceRecord) -> None:
    """Write a face file, whole or not at all; .jpg (8 bits) or .png (8 or 16) by the suffix."""
    suffix = path.suffix.lower()
    if suffix not in CONTAINERS:
        raise ValueError(f"{path.name}: a face file ends in .jpg, .jpeg or .png")
    if crop.shape != (record.size, record.size, 3):
        raise ValueError(f"{path.name}: the crop is {crop.shape}, the record says {record.size}")
    if suffix != ".png" and crop.dtype == np.uint16:
        crop = _to_8_bits(crop)
    packet = pack(record.model_dump_json(exclude_none=True))
    write_whole(path, CONTAINERS[suffix].put(encode(crop, suffix), packet), durable=False)


def load_face(path: Path) -> tuple[FrameImage, FaceRecord]:
    """The crop (uint8, or uint16 from a PNG of 16 bits) and its record."""
    container = _container(path)
    data = _read(path, LARGEST_FILE)
    record = _record(path, container, data)
    try:
        side = container.picture_size(data)
        if side != (record.size, record.size):
            raise Unusable(f"its picture is {side[0]}x{side[1]}, its record says {record.size}")
        if not container.is_complete(data):
            raise Unusable("it ends in the middle of its picture")
        crop = decode(data, path.name)
    except (Unusable, cv2.error) as error:
        raise _unreadable(path, error) from error
    return crop, record


def load_record(path: Path) -> FaceRecord:
    """The record alone; reads no more than the head of the file."""
    container = _container(path)
    # Our own files carry the packet first; others may put profiles and thumbnails before it.
    head = _read(path, LARGEST_FILE, only=80_000)
    try:
        return _record(path, container, head)
    except FaceFileUnreadable:
        if len(head) < 80_000:
            raise
        return _record(path, container, _read(path, LARGEST_FILE, only=2_000_000))


def _container(path: Path) -> Container:
    container = CONTAINERS.get(path.suffix.lower())
    if container is None:
        raise _unreadable(path, "face files end in .jpg, .jpeg or .png")
    return container


def _read(path: Path, largest: int, *, only: int = -1) -> bytes:
    try:
        with path.open("rb") as file:
            if path.stat().st_size > largest:
                raise _unreadable(path, f"it is larger than {largest >> 20} MiB")
            return file.read(only)
    except OSError as error:
        raise _unreadable(path, error.strerror or "it cannot be opened") from error


def _record(path: Path, container: Container, data: bytes) -> FaceRecord:
    try:
        value = unpack(container.take(data))
        return FaceRecord.model_validate_json(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        if where == "version":
            why = f"its record is not of version {VERSION}; it may come from a newer recast"
        else:
            why = f"its record is broken at {where or 'its start'}"
        raise _unreadable(path, why) from error
    except Unusable as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, why: object) -> FaceFileUnreadable:
    return FaceFileUnreadable(f"{path} is no face file recast can read: {why}", _FIX)


def _to_8_bits(crop: FrameImage) -> NDArray[np.uint8]:
    return ((crop.astype(np.uint32) + 128) // 257).astype(np.uint8)
