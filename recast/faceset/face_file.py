"""Face files: a JPEG or PNG whose XMP packet carries the record of its face.

Files of DeepFaceLab are read as well; a file that carries both is recast's.

Reading trusts nothing: sizes are capped, the packet may declare no entities, the record is
checked field by field, and nothing in the file is ever executed. Whatever is wrong with a file
ends in `FaceFileUnreadable`, which names it.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from recast.disk import write_whole
from recast.errors import FaceFileUnreadable
from recast.faceset.containers import CONTAINERS, Container, NoRecord, Unusable
from recast.faceset.deepfacelab import record_of
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


def replace_record(path: Path, record: FaceRecord) -> None:
    """Let a face file say something else of its face, whole or not at all.

    The picture stays bit by bit, and so does what another program wrote beside it.

    Raises:
        FaceFileUnreadable: it is no face file, or its picture is broken or of another size.
    """
    container = _container(path)
    data = _read(path, LARGEST_FILE)
    _crop(path, container, data, record)
    try:
        packet = pack(record.model_dump_json(exclude_none=True))
        changed = container.put(container.strip(data), packet)
    except ValueError as error:
        raise _unreadable(path, error) from error
    write_whole(path, changed)


def load_face(path: Path) -> tuple[FrameImage, FaceRecord]:
    """The crop (uint8, or uint16 from a PNG of 16 bits) and its record."""
    container = _container(path)
    data = _read(path, LARGEST_FILE)
    record = _record(path, container, data)
    return _crop(path, container, data, record), record


def read_face_file(path: Path) -> bytes:
    """The content of a file of at most `LARGEST_FILE` bytes; raises FaceFileUnreadable."""
    return _read(path, LARGEST_FILE)


def own_form(data: bytes, name: str) -> bytes:
    """A face file's content as recast writes it, the picture bit by bit as it was.

    Files of recast are given back unchanged; in others the record of their program is replaced.

    Raises:
        FaceFileUnreadable: it is no face file, or its picture is broken.
    """
    path = Path(name)
    container = _container(path)
    record = _record(path, container, data)
    _crop(path, container, data, record)
    with suppress(NoRecord):
        container.take(data)
        return data
    try:
        stripped = container.strip_foreign(data)
        return container.put(stripped, pack(record.model_dump_json(exclude_none=True)))
    except ValueError as error:  # also Unusable: a second record of theirs may be damaged
        raise _unreadable(path, error) from error


def load_record(path: Path) -> FaceRecord:
    """The record alone; reads no more than the head of the file, if that holds it."""
    container = _container(path)
    # Our own files carry the packet first. Others may put profiles and thumbnails before it, and
    # a PNG of DeepFaceLab has it at its very end.
    for most in (80_000, 2_000_000):
        head = _read(path, LARGEST_FILE, only=most)
        with suppress(FaceFileUnreadable):
            return _record(path, container, head)
        if len(head) < most:
            break
    return _record(path, container, _read(path, LARGEST_FILE))


def _container(path: Path) -> Container:
    container = CONTAINERS.get(path.suffix.lower())
    if container is None:
        raise _unreadable(path, "face files end in .jpg, .jpeg or .png")
    return container


def _crop(path: Path, container: Container, data: bytes, record: FaceRecord) -> FrameImage:
    try:
        side = container.picture_size(data)
        if side != (record.size, record.size):
            raise Unusable(f"its picture is {side[0]}x{side[1]}, its record says {record.size}")
        if not container.is_complete(data):
            raise Unusable("it ends in the middle of its picture")
        return decode(data, path.name)
    except (Unusable, cv2.error) as error:
        raise _unreadable(path, error) from error


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
        try:
            packet = container.take(data)
        except NoRecord:
            return _foreign_record(container, data)
        return FaceRecord.model_validate_json(unpack(packet))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        if where == "version":
            why = f"its record is of no version up to {VERSION}; it may come from a newer recast"
        else:
            why = f"its record is broken at {where or 'its start'}"
        raise _unreadable(path, why) from error
    except Unusable as error:
        raise _unreadable(path, error) from error


def _foreign_record(container: Container, data: bytes) -> FaceRecord:
    """What another program says of the face; Unusable if there is nothing, or nothing of use."""
    foreign = container.take_foreign(data)
    if foreign is None:
        raise NoRecord
    if foreign.program == "faceswap":
        raise Unusable(
            "faceswap does not note where its crop lies in the frame; "
            "import it with its take: recast import FOLDER --to FACESET --take TAKE"
        )
    return record_of(foreign.content, container.picture_size(data))


def _unreadable(path: Path, why: object) -> FaceFileUnreadable:
    return FaceFileUnreadable(f"{path} is no face file recast can read: {why}", _FIX)


def _to_8_bits(crop: FrameImage) -> NDArray[np.uint8]:
    return ((crop.astype(np.uint32) + 128) // 257).astype(np.uint8)
