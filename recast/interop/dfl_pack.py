"""Packs of DeepFaceLab: many face files in one `faceset.pak`.

Little-endian 64-bit numbers: version 1, length of a pickled list with a dict for each face, the
list, then for n faces n + 1 places, counted from the end of this table, then the files one behind
another. The last place is written wrongly (the pack's length): the last file ends with the pack.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from recast.errors import ForeignFileUnreadable
from recast.faceset.face_file import LARGEST_FILE
from recast.interop.names import safe_name
from recast.plain_pickle import load_plain

_LARGEST_LIST = 512 * 2**20
_MOST_VALUES = 50_000_000
"""About 200,000 faces with hand-drawn masks."""
_FIX = "pack it again, or unpack it with the program that made it and import the folder"


@dataclass(frozen=True)
class PackedFace:
    """One file in a pack."""

    name: str
    person: str | None
    """Name of its folder, in packs of several persons."""
    start: int
    length: int


def pack_contents(path: Path) -> list[PackedFace]:
    """What a pack holds, checked; nothing is read but its head.

    Raises:
        ForeignFileUnreadable: it is no pack, cut off, or holds more than plain values and names.
    """
    with _opened(path) as file:
        size = path.stat().st_size
        version, length = _numbers(file, 2, path)
        if version != 1:
            raise _broken(path, f"its version is {version}, not 1")
        if length > min(size, _LARGEST_LIST):
            raise _broken(path, "its list of faces is larger than it can be")
        listed = load_plain(file.read(length), str(path), most_values=_MOST_VALUES)
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            raise _broken(path, "it holds no list of faces")
        places = _numbers(file, len(listed) + 1, path)
        data = file.tell()
    places[-1] = size - data
    if any(not 0 <= a <= b for a, b in pairwise(places)):
        raise _broken(path, "the places of its files are in disorder")
    if listed and places[0] != 0:
        raise _broken(path, "the places of its files do not begin where they should")
    return [
        PackedFace(safe_name(one.get("filename"), str(path)), _person(one, path), data + a, b - a)
        for one, (a, b) in zip(listed, pairwise(places), strict=True)
    ]


def packed_files(path: Path, faces: list[PackedFace]) -> Iterator[tuple[PackedFace, bytes]]:
    """The files of a pack, one after another."""
    with _opened(path) as file:
        for face in faces:
            if face.length > LARGEST_FILE:
                raise _broken(path, f"{face.name} in it is larger than {LARGEST_FILE >> 20} MiB")
            file.seek(face.start)
            yield face, file.read(face.length)


def _person(values: dict[object, object], path: Path) -> str | None:
    person = values.get("person_name")
    return None if person is None else safe_name(person, str(path))


def _numbers(file: BinaryIO, count: int, path: Path) -> list[int]:
    data = file.read(8 * count)
    if len(data) != 8 * count:
        raise _broken(path, "it is cut off")
    return list(struct.unpack(f"<{count}Q", data))


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise _broken(path, error.strerror or "it cannot be opened") from error


def _broken(path: Path, why: str) -> ForeignFileUnreadable:
    return ForeignFileUnreadable(f"{path} is no pack of DeepFaceLab recast can read: {why}", _FIX)
