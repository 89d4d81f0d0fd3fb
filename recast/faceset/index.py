"""A cache of the records of a folder's face files, so that large sets open fast.

It lives in the hidden file `.index.sqlite` beside the faces and may be deleted at any time: what
is missing, changed (by size and time of modification) or gone is read anew from the face files. A
broken index is thrown away; where none can be written, every file is read every time.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np

from recast.errors import FaceFileUnreadable
from recast.faceset.face_file import FACE_SUFFIXES, load_record
from recast.faceset.record import FaceRecord

INDEX_NAME = ".index.sqlite"

_SCHEMA = 1
_CREATE = """
CREATE TABLE IF NOT EXISTS faces (
    name TEXT PRIMARY KEY, length INTEGER, modified INTEGER, take TEXT, frame INTEGER,
    numerator INTEGER, denominator INTEGER, framing TEXT, size INTEGER, track INTEGER, numbers BLOB
) WITHOUT ROWID
"""
_NUMBERS = np.dtype(
    [
        ("matrix", "<f8", (2, 3)),
        ("landmarks", "<f4", (68, 2)),
        ("box", "<f4", (4,)),
        ("score", "<f4"),
        ("yaw", "<f4"),
        ("pitch", "<f4"),
        ("roll", "<f4"),
    ]
)


@dataclass(frozen=True)
class Row:
    """One face file: its state on disk and the small part of its record."""

    name: str
    length: int
    modified: int
    take: str
    frame: int
    numerator: int
    denominator: int
    """Of the moment."""
    framing: str
    size: int
    track: int
    """-1 for none."""
    numbers: bytes
    """One item of `_NUMBERS`; `numbers_of` reads many at once."""


def numbers_of(rows: list[Row]) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    """The numeric columns of all rows, a structured array (N,)."""
    return np.frombuffer(b"".join(row.numbers for row in rows), _NUMBERS)


def scan(folder: Path) -> tuple[list[Row], list[FaceFileUnreadable]]:
    """All face files of a folder by name, and what is wrong with those that cannot be read."""
    index = folder / INDEX_NAME
    known = _read_index(index)
    rows: list[Row] = []
    broken: list[FaceFileUnreadable] = []
    fresh: list[Row] = []
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if path.name.startswith(".") or path.suffix.lower() not in FACE_SUFFIXES:
            continue
        try:
            state = path.stat()
            row = known.pop(path.name, None)
            if row is None or (row.length, row.modified) != (state.st_size, state.st_mtime_ns):
                row = _row(path.name, state.st_size, state.st_mtime_ns, load_record(path))
                fresh.append(row)
            rows.append(row)
        except FileNotFoundError:
            continue  # somebody removed it since the folder was listed
        except FaceFileUnreadable as error:
            broken.append(error)
    if fresh or known:
        _update_index(index, fresh, gone=list(known))
    return rows, broken


def _row(name: str, length: int, modified: int, record: FaceRecord) -> Row:
    numbers = np.zeros((), _NUMBERS)
    for field in ("matrix", "landmarks", "box", "score"):
        numbers[field] = getattr(record, field)
    for field in ("yaw", "pitch", "roll"):
        numbers[field] = getattr(record.pose, field)
    moment = record.source.moment
    return Row(
        name,
        length,
        modified,
        record.source.take,
        record.source.frame,
        moment.numerator,
        moment.denominator,
        record.framing,
        record.size,
        -1 if record.track is None else record.track,
        numbers.tobytes(),
    )


def _read_index(index: Path) -> dict[str, Row]:
    """What the index knows; nothing if there is none, or a broken or foreign one."""
    if not index.is_file():
        return {}
    try:
        with closing(sqlite3.connect(index)) as database:
            if database.execute("PRAGMA user_version").fetchone() != (_SCHEMA,):
                raise sqlite3.DatabaseError("another version of the index")
            rows = [Row(*values) for values in database.execute("SELECT * FROM faces")]
        if not all(_is_sound(row) for row in rows):
            raise sqlite3.DatabaseError("values of the wrong kind")
    except sqlite3.OperationalError:
        return {}  # locked or out of reach; it may be sound
    except (sqlite3.DatabaseError, TypeError, UnicodeDecodeError):
        _discard(index)
        return {}
    return {row.name: row for row in rows}


def _is_sound(row: Row) -> bool:
    texts = (row.name, row.take, row.framing)
    counts = (row.length, row.modified, row.frame, row.numerator, row.size, row.track)
    return (
        all(isinstance(value, str) for value in texts)
        and all(isinstance(value, int) for value in counts)
        and isinstance(row.denominator, int)
        and row.denominator > 0
        and isinstance(row.numbers, bytes)
        and len(row.numbers) == _NUMBERS.itemsize
    )


def _update_index(index: Path, fresh: list[Row], *, gone: list[str]) -> None:
    try:
        # One transaction: after a crash the index is as it was before.
        with closing(sqlite3.connect(index)) as database, database:
            database.execute(f"PRAGMA user_version = {_SCHEMA}")
            database.execute(_CREATE)
            database.executemany("DELETE FROM faces WHERE name = ?", [(name,) for name in gone])
            marks = ", ".join("?" * 11)
            database.executemany(
                f"INSERT OR REPLACE INTO faces VALUES ({marks})", map(astuple, fresh)
            )
    except sqlite3.OperationalError:
        return  # a read-only folder, a full disk: the index is a convenience
    except sqlite3.DatabaseError:
        _discard(index)


def _discard(index: Path) -> None:
    for path in (index, index.with_name(index.name + "-journal")):
        try:
            path.unlink(missing_ok=True)
        except PermissionError:
            return  # in use or read-only; it is ignored then
